"""Compare what stands of a stage in two targets: rows, keys and columns that differ, by hashes; no values."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from framework import project
from framework.comparing.rows import Difference
from framework.comparing.side import Side
from framework.comparing.stages import Comparison, compare
from framework.compile.tables import Tables
from framework.diagnostics import Code, Diagnostic, PipelineError, suggest, visible
from framework.execute.session import Stopped
from framework.files.variables import expand_variables
from framework.load import load
from framework.plan import Plan, StagePlan
from framework.printing import SCHEMA_VERSION, as_json, counted, print_diagnostics, table
from framework.project import Project
from framework.resolve import resolve
from framework.selection import WRONG_SELECTION
from framework.target import connected, opened, warehouse_of
from framework.unit_tests.written import written
from framework.warehouse import Address, Refusal, SourceProblem, Unreachable

NO_PAIR = Code("F192", "two targets that cannot be compared")

_EQUAL, _DIFFERS = 0, 1
_LIMIT = 20
_HOW = "write --target ONE --target OTHER"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the pipeline's file")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="what to compare; by default all that is published")
    parser.add_argument(
        "--target", action="append", default=[], help="a target of framework.yaml; given twice, one beside the other"
    )
    parser.add_argument(
        "--except",
        dest="excepted",
        action="append",
        default=[],
        metavar="COLUMN",
        help="leave this column out; repeatable",
    )
    parser.add_argument("--show-values", action="store_true", help="print rows that differ, with key and both values")
    parser.add_argument(
        "--limit", type=_positive, default=_LIMIT, metavar="N", help=f"at most N rows of a stage; {_LIMIT} by default"
    )


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError("a whole number from 1 is expected")
    return int(text)


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    plan = resolve(load(options.pipeline, here.root))
    names = _targets(here, options.target)
    stages = _stages(plan, options.stages)
    excepted = _excepted(stages, options.excepted)
    limit = options.limit if options.show_values else 0
    with ExitStack() as stack:
        sides = [_side(stack, plan, here, name) for name in names]
        try:
            found = [compare(stage, sides[0], sides[1], excepted, limit) for stage in stages]
        except Stopped as stopped:
            raise Unreachable(Refusal(stopped.message, stopped.help)) from None
    code = _EQUAL if all(comparison.equal for comparison in found) else _DIFFERS
    if options.output == "json":
        targets = [{"name": side.name, "warehouse": side.target.warehouse.name} for side in sides]
        about = {"schema_version": SCHEMA_VERSION, "exit_code": code, "pipeline": plan.name, "targets": targets}
        stages_as_data = [_as_dict(comparison, names, options.show_values) for comparison in found]
        print(as_json({**about, "stages": stages_as_data}))
        return code
    print_diagnostics(plan.warnings, options)
    told = " and ".join(f"{visible(side.name)} ({side.target.warehouse.name})" for side in sides)
    print(f"{visible(plan.name)} on {told}\n")
    print("\n\n".join(_paragraphs(found, (visible(names[0]), visible(names[1])))))
    return code


def _side(stack: ExitStack, plan: Plan, here: Project, name: str) -> Side:
    target = stack.enter_context(opened(here, name, reading=True))
    connection = stack.enter_context(connected(target))
    return Side(target, connection, Tables(plan, here.schemas))


# -- what is asked for


def _targets(here: Project, given: Sequence[str]) -> tuple[str, str]:
    """The two targets. Raises PipelineError where they are not two, or one database under two names."""
    if len(given) != 2:
        many = {0: "none are", 1: "1 is"}.get(len(given), f"{len(given)} are")
        raise PipelineError(Diagnostic(NO_PAIR, f"diff compares two targets, and {many} given", None, _HOW))
    one, other = given
    addresses = [_address(here, name) for name in given]
    if one == other:
        raise PipelineError(Diagnostic(NO_PAIR, f"the target `{one}` is given twice", None, _HOW))
    if addresses[0] is not None and addresses[0] == addresses[1]:
        message = f"the targets `{one}` and `{other}` are one database"
        raise PipelineError(Diagnostic(NO_PAIR, message, None, "name two targets that lie in two places"))
    return one, other


def _address(here: Project, name: str) -> Address | None:
    """None where it is not known before the target is opened, which then tells why."""
    model = here.target(name)[1]
    try:
        settings = {key: expand_variables(str(value)) for key, value in model.settings.items()}
        return warehouse_of(here, name).address(settings, here.root)
    except (SourceProblem, Unreachable, LookupError):
        return None


def _stages(plan: Plan, names: Sequence[str]) -> list[StagePlan]:
    """The stages of these names, or all that are published. Raises PipelineError."""
    if not names:
        published = [stage for stage in plan.stages if stage.publication is not None]
        if not published:
            help = f"name a stage, {plan.stages[-1].name} say" if plan.stages else None
            raise PipelineError(Diagnostic(WRONG_SELECTION, "the pipeline publishes no stage", None, help))
        return published
    known = {stage.name: stage for stage in plan.stages}
    wrong = [
        Diagnostic(WRONG_SELECTION, f"no stage `{name}`", None, suggest(name, known))
        for name in dict.fromkeys(names)
        if name not in known
    ]
    if wrong:
        raise PipelineError(*wrong)
    return [known[name] for name in dict.fromkeys(names)]


def _excepted(stages: Sequence[StagePlan], names: Sequence[str]) -> frozenset[str]:
    """The columns left out, in lower case. Raises PipelineError for one that no stage has."""
    known = {name.lower(): name for stage in stages for name in stage.relation.names}
    wrong = [
        Diagnostic(WRONG_SELECTION, f"no column `{name}` in what is compared", None, suggest(name, known.values()))
        for name in names
        if name.lower() not in known
    ]
    if wrong:
        raise PipelineError(*wrong)
    return frozenset(name.lower() for name in names)


# -- data


def _as_dict(found: Comparison, names: tuple[str, str], show_values: bool) -> dict[str, Any]:
    def by_target(pair: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(names, pair, strict=True))

    stands = all(found.stands)
    told = {
        "stage": found.stage,
        "equal": found.equal,
        "stands": by_target(found.stands),
        "key": found.key,
        "rows": by_target(found.rows) if stands else None,
        "only": by_target(found.only) if stands else None,
        "differing": found.differing if stands else None,
        "columns": found.columns,
        "columns_only": by_target(found.alone),
        "not_compared": found.uncompared,
    }
    shown = [_difference_as_dict(found, difference, names) for difference in found.shown]
    return told | {"differences": shown} if show_values else told


def _difference_as_dict(found: Comparison, difference: Difference, names: tuple[str, str]) -> dict[str, Any]:
    pairs = zip(names, (difference.left, difference.right), strict=True)
    rows = {name: dict(zip(found.names, row.values, strict=True)) for name, row in pairs if row is not None}
    columns = [found.compared[i] for i in difference.unlike]
    return {"rows": difference.times, "columns": columns, "values": rows}


# -- text


def _paragraphs(found: Sequence[Comparison], names: tuple[str, str]) -> Iterator[str]:
    rows = [(visible(c.stage), *_counts(c), _result(c, names)) for c in found]
    yield table(("stage", *names, "result"), rows, right=(1, 2))
    for comparison in found:
        lines = [*_told(comparison, names), *_noted(comparison), *_values(comparison, names)]
        if lines:
            known = comparison.key
            by = "row by row" if known is None else f"by {', '.join(map(visible, known))}" if known else "its one row"
            yield "\n".join([f"{visible(comparison.stage)}, {by}:", *(f"  {line}".rstrip() for line in lines)])


def _counts(found: Comparison) -> tuple[str, ...]:
    return tuple(f"{n:,}" if all(found.stands) else "" for n in found.rows)


def _result(found: Comparison, names: tuple[str, str]) -> str:
    if not any(found.stands):
        return "stands in neither"
    if not all(found.stands):
        return f"does not stand in {names[found.stands.index(False)]}"
    return "equal" if found.equal else "differs"


def _told(found: Comparison, names: tuple[str, str]) -> Iterator[str]:
    for number, name in zip(found.only, names, strict=True):
        if number:
            yield f"{counted(number, 'row')} only in {name}"
    if found.differing:
        yield f"{counted(found.differing, 'row')} with another value"
        text = table(("column", "rows"), [(visible(n), f"{rows:,}") for n, rows in found.columns.items()], right=(1,))
        yield from (f"  {line}" for line in text.splitlines())
    for columns, name in zip(found.alone, names, strict=True):
        if columns:
            yield f"only in {name}: the column{'' if len(columns) == 1 else 's'} {', '.join(map(visible, columns))}"


def _noted(found: Comparison) -> Iterator[str]:
    if found.uncompared:
        yield f"not compared, for only the plan or only the tables have it: {', '.join(map(visible, found.uncompared))}"


def _values(found: Comparison, names: tuple[str, str]) -> Iterator[str]:
    if found.shown:
        differ = found.differing + sum(found.only)
        shown = sum(difference.times for difference in found.shown)
        yield ""
        if shown < differ:
            yield f"{shown:,} of {differ:,}:"
    for difference in found.shown:
        left, right = (
            None if row is None else dict(zip(found.names, row.values, strict=True))
            for row in (difference.left, difference.right)
        )
        either = left or right or {}
        told = {name: either[name] for name in (found.key or either)}
        if left is None or right is None:
            times = "" if difference.times == 1 else f", {difference.times:,} times"
            yield f"only in {names[left is None]}: {_row(told)}{times}"
        else:
            yield f"in both: {_row(told)}"
            for column in (found.compared[i] for i in difference.unlike):
                pair = (f"{_value(row[column])} in {name}" for name, row in zip(names, (left, right), strict=True))
                yield f"  {visible(column)}: {', '.join(pair)}"


def _row(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{visible(name)} {_value(value)}" for name, value in values.items()) or "the one row"


def _value(value: Any) -> str:
    return visible(written(value))
