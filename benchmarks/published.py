"""What contenders published, row for row: the time of one that did another job says nothing."""

import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks import timing
from benchmarks.contenders.handwritten import PUBLISHED
from benchmarks.timing import Contender, Failed


def refuse_differing(contenders: Sequence[Contender], baseline: str) -> None:
    """Each contender with a database runs once, unmeasured, and its published rows are held against the baseline's.

    Raises Failed.
    """
    ran = {contender.name: contender.database for contender in contenders if contender.database}
    for contender in contenders:
        if contender.database:
            print(f"  unmeasured, for its rows: {contender.name}", file=sys.stderr, flush=True)
            timing.measure(contender)
    for name, database in ran.items():
        found = differences(ran[baseline], database) if name != baseline else []
        if found:
            raise Failed(f"{name} publishes other rows than {baseline}: {'; '.join(found)}")


def differences(expected: Path, found: Path, tables: Sequence[str] = PUBLISHED) -> list[str]:
    """How the tables of schema `marts` in two databases differ: in columns, or in the number of rows without a twin."""
    # Views name the catalog that they were made in, so this database must be the main one.
    with duckdb.connect(str(found), read_only=True) as connection:
        path = str(expected).replace("'", "''")
        connection.execute(f"ATTACH '{path}' AS expected (READ_ONLY)")
        main = found.stem
        return [
            f"{table} {problem}" for table in tables if (problem := _difference(connection, main, table)) is not None
        ]


def _difference(connection: duckdb.DuckDBPyConnection, main: str, table: str) -> str | None:
    wanted, here = _columns(connection, "expected", table), _columns(connection, main, table)
    if not here:
        return "is not there"
    if wanted != here:
        return f"has columns {', '.join(here)}; expected {', '.join(wanted)}"
    ours, theirs = f'FROM "{main}".marts."{table}"', f'FROM expected.marts."{table}"'
    counts = [
        _one(connection, f"SELECT count(*) FROM ({one} EXCEPT ALL {other})")
        for one, other in ((theirs, ours), (ours, theirs))
    ]
    return f"lacks {counts[0]} rows and has {counts[1]} more" if any(counts) else None


def _columns(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> list[str]:
    query = (
        "SELECT column_name || ' ' || data_type FROM duckdb_columns() "
        "WHERE database_name = ? AND schema_name = 'marts' AND table_name = ? ORDER BY column_index"
    )
    return [str(row[0]) for row in connection.execute(query, [database, table]).fetchall()]


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
