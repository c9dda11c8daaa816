"""Typed expressions: immutable trees whose names are resolved, whose types are known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from typing import Literal as Choice

from framework.expressions.types import BOOLEAN, Type


@dataclass(frozen=True, slots=True)
class Function:
    """An entry of the catalogue.

    `signature` is written `(string, integer?) -> string`; see `signature.py` for its words.
    `nulls` says when the result may be null: `any` argument is, `all` arguments are, `always`, `never`.
    `lowering` is the SQL text that most warehouses share; a warehouse's own table overrides it.
    `tolerant` names the twin that gives null where this function refuses its text (`parse_date`).
    """

    name: str
    signature: str
    summary: str
    example: str
    kind: Choice["scalar", "aggregate", "window"] = "scalar"
    nulls: Choice["any", "all", "always", "never"] = "any"
    lowering: str = ""
    tolerant: str = ""


@dataclass(frozen=True, slots=True)
class Expression:
    type: Type
    nullable: bool


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    value: Any


@dataclass(frozen=True, slots=True)
class Reference(Expression):
    """A column of the row in hand; `qualifier` is set for the right side of a join alone."""

    name: str
    qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class Variable(Expression):
    """A value bound when the run starts: a variable of the pipeline, or the run's clock."""

    name: str


@dataclass(frozen=True, slots=True)
class Ordering:
    key: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    partition: tuple[Expression, ...] = ()
    order: tuple[Ordering, ...] = ()
    frame: str | None = None


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function applied. `options` are its arguments that are words, not values (`'month'`, a format).

    `span` is where an author wrote it, in characters of the expression; it makes no difference between two calls.
    """

    function: Function
    args: tuple[Expression, ...]
    options: tuple[str, ...] = ()
    distinct: bool = False
    order: tuple[Ordering, ...] = ()
    filter: Expression | None = None
    window: Window | None = None
    span: tuple[int, int] | None = field(default=None, compare=False, repr=False)


NATIVE = "native."  # what stands before the name of a warehouse's own function

TRUE = Literal(BOOLEAN, False, True)
FALSE = Literal(BOOLEAN, False, False)


def children(e: Expression) -> Iterator[Expression]:
    if isinstance(e, Call):
        yield from e.args
        yield from (o.key for o in e.order)
        if e.filter is not None:
            yield e.filter
        if e.window is not None:
            yield from e.window.partition
            yield from (o.key for o in e.window.order)


def walk(e: Expression) -> Iterator[Expression]:
    yield e
    for child in children(e):
        yield from walk(child)


def operands(e: Expression, name: str) -> Iterator[Expression]:
    """The parts of a condition between its top-level `and`s, or its `or`s: whichever `name` is."""
    if isinstance(e, Call) and e.function.name == name:
        for arg in e.args:
            yield from operands(arg, name)
    else:
        yield e


def references(e: Expression) -> frozenset[str]:
    """The names of the row's own columns that the expression reads."""
    return frozenset(n.name for n in walk(e) if isinstance(n, Reference) and n.qualifier is None)


def variables(e: Expression) -> frozenset[str]:
    """The names of what is bound when a run starts."""
    return frozenset(n.name for n in walk(e) if isinstance(n, Variable))


def calls_native(e: Expression) -> bool:
    """Whether a function of the warehouse's own is called, of which nothing is known."""
    return any(isinstance(n, Call) and n.function.name.startswith(NATIVE) for n in walk(e))


def has_window(e: Expression) -> bool:
    return any(isinstance(n, Call) and n.window is not None for n in walk(e))


def transform(e: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The tree with `change` applied to each node, leaves first; a tree that it leaves alone is returned itself."""
    if isinstance(e, Call):
        args = tuple(transform(a, change) for a in e.args)
        order = _ordered(e.order, change)
        kept = None if e.filter is None else transform(e.filter, change)
        window = None if e.window is None else _windowed(e.window, change)
        # Most trees change nowhere, and making them anew is most of the time that this takes.
        if (
            any(a is not b for a, b in zip(args, e.args, strict=True))
            or order is not e.order
            or kept is not e.filter
            or window is not e.window
        ):
            e = replace(e, args=args, order=order, filter=kept, window=window)
    return change(e)


def _windowed(window: Window, change: Callable[[Expression], Expression]) -> Window:
    partition = tuple(transform(p, change) for p in window.partition)
    return Window(partition, _ordered(window.order, change), window.frame)


def _ordered(order: tuple[Ordering, ...], change: Callable[[Expression], Expression]) -> tuple[Ordering, ...]:
    return tuple(Ordering(transform(o.key, change), o.descending) for o in order) if order else order
