"""How many rows there must be.

```yaml
checks:
  - row_count: {min: 1}
```
"""

from typing import ClassVar

from pydantic import Field, NonNegativeInt

from framework.assertion import MeasureTest, Place
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

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        count = self.row_count
        low, high = (count.equals, count.equals) if count.equals is not None else (count.min, count.max)
        return MeasureTest(Call(INTEGER, False, function("count"), ()), low, high)
