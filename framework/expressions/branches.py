"""Functions that give one of their arguments as it came: which those are, and one type for all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from framework.expressions.tree import Call, Expression, Literal
from framework.expressions.typed import cast
from framework.expressions.types import MAX_PRECISION, NULL, UNKNOWN, as_decimal

PASSING = frozenset(
    [
        "case",
        "if",
        "coalesce",
        "nullif",
        "min",
        "max",
        "any_value",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "greatest",
        "least",
        "arg_max",
        "arg_min",
    ]
)
_CHOOSING = frozenset(["case", "if", "coalesce", "greatest", "least"])
_NEIGHBOURS = frozenset(["lag", "lead"])


def branches(e: Call) -> Sequence[Expression]:
    """What a call of a passing function may give."""
    return [e.args[i] for i in _places(e)]


def _places(e: Call) -> Sequence[int]:
    name, count = e.function.name, len(e.args)
    if name == "case":
        return [*range(1, count, 2), *([count - 1] if count % 2 else [])]
    if name == "if":
        return [1, 2]
    if name in _NEIGHBOURS:
        return [i for i in (0, 2) if i < count]
    return [0] if name in ("nullif", "arg_max", "arg_min") else range(count)


def levelled(e: Call) -> Call:
    """The call with branches of the result's type where a warehouse would make another of them.

    Two decimals whose common type needs more than 38 digits lose some behind the point in one warehouse, and none in
    the plan; and the default of a neighbour is made what the neighbour is. Other branches stay as they are.
    """
    name = e.function.name
    if name in _CHOOSING:
        needed = e.type.name == "decimal" and _crowded(branches(e))
    elif name in _NEIGHBOURS and len(e.args) > 2:
        plain = isinstance(e.args[2], Literal) and type(e.args[2].value) is int
        needed = e.args[0].type != e.type or not (plain or e.args[2].type in (e.type, NULL))
    else:
        return e
    if not needed or e.type in (NULL, UNKNOWN):
        return e
    places = frozenset(_places(e))
    return replace(e, args=tuple(_as(a, e) if i in places else a for i, a in enumerate(e.args)))


def _as(value: Expression, e: Call) -> Expression:
    return value if value.type in (NULL, UNKNOWN) else cast(value, e.type)


def _crowded(values: Iterable[Expression]) -> bool:
    """Whether the digits before the point of one and those behind the point of another are too many for a decimal."""
    types = {as_decimal(v.type) for v in values if v.type.is_exact}
    most = max((t.precision - t.scale for t in types), default=0)
    return most + max((t.scale for t in types), default=0) > MAX_PRECISION
