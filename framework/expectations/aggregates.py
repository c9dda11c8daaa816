"""Expectations of one figure of a column.

```yaml
checks:
  - expect_column_min_to_be_between: {column: service_date, min_value: 2014-01-01}
  - expect_column_max_to_be_between: {column: paid, max_value: 1000000}
  - expect_column_mean_to_be_between: {column: paid, min_value: 20, max_value: 400}
  - expect_column_median_to_be_between: {column: paid, min_value: 10}
  - expect_column_sum_to_be_between: {column: paid, min_value: 0, strict_min: true}
  - expect_column_stdev_to_be_between: {column: paid, max_value: 1000}
  - expect_column_unique_value_count_to_be_between: {column: plan, min_value: 2, max_value: 40}
  - expect_column_proportion_of_unique_values_to_be_between: {column: claim_id, min_value: 0.5}
  - expect_column_proportion_of_non_null_values_to_be_between: {column: diagnosis, min_value: 0.9}
```
"""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, NonNegativeInt

from framework.assertion import MeasureTest, Place
from framework.clauses.measures import aggregated, distinct
from framework.clauses.values import given
from framework.draft import Draft
from framework.expectations.official import ColumnEnds, Ends, Official, moment, ordered
from framework.expressions.catalogue import function
from framework.expressions.tree import Call, Expression, Literal
from framework.expressions.typed import call, cast, literal
from framework.expressions.types import DOUBLE, INTEGER, TIMESTAMP, UNKNOWN, Type, widen
from framework.model import Name
from framework.quantity import Number


class NumberEnds(Ends):
    column: Name
    min_value: Number | None = Field(None, description="No less than this.")
    max_value: Number | None = Field(None, description="No more than this.")


class SpreadEnds(Ends):
    least = 0

    column: Name
    min_value: Annotated[Number, Field(ge=0)] | None = Field(None, description="No less than this.")
    max_value: Annotated[Number, Field(ge=0)] | None = Field(None, description="No more than this.")


class ShareEnds(Ends):
    least = 0

    column: Name
    min_value: Annotated[Number, Field(ge=0, le=1)] | None = Field(None, description="No less than this share.")
    max_value: Annotated[Number, Field(ge=0, le=1)] | None = Field(None, description="No more than this share.")


class CountEnds(Ends):
    least = 0

    column: Name
    min_value: NonNegativeInt | None = Field(None, strict=True, description="No fewer than these.")
    max_value: NonNegativeInt | None = Field(None, strict=True, description="No more than these.")


def _within(value: Expression | None, bounds: Ends) -> MeasureTest | None:
    """A figure between its bounds; where there is none, it fails."""
    if value is None:
        return None
    low, high = bounds.limits
    above, below = bounds.open_ends
    return MeasureTest(value, low, high, required=True, above=above, below=below)


def _edge(draft: Draft, aggregate: str, bounds: ColumnEnds, place: Place) -> MeasureTest | None:
    """The smallest or the largest value, of any type that has an order, of the type that its bounds have as well."""
    column = ordered(draft, bounds.column, place)
    if column is None:
        return None
    value: Expression = draft.reference(column.name)
    type_, ends = column.type, []
    for name, bound in zip(bounds.ends, bounds.limits, strict=True):
        end = None if bound is None else given(draft, value, moment(bound, column.type), *place, name)
        if bound is not None and end is None:
            return None
        ends.append(end)
        type_ = type_ if end is None else widen(type_, end.type) or type_
    if column.type == UNKNOWN:
        type_ = TIMESTAMP if type_.is_moment else DOUBLE
    value = cast(value, type_, strict=column.type != UNKNOWN)
    low, high = (None if end is None else _bound(end, type_) for end in ends)
    above, below = bounds.open_ends
    return MeasureTest(call(aggregate, value), low, high, required=True, above=above, below=below)


def _bound(end: Expression, type_: Type) -> Any:
    """A bound as the driver gives the figure that it is held against: a moment is no day."""
    value = end.value if isinstance(end, Literal) else None
    if type_ == TIMESTAMP and isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


