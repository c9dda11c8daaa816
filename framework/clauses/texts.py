"""Checks of texts: how long they are, and what patterns are found in them."""

from framework.assertion import Place
from framework.clauses.values import IDLE, WRONG_COLUMN
from framework.draft import Draft
from framework.expressions.pattern import PatternProblem, read
from framework.expressions.tree import Expression
from framework.expressions.typed import BAD_PATTERN, Problem, call, literal
from framework.expressions.types import STRING, UNKNOWN

_LENGTHS = "only text has a length", ""
_PATTERNS = "a pattern fits text", "write an expression: regexp_matches(cast({} as string), '...')"


def length_of(draft: Draft, name: str, place: Place) -> tuple[Expression, Expression] | None:
    """A column of text, and how many characters it has."""
    column = _text(draft, name, place, *_LENGTHS)
    return None if column is None else (column, call("length", column))


def searched(draft: Draft, name: str, place: Place) -> Expression | None:
    """A column of text, in which patterns are looked for."""
    return _text(draft, name, place, *_PATTERNS)


def _text(draft: Draft, name: str, place: Place, what: str, help: str) -> Expression | None:
    column = draft.find(name, *place, "column")
    if column is None:
        return None
    if column.type in (STRING, UNKNOWN):
        return draft.reference(column.name)
    message = f"`{column.name}` is {column.type}, and {what}"
    draft.findings.error(WRONG_COLUMN, (*draft.place, *place, "column"), message, help.format(column.name) or None)
    return None


def fits(draft: Draft, column: Expression, pattern: str, place: Place) -> Expression | None:
    """Whether an RE2 pattern is found in the text; `place` leads to the pattern."""
    if not pattern:
        message, help = "an empty pattern is found in every text", "write what must be found, or leave the check out"
        draft.findings.error(IDLE, (*draft.place, *place), message, help)
        return None
    try:
        read(pattern)
    except PatternProblem as problem:
        found = Problem(BAD_PATTERN, problem.message, problem.span, problem.help)
        draft.findings.problem(found, (*draft.place, *place))
        return None
    fitting = call("regexp_matches", column, literal(pattern))
    draft.findings.note_call(fitting, (*draft.place, *place))
    return fitting
