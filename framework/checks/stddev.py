"""How far the values of a column lie apart.

```yaml
checks:
  - stddev: {column: paid, max: 1000}
```
"""

from typing import Any

from framework.assertion import MeasureTest, Place
from framework.clauses.measures import FigureBounds, figure
from framework.column_check import with_column
from framework.draft import Draft
from framework.model import Check


class Stddev(Check, check="stddev"):
    """The standard deviation of a sample lies between `min` and `max`; fewer than two values have none, and pass."""

    stddev: FigureBounds

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"stddev({self.stddev.column})"

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        return figure(draft, "stddev", self.stddev, place)
