"""Run the unit tests of pipelines: made rows in, expected rows out, on a DuckDB in memory; no target, no files."""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from framework import project
from framework.diagnostics import Diagnostic, PipelineError, suggest, visible
from framework.printing import SCHEMA_VERSION, as_json, coloured, counted, print_diagnostics, table
from framework.unit_tests.collecting import NOTHING_TO_TEST, Collection, Tested, collect, is_unit_tests, shown
from framework.unit_tests.comparing import Comparison, Difference
from framework.unit_tests.drafting import NOT_DRAFTED, draft, passing
from framework.unit_tests.proving import UNKNOWN_STAGE
from framework.unit_tests.running import Outcome, bench
from framework.unit_tests.writing import lines, name_of, write
from framework.unit_tests.written import row, written
from framework.yaml_source import read

_PASSED, _FAILED, _INVALID = 0, 1, 2
_WIDTH = 120


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a pipeline, a file of tests, or a folder of them; by default `pipelines` and `tests` of the project",
    )
    parser.add_argument(
        "--only", action="extend", nargs="+", default=[], metavar="TEST", help="only the tests of these names"
    )
    parser.add_argument(
        "--new", metavar="STAGE", help="write a first test of a stage of the pipeline PATH, with made values"
    )
    parser.add_argument("--write", action="store_true", help="put the test into the pipeline's file, with --new")


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    if options.new is not None:
        return _new(here, options)
    if options.write:
        help = "write --new STAGE PIPELINE --write"
        raise PipelineError(Diagnostic(NOT_DRAFTED, "--write goes with --new", None, help))
    found, mistakes = collect(options.paths, here.root)
    wrong = [*mistakes]
    chosen = list(_chosen(found, options.only, wrong))
    if wrong:
        print_diagnostics(wrong, options)
        return _INVALID
    begun = time.monotonic()
    outcomes: list[tuple[Tested, Outcome]] = []
    with bench() as place:
        for tested in chosen:
            for case in tested.cases:
                try:
                    outcomes.append((tested, place.run(case, tested.plan)))
                except PipelineError as error:
                    wrong += error.diagnostics
    if wrong:
        print_diagnostics(wrong, options)
        return _INVALID
    seconds = time.monotonic() - begun
    if options.output == "json":
        print(as_json(_as_dict(outcomes, seconds)))
    else:
        print("\n\n".join(_paragraphs([outcome for _, outcome in outcomes], seconds, options)))
    return _FAILED if any(outcome.status == "failed" for _, outcome in outcomes) else _PASSED


def _new(here: project.Project, options: argparse.Namespace) -> int:
    """Prints a first test of a stage, or puts it into the file. It is run before."""
    if len(options.paths) != 1:
        raise PipelineError(Diagnostic(NOT_DRAFTED, "--new takes one pipeline", None, "write --new STAGE PIPELINE"))
    path = options.paths[0]
    document = read(path, shown=shown(path))
    if is_unit_tests(document):
        message = f"{document.path} is no pipeline"
        raise PipelineError(Diagnostic(NOT_DRAFTED, message, None, "name the pipeline, and put what is printed there"))
    tested = Collection(here.root).add(document)
    plan = tested.plan
    stage = next((stage for stage in plan.stages if stage.name == options.new), None)
    if stage is None:
        help = suggest(options.new, [stage.name for stage in plan.stages])
        raise PipelineError(Diagnostic(UNKNOWN_STAGE, f"no stage `{options.new}` in {path}", None, help))
    name = name_of(stage.name, tested.pipeline.model.tests)
    with bench() as place:
        made = draft(stage, plan, place)
        body = lines(made, name)
        passing(body, name, plan, place)
    if options.write:
        write(document, path, name, body)
    said = f"{name} written into {shown(path)}" if options.write else "\n".join(["tests:", *(f"  {b}" for b in body)])
    if options.output == "json":
        told = {"pipeline": plan.name, "stage": stage.name, "name": name, "written": options.write}
        print(
            as_json({"schema_version": SCHEMA_VERSION, **told, "missed": made.missed, "yaml": "\n".join(body) + "\n"})
        )
    else:
        print(said)
    return _PASSED


def _chosen(tested: Sequence[Tested], only: Sequence[str], wrong: list[Diagnostic]) -> Iterator[Tested]:
    """What is asked for; what is asked for and not there is a mistake."""
    known = {case.name for each in tested for case in each.cases}
    for name in dict.fromkeys(only):
        if name not in known:
            wrong.append(Diagnostic(NOTHING_TO_TEST, f"no unit test `{name}`", None, suggest(name, known)))
    if not known and not wrong:
        help = "write `tests` into a pipeline; `framework test --new STAGE PIPELINE` writes a first one"
        wrong.append(Diagnostic(NOTHING_TO_TEST, "there are no unit tests here", None, help))
    for each in tested:
        cases = tuple(case for case in each.cases if not only or case.name in only)
        if cases:
            yield Tested(each.pipeline, each.plan, cases)


