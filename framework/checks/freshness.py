"""The newest value must be no older than it should when the run starts.

```yaml
checks:
  - freshness: {column: received_at, warn_after: 36 hours, error_after: 3 days}
```
"""

from typing import Any

from framework.assertion import MeasureTest, Place
from framework.clauses.measures import age
from framework.column_check import with_column
from framework.draft import Draft
from framework.model import Check, FreshnessModel


class Freshness(Check, check="freshness"):
    """From the largest value of the column to the run's clock no more time has passed than `error_after`; past
    `warn_after` it warns, whatever `on_fail` says. A date is its first moment. Where there is no value, nothing is
    fresh: it counts as older than both."""

    freshness: FreshnessModel

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"freshness({self.freshness.column})"

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        return age(draft, self.freshness, place)
