"""A value of the YAML as a column of a relation holds it."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from framework.clauses.variables import HOW_WRITTEN, fitted
from framework.expressions import types as t
from framework.expressions.typed import type_of_value


class Unfit(Exception):
    """The value is none of the column's type; `help` says how one is written."""

    def __init__(self, message: str, help: str | None) -> None:
        super().__init__(message)
        self.message, self.help = message, help


def typed(value: Any, wanted: t.Type) -> Any:
    """The value as one of the type, its worth unchanged. Raises Unfit."""
    if value is None:
        return None
    if wanted == t.JSON:
        return value if isinstance(value, str) else json.dumps(value, default=_plain)
    if isinstance(value, list | Mapping):
        raise Unfit("a single value is expected", None)
    if wanted in (t.UNKNOWN, t.NULL):
        return value
    found = fitted(value, wanted)
    if found is None:
        raise Unfit(*_why(value, wanted))
    return found


def as_text(value: Any, wanted: t.Type) -> str | None:
    """The value as a file of text holds it, which its reader converts; text stays what it is. Raises Unfit."""
    if isinstance(value, str):
        return value
    return None if value is None else _written(typed(value, wanted))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _why(value: Any, wanted: t.Type) -> tuple[str, str | None]:
    found = type_of_value(value)
    if found.name == wanted.name:
        return f"the value does not fit into {wanted} unchanged", "write it with the digits that the column has"
    if wanted == t.TIMESTAMP and found == t.STRING:
        return "the column is timestamp, and this text is no moment", HOW_WRITTEN[wanted.name]
    return f"the column is {wanted}, and this is {found}", HOW_WRITTEN.get(wanted.name)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")
