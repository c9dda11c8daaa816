"""What a column amounts to.

```yaml
checks:
  - sum: {column: paid, min: 0.01}
```
"""

from typing import Any

from framework.assertion import Expectation, MeasureTest, Place
from framework.clauses.bounds import expected_between
from framework.clauses.measures import FigureBounds, figure
from framework.column_check import with_column
from framework.draft import Draft
from framework.model import Check


class Sum(Check, check="sum"):
    """The sum of the column lies between `min` and `max`, exactly but for doubles; a sum of nothing passes."""

    sum: FigureBounds

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"sum({self.sum.column})"

    def expectation(self) -> Expectation:
        return expected_between("expect_column_sum_to_be_between", self.sum)

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        return figure(draft, "sum", self.sum, place)
