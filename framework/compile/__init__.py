"""Plan x warehouse -> Program: SQLAlchemy statements, stage by stage; pure and offline."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from sqlalchemy.sql.selectable import FromClause

from framework.algebra import read_by
from framework.assertion import RowTest
from framework.compile.audits import judged, set_audits
from framework.compile.folding import forms
from framework.compile.program import Program, SourceProgram, StageProgram
from framework.compile.rows import lower_query
from framework.compile.stages import Stages, compared
from framework.compile.tables import DEFAULT_SCHEMAS, FRAMEWORK_SCHEMA, Tables
from framework.diagnostics import Code, Diagnostic, PipelineError
from framework.plan import Plan, SourcePlan, StagePlan
from framework.warehouse import Warehouse

CANNOT_SAY = Code("F506", "what a warehouse cannot say")


def compile_plan(plan: Plan, warehouse: Warehouse, schemas: Mapping[str, str] = DEFAULT_SCHEMAS) -> Program:
    """The statements of a plan for one warehouse. Raises PipelineError for what the warehouse cannot say."""
    tables = Tables(plan, schemas)
    found = forms(plan, plan.stages)
    stages = Stages(plan, tables, warehouse.lowering, found)
    used = {tables.schema(stage) for stage in plan.stages}
    used |= {schemas["quarantine"] for stage in plan.stages if stage.query.holds}
    used |= {schemas["raw"] for source in plan.sources if source.table is None}
    read = _read_by(plan)
    refused: list[Diagnostic] = [*_tied_elsewhere(plan, warehouse.name)]

    def source(source: SourcePlan) -> SourceProgram:
        return _source(source, stages)

    sources = _each(source, [s for s in plan.sources if s.name in read], warehouse.name, refused)
    stored = [s for s in plan.stages if found[s.name] != "folded"]
    programs: tuple[StageProgram, ...] = _each(stages.program, stored, warehouse.name, refused)
    if refused:
        raise PipelineError(*refused)
    return Program(plan, warehouse.name, sources, programs, (*sorted(used), FRAMEWORK_SCHEMA))


def _source(source: SourcePlan, stages: Stages) -> SourceProgram:
    table, lowering = stages.tables.source(source), stages.lowering
    rows: FromClause = table
    if any(isinstance(a.test, RowTest) for a in source.assertions):
        query = replace(source.query, output=source.relation.names)
        rows = lower_query(query, stages.read, lowering, verdict=False).select.cte(f"{source.name}_typed")
    audit = judged(rows, source.name, source.assertions, lowering)
    return SourceProgram(source, table, audit, set_audits(source.assertions, stages.read, lowering))


Planned = TypeVar("Planned", SourcePlan, StagePlan)
Compiled = TypeVar("Compiled")


def _each(
    compiling: Callable[[Planned], Compiled], relations: Iterable[Planned], warehouse: str, refused: list[Diagnostic]
) -> tuple[Compiled, ...]:
    """Every relation compiled; what the warehouse cannot say (a letter of a format, a pattern) is refused by name."""
    found: list[Compiled] = []
    for relation in relations:
        try:
            found.append(compiling(relation))
        except ValueError as error:
            refused.append(Diagnostic(CANNOT_SAY, f"`{relation.name}` on {warehouse}: {error}"))
    return tuple(found)


def _tied_elsewhere(plan: Plan, warehouse: str) -> Iterable[Diagnostic]:
    """The stages that call functions which another warehouse has."""
    for stage in plan.stages:
        if stage.native not in (None, warehouse):
            message = f"`{stage.name}` on {warehouse}: it calls functions of its own warehouse, {stage.native}"
            help = f"run it on a target of {stage.native}, or write it without `native.`"
            yield Diagnostic(CANNOT_SAY, message, None, help)


def _read_by(plan: Plan) -> set[str]:
    """The relations that stages and checks read: a source that nothing reads is not loaded."""
    found = {name for stage in plan.stages for name in read_by(stage.query)}
    relations: tuple[SourcePlan | StagePlan, ...] = (*plan.sources, *plan.stages)
    return found.union(*(compared(relation) for relation in relations))
