"""Expectations of the different values of a column, held against a set.

```yaml
checks:
  - expect_column_distinct_values_to_be_in_set: {column: type, value_set: [CHARGE, PAYMENT]}
  - expect_column_distinct_values_to_contain_set: {column: type, value_set: [CHARGE]}
  - expect_column_distinct_values_to_equal_set: {column: type, value_set: [CHARGE, PAYMENT]}
  - expect_column_most_common_value_to_be_in_set: {column: type, value_set: [CHARGE], ties_okay: true}
```
"""

from pydantic import Field, StrictBool

from framework.algebra import Derive, Divert, Group, Query, Read
from framework.assertion import MeasureTest, Place, SetTest
from framework.clauses.measures import distinct
from framework.clauses.values import listed
from framework.draft import Draft
from framework.expectations.official import Official, ValueSet, with_moments
from framework.expressions.catalogue import function
from framework.expressions.tree import Call, Expression, Ordering, Reference, Window
from framework.expressions.typed import call, literal
from framework.expressions.types import BOOLEAN, INTEGER


def _held(draft: Draft, values: ValueSet, place: Place) -> tuple[Expression, Expression] | None:
    """The column, and whether it holds one of the set."""
    read = with_moments(values, draft, values.column, "value_set").value_set
    return listed(draft, values.column, read, place, "value_set")


def _unlike(draft: Draft, values: ValueSet, place: Place, *, inside: bool, outside: bool) -> MeasureTest | None:
    """How many values are not in the set, and how many of the set are no values; there may be none."""
    found = _held(draft, values, place)
    if found is None:
        return None
    column, member = found
    counts: list[Expression] = []
    if outside:
        counts.append(distinct(call("case", call("not", member), column)))
    if inside:
        expected = literal(len(set(values.value_set)))
        counts.append(call("-", expected, distinct(call("case", member, column))))
    return MeasureTest(counts[0] if len(counts) == 1 else call("+", *counts), None, 0)


class ExpectColumnDistinctValuesToBeInSet(Official, check="expect_column_distinct_values_to_be_in_set"):
    """Each different value is in the set; null is none of them. The figure is how many are not."""

    expect_column_distinct_values_to_be_in_set: ValueSet

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        values = self.expect_column_distinct_values_to_be_in_set
        return _unlike(draft, values, place, inside=False, outside=True)


class ExpectColumnDistinctValuesToContainSet(Official, check="expect_column_distinct_values_to_contain_set"):
    """Each value of the set stands in the column. The figure is how many do not."""

    expect_column_distinct_values_to_contain_set: ValueSet

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        values = self.expect_column_distinct_values_to_contain_set
        return _unlike(draft, values, place, inside=True, outside=False)


class ExpectColumnDistinctValuesToEqualSet(Official, check="expect_column_distinct_values_to_equal_set"):
    """The different values are those of the set; null is none of them. The figure is how many are in one alone."""

    expect_column_distinct_values_to_equal_set: ValueSet

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        values = self.expect_column_distinct_values_to_equal_set
        return _unlike(draft, values, place, inside=True, outside=True)


class CommonValue(ValueSet):
    ties_okay: StrictBool | None = Field(None, description="Of several that stand equally often one may be in the set.")


class ExpectColumnMostCommonValueToBeInSet(Official, check="expect_column_most_common_value_to_be_in_set"):
    """The value that stands most often is in the set; null is none. Several that stand equally often fail, unless
    `ties_okay` and one of them is in the set."""

    expect_column_most_common_value_to_be_in_set: CommonValue

    def resolve(self, draft: Draft, place: Place) -> SetTest | None:
        values = self.expect_column_most_common_value_to_be_in_set
        found = _held(draft, values, place)
        if found is None:
            return None
        column, member = found
        often = Window((), (Ordering(Reference(INTEGER, False, "_n"), descending=True),))
        rank = Call(INTEGER, False, function("rank"), (), window=often)
        listed_, first = Reference(BOOLEAN, True, "_listed"), Reference(INTEGER, False, "_rank")
        modes, named = Reference(INTEGER, False, "_modes"), Reference(INTEGER, False, "_named")
        rows = Call(INTEGER, False, function("count"), ())
        passes = call(">", named, literal(0))
        if not values.ties_okay:
            passes = call("and", passes, call("=", modes, literal(1)))
        steps = (
            Divert(call("is null", column), "null"),
            Group((("_value", column), ("_listed", member)), (("_n", rows),)),
            Derive((("_rank", rank),), "ranked"),
            Divert(call(">", first, literal(1)), "rarer"),
            Group((), (("_modes", rows), ("_named", call("count", call("case", listed_, literal(1)))))),
            Divert(passes, "sound"),
        )
        return SetTest(Query(Read(draft.name), steps, ("_modes",)))
