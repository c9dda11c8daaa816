"""What a stage computes: an input and steps, each seeing the row that the step before it made.

Few steps carry the whole language. A row never vanishes inside one: `Divert` sends it to a bucket of
the ledger and `Hold` to quarantine, so what becomes of each input row can be counted. Deduplication is
a `Derive` of a rank and a `Divert` of all but the first; an inner join is a left `Join` and a `Divert`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from framework.expressions.tree import Expression, Variable

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
    """A parsed `select`, as text of the portable dialect; `inputs` are the relations it names.

    `variables` are what stands in the text as `:name`, by that name.
    """

    text: str
    inputs: tuple[str, ...]
    variables: tuple[tuple[str, Variable], ...] = ()


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
    it becomes are added. A `full` join adds the rows of the right that no left row matched, with `matched` true, and
    `coalesced` are the columns that hold what either side has.
    An `exists` takes nothing and adds no row.
    """

    right: "Query"
    alias: str
    type: JoinType
    on: Expression
    take: tuple[tuple[str, Expression], ...]
    matched: str
    coalesced: tuple[tuple[str, Expression], ...] = ()
    multiplies: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One row per `by`, with the measures, and in `_rows` how many rows it was made of."""

    by: tuple[tuple[str, Expression], ...]
    measures: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Each row as often as `times` says, numbered from 0 in the column `index`; all but the first are added.

    A row for which `times` is null or below 1 stays once, and its index is null.
    """

    times: Expression
    index: str


Input = Read | Union | Select
Step = Derive | Divert | Hold | Join | Group | Repeat


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
        ending = (s for s in self.steps if isinstance(s, Divert | Hold))
        named = ("quarantined" if isinstance(s, Hold) else s.bucket for s in ending)
        return (*dict.fromkeys(named), "out")


def preceded(query: Query, relation: str, *steps: Step) -> Query:
    """The query with steps before its own wherever it takes the rows of a relation."""
    match query.input:
        case Read(relation=name) if name == relation:
            return replace(query, steps=(*steps, *query.steps))
        case Union(branches=branches):
            inner = tuple(replace(b, relation=preceded(b.relation, relation, *steps)) for b in branches)
            return replace(query, input=Union(inner))
    return query


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


def expressions(query: Query) -> Iterator[Expression]:
    """Every expression of a query, at any depth."""
    match query.input:
        case Union(branches=branches):
            for branch in branches:
                yield from (*expressions(branch.relation), *(e for _, e in branch.columns))
        case Select(variables=named):
            yield from (variable for _, variable in named)
    for step in query.steps:
        match step:
            case Derive(columns=columns):
                yield from (e for _, e in columns)
            case Divert(when=when):
                yield when
            case Repeat(times=times):
                yield times
            case Hold(reasons=reasons):
                yield from (e for _, e in reasons)
            case Join(right=right, on=on, take=take):
                yield from (*expressions(right), on, *(e for _, e in take))
            case Group(by=by, measures=measures):
                yield from (e for _, e in (*by, *measures))
