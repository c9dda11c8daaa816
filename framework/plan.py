"""A pipeline resolved: every name found, every type known, the order fixed. Still text and data; no warehouse."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from framework.algebra import Query, expressions, read_by
from framework.assertion import Assertion, SetTest, judged_by
from framework.dependencies import UNKNOWN, Known
from framework.diagnostics import Diagnostic, Location
from framework.expressions.tree import Call, Variable, variables
from framework.expressions.typed import bound
from framework.expressions.types import Type
from framework.relation import Column, Relation

VALID_FROM, VALID_TO, IS_CURRENT = HISTORY = ("valid_from", "valid_to", "is_current")
IS_DELETED = "is_deleted"
# What an unknown row of a table with history holds from: earlier than any clock.
BEGINNING = datetime(1900, 1, 1)

Layer = Literal["staging", "intermediate", "marts"]
Mode = Literal["upsert", "replace", "append", "history"]
Deletes = Literal["keep", "remove", "flag"]
Materialized = Literal["auto", "table", "view"]


@dataclass(frozen=True, slots=True)
class VariablePlan:
    """A variable of the pipeline; `value` is what it is where a run is given no other."""

    name: str
    type: Type
    value: Any = field(repr=False)
    description: str | None = None

    @property
    def expression(self) -> Variable:
        return Variable(self.type, False, bound(self.name))


@dataclass(frozen=True, slots=True)
class Csv:
    """How the records of a text file are written. `quote` is empty where nothing is quoted; `escape` is `quote` itself
    where a quote is doubled. A field that is one of `nulls` is null. Without `header` columns are known by position."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    encoding: str = "utf-8"
    header: bool = True
    nulls: tuple[str, ...] = ("",)


USUAL = Csv()


@dataclass(frozen=True, slots=True)
class Published:
    """A stage that another pipeline publishes, as that pipeline's file, at `path`, says it now."""

    pipeline: str
    path: str
    stage: str
    layer: Layer
    mode: Mode
    relation: Relation


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """Where rows come from. `query` makes the typed rows; `declared` is the contract, None for an open source and for
    one that another pipeline publishes.

    `flags` are the columns of the query that say whether the value of a declared column cannot be read.
    """

    name: str
    relation: Relation
    query: Query
    path: str | None
    table: str | None
    format: str | None
    declared: Mapping[str, Type] | None
    csv: Csv | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    assertions: tuple[Assertion, ...] = ()
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    extra_columns: str = "allow"
    classification: str | None = None
    published: Published | None = None
    known: Known = field(default=UNKNOWN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ReferencePlan:
    """`column` of the fact becomes the surrogate key `key` of the dimension, or its unknown row's."""

    column: str
    dimension: str
    target: str
    key: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """How a published table takes its candidate. `unknown` is the framework's own row, by column.

    `deletes` is what becomes of a key that the input has no longer. `partition_by` is how the rows lie, and nothing
    that a reader sees.
    """

    mode: Mode
    key: tuple[str, ...]
    surrogate_key: str | None = None
    unknown: Mapping[str, Any] = field(default_factory=dict)
    references: tuple[ReferencePlan, ...] = ()
    deletes: Deletes = "keep"
    partition_by: tuple[str, ...] = ()

    @property
    def remembers(self) -> bool:
        """Whether rows may stand that the input no longer gives."""
        return self.mode != "replace" and (self.mode, self.deletes) != ("upsert", "remove")

    @property
    def row_key(self) -> tuple[str, ...]:
        """What there is one row per in the published table."""
        return (*self.key, VALID_FROM) if self.mode == "history" else self.key

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns that the framework keeps itself."""
        if self.mode == "history":
            return HISTORY
        return (IS_DELETED,) if self.deletes == "flag" else ()


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One stage. `balance` are the money columns that its ledger carries; `inputs` what its `in` counts.

    `materialized` is the author's word for how the stage stands; what comes of it is for compile to say. `dropped`
    columns are stored beside the relation's, for its checks see them.
    `native` is the warehouse whose own functions it calls, and on which alone it runs. `known` is what its readers know
    of its rows.
    """

    name: str
    kind: str
    layer: Layer
    relation: Relation
    query: Query
    inputs: tuple[str, ...]
    assertions: tuple[Assertion, ...] = ()
    publication: Publication | None = None
    materialized: Materialized = "auto"
    dropped: tuple[Column, ...] = ()
    native: str | None = None
    balance: tuple[str, ...] = ()
    description: str | None = None
    owner: str | None = None
    classification: str | None = None
    # The author's settings of the stage's tables, by warehouse.
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    known: Known = field(default=UNKNOWN, compare=False, repr=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those that come out, and those that are dropped."""
        return (*self.relation.columns, *self.dropped)


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A call that not every warehouse can say, where an author wrote it; `relation` is the source or stage."""

    relation: str
    call: Call
    location: Location


@dataclass(frozen=True, slots=True)
class Plan:
    """`stages` are in an order in which each comes after what it reads.

    `doubtful` are the calls that a warehouse may not be able to say.
    """

    name: str
    path: str
    sources: tuple[SourcePlan, ...]
    stages: tuple[StagePlan, ...]
    warnings: tuple[Diagnostic, ...] = ()
    description: str | None = None
    owner: str | None = None
    schedule: str | None = None
    variables: tuple[VariablePlan, ...] = ()
    doubtful: tuple[WrittenCall, ...] = field(default=(), repr=False)

    def stage(self, name: str) -> StagePlan:
        return next(s for s in self.stages if s.name == name)


def relations(plan: Plan) -> tuple[SourcePlan | StagePlan, ...]:
    """Everything that has rows: the sources, then the stages."""
    return (*plan.sources, *plan.stages)


def reads(relation: SourcePlan | StagePlan) -> frozenset[str]:
    """The other relations that a relation is made of, and those that its checks hold it against."""
    tests = (assertion.test for assertion in relation.assertions)
    compared = (read_by(test.failing) for test in tests if isinstance(test, SetTest))
    return read_by(relation.query).union(*compared) - {relation.name}


def names_bound(relation: SourcePlan | StagePlan) -> frozenset[str]:
    """Names of what a run must bind before the relation and its checks can be computed."""
    judged = (e for assertion in relation.assertions for e in judged_by(assertion))
    found = (variables(e) for e in (*expressions(relation.query), *judged))
    return frozenset(name for names in found for name in names)
