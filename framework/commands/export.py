"""Write a pipeline as the files of another tool."""

import argparse
from pathlib import Path

from framework import exports, plugins, project
from framework.exports import Asked
from framework.load import load
from framework.printing import SCHEMA_VERSION, as_json, counted, print_diagnostics
from framework.resolve import resolve
from framework.target import warehouse_of


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tool", metavar="TOOL", choices=plugins.names(exports), help=", ".join(plugins.names(exports)))
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the pipeline's file")
    parser.add_argument("--target", help="a target of framework.yaml; the default one otherwise")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go; target/TOOL/PIPELINE otherwise")


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    plan = resolve(load(options.pipeline, here.root))
    name, model = here.target(options.target)
    folder = options.out or here.root / "target" / options.tool / plan.name
    database = model.settings.get("database")
    asked = Asked(plan, warehouse_of(here, name), here.schemas, name, folder, database and str(database))
    done = plugins.load(exports, options.tool).export(asked)
    if options.output == "json":
        files = [str(path) for path in done.files]
        print(as_json({"schema_version": SCHEMA_VERSION, "files": files, "left_out": done.left_out}))
        return 0
    print_diagnostics(plan.warnings, options)
    print(f"{counted(len(done.files), 'file')} in {folder}")
    for reason in done.left_out:
        print(f"left out: {reason}")
    return 0
