"""What DuckDB's errors of a calculation mean to a user: by known words, for the rest can be values of cells."""

import re

from framework.warehouse import Refusal
from framework.warehouses import _overflows
from framework.warehouses._duckdb_numbers import TOO_LARGE

_KINDS = ("Out of Range Error", "Conversion Error", "out of range for the destination type")
# Values in quotes, and the column that was cast, whose name may be any word.
_NOT_OURS = re.compile(r"\"[^\"]*\"|'[^']*'|when casting from source column .*", re.DOTALL)
# In this order: a cast names the type that it comes from before the one that it goes to.
_MEANINGS = (
    (re.compile(r"substring|create a string of size", re.IGNORECASE), _overflows.ARGUMENT),
    (
        re.compile(r"out of range for the destination type U?INT(8|16|32)\b|to type U?INT(8|16|32)\b"),
        _overflows.ARGUMENT,
    ),
    (re.compile(r"\b(date|timestamp|interval)\b", re.IGNORECASE), _overflows.DATE),
    (re.compile(r"(destination type|to type|to) (U?INT64|U?HUGEINT|U?INT128)\b"), _overflows.INTEGER),
    (re.compile(r"DECIMAL|HUGEINT|INT128"), _overflows.DECIMAL),
    (re.compile(r"DOUBLE|FLOAT"), _overflows.DOUBLE),
    (re.compile(r"INT64|of numeric value|on abs\("), _overflows.INTEGER),
)


def overflow(message: str) -> Refusal | None:
    """What was out of range; None for an error of another kind."""
    if TOO_LARGE in message:
        return _overflows.DOUBLE
    if not any(kind in message for kind in _KINDS):
        return None
    words = _NOT_OURS.sub("", message.partition("\n")[0])
    if "convert string" in words:
        return None
    return next((refusal for pattern, refusal in _MEANINGS if pattern.search(words)), None)
