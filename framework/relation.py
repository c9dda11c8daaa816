"""A relation: its columns with types, and what is known to be one row per what."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from framework.expressions.types import Type

Key = frozenset[str]
HARMLESS = "none"  # the author's word for a column in which nothing is left to protect


@dataclass(frozen=True, slots=True)
class Column:
    """`classification` is the author's word for who may see it (`phi`); it follows what is made of the column."""

    name: str
    type: Type
    nullable: bool = True
    classification: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open periods [start, end) that do not overlap within one `per`; a null end is open."""

    start: str
    end: str
    per: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dependency:
    """A column that has one value, null among them, per group of rows that share the values of `per`."""

    column: str
    per: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """Anything that can be selected from.

    `keys` are the candidate keys; the empty key says that there is one row at most. `primary` is the key by which
    the relation is known, where it was declared or grouped by: no smaller one that a check found takes its place.
    `open` relations have columns that nobody declared, and `classification` is theirs. `dependencies` are the columns
    that repeat. Names are matched without regard to case and kept as declared.
    """

    name: str
    columns: tuple[Column, ...]
    keys: frozenset[Key] = frozenset()
    period: Period | None = None
    open: bool = False
    primary: Key | None = None
    dependencies: tuple[Dependency, ...] = ()
    classification: str | None = None

    def column(self, name: str) -> Column | None:
        lowered = name.lower()
        return next((c for c in self.columns if c.name.lower() == lowered), None)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def with_key(self, key: Key) -> "Relation":
        """The relation known by this key."""
        return replace(self, keys=minimal(self.keys | {key}), primary=key)


def classified(given: Iterable[str | None]) -> str | None:
    """The classification of what is made of columns that have these: `phi` follows, `none` ends with its column."""
    return next((word for word in given if word not in (None, HARMLESS)), None)


def minimal(keys: frozenset[Key]) -> frozenset[Key]:
    """The keys that hold no other key."""
    return frozenset(k for k in keys if not any(other < k for other in keys))


def shown(key: Key | tuple[str, ...]) -> str:
    """A key as messages print it: `(claim_id, line)`."""
    return f"({', '.join(sorted(key) if isinstance(key, frozenset) else key)})"
