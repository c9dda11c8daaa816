"""Run a pipeline: build, check and publish it on a target."""

import argparse
from pathlib import Path

from framework import project, request
from framework.compile import compile_plan
from framework.launch import launch
from framework.load import load
from framework.plan import Plan
from framework.printing import SCHEMA_VERSION, as_json, counted, print_diagnostics
from framework.resolve import resolve


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the pipeline's file")
    parser.add_argument("--target", help="a target of framework.yaml; the default one otherwise")
    request.arguments(parser)
    request.interval_arguments(parser)
    parser.add_argument(
        "--as-of", type=request.moment, metavar="T", help="the moment that the run takes for now, in UTC"
    )
    parser.add_argument(
        "--full-refresh", action="store_true", help="make the published tables anew, from the input alone"
    )
    parser.add_argument("--threads", type=_count, default=1, metavar="N", help="how many stages are built at once (1)")
    parser.add_argument("--fail-fast", action="store_true", help="begin nothing more once a check has failed")
    parser.add_argument(
        "--memos", action="store_true", help="count the rows of joined relations that no row used, for the ledger"
    )
    parser.add_argument("--dry-run", action="store_true", help="stop before the warehouse: load, resolve, compile")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of stages; write 1, 2, ...")
    return int(text)


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    pipeline = load(options.pipeline, here.root)
    plan = resolve(pipeline)
    wanted = request.read(plan, options, runs=True)
    if plan.warnings and options.output == "text":
        print_diagnostics(plan.warnings, options)
    if options.dry_run:
        return _dry(plan, wanted.selected, here, options)
    return launch(pipeline, plan, wanted, here, options).exit_code


def _dry(plan: Plan, selected: frozenset[str], here: project.Project, options: argparse.Namespace) -> int:
    """What a run would read and build, in order."""
    from framework.target import warehouse_of

    program = compile_plan(plan, warehouse_of(here, options.target), here.schemas, selected)
    sources = [source.source.name for source in program.sources]
    stages = [
        {
            "name": account.stage.name,
            "kind": account.stage.kind,
            "folded_into": None if account.stage is stage.stage else stage.stage.name,
        }
        for stage in program.stages
        for account in stage.accounts
    ]
    if options.output == "json":
        told = {"pipeline": plan.name, "warehouse": program.warehouse, "sources": sources, "stages": stages}
        print(as_json({"schema_version": SCHEMA_VERSION, **told}))
        return 0
    print(f"{plan.name}: {counted(len(sources), 'source')}, {counted(len(stages), 'stage')} for {program.warehouse}")
    for name in sources:
        print(f"  source {name}")
    for one in stages:
        print(f"  {one['kind']} {one['name']}" + (f", folded into {one['folded_into']}" if one["folded_into"] else ""))
    return 0
