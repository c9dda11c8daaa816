"""Expectations of the columns that a relation has, and of their types: what the plan knows before anything runs.

```yaml
checks:
  - expect_column_to_exist: {column: claim_id, column_index: 0}
  - expect_table_column_count_to_be_between: {min_value: 3, max_value: 40}
  - expect_table_column_count_to_equal: {value: 3}
  - expect_table_columns_to_match_set: {column_set: [claim_id, paid], exact_match: false}
  - expect_table_columns_to_match_ordered_list: {column_list: [claim_id, member_id, paid]}
  - expect_column_type_to_be: {column: paid, type_: "decimal(18,2)"}
  - expect_column_values_to_be_of_type: {column: claim_id, type_: VARCHAR}
  - expect_column_values_to_be_in_type_list: {column: line_number, type_list: [INTEGER, BIGINT]}
```
"""

from collections.abc import Sequence

from pydantic import Field, NonNegativeInt, StrictBool

from framework.assertion import Place, ProvedTest
from framework.clauses.bounds import Bounded
from framework.diagnostics import Code, suggest
from framework.draft import Draft
from framework.expectations._types import means
from framework.expectations.official import Arguments, OfColumn, Official
from framework.expressions.typed import type_help
from framework.expressions.types import UNKNOWN
from framework.model import Names
from framework.shape import UNKNOWN_TYPE

DISPROVED = Code("F408", "a check that the plan disproves")
UNPROVABLE = Code("F409", "a check of columns that nobody declared")


def _columns(draft: Draft, place: Place) -> list[str] | None:
    """The names of the relation's columns, in order; None, with a finding, where they are not known."""
    if draft.open is None:
        return [column.name for column in draft.columns.values()]
    if draft.name not in draft.findings.doubtful:
        message = f"the columns of {draft.shown} are not declared, so nothing is known of them before a run"
        help = "declare them under `columns`, or check a stage that names its columns"
        draft.findings.key_error(UNPROVABLE, (*draft.place, *place), message, help)
    return None


def _proved(draft: Draft, holds: bool, path: Place, message: str, help: str | None = None) -> ProvedTest | None:
    if not holds:
        draft.findings.error(DISPROVED, (*draft.place, *path), message, help)
    return ProvedTest() if holds else None


def _has(columns: Sequence[str]) -> str:
    return f"the columns are {', '.join(columns)}"


class Existing(OfColumn):
    column_index: NonNegativeInt | None = Field(None, strict=True, description="Its place among the columns, from 0.")


class ExpectColumnToExist(Official, check="expect_column_to_exist"):
    """The relation has the column, whatever its capitals; with `column_index` it is at that place."""

    expect_column_to_exist: Existing

    def resolve(self, draft: Draft, place: Place) -> ProvedTest | None:
        column, index = self.expect_column_to_exist.column, self.expect_column_to_exist.column_index
        columns = _columns(draft, place)
        if columns is None:
            return None
        places = [name.lower() for name in columns]
        if column.lower() not in places:
            message = f"{draft.shown} has no column `{column}`"
            return _proved(draft, False, (*place, "column"), message, suggest(column, columns))
        at = places.index(column.lower())
        message = f"`{column}` is column {at}, counted from 0"
        return _proved(draft, index in (None, at), (*place, "column_index"), message, _has(columns))


class ColumnCounts(Bounded, Arguments):
    bounded = "a count of columns needs"
    least = 0
    ends = ("min_value", "max_value")

    min_value: NonNegativeInt | None = Field(None, strict=True, description="No fewer than these.")
    max_value: NonNegativeInt | None = Field(None, strict=True, description="No more than these.")


class ExpectTableColumnCountToBeBetween(Official, check="expect_table_column_count_to_be_between"):
    """The relation has between `min_value` and `max_value` columns."""

    expect_table_column_count_to_be_between: ColumnCounts

    def resolve(self, draft: Draft, place: Place) -> ProvedTest | None:
        columns = _columns(draft, place)
        if columns is None:
            return None
        low, high = self.expect_table_column_count_to_be_between.limits
        few = low is not None and len(columns) < low
        many = high is not None and len(columns) > high
        path = (*place, "min_value" if few else "max_value")
        return _proved(draft, not (few or many), path, _counted(draft, columns), _has(columns))


class ExactColumnCount(Arguments):
    value: NonNegativeInt = Field(strict=True, description="How many columns.")


class ExpectTableColumnCountToEqual(Official, check="expect_table_column_count_to_equal"):
    """The relation has `value` columns."""

    expect_table_column_count_to_equal: ExactColumnCount

    def resolve(self, draft: Draft, place: Place) -> ProvedTest | None:
        columns = _columns(draft, place)
        if columns is None:
            return None
        holds = len(columns) == self.expect_table_column_count_to_equal.value
        return _proved(draft, holds, (*place, "value"), _counted(draft, columns), _has(columns))


