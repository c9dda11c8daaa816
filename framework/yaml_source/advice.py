"""What the parser refuses, in words that say how it is mended."""

from __future__ import annotations

import re
from typing import Final

import yaml

from framework.diagnostics import Diagnostic, Source
from framework.yaml_source.codes import F002, F003

_QUOTED: Final = r"""(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")"""
_AFTER_QUOTED: Final = re.compile(rf"""(?:^|[:,\[{{-])[ \t]*{_QUOTED}[ \t]*[^\s,\]}}:#]?$""")


def syntax_error(error: yaml.MarkedYAMLError, source: Source) -> Diagnostic:
    text = source.text
    mark = error.problem_mark or error.context_mark
    at: int = mark.index if mark else 0
    begun: int = error.context_mark.index if error.context_mark else at
    if text.startswith("\t", at):
        place = source.location(at)
        return Diagnostic(F003, "a tab is no indentation", place, "indent with spaces")
    # An error at the very end is one of whatever was never closed.
    place = source.location(begun if at >= len(text.rstrip()) else at)
    context = f" {error.context}" if error.context else ""
    if context and source.location(begun).line != place.line:
        context += f" that begins on line {source.location(begun).line}"
    return Diagnostic(F002, f"{error.problem}{context}", place, _advice(error, text, at, begun))


def _advice(error: yaml.MarkedYAMLError, text: str, at: int, begun: int) -> str | None:
    """What to do about a syntax error, as far as the text around it tells; nearly always: quote."""
    problem, context = error.problem or "", error.context or ""
    before = text[max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1 : at]
    inside = re.sub(_QUOTED, "", text[begun:at]) if "flow" in context else ""
    first = before[-1:] if "alias" in context else text[at : at + 1]
    mapped = "mapping values" in problem
    rules = (
        (
            inside.count("(") > inside.count(")"),
            "an expression with a comma inside {} or [] must be quoted",
        ),
        (
            _AFTER_QUOTED.search(before),
            "an expression that begins with a quote must be quoted as a whole: \"'a' || b\"",
        ),
        (re.search(r"\s#", inside), "text that holds ` #` must be quoted: YAML begins a comment there"),
        ("flow" in context and re.match(r":\w", text[at:]), "text that begins with `:` must be quoted inside {} or []"),
        (inside, "quote text that holds a comma, a bracket or `: `, and close every bracket"),
        (
            mapped and re.search(r":[ \t]", re.sub(_QUOTED, "", before)),
            "text that holds `: ` must be quoted",
        ),
        (mapped, "indent the keys of one mapping alike, and nest nothing below a key that has a value"),
        ("end of stream" in problem, "close the quote"),
        (
            "escape" in problem,
            r"between double quotes a backslash is written \\, between single quotes it stands for itself",
        ),
        ("sequence entries" in problem, "begin the list on a line of its own"),
        ("unexpected ':'" in problem, "a blank follows the `:` of a key"),
        ("start any" in problem or "alias" in context, f"text that begins with `{first}` must be quoted"),
    )
    return next((help for holds, help in rules if holds), None)
