"""Expectations of several columns of a row.

```yaml
checks:
  - expect_column_pair_values_to_be_equal: {column_A: billed, column_B: total_billed}
  - expect_column_pair_values_a_to_be_greater_than_b: {column_A: billed, column_B: paid, or_equal: true}
  - expect_column_pair_values_to_be_in_set: {column_A: plan, column_B: tier, value_pairs_set: [[A, gold], [B, null]]}
  - expect_multicolumn_sum_to_equal: {column_list: [paid_share, owed_share], sum_total: 1}
  - expect_multicolumn_values_to_be_equal: {column_list: [plan, plan_before]}
  - expect_compound_columns_to_be_unique: {column_list: [claim_id, line_number]}
  - expect_select_column_values_to_be_unique_within_record: {column_list: [dx1, dx2, dx3]}
    mostly: 0.99
```
"""

from collections.abc import Sequence
from functools import reduce
from itertools import combinations
from typing import Any

from pydantic import Field, StrictBool

from framework.assertion import Place, ProvedTest, RowTest, SetTest
from framework.clauses.checks import unrepeated
from framework.clauses.values import WRONG_COLUMN, WRONG_VALUE, mismatch
from framework.draft import Draft
from framework.expectations.official import ColumnList, Official, Pair, judged_unless, moment
from framework.expressions.strictness import either, every
from framework.expressions.tree import FALSE, TRUE, Expression
from framework.expressions.typed import call, literal
from framework.expressions.types import widen
from framework.model import Name
from framework.quantity import Number


def _pair(draft: Draft, pair: Pair, place: Place) -> list[Expression] | None:
    """Both columns, where they can be compared."""
    return _alike(draft, [(pair.column_A, (*place, "column_A")), (pair.column_B, (*place, "column_B"))])


def _listed(draft: Draft, names: Sequence[Name], place: Place) -> list[Expression] | None:
    """The columns of a list; None, with findings, where one is unknown."""
    found = [draft.find(name, *place, "column_list", index) for index, name in enumerate(names)]
    columns: list[Expression] = [draft.reference(column.name) for column in found if column is not None]
    return columns if len(columns) == len(found) else None


def _alike(draft: Draft, named: Sequence[tuple[str, Place]]) -> list[Expression] | None:
    """Columns of one type; None, with findings, where one is unknown or goes with no other."""
    found = [draft.find(name, *path) for name, path in named]
    columns = [column for column in found if column is not None]
    if len(columns) < len(found):
        return None
    for column, (_, path) in zip(columns[1:], named[1:], strict=True):
        if widen(columns[0].type, column.type) is None or "json" in (columns[0].type.name, column.type.name):
            message = f"`{column.name}` is {column.type}, and `{columns[0].name}` is {columns[0].type}"
            help = "convert one of them in the stage that makes it"
            draft.findings.error(WRONG_COLUMN, (*draft.place, *path), message, help)
            return None
    return [draft.reference(column.name) for column in columns]


class ExpectColumnPairValuesToBeEqual(Official, check="expect_column_pair_values_to_be_equal"):
    """Both columns hold the same value. A row in which both are null is not judged; one in which one is null fails."""

    expect_column_pair_values_to_be_equal: Pair

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        pair = self.expect_column_pair_values_to_be_equal
        columns = _pair(draft, pair, place)
        return None if columns is None else _unless(call("=", *columns), pair.ignore_row_if, columns)


class OrderedPair(Pair):
    or_equal: StrictBool | None = Field(None, description="Both may be equal.")


class ExpectColumnPairValuesAToBeGreaterThanB(Official, check="expect_column_pair_values_a_to_be_greater_than_b"):
    """`column_A` is larger than `column_B`. A row in which both are null is not judged; one in which one is null
    fails."""

    expect_column_pair_values_a_to_be_greater_than_b: OrderedPair

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        pair = self.expect_column_pair_values_a_to_be_greater_than_b
        columns = _pair(draft, pair, place)
        if columns is None:
            return None
        return _unless(call(">=" if pair.or_equal else ">", *columns), pair.ignore_row_if, columns)


class PairSet(Pair):
    value_pairs_set: tuple[tuple[Any, Any], ...] = Field(min_length=1, description="Pairs of values; null equals null.")


