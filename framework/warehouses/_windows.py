"""What warehouses have in common of aggregates over a window."""

from dataclasses import replace

from framework.expressions.tree import Call

# A value that comes again changes nothing of these.
_UNMOVED = ("min", "max", "any_value", "bool_and", "bool_or")


def undoubled(c: Call) -> Call:
    """The call without a `distinct` that changes nothing: no warehouse has it over each of its windows."""
    return replace(c, distinct=False) if c.distinct and c.function.name in _UNMOVED else c
