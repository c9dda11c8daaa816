"""A value must lie between bounds.

```yaml
checks:
  - range: {column: paid, min: 0, max: 1000000}
```
"""

from typing import Any, Self

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from framework.assertion import Place, RowTest
from framework.clauses.values import given
from framework.column_check import with_column
from framework.draft import Draft
from framework.expressions.strictness import either
from framework.expressions.tree import FALSE, Expression
from framework.expressions.typed import call
from framework.model import Check, Model, Name


class Bounds(Model):
    column: Name
    min: Any = None
    max: Any = None
    strict: StrictBool = Field(False, description="The bounds themselves are not allowed.")

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if self.min is None and self.max is None:
            raise PydanticCustomError("no_bound", "a range needs `min` or `max`")
        return self


class Range(Check, check="range"):
    """The column lies between `min` and `max`, bounds included unless `strict`; null passes."""

    range: Bounds

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"range({self.range.column})"

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        column = draft.find(self.range.column, *place, "column")
        if column is None:
            return None
        reference = draft.reference(column.name)
        below, above = ("<=", ">=") if self.range.strict else ("<", ">")
        outside: list[Expression | None] = []
        for sign, bound, name in ((below, self.range.min, "min"), (above, self.range.max, "max")):
            value = None if bound is None else given(draft, reference, bound, *place, name)
            outside.append(None if value is None else call(sign, reference, value))
        return RowTest(either(*outside) or FALSE)
