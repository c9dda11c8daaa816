"""A run from the command line: the target opened, the program executed, what became of it kept and printed."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec

from sqlalchemy.exc import SQLAlchemyError

from framework.artifacts import write_manifest, write_results
from framework.assertion import MeasureTest
from framework.compile import compile_plan
from framework.diagnostics import Code
from framework.execute import Interruption, Settings, clock, execute, new_run_id
from framework.execute.drift import EXTRA_COLUMNS, spellings
from framework.files.variables import expand_variables
from framework.hooks import Occasion
from framework.listeners import Listeners, listeners
from framework.load import Pipeline
from framework.plan import Plan, relations
from framework.printing import Progress, print_run
from framework.project import Project
from framework.request import Request
from framework.run import Run
from framework.state import History, history
from framework.target import Target, opened, warehouse_of
from framework.warehouse import Refusal, SourceProblem, Unreachable


def launch(pipeline: Pipeline, plan: Plan, wanted: Request, here: Project, options: argparse.Namespace) -> Run:
    """Runs what is wanted of a pipeline, with the options of the command `run`. Raises Unreachable, PipelineError."""
    with Interruption() as interruption:  # the record of an interrupted run is written and printed all the same
        result, unkept, heard = _executed(pipeline, plan, wanted, here, options, interruption)
    try:
        with interruption.listens_again():
            heard.run_finished(result)
    except KeyboardInterrupt:  # a hook that does not come back
        heard.notes.append("interrupted while hooks were told of the end of the run")
    result = replace(result, notes=(*result.notes, *heard.notes))
    unkept += _kept(lambda: write_results(result, here.root), "target/run_results.json")
    print_run(result, options)
    for message in unkept:
        print(message, file=sys.stderr)
    return result


def _executed(
    pipeline: Pipeline,
    plan: Plan,
    wanted: Request,
    here: Project,
    options: argparse.Namespace,
    interruption: Interruption,
) -> tuple[Run, list[str], Listeners]:
    """The run, what could not be kept of it, and who is to hear of its end."""
    started_at = clock(options.as_of)
    run_id = new_run_id(clock())
    _refuse_without_statistics(plan)
    heard = listeners(here, plan)
    with ExitStack() as stack:
        occasion = _occasion(plan, run_id, started_at, wanted, here, options)
        past, target, occasion = _opened(stack, here, options, occasion, heard)
        spelt = spellings(target.engine, plan) if target.warehouse.tells_case else {}
        program = compile_plan(
            plan,
            target.warehouse,
            here.schemas,
            wanted.selected,
            os.environ,
            spelt,
            memos=options.memos,
            evidence=heard.evidence,
        )
        settings = Settings(
            run_id,
            started_at,
            here.root,
            target.name,
            target.place,
            here.schemas,
            _places(pipeline, plan),
            wanted.bound,
            threads=options.threads,
            fail_fast=options.fail_fast,
            full_refresh=options.full_refresh,
            asked=wanted.asked,
            earlier=past.figures(plan.name, target.name),
        )
        _begin(past, occasion)
        heard.run_started(occasion)
        with Progress(len(program.sources) + len(program.stages), options) as progress:
            result = execute(program, target.warehouse, target.engine, settings, progress, interruption, heard)
        unkept = _kept(lambda: past.end(result), "the history of runs")
    unkept += _kept(lambda: write_manifest(plan, here.root), "target/manifest.json")
    return result, unkept, heard


def _occasion(
    plan: Plan, run_id: str, started_at: datetime, wanted: Request, here: Project, options: argparse.Namespace
) -> Occasion:
    """What a run is, as far as it is known before anything is opened. Raises PipelineError."""
    target, warehouse = here.target(options.target)[0], warehouse_of(here, options.target).name
    return Occasion(plan, run_id, target, warehouse, started_at, here.root, wanted.asked)


def _opened(
    stack: ExitStack, here: Project, options: argparse.Namespace, occasion: Occasion, heard: Listeners
) -> tuple[History, Target, Occasion]:
    """The history and the target, and the occasion with what went before. Raises Unreachable, SourceProblem; then the
    run never comes to be, and is kept and told of as one that was refused."""
    past = None
    try:
        past = stack.enter_context(history(expand_variables(here.model.state), here.root))
        of = occasion.plan.name, occasion.target
        occasion = replace(occasion, previous=past.previous(*of), incident=past.incident(*of, occasion.asked))
        return past, stack.enter_context(opened(here, options.target)), occasion
    except (Unreachable, SourceProblem) as error:
        refusal = error.refusal if isinstance(error, Unreachable) else Refusal(str(error), error.help)
        _tell_of_refused(heard, occasion, past, refusal, error.code)
        raise


def _tell_of_refused(heard: Listeners, occasion: Occasion, past: History | None, refusal: Refusal, code: Code) -> None:
    heard.run_started(occasion)
    run = Run(
        occasion.run_id,
        occasion.plan.name,
        occasion.target,
        occasion.warehouse,
        occasion.started_at,
        0.0,
        "refused",
        message=refusal.message,
        help=refusal.help,
        code=code.id,
        asked=occasion.asked,
    )
    unkept = []
    if past is not None:
        begin, end = partial(_begin, past, occasion), partial(past.end, run)
        unkept = _kept(begin, "the history of runs") or _kept(end, "the history of runs")
    heard.run_finished(run)
    for message in (*unkept, *(f"note: {note}" for note in heard.notes)):
        print(message, file=sys.stderr)


def _begin(past: History, occasion: Occasion) -> None:
    # With its fraction: the runs of one second have an order too.
    now = datetime.now(UTC).replace(tzinfo=None)
    past.begin(occasion.run_id, occasion.plan.name, occasion.target, now, occasion.asked)


def _refuse_without_statistics(plan: Plan) -> None:
    """Raises Unreachable where a check looks back and what it counts with is not installed."""
    for relation in relations(plan):
        for assertion in relation.assertions:
            looks_back = isinstance(assertion.test, MeasureTest) and assertion.test.trend is not None
            if looks_back and find_spec("scipy") is None:
                message = f"the check {assertion.name} of `{relation.name}` needs scipy, which is not installed"
                raise Unreachable(Refusal(message, "pip install 'framework-pipelines[trends]'"))


def _kept(keep: Callable[[], object], what: str) -> list[str]:
    """Keeps a record of a run that is over: what stands is not undone because a note of it cannot be written."""
    try:
        keep()
    except (OSError, SQLAlchemyError) as error:
        return [f"warning: {what} could not be written ({type(error).__name__})"]
    return []


def _places(pipeline: Pipeline, plan: Plan) -> Mapping[str, Mapping[str, str]]:
    """Where each check stands in the file, for results to name."""
    places: dict[str, dict[str, str]] = {}
    for relation in relations(plan):
        for assertion in relation.assertions:
            at = pipeline.document.locate(assertion.place)
            places.setdefault(relation.name, {})[assertion.name] = f"{at.path}:{at.line}:{at.column}"
    for source in plan.sources:
        if source.extra_columns != "allow":
            at = pipeline.document.locate(("sources", source.name, EXTRA_COLUMNS))
            places.setdefault(source.name, {})[EXTRA_COLUMNS] = f"{at.path}:{at.line}:{at.column}"
    return places
