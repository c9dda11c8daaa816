"""Plan x warehouse -> Program: SQLAlchemy statements, stage by stage; pure and offline."""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from itertools import chain
from typing import TypeVar

from framework.assertion import frugal
from framework.compile.folding import forms
from framework.compile.names import CANNOT_SAY, too_long
from framework.compile.program import Program, SourceProgram, StageProgram
from framework.compile.sources import source_program
from framework.compile.stages import Stages
from framework.compile.tables import DEFAULT_SCHEMAS, Tables
from framework.ddl import FRAMEWORK_SCHEMA
from framework.diagnostics import Diagnostic, PipelineError
from framework.expressions.tree import Call
from framework.plan import Plan, SourcePlan, StagePlan
from framework.selection import sources_read
from framework.warehouse import Warehouse

NO_VARIABLES: Mapping[str, str] = {}
NO_SPELLINGS: Mapping[str, Mapping[str, str]] = {}


def compile_plan(
    plan: Plan,
    warehouse: Warehouse,
    schemas: Mapping[str, str] = DEFAULT_SCHEMAS,
    selected: frozenset[str] | None = None,
    environment: Mapping[str, str] = NO_VARIABLES,
    spellings: Mapping[str, Mapping[str, str]] = NO_SPELLINGS,
    *,
    memos: bool = False,
    evidence: bool = False,
) -> Program:
    """The statements of a plan, or of the stages selected, for one warehouse.

    `environment` holds what `${VAR}` in the table of a source stands for, `spellings` by source the names of the
    table's columns as they stand, by lower case. With `memos`, those that count the rows of joined relations that no
    row used are among the statements. With `evidence` it is counted of every check how many rows hold nothing to judge,
    without it only where a share of those judged must pass.

    Raises PipelineError for what the warehouse cannot say.
    """
    plan = plan if evidence else _frugal(plan)
    tables = Tables(plan, schemas, selected, environment, warehouse.tells_case, spellings)
    chosen = [stage for stage in plan.stages if selected is None or stage.name in selected]
    found = forms(plan, chosen)
    stages = Stages(plan, tables, warehouse, found, memos=memos)
    used = {tables.schema(stage) for stage in plan.stages}
    used |= {schemas["quarantine"] for stage in plan.stages if stage.query.holds}
    used |= {schemas["raw"] for source in plan.sources if source.path is not None}
    used |= {schemas["quarantine"] for source in plan.sources if source.csv is not None or source.flags}
    read = sources_read(plan, (stage.name for stage in chosen))
    written = _unsaid(plan, {*read, *(stage.name for stage in chosen)}, warehouse)
    refused: list[Diagnostic] = [*_tied_elsewhere(chosen, warehouse.name), *chain(*written.values())]
    chosen_sources = [source for source in plan.sources if source.name in read]
    refused += too_long((*chosen_sources, *chosen), warehouse)

    def source(source: SourcePlan) -> SourceProgram:
        return source_program(source, stages)

    # A call that is told of where it stands needs no second word where it comes up.
    known = frozenset(written)
    sources = _each(source, chosen_sources, warehouse.name, refused, known)
    stored = [s for s in chosen if found[s.name] != "folded"]
    programs: tuple[StageProgram, ...] = _each(stages.program, stored, warehouse.name, refused, known)
    if refused:
        raise PipelineError(*refused)
    sources = tuple(replace(s, asked=tuple(stages.asked.get(s.source.name, ()))) for s in sources)
    return Program(plan, warehouse.name, sources, programs, (*sorted(used), FRAMEWORK_SCHEMA))


def _frugal(plan: Plan) -> Plan:
    """The plan with checks that count no more than their verdict needs."""
    sources = (replace(s, assertions=tuple(map(frugal, s.assertions))) for s in plan.sources)
    stages = (replace(s, assertions=tuple(map(frugal, s.assertions))) for s in plan.stages)
    return replace(plan, sources=tuple(sources), stages=tuple(stages))


Planned = TypeVar("Planned", SourcePlan, StagePlan)
Compiled = TypeVar("Compiled")


def _each(
    compiling: Callable[[Planned], Compiled],
    relations: Iterable[Planned],
    warehouse: str,
    refused: list[Diagnostic],
    known: frozenset[str],
) -> tuple[Compiled, ...]:
    """Every relation compiled; what the warehouse cannot say (a letter of a format, a pattern) is refused by name."""
    found: list[Compiled] = []
    for relation in relations:
        try:
            found.append(compiling(relation))
        except ValueError as error:
            if str(error) in known:
                continue
            refused.append(Diagnostic(CANNOT_SAY, f"`{relation.name}` on {warehouse}: {error}"))
    return tuple(found)


def _unsaid(plan: Plan, names: Set[str], warehouse: Warehouse) -> dict[str, list[Diagnostic]]:
    """The calls that the warehouse cannot say, each where it was written; by what stands in the way."""
    found: dict[str, list[Diagnostic]] = {}
    for written in plan.doubtful:
        problem = _problem(written.call, warehouse) if written.relation in names else None
        if problem is not None:
            message = f"`{written.relation}` on {warehouse.name}: {problem}"
            found.setdefault(problem, []).append(Diagnostic(CANNOT_SAY, message, written.location))
    return found


def _problem(call: Call, warehouse: Warehouse) -> str | None:
    try:
        warehouse.lowering.template(call if call.window is None else warehouse.lowering.over(call))
    except ValueError as error:
        return str(error)
    return None


def _tied_elsewhere(stages: Iterable[StagePlan], warehouse: str) -> Iterable[Diagnostic]:
    """The stages that call functions which another warehouse has."""
    for stage in stages:
        if stage.native not in (None, warehouse):
            message = f"`{stage.name}` on {warehouse}: it calls functions of its own warehouse, {stage.native}"
            help = f"run it on a target of {stage.native}, or write it without `native.`"
            yield Diagnostic(CANNOT_SAY, message, None, help)
