"""A value must lie between bounds.

```yaml
checks:
  - range: {column: paid, min: 0, max: 1000000}
```
"""

from typing import Any, ClassVar

from pydantic import Field, StrictBool

from framework.assertion import Expectation, Place, RowTest
from framework.clauses.bounds import Bounded, between
from framework.column_check import with_column
from framework.draft import Draft
from framework.model import Check, Name


class Bounds(Bounded):
    bounded: ClassVar[str] = "a range needs"

    column: Name
    min: Any = None
    max: Any = None
    strict: StrictBool = Field(False, description="The bounds themselves are not allowed.")


class Range(Check, check="range"):
    """The column lies between `min` and `max`, bounds included unless `strict`; null passes."""

    range: Bounds

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"range({self.range.column})"

    def expectation(self) -> Expectation | None:
        if any(isinstance(bound, str) for bound in self.range.limits):
            return None  # GX compares no texts
        bounds = {"min_value": self.range.min, "max_value": self.range.max}
        bounds = {name: bound for name, bound in bounds.items() if bound is not None}
        strict = {"strict_min": True, "strict_max": True} if self.range.strict else {}
        return Expectation("expect_column_values_to_be_between", {"column": self.range.column, **bounds, **strict})

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        column = draft.find(self.range.column, *place, "column")
        return None if column is None else between(draft, column, self.range, place)
