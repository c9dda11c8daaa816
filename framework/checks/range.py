"""A value must lie between bounds.

```yaml
checks:
  - range: {column: paid, min: 0, max: 1000000}
```
"""

from datetime import date
from decimal import Decimal
from math import ceil, floor
from typing import Any, ClassVar

from pydantic import Field, StrictBool

from framework.assertion import Expectation, Place, RowTest
from framework.clauses.bounds import Bounded
from framework.clauses.values import IDLE, given, there
from framework.column_check import with_column
from framework.draft import Draft
from framework.expressions.strictness import either
from framework.expressions.tree import FALSE, Expression
from framework.expressions.typed import call
from framework.expressions.types import DATE, INTEGER, Type
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

    def expectation(self) -> Expectation:
        bounds = {"min_value": self.range.min, "max_value": self.range.max}
        bounds = {name: bound for name, bound in bounds.items() if bound is not None}
        strict = {"strict_min": True, "strict_max": True} if self.range.strict else {}
        return Expectation("expect_column_values_to_be_between", {"column": self.range.column, **bounds, **strict})

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
        if self._leaves_none(column.type):
            message = f"no {column.type} lies between `min` and `max`"
            draft.findings.error(IDLE, (*draft.place, *place, "max"), message, "write bounds with a value between them")
            return None
        return RowTest(either(*outside) or FALSE, judged=there(reference))

    def _leaves_none(self, type_: Type) -> bool:
        """Whether whole numbers, or days, have none between two bounds that are in order."""
        low, high, strict = self.range.min, self.range.max, self.range.strict
        if type_ == DATE and isinstance(low, date) and isinstance(high, date):
            low, high = low.toordinal(), high.toordinal()
        elif type_ != INTEGER or not (isinstance(low, int | Decimal) and isinstance(high, int | Decimal)):
            return False
        return bool(floor(low) + 1 > ceil(high) - 1 if strict else ceil(low) > floor(high))
