"""Names and texts in the SQL that is given to DuckDB."""

import glob
from pathlib import Path


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def literal(path: Path) -> str:
    """One file for DuckDB, which would take a bracket in its name for a pattern."""
    return text(glob.escape(str(path)))
