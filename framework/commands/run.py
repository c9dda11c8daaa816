"""Run a pipeline: build, check and publish it on a target."""

import argparse
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from framework import project
from framework.artifacts import write_manifest, write_results
from framework.compile import compile_plan
from framework.execute import Settings, clock, execute, new_run_id
from framework.files import expand_variables
from framework.load import Pipeline, load
from framework.plan import Plan
from framework.printing import Progress, print_diagnostics, print_run
from framework.resolve import resolve
from framework.state import history
from framework.target import opened


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the pipeline's file")
    parser.add_argument("--target", help="a target of framework.yaml; the default one otherwise")
    parser.add_argument("--as-of", type=_moment, metavar="T", help="the moment that the run takes for now, in UTC")
    parser.add_argument("--threads", type=_count, default=1, metavar="N", help="how many stages are built at once (1)")
    parser.add_argument("--fail-fast", action="store_true", help="begin nothing more once a check has failed")
    parser.add_argument("--dry-run", action="store_true", help="stop before the warehouse: load, resolve, compile")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of stages; write 1, 2, ...")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is no moment; write 2014-01-31 or 2014-01-31T06:00:00") from None
    if found.tzinfo is not None:
        raise argparse.ArgumentTypeError("a moment is UTC and has no offset")
    return found


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    pipeline = load(options.pipeline, here.root)
    plan = resolve(pipeline)
    if plan.warnings and options.output == "text":
        print_diagnostics(plan.warnings, options)
    if options.dry_run:
        return _dry(plan, here, options)
    started_at = clock(options.as_of)
    run_id = new_run_id(clock())
    with opened(here, options.target) as target, history(expand_variables(here.model.state), here.root) as past:
        program = compile_plan(plan, target.warehouse, here.schemas)
        settings = Settings(
            run_id,
            started_at,
            here.root,
            target.name,
            here.schemas,
            _places(pipeline, plan),
            threads=options.threads,
            fail_fast=options.fail_fast,
        )
        past.begin(run_id, plan.name, target.name, clock())
        with Progress(len(program.sources) + len(program.stages), options) as progress:
            result = execute(program, target.warehouse, target.engine, settings, progress)
        unkept = _kept(lambda: past.end(result), "the history of runs")
    unkept += _kept(lambda: write_manifest(plan, here.root), "target/manifest.json")
    unkept += _kept(lambda: write_results(result, here.root), "target/run_results.json")
    print_run(result, options)
    for message in unkept:
        print(message, file=sys.stderr)
    return result.exit_code


def _kept(keep: Callable[[], object], what: str) -> list[str]:
    """Keeps a record of a run that is over: what stands is not undone because a note of it cannot be written."""
    try:
        keep()
    except (OSError, SQLAlchemyError) as error:
        return [f"warning: {what} could not be written ({type(error).__name__})"]
    return []


def _dry(plan: Plan, here: project.Project, options: argparse.Namespace) -> int:
    from framework.target import warehouse

    _, model = here.target(options.target)
    program = compile_plan(plan, warehouse(model.warehouse), here.schemas)
    print(f"{plan.name}: {len(program.sources)} sources, {len(program.stages)} stages for {program.warehouse}")
    for stage in program.stages:
        print(f"  {stage.stage.kind} {stage.stage.name}")
    return 0


def _places(pipeline: Pipeline, plan: Plan) -> Mapping[str, Mapping[str, str]]:
    """Where each check stands in the file, for results to name."""
    judged = [(s.name, s.assertions) for s in plan.sources] + [(s.name, s.assertions) for s in plan.stages]
    places: dict[str, dict[str, str]] = {}
    for name, assertions in judged:
        for assertion in assertions:
            at = pipeline.document.locate(assertion.place)
            places.setdefault(name, {})[assertion.name] = f"{at.path}:{at.line}:{at.column}"
    return places
