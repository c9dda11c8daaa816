"""The forms in which diagnostics are printed: a file each, found by its name, which is the word after `--output`.

A form has `said(report) -> Said`; the first line of its docstring says what it is for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from framework.diagnostics import Diagnostic

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What was found; for `validate`, a line for each file that passed. `coloured` is what the terminal takes."""

    diagnostics: Sequence[Diagnostic]
    passed: Sequence[str] | None = None
    coloured: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """The text for each stream; nothing is printed to one whose text is empty."""

    out: str = ""
    err: str = ""
