"""A figure must not leave its own history.

```yaml
checks:
  - anomaly: {of: row_count}
  - anomaly: {of: sum, column: paid, sensitivity: high}
```
"""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from framework.assertion import MeasureTest, OnFail, Place, Trend
from framework.clauses.measures import FigureBounds, distinct, figure
from framework.column_check import with_column
from framework.draft import Draft
from framework.expressions.catalogue import function
from framework.expressions.tree import Call
from framework.expressions.typed import call, literal
from framework.expressions.types import INTEGER
from framework.model import Check, Model, Name

# In robust standard deviations. Of 3.5 and more Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993), say
# that a value is likely to be one.
DEVIATIONS = {"low": 6.0, "medium": 3.5, "high": 2.5}


def _deviations(value: Any) -> float:
    if isinstance(value, str) and value in DEVIATIONS:
        return DEVIATIONS[value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 < value <= 100:
        return float(value)
    raise PydanticCustomError("no_sensitivity", "low, medium, high or a number above 0 is expected")


Sensitivity = Annotated[
    float,
    PlainValidator(_deviations),
    WithJsonSchema({"anyOf": [{"enum": list(DEVIATIONS)}, {"type": "number", "exclusiveMinimum": 0, "maximum": 100}]}),
]


class Figure(Model):
    """What is held against its history, and how far it may lie off."""

    of: Literal["row_count", "nulls", "distinct_count", "sum", "mean"] = Field(description="Which figure.")
    column: Name | None = Field(None, description="The column that it is of; not for row_count.")
    sensitivity: Sensitivity = Field(
        DEVIATIONS["medium"],
        description="`low`, `medium` or `high`, which are 6, 3.5 and 2.5; or how many robust standard deviations the "
        "figure may lie off.",
    )
    after: int = Field(7, ge=3, le=50, strict=True, description="From how many earlier runs on it is judged.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.of == "row_count") == (self.column is not None):
            message = (
                "`row_count` is of the whole relation; leave `column` out"
                if self.of == "row_count"
                else f"`{self.of}` is of a column; write `column`"
            )
            raise PydanticCustomError("wrong_figure", "{message}", {"message": message})
        return self


class Anomaly(Check, check="anomaly"):
    """The figure lies where the good runs of the pipeline before, on the same target, let it be expected.

    That is at the end of the straight line through them (Theil and Sen's), as far off as they scatter around it (the
    median of their absolute deviations; a hundredth of the figure at least). It warns. Where fewer than `after` runs
    have gone before, and in the run of an interval, it passes. Needs the extra `trends`.
    """

    anomaly: Figure
    on_fail: OnFail = Field("warn", description="warn, or stop the run.")

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments, only="of")

    def label(self) -> str:
        of, column = self.anomaly.of, self.anomaly.column
        return f"anomaly({of})" if column is None else f"anomaly({of} of {column})"

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        trend = Trend(self.anomaly.sensitivity, self.anomaly.after)
        found = self._figure(draft, place)
        return None if found is None else MeasureTest(found.value, None, None, trend=trend)

    def _figure(self, draft: Draft, place: Place) -> MeasureTest | None:
        of, name = self.anomaly.of, self.anomaly.column
        if name is None:
            return MeasureTest(Call(INTEGER, False, function("count"), ()), None, None)
        if of in ("sum", "mean"):
            return figure(draft, {"mean": "avg"}.get(of, of), FigureBounds.model_construct(column=name), place)
        column = draft.find(name, *place, "column")
        if column is None:
            return None
        reference = draft.reference(column.name)
        if of == "nulls":
            return MeasureTest(call("count", call("case", call("is null", reference), literal(1))), None, None)
        return MeasureTest(distinct(reference), None, None)
