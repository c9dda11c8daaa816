"""Rows of the tests' own into tables of a DuckDB file."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

Row = Sequence[object]


def fill(database: Path, schema: str, tables: Mapping[str, str], rows: Mapping[str, Iterable[Row]]) -> None:
    """Makes the tables, given as the columns of SQL by name, with the rows of each; None is null."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        for name, columns in tables.items():
            path = database.with_name(f"{name}.csv")
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(rows[name])
            connection.execute(f"CREATE TABLE {schema}.{name} ({columns.replace('integer', 'bigint')})")
            connection.execute(f"COPY {schema}.{name} FROM '{path}' (HEADER false)")
            path.unlink()
