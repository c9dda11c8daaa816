"""How many rows there must be.

```yaml
checks:
  - row_count: {min: 1}
  - row_count: {equals: 51}
```
"""

from typing import ClassVar

from pydantic import Field, NonNegativeInt

from framework.assertion import Expectation, MeasureTest, Place
from framework.clauses.bounds import Bounded
from framework.draft import Draft
from framework.expressions.catalogue import function
from framework.expressions.tree import Call
from framework.expressions.types import INTEGER
from framework.model import Check


class Count(Bounded):
    bounded: ClassVar[str] = "a row_count needs"
    least: ClassVar[int | None] = 0

    min: NonNegativeInt | None = Field(None, strict=True, description="No fewer than these.")
    max: NonNegativeInt | None = Field(None, strict=True, description="No more than these.")
    equals: NonNegativeInt | None = Field(None, strict=True, description="These exactly, without `min` and `max`.")


class RowCount(Check, check="row_count"):
    """The relation has at least `min`, at most `max`, or exactly `equals` rows."""

    row_count: Count

    def label(self) -> str:
        return "row_count"

    def expectation(self) -> Expectation:
        count = self.row_count
        if count.equals is not None:
            return Expectation("expect_table_row_count_to_equal", {"value": count.equals})
        bounds = {"min_value": count.min, "max_value": count.max}
        bounds = {name: bound for name, bound in bounds.items() if bound is not None}
        return Expectation("expect_table_row_count_to_be_between", bounds)

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        count = self.row_count
        low, high = (count.equals, count.equals) if count.equals is not None else (count.min, count.max)
        return MeasureTest(Call(INTEGER, False, function("count"), ()), low, high)
