"""Contracts put into a pipeline: into its data, to see what its stages make of them, and into the text of its file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from framework.diagnostics import Code, Diagnostic, PipelineError
from framework.expressions.types import STRING, Type
from framework.inspection.holding import opened
from framework.inspection.report import SourceReport
from framework.load import of_document
from framework.resolve import resolve
from framework.yaml_source import Document, parse
from framework.yaml_source.insertion import Addition, NoPlace, inserted
from framework.yaml_source.spelling import spelt
from framework.yaml_source.writing import Changed, rewrite

NOT_WRITTEN = Code("F114", "columns that cannot be written into the pipeline's file")

Contract = Mapping[str, Type]
Contracts = Mapping[str, Contract]

_BEHIND = ("path", "table", "format", "csv", "key", "valid", "<<")
_FOR_NOW: Contract = {"column": STRING}
_BOM = b"\xef\xbb\xbf"


def without(document: Document) -> tuple[str, ...]:
    """The sources of files and tables that have no contract, in order."""
    sources = document.data.get("sources")
    return tuple(
        name
        for name, source in (sources.items() if isinstance(sources, dict) else ())
        if isinstance(source, dict) and source.get("columns") is None and not {"path", "table"}.isdisjoint(source)
    )


def for_now(document: Document) -> Document:
    """The document with a contract for each source that has none: some that are legal to look at need one to load."""
    return _given(document, dict.fromkeys(without(document), _FOR_NOW))


def _given(document: Document, contracts: Contracts) -> Document:
    """The document as if its sources had these contracts; every place is where it was."""
    if not contracts:
        return document
    sources = dict(document.data["sources"])
    for name, contract in contracts.items():
        sources[name] = {**sources[name], "columns": {n: str(t) for n, t in contract.items()}}
    return replace(document, data={**document.data, "sources": sources})


# -- what the stages make of it


def settled(document: Document, root: Path, reports: Mapping[str, SourceReport]) -> dict[str, SourceReport]:
    """The reports, with contracts proposed as the stages can take them.

    Nobody should have to write a stage anew for a proposal. All that a file of text holds can be read as text: a column
    that a stage reads as text (`parse_decimal(paid)`, `trim(npi)`) stays text. Where a stage needs a date of a column
    that holds a few other values too, it is a date: their rows are quarantined.
    """
    found: Contracts = _proposed(reports)
    wrong = mistakes(document, root, found) if found else ()
    for tried in _tried(reports, found, wrong):
        other = {name: {**contract, **tried.get(name, {})} for name, contract in found.items()}
        left = mistakes(document, root, other)
        if len(left) < len(wrong):
            found, wrong = other, left
    return {name: opened(r, r.sight, found[name]) if name in found and r.sight else r for name, r in reports.items()}


def _proposed(reports: Mapping[str, SourceReport]) -> dict[str, Contract]:
    return {name: report.proposed for name, report in reports.items() if report.proposed}


def _tried(reports: Mapping[str, SourceReport], found: Contracts, wrong: tuple[Diagnostic, ...]) -> Iterator[Contracts]:
    """What may mend it: another type for a column that is named where something is wrong, one by one, then together."""
    if not wrong:
        return
    said = {word.lower() for d in wrong for text in (d.message, _line(d)) for word in re.split(r"\W+", text)}
    others = [
        (name, column, type_)
        for name in found
        for column, type_ in _others(reports[name])
        if said.issuperset(re.split(r"\W+", column.lower()))
    ]
    for name, column, type_ in others:
        yield {name: {column: type_}}
    yield {name: {column: type_ for n, column, type_ in others if n == name} for name in found}


def _others(report: SourceReport) -> Iterator[tuple[str, Type]]:
    """The other type that a column can have: text, or where it is that for a few values alone, the type of most."""
    for name, type_ in (report.proposed or {}).items() if report.is_text else ():
        column = report.sight.column(name) if report.sight is not None else None
        other = STRING if type_ != STRING else column.mostly if column is not None else None
        if other is not None:
            yield name, other


def _line(diagnostic: Diagnostic) -> str:
    return diagnostic.location.text if diagnostic.location is not None else ""


def mistakes(document: Document, root: Path, contracts: Contracts) -> tuple[Diagnostic, ...]:
    """What is wrong with the pipeline once its sources have these contracts."""
    try:
        resolve(of_document(_given(document, contracts), root))
    except PipelineError as error:
        return error.diagnostics
    return ()


# -- into the file


def write(document: Document, path: Path, root: Path, reports: Mapping[str, SourceReport]) -> tuple[str, ...]:
    """Writes the contracts proposed under the sources that have none; all else stays byte for byte.

    Gives the names of the sources. Raises PipelineError where the pipeline would not validate with them, or its file
    cannot take them as they are meant; then it is as it was.
    """
    contracts = _proposed(reports)
    if not contracts:
        return ()
    wrong = mistakes(document, root, contracts)
    if wrong:
        raise PipelineError(*wrong)
    additions = [
        Addition(("sources", name), "columns", {n: str(t) for n, t in c.items()}, _BEHIND, _notes(reports[name]))
        for name, c in contracts.items()
    ]
    try:
        before = path.read_bytes()
        start = _BOM if before.startswith(_BOM) else b""
        text = inserted(before.removeprefix(_BOM).decode(), additions)
        if not _says(text, _given(document, contracts)):
            raise PipelineError(_otherwise(document, contracts))
        rewrite(path, before, start + text.encode())
    except NoPlace as error:
        raise PipelineError(_no_place(document, error.addition)) from None
    except Changed:
        message = f"`{document.path}` was changed while its sources were looked at"
        raise PipelineError(Diagnostic(NOT_WRITTEN, message, None, "run the command again")) from None
    except OSError as error:
        message = f"`{document.path}` cannot be written: {error.strerror or type(error).__name__}"
        raise PipelineError(Diagnostic(NOT_WRITTEN, message)) from None
    return tuple(contracts)


def _notes(report: SourceReport) -> list[str]:
    """What a reader of the file would miss."""
    return [f"{spelt(column.name)} is left out: {column.note}" for column in report.left_out]


def _says(text: str, wanted: Document) -> bool:
    """Whether a text says what a document does."""
    try:
        return _meant(parse(text, wanted.path).data) == _meant(wanted.data)
    except PipelineError:
        return False


def _meant(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the models read: top-level keys that begin with x- are a place for anchors."""
    return {key: value for key, value in data.items() if not key.startswith("x-")}


def _otherwise(document: Document, contracts: Contracts) -> Diagnostic:
    name = next(iter(contracts))
    message = f"columns written under {_listed(contracts)} would mean something else there, or elsewhere in the file"
    help = "text that is shared through an anchor or `<<` is the cause as a rule: write `columns` by hand"
    return Diagnostic(NOT_WRITTEN, message, document.locate(("sources", name), key=True), help)


def _no_place(document: Document, addition: Addition) -> Diagnostic:
    message = f"columns cannot be written under `{addition.path[-1]}`, as it stands there"
    help = "take an empty `columns` out, or write the columns by hand"
    return Diagnostic(NOT_WRITTEN, message, document.locate(addition.path, key=True), help)


def _listed(names: Contracts) -> str:
    return ", ".join(f"`{name}`" for name in names)
