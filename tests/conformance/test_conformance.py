"""Every function gives the value of the table on every warehouse, from literals and from columns."""

from datetime import date
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import Opened

from conformance import table
from conformance.table import Row
from framework.expressions.catalogue import functions
from framework.expressions.tree import Expression
from framework.expressions.typed import Scope
from framework.expressions.types import BOOLEAN

SCALARS, AGGREGATES, WINDOWS = table.rows("scalars"), table.rows("aggregates"), table.rows("windows")
_NUMBERS = count()
NOWHERE = Scope({}, "the table")
_COLUMNS = {
    "id": "integer",
    "grp": "string",
    "n": "integer",
    "amount": "decimal(18,2)",
    "rate": "double",
    "word": "string",
    "flag": "boolean",
    "day": "date",
}
_VALUES: list[list[Any]] = [
    [1, "a", 3, "10.00", 1.5, "b", True, None],
    [2, "a", 1, "-2.50", None, "B", None, None],
    [3, "a", None, "0.05", 2.5, None, True, None],
    [4, "b", 7, None, -4.0, "é", False, None],
    [5, "b", 7, "99999999999999.99", 0.25, "z", True, None],
    [6, None, -2, "1.01", 8.0, "", None, None],
]


def _day(row: list[Any]) -> list[Any]:
    days = {1: date(2024, 2, 29), 2: date(2023, 12, 31), 5: date(2024, 1, 31), 6: date(2024, 1, 31)}
    return [*row[:-1], days.get(row[0])]


def _report(row: Row, e: Expression, found: Any, how: str) -> str | None:
    if table.agrees(found, row.expected, e.type):
        return None
    return f"{row.text} [{how}] => {found!r}, expected {row.expected!r} ({e.type})"


@pytest.mark.parametrize("function", sorted(SCALARS))
def test_scalars(opened: Opened, function: str) -> None:
    wrong = []
    for index, row in enumerate(SCALARS[function]):
        e = table.expression(row.text, NOWHERE)
        whole = e if row.expected == table.REFUSED else table.tolerant(e)
        if not table.has_typed_null(whole):  # a null literal is written without its type
            found = table.computed(opened, sa.select(table.element(whole, None, opened)))[0][0]
            wrong.append(_report(row, e, found, "literals"))
        given, literals = table.with_columns(whole, f"c{index}")
        if literals:
            name = f"given_{next(_NUMBERS)}"
            table.create(opened, name, list(literals), [table.constants(literals.values(), opened)])
            relation = sa.table(name, *(sa.column(c) for c in literals))
            select = sa.select(table.element(given, relation, opened)).select_from(relation)
            found = table.computed(opened, select)[0][0]
            wrong.append(_report(row, e, found, "columns"))
    assert not any(wrong), "\n".join(w for w in wrong if w)


@pytest.fixture(scope="module")
def scope(opened: Opened) -> dict[str, Expression]:
    return table.relation(_COLUMNS, [_day(row) for row in _VALUES], opened, "measured")


@pytest.mark.parametrize("function", sorted(AGGREGATES))
def test_aggregates(opened: Opened, scope: dict[str, Expression], function: str) -> None:
    wrong = []
    relation = sa.table("measured", *(sa.column(c) for c in _COLUMNS))
    inside = Scope(scope, "the table")
    for row in AGGREGATES[function]:
        e = table.expression(row.text, Scope({}, "the table", aggregated=inside))
        found = table.computed(opened, sa.select(table.element(e, relation, opened)).select_from(relation))[0][0]
        wrong.append(_report(row, e, found, "aggregate"))
    assert not any(wrong), "\n".join(w for w in wrong if w)


@pytest.mark.parametrize("function", sorted(WINDOWS))
def test_windows(opened: Opened, scope: dict[str, Expression], function: str) -> None:
    wrong: list[str | None] = []
    relation = sa.table("measured", *(sa.column(c) for c in _COLUMNS))
    for row in WINDOWS[function]:
        e = table.expression(row.text, Scope(scope, "the table"))
        select = sa.select(relation.c.id, table.element(e, relation, opened)).select_from(relation)
        found = sorted(table.computed(opened, select), key=lambda r: r[0] if len(r) > 1 else 0)
        if len(found) != len(row.expected):
            wrong.append(f"{row.text}: {found}")
            continue
        for (_, value), expected in zip(found, row.expected, strict=True):
            wrong.append(_report(Row(row.function, row.text, expected), e, value, "window"))
    assert not any(wrong), "\n".join(w for w in wrong if w)


def test_every_function_has_rows() -> None:
    assert functions().keys() - SCALARS.keys() - AGGREGATES.keys() - WINDOWS.keys() == set()


def test_no_rows_for_functions_that_are_not_there() -> None:
    assert (SCALARS.keys() | AGGREGATES.keys() | WINDOWS.keys()) - functions().keys() == set()


def test_examples_of_the_catalogue(opened: Opened) -> None:
    """Each reads, and one that says `expression = value` is true."""
    checked = 0
    for function in functions().values():
        if function.kind != "scalar":
            continue
        e = table.expression(function.example, NOWHERE)
        found = table.computed(opened, sa.select(table.element(table.tolerant(e), None, opened)))[0][0]
        assert not isinstance(found, Exception), f"{function.example}: {found}"
        if e.type == BOOLEAN:
            assert found is True, f"{function.example} is {found!r}"
            checked += 1
    assert checked > 80
