"""What a stage computes: an input and steps, each seeing the row that the step before it made.

Few steps carry the whole language. A row never vanishes inside one: `Divert` sends it to a bucket of
the ledger and `Hold` to quarantine, so what becomes of each input row can be counted. Deduplication is
a `Derive` of a rank and a `Divert` of all but the first; an inner join is a left `Join` and a `Divert`.
"""

from dataclasses import dataclass
from typing import Literal

from framework.expressions.tree import Expression

# Columns whose names begin with an underscore are the framework's own; authors cannot write them.
BUCKET = "_bucket"
REASONS = "_reasons"
ROWS = "_rows"
RANK = "_rank"
ROW = "_row"

JoinType = Literal["left", "full", "exists"]


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of a stage, or a source's file or table as it stands, by name."""

    relation: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One input of a union; `columns` gives for each output column the branch's expression."""

    relation: "Query"
    columns: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Union:
    """All rows of all branches."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Select:
    """A parsed `select`, as text of the portable dialect; `inputs` are the relations it names."""

    text: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derive:
    """New columns, or new values of old ones; each may use those before it."""

    columns: tuple[tuple[str, Expression], ...]
    label: str = "computed"


@dataclass(frozen=True, slots=True)
class Divert:
    """Rows for which `when` is true end in `bucket`; the first of several takes the row."""

    when: Expression
    bucket: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Rows for which one of the conditions is true are quarantined, with the names of all that are."""

    reasons: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Join:
    """The right side beside each row. `on` holds of both sides: right columns are qualified with `alias`.

    `take` names what comes over, as expressions over the right side. `matched` becomes a column that is
    true where a right row stood. Where a row may match several, `multiplies`, and all but one of the rows that
    it becomes are added. A `full` join adds the rows of the right that no left row matched, with `matched` true.
    An `exists` takes nothing and adds no row.
    """

    right: "Query"
    alias: str
    type: JoinType
    on: Expression
    take: tuple[tuple[str, Expression], ...]
    matched: str
    coalesced: tuple[tuple[str, str], ...] = ()
    multiplies: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One row per `by`, with the measures, and in `_rows` how many rows it was made of."""

    by: tuple[tuple[str, Expression], ...]
    measures: tuple[tuple[str, Expression], ...]


Input = Read | Union | Select
Step = Derive | Divert | Hold | Join | Group


@dataclass(frozen=True, slots=True)
class Query:
    """An input, steps, and the columns that come out, in order."""

    input: Input
    steps: tuple[Step, ...] = ()
    output: tuple[str, ...] = ()

    @property
    def diverts(self) -> bool:
        """Whether a row can end anywhere but in the output: then the verdict is stored with the rows."""
        return any(isinstance(step, Divert | Hold | Group) for step in self.steps)

    @property
    def holds(self) -> bool:
        return any(isinstance(s, Hold) or (isinstance(s, Divert) and s.bucket == "rejected") for s in self.steps)

    @property
    def buckets(self) -> tuple[str, ...]:
        """The buckets that rows of the input can end in, in their order, `out` last."""
        named = [s.bucket for s in self.steps if isinstance(s, Divert)]
        held = ["quarantined"] if any(isinstance(s, Hold) for s in self.steps) else []
        return (*dict.fromkeys([*named, *held]), "out")


def read_by(query: Query) -> frozenset[str]:
    """Names of the relations that a query reads, at any depth."""
    names: set[str] = set()
    match query.input:
        case Read(relation=name):
            names.add(name)
        case Union(branches=branches):
            for branch in branches:
                names |= read_by(branch.relation)
        case Select(inputs=inputs):
            names |= set(inputs)
    for step in query.steps:
        if isinstance(step, Join):
            names |= read_by(step.right)
    return frozenset(names)
