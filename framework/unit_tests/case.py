"""A unit test whose names are found and whose values have the types of their columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from framework.diagnostics import Location
from framework.expressions.types import Type

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as the relation of a plan holds them: a value per column, as the driver takes it."""

    columns: Mapping[str, Type]
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A unit test of a plan. `computed` are the stages that run, in order, the one under test last.

    `given` has every relation that these read and that is not computed. `rows` and `quarantined` are what is expected,
    with the columns that are compared; None where nothing is. `bound` are the values of variables by the names under
    which they are bound. `key` are the columns by which a row is known; there is one row where they are none.
    """

    name: str
    stage: str
    at: Location
    computed: tuple[str, ...]
    given: Mapping[str, Table]
    rows: Table | None
    quarantined: Table | None
    moment: datetime
    bound: Mapping[str, Any]
    key: tuple[str, ...] | None = None
    description: str | None = None
