"""Statements that change rows, and that SQLAlchemy has no words for: each makes all its changes at once, or none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BindParameter, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement, ColumnElement
from sqlalchemy.sql.selectable import FromClause, TableClause

_SORTS = {"matched": "MATCHED", "new": "NOT MATCHED", "gone": "NOT MATCHED BY SOURCE"}


@dataclass(frozen=True, slots=True)
class When:
    """What becomes of a row of one sort, if it meets the condition: the first that fits is done.

    `matched` rows are in both, `new` ones in the source alone, `gone` ones in the target alone. `values` are what its
    columns get; None takes the row away.
    """

    sort: Literal["matched", "new", "gone"]
    values: Mapping[str, Any] | None
    condition: ColumnElement[bool] | None = None


class Merge(Executable, ClauseElement):
    """The rows of a source beside those of a table, which they change."""

    inherit_cache = False

    def __init__(self, target: TableClause, source: FromClause, on: ColumnElement[bool], whens: Sequence[When]) -> None:
        self.target, self.source, self.on = target, source, on
        self.whens = tuple(sorted(whens, key=lambda when: list(_SORTS).index(when.sort)))  # as the grammar has them


class Overwrite(Executable, ClauseElement):
    """The rows of a select in the place of all that a table has; the table stays."""

    inherit_cache = False

    def __init__(self, target: TableClause, columns: Sequence[str], select: Any) -> None:
        self.target, self.columns, self.select = target, tuple(columns), select


def written(values: Iterable[str]) -> BindParameter[Any]:
    """Texts for an IN list, written into the statement: there can be more of them than it may have parameters."""
    return bindparam(None, list(values), expanding=True, literal_execute=True)


@compiles(Merge)
def _merge(element: Merge, compiler: SQLCompiler, **_: Any) -> str:
    target, source = (compiler.process(side, asfrom=True, ashint=False) for side in (element.target, element.source))
    lines = [f"MERGE INTO {target}", f"USING {source}", f"ON {compiler.process(element.on)}"]
    for when in element.whens:
        also = "" if when.condition is None else f" AND ({compiler.process(when.condition)})"
        lines.append(f"WHEN {_SORTS[when.sort]}{also} THEN {_action(when, compiler)}")
    return "\n".join(lines)


def _action(when: When, compiler: SQLCompiler) -> str:
    if when.values is None:
        return "DELETE"
    columns = [compiler.preparer.quote(name) for name in when.values]
    values = [compiler.process(value) for value in when.values.values()]
    if when.sort == "new":
        return f"INSERT ({', '.join(columns)}) VALUES ({', '.join(values)})"
    return f"UPDATE SET {', '.join(f'{c} = {v}' for c, v in zip(columns, values, strict=True))}"


@compiles(Overwrite)
def _overwrite(element: Overwrite, compiler: SQLCompiler, **options: Any) -> str:
    target = compiler.process(element.target, asfrom=True, ashint=False)
    columns = ", ".join(compiler.preparer.quote(name) for name in element.columns)
    return f"INSERT OVERWRITE {target} ({columns})\n{compiler.process(element.select, **options)}"
