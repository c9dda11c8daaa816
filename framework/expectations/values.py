"""Expectations of the values of one column, row by row.

```yaml
checks:
  - expect_column_values_to_not_be_null: {column: member_id}
  - expect_column_values_to_be_null: {column: voided_at}
    mostly: 0.99
  - expect_column_values_to_be_between: {column: paid, min_value: 0, strict_min: true}
    on_fail: quarantine
  - expect_column_values_to_be_in_set: {column: type, value_set: [CHARGE, PAYMENT]}
  - expect_column_values_to_not_be_in_set: {column: status, value_set: [VOID]}
  - expect_column_values_to_be_unique: {column: claim_id}
```
"""

from framework.assertion import Place, ProvedTest, RowTest, SetTest
from framework.clauses.bounds import between
from framework.clauses.checks import unrepeated
from framework.clauses.values import listed, there
from framework.draft import Draft
from framework.expectations.official import ColumnEnds, OfColumn, Official, ValueSet, ordered, with_moments
from framework.expressions.typed import call


class ExpectColumnValuesToNotBeNull(Official, check="expect_column_values_to_not_be_null"):
    """The column holds a value."""

    expect_column_values_to_not_be_null: OfColumn

    def resolve(self, draft: Draft, place: Place) -> RowTest | ProvedTest | None:
        column = draft.find(self.expect_column_values_to_not_be_null.column, *place, "column")
        if column is None:
            return None
        reference = draft.reference(column.name)
        return RowTest(call("is null", reference), (column.name,)) if reference.nullable else ProvedTest()


class ExpectColumnValuesToBeNull(Official, check="expect_column_values_to_be_null"):
    """The column holds no value."""

    expect_column_values_to_be_null: OfColumn

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        column = draft.find(self.expect_column_values_to_be_null.column, *place, "column")
        return None if column is None else RowTest(call("is not null", draft.reference(column.name)))


class Between(ColumnEnds):
    bounded = "a check of values needs"


class ExpectColumnValuesToBeBetween(Official, check="expect_column_values_to_be_between"):
    """The column lies between `min_value` and `max_value`; null passes."""

    expect_column_values_to_be_between: Between

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        bounds = self.expect_column_values_to_be_between
        column = ordered(draft, bounds.column, place)
        if column is None:
            return None
        return between(draft, column, with_moments(bounds, draft, column.name, *bounds.ends), place)


class ExpectColumnValuesToBeInSet(Official, check="expect_column_values_to_be_in_set"):
    """The column holds one of these values; null passes."""

    expect_column_values_to_be_in_set: ValueSet

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        values = self.expect_column_values_to_be_in_set
        found = listed(
            draft, values.column, with_moments(values, draft, values.column, "value_set").value_set, place, "value_set"
        )
        return None if found is None else RowTest(call("not", found[1]), judged=there(found[0]))


class ExpectColumnValuesToNotBeInSet(Official, check="expect_column_values_to_not_be_in_set"):
    """The column holds none of these values; null passes."""

    expect_column_values_to_not_be_in_set: ValueSet

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        values = self.expect_column_values_to_not_be_in_set
        found = listed(
            draft, values.column, with_moments(values, draft, values.column, "value_set").value_set, place, "value_set"
        )
        return None if found is None else RowTest(found[1], judged=there(found[0]))


class ExpectColumnValuesToBeUnique(Official, check="expect_column_values_to_be_unique"):
    """No two rows share a value of the column; null passes."""

    expect_column_values_to_be_unique: OfColumn

    def resolve(self, draft: Draft, place: Place) -> SetTest | ProvedTest | None:
        column = draft.find(self.expect_column_values_to_be_unique.column, *place, "column")
        return None if column is None else unrepeated(draft, [column.name], there(draft.reference(column.name)))
