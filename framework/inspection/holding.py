"""What was seen of a source held against its contract; where it has none, the contract that it could have."""

from collections.abc import Mapping
from dataclasses import replace

from framework.expressions.types import STRING, Type
from framework.inspection.report import ColumnReport, Seen, Sight, SourceReport

_RESERVED = "names that begin with an underscore are the framework's own"
_NAMELESS = "it has no name"
_NO_TYPE = "no type of the language is like it"


def held(report: SourceReport, sight: Sight, declared: Mapping[str, Type], extra_columns: str) -> SourceReport:
    """The report with a line for each column of the contract, and for each that it does not name."""
    lines = [_declared(sight, name, type_) for name, type_ in declared.items()]
    known = {name.lower() for name in declared}
    others = [column for column in sight.columns if column.name.lower() not in known]
    lines += [ColumnReport(c.name, None, _said(c), "extra", _some(sight, c)) for c in others]
    return replace(report, sight=sight, columns=tuple(lines), broken=_broken(lines, extra_columns))


def _declared(sight: Sight, name: str, type_: Type) -> ColumnReport:
    column, declared = sight.column(name), str(type_)
    if column is None or not _everywhere(sight, column):
        note = "" if column is None else _some(sight, column)
        return ColumnReport(name, declared, None if column is None else _said(column), "missing", note)
    if not column.fits:
        return ColumnReport(name, declared, column.kind, "retyped", column.note)
    if column.unreadable:
        note = f"{column.unreadable:,} of {column.filled:,} values cannot be read as {declared}"
        found = _said(column)
        return ColumnReport(name, declared, found, "unreadable", note, column.filled, column.unreadable)
    counted = None if column.filled is None else 0
    return ColumnReport(name, declared, _said(column), "same", "", column.filled, counted)


def _broken(lines: list[ColumnReport], extra_columns: str) -> str | None:
    """What would stop a run."""
    counts = {state: sum(line.state == state for line in lines) for state in ("missing", "retyped", "extra")}
    if extra_columns != "error":
        counts["extra"] = 0
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count) or None


def opened(report: SourceReport, sight: Sight, types: Mapping[str, Type] | None = None) -> SourceReport:
    """The report of a source without a contract; `types` are those that columns are to have instead of their own."""
    chosen = proposed(sight)
    types = {**chosen, **(types or {})}
    lines = [_proposed(sight, column, types) for column in sight.columns]
    return replace(report, sight=sight, columns=tuple(lines), proposed=types)


def proposed(sight: Sight) -> dict[str, Type]:
    """The columns that a contract can name, with the types that they have in all files."""
    return {c.name: c.type for c in sight.columns if c.type is not None and not _why_not(sight, c)}


def _proposed(sight: Sight, column: Seen, types: Mapping[str, Type]) -> ColumnReport:
    if column.name not in types:
        return ColumnReport(column.name, None, _said(column), "left out", _why_not(sight, column))
    type_ = types[column.name]
    return ColumnReport(column.name, None, str(type_), "proposed", _remark(column, type_), column.filled)


def _remark(column: Seen, type_: Type) -> str:
    """What is to be said of a type that is proposed."""
    if type_ != column.type and type_ == STRING:
        return f"a stage reads it as text; all its values are {column.type}"
    if column.mostly is None:
        return ""
    others = f"{column.others:,} of {column.filled:,} values cannot be read as {column.mostly}"
    return others if type_ == column.type else f"a stage needs it; {others}"


def _why_not(sight: Sight, column: Seen) -> str:
    """Why a contract cannot name a column; empty where it can."""
    if not column.name:
        return _NAMELESS
    if column.name.startswith("_"):
        return _RESERVED
    if not _everywhere(sight, column):
        return _some(sight, column)
    return column.note or ("" if column.type is not None else _NO_TYPE)


def _everywhere(sight: Sight, column: Seen) -> bool:
    return sight.files is None or column.files == sight.files


def _some(sight: Sight, column: Seen) -> str:
    return "" if _everywhere(sight, column) else f"in {column.files} of {sight.files} files"


def _said(column: Seen) -> str:
    return str(column.type) if column.type is not None else column.kind
