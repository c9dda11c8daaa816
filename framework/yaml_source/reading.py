"""A file or a text as a document, and the files of a folder."""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from itertools import islice
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

from framework.diagnostics import Code, Diagnostic, Location, PipelineError, Source
from framework.yaml_source.advice import syntax_error
from framework.yaml_source.builder import Builder
from framework.yaml_source.codes import F001, F005, F006
from framework.yaml_source.places import Document
from framework.yaml_source.scalars import resolve, tagged

MAX_BYTES: Final = 10_000_000
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Files whose lines a message must not show: their mistakes as YAML would be shown with the values of a row.
_DATA: Final = frozenset((".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet"))
# What YAML admits nowhere in a file, not even between quotes; U+FEFF is a BOM that is not at the start.
_NOT_TEXT: Final = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


def below(folder: Path) -> list[Path]:
    """The YAML files of a folder, and of those in it. What is hidden is not looked at: it belongs to other tools."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(path for path in found if path.suffix in (".yaml", ".yml"))


def read(path: Path, *, shown: str | None = None) -> Document:
    """The document in a file; `shown` is how messages print its path."""
    name = str(path) if shown is None else shown
    start = Location(name, 1, 1)
    try:
        # The size decides before a byte is read, and a device or pipe, which has none, is never opened.
        status = path.stat()
        if not path.is_file():
            _refuse(F001, f"`{name}` is {'a directory' if path.is_dir() else 'not a regular file'}", start)
        if path.suffix.lower() in _DATA:
            message = f"`{name}` is a file of data by its name, and YAML is expected"
            _refuse(F001, message, start, "name the pipeline or the suite, a file that ends in .yaml")
        if status.st_size > MAX_BYTES:
            _refuse(F005, f"the file has {status.st_size:,} bytes; at most {MAX_BYTES:,} are read", start)
        content = path.read_bytes()
    except FileNotFoundError:
        _refuse(F001, f"there is no file `{name}`", start)
    except (OSError, ValueError) as error:  # ValueError: a path no file system can hold
        reason = getattr(error, "strerror", None) or str(error)
        _refuse(F001, f"cannot read `{name}`: {reason}", start)
    return parse(_decode(content, name), name)


def parse(text: str, shown: str) -> Document:
    """The document in a text. Raises PipelineError with everything that can be told about it."""
    source = Source(shown, text.removeprefix("\ufeff"))
    if bad := _NOT_TEXT.search(source.text):
        place = source.location(bad.start(), bad.end())
        _refuse(F006, f"the character U+{ord(bad.group()):04X} cannot stand in YAML", place)
    builder = Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise PipelineError(*builder.diagnostics, syntax_error(error, source)) from None
    return builder.document()


NOT_A_VALUE: Final[Any] = object()


def scalar(text: str) -> Any:
    """The value of a text that is one scalar, as a file would have it; NOT_A_VALUE for any other text."""
    written = text.strip()
    if not written:
        return None
    try:
        # Between the beginnings and the ends of the stream and the document stands the scalar.
        events: list[Any] = list(islice(yaml.parse(written, Loader=_LOADER), 6))
        found = events[2]
        if not isinstance(found, yaml.ScalarEvent) or len(events) != 5:
            return NOT_A_VALUE
        if found.tag is not None:
            return tagged(found.tag, found.value)
        if found.style:
            return found.value if written[-1] in "'\"" else NOT_A_VALUE
        return resolve(written) if found.value == written else NOT_A_VALUE  # a comment, or lines that were folded
    except (yaml.YAMLError, ValueError):
        return NOT_A_VALUE


def _decode(content: bytes, shown: str) -> str:
    start = Location(shown, 1, 1)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse(F006, "the file is UTF-16", start, "save it as UTF-8")
    if b"\0" in content:
        _refuse(F006, "the file is binary: it holds NUL bytes", start)
    text = content.removeprefix(BOM_UTF8)
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        source = Source(shown, text.decode(errors="replace"))
        at = len(text[: error.start].decode())
        message = f"byte 0x{text[error.start]:02x} is not UTF-8"
        _refuse(F006, message, source.location(at), "save the file as UTF-8")


def _refuse(code: Code, message: str, place: Location, help: str | None = None) -> NoReturn:
    raise PipelineError(Diagnostic(code, message, place, help)) from None
