"""What rows of a stage are known by, and what is compared of them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from framework.plan import StagePlan
from framework.relation import Column

# What has no canonical text on every warehouse: it is compared as a value.
VALUES = frozenset(["double", "json"])


@dataclass(frozen=True, slots=True)
class Shape:
    """`key` is None where rows are not known by a key, and are compared whole; `compared` are the columns beside it."""

    key: tuple[Column, ...] | None
    compared: tuple[Column, ...]

    @property
    def known_by(self) -> tuple[Column, ...]:
        """The columns whose hash puts a row beside that of the other side: of a row without a key all that have one."""
        return self.hashed if self.key is None else self.key

    @property
    def hashed(self) -> tuple[Column, ...]:
        return tuple(c for c in self.compared if c.type.name not in VALUES)

    @property
    def valued(self) -> tuple[Column, ...]:
        return tuple(c for c in self.compared if c.type.name in VALUES)

    @property
    def parts(self) -> tuple[Column, ...]:
        """What travels of a row beside the hash of what it is known by."""
        return self.valued if self.key is None else self.compared

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*(self.key or ()), *self.compared)


def shape(stage: StagePlan, there: Set[str]) -> Shape:
    """`there` are the columns to compare, in lower case."""
    columns = {c.name.lower(): c for c in stage.relation.columns if c.name.lower() in there}
    key = _key(stage, columns)
    if key is None:
        return Shape(None, tuple(columns.values()))
    return Shape(key, tuple(c for c in columns.values() if c not in key))


def _key(stage: StagePlan, columns: Mapping[str, Column]) -> tuple[Column, ...] | None:
    """What there is one row per: as the table is published by, as was declared, or as follows; the shortest of these.

    A key of which a column is not compared is none, and so is one that has no canonical text.
    """
    if stage.publication is not None and stage.publication.row_key:
        known = [stage.publication.row_key]
    else:
        keys = sorted(stage.relation.keys, key=lambda key: (len(key), sorted(key)))
        primary = stage.relation.primary
        known = [tuple(sorted(key)) for key in ([primary] if primary is not None else keys)]
    for names in known:
        found = [columns.get(name.lower()) for name in names]
        if all(c is not None and c.type.name not in VALUES for c in found):
            return tuple(c for c in found if c is not None)
    return None