def _as_dict(outcomes: Sequence[tuple[Tested, Outcome]], seconds: float) -> dict[str, Any]:
    failed = sum(outcome.status == "failed" for _, outcome in outcomes)
    return {
        "schema_version": SCHEMA_VERSION,
        "exit_code": _FAILED if failed else _PASSED,
        "seconds": round(seconds, 3),
        "passed": len(outcomes) - failed,
        "failed": failed,
        "tests": [_outcome_as_dict(tested, outcome) for tested, outcome in outcomes],
    }


def _outcome_as_dict(tested: Tested, outcome: Outcome) -> dict[str, Any]:
    at = outcome.case.at
    return {
        "name": outcome.case.name,
        "pipeline": tested.plan.name,
        "stage": outcome.case.stage,
        "description": outcome.case.description,
        "status": outcome.status,
        "seconds": outcome.seconds,
        "path": at.path,
        "line": at.line,
        "column": at.column,
        "message": outcome.stopped,
        "help": outcome.help,
        "buckets": outcome.buckets,
        "reasons": outcome.reasons,
        "comparisons": [
            {
                "what": comparison.what,
                "expected": comparison.expected,
                "found": comparison.found,
                "differences": [_difference_as_dict(comparison, d) for d in comparison.differences],
            }
            for comparison in outcome.comparisons
        ],
    }


def _difference_as_dict(comparison: Comparison, difference: Difference) -> dict[str, Any]:
    def named(values: Sequence[Any] | None) -> dict[str, Any] | None:
        return None if values is None else dict(zip(comparison.columns, values, strict=True))

    return {"kind": difference.kind, "expected": named(difference.expected), "found": named(difference.found)}


# -- as text


def _paragraphs(outcomes: Sequence[Outcome], seconds: float, options: argparse.Namespace) -> Iterator[str]:
    rows = [(visible(o.case.name), o.case.stage, o.status, f"{o.seconds:.2f}") for o in outcomes]
    yield table(("test", "stage", "result", "seconds"), rows, right=(3,))
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    for outcome in failed:
        yield "\n".join(_failure(outcome, coloured(options, sys.stdout)))
    parts = [(len(outcomes) - len(failed), "passed"), (len(failed), "failed")]
    yield f"{counted(len(outcomes), 'test')}: {', '.join(f'{n} {what}' for n, what in parts if n)} in {seconds:.2f} s"


def _failure(outcome: Outcome, colour: bool) -> Iterator[str]:
    at = outcome.case.at
    bold, reset = ("\x1b[1m", "\x1b[0m") if colour else ("", "")
    yield f"{bold}{visible(at.path)}:{at.line}:{at.column}:{reset} unit test `{visible(outcome.case.name)}` failed"
    if outcome.case.description:
        yield f"  {visible(outcome.case.description)}"
    if outcome.stopped is not None:
        yield f"  {visible(outcome.stopped)}"
        if outcome.help:
            yield f"  help: {visible(outcome.help)}"
    for comparison in outcome.comparisons:
        if comparison.differences:
            what = "rows that come out" if comparison.what == "rows" else "rows held back"
            yield f"  {what}: {comparison.expected:,} expected, {comparison.found:,} found"
            yield from (f"    {line}".rstrip() for line in _diff(comparison))
    if outcome.buckets is not None and set(outcome.buckets) != {"out"}:
        ended = ", ".join(f"{n:,} {bucket}" for bucket, n in sorted(outcome.buckets.items()))
        yield f"  where the rows ended: {ended or 'there were none'}"
    if outcome.reasons:
        yield f"  held back for: {', '.join(f'{visible(name)} ({n:,})' for name, n in sorted(outcome.reasons.items()))}"


def _diff(comparison: Comparison) -> Iterator[str]:
    """A table of the rows, or where that would be too wide, a line for each."""
    cells = [[_cell(d, i) for i in range(len(comparison.columns))] for d in comparison.differences]
    headers = ("row", *(visible(name) for name in comparison.columns))
    text = table(headers, [(d.kind, *line) for d, line in zip(comparison.differences, cells, strict=True)])
    if max(map(len, text.splitlines())) <= _WIDTH:
        yield from text.splitlines()
        return
    for difference in comparison.differences:
        values = difference.found if difference.expected is None else difference.expected
        assert values is not None
        yield f"{difference.kind} {visible(row(dict(zip(comparison.columns, values, strict=True))))}"
        if difference.kind == "differs":
            yield from (f"  {line}" for line in _changed(comparison.columns, difference))


def _changed(columns: Iterable[str], difference: Difference) -> Iterator[str]:
    for index, name in enumerate(columns):
        if index in difference.unlike:
            yield f"{visible(name)}: {_cell(difference, index)}"


def _cell(difference: Difference, index: int) -> str:
    if difference.kind != "differs":
        values = difference.found if difference.expected is None else difference.expected
        assert values is not None
        return visible(written(values[index]))
    assert difference.expected is not None
    assert difference.found is not None
    found = visible(written(difference.found[index]))
    return f"{found}, not {visible(written(difference.expected[index]))}" if index in difference.unlike else found
