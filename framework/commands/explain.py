"""Explain a code of a message, or what a stage of a pipeline is; no connection, no secrets."""

import argparse
import re
from pathlib import Path

import framework
from framework import code_page, plugins, project, stage_page
from framework.compile import compile_plan
from framework.diagnostics import CODES, Code, Diagnostic, PipelineError, suggest
from framework.load import load
from framework.printing import SCHEMA_VERSION, as_json, print_diagnostics
from framework.resolve import resolve
from framework.target import warehouse, warehouse_of

NOT_EXPLAINED = Code("F117", "nothing of that name to explain")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="CODE|PIPELINE", help="a code as messages show it (F301), or a pipeline's file")
    parser.add_argument("--stage", metavar="NAME", help="the stage of the pipeline that is explained")
    parser.add_argument("--target", help="with the SQL for the warehouse of a target of framework.yaml")
    parser.add_argument("--warehouse", metavar="W", help="with the SQL for this warehouse: duckdb, postgres, ...")


def run(options: argparse.Namespace) -> int:
    if options.stage is not None:
        return _stage(options)
    if options.what.endswith((".yaml", ".yml")):
        raise PipelineError(Diagnostic(NOT_EXPLAINED, "which stage is meant is not told", None, "write --stage NAME"))
    return _code(options)


def _code(options: argparse.Namespace) -> int:
    plugins.load_below(framework)  # codes are known once the modules are that report them
    name = options.what.upper()
    if name not in CODES:
        like = suggest(name, CODES) if re.fullmatch(r"F\w{3}", name) else "codes are F and three digits: F301"
        raise PipelineError(Diagnostic(NOT_EXPLAINED, f"no code `{options.what}`", None, like))
    page = code_page.code_page(CODES[name])
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, **code_page.as_dict(page)}))
    else:
        print(code_page.as_text(page))
    return 0


def _stage(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    pipeline = load(Path(options.what), here.root)
    plan = resolve(pipeline)
    names = [stage.name for stage in plan.stages]
    if options.stage not in names:
        message = f"no stage `{options.stage}` in {options.what}"
        raise PipelineError(Diagnostic(NOT_EXPLAINED, message, None, suggest(options.stage, names)))
    chosen = warehouse(options.warehouse) if options.warehouse else warehouse_of(here, options.target)
    whole = compile_plan(plan, chosen, here.schemas)
    alone = compile_plan(plan, chosen, here.schemas, frozenset([options.stage]))
    page = stage_page.stage_page(pipeline, whole, alone, chosen.dialect())
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, **stage_page.as_dict(page)}))
        return 0
    print_diagnostics(plan.warnings, options)
    print(stage_page.as_text(page))
    return 0
