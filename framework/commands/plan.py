"""What a run would do and why, against what stands in the target; nothing is changed."""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import sqlalchemy as sa

from framework import outlook, project, request
from framework.changes import Files
from framework.compile import compile_plan
from framework.compile.definitions import definitions
from framework.ddl import FRAMEWORK_SCHEMA
from framework.execute.session import Session, Stopped
from framework.execute.sources import version
from framework.load import load
from framework.obstacles import Live
from framework.outlook import Outlook, SourceOutlook, StageOutlook, Version
from framework.plan import Plan, SourcePlan
from framework.printing import SCHEMA_VERSION, as_json, print_diagnostics, table
from framework.resolve import resolve
from framework.selection import sources_read
from framework.standing import TABLES, Standing, look, making, prepared
from framework.target import Target, opened
from framework.warehouse import Refusal, SourceProblem, Unreachable

_SHOWN = 3  # files named in a line


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the pipeline's file")
    parser.add_argument("--target", help="a target of framework.yaml; the default one otherwise")
    request.arguments(parser)


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    plan = resolve(load(options.pipeline, here.root))
    selected = request.read(plan, options).selected
    with opened(here, options.target, reading=True) as target:
        compile_plan(plan, target.warehouse, here.schemas, selected)  # raises what the warehouse cannot say
        read = sources_read(plan, selected)
        planned = definitions(plan, target.warehouse, here.schemas, selected | read)
        versions = {s.name: _version(s, here.root) for s in plan.sources if s.name in read and s.published is None}
        found = outlook.outlook(plan, selected, planned, versions, _look(target, plan, here))
    if options.output == "json":
        about = {"pipeline": plan.name, "target": target.name, "warehouse": target.warehouse.name}
        print(as_json({"schema_version": SCHEMA_VERSION, **about, **asdict(found)}))
        return 0
    print_diagnostics(plan.warnings, options)
    print(f"{plan.name} on target {target.name} ({target.warehouse.name})\n")
    print("\n\n".join(_paragraphs(found)))
    return 0


def _look(target: Target, plan: Plan, here: project.Project) -> outlook.Target:
    """What stands, read in one session. Raises Unreachable."""
    try:
        with target.engine.connect() as connection, Session(connection, target.warehouse, {}, target.place).explained():
            standing = look(connection, target.warehouse, here.schemas.values(), plan.name)
            live = dict(_live(connection, target, plan, here, standing))
            cut_off = None if target.warehouse.transactions else prepared(connection, target.warehouse, plan.name)
    except Stopped as stopped:
        raise Unreachable(Refusal(stopped.message, stopped.help)) from None
    except sa.exc.SQLAlchemyError as error:
        raise Unreachable(target.warehouse.refusal(error)) from None
    return outlook.Target(here.schemas, standing, live, cut_off and cut_off[0])


def _live(
    connection: sa.Connection, target: Target, plan: Plan, here: project.Project, standing: Standing
) -> Iterator[tuple[str, Live]]:
    """The published tables that stand, by name."""
    recorded = standing.kind(FRAMEWORK_SCHEMA, TABLES.name) is not None
    for stage in plan.stages:
        schema = here.schemas[stage.layer]
        if stage.publication is not None and standing.kind(schema, stage.name) == "TABLE":
            columns = target.warehouse.columns(connection, schema, stage.name)
            yield stage.name, Live(columns, making(connection, stage.name) if recorded else None)


def _version(source: SourcePlan, root: Path) -> Version:
    try:
        return Version(version(source, root))
    except SourceProblem as problem:
        return Version(problem=str(problem))


# -- printing


def _paragraphs(found: Outlook) -> Iterator[str]:
    sources = [(s.name, s.status, _why([*_said(s), *_delivered(s)])) for s in found.sources]
    if sources:
        yield table(("source", "state", "why"), sources)
    stages: list[tuple[str, str, str, str]] = [(s.name, s.kind, s.status, _why(_said(s))) for s in found.stages]
    stages += [(g.name, g.kind or "", "gone", _left(published=g.published)) for g in found.gone]
    yield table(("stage", "kind", "state", "why"), stages)
    if found.unfinished is not None:
        yield f"run {found.unfinished} was cut off while it published; a run finishes that before anything else"
    for source in found.sources:
        if source.problem is not None:
            yield f"a run would be refused: source `{source.name}`: {source.problem}"
    for obstacle in found.obstacles:
        yield f"a run would be refused: {obstacle.message}\nhelp: {obstacle.help}"
    yield _closing(found)


def _why(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _said(relation: SourceOutlook | StageOutlook) -> Iterator[str]:
    yield from (change.said for change in relation.changes)
    if relation.status == "changed" and relation.touches:
        yield f"touches {', '.join(relation.touches)}"
    if isinstance(relation, StageOutlook) and relation.touched_by:
        yield f"made of what has changed: {', '.join(relation.touched_by)}"


def _delivered(source: SourceOutlook) -> Iterator[str]:
    files: Files = source.files
    for what, names in (("new", files.new), ("changed", files.changed), ("gone", files.gone)):
        if names:
            listed = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
            yield f"{len(names)} {what} {'file' if len(names) == 1 else 'files'}: {listed}"


def _left(*, published: bool) -> str:
    what = "its table" if published else "its view"
    return f"not in the pipeline any more; {what} stays until it is dropped"


def _closing(found: Outlook) -> str:
    states = [stage.status for stage in found.stages] + ["gone"] * len(found.gone)
    counted = ", ".join(f"{states.count(s)} {s}" for s in ("new", "changed", "unchanged", "gone") if s in states)
    if found.obstacles or any(source.problem is not None for source in found.sources):
        return counted
    tables = sum(stage.publishes for stage in found.stages)
    return f"{counted}; a run builds {_count(len(found.stages), 'stage')} and publishes {_count(tables, 'table')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
