"""A calculation that is out of range is refused in words that fit what happened, and that show no value."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import OPENERS, Opened, each_warehouse

from conformance import table
from framework.expressions.typed import Scope
from framework.warehouse import Refusal
from framework.warehouses import _overflows
from framework.warehouses.postgres import Postgres

NOWHERE = Scope({}, "the test")
NINES = "9" * 36 + ".99"
_NUMBERS = count()


# The errors of the stand-in for Snowflake are not an account's.
@pytest.fixture(params=[param for param in each_warehouse() if param.values != ("snowflake",)])
def warehouse(request: pytest.FixtureRequest) -> Iterator[Opened]:
    with OPENERS[request.param](request) as opened:
        yield opened


def refused(opened: Opened, text: str) -> Refusal:
    """What a user is told of an expression whose values come from columns."""
    e = table.expression(text, NOWHERE)
    given, literals = table.with_columns(table.tolerant(e), "c")
    name = f"given_{next(_NUMBERS)}"
    table.create(opened, name, list(literals), [table.constants(literals.values(), opened)])
    relation = sa.table(name, *(sa.column(c) for c in literals))
    select = sa.select(table.element(given, relation, opened)).select_from(relation)
    found = table.computed(opened, select)[0][0]
    assert isinstance(found, sa.exc.DBAPIError), found
    assert isinstance(found.orig, Exception)
    return opened.warehouse.refusal(found.orig)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("9223372036854775807 + 1", _overflows.INTEGER),
        ("9223372036854775807 * 2", _overflows.INTEGER),
        ("-9223372036854775807 - 9223372036854775807", _overflows.INTEGER),
        ("-(-9223372036854775807 - 1)", _overflows.INTEGER),
        ("abs(-9223372036854775807 - 1)", _overflows.INTEGER),
        ("cast(99999999999999999999.5 as integer)", _overflows.INTEGER),
        (f"cast('{NINES}' as decimal(38,2)) + cast('{NINES}' as decimal(38,2))", _overflows.DECIMAL),
        (f"cast('{NINES}' as decimal(38,2)) * cast('{NINES}' as decimal(38,2))", _overflows.DECIMAL),
        ("cast(123456.78 as decimal(5,2))", _overflows.DECIMAL),
        ("cast(123456 as decimal(5,2))", _overflows.DECIMAL),
        ("make_date(2023, 2, 29)", _overflows.DATE),
        ("date_add(date '2024-02-29', 2000000, 'year')", _overflows.DATE),
        ("make_date(99999999999, 1, 1)", _overflows.DATE),
        ("length(lpad('a', 99999999999))", _overflows.ARGUMENT),
    ],
)
def test_what_was_out_of_range_is_said(warehouse: Opened, text: str, refusal: Refusal) -> None:
    assert refused(warehouse, text) == refusal
    assert refusal.help


@pytest.mark.parametrize("text", ["cast('1e308' as double) * 10", "exp(cast('1000' as double))"])
def test_a_double_on_postgres(postgres_database: str, text: str) -> None:
    warehouse = Postgres()
    engine = warehouse.connect({"url": postgres_database}, Path())
    try:
        assert refused(Opened(warehouse, engine), text) == _overflows.DOUBLE
    finally:
        engine.dispose()
