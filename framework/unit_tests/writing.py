"""A first test as YAML, and that put into the pipeline's file."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from framework.diagnostics import Diagnostic, PipelineError
from framework.unit_tests.drafting import NOT_DRAFTED, Draft
from framework.unit_tests.written import entries, written
from framework.yaml_source import Document, parse
from framework.yaml_source.insertion import NoPlace, entered
from framework.yaml_source.spelling import spelt
from framework.yaml_source.writing import Changed, rewrite

SECTION = "tests"
_WIDTH = 120
_INDENT = 2  # of a test below `tests`
_BOM = b"\xef\xbb\xbf"


def name_of(stage: str, taken: Collection[str]) -> str:
    """A name for a first test that no other has."""
    names = {name.lower() for name in taken}
    name, number = f"first_test_of_{stage}", 2
    while name.lower() in names:
        name, number = f"first_test_of_{stage}_{number}", number + 1
    return name


def lines(draft: Draft, name: str) -> list[str]:
    """The test as lines of YAML, the name first and without indentation."""
    return [f"{spelt(name)}:", *(f"  {line}" for line in _body(draft))]


def _body(draft: Draft) -> Iterator[str]:
    yield f"stage: {spelt(draft.stage)}"
    yield from (f"# no row reaches: {label}" for label in draft.missed)
    if draft.as_of is not None:
        yield f"as_of: {written(draft.as_of)}"
    if draft.vars:
        yield f"vars: {written(draft.vars)}"
    if draft.given:
        yield "given:"
    for name, rows in draft.given.items():
        yield f"  {spelt(name)}:"
        yield from _listed(rows, 4)
    if not draft.held:
        yield "expect:" if draft.expected else "expect: []"
        yield from _listed(draft.expected, 2)
        return
    yield "expect:"
    for key, rows in (("rows", draft.expected), ("quarantined", draft.held)):
        yield f"  {key}:" if rows else f"  {key}: []"
        yield from _listed(rows, 4)


def _listed(rows: Iterable[Mapping[str, Any]], indent: int) -> Iterator[str]:
    """A row on a line, or on as many as it needs."""
    before = " " * indent + "- {"
    for row in rows:
        parts, line = list(entries(row)), before
        for index, part in enumerate(parts):
            end = "}" if index == len(parts) - 1 else ","
            if len(line) + len(part) + len(end) + 4 > _WIDTH - _INDENT and line.strip():
                yield line.rstrip()
                line = " " * (indent + 3)
            line += part + end + ("" if end == "}" else " ")
        yield line if parts else f"{line}}}"


def write(document: Document, path: Path, name: str, body: Sequence[str]) -> None:
    """Writes a test into a pipeline's file; all else stays byte for byte. Raises PipelineError where it cannot take the
    test as it is meant; then it is as it was."""
    own = parse("\n".join(body), document.path).data
    wanted = {**document.data, SECTION: {**(document.data.get(SECTION) or {}), **own}}
    try:
        before = path.read_bytes()
        start = _BOM if before.startswith(_BOM) else b""
        text = entered(before.removeprefix(_BOM).decode(), SECTION, name, body)
        if parse(text, document.path).data != wanted:
            raise PipelineError(_refused(document, "`tests` would mean something else there"))
        rewrite(path, before, start + text.encode())
    except NoPlace:
        raise PipelineError(_refused(document, "`tests` is written in braces, or as nothing")) from None
    except Changed:
        raise PipelineError(_refused(document, "it was changed while the test was made")) from None
    except OSError as error:
        raise PipelineError(_refused(document, error.strerror or type(error).__name__)) from None


def _refused(document: Document, why: str) -> Diagnostic:
    message = f"the test cannot be written into `{document.path}`: {why}"
    return Diagnostic(NOT_DRAFTED, message, None, "leave --write out, and put what is printed into the file")
