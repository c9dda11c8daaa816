"""Write the SQL of a pipeline into target/compiled/; no connection, no secrets."""

import argparse
from pathlib import Path

from framework import project, request
from framework.artifacts import write_compiled, write_manifest
from framework.compile import compile_plan
from framework.compile.text import texts
from framework.load import load
from framework.printing import SCHEMA_VERSION, as_json, print_diagnostics
from framework.resolve import resolve
from framework.target import warehouse, warehouse_of


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the pipeline's file")
    parser.add_argument("--target", help="compile for the warehouse of a target of framework.yaml")
    request.arguments(parser)
    parser.add_argument("--memos", action="store_true", help="as a run does that counts the rows that no row used")
    parser.add_argument("--warehouse", metavar="W", help="compile for this warehouse: duckdb, postgres, ...")


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    plan = resolve(load(options.pipeline, here.root))
    selected = request.read(plan, options).selected
    chosen = warehouse(options.warehouse) if options.warehouse else warehouse_of(here, options.target)
    name = chosen.name
    program = compile_plan(plan, chosen, here.schemas, selected, memos=options.memos)
    write_manifest(plan, here.root)
    paths = [
        write_compiled(name, relation, text, here.root) for relation, text in texts(program, chosen.dialect()).items()
    ]
    unknown = [f"{s.name}.{c.name}" for s in plan.stages for c in s.relation.columns if c.type.name == "unknown"]
    if options.output == "json":
        written = {"schema_version": SCHEMA_VERSION, "warehouse": name, "files": [str(p) for p in paths]}
        print(as_json({**written, "unknown_types": unknown}))
        return 0
    print_diagnostics(plan.warnings, options)
    for path in paths:
        print(path.relative_to(here.root))
    if unknown:
        print(f"types that could not be known, for their sources declare no columns: {', '.join(unknown)}")
    return 0
