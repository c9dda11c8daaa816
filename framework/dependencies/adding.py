"""How the value of an expression adds up: the figures in it, and what each of them is one per."""

from collections.abc import Callable, Iterable
from itertools import product

from framework.dependencies.known import NOTHING, Attribute, Attributes, Part, Parts
from framework.expressions.branches import branches
from framework.expressions.tree import Call, Expression, Reference, references

# What many equal figures change.
ADDING = frozenset(["sum", "avg", "count", "stddev", "variance", "median"])
_CHOOSING = frozenset(["case", "if", "coalesce", "nullif", "greatest", "least"])
_MOST = 16  # products of parts that are told apart; past it they are taken as one

Adding = Callable[[str], Parts]


def parts(e: Expression, adding: Adding, row: Attribute, attributes: Callable[[Iterable[str]], Attributes]) -> Parts:
    """The figures that a value is the sum of.

    `adding` gives those of a column by name, `attributes` what columns are known as. A constant is no figure: it
    counts rows.
    """
    if isinstance(e, Reference):
        return adding(e.name)
    if not isinstance(e, Call):
        return frozenset()
    if e.window is not None:
        return frozenset([Part(_windowed(e, row, attributes))])
    name = e.function.name
    if name in ("+", "-"):
        given: Iterable[Expression] = e.args
    elif name in _CHOOSING:
        given = branches(e)
    else:
        return _factors([parts(a, adding, row, attributes) for a in e.args])
    return frozenset().union(*(parts(a, adding, row, attributes) for a in given))


def _windowed(e: Call, row: Attribute, attributes: Callable[[Iterable[str]], Attributes]) -> Attributes:
    assert e.window is not None
    if e.function.kind != "aggregate" or e.window.order:
        return frozenset([row])
    return attributes(n for p in e.window.partition for n in references(p))


def _factors(given: list[Parts]) -> Parts:
    """Each figure of one factor with each of the others."""
    factors = [p for p in given if p]
    if not factors:
        return frozenset()
    if len(factors) == 1:
        return factors[0]
    pairs = 1
    for factor in factors:
        pairs *= len(factor)
    if pairs > _MOST:
        return frozenset([_together(p for factor in factors for p in factor)])
    return frozenset(_together(chosen) for chosen in product(*factors))


def _together(given: Iterable[Part]) -> Part:
    found = list(given)
    per = frozenset(NOTHING).union(*(p.per for p in found))
    where = frozenset(NOTHING).union(*(p.where for p in found))
    return Part(per, where, next((p.column for p in found if p.column is not None), None))
