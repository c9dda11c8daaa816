"""Checks that stand below a column: the column is implied, so their arguments leave it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError


@dataclass(frozen=True, slots=True)
class Below:
    """An item of a column's checks, and the column that it means."""

    column: str
    item: Any


def below_columns(value: Any) -> Any:
    """The columns of a file, with the items of their checks told which column they stand below."""
    if not isinstance(value, Mapping):
        return value
    return {name: _told(name, body) for name, body in value.items()}


def _told(name: str, body: Any) -> Any:
    items = body.get("checks") if isinstance(body, Mapping) else None
    if not isinstance(items, list | tuple):
        return body
    return {**body, "checks": [Below(name, item) for item in items]}


def with_column(column: str, arguments: Any, only: str | None = None) -> Any:
    """Arguments with their column; what is no mapping stands for the argument `only`."""
    if isinstance(arguments, Mapping):
        if "column" in arguments:
            raise PydanticCustomError("column_given", "the check stands below its column; leave `column` out")
        return {"column": column, **arguments}
    if only is not None:
        return {"column": column, only: arguments}
    return {"column": column} if arguments is None else arguments


def column_alone(column: str, arguments: Any) -> Any:
    """The arguments of a check that needs nothing but the column."""
    if arguments is not None:
        raise PydanticCustomError("column_given", "below a column this check has no arguments; leave them out")
    return [column]