class ExpectColumnMinToBeBetween(Official, check="expect_column_min_to_be_between"):
    """The smallest value lies between `min_value` and `max_value`; a column without a value fails."""

    expect_column_min_to_be_between: ColumnEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        return _edge(draft, "min", self.expect_column_min_to_be_between, place)


class ExpectColumnMaxToBeBetween(Official, check="expect_column_max_to_be_between"):
    """The largest value lies between `min_value` and `max_value`; a column without a value fails."""

    expect_column_max_to_be_between: ColumnEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        return _edge(draft, "max", self.expect_column_max_to_be_between, place)


class ExpectColumnMeanToBeBetween(Official, check="expect_column_mean_to_be_between"):
    """The mean lies between `min_value` and `max_value`; a column without a value fails."""

    expect_column_mean_to_be_between: NumberEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        bounds = self.expect_column_mean_to_be_between
        return _within(aggregated(draft, "avg", bounds.column, place), bounds)


class ExpectColumnMedianToBeBetween(Official, check="expect_column_median_to_be_between"):
    """The value in the middle, or the mean of the two there, lies between `min_value` and `max_value`; a column without
    a value fails."""

    expect_column_median_to_be_between: NumberEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        bounds = self.expect_column_median_to_be_between
        return _within(aggregated(draft, "median", bounds.column, place), bounds)


class ExpectColumnSumToBeBetween(Official, check="expect_column_sum_to_be_between"):
    """The sum lies between `min_value` and `max_value`, exactly but for doubles; a column without a value fails."""

    expect_column_sum_to_be_between: NumberEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        bounds = self.expect_column_sum_to_be_between
        return _within(aggregated(draft, "sum", bounds.column, place), bounds)


class ExpectColumnStdevToBeBetween(Official, check="expect_column_stdev_to_be_between"):
    """The standard deviation of a sample lies between `min_value` and `max_value`; fewer than two values have none, and
    fail."""

    expect_column_stdev_to_be_between: SpreadEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        bounds = self.expect_column_stdev_to_be_between
        return _within(aggregated(draft, "stddev", bounds.column, place), bounds)


class ExpectColumnUniqueValueCountToBeBetween(Official, check="expect_column_unique_value_count_to_be_between"):
    """The column has between `min_value` and `max_value` different values; null is none of them."""

    expect_column_unique_value_count_to_be_between: CountEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        bounds = self.expect_column_unique_value_count_to_be_between
        column = draft.find(bounds.column, *place, "column")
        return None if column is None else _within(distinct(draft.reference(column.name)), bounds)


class ExpectColumnProportionOfUniqueValuesToBeBetween(
    Official, check="expect_column_proportion_of_unique_values_to_be_between"
):
    """How many different values there are for each value lies between `min_value` and `max_value`; 0 where there is
    none."""

    expect_column_proportion_of_unique_values_to_be_between: ShareEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        bounds = self.expect_column_proportion_of_unique_values_to_be_between
        column = draft.find(bounds.column, *place, "column")
        if column is None:
            return None
        value = draft.reference(column.name)
        return _within(_share(distinct(value), call("count", value)), bounds)


class ExpectColumnProportionOfNonNullValuesToBeBetween(
    Official, check="expect_column_proportion_of_non_null_values_to_be_between"
):
    """The share of the rows that hold a value lies between `min_value` and `max_value`; 0 where there is no row."""

    expect_column_proportion_of_non_null_values_to_be_between: ShareEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        bounds = self.expect_column_proportion_of_non_null_values_to_be_between
        column = draft.find(bounds.column, *place, "column")
        if column is None:
            return None
        rows = Call(INTEGER, False, function("count"), ())
        return _within(_share(call("count", draft.reference(column.name)), rows), bounds)


def _share(part: Expression, whole: Expression) -> Expression:
    return call("coalesce", call("/", part, whole), cast(literal(0), DOUBLE))
