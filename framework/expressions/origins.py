"""What a value is made of: columns of relations, each with how it goes into the value."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, get_args

# How a column goes in, the stronger word last: it says no more than which rows are there; it is the value as it stands;
# an expression is made of it; an aggregate or a window is. What is unknown may be any column of the relation.
FILTERED, DIRECT, DERIVED, AGGREGATED, UNKNOWN = range(5)
Kind = Literal["filtered_by", "direct", "derived", "aggregated", "unknown"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Origin(NamedTuple):
    """A column of a relation; without a column the relation's rows, whatever they hold."""

    relation: str
    column: str | None


Made = dict[Origin, int]


def add(into: Made, made: Mapping[Origin, int], at_least: int = DIRECT) -> None:
    """Puts what a part is made of to what the whole is made of; what only filters, and what is unknown, stays so."""
    for origin, kind in made.items():
        if kind != FILTERED and kind < at_least:
            kind = at_least
        before = into.get(origin)
        if before is None or before < kind:
            into[origin] = kind


class Deciders:
    """What decides which rows are there: each column with the words for how it does."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: dict[tuple[Origin, int], dict[str, None]] = {}

    def add(self, made: Mapping[Origin, int], *reasons: str) -> None:
        for origin, kind in made.items():
            known = self.found.setdefault((origin, UNKNOWN if kind == UNKNOWN else FILTERED), {})
            known.update(dict.fromkeys(reasons))

    def merge(self, other: "Deciders") -> None:
        for key, reasons in other.found.items():
            self.found.setdefault(key, {}).update(reasons)

    def filtering(self) -> Made:
        """The same as a part of what a value is made of."""
        made: Made = {}
        for origin, kind in self.found:
            add(made, {origin: kind})
        return made


def filtering(parts: Iterable[Mapping[Origin, int]]) -> Made:
    """What the parts are made of, where they do no more than say which rows are there."""
    made: Made = {}
    for part in parts:
        add(made, {origin: UNKNOWN if kind == UNKNOWN else FILTERED for origin, kind in part.items()})
    return made
