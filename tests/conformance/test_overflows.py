"""A calculation that is out of range is refused in words that fit what happened, and that show no value."""

from itertools import count

import pytest
import sqlalchemy as sa
from conftest import Opened

from conformance import table
from framework.expressions.typed import Scope
from framework.warehouses import _overflows

NOWHERE = Scope({}, "the test")
NINES = "9" * 36 + ".99"
_NUMBERS = count()


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
        ("make_date(99999999999, 1, 1)", _overflows.ARGUMENT),
    ],
)
def test_what_was_out_of_range_is_said(warehouse: Opened, text: str, refusal: object) -> None:
    e = table.expression(text, NOWHERE)
    given, literals = table.with_columns(table.tolerant(e), "c")
    name = f"given_{next(_NUMBERS)}"
    table.create(warehouse, name, list(literals), [table.constants(literals.values(), warehouse)])
    relation = sa.table(name, *(sa.column(c) for c in literals))
    select = sa.select(table.element(given, relation, warehouse)).select_from(relation)
    found = table.computed(warehouse, select)[0][0]
    assert isinstance(found, sa.exc.DBAPIError), found
    assert warehouse.warehouse.refusal(found.orig) == refusal, str(found.orig)  # type: ignore[arg-type]
