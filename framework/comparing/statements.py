"""What one warehouse is asked about the rows of a stage: sums of hashes, and hashes row by row."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Select, TableClause

from framework.comparing.buckets import Ranges
from framework.comparing.shape import VALUES, Shape
from framework.ddl import column_of
from framework.expressions import types as t
from framework.expressions.lowering import Lowering, conversion, lower
from framework.expressions.tree import Expression, Reference
from framework.expressions.typed import call, cast, literal
from framework.relation import Column

_PART = 16  # hexadecimal digits of a hash that are enough to tell two values of one row apart
_DIGITS = 18  # decimal digits that are added up
_HEX = "0123456789abcdef"
_WHOLE = 1e15  # below it each whole number is a double


@dataclass(frozen=True)
class Statements:
    """`spelt` are the names of the columns in this table, by lower case. Rows lie in buckets, by the first `digits` of
    the hash of what they are known by. `ranges` are those that are asked for; other rows may come along."""

    table: TableClause
    spelt: Mapping[str, str]
    lowering: Lowering
    shape: Shape

    def count(self) -> Select[Any]:
        return sa.select(sa.func.count()).select_from(self.table)

    def sums(self, digits: int) -> Select[Any]:
        """Of each bucket how many rows it has, and sums that are equal where the keys are, and where the rows are."""
        select = sa.select(self._known_by().label("_key"), self._hash(self.shape.columns).label("_row"))
        select = select.select_from(self.table)
        if self.lowering.pulls_up:  # a hash would be computed for each place that uses it
            select = select.offset(sa.literal_column("0"))
        rows = select.subquery("_hashes")
        bucket, key, row = _bucket(rows.c["_key"], digits), rows.c["_key"], rows.c["_row"]
        sums = sa.func.count().label("_n"), self._sum(key).label("_keys"), self._sum(row).label("_rows")
        found = sa.select(bucket.label("_bucket"), *sums).select_from(rows)
        return found.group_by(bucket) if digits else found

    def columns(self, ranges: Ranges, digits: int) -> Select[Any]:
        """For each column a sum that is equal where its values are, key by key."""
        sums = (self._sum(self._hash((*self.shape.known_by, c))) for c in self.shape.compared)
        select = sa.select(*(s.label(f"_sum_{i}") for i, s in enumerate(sums))).select_from(self.table)
        return select.where(*self._within(ranges, digits))

    def rows(self, parts: Sequence[Column], ranges: Ranges, digits: int) -> Select[Any]:
        """The hashes of the rows, in the order of what they are known by; last that of all columns beside `parts`."""
        rest = [c for c in self.shape.parts if c not in parts]
        found = [*map(self._part, parts), *([_short(self._hash(rest))] if rest else [])]
        return self._rows(found, (), self._within(ranges, digits))

    def shown(self, keys: Set[str]) -> Select[Any]:
        """The rows that are known by these hashes, with their values."""
        listed = self._known_by().in_([_text(key) for key in sorted(keys)])
        values = (self._value(c) for c in self.shape.columns)
        return self._rows(map(self._part, self.shape.parts), values, (listed,))

    def _rows(
        self,
        parts: Iterable[ColumnElement[Any]],
        values: Iterable[ColumnElement[Any]],
        conditions: Iterable[ColumnElement[bool]],
    ) -> Select[Any]:
        key = self._known_by().label("_key")
        found = [part.label(f"_part_{i}") for i, part in enumerate(parts)]
        found += [value.label(f"_value_{i}") for i, value in enumerate(values)]
        if self.shape.key is not None:
            select = sa.select(key, sa.literal_column("1").label("_n"), *found)
            return select.select_from(self.table).where(*conditions).order_by(key)
        rows = sa.select(key, *found).select_from(self.table).where(*conditions).subquery("_hashes")
        first, *others = rows.c
        counted = sa.select(first, sa.func.count().label("_n"), *others).group_by(first, *others)
        return counted.order_by(first)

    # -- expressions

    def _known_by(self) -> ColumnElement[Any]:
        return self._hash(self.shape.known_by)

    def _hash(self, columns: Iterable[Column]) -> ColumnElement[Any]:
        """The hash of the values; of no columns one that all rows share."""
        values = [_hashable(_reference(c)) for c in columns] or [literal("")]
        return lower(call("hash_key", *values), self._column, self.lowering)

    def _part(self, column: Column) -> ColumnElement[Any]:
        if column.type.name in VALUES:
            return self._value(column)
        return _short(self._hash((column,)))

    def _value(self, column: Column) -> ColumnElement[Any]:
        if column.type.name == "json":
            return lower(cast(_reference(column), t.STRING), self._column, self.lowering)
        return self._column(_reference(column))

    def _column(self, reference: Reference) -> ColumnElement[Any]:
        return column_of(self.table, self.spelt[reference.name.lower()])

    def _sum(self, hashed: ColumnElement[Any]) -> ColumnElement[Any]:
        """Hashes added up, in any order. Their digits are taken for decimal ones, which every warehouse can do alike;
        eighteen of them still tell some 2^57 hashes apart."""
        digits = sa.func.substr(hashed, sa.literal_column("1"), sa.literal_column(str(_DIGITS)))
        decimal = sa.func.translate(digits, sa.literal_column("'abcdef'"), sa.literal_column("'012345'"))
        return sa.func.sum(conversion(decimal, t.decimal(_DIGITS, 0), self.lowering))

    def _within(self, ranges: Ranges, digits: int) -> list[ColumnElement[bool]]:
        if not digits:
            return []
        bucket = _bucket(self._known_by(), digits)
        chosen: list[ColumnElement[bool]] = [bucket.between(_text(a), _text(b)) for a, b in ranges if a != b]
        if single := [_text(a) for a, b in ranges if a == b]:
            chosen.append(bucket.in_(single))
        return [sa.or_(*chosen)]


def _short(hashed: ColumnElement[Any]) -> ColumnElement[Any]:
    return sa.func.substr(hashed, sa.literal_column("1"), sa.literal_column(str(_PART)))


def _bucket(hashed: ColumnElement[Any], digits: int) -> ColumnElement[Any]:
    return sa.func.substr(hashed, sa.literal_column("1"), sa.literal_column(str(digits))) if digits else _text("")


def _text(hexadecimal: str) -> ColumnElement[Any]:
    assert set(hexadecimal) <= set(_HEX)
    return sa.literal_column(f"'{hexadecimal}'")


def _reference(column: Column) -> Reference:
    return Reference(column.type, column.nullable, column.name)


def _hashable(column: Reference) -> Expression:
    """What has no canonical text by whatever text it has: unlike ones say nothing, and values are then compared."""
    if column.type.name not in (*VALUES, "unknown"):
        return column
    text = cast(column, t.STRING)
    if column.type.name != "double":
        return text
    # Most doubles that are written in two ways are whole numbers: as 1 and as 1.0.
    whole = call("and", call("=", call("floor", column), column), call("<", call("abs", column), literal(_WHOLE)))
    return call("case", whole, cast(cast(column, t.INTEGER), t.STRING), text)
