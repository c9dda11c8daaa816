"""Rows on their way into Postgres: DuckDB reads the files into one csv that has no name, and COPY takes it."""

import re
from typing import Any, BinaryIO

import sqlalchemy as sa

from framework.files.quoting import literal, quoted
from framework.files.refusal import about_lines, unreadable
from framework.files.unnamed import Unnamed
from framework.warehouse import MISSING_FILE, Files, MalformedLines, SourceProblem

_CHUNK = 1 << 20  # bytes given to COPY at once

_TYPES = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), "bigint"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER"), "bigint"),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT"), "numeric"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "double precision"),
    "BOOLEAN": "boolean",
    "DATE": "date",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def column_type(found: str) -> tuple[str, str | None]:
    """Postgres's name of a column's type, and what DuckDB casts it to first, if it must."""
    if match := _DECIMAL.fullmatch(found):
        return f"numeric({match[1]},{match[2]})", None
    if found.startswith("TIMESTAMP"):
        # One with a zone becomes UTC, as everywhere.
        return "timestamp without time zone", "TIMESTAMP"
    if found in _TYPES:
        return _TYPES[found], None
    return "text", None if found == "VARCHAR" else "VARCHAR"


def write(select: str, files: Files, target: Unnamed, *, split: bool) -> tuple[dict[str, str], int]:
    """The rows of a select as csv, every value quoted and a null not.

    Gives the columns with Postgres's types, and how many rows there are. Raises MalformedLines where DuckDB refuses a
    line and the files are not `split`, and SourceProblem for all else.
    """
    import duckdb

    try:
        # Rows stream through: nothing need be put aside in a folder.
        with duckdb.connect(config={"temp_directory": ""}) as reader:
            return _written(reader, select, target)
    except duckdb.Error as error:
        if about_lines(error) and files.is_text and not split:
            raise MalformedLines from None
        missing = SourceProblem(MISSING_FILE, f"the files of source `{files.source}` cannot be read")
        raise unreadable(error) or missing from None


def _written(reader: Any, select: str, target: Unnamed) -> tuple[dict[str, str], int]:
    reader.execute("SET TimeZone = 'UTC'")
    reader.execute("SET preserve_insertion_order = false")
    columns: dict[str, str] = {}
    chosen = []
    for name, found, *_ in reader.execute(f"DESCRIBE {select}").fetchall():
        columns[name], through = column_type(found)
        column = quoted(name)
        chosen.append(column if through is None else f"CAST({column} AS {through})")
    written = reader.execute(
        f"COPY (SELECT {', '.join(chosen)} FROM ({select})) TO {literal(target.path)} "
        "(FORMAT csv, HEADER false, FORCE_QUOTE *, USE_TMP_FILE false)"
    ).fetchone()
    assert written is not None
    return columns, int(written[0])


def copy(connection: sa.Connection, table: str, file: BinaryIO) -> None:
    """The rows of a csv into a table; `table` is quoted."""
    import psycopg

    driver = connection.connection.driver_connection
    assert driver is not None
    statement = f"COPY {table} FROM STDIN (FORMAT csv)"
    file.seek(0)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copying:
            while chunk := file.read(_CHUNK):
                copying.write(chunk)
    except psycopg.Error as error:
        # As SQLAlchemy raises what its own statements meet.
        raise sa.exc.DBAPIError(statement, None, error) from None
