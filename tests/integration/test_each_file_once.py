"""Where the rows of files are moved into tables, each file is moved once."""

import os
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import each_warehouse

from integration.anywhere import Anywhere, target

PIPELINE = """
pipeline: shop
sources:
  raw_sales: {path: "sales/*.csv", columns: {id: string, amount: integer}}
stages:
  fct_sales: {kind: publish, from: raw_sales, key: [id], mode: replace}
"""


class Shop(Anywhere):
    def file(self, name: str, *lines: str, age: int = 60) -> None:
        """A file that was written so many seconds ago."""
        path = self.root / "sales" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(("id,amount,note", *lines, "")), encoding="utf-8")
        os.utime(path, (time.time() - age,) * 2)

    def raw(self, connection: sa.Connection) -> list[tuple[str, ...]]:
        return [row[:2] for row in self.rows(connection, "raw", "raw_sales")]

    def ids(self) -> list[str]:
        with self.connected() as connection:
            return [row[0] for row in self.rows(connection, "marts", "fct_sales")]


@pytest.fixture(params=[p for p in each_warehouse() if p.values != ("duckdb",)])
def shop(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shop:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(PIPELINE, encoding="utf-8")
    return Shop(tmp_path, target(request.param, request), capsys)


def loaded(shop: Shop) -> tuple[int, int, int]:
    """By the record of what stands in the table: its files, its records, the malformed ones among them."""
    with shop.connected() as connection:
        found = connection.execute(sa.text("SELECT files, records, malformed FROM _framework.loads")).all()
    return (found[0][0].count(".csv"), int(found[0][1]), int(found[0][2])) if found else (0, 0, 0)


def test_each_file_once(shop: Shop) -> None:
    shop.file("1.csv", "a,1,", "b,2,")
    shop.good()
    assert loaded(shop) == (1, 2, 0)
    before = ids = shop.ids()
    assert ids == ["a", "b"]

    with shop.connected() as connection, connection.begin():  # what is loaded again would take this back
        connection.execute(sa.text("UPDATE raw.raw_sales SET amount = '7' WHERE id = 'a'"))
    shop.good()
    assert shop.ids() == before
    with shop.connected() as connection:
        assert ("a", "7") in shop.raw(connection), "the file was loaded again"

    shop.file("2.csv", "c,3,")
    shop.good()
    assert shop.ids() == ["a", "b", "c"]
    assert loaded(shop) == (2, 3, 0)
    with shop.connected() as connection:
        assert ("a", "7") in shop.raw(connection), "the first file was loaded again"

    shop.file("3.csv", "d,4,", '"e', age=50)  # with a line that is no record
    shop.good()
    assert shop.ids() == ["a", "b", "c", "d"]
    assert loaded(shop) == (3, 5, 1)
    with shop.connected() as connection:
        assert ("a", "7") in shop.raw(connection)
    said = shop.good()
    assert loaded(shop) == (3, 5, 1), said
    assert shop.ids() == ["a", "b", "c", "d"]


CHANGES = "a file", "a file that went", "the contract", "the table", "the table of malformed lines", "asked for"


@pytest.mark.parametrize("changed", CHANGES)
def test_what_has_changed_is_loaded_anew(shop: Shop, changed: str) -> None:
    shop.file("1.csv", "a,1,", "b,2,")
    shop.file("2.csv", "c,3,", *(['"'] if "malformed" in changed else ()))
    shop.good()
    with shop.connected() as connection, connection.begin():
        connection.execute(sa.text("UPDATE raw.raw_sales SET amount = '7' WHERE id = 'a'"))
    options = []
    match changed:
        case "a file":
            shop.file("2.csv", "x,3,", age=30)  # of the same size
        case "a file that went":
            (shop.root / "sales" / "2.csv").unlink()
        case "the contract":
            text = PIPELINE.replace("amount: integer", "amount: integer, note: string")
            (shop.root / "shop.yaml").write_text(text, encoding="utf-8")
        case "the table":
            with shop.connected() as connection, connection.begin():
                connection.execute(sa.text("DELETE FROM raw.raw_sales WHERE id = 'b'"))
        case "the table of malformed lines":
            with shop.connected() as connection, connection.begin():
                connection.execute(sa.text("DELETE FROM raw.raw_sales__malformed"))
        case "asked for":
            options = ["--full-refresh"]
    shop.good("2024-01-01", *options)
    wanted = {"a file": ["a", "b", "x"], "a file that went": ["a", "b"]}.get(changed, ["a", "b", "c"])
    assert shop.ids() == wanted
    with shop.connected() as connection:
        assert ("a", "1") in shop.raw(connection), "it was not loaded anew"


def test_a_file_that_has_just_been_written_is_not_trusted(shop: Shop) -> None:
    shop.file("1.csv", "a,1,", age=-60)  # as it seems where the clock of the files is ahead
    shop.good()
    assert loaded(shop) == (0, 0, 0)
