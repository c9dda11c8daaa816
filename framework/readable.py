"""A relation as the stages after it read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from framework.algebra import Query
from framework.dependencies import UNKNOWN, Known
from framework.plan import Publication
from framework.relation import Relation


@dataclass(frozen=True, slots=True)
class Readable:
    """A relation as other stages read it: the steps that make its typed rows, and its unreadable flags.

    A stage is read as it stands. A source is converted by whoever reads it, so that the row of an
    unreadable value can take its place in that stage's ledger. Of a `lost` one a mistake is told already. `known` is
    of the typed rows.
    """

    relation: Relation
    query: Query
    flags: Mapping[str, str] = field(default_factory=dict)
    text: bool = False
    publication: Publication | None = None
    lost: bool = False
    known: Known = UNKNOWN
