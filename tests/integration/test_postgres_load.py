"""Files come into Postgres as DuckDB reads them: the same rows, nulls and empty texts apart."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from conftest import Opened

from framework.expressions.types import Type, parse_type
from framework.files.finding import find
from framework.files.reading import select as read_files
from framework.plan import Csv
from framework.warehouse import Files, MalformedLines
from framework.warehouses.postgres import Postgres

CSV = (
    "\ufeffId,Name,Note\r\n"
    '1,"Doe, Jane","said ""hi"""\r\n'
    '2,,""\r\n'
    '3,"two\r\nlines","\\."\r\n'
    "4,Ñandú 👍, blank \r\n"
    "5,NULL,\\N\r\n"
    '6,100%,"a\\b\tc"\r\n'
)


@pytest.fixture
def postgres(postgres_database: str) -> Iterator[Opened]:
    warehouse = Postgres()
    engine = warehouse.connect({"url": postgres_database}, Path())
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA raw")
    yield Opened(warehouse, engine)
    engine.dispose()


def _declared(**columns: str) -> dict[str, Type]:
    found = {name: parse_type(text) for name, text in columns.items()}
    return {name: t for name, t in found.items() if t is not None}


def _load(postgres: Opened, files: Files) -> None:
    with postgres.engine.begin() as connection:
        postgres.warehouse.load(connection, "raw", files)


def _rows(postgres: Opened, name: str = "src") -> list[tuple[Any, ...]]:
    with postgres.engine.connect() as connection:
        return sorted((tuple(r) for r in connection.exec_driver_sql(f'SELECT * FROM raw."{name}"')), key=repr)


def _as_duckdb_reads(files: Files) -> list[tuple[Any, ...]]:
    select = read_files(files)
    with duckdb.connect() as connection:
        return sorted(connection.execute(select).fetchall(), key=repr)


def _columns(postgres: Opened, name: str = "src") -> dict[str, str]:
    with postgres.engine.connect() as connection:
        return postgres.warehouse.columns(connection, "raw", name)


def _same(postgres: Opened, files: Files) -> list[tuple[Any, ...]]:
    _load(postgres, files)
    rows = _rows(postgres)
    assert rows == _as_duckdb_reads(files)
    return rows


def _file(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    return path


def test_csv(postgres: Opened, tmp_path: Path) -> None:
    path = _file(tmp_path, "src.csv", CSV)
    rows = _same(postgres, Files("src", (path,), "csv", _declared(Id="integer", Name="string", Note="string")))
    assert len(rows) == 6
    assert ("3", "two\r\nlines", "\\.") in rows
    assert ("5", "NULL", "\\N") in rows
    assert _columns(postgres) == {"Id": "text", "Name": "text", "Note": "text"}


def test_csv_without_a_contract(postgres: Opened, tmp_path: Path) -> None:
    assert len(_same(postgres, Files("src", (_file(tmp_path, "src.csv", CSV),), "csv", None))) == 6


def test_one_column_of_nulls(postgres: Opened, tmp_path: Path) -> None:
    path = _file(tmp_path, "src.jsonl", '{"a": null}\n{"a": ""}\n{"a": "\\\\."}\n{"a": "x"}\n')
    rows = _same(postgres, Files("src", (path,), "jsonl", _declared(a="string")))
    assert rows == sorted([(None,), ("",), ("\\.",), ("x",)], key=repr)


def test_tsv(postgres: Opened, tmp_path: Path) -> None:
    path = _file(tmp_path, "src.tsv", 'a\tb\n1\tx,y\n\t"q\tq"\n')
    rows = _same(postgres, Files("src", (path,), "tsv", _declared(a="string", b="string"), Csv(delimiter="\t")))
    assert rows == sorted([("1", "x,y"), (None, "q\tq")], key=repr)


def test_jsonl(postgres: Opened, tmp_path: Path) -> None:
    lines = '{"id": 1, "name": "Ñ", "tags": ["a", "b"]}\n{"id": 2, "name": ""}\n{"id": 3, "name": null}\n'
    path = _file(tmp_path, "src.jsonl", lines)
    rows = _same(postgres, Files("src", (path,), "jsonl", _declared(id="integer", name="string", tags="string")))
    assert [r[1] for r in rows] == ["Ñ", "", None]


def test_parquet_keeps_its_types(postgres: Opened, tmp_path: Path) -> None:
    path = tmp_path / "src.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 1::INTEGER i, 9000000000 b, 12.50::DECIMAL(18,2) d, 0.1::DOUBLE f, '' t, true o, "
            "DATE '2024-02-29' AS \"day\", TIMESTAMP '2024-02-29 10:11:12.5' AS \"at\" "
            "UNION ALL SELECT NULL, NULL, -0.05, 1e300, NULL, NULL, NULL, NULL) "
            f"TO '{path}' (FORMAT parquet)"
        )
    kinds = {"i": "integer", "b": "integer", "d": "decimal(18,2)", "f": "double", "t": "string", "o": "boolean"}
    rows = _same(postgres, Files("src", (path,), "parquet", _declared(**kinds, day="date", at="timestamp")))
    first = (
        1,
        9000000000,
        Decimal("12.50"),
        0.1,
        "",
        True,
        date(2024, 2, 29),
        datetime(2024, 2, 29, 10, 11, 12, 500000),
    )
    assert first in rows
    assert list(_columns(postgres).values()) == [
        *("bigint", "bigint", "numeric(18,2)", "double precision"),
        *("text", "boolean", "date", "timestamp without time zone"),
    ]


