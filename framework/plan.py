"""A pipeline resolved: every name found, every type known, the order fixed. Still text and data; no warehouse."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from framework.algebra import Query
from framework.assertion import Assertion
from framework.diagnostics import Diagnostic
from framework.expressions.types import Type
from framework.relation import Relation

Layer = Literal["staging", "intermediate", "marts"]
Mode = Literal["upsert", "replace"]
Materialized = Literal["auto", "table", "view"]


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """Where rows come from. `query` makes the typed rows; `declared` is the contract, None for an open source."""

    name: str
    relation: Relation
    query: Query
    path: str | None
    table: str | None
    format: str | None
    declared: Mapping[str, Type] | None
    assertions: tuple[Assertion, ...] = ()
    description: str | None = None
    owner: str | None = None


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
    """How a published table takes its candidate. `unknown` is the framework's own row, by column."""

    mode: Mode
    key: tuple[str, ...]
    surrogate_key: str | None = None
    unknown: Mapping[str, Any] = field(default_factory=dict)
    references: tuple[ReferencePlan, ...] = ()


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One stage. `balance` are the money columns that its ledger carries; `inputs` what its `in` counts.

    `materialized` is the author's word for how the stage stands; what comes of it is for compile to say.
    `native` is the warehouse whose own functions it calls, and on which alone it runs.
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
    native: str | None = None
    balance: tuple[str, ...] = ()
    description: str | None = None
    owner: str | None = None
    classification: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`stages` are in an order in which each comes after what it reads."""

    name: str
    path: str
    sources: tuple[SourcePlan, ...]
    stages: tuple[StagePlan, ...]
    warnings: tuple[Diagnostic, ...] = ()
    description: str | None = None
    owner: str | None = None
    schedule: str | None = None

    def stage(self, name: str) -> StagePlan:
        return next(s for s in self.stages if s.name == name)
