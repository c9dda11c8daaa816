"""A source as statements: its one scan, its checks, and what of it could not be read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from framework.algebra import BUCKET, REASONS, Derive, Hold, Query, Step
from framework.assertion import Assertion, MeasureTest, RowTest
from framework.compile.audits import judged, set_audits
from framework.compile.holding import FIRST_RUN, THIS_RUN
from framework.compile.program import SourceHolding, SourceProgram
from framework.compile.rows import lower_query
from framework.compile.stages import Stages
from framework.ddl import column_of, table
from framework.expressions import types as t
from framework.expressions.lowering import Lowering, conversion
from framework.expressions.strictness import either
from framework.expressions.tree import Expression, Reference, references
from framework.plan import SourcePlan

UNREADABLE = "unreadable"
MALFORMED = "malformed"
# Of every quarantine of a source, before the declared columns.
_OWN: Mapping[str, t.Type] = {
    FIRST_RUN: t.STRING,
    "_source_file": t.STRING,
    "_line": t.INTEGER,
    BUCKET: t.STRING,
    REASONS: t.STRING,
    "_text": t.STRING,
}


def source_program(source: SourcePlan, stages: Stages) -> SourceProgram:
    """The statements of one source. Raises ValueError for what the warehouse cannot say."""
    place, lowering = stages.tables.source(source), stages.lowering
    rows: FromClause = place
    failed = _any_failed(source)
    touched = {name for assertion in source.assertions for name in _touched(assertion)} | {*source.flags.values()}
    if touched:
        query = replace(source.query, output=tuple(dict.fromkeys((*source.relation.names, *sorted(touched)))))
        rows = lower_query(query, stages.read, lowering, verdict=False).select.cte(f"{source.name}_typed")
    audit = judged(rows, source.name, source.assertions, lowering, {} if failed is None else {UNREADABLE: failed})
    holding = None if source.path is None else _holding(source, stages)
    return SourceProgram(source, place, audit, set_audits(source.assertions, stages.read, lowering), holding)


def _touched(assertion: Assertion) -> frozenset[str]:
    """The columns that a fused scan reads for an assertion."""
    test = assertion.test
    where = frozenset[str]() if assertion.where is None else references(assertion.where)
    if assertion.judged is not None:
        where |= references(assertion.judged)
    if isinstance(test, RowTest):
        return where | references(test.failing)
    return where | references(test.value) if isinstance(test, MeasureTest) else where


def _any_failed(source: SourcePlan) -> Expression | None:
    """True where a declared value cannot be read; None where that cannot be."""
    return either(*(Reference(t.BOOLEAN, False, flag) for flag in source.flags.values()))


def _holding(source: SourcePlan, stages: Stages) -> SourceHolding:
    lowering, name = stages.lowering, f"{source.name}__malformed"
    declared = () if source.declared is None else tuple(source.declared)
    lines = table(stages.tables.schemas["raw"], name, "_source_file", "_line", REASONS, "_text")
    values: dict[str, ColumnElement[Any]] = {c.name: c for c in lines.c} | {BUCKET: _text(MALFORMED)}
    malformed: Select[Any] = sa.select(*_columns(values, declared, lowering)).select_from(lines)
    counted = sa.select(sa.func.count().label("lines")).select_from(lines)
    unreadable = _unreadable(source, declared, stages) if source.flags else None
    return SourceHolding(stages.tables.quarantine(source), malformed, counted, unreadable)


def _unreadable(source: SourcePlan, declared: tuple[str, ...], stages: Stages) -> Select[Any]:
    """The rows with a value that cannot be read, each column as the text that it came as."""
    texts = {name: f"_text_{name}" for name in declared}
    copied: Step = Derive(tuple((copy, Reference(t.STRING, True, name)) for name, copy in texts.items()), "texts")
    types = source.declared or {}
    held = tuple(
        (f"unreadable({name} as {types[name]})", Reference(t.BOOLEAN, False, flag))
        for name, flag in source.flags.items()
    )
    query = Query(source.query.input, (copied, *source.query.steps, Hold(held)), tuple(texts.values()))
    rows = lower_query(query, stages.read, stages.lowering, verdict=True).select.cte(f"{source.name}_judged")
    values: dict[str, ColumnElement[Any]] = {name: column_of(rows, copy) for name, copy in texts.items()}
    values |= {BUCKET: _text(UNREADABLE), REASONS: column_of(rows, REASONS)}
    select: Select[Any] = sa.select(*_columns(values, declared, stages.lowering)).select_from(rows)
    return select.where(column_of(rows, BUCKET) == _text("quarantined"))


def _columns(
    values: Mapping[str, ColumnElement[Any]], declared: tuple[str, ...], lowering: Lowering
) -> list[ColumnElement[Any]]:
    """The columns of a quarantine, in order and with their types, null where there is no value."""
    values = {**values, FIRST_RUN: sa.bindparam(THIS_RUN, type_=sa.Text())}
    types = {**_OWN, **dict.fromkeys(declared, t.STRING)}
    return [conversion(values.get(name, sa.null()), type_, lowering).label(name) for name, type_ in types.items()]


def _text(value: str) -> ColumnElement[Any]:
    return sa.literal_column(f"'{value}'")