def test_parquet_types_that_postgres_has_not(postgres: Opened, tmp_path: Path) -> None:
    path = tmp_path / "src.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "COPY (SELECT [1, 2] l, {'a': 'x'} s, TIMESTAMPTZ '2024-02-29 10:00:00+02' z, 1::HUGEINT h, "
            f"TIME '10:11' t) TO '{path}' (FORMAT parquet)"
        )
    _load(postgres, Files("src", (path,), "parquet", None))
    assert _rows(postgres)[0][:3] == ("[1, 2]", "{'a': x}", datetime(2024, 2, 29, 8, 0))


def test_files_of_a_glob_may_order_their_columns_freely(postgres: Opened, tmp_path: Path) -> None:
    _file(tmp_path, "part1.csv", "id,name,extra\n1,a,x\n")
    _file(tmp_path, "part2.csv", "NAME,id\nb,2\n")
    paths = find("part*.csv", tmp_path)
    rows = _same(postgres, Files("src", paths, "csv", _declared(id="integer", name="string")))
    assert rows == [("1", "a"), ("2", "b")]


def test_loading_again_replaces_the_rows_and_keeps_views(postgres: Opened, tmp_path: Path) -> None:
    files = Files("src", (_file(tmp_path, "src.csv", "a\n1\n2\n"),), "csv", _declared(a="string"))
    _load(postgres, files)
    with postgres.engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW raw.over_it AS SELECT a FROM raw.src")
    _file(tmp_path, "src.csv", "a\n3\n")
    _load(postgres, files)
    assert _rows(postgres) == _rows(postgres, "over_it") == [("3",)]


def test_loading_other_columns_makes_the_table_anew(postgres: Opened, tmp_path: Path) -> None:
    _load(postgres, Files("src", (_file(tmp_path, "src.csv", "a\n1\n"),), "csv", None))
    _load(postgres, Files("src", (_file(tmp_path, "src.csv", "b,a\n1,2\n"),), "csv", None))
    assert _columns(postgres) == {"b": "text", "a": "text"}


def test_what_a_view_hangs_on_is_not_dropped(postgres: Opened, tmp_path: Path) -> None:
    _load(postgres, Files("src", (_file(tmp_path, "src.csv", "a\n1\n"),), "csv", None))
    with postgres.engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW raw.over_it AS SELECT a FROM raw.src")
    files = Files("src", (_file(tmp_path, "src.csv", "b\n1\n"),), "csv", None)
    with pytest.raises(sa.exc.DBAPIError) as refused:
        _load(postgres, files)
    assert "depend" in postgres.warehouse.refusal(refused.value).message
    assert _rows(postgres) == [("1",)]


def test_a_load_that_fails_leaves_the_table(postgres: Opened, tmp_path: Path) -> None:
    files = Files("src", (_file(tmp_path, "src.csv", "a,b\n1,2\n"),), "csv", _declared(a="string", b="string"))
    _load(postgres, files)
    _file(tmp_path, "src.csv", "a,b\n3,4\nsecret-value\n")
    with pytest.raises(MalformedLines) as problem:
        _load(postgres, files)
    assert str(problem.value) == ""
    assert _rows(postgres) == [("1", "2")]


def test_a_character_that_postgres_cannot_hold(postgres: Opened, tmp_path: Path) -> None:
    files = Files("src", (_file(tmp_path, "src.jsonl", '{"a": "x\\u0000y"}\n'),), "jsonl", _declared(a="string"))
    with pytest.raises(sa.exc.DBAPIError) as refused:
        _load(postgres, files)
    assert "cannot store" in postgres.warehouse.refusal(refused.value).message


def test_names_that_need_quotes(postgres: Opened, tmp_path: Path) -> None:
    path = _file(tmp_path, "src.csv", '"select","100%","a""b"\n1,2,3\n')
    files = Files('Odd "%" name', (path,), "csv", None)
    _load(postgres, files)
    _load(postgres, files)
    with postgres.engine.connect() as connection:
        assert postgres.warehouse.relations(connection, "raw") == {'Odd "%" name': "TABLE"}
    assert _columns(postgres, 'Odd "%" name') == {"select": "text", "100%": "text", 'a"b': "text"}


def test_text_sorts_by_code_point(postgres: Opened, tmp_path: Path) -> None:
    _load(postgres, Files("src", (_file(tmp_path, "src.csv", "a\nb\nB\na\né\nz\n"),), "csv", None))
    with postgres.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT a FROM raw.src ORDER BY a").scalars().all()
    assert rows == ["B", "a", "b", "z", "é"]
