"""A run that is cut off while it publishes, where tables commit by themselves (Snowflake) and where each statement does
(Spark, as Databricks): what readers see, and what the next run makes of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import stand_ins
from conftest import ENGINES

from framework import standing
from framework.warehouses import _lease
from integration.shop import FIRST, SECOND, TABLES, Rows, Shop

pytestmark = pytest.mark.engines


class Cut(BaseException):
    """The process is gone, as far as the run can tell."""


@pytest.fixture(params=ENGINES)
def shop(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path, request.getfixturevalue(f"{request.param}_target"), capsys)


@contextmanager
def seen(cut_at: int | None = None) -> Iterator[list[str]]:
    """The statements of what happens inside; before the one of this number all is cut off."""
    statements: list[str] = []

    def before(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if cut_at is not None and len(statements) >= cut_at and "leases" not in statement:
            raise Cut
        if "leases" not in statement:
            statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", before)
    try:
        yield statements
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", before)


def first_of(statements: list[str], begins: str) -> int:
    return next(i for i, text in enumerate(statements) if text.startswith(begins))


def test_a_run_that_is_cut_off_while_it_publishes(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    shop.given(FIRST)
    shop.good("2024-01-01")
    old, before = shop.published(), shop.commits()
    shop.given(SECOND)
    whole = Shop(tmp_path_factory.mktemp("whole"), other_target(shop, request), shop.capture)
    new, statements = undisturbed(whole)
    assert all(old[name] != new[name] for name in TABLES)
    begun = "UPDATE _framework.publishing" if shop.warehouse.transactions else "INSERT INTO _framework.prepared"
    start = first_of(statements, begun)
    wanted = [i for i in range(start, len(statements)) if statements[i].startswith(("MERGE", "INSERT", "DELETE"))]
    for at in wanted[1:9:2]:
        with seen(at) as done, pytest.raises(Cut):
            shop.run("2024-02-01")
        shop.capture.readouterr()
        found = shop.published()
        if shop.warehouse.transactions:
            assert found == old, done[-1]
            assert shop.commits() == before
        else:
            assert all(found[name] in (old[name], new[name]) for name in TABLES), done[-1]
            changed = [name for name in TABLES if found[name] == new[name]]
            assert len(changed) == sum(text.startswith(("MERGE", "INSERT OVERWRITE")) for text in done[start:])
            finished_by_the_next(shop, new)
            return  # what was begun is done: there is nothing to cut off any more
    shop.good("2024-02-01")
    assert shop.published() == new


def finished_by_the_next(shop: Shop, new: Rows) -> None:
    """The next run finishes what was begun, whatever it is given itself."""
    shop.given(FIRST)
    (shop.root / "sales.csv").write_text("no such column\n1\n", encoding="utf-8")
    code, _ = shop.run("2024-03-01")
    assert code == 1
    assert shop.published() == new
    shop.given(SECOND)
    said = shop.good("2024-03-01")
    assert "0 inserted, 0 updated" in said
    with shop.connected() as connection:
        assert standing.prepared(connection, shop.warehouse, "shop") is None


def undisturbed(shop: Shop) -> tuple[Rows, list[str]]:
    """What stands after both runs, and the statements of the second."""
    shop.given(FIRST)
    here = Path.cwd()
    os.chdir(shop.root)
    try:
        shop.good("2024-01-01")
        shop.given(SECOND)
        with seen() as statements:
            shop.good("2024-02-01")
        return shop.published(), list(statements)
    finally:
        os.chdir(here)


def other_target(shop: Shop, request: pytest.FixtureRequest) -> dict[str, str]:
    if shop.warehouse.name == "spark":
        return stand_ins.new_spark_catalog()
    return stand_ins.new_snowflake_database(request.getfixturevalue("snowflake_server"))


def test_one_run_of_a_pipeline_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease keeps a second run out; one that nobody renews runs out."""
    shop.given(FIRST)
    with shop.connected() as connection:
        with shop.warehouse.exclusive(connection, ["shop"]) as hold:
            assert not hold.lacking
            assert hold.stands()
            code, said = shop.run("2024-01-01")
            assert code == 4
            assert "another run of `shop` is under way" in said
        shop.good("2024-01-01")
        with monkeypatch.context() as patched:
            patched.setattr(_lease, "SECONDS", -5)  # a lease that has run out when it is given
            with shop.warehouse.exclusive(connection, ["shop"]) as lost:
                assert lost.lacking == ("shop",)
    shop.good("2024-02-01")
