"""What is known of a relation's rows: which columns determine which, and what a figure is one per.

A determinant may be a column that is gone by now, or a row of a relation read long before: both are attributes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from framework.expressions.tree import Literal

NOTHING: "Attributes" = frozenset()
_MOST = 200  # sets that are looked at on the way back from a row to its keys


@dataclass(eq=False, slots=True)
class Attribute:
    """What each row has one value of, null among them: a column, or the row of `relation` that it was made of.

    `origin` is what it is a copy of: a relation that is joined may stand on both sides.
    """

    label: str
    relation: str | None = None
    origin: "Attribute | None" = None

    @property
    def root(self) -> "Attribute":
        found = self
        while found.origin is not None:
            found = found.origin
        return found


Attributes = frozenset[Attribute]


@dataclass(frozen=True, slots=True)
class Fact:
    """Rows in which all of `where` hold a value and that share `given`, nulls among them, share `found`."""

    given: Attributes
    found: Attributes
    where: Attributes = NOTHING


@dataclass(frozen=True, slots=True)
class Part:
    """Something added up: one figure for each value of `per`, which counts where `where` hold a value.

    `column` is the attribute that it was read from.
    """

    per: Attributes
    where: Attributes = NOTHING
    column: Attribute | None = field(default=None, compare=False)


Parts = frozenset[Part]


def of_row(row: Attribute, column: Attribute) -> Parts:
    """A figure of the row itself."""
    return frozenset([Part(frozenset([row]), NOTHING, column)])


def counting(found: Parts, held: Attributes) -> Parts:
    """The same figures, of which each counts where these hold a value as well."""
    return frozenset(Part(p.per, p.where | held, p.column) for p in found)


@dataclass(frozen=True)
class Known:
    """`row` is the row itself, which determines everything. Columns are known by their lower-case names.

    `sure` hold a value in every row. Where a key of `holds` has a value, so have those that it stands for. `parts`
    say how a column adds up; one without is a figure of its row. `numbers` count from 1 among rows that share what
    they are told with. `present` are columns that are true or false, by name, with what has a value where one is true.
    """

    row: Attribute
    columns: Mapping[str, Attribute] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    sure: Attributes = NOTHING
    holds: Mapping[Attribute, Attributes] = field(default_factory=dict)
    parts: Mapping[Attribute, Parts] = field(default_factory=dict)
    constants: Mapping[Attribute, Literal] = field(default_factory=dict)
    numbers: Attributes = NOTHING
    present: Mapping[str, Attribute] = field(default_factory=dict)

    def column(self, name: str) -> Attribute:
        """A column by name; nothing is known of one that nobody declared."""
        return self.columns.get(name.lower()) or Attribute(name)

    def attributes(self, names: Iterable[str]) -> Attributes:
        return frozenset(map(self.column, names))

    def is_key(self, names: Iterable[str]) -> bool:
        """Whether at most one row has the values of these columns."""
        return self.determine(self.attributes(names), [self.row])

    def keys(self, among: Attributes) -> frozenset[Attributes]:
        """The smallest keys that are known among these attributes; others may follow from them.

        What determines the row is found by going back from it: what is not among them is put in the place of what it
        determines.
        """
        held = self.filled(())
        facts = [fact for fact in self._facts if fact.where <= held]
        found: set[Attributes] = set()
        waiting, seen = [frozenset([self.row])], {frozenset([self.row])}
        while waiting and len(seen) < _MOST:
            given = waiting.pop()
            other = next((a for a in given if a not in among), None)
            if other is None:
                found.add(self._smallest(given))
                continue
            for fact in facts:
                if other in fact.found and other not in fact.given:
                    instead = (given - {other}) | fact.given
                    if instead not in seen:
                        seen.add(instead)
                        waiting.append(instead)
        return frozenset(key for key in found if not any(other < key for other in found))

    def _smallest(self, key: Attributes) -> Attributes:
        """The key without what the rest of it makes needless."""
        for attribute in sorted(key, key=lambda a: a.label):
            if self.row in self.closure(key - {attribute}):
                key = key - {attribute}
        return key

    def determine(self, given: Attributes, found: Iterable[Attribute], where: Attributes = NOTHING) -> bool:
        """Whether rows that share `given` share all of `found`, among those in which `where` hold a value."""
        closed = self.closure(given, where)
        return self.row in closed or closed.issuperset(found)

    def closure(self, given: Attributes, where: Attributes = NOTHING) -> Attributes:
        """All that `given` determines where `where` hold a value; with the row everything is."""
        held = self.filled(where)
        closed = set(given)
        waiting = [fact for fact in self._facts if fact.where <= held]
        while self.row not in closed:
            later = []
            for fact in waiting:
                if fact.given <= closed:
                    closed |= fact.found
                else:
                    later.append(fact)
            if len(later) == len(waiting):
                break
            waiting = later
        return frozenset(closed)

    def filled(self, where: Iterable[Attribute]) -> Attributes:
        """All that hold a value where these do."""
        found, waiting = set(self.sure), list(where)
        waiting += found
        while waiting:
            attribute = waiting.pop()
            found.add(attribute)
            waiting += self.holds.get(attribute, NOTHING) - found
        return frozenset(found)

    def adding(self, attribute: Attribute) -> Parts:
        """How a column adds up."""
        return self.parts.get(attribute, of_row(self.row, attribute))

    def figures(self, name: str) -> list[Part]:
        """How a column adds up, in an order that is always the same."""
        return sorted(self.adding(self.column(name)), key=lambda part: per_shown(part, self))

    def repeats(self, part: Part) -> bool:
        """Whether one figure may stand in several rows, so that adding it up counts it more than once."""
        return self.row not in self.closure(part.per, part.where)

    @cached_property
    def _facts(self) -> tuple[Fact, ...]:
        constant = frozenset(self.constants)
        return (*self.facts, Fact(NOTHING, constant)) if constant else self.facts


def per_shown(part: Part, known: Known) -> str:
    """What a figure is one per, as a reader is told: columns, and rows of relations."""
    rows = ["row" if a is known.row else f"row of `{a.relation}`" for a in part.per if _is_row(a, known)]
    columns = [f"`{a.label}`" for a in part.per if not _is_row(a, known)]
    return " and ".join([*sorted(columns), *sorted(rows)]) or "relation"


def _is_row(attribute: Attribute, known: Known) -> bool:
    return attribute.relation is not None or attribute is known.row


UNKNOWN = Known(Attribute("row"))
