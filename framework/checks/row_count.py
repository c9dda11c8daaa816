"""How many rows there must be.

```yaml
checks:
  - row_count: {min: 1}
```
"""

from typing import Self

from pydantic import StrictInt, model_validator
from pydantic_core import PydanticCustomError

from framework.assertion import MeasureTest, Place
from framework.draft import Draft
from framework.expressions.catalogue import function
from framework.expressions.tree import Call
from framework.expressions.types import INTEGER
from framework.model import Check, Model


class Count(Model):
    min: StrictInt | None = None
    max: StrictInt | None = None
    equals: StrictInt | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if self.min is None and self.max is None and self.equals is None:
            raise PydanticCustomError("no_bound", "a row_count needs `min`, `max` or `equals`")
        return self


class RowCount(Check, check="row_count"):
    """The relation has at least `min`, at most `max`, or exactly `equals` rows."""

    row_count: Count

    def label(self) -> str:
        return "row_count"

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        count = self.row_count
        low, high = (count.equals, count.equals) if count.equals is not None else (count.min, count.max)
        return MeasureTest(Call(INTEGER, False, function("count"), ()), low, high)
