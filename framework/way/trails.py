"""By what the rows of one relation are known that belong to the way of a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, FromClause

from framework.ddl import column_of
from framework.expressions import types as t
from framework.expressions.lowering import Lowering, conversion
from framework.relation import Relation


@dataclass(frozen=True, slots=True)
class Trail:
    """Rows whose `columns` hold the values that were asked for; or with `rows`, those of one of these rows.

    `names` are the columns of the key that was asked for, or of `rows`: one for each of `columns`.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    rows: CTE | None = None

    def through(self, copies: Mapping[str, str]) -> "Trail | None":
        """The same in a relation that has copies of the columns; None where one of them is not copied."""
        found = [copies.get(name.lower()) for name in self.columns]
        columns = tuple(name for name in found if name is not None)
        return Trail(columns, self.names, self.rows) if len(columns) == len(found) else None

    def holds(self, side: FromClause, relation: Relation, lowering: Lowering) -> ColumnElement[bool]:
        """Whether a row of the side is one of them."""
        pairs = list(zip(self.columns, self.names, strict=True))
        if self.rows is None:
            return sa.and_(*(_is_given(column_of(side, c), n, _type(relation, c), lowering) for c, n in pairs))
        same = (_same(column_of(self.rows, n), column_of(side, c), relation, c) for c, n in pairs)
        there: Any = sa.select(sa.literal_column("1")).select_from(self.rows).where(*same)  # of no column: any row
        return sa.exists(there.correlate(side))


def bound(name: str) -> str:
    """The name under which the value of a key's column is bound."""
    return f"key_{name}"


def any_of(trails: Sequence[Trail], side: FromClause, relation: Relation, lowering: Lowering) -> ColumnElement[bool]:
    return sa.or_(*(trail.holds(side, relation, lowering) for trail in trails))


def _is_given(value: Any, name: str, type_: t.Type, lowering: Lowering) -> ColumnElement[bool]:
    given: Any = sa.bindparam(bound(name), type_=sa.Text())
    if type_.name in ("json", "unknown"):
        value = conversion(value, t.STRING, lowering)
    elif type_ != t.STRING:
        given = conversion(given, type_, lowering)
    found: ColumnElement[bool] = value == given
    return found


def _same(one: ColumnElement[Any], other: ColumnElement[Any], relation: Relation, name: str) -> ColumnElement[bool]:
    column = relation.column(name)
    if column is not None and not column.nullable:
        return one == other
    return one.is_not_distinct_from(other)


def _type(relation: Relation, name: str) -> t.Type:
    column = relation.column(name)
    return t.UNKNOWN if column is None else column.type
