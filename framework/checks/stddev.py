"""How far the values of a column lie apart.

```yaml
checks:
  - stddev: {column: paid, max: 1000}
```
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from framework.assertion import Expectation, MeasureTest, Place
from framework.clauses.bounds import expected_between
from framework.clauses.measures import FigureBounds, figure
from framework.column_check import with_column
from framework.draft import Draft
from framework.model import Check
from framework.quantity import Number


class Spread(FigureBounds):
    least: ClassVar[int | None] = 0

    min: Annotated[Number, Field(ge=0)] | None = Field(None, description="No less than this.")
    max: Annotated[Number, Field(ge=0)] | None = Field(None, description="No more than this.")


class Stddev(Check, check="stddev"):
    """The standard deviation of a sample lies between `min` and `max`; fewer than two values have none, and pass."""

    stddev: Spread

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"stddev({self.stddev.column})"

    def expectation(self) -> Expectation:
        return expected_between("expect_column_stdev_to_be_between", self.stddev)

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        return figure(draft, "stddev", self.stddev, place)
