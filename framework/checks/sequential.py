"""Each value must follow the one before it by the same step.

```yaml
checks:
  - sequential: {column: line_number, interval: 1, by: [claim_id]}
  - sequential: {column: month, interval: 1 month, by: [member_id]}
```
"""

from typing import Annotated, Any

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from framework.algebra import Derive
from framework.assertion import Marking, Place, SetTest
from framework.clauses.checks import marked
from framework.clauses.values import WRONG_COLUMN, WRONG_VALUE
from framework.column_check import with_column
from framework.draft import Draft
from framework.expressions.catalogue import function
from framework.expressions.tree import Call, Expression, Ordering, Reference, Window
from framework.expressions.typed import call, literal
from framework.expressions.types import DATE, INTEGER, TIMESTAMP, UNKNOWN
from framework.model import Check, Model, Name, Names
from framework.quantity import SECONDS, Duration, parse_duration
from framework.relation import Column

_SHORT = [unit for unit in SECONDS if SECONDS[unit] < SECONDS["day"]]


def _interval(value: Any) -> int | Duration:
    if type(value) is int and value > 0:
        return value
    found = parse_duration(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("interval", "an interval is a whole number, or a length of time; write 1, or 1 month")
    return found


class Steps(Model):
    column: Name = Field(description="An integer, a date or a timestamp.")
    interval: Annotated[int | Duration, PlainValidator(_interval, json_schema_input_type=int | str)] = Field(
        description="1, or 1 month, 7 days: what lies between a value and the next."
    )
    by: Names = Field((), description="The values follow each other within these; null equals null.")


class Sequential(Check, check="sequential"):
    """In order, each value is the one before it and exactly `interval`, within each `by`. A row whose value does not
    follow the one before it fails, so a gap, or a value that stands twice, counts once. Null passes. A month later is
    what `date_add` says: a day that the month has not becomes its last."""

    sequential: Steps

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"sequential({self.sequential.column})"

    def resolve(self, draft: Draft, place: Place) -> SetTest | None:
        steps = self.sequential
        column = draft.find(steps.column, *place, "column")
        by = [draft.find(name, *place, "by", index) for index, name in enumerate(steps.by)]
        if column is None or any(c is None for c in by) or not _fits(draft, column, steps.interval, place):
            return None
        value, name = draft.reference(column.name), draft.own("before")
        window = Window(tuple(draft.reference(c.name) for c in by if c is not None), (Ordering(value),))
        lag = Call(column.type, True, function("lag"), (value,), window=window)
        failing = call("<>", value, _after(Reference(column.type, True, name), steps.interval))
        return marked(draft.name, Marking((Derive(((name, lag),), "steps"),), failing), column.name)


def _after(value: Expression, interval: int | Duration) -> Expression:
    if isinstance(interval, int):
        return call("+", value, literal(interval))
    return Call(value.type, True, function("date_add"), (value, literal(interval.number)), (interval.unit,))


def _fits(draft: Draft, column: Column, interval: int | Duration, place: Place) -> bool:
    """Whether the column can be stepped through by the interval."""
    place = (*draft.place, *place)
    if column.type == UNKNOWN:
        return True
    if column.type not in (INTEGER, DATE, TIMESTAMP):
        message = f"`{column.name}` is {column.type}, and `sequential` wants an integer, a date or a timestamp"
        draft.findings.error(WRONG_COLUMN, (*place, "column"), message)
        return False
    if (column.type == INTEGER) != isinstance(interval, int):
        help = "write interval: 1" if column.type == INTEGER else "write interval: 1 day, or 1 month"
        message = f"`{column.name}` is {column.type}, and has no such interval"
        draft.findings.error(WRONG_VALUE, (*place, "interval"), message, help)
        return False
    if column.type == DATE and isinstance(interval, Duration) and interval.unit in _SHORT:
        message = f"`{column.name}` is a date, and has no {interval.unit}s"
        draft.findings.error(WRONG_VALUE, (*place, "interval"), message, "write interval: 1 day, or 1 month")
        return False
    return True
