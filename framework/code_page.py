"""The page of a code: its explanation, with the messages that its bad example really gives."""

import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import chdir
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from framework.diagnostics import Code, Diagnostic, PipelineError, Severity, render
from framework.explanation import Example, explanation, plain
from framework.validation import validate

_WIDTH = 100  # columns of a terminal


@dataclass(frozen=True, slots=True)
class CodePage:
    """`meaning` may hold links of Markdown, as a page in `docs/reference/diagnostics` writes them.

    `found` is what validating the bad example gives; it is empty where there is no example.
    """

    code: Code
    severity: Severity
    meaning: str
    example: Example | None
    found: tuple[Diagnostic, ...]

    @property
    def messages(self) -> str:
        return "\n\n".join(map(render, self.found))


def code_page(code: Code) -> CodePage:
    """Raises FileNotFoundError for a code that has no explanation."""
    said = explanation(code.id)
    found = () if said.example is None else judged(said.example.bad)
    severity: Severity = next((d.severity for d in found if d.code is code), "error")
    return CodePage(code, severity, said.meaning, said.example, found)


def judged(files: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """What validating the last of these files gives, with the others beside it."""
    with tempfile.TemporaryDirectory(prefix="framework-") as folder, chdir(folder):
        for path, text in files.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="utf-8")
        try:
            return validate([Path(list(files)[-1])]).diagnostics
        except PipelineError as error:
            return error.diagnostics


# -- as Markdown


def as_markdown(page: CodePage) -> Iterator[str]:
    yield from (f"# {page.code.id}: {page.code.title}", "")
    yield from (f"Severity: {page.severity}.", "", page.meaning)
    if page.example is not None:
        yield from ("", "## Wrong", "", *_blocks(page.example.bad), "```text", page.messages, "```")
        yield from ("", "## Right", "", *_blocks(_otherwise(page.example)))


def _blocks(files: Mapping[str, str]) -> Iterator[str]:
    for path, text in files.items():
        yield from (f"`{path}`:", "", f"```yaml\n{text}```", "")


def _otherwise(example: Example) -> dict[str, str]:
    """The files of the good example that are not those of the bad one."""
    return {path: text for path, text in example.good.items() if text != example.bad.get(path)}


# -- for a terminal


def as_text(page: CodePage) -> str:
    meaning = textwrap.fill(plain(page.meaning), _WIDTH, break_long_words=False, break_on_hyphens=False)
    lines = [f"{page.code.id} ({page.severity}): {page.code.title}", "", meaning]
    if page.example is not None:
        bad, good = page.example.bad, page.example.good
        lines += ["", "wrong:", *_marked(bad, "-", good), "", page.messages]
        lines += ["", "right:", *_marked(_otherwise(page.example), "+", bad)]
    return "\n".join(lines)


def _marked(files: Mapping[str, str], sign: str, others: Mapping[str, str]) -> Iterator[str]:
    """Files with a sign before each line that the file of the same path does not have there."""
    for path, text in files.items():
        yield from ("", f"  {path}")
        shared = others.get(path, "").splitlines()
        for line in text.splitlines():
            yield f"  {' ' if line in shared else sign} {line}".rstrip()


def as_dict(page: CodePage) -> dict[str, Any]:
    return {
        "code": page.code.id,
        "title": page.code.title,
        "severity": page.severity,
        "meaning": plain(page.meaning),
        "example": None if page.example is None else asdict(page.example),
        "diagnostics": [diagnostic.as_dict() for diagnostic in page.found],
    }
