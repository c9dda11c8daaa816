"""Rows on their way into Postgres: a csv that COPY takes."""

from typing import BinaryIO

import sqlalchemy as sa

from framework.warehouses._loading import Kinds

_CHUNK = 1 << 20  # bytes given to COPY at once

KINDS = Kinds(
    integer="bigint",
    decimal="numeric({p},{s})",
    double="double precision",
    boolean="boolean",
    date="date",
    timestamp="timestamp without time zone",
    text="text",
    huge=("numeric", None),
)


def copy(connection: sa.Connection, into: str, file: BinaryIO) -> None:
    """The rows of a csv into a table; `into` is the beginning of the statement."""
    import psycopg

    driver = connection.connection.driver_connection
    assert driver is not None
    statement = f"{into} FROM STDIN (FORMAT csv)"
    file.seek(0)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copying:
            while chunk := file.read(_CHUNK):
                copying.write(chunk)
    except psycopg.Error as error:
        # As SQLAlchemy raises what its own statements meet.
        raise sa.exc.DBAPIError(statement, None, error) from None
