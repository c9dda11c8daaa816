"""Scalars by YAML 1.2's core schema, and ISO dates."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

CORE_TAG: Final = "tag:yaml.org,2002:"
_CONSTANTS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# The core schema would read `01` and `011` as numbers. Those are codes far more often (months, states,
# procedure codes), and as numbers they would lose their zero: a leading zero makes text.
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMERIC_START: Final = frozenset("+-.0123456789")
_MAX_DIGITS: Final = 1000  # beyond any column; arithmetic on a huge exponent would never end


def resolve(text: str) -> Any:
    """The value of an unquoted scalar; ValueError says why it can have none."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return _number_or_date(text) if text[0] in _NUMERIC_START else text


def _number_or_date(text: str) -> Any:
    if len(text) <= _MAX_DIGITS and _INT.fullmatch(text):
        return int(text)
    if len(text) <= _MAX_DIGITS and (_OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text)):
        return int(text, 0)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"`{text}` is not a finite number")
    if _FLOAT.fullmatch(text) or _INT.fullmatch(text):
        return _decimal(text)
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else text
    except ValueError:
        return text  # no day of the calendar


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = None
    if number is None or len(text) > _MAX_DIGITS or abs(number.adjusted()) > _MAX_DIGITS:
        raise ValueError(f"a number of more than {_MAX_DIGITS} digits is not supported")
    return number


def tagged(tag: str, text: str) -> Any:
    """The value of a scalar with an explicit tag."""
    if tag in ("!", f"{CORE_TAG}str"):
        return text
    value = resolve(text)
    if tag == f"{CORE_TAG}float" and type(value) is int:
        return Decimal(value)
    types = {"int": int, "float": Decimal, "bool": bool, "null": type(None)}
    expected = types.get(tag.removeprefix(CORE_TAG))
    if expected is None or not tag.startswith(CORE_TAG):
        raise ValueError(f"the tag `{short_tag(tag)}` is not supported")
    if type(value) is not expected:
        raise ValueError(f"`{text}` is not a value of `{short_tag(tag)}`")
    return value


def short_tag(tag: str) -> str:
    return f"!!{tag.removeprefix(CORE_TAG)}" if tag.startswith(CORE_TAG) else tag
