"""`min` and `max` of checks: bounds that something can keep, and something can break."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

from pydantic import ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from framework.assertion import Expectation
from framework.model import Model


class Bounded(Model):
    """Bounds of a figure or a value. A subclass has the fields `min` and `max`; `bounded` says of what they are, and
    `least` what none is below."""

    bounded: ClassVar[str] = "bounds need"
    least: ClassVar[int | None] = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        bounds = {name: getattr(self, name) for name in ("min", "max", "equals") if name in type(self).model_fields}
        low, high, exact = bounds["min"], bounds["max"], bounds.get("equals")
        if exact is not None:
            beside = next((name for name in ("min", "max") if bounds[name] is not None), None)
            if beside is not None:
                message = f"`equals` is a bound on both sides; leave `{beside}` out, or write `min` and `max` alone"
                raise wrong(self, beside, message, bounds)
        elif low is None and high is None:
            names = [f"`{name}`" for name in bounds]
            message = f"{self.bounded} {', '.join(names[:-1])} or {names[-1]}"
            raise PydanticCustomError("no_bound", "{message}", {"message": message})
        elif _comparable(low, high) and low > high:
            raise wrong(self, "max", "nothing lies between `min` and `max`; write the smaller one as `min`", bounds)
        elif _comparable(low, high) and low == high and getattr(self, "strict", False):
            message = "nothing lies between `min` and `max` but the bounds themselves; leave `strict` out"
            raise wrong(self, "max", message, bounds)
        elif high is None and self.least is not None and low == self.least:
            message = f"nothing is below {self.least}, so this says nothing; write a larger `min`, or leave it out"
            raise wrong(self, "min", message, bounds)
        return self


def expected_between(type_: str, bounds: Any) -> Expectation:
    """The expectation that a figure of a column lies between `min` and `max`."""
    found = {"min_value": bounds.min, "max_value": bounds.max}
    found = {name: bound for name, bound in found.items() if bound is not None}
    return Expectation(type_, {"column": bounds.column, **found})


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