def _counted(draft: Draft, columns: Sequence[str]) -> str:
    return f"{draft.shown} has {len(columns)} column{'' if len(columns) == 1 else 's'}"


class ColumnSet(Arguments):
    column_set: Names = Field(min_length=1)
    exact_match: StrictBool | None = Field(True, description="There is no other column.")


class ExpectTableColumnsToMatchSet(Official, check="expect_table_columns_to_match_set"):
    """The relation has these columns, in any order and whatever their capitals, and with `exact_match` no other."""

    expect_table_columns_to_match_set: ColumnSet

    def resolve(self, draft: Draft, place: Place) -> ProvedTest | None:
        columns = _columns(draft, place)
        if columns is None:
            return None
        named = self.expect_table_columns_to_match_set.column_set
        known = {name.lower() for name in columns}
        for index, name in enumerate(named):
            if name.lower() not in known:
                message = f"{draft.shown} has no column `{name}`"
                return _proved(draft, False, (*place, "column_set", index), message, suggest(name, columns))
        more = [name for name in columns if name.lower() not in {n.lower() for n in named}]
        holds = not (self.expect_table_columns_to_match_set.exact_match and more)
        message = f"{draft.shown} has {', '.join(f'`{name}`' for name in more)} as well"
        return _proved(draft, holds, (*place, "column_set"), message, "name them, or write exact_match: false")


class OrderedColumns(Arguments):
    column_list: Names = Field(min_length=1)


class ExpectTableColumnsToMatchOrderedList(Official, check="expect_table_columns_to_match_ordered_list"):
    """The relation has these columns in this order, whatever their capitals, and no other."""

    expect_table_columns_to_match_ordered_list: OrderedColumns

    def resolve(self, draft: Draft, place: Place) -> ProvedTest | None:
        columns = _columns(draft, place)
        if columns is None:
            return None
        named = [name.lower() for name in self.expect_table_columns_to_match_ordered_list.column_list]
        holds = named == [name.lower() for name in columns]
        return _proved(draft, holds, (*place, "column_list"), "these are not the columns in order", _has(columns))


# -- types


class ColumnType(OfColumn):
    type_: str = Field(min_length=1, description="A type of the language, or what a warehouse or pandas calls it.")


class TypeList(OfColumn):
    type_list: tuple[str, ...] = Field(
        min_length=1, description="Types of the language, or what a warehouse or pandas calls them."
    )


def _of_type(draft: Draft, column: str, types: Sequence[tuple[str, Place]], place: Place) -> ProvedTest | None:
    """Whether the column has one of the types."""
    if draft.open is not None:
        _columns(draft, place)
        return None
    found = draft.find(column, *place, "column")
    meant = [(text, path, means(text)) for text, path in types]
    for text, path, type_ in meant:
        if type_ is None:
            draft.findings.error(UNKNOWN_TYPE, (*draft.place, *path), f"`{text}` is no type", type_help(text))
    if found is None or any(type_ is None for _, _, type_ in meant):
        return None
    if found.type == UNKNOWN:
        if draft.name not in draft.findings.doubtful:
            message = f"the type of `{found.name}` is not declared, so it is not known before a run"
            help = "declare it where the column is read, or give the column a type with cast(...)"
            draft.findings.error(UNPROVABLE, (*draft.place, *place, "column"), message, help)
        return None
    holds = any(type_ is not None and type_(found.type) for _, _, type_ in meant)
    help = f"write {found.type}, or convert the column in the stage that makes it"
    return _proved(draft, holds, meant[0][1], f"`{found.name}` is {found.type}", help)


class ExpectColumnTypeToBe(Official, check="expect_column_type_to_be"):
    """The column has the type."""

    expect_column_type_to_be: ColumnType

    def resolve(self, draft: Draft, place: Place) -> ProvedTest | None:
        it = self.expect_column_type_to_be
        return _of_type(draft, it.column, [(it.type_, (*place, "type_"))], place)


class ExpectColumnValuesToBeOfType(Official, check="expect_column_values_to_be_of_type"):
    """The column has the type, and so has each of its values."""

    expect_column_values_to_be_of_type: ColumnType

    def resolve(self, draft: Draft, place: Place) -> ProvedTest | None:
        it = self.expect_column_values_to_be_of_type
        return _of_type(draft, it.column, [(it.type_, (*place, "type_"))], place)


class ExpectColumnValuesToBeInTypeList(Official, check="expect_column_values_to_be_in_type_list"):
    """The column has one of the types, and so has each of its values."""

    expect_column_values_to_be_in_type_list: TypeList

    def resolve(self, draft: Draft, place: Place) -> ProvedTest | None:
        it = self.expect_column_values_to_be_in_type_list
        types = [(text, (*place, "type_list", index)) for index, text in enumerate(it.type_list)]
        return _of_type(draft, it.column, types, place)
