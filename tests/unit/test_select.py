"""What a whole select may hold: what is not made of its rows is the run's clock, or is refused."""

import duckdb
import pytest

from framework.expressions.select import clock, tables, unrepeatable


def moving() -> list[str]:
    """The functions of DuckDB that, by its own word, need not give the same for the same arguments."""
    asked = (
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT' AND"
        " function_type = 'scalar' ORDER BY ALL"
    )
    with duckdb.connect() as connection:
        return [name for (name,) in connection.execute(asked).fetchall()]


@pytest.mark.parametrize("name", [name for name in moving() if name != "error"])
def test_nothing_that_moves_is_left_to_the_warehouse(name: str) -> None:
    text = f"select {name}() as x from a"
    refused = [problem for problem in unrepeatable(text) if f"`{name}`" in problem.message]
    assert bool(clock(text)) != bool(refused)


def test_an_error_of_the_author_is_his_own() -> None:
    """It ends the run, and gives no value."""
    text = "select case when n < 0 then error('below zero') end as x from a"
    assert "error" in moving()
    assert not unrepeatable(text)
    assert not clock(text)


CLOCKS = {
    "current_date": {"current_date"},
    "CURRENT_TIMESTAMP": {"now"},
    "now() - interval 1 day": {"now"},
    "age(day)": {"current_date"},
    "ago(interval 1 day)": {"now"},
    "(select max(day) from b where day < today())": {"current_date"},
    "case when current_date > day then now() end": {"now", "current_date"},
    "age(day, other)": set(),
    "a.now": set(),
    '"current_date"': set(),
    "'now()'": set(),
}


@pytest.mark.parametrize("written", CLOCKS)
def test_what_asks_for_the_clock(written: str) -> None:
    text = f"select {written} as x from a"
    assert clock(text) == CLOCKS[written]
    assert not unrepeatable(text)


NAMED = (
    ("with lines as (select * from lines where paid > 0) select * from lines", ["lines"]),
    (
        "with a as (select * from lines), b as (select * from a) select * from b cross join members",
        ["members", "lines"],
    ),
    ("with recursive r as (select 1 as n union all select n + 1 from r where n < 3) select * from r, lines", ["lines"]),
    ("select * from (with lines as (select 1 as x) select * from lines) q cross join lines", ["lines"]),
    ("with a as (select * from b), b as (select * from x) select * from b, a", ["b", "x"]),
    ("select * from c where exists (with e as (select 1) select * from e)", ["c"]),
)


@pytest.mark.parametrize(("written", "named"), NAMED)
def test_what_a_select_names(written: str, named: list[str]) -> None:
    """A `with` is seen from where it stands, and not from itself."""
    assert [table.name for table in tables(written)] == named
