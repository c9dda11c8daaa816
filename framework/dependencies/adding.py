"""How the value of an expression adds up: the figures in it, and what each of them is one per."""

from collections.abc import Callable, Iterable
from itertools import product

from framework.dependencies.known import NOTHING, Attribute, Attributes, Part, Parts
from framework.expressions.branches import branches
from framework.expressions.tree import Call, Expression, Literal, Reference, references

# What many equal figures change.
ADDING = frozenset(["sum", "avg", "count", "stddev", "variance", "median"])
# What gives one of the values that it sees.
CHOOSING = frozenset(["any_value", "min", "max", "arg_max", "arg_min", "first_value", "last_value"])
_BRANCHING = frozenset(["case", "if", "coalesce", "nullif", "greatest", "least"])
# Of a sum they give, exactly or nearly, the sum of what they give of each side.
_LINEAR = frozenset(["*", "/", "negate", "cast", "try_cast", "round", "floor", "ceil"])
_MOST = 16  # products of parts that are told apart; past it they are taken as one

Adding = Callable[[str], Parts]


def parts(
    e: Expression,
    adding: Adding,
    row: Attribute,
    attributes: Callable[[Iterable[str]], Attributes],
    told: Callable[[Attributes], Attributes],
    *,
    apart: bool = True,
) -> Parts:
    """The figures that a value is the sum of; where they are not `apart`, a sum is a figure of all its sides.

    `adding` gives those of a column by name, `attributes` what columns are known as, `told` what attributes determine.
    A constant is no figure: it
    counts rows.
    """

    def of(value: Expression, apart: bool = apart) -> Parts:
        return parts(value, adding, row, attributes, told, apart=apart)

    if isinstance(e, Reference):
        return adding(e.name)
    if not isinstance(e, Call):
        return frozenset()
    if e.window is not None:
        return _over(e, adding, row, attributes, told)
    name = e.function.name
    if name in ("+", "-") and apart:
        return frozenset().union(*map(of, e.args))
    if name in _BRANCHING:
        return _chosen(e, of, attributes)
    apart = apart and name in _LINEAR
    return _factors([of(a, apart and not (name == "/" and place)) for place, a in enumerate(e.args)])


def within(found: Parts, condition: Expression, attributes: Callable[[Iterable[str]], Attributes]) -> Parts:
    """The figures as they count where the condition is true: of rows that share what one is per, those that have the
    value which a column must have there."""
    fixed = attributes(_fixed(condition))
    return frozenset(Part(p.per | fixed, p.where, p.column) for p in found)


def _fixed(condition: Expression) -> Iterable[str]:
    """The columns that have one value in all rows in which the condition is true."""
    match condition:
        case Call(function=function, args=args) if function.name in ("and", "is true"):
            for arg in args:
                yield from _fixed(arg)
        case Call(function=function, args=(Reference(name=name), Literal()) | (Literal(), Reference(name=name))):
            if function.name == "=":
                yield name


def _chosen(e: Call, of: Callable[[Expression], Parts], attributes: Callable[[Iterable[str]], Attributes]) -> Parts:
    """What any of the branches gives. One that two of them give may count in a row for each."""
    given = list(map(of, branches(e)))
    conditions = {"case": e.args[:-1:2], "if": e.args[:1]}.get(e.function.name, ())
    found: Parts = frozenset()
    for place, figures in enumerate(given):
        others = {(p, p.column) for other in (*given[:place], *given[place + 1 :]) for p in other}
        again = any((p, p.column) in others for p in figures)
        found |= figures if again or place >= len(conditions) else within(figures, conditions[place], attributes)
    return found


def _over(
    e: Call,
    adding: Adding,
    row: Attribute,
    attributes: Callable[[Iterable[str]], Attributes],
    told: Callable[[Attributes], Attributes],
) -> Parts:
    """A window's figure; one of the values of rows that all have the same is that value."""
    assert e.window is not None
    chosen = e.args[0] if e.function.name in CHOOSING and e.args else None
    found = adding(chosen.name) if isinstance(chosen, Reference) else frozenset()
    if found:
        within = told(attributes(n for p in e.window.partition for n in references(p)))
        if all(p.per <= within for p in found):
            return found
    return frozenset([Part(_windowed(e, row, attributes))])


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
