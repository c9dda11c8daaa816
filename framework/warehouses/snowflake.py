"""Snowflake: pipelines compile for it; runs are not part of this version yet."""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from framework.ddl import RenameTable
from framework.expressions.lowering import Lowering, Template
from framework.expressions.tree import Call, Literal, Reference
from framework.expressions.types import Type, as_decimal
from framework.warehouse import Files, Refusal, Unreachable, Warehouse

_BLANKS = r"' \t\n\r\f'"
_TEXT = f"TRIM({{0}}, {_BLANKS})"
_INTEGER = r"\s*[+-]?[0-9]+\s*"
_DOUBLE = r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
_DATE = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*"
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_ZONE = r"[+-][0-9]{2}(:?[0-9]{2})?"
_LOW, _HIGH = "-9223372036854775808", "9223372036854775807"


def _quoted(text: str) -> str:
    """A text literal: a backslash in quotes is an escape."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _pattern(regex: str) -> str:
    """A pattern as a literal. {4} is a place of a template; a pattern says the same with {4,4}."""
    return _quoted(re.sub(r"\{(\d+)\}", r"{\1,\1}", regex))


def _shaped(regex: str, value: str, flags: str = "") -> str:
    """The value where the whole text fits: REGEXP_LIKE is anchored at both ends.

    docs.snowflake.com/en/sql-reference/functions/regexp
    """
    more = f", '{flags}'" if flags else ""
    return f"CASE WHEN REGEXP_LIKE({{0}}, {_pattern(regex)}{more}) THEN {value} END"


# -- conversions of text


def _fitting(value: str, low: str = _LOW, high: str = _HIGH) -> str:
    """A whole number, or null beyond 64 bits: BIGINT is another name of NUMBER(38, 0)."""
    return f"CASE WHEN {value} BETWEEN {low} AND {high} THEN {value} END"


def _read_decimal(c: Call) -> str:
    fraction = f"(\\.[0-9]{{0,{c.type.scale}}})?" if c.type.scale else ""
    return _shaped(rf"\s*[+-]?[0-9]+{fraction}\s*", f"TRY_TO_NUMBER({_TEXT}, {{p}}, {{s}})")


def _read_timestamp(c: Call) -> str:
    """Each shape by its own format; what AUTO takes is wider, and a parameter of the session."""
    clocks = {
        "": "",
        "[T ][0-9]{2}:[0-9]{2}": "HH24:MI",
        "[T ][0-9]{2}:[0-9]{2}:[0-9]{2}": "HH24:MI:SS",
        r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,6}": "HH24:MI:SS.FF",
    }
    text = f"REPLACE({_TEXT}, 'T', ' ')"
    whole = rf"\s*[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([T ]{_CLOCK}(Z|{_ZONE})?)?\s*"
    wall = f"REGEXP_REPLACE({text}, {_pattern(f'(Z|(:[0-9.]+){_ZONE})$')}, {_quoted(chr(92) + '2')})"
    branches = " ".join(
        f"WHEN REGEXP_LIKE({wall}, {_pattern('[0-9]{4}-[0-9]{2}-[0-9]{2}' + shape)}) "
        f"THEN TRY_TO_TIMESTAMP_NTZ({wall}, '{f'YYYY-MM-DD {clock}'.strip()}')"
        for shape, clock in clocks.items()
    )
    hours = _offset("[+-][0-9]{2}", f":?([0-9]{{2}})?\\s*$")
    return f"CASE WHEN REGEXP_LIKE({{0}}, {_pattern(whole)}) THEN {branches} {hours} END"


def _offset(*_: str) -> str:
    return ""
