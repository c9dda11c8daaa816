"""What a column amounts to on average.

```yaml
checks:
  - mean: {column: paid, min: 20, max: 400}
```
"""

from typing import Any

from framework.assertion import Expectation, MeasureTest, Place
from framework.clauses.bounds import expected_between
from framework.clauses.measures import FigureBounds, figure
from framework.column_check import with_column
from framework.draft import Draft
from framework.model import Check


class Mean(Check, check="mean"):
    """The mean of the column lies between `min` and `max`; nulls do not count, and a mean of nothing passes."""

    mean: FigureBounds

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"mean({self.mean.column})"

    def expectation(self) -> Expectation:
        return expected_between("expect_column_mean_to_be_between", self.mean)

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        return figure(draft, "avg", self.mean, place)
