"""How large a double can become: where arithmetic may leave what a double holds."""

import math

from framework.expressions.branches import PASSING, branches
from framework.expressions.tree import Call, Expression, Literal
from framework.expressions.types import DOUBLE, INTEGER_DIGITS

_LARGEST = 308.25  # the power of ten of the largest double
_ROWS = 20  # that of more rows than a table has
# A double that is infinite makes these infinite, or no number at all: to look at what they give is enough.
_SPREADING = {"+": (0, 1), "-": (0, 1), "*": (0, 1), "/": (0,), "negate": (0,)}
_OVERFLOWING = frozenset(["+", "-", "*", "/", "power", "exp", "sum", "avg"])


def can_overflow(e: Expression) -> bool:
    """Whether the result of arithmetic may be larger than any double."""
    if not isinstance(e, Call) or e.type != DOUBLE:
        return False
    return (e.function.name in _OVERFLOWING or e.function.name in _SPREADING) and _power(e) > _LARGEST


def shows(e: Call, index: int) -> bool:
    """Whether the result of the call shows that an argument has overflowed."""
    return e.type == DOUBLE and index in _SPREADING.get(e.function.name, ())


def _power(e: Expression) -> float:
    """A power of ten that no result is larger than; infinite where there is none."""
    if isinstance(e, Literal):
        return math.log10(abs(e.value)) if isinstance(e.value, int | float) and e.value else _digits(e)
    if not isinstance(e, Call) or e.type != DOUBLE:
        return _digits(e)
    name, of = e.function.name, [_power(a) for a in e.args]
    if any(of[i] > _LARGEST for i in _SPREADING.get(name, ())):
        return math.inf  # what has overflowed is not made small again
    match name:
        case "+" | "-":
            low, high = sorted(of)
            # What is smaller by more than a double's digits adds nothing.
            return high if high - low > 17 else high + 0.31
        case "*":
            return sum(of)
        case "/":
            return of[0] + _shrinking(e.args[1])
        case "power" | "exp":
            return math.inf
        case "sum" | "avg":
            return of[0] + _ROWS
    if name in _SPREADING:
        return of[0]
    if name in PASSING:
        return min(_LARGEST, max((_power(b) for b in branches(e)), default=_LARGEST))
    return _LARGEST


def _digits(e: Expression) -> float:
    if e.type.name == "integer":
        return INTEGER_DIGITS
    return e.type.precision - e.type.scale if e.type.name == "decimal" else _LARGEST


def _shrinking(divisor: Expression) -> float:
    """By how many powers of ten a quotient can be larger than what is divided; of zero it is null."""
    if isinstance(divisor, Literal) and isinstance(divisor.value, int | float) and divisor.value:
        return -math.log10(abs(divisor.value))
    if divisor.type.is_exact:
        return divisor.type.scale
    return math.inf
