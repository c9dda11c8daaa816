"""Explain a code of a message, what a stage of a pipeline is, or the way of one row through what stands."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import framework
from framework import code_page, plugins, project, request, stage_page
from framework.clauses.variables import HOW_WRITTEN, fitted
from framework.compile import compile_plan
from framework.diagnostics import CODES, Code, Diagnostic, PipelineError, suggest
from framework.expressions import types as t
from framework.load import load
from framework.plan import Plan, SourcePlan, StagePlan
from framework.printing import SCHEMA_VERSION, as_json, print_diagnostics
from framework.resolve import resolve
from framework.target import warehouse, warehouse_of
from framework.way import asking
from framework.way import page as way_page
from framework.way.questions import starts
from framework.yaml_source import scalar

NOT_EXPLAINED = Code("F117", "nothing of that name to explain")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="CODE|PIPELINE", help="a code as messages show it (F301), or a pipeline's file")
    parser.add_argument("--stage", metavar="NAME", help="the stage that is explained; with --key where the row stands")
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="the way of the rows with this value, from the sources to what is published; repeatable",
    )
    parser.add_argument("--show-values", action="store_true", help="with --key: the rows themselves, and not the SQL")
    parser.add_argument("--target", help="a target of framework.yaml; the default one otherwise")
    parser.add_argument("--warehouse", metavar="W", help="with the SQL for this warehouse: duckdb, postgres, ...")
    request.variable_arguments(parser)
    request.interval_arguments(parser)


def run(options: argparse.Namespace) -> int:
    if options.key:
        return _way(options)
    if options.stage is not None:
        return _stage(options)
    if options.what.endswith((".yaml", ".yml")):
        help = "write --stage NAME for a stage, or --key COLUMN=VALUE for the way of a row"
        raise PipelineError(Diagnostic(NOT_EXPLAINED, "what of the pipeline is meant is not told", None, help))
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
    _refuse_unknown(options, [stage.name for stage in plan.stages])
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


def _refuse_unknown(options: argparse.Namespace, known: Sequence[str]) -> None:
    if options.stage is not None and options.stage not in known:
        message = f"no stage `{options.stage}` in {options.what}"
        raise PipelineError(Diagnostic(NOT_EXPLAINED, message, None, suggest(options.stage, known)))


# -- the way of a row


def _way(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    plan = resolve(load(Path(options.what), here.root))
    _refuse_unknown(options, [relation.name for relation in _relations(plan)])
    key = dict(_key(options.key))
    found = _starts(plan, key, options)
    if options.show_values:
        told = argparse.Namespace(**{**vars(options), "select": [], "exclude": []})
        variables = request.read(plan, told, runs=True).bound
        target, dialect, answers = asking.answers(plan, here, options.target, key, found, variables)
        about, way = {"target": target}, [way_page.as_dict(a.question, dialect, a) for a in answers]
        shown = way_page.as_text(answers)
    else:
        chosen = warehouse(options.warehouse) if options.warehouse else warehouse_of(here, options.target)
        dialect, questions = chosen.dialect(), asking.offline(plan, chosen, here, key, found)
        about, way = {"warehouse": chosen.name}, [way_page.as_dict(question, dialect) for question in questions]
        shown = way_page.as_sql(questions, dialect)
    print(as_json({"schema_version": SCHEMA_VERSION, **about, "way": way}) if options.output == "json" else shown)
    return 0


def _relations(plan: Plan) -> tuple[SourcePlan | StagePlan, ...]:
    return (*plan.sources, *plan.stages)


def _key(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            help = "write --key COLUMN=VALUE, as --key claim_id=C1"
            raise PipelineError(Diagnostic(NOT_EXPLAINED, "--key gives a column and no value", None, help))
        if name.lower() in seen:
            help = "the way of one row is followed at a time"
            raise PipelineError(Diagnostic(NOT_EXPLAINED, f"--key gives `{name}` twice", None, help))
        seen.add(name.lower())
        yield name, value


def _starts(plan: Plan, key: Mapping[str, str], options: argparse.Namespace) -> tuple[str, ...]:
    """The relations that the way begins in. No message repeats a value."""
    relations = {r.name: r.relation for r in _relations(plan) if options.stage in (None, r.name)}
    try:
        found = starts(plan, key, options.stage)
    except KeyError as error:
        where = f"`{options.stage}`" if options.stage else options.what
        known = {name: None for relation in relations.values() for name in relation.names}
        missing = str(error.args[0])
        message, help = f"no column `{missing}` in {where}", suggest(missing, known)
        if missing in known:
            message, help = f"no stage and no source of {where} has all these columns", "give columns of one of them"
        raise PipelineError(Diagnostic(NOT_EXPLAINED, message, None, help)) from None
    for name in found:
        for column, value in key.items():
            type_ = getattr(relations[name].column(column), "type", t.UNKNOWN)
            if type_.name not in ("string", "json", "unknown") and fitted(scalar(value), type_) is None:
                message = f"`{column}` of `{name}` is {type_}, and the value given is none"
                raise PipelineError(Diagnostic(NOT_EXPLAINED, message, None, HOW_WRITTEN.get(type_.name)))
    return found
