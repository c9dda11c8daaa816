"""The schema of a provider, from the package of bindings that HashiCorp generated from it.

A wheel `cdktf-cdktf-provider-NAME` holds, beside its Python, a description of all its types (`.jsii`, in a tar): for
each resource and data source its arguments, under their own names, whether they must be given, which of them are
blocks, and the attributes that it has.
"""

import json
import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from gzip import GzipFile
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

_LINK = re.compile(r"\{@link (\S+) ([^}]+)\}")
_PAGE = re.compile(r"/providers/[^/]+/[^/]+/(?P<version>[^/]+)/docs(?:/(?P<kind>resources|data-sources)/)?")


@dataclass(frozen=True)
class Argument:
    name: str
    required: bool
    is_block: bool
    type: Any
    inside: "Shape | None"


@dataclass(frozen=True)
class Shape:
    """What may be written in a block, and what may be read of it."""

    name: str
    arguments: Mapping[str, Argument]
    attributes: Mapping[str, str | None] = field(default_factory=dict)  # by camel case; the type that it leads into
    types: Mapping[str, Any] = field(default_factory=dict)  # of the attributes
    source: str = ""  # the file of the generated code
    reads: bool = False  # a data source: what is not given to it, it tells


class Schema:
    def __init__(self, provider: str, types: Mapping[str, Any], archive: tarfile.TarFile) -> None:
        self.provider, self._types, self._archive = provider, types, archive
        self.version = "?"
        self._code: dict[str, str] = {}
        self._reading = Lock()  # an archive has one place that it reads at
        self._found: dict[tuple[str, str], str] = {}  # (kind, type of Terraform): class
        for fqn, described in types.items():
            link = _LINK.search(_text(described)) if described["kind"] == "class" else None
            page = _PAGE.search(link[1]) if link else None
            if link and page and "Represents a" in _text(described):
                self.version = page["version"]
                self._found[page["kind"] or "provider", link[2]] = fqn

    @property
    def names(self) -> dict[str, list[str]]:
        kinds = ("resources", "data-sources", "provider")
        return {kind: sorted(name for k, name in self._found if k == kind) for kind in kinds}

    def shape(self, kind: str, name: str) -> Shape | None:
        """The shape of one of `resources`, `data-sources` or `provider`."""
        fqn = self._found.get((kind, name))
        if fqn is None:
            return None
        source = self._types[fqn]["locationInModule"]["filename"]
        arguments = self._arguments(f"{fqn}Config", source)
        return Shape(name, arguments, self._attributes(fqn), self.types(fqn), source)

    def within(self, fqn: str | None) -> Mapping[str, str | None] | None:
        """The attributes of what an attribute leads into; None where that has none."""
        described = self._types.get(fqn or "")
        for method in (described or {}).get("methods", ()):
            if method["name"] == "get" and "returns" in method:
                return self.within(method["returns"]["type"].get("fqn"))
        return self._attributes(fqn) if fqn and described and fqn.endswith("OutputReference") else None

    def types(self, fqn: str | None) -> dict[str, Any]:
        """The types of the attributes of a class, or of what it is a list of."""
        described = self._types[fqn or ""]
        inner = next((m["returns"]["type"]["fqn"] for m in described.get("methods", ()) if m["name"] == "get"), None)
        return self.types(inner) if inner else {p["name"]: p["type"] for p in described.get("properties", ())}

    def code(self, source: str) -> str:
        """A file of the generated code."""
        with self._reading:
            if source not in self._code:
                name = source.removeprefix("src/").removesuffix(".ts")
                member = self._archive.extractfile(f"package/lib/{name}.js")
                assert member is not None
                self._code[source] = member.read().decode()
            return self._code[source]

    def _arguments(self, fqn: str, source: str) -> dict[str, Argument]:
        found = {}
        for described in self._types[fqn].get("properties", ()):
            text = _text(described)
            link = _LINK.search(text)
            if link is None or "#" not in link[1] or "the id field is automatically added" in text:
                continue
            name = link[1].rpartition("#")[2]
            inner = _struct(described["type"])
            inside = Shape(name, self._arguments(inner, source), source=source) if inner in self._types else None
            is_block = inside is not None and described["docs"].get("summary", "").endswith(" block.")
            found[name] = Argument(name, not described.get("optional", False), is_block, described["type"], inside)
        return found

    def _attributes(self, fqn: str) -> dict[str, str | None]:
        listed = {p["name"]: p["type"].get("fqn") for p in self._types[fqn].get("properties", ())}
        return {n: fqn for n, fqn in listed.items() if not n.endswith("Input") and n != "tfResourceType"}


@dataclass(frozen=True)
class Wheel:
    """One package of bindings, read when the first type of its provider is met."""

    path: Path

    @cached_property
    def schema(self) -> Schema:
        with zipfile.ZipFile(self.path) as wheel:
            inner = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
            archive = tarfile.TarFile(fileobj=GzipFile(fileobj=BytesIO(wheel.read(inner))))  # for as long as the schema
        described = archive.extractfile("package/.jsii")
        assert described is not None
        return Schema(self.provider, json.load(described)["types"], archive)

    @property
    def provider(self) -> str:
        return self.path.name.partition("-")[0].removeprefix("cdktf_cdktf_provider_")


def camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def _text(described: Mapping[str, Any]) -> str:
    docs = described.get("docs", {})
    return f"{docs.get('summary', '')} {docs.get('remarks', '')}"


def _struct(type_: Mapping[str, Any]) -> str:
    """The struct that a type is, or is a list or a map of."""
    if "collection" in type_:
        return _struct(type_["collection"]["elementtype"])
    if "union" in type_:
        inner = [_struct(t) for t in type_["union"]["types"]]
        return next((name for name in inner if name and name != "cdktf.IResolvable"), "")
    return str(type_.get("fqn", ""))
