"""What the command line asks of a pipeline beside the file: stages, values of variables, the interval of a backfill."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from framework.clauses.variables import HOW_WRITTEN, fitted
from framework.diagnostics import Code, Diagnostic, PipelineError, suggest
from framework.expressions.typed import INTERVAL, type_of_value
from framework.plan import Plan, SourcePlan, StagePlan, VariablePlan, names_bound
from framework.run import Asked
from framework.selection import selected, sources_read
from framework.yaml_source import NOT_A_VALUE, scalar

UNKNOWN_GIVEN = Code("F110", "a value for an unknown variable")
WRONG_GIVEN = Code("F111", "a value that a variable cannot take")
WRONG_INTERVAL = Code("F112", "an interval that is missing, or that nothing uses")


@dataclass(frozen=True, slots=True)
class Request:
    """`selected` are the stages it is about, `bound` the values of variables by the names they are bound under."""

    asked: Asked
    selected: frozenset[str]
    bound: Mapping[str, Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    for word, what in (("--select", "only these stages"), ("--exclude", "not these stages")):
        how = ": name, +name, name+, 2+name, tag:x, kind:x; a blank is or, a comma is and" if word == "--select" else ""
        parser.add_argument(word, action="append", default=[], metavar="EXPR", help=what + how)
    variable_arguments(parser)


def variable_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--var", action="append", default=[], metavar="NAME=VALUE", help="a variable's value for this run; repeatable"
    )


def interval_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="from_", type=moment, metavar="D", help=":interval_start, the first moment")
    parser.add_argument("--to", type=moment, metavar="D", help=":interval_end, the moment behind the last")


def moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is no moment; write 2014-01-31 or 2014-01-31T06:00:00") from None
    if found.tzinfo is not None:
        raise argparse.ArgumentTypeError("a moment is UTC and has no offset")
    return found


def read(plan: Plan, options: argparse.Namespace, *, runs: bool = False) -> Request:
    """What the options of a command ask of the plan. Raises PipelineError with everything that is wrong with them.

    Where it `runs`, what the stages name must be given.
    """
    chosen = selected(plan, options.select, options.exclude)
    findings: list[Diagnostic] = []
    given = _given(plan.variables, options.var, findings)
    start, end = getattr(options, "from_", None), getattr(options, "to", None)
    findings += _interval(plan, start, end, chosen if runs else frozenset())
    if findings:
        raise PipelineError(*findings)
    values = {variable.name: variable.value for variable in plan.variables} | given
    bound = {variable.expression.name: values[variable.name] for variable in plan.variables}
    interval = None if start is None or end is None else (start, end)
    asked = Asked(tuple(options.select), tuple(options.exclude), tuple(given), interval)
    return Request(asked, chosen, bound | dict(zip(INTERVAL, interval or (), strict=False)))


# -- variables


def _given(variables: Sequence[VariablePlan], words: Iterable[str], findings: list[Diagnostic]) -> dict[str, Any]:
    """The values by variable. No message repeats one: it may be a secret."""
    known = {variable.name: variable for variable in variables}
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            findings.append(Diagnostic(WRONG_GIVEN, "--var gives a name and no value", None, "write --var name=value"))
        elif name not in known:
            help = suggest(name, known) or "declare it at the top of the pipeline, under `vars`"
            findings.append(Diagnostic(UNKNOWN_GIVEN, f"the pipeline has no variable `{name}`", None, help))
        elif name in found:
            findings.append(Diagnostic(WRONG_GIVEN, f"--var gives `{name}` twice", None, "give it once"))
        else:
            found[name] = _value(known[name], text, findings)
    return found


def _value(variable: VariablePlan, text: str, findings: list[Diagnostic]) -> Any:
    value = scalar(text)
    converted = None if value is NOT_A_VALUE or value is None else fitted(value, variable.type)
    if converted is None:
        what = "no single value of YAML" if value is NOT_A_VALUE else f"{type_of_value(value)}"
        message = f"the variable `{variable.name}` is {variable.type}, and the value given is {what}"
        if value is not NOT_A_VALUE and type_of_value(value).name == variable.type.name:
            message = f"the value given for `{variable.name}` does not fit into {variable.type} unchanged"
        findings.append(Diagnostic(WRONG_GIVEN, message, None, _help(variable)))
    return converted


def _help(variable: VariablePlan) -> str:
    if variable.type.name == "string":
        return f"""the value is read as YAML is: quote a text that is a number there, --var '{variable.name}="1"'"""
    help = HOW_WRITTEN[variable.type.name]
    if variable.type.name == "decimal":
        help += f"; `{variable.name}: {{value: ..., type: ...}}` in the pipeline makes room for more"
    return help


# -- the interval


def _interval(plan: Plan, start: datetime | None, end: datetime | None, run: frozenset[str]) -> Iterable[Diagnostic]:
    """`run` are the stages that are run: what they name must be given."""
    relations: tuple[SourcePlan | StagePlan, ...] = (*plan.sources, *plan.stages)
    users = [relation.name for relation in relations if names_bound(relation) & INTERVAL.keys()]
    wanting = [name for name in users if name in run | sources_read(plan, run)]
    if (start is None) != (end is None):
        lacking = "--to" if end is None else "--from"
        help = "write both, as --from 2014-01-01 --to 2014-02-01; the end is not part of it"
        yield Diagnostic(WRONG_INTERVAL, f"an interval has two ends, and {lacking} is missing", None, help)
    elif start is not None and end is not None and start >= end:
        help = "--from is the first moment of the interval, --to the moment behind its last"
        yield Diagnostic(WRONG_INTERVAL, "--from is not before --to", None, help)
    elif start is not None and not users:
        message = "--from and --to do nothing: no expression of the pipeline names :interval_start or :interval_end"
        yield Diagnostic(WRONG_INTERVAL, message, None, "leave them out, or filter by them where the rows are read")
    elif start is None and wanting:
        message = f"`{wanting[0]}` names the interval of a backfill, and the run is given none"
        help = "say which: --from 2014-01-01 --to 2014-02-01; the end is not part of it"
        yield Diagnostic(WRONG_INTERVAL, message, None, help)
