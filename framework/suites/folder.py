"""The suites of a project: the files of its folder `checks`, read once one of them is used."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from framework import expectations
from framework.diagnostics import Diagnostic, PipelineError
from framework.suites.parameter import Given
from framework.yaml_source import Document, below, read

FOLDER = "checks"


def is_suite(document: Document) -> bool:
    """Whether a file is a suite, and no pipeline."""
    return "suite" in document.data


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite that was proved. A parameter without a default is None."""

    document: Document

    @property
    def parameters(self) -> Mapping[str, Any]:
        found = self.document.data.get("parameters")
        return found if isinstance(found, Mapping) else {}

    @property
    def checks(self) -> list[Any]:
        found: list[Any] = self.document.data["checks"]
        return found

    @property
    def defaults(self) -> dict[str, Given]:
        return {
            name: Given(value, self.document, ("parameters", name))
            for name, value in self.parameters.items()
            if value is not None
        }


class Folder:
    """`root` is the project's folder. `unreadable` are the mistakes of files that are no YAML."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.unreadable: list[Diagnostic] = []

    @property
    def shown(self) -> str:
        return _shown(self.root / FOLDER)

    @cached_property
    def documents(self) -> Mapping[str, list[Document]]:
        """The suites by name; those that share one, together."""
        found: dict[str, list[Document]] = {}
        for path in below(self.root / FOLDER):
            try:
                document = read(path, shown=_shown(path))
            except PipelineError as error:
                self.unreadable += error.diagnostics
                continue
            if is_suite(document):
                expectations.load_where_named(document.data)
                found.setdefault(str(document.data["suite"]), []).append(document)
        return found


def _shown(path: Path) -> str:
    """A path as messages print it: as short as can be."""
    return min(os.path.relpath(path), str(path), key=len)
