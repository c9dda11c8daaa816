"""How many different values a column has.

```yaml
checks:
  - distinct_count: {column: plan, min: 2, max: 40}
```
"""

from typing import Any, ClassVar

from pydantic import Field, NonNegativeInt

from framework.assertion import Expectation, MeasureTest, Place
from framework.clauses.bounds import Bounded, expected_between
from framework.clauses.measures import distinct
from framework.column_check import with_column
from framework.draft import Draft
from framework.model import Check, Name


class Distinct(Bounded):
    least: ClassVar[int | None] = 0

    column: Name
    min: NonNegativeInt | None = Field(None, strict=True, description="No fewer than these.")
    max: NonNegativeInt | None = Field(None, strict=True, description="No more than these.")


class DistinctCount(Check, check="distinct_count"):
    """The column has at least `min` and at most `max` different values; null is none of them."""

    distinct_count: Distinct

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"distinct_count({self.distinct_count.column})"

    def expectation(self) -> Expectation:
        return expected_between("expect_column_unique_value_count_to_be_between", self.distinct_count)

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        bounds = self.distinct_count
        column = draft.find(bounds.column, *place, "column")
        if column is None:
            return None
        return MeasureTest(distinct(draft.reference(column.name)), bounds.min, bounds.max)
