"""`min` and `max` of checks: bounds that something can keep, and something can break."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from math import ceil, floor
from typing import Any, ClassVar, Self

from pydantic import ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from framework.assertion import Expectation, Place, RowTest
from framework.clauses.values import IDLE, given, there
from framework.draft import Draft
from framework.expressions.strictness import either
from framework.expressions.tree import FALSE, Expression
from framework.expressions.typed import call
from framework.expressions.types import DATE, INTEGER, Type
from framework.model import Model
from framework.relation import Column


class Bounded(Model):
    """Bounds of a figure or a value. A subclass has two fields for them, by default `min` and `max`; `bounded` says of
    what they are, and `least` what none is below."""

    bounded: ClassVar[str] = "bounds need"
    least: ClassVar[int | None] = None
    ends: ClassVar[tuple[str, str]] = ("min", "max")

    @property
    def limits(self) -> tuple[Any, Any]:
        low, high = self.ends
        return getattr(self, low), getattr(self, high)

    @property
    def open_ends(self) -> tuple[bool, bool]:
        """Whether the lower bound, and the upper one, is itself out of bounds."""
        strict = getattr(self, "strict", False)
        return strict, strict

    @model_validator(mode="after")
    def _sound(self) -> Self:
        first, last = self.ends
        bounds = {name: getattr(self, name) for name in (first, last, "equals") if name in type(self).model_fields}
        (low, high), exact = self.limits, bounds.get("equals")
        if exact is not None:
            beside = next((name for name in self.ends if bounds[name] is not None), None)
            if beside is not None:
                message = (
                    f"`equals` is a bound on both sides; leave `{beside}` out, or write `{first}` and `{last}` alone"
                )
                raise wrong(self, beside, message, bounds)
        elif low is None and high is None:
            names = [f"`{name}`" for name in bounds]
            message = f"{self.bounded} {', '.join(names[:-1])} or {names[-1]}"
            raise PydanticCustomError("no_bound", "{message}", {"message": message})
        elif _comparable(low, high) and low > high:
            message = f"nothing lies between `{first}` and `{last}`; write the smaller one as `{first}`"
            raise wrong(self, last, message, bounds)
        elif _comparable(low, high) and low == high and any(self.open_ends):
            strict = "`strict`" if "strict" in type(self).model_fields else "`strict_min` and `strict_max`"
            message = f"nothing lies between `{first}` and `{last}` but the bounds themselves; leave {strict} out"
            raise wrong(self, last, message, bounds)
        elif high is None and self.least is not None and low == self.least and not self.open_ends[0]:
            message = f"nothing is below {self.least}, so this says nothing; write a larger `{first}`, or leave it out"
            raise wrong(self, first, message, bounds)
        return self


def expected_between(type_: str, bounds: Any) -> Expectation:
    """The expectation that a figure of a column lies between `min` and `max`."""
    found = {"min_value": bounds.min, "max_value": bounds.max}
    found = {name: bound for name, bound in found.items() if bound is not None}
    return Expectation(type_, {"column": bounds.column, **found})


def between(draft: Draft, column: Column, bounds: Bounded, place: Place) -> RowTest | None:
    """Whether the column lies between its bounds; null passes."""
    reference = draft.reference(column.name)
    values: list[Expression | None] = []
    for name, bound in zip(bounds.ends, bounds.limits, strict=True):
        values.append(None if bound is None else given(draft, reference, bound, *place, name))
    if _leaves_none(column.type, bounds):
        low, high = bounds.ends
        message, help = f"no {column.type} lies between `{low}` and `{high}`", "write bounds with a value between them"
        draft.findings.error(IDLE, (*draft.place, *place, high), message, help)
        return None
    return RowTest(outside(reference, values, bounds.open_ends) or FALSE, judged=there(reference))


def outside(value: Expression, ends: Sequence[Expression | None], open_ends: tuple[bool, bool]) -> Expression | None:
    """Whether a value lies outside of two ends, either of which may be None."""
    signs = ("<=" if open_ends[0] else "<", ">=" if open_ends[1] else ">")
    return either(*(None if end is None else call(sign, value, end) for sign, end in zip(signs, ends, strict=True)))


def _leaves_none(type_: Type, bounds: Bounded) -> bool:
    """Whether whole numbers, or days, have none between two bounds that are in order."""
    low, high = bounds.limits
    above, below = bounds.open_ends
    if type_ == DATE and _is_day(low) and _is_day(high):
        low, high = low.toordinal(), high.toordinal()
    elif type_ != INTEGER or not (isinstance(low, int | Decimal) and isinstance(high, int | Decimal)):
        return False
    return bool((floor(low) + 1 if above else ceil(low)) > (ceil(high) - 1 if below else floor(high)))


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _comparable(low: Any, high: Any) -> bool:
    """Whether both are numbers, texts or dates. Of values of two types the column's type refuses one."""
    kinds: tuple[Any, ...] = (int | Decimal, str, date)
    if isinstance(low, bool) or isinstance(high, bool):
        return False
    return any(isinstance(low, kind) and isinstance(high, kind) for kind in kinds)


def wrong(model: Model, key: str, message: str, given: Any) -> ValidationError:
    """An error at one key of a model; `given` is what it hangs on, where a parameter of a suite may stand yet."""
    error = PydanticCustomError("wrong_bound", "{message}", {"message": message})
    return ValidationError.from_exception_data(
        type(model).__name__, [InitErrorDetails(type=error, loc=(key,), input=given)]
    )
