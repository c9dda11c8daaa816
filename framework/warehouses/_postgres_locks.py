"""The right to names on Postgres: advisory locks of a session that does nothing else, so that the run keeps them when
another of its connections is lost. They go with that session, and then nothing is published."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock

import sqlalchemy as sa

from framework.warehouse import Hold


def key(name: str) -> int:
    """The number that Postgres knows a lock by."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


@contextmanager
def held(engine: sa.Engine, names: Sequence[str]) -> Iterator[Hold]:
    with engine.connect() as opened:
        connection = opened.execution_options(isolation_level="AUTOCOMMIT")
        lacking = next((name for name in names if not _locked(connection, name)), None)
        if lacking is not None:
            _release(connection)
            yield Hold((lacking,))
            return
        asking = Lock()

        def stand() -> bool:
            """The server is asked, for a lost session is replaced by another, which has no locks."""
            with asking, suppress(sa.exc.SQLAlchemyError):
                return _count(connection) == len(set(names))
            return False

        try:
            yield Hold(stands=stand)
        finally:
            _release(connection)


def _locked(connection: sa.Connection, name: str) -> bool:
    return bool(connection.scalar(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": key(name)}))


def _count(connection: sa.Connection) -> int:
    """How many locks the session has."""
    query = "SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    return int(connection.exec_driver_sql(query).scalar_one())


def _release(connection: sa.Connection) -> None:
    with suppress(sa.exc.SQLAlchemyError):
        connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
