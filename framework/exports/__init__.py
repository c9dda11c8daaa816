"""Exports: a pipeline as the files of another tool, a module each.

A module has a function `export(asked: Asked) -> Exported`. Nothing is asked of a warehouse, and no secret is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from framework.plan import Plan
from framework.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be exported: a plan as it runs on one warehouse, and the folder that is for it alone. `target` is the
    target's name, `database` the file of a DuckDB target."""

    plan: Plan
    warehouse: Warehouse
    schemas: Mapping[str, str]
    target: str
    folder: Path
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """The files written, and what could not be said, each with the reason."""

    files: tuple[Path, ...]
    left_out: tuple[str, ...] = ()
