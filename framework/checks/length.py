"""A text must be as long as it should.

```yaml
checks:
  - length: {column: zip, min: 5, max: 9}
```
"""

from typing import Any, ClassVar

from pydantic import Field, NonNegativeInt

from framework.assertion import Expectation, Place, RowTest
from framework.clauses.bounds import Bounded, outside
from framework.clauses.texts import length_of
from framework.clauses.values import there
from framework.column_check import with_column
from framework.draft import Draft
from framework.expressions.tree import FALSE
from framework.expressions.typed import literal
from framework.model import Check, Name


class Limits(Bounded):
    bounded: ClassVar[str] = "a length needs"
    least: ClassVar[int | None] = 0

    column: Name
    min: NonNegativeInt | None = Field(None, strict=True, description="At least so many characters.")
    max: NonNegativeInt | None = Field(None, strict=True, description="At most so many characters.")


class Length(Check, check="length"):
    """The text has at least `min` and at most `max` characters; null passes."""

    length: Limits

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"length({self.length.column})"

    def expectation(self) -> Expectation:
        bounds = {"min_value": self.length.min, "max_value": self.length.max}
        bounds = {name: bound for name, bound in bounds.items() if bound is not None}
        return Expectation("expect_column_value_lengths_to_be_between", {"column": self.length.column, **bounds})

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        found = length_of(draft, self.length.column, place)
        if found is None:
            return None
        column, length = found
        ends = [None if end is None else literal(end) for end in self.length.limits]
        return RowTest(outside(length, ends, self.length.open_ends) or FALSE, judged=there(column))
