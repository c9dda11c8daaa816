"""What a call takes as text written in the expression, held against its own syntax: patterns and formats."""

from typing import Any

from framework.expressions.pattern import PatternProblem, check_group, check_replacement, read
from framework.expressions.strftime import FormatProblem, check_readable, check_writable
from framework.expressions.syntax import Apply, Constant, Node, Span


def check_format(text: Constant, function: str) -> None:
    """Raises FormatProblem, with its place in the expression."""
    try:
        (check_writable if function == "format_date" else check_readable)(text.value)
    except FormatProblem as problem:
        raise FormatProblem(problem.message, _inside(text, problem.span), problem.help) from None


def check_pattern(node: Apply) -> None:
    """The pattern of a call, with its replacement or its group; what comes from a column is let pass.

    Raises PatternProblem, with its place in the expression.
    """
    pattern = _written(node.args[1], str)
    third = _written(node.args[2], str if node.name == "regexp_replace" else int) if len(node.args) > 2 else None
    if pattern is None:
        return
    at = pattern
    try:
        found = read(pattern.value)
        if third is not None:
            at = third
            (check_replacement if node.name == "regexp_replace" else check_group)(third.value, found)
    except PatternProblem as problem:
        raise PatternProblem(problem.message, _inside(at, problem.span), problem.help) from None


def _written(node: Node, kind: type[Any]) -> Constant | None:
    return node if isinstance(node, Constant) and isinstance(node.value, kind) else None


def _inside(text: Constant, span: Span) -> Span:
    """Where characters of a literal stand in the expression: behind its quote, and a quote in it is doubled."""
    if not isinstance(text.value, str):
        return text.span
    start, end = (text.span[0] + 1 + at + text.value[:at].count("'") for at in span)
    return start, max(end, start + 1)
