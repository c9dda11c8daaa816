"""Every function gives the value of the table on every warehouse, from literals and from columns."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import Opened

from conformance import table
from conformance.table import Row
from framework.dependencies.rows import strict
from framework.expressions.catalogue import functions
from framework.expressions.tree import Call, Expression, Literal, references
from framework.expressions.typed import Scope
from framework.expressions.types import BOOLEAN, NULL, UNKNOWN, Type

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


STRICT = sorted(name for name, function in functions().items() if strict(function))


@pytest.mark.parametrize("function", STRICT)
def test_a_strict_function_of_a_null_is_null(opened: Opened, function: str) -> None:
    """The proofs take it that a column holds a value where a strict function of it does."""
    tried = 0
    for row in SCALARS[function]:
        e = table.expression(row.text, NOWHERE)
        if row.expected == table.REFUSED or not isinstance(e, Call) or e.function.name != function:
            continue
        for place, arg in enumerate(e.args[:1] if function == "in" else e.args):
            if arg.type in (NULL, UNKNOWN):
                continue
            args = (*e.args[:place], Literal(arg.type, True, None), *e.args[place + 1 :])
            given, literals = table.with_columns(replace(e, args=args, nullable=True), f"s{tried}")
            if not any(value.value is None for value in literals.values()):
                continue  # the warehouse takes a literal alone there
            tried += 1
            name = f"strict_{next(_NUMBERS)}"
            table.create(opened, name, list(literals), [table.constants(literals.values(), opened)])
            relation = sa.table(name, *(sa.column(c) for c in literals))
            select = sa.select(table.element(table.tolerant(given), relation, opened)).select_from(relation)
            assert table.computed(opened, select) == [(None,)], (row.text, place)
        if tried >= 20:
            break
    assert tried, "no row to try it with"


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


def _stands(opened: Opened, element: Any, source: Any) -> str:
    """The type of the column that a table made of an element has."""
    name = f"typed_{next(_NUMBERS)}"
    select = sa.select(element.label("v"))
    text = (select if source is None else select.select_from(source)).compile(
        dialect=opened.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    with opened.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {name} AS {text}")
        schema = str(connection.exec_driver_sql("SELECT current_schema()").scalar_one())
        return opened.warehouse.columns(connection, schema, name)["v"]


# Of columns: a decimal that passes through a function must not lose its digits.
_PASSED = """
nullif(amount, 1.00), coalesce(amount, amount), greatest(amount, amount), least(amount, 1.00), abs(amount), -(amount)
case when flag then amount end, case when flag then amount else 0 end, if(flag, amount, amount), round(amount, 1)
lag(amount) over (order by id), lead(amount, 2) over (order by id), first_value(amount) over (order by id)
last_value(amount) over (order by id), min(amount) over (), max(amount) over (partition by grp), amount * 2
sum(amount) over (order by id), amount + amount, floor(amount), cast(amount as decimal(20,4)), any_value(amount) over ()
coalesce(lag(amount) over (order by id), amount), case when flag then max(amount) over () end, 1.50, -12.5
"""


def _cases(inside: Scope) -> Iterator[tuple[str, Expression]]:
    """One expression for each function and type of result."""
    seen = set()
    for rows, scope in ((AGGREGATES, Scope({}, "the table", aggregated=inside)), (WINDOWS, inside), (SCALARS, NOWHERE)):
        for row in (row for listed in rows.values() for row in listed):
            if row.expected == table.REFUSED or "current_date" in row.text or "now()" in row.text:
                continue
            e = table.tolerant(table.expression(row.text, scope))
            if (row.function, scope is NOWHERE, e.type) not in seen and not table.has_typed_null(e):
                seen.add((row.function, scope is NOWHERE, e.type))
                yield row.text, e
    for text in re.split(r", (?![^(]*\))|\n", _PASSED.strip()):
        yield text, table.expression(text, inside)
    for text in (
        "arg_max(amount, n)",
        "arg_min(amount, id)",
        "any_value(amount)",
        "max(abs(amount))",
        "sum(amount) / 2",
    ):
        yield text, table.expression(text, Scope({}, "the table", aggregated=inside))


def test_a_table_has_the_types_of_the_plan(opened: Opened, scope: dict[str, Expression]) -> None:
    """A decimal keeps its digits: an aggregate of Postgres forgets them, unless it is told."""
    relation = sa.table("measured", *(sa.column(c) for c in _COLUMNS))
    wanted: dict[Type, str] = {}
    wrong = []
    for text, e in _cases(Scope(scope, "the table")):
        if e.type in (NULL, UNKNOWN):
            continue
        source = relation if references(e) else None
        found = _stands(opened, table.element(e, relation, opened), source)
        if e.type not in wanted:
            wanted[e.type] = _stands(opened, table.constants([Literal(e.type, True, None)], opened)[0], None)
        if found != wanted[e.type]:
            wrong.append(f"{text}: {found}, and {e.type} is {wanted[e.type]}")
    assert not wrong, "\n".join(wrong)
