"""Expectations that Great Expectations judges itself, on the rows as they stand before anything is published.

```yaml
checks:
  - expect_column_value_z_scores_to_be_less_than: {column: paid, threshold: 5, double_sided: true}
    mostly: 0.999
  - expect_column_values_to_not_be_outliers: {column: paid, method: iqr, multiplier: 3}
  - expect_column_values_to_be_dateutil_parseable: {column: received}
  - expect_column_values_to_be_json_parseable: {column: payload}
  - expect_column_values_to_match_json_schema: {column: payload, json_schema: {type: object, required: [id]}}
  - expect_column_values_to_match_strftime_format: {column: received, strftime_format: "%Y-%m-%d"}
  - expect_column_quantile_values_to_be_between:
      column: paid
      quantile_ranges: {quantiles: [0.5, 0.9], value_ranges: [[10, 50], [100, null]]}
  - expect_column_kl_divergence_to_be_less_than:
      column: plan
      partition_object: {values: [A, B], weights: [0.75, 0.25]}
      threshold: 0.1
```
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import isclose
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, field_validator, model_validator
from pydantic_core import PydanticCustomError

from framework.assertion import NativeTest, Place
from framework.clauses.bounds import wrong
from framework.clauses.values import WRONG_COLUMN
from framework.draft import Draft
from framework.expectations.official import Arguments, OfColumn, Official
from framework.expressions.types import STRING, UNKNOWN
from framework.quantity import Number

Share = Annotated[Number, Field(ge=0, le=1)]
_EVEN = 1e-5  # how far weights may be from adding up to one


def _on(draft: Draft, column: str, place: Place, wanted: str, *, shares: bool = True) -> NativeTest | None:
    """The test, where the column is of the kind that it is made for: `a number`, `a text`, or any."""
    found = draft.find(column, *place, "column")
    if found is None:
        return None
    fits = {"a number": found.type.is_number, "a text": found.type in (STRING, UNKNOWN)}
    if not fits.get(wanted, True):
        message = f"`{found.name}` is {found.type}, and `{place[-1]}` wants {wanted}"
        draft.findings.error(WRONG_COLUMN, (*draft.place, *place, "column"), message)
        return None
    return NativeTest(shares)


class ZScores(OfColumn):
    threshold: Number = Field(description="How many standard deviations from the mean are too many.")
    double_sided: StrictBool = Field(description="Whether values far below the mean fail as well.")


class ExpectColumnValueZScoresToBeLessThan(Official, check="expect_column_value_z_scores_to_be_less_than"):
    """Each value lies fewer standard deviations from the mean than `threshold`; null passes."""

    expect_column_value_z_scores_to_be_less_than: ZScores

    def resolve(self, draft: Draft, place: Place) -> NativeTest | None:
        return _on(draft, self.expect_column_value_z_scores_to_be_less_than.column, place, "a number")


class Outliers(OfColumn):
    method: Literal["iqr", "std"] = Field("iqr", description="By the quartiles, or by the standard deviation.")
    multiplier: Annotated[Number, Field(ge=0)] | None = Field(
        None, description="How many of those a value may lie off; 1.5 unless told."
    )


class ExpectColumnValuesToNotBeOutliers(Official, check="expect_column_values_to_not_be_outliers"):
    """No value lies further from the quartiles, or from the mean, than `multiplier` says; null passes."""

    expect_column_values_to_not_be_outliers: Outliers

    def resolve(self, draft: Draft, place: Place) -> NativeTest | None:
        return _on(draft, self.expect_column_values_to_not_be_outliers.column, place, "a number")


class ExpectColumnValuesToBeDateutilParseable(Official, check="expect_column_values_to_be_dateutil_parseable"):
    """The text is a date as the Python library dateutil reads them; null passes."""

    expect_column_values_to_be_dateutil_parseable: OfColumn

    def resolve(self, draft: Draft, place: Place) -> NativeTest | None:
        return _on(draft, self.expect_column_values_to_be_dateutil_parseable.column, place, "a text")


class ExpectColumnValuesToBeJsonParseable(Official, check="expect_column_values_to_be_json_parseable"):
    """The text is JSON; null passes."""

    expect_column_values_to_be_json_parseable: OfColumn

    def resolve(self, draft: Draft, place: Place) -> NativeTest | None:
        return _on(draft, self.expect_column_values_to_be_json_parseable.column, place, "a text")


class FittingSchema(OfColumn):
    json_schema: Mapping[str, Any] = Field(description="A JSON Schema.")


class ExpectColumnValuesToMatchJsonSchema(Official, check="expect_column_values_to_match_json_schema"):
    """The text is JSON that fits the schema; null passes, and one text that is no JSON leaves the check in error."""

    expect_column_values_to_match_json_schema: FittingSchema

    def resolve(self, draft: Draft, place: Place) -> NativeTest | None:
        return _on(draft, self.expect_column_values_to_match_json_schema.column, place, "a text")


class Formatted(OfColumn):
    strftime_format: str = Field(min_length=1, description="A format of Python's strftime: %Y-%m-%d.")

    @field_validator("strftime_format")
    @classmethod
    def _readable(cls, value: str) -> str:
        try:
            datetime.strptime(datetime(2014, 1, 31).strftime(value), value)
        except ValueError:
            raise PydanticCustomError(
                "no_format_of_dates", "this is no format of strftime; write %Y for a year, %m, %d, %H, %M and %S"
            ) from None
        return value


class ExpectColumnValuesToMatchStrftimeFormat(Official, check="expect_column_values_to_match_strftime_format"):
    """The text is a date or a moment in the format, as Python reads it; null passes."""

    expect_column_values_to_match_strftime_format: Formatted

    def resolve(self, draft: Draft, place: Place) -> NativeTest | None:
        return _on(draft, self.expect_column_values_to_match_strftime_format.column, place, "a text")


# -- distributions


class QuantileRanges(Arguments):
    quantiles: tuple[Share, ...] = Field(min_length=1, description="Which quantiles: 0.5 is the median.")
    value_ranges: tuple[tuple[Number | None, Number | None], ...] = Field(
        min_length=1, description="For each its lower and its upper bound; null where there is none."
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if len(self.quantiles) != len(self.value_ranges):
            message = "as many ranges are needed as there are quantiles; write [low, high] for each"
            raise wrong(self, "value_ranges", message, [self.quantiles, self.value_ranges])
        if any(low is not None and high is not None and low > high for low, high in self.value_ranges):
            message = "nothing lies in a range whose end is before its start; write the smaller bound first"
            raise wrong(self, "value_ranges", message, self.value_ranges)
        return self


class Quantiles(OfColumn):
    quantile_ranges: QuantileRanges
    allow_relative_error: StrictBool | str = Field(False, description="Whether quantiles may be estimated.")


class ExpectColumnQuantileValuesToBeBetween(Official, check="expect_column_quantile_values_to_be_between"):
    """Each quantile of the column lies in its range."""

    expect_column_quantile_values_to_be_between: Quantiles

    def resolve(self, draft: Draft, place: Place) -> NativeTest | None:
        column = self.expect_column_quantile_values_to_be_between.column
        return _on(draft, column, place, "a number", shares=False)


class Partition(Arguments):
    """How values are distributed: those of a list, or numbers in bins."""

    values: tuple[Any, ...] | None = Field(None, description="The values, for a column of few different ones.")
    bins: tuple[Number, ...] | None = Field(None, description="The edges of the bins, for a column of numbers.")
    weights: tuple[Number, ...] = Field(description="The share of each value or bin; together they are one.")
    tail_weights: tuple[Number, Number] | None = Field(None, description="The shares below the bins and above them.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.values is None) == (self.bins is None):
            raise PydanticCustomError("one_partition", "a partition has either `values` or `bins`; write one of them")
        many = len(self.values) if self.values is not None else len(self.bins or ()) - 1
        if many != len(self.weights):
            message = "each value, or each bin, has a weight; bins have one edge more than weights"
            raise wrong(self, "weights", message, [self.values, self.bins, self.weights])
        if any(high <= low for low, high in pairwise(self.bins or ())):
            raise wrong(self, "bins", "the edges of bins increase; write the smaller one first", self.bins)
        shares: Sequence[Any] = (*self.weights, *(self.tail_weights or ()))
        if not isclose(sum(map(float, shares)), 1, rel_tol=_EVEN):
            raise wrong(self, "weights", "the weights are one together; write 0.75 and 0.25, say", self.weights)
        return self


class Divergence(OfColumn):
    partition_object: Partition
    threshold: Annotated[Number, Field(ge=0)] = Field(description="The largest divergence that passes.")
    internal_weight_holdout: Share = Field(0, description="A share for what lies in bins that have no weight.")
    tail_weight_holdout: Share = Field(0, description="A share for what lies outside of the bins.")
    bucketize_data: StrictBool = Field(True, description="Whether numbers are put into the bins.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.tail_weight_holdout and self.partition_object.tail_weights is not None:
            message = "`tail_weights` of the partition say it already; leave `tail_weight_holdout` out"
            raise wrong(self, "tail_weight_holdout", message, self.tail_weight_holdout)
        if self.internal_weight_holdout and self.partition_object.values is not None:
            message = "values of a list have no bins; leave `internal_weight_holdout` out"
            raise wrong(self, "internal_weight_holdout", message, self.internal_weight_holdout)
        if not self.bucketize_data and self.partition_object.bins is not None:
            message = "numbers are compared in bins; leave `bucketize_data` out"
            raise wrong(self, "bucketize_data", message, self.bucketize_data)
        return self


class ExpectColumnKLDivergenceToBeLessThan(Official, check="expect_column_kl_divergence_to_be_less_than"):
    """The values are distributed as the partition says: the Kullback-Leibler divergence is no more than `threshold`."""

    expect_column_kl_divergence_to_be_less_than: Divergence

    def resolve(self, draft: Draft, place: Place) -> NativeTest | None:
        column = self.expect_column_kl_divergence_to_be_less_than.column
        return _on(draft, column, place, "", shares=False)