class ExpectColumnPairValuesToBeInSet(Official, check="expect_column_pair_values_to_be_in_set"):
    """Both columns together hold one of these pairs. A row in which both are null is not judged."""

    expect_column_pair_values_to_be_in_set: PairSet

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_column_pair_values_to_be_in_set
        found = [draft.find(getattr(it, key), *place, key) for key in ("column_A", "column_B")]
        columns = [draft.reference(column.name) for column in found if column is not None]
        if len(columns) < len(found):
            return None
        pairs: list[Expression | None] = []
        for index, pair in enumerate(it.value_pairs_set):
            values = [moment(value, column.type) for value, column in zip(pair, columns, strict=True)]
            for side, (value, column) in enumerate(zip(values, columns, strict=True)):
                wrong = None if value is None else mismatch(value, column.type)
                if wrong is not None:
                    at = (*draft.place, *place, "value_pairs_set", index, side)
                    draft.findings.error(WRONG_VALUE, at, *wrong)
                    return None
            pairs.append(every(*(_is(column, value) for column, value in zip(columns, values, strict=True))))
        return _unless(either(*pairs) or FALSE, it.ignore_row_if, columns)


def _is(column: Expression, value: Any) -> Expression:
    return call("is null", column) if value is None else call("=", column, literal(value))


class SumTotal(ColumnList):
    sum_total: Number = Field(description="What they must add up to.")


class ExpectMulticolumnSumToEqual(Official, check="expect_multicolumn_sum_to_equal"):
    """The columns add up to `sum_total`. A row in which all are null is not judged; one in which one is null fails."""

    expect_multicolumn_sum_to_equal: SumTotal

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_multicolumn_sum_to_equal
        columns = _listed(draft, it.column_list, place)
        if columns is None:
            return None
        for index, column in enumerate(columns):
            if not column.type.is_number:
                message = f"`{it.column_list[index]}` is {column.type}, and only numbers are added up"
                draft.findings.error(WRONG_COLUMN, (*draft.place, *place, "column_list", index), message)
                return None
        total = reduce(lambda one, other: call("+", one, other), columns)
        return _unless(call("=", total, literal(it.sum_total)), it.ignore_row_if, columns)


class ExpectMulticolumnValuesToBeEqual(Official, check="expect_multicolumn_values_to_be_equal"):
    """The columns hold one value, null equal to null. A row in which all are null is not judged."""

    expect_multicolumn_values_to_be_equal: ColumnList

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_multicolumn_values_to_be_equal
        columns = _alike(draft, [(n, (*place, "column_list", i)) for i, n in enumerate(it.column_list)])
        if columns is None:
            return None
        same = every(*(call("is not distinct from", columns[0], other) for other in columns[1:])) or TRUE
        return _unless(same, it.ignore_row_if, columns)


class ExpectSelectColumnValuesToBeUniqueWithinRecord(
    Official, check="expect_select_column_values_to_be_unique_within_record"
):
    """No two of the columns hold the same value, null equal to null. A row in which all are null is not judged."""

    expect_select_column_values_to_be_unique_within_record: ColumnList

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        it = self.expect_select_column_values_to_be_unique_within_record
        columns = _alike(draft, [(n, (*place, "column_list", i)) for i, n in enumerate(it.column_list)])
        if columns is None:
            return None
        apart = every(*(call("is distinct from", one, other) for one, other in combinations(columns, 2))) or TRUE
        return _unless(apart, it.ignore_row_if, columns)


class ExpectCompoundColumnsToBeUnique(Official, check="expect_compound_columns_to_be_unique"):
    """No two rows share the values of these columns, null equal to null. A row in which all are null is not judged."""

    expect_compound_columns_to_be_unique: ColumnList

    def resolve(self, draft: Draft, place: Place) -> SetTest | ProvedTest | None:
        it = self.expect_compound_columns_to_be_unique
        columns = _listed(draft, it.column_list, place)
        return None if columns is None else unrepeated(draft, it.column_list, judged_unless(it.ignore_row_if, columns))


def _unless(holds: Expression, ignore_row_if: str, columns: Sequence[Expression]) -> RowTest:
    """Fails in a row that is judged and in which it does not hold, or in which it is null."""
    judged = judged_unless(ignore_row_if, columns)
    failing = call("is not true", holds) if holds.nullable else call("not", holds)
    return RowTest(failing if judged is None else call("and", judged, failing), judged=judged)
