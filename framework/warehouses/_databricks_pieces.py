"""Pieces of SQL that the templates of Databricks share."""

from framework.expressions.lowering import verbatim
from framework.expressions.tree import Call
from framework.warehouses import _places as places
from framework.warehouses._shapes import BLANKS

# What RAISE_ERROR says: texts of our own, by which a refusal is known again.
UNREADABLE, DOUBLE, DATE = "unreadable text", "a double is too large", "there is no such date"


def quoted(text: str) -> str:
    """A text literal: a backslash escapes, a doubled quote does not."""
    return verbatim("'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'")


def shaped(shape: str, value: str, *, any_case: bool = False) -> str:
    """The value where the text has the shape and nothing else, blanks around left aside; one of Java's own would
    be more than those, and its `$` stands before the end of a line as well."""
    pattern = f"{'(?i)' if any_case else ''}^[{BLANKS}]*({shape})[{BLANKS}]*\\z"
    return f"CASE WHEN {{0}} RLIKE {quoted(pattern)} THEN {value} END"


def refused(message: str, when: str, value: str) -> str:
    """The value, and an error where the condition is true of it."""
    return f"CASE WHEN {when} THEN RAISE_ERROR('{message}') ELSE {value} END"


def integer(c: Call, index: int) -> str:
    """An argument that must be an INT; one that is none is refused."""
    return f"{{{index}}}" if places.whole(c, index) is not None else f"CAST({{{index}}} AS INT)"


def count(c: Call, index: int, *, least: int | None = -(2**31 - 1)) -> str:
    """A number of characters or rows, or a position, as an INT; those beyond it come to the same as the last."""
    found = places.count(c, index, least=least)
    return found if places.whole(c, index) is not None else f"CAST({found} AS INT)"


FINITE = refused(DOUBLE, "NOT ABS({0}) < CAST('Infinity' AS DOUBLE)", "{0}")
