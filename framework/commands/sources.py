"""The real columns and types of a pipeline's sources, beside their contracts; --write fills in those that have none."""

import argparse
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from framework import project
from framework.diagnostics import Diagnostic, PipelineError, suggest, visible
from framework.inspection import contracts
from framework.inspection.looking import look
from framework.inspection.report import ColumnReport, SourceReport
from framework.load import of_document
from framework.model import SourceModel
from framework.printing import SCHEMA_VERSION, Progress, as_json, print_diagnostics, table
from framework.selection import WRONG_SELECTION
from framework.yaml_source import read

_DONE, _FAILED, _INVALID, _REFUSED = 0, 1, 2, 4


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the pipeline's file")
    parser.add_argument(
        "--write", action="store_true", help="write columns under the sources that have none, and change nothing else"
    )
    parser.add_argument("--target", help="a target of framework.yaml, for tables; the default one otherwise")
    parser.add_argument(
        "--source", action="extend", nargs="+", default=[], metavar="NAME", help="only these sources; repeatable"
    )


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    document = read(options.pipeline, shown=str(options.pipeline))
    pipeline = of_document(contracts.for_now(document), here.root)
    wanted = _wanted(pipeline.model.sources, options.source)
    with Progress(len(wanted), options) as progress:
        seen = look(wanted, contracts.without(document), here, options.target, progress)
    found = contracts.settled(document, here.root, seen)
    written: tuple[str, ...] = ()
    wrong: tuple[Diagnostic, ...] = ()
    if options.write:
        try:
            written = contracts.write(document, options.pipeline, here.root, found)
        except PipelineError as error:
            wrong = error.diagnostics
    reports = tuple(found.values())
    if options.output == "json":
        print(as_json(_as_dict(pipeline.model.pipeline, reports, written, wrong)))
    else:
        print("\n\n".join([*map(_paragraph, reports), _closing(reports, written, options)]))
        if wrong:
            print_diagnostics(wrong, options)
    return _exit_code(reports, wrong)


def _wanted(sources: Mapping[str, SourceModel], names: Sequence[str]) -> dict[str, SourceModel]:
    """The sources of files and tables that are asked for. Raises PipelineError for names that are none."""
    known = {name: model for name, model in sources.items() if model.path is not None or model.table is not None}
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    if unknown:
        raise PipelineError(*(_not_looked_at(name, sources, known) for name in unknown))
    return {name: model for name, model in known.items() if not names or name in names}


def _not_looked_at(name: str, sources: Mapping[str, SourceModel], known: Collection[str]) -> Diagnostic:
    if name not in sources:
        return Diagnostic(WRONG_SELECTION, f"no source `{name}`", None, suggest(name, known))
    message = f"`{name}` is a stage of {sources[name].pipeline}: its columns follow from that file"
    return Diagnostic(WRONG_SELECTION, message, None, "name a source of files or of a table")


def _exit_code(reports: Iterable[SourceReport], wrong: Sequence[Diagnostic]) -> int:
    if wrong:
        return _INVALID
    if any(report.status == "refused" for report in reports):
        return _REFUSED
    return _FAILED if any(report.status == "broken" for report in reports) else _DONE


def _as_dict(
    pipeline: str, reports: Iterable[SourceReport], written: Sequence[str], wrong: Iterable[Diagnostic]
) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "pipeline": pipeline,
        "sources": [_source_as_dict(report) for report in reports],
        "written": list(written),
        "diagnostics": [d.as_dict() for d in wrong],
    }


def _source_as_dict(report: SourceReport) -> dict[str, Any]:
    sight, problem = report.sight, report.problem
    return {
        "name": report.name,
        "place": report.place,
        "status": report.status,
        "files": None if sight is None else sight.files,
        "rows": None if sight is None else sight.rows,
        "malformed": None if sight is None else sight.malformed,
        "columns": [asdict(column) for column in report.columns],
        "broken": report.broken,
        "problem": None
        if problem is None
        else {"code": problem.code.id, "message": str(problem), "help": problem.help},
    }


# -- as text


def _paragraph(report: SourceReport) -> str:
    lines = [f"{report.name}: {', '.join([report.place, *_counted(report)])}"]
    if report.problem is not None:
        lines.append(f"  {report.problem.code.id} {report.problem}")
        lines += [f"  help: {report.problem.help}"] if report.problem.help else []
    else:
        words = ("column", "type", "state", "") if report.is_open else ("column", "contract", "found", "state", "")
        rows = [_row(column, report.is_open) for column in report.columns]
        lines.append(_indented(table(words, rows)))
    return "\n".join(lines)


def _row(column: ColumnReport, is_open: bool) -> tuple[str, ...]:
    beside = () if is_open else (column.declared or "",)
    return (visible(column.name), *beside, column.found or "", column.state, column.note)


def _counted(report: SourceReport) -> Iterator[str]:
    sight = report.sight
    if sight is not None and sight.files is not None:
        yield _count(sight.files, "file")
    if sight is not None and sight.rows is not None:
        yield _count(sight.rows, "row")
    if sight is not None and sight.malformed:
        yield _count(sight.malformed, "malformed line")
    if report.is_open:
        yield "no contract"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def _closing(reports: Sequence[SourceReport], written: Sequence[str], options: argparse.Namespace) -> str:
    said = {"same": "as the contract says", "open": "without a contract", "broken": "broken", "refused": "not seen"}
    counts = [(sum(r.status == status for r in reports), words) for status, words in said.items()]
    summed = f"{_count(len(reports), 'source')}: {', '.join(f'{n} {words}' for n, words in counts if n)}"
    lines = [summed if reports else "no source of files or tables"]
    lines += [f"a run would stop at `{r.name}`: {r.broken}" for r in reports if r.broken]
    is_open = any(report.is_open for report in reports)
    if written:
        lines.append(f"columns written to {options.pipeline}: {', '.join(written)}")
    elif options.write:
        lines.append(
            f"nothing written to {options.pipeline}" if is_open else "nothing to write: every source has columns"
        )
    elif any(report.proposed for report in reports):
        lines.append("--write puts the columns into the file")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
