"""A driver as SQLAlchemy wants one (PEP 249), over a session of Spark."""

import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from framework.warehouses._databricks_refusals import shown

apilevel = "2.0"
threadsafety = 2
paramstyle = "named"


# What a cluster could have otherwise: a table that is overwritten keeps none of its partitions.
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.sources.partitionOverwriteMode": "static",
}
_ENTERING = threading.RLock()


class Error(Exception):
    """What Spark refused."""


class DatabaseError(Error):
    pass


class OperationalError(DatabaseError):
    pass


class ProgrammingError(DatabaseError):
    pass


class InterfaceError(Error):
    pass


class Connection:
    """A part of the one session that a process has: each statement commits by itself."""

    def __init__(self, session: Any, catalog: str | None) -> None:
        self.session, self.catalog, self.group = session, catalog, uuid.uuid4().hex
        for name, value in _SETTINGS.items():
            session.conf.set(name, value)
        with self.entered():
            pass

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The session looks for tables in the connection's catalog: another connection may have another one."""
        if self.catalog is None:
            yield
            return
        with _ENTERING:
            if self.session.catalog.currentCatalog() != self.catalog:
                self.session.catalog.setCurrentCatalog(self.catalog)
            yield

    def cursor(self) -> "Cursor":
        return Cursor(self)

    def commit(self) -> None:
        pass

    def rollback(self) -> None:
        pass

    def close(self) -> None:
        pass

    def interrupt(self) -> None:
        """Stops what the connection is doing; called by another thread."""
        if hasattr(self.session, "_jsparkSession"):
            self.session.sparkContext.cancelJobGroup(self.group)
        else:
            self.session.interruptTag(self.group)


class Cursor:
    arraysize = 1000

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.purpose = "framework"
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self.lastrowid = None
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, statement: str, parameters: Mapping[str, Any] | None = None) -> None:
        from pyspark.errors import PySparkException

        session = self.connection.session
        self._tagged(session)
        try:
            with self.connection.entered():
                frame = session.sql(statement, args=dict(parameters)) if parameters else session.sql(statement)
            rows = frame.collect()
            fields = frame.schema.fields
        except PySparkException as error:
            raise ProgrammingError(_told(error, error.getErrorClass() or type(error).__name__)) from error
        except Exception as error:  # Java's, as Py4J raises them
            raise OperationalError(_told(error, _java_class(error))) from error
        described = [(field.name, field.dataType.simpleString(), None, None, None, None, None) for field in fields]
        self.description = described or None
        self._rows = [tuple(row) for row in rows]

    def _tagged(self, session: Any) -> None:
        if hasattr(session, "_jsparkSession"):
            session.sparkContext.setJobGroup(self.connection.group, self.purpose, interruptOnCancel=True)
        elif self.connection.group not in session.getTags():
            session.addTag(self.connection.group)

    def executemany(self, statement: str, parameters: Sequence[Mapping[str, Any]]) -> None:
        for each in parameters:
            self.execute(statement, each)

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        most = size or self.arraysize
        rows, self._rows = self._rows[:most], self._rows[most:]
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def close(self) -> None:
        self._rows = []


def connect(session: Any, catalog: str | None) -> Connection:
    try:
        return Connection(session, catalog)
    except Exception as error:  # PySpark's, or Java's
        raise OperationalError(_told(error, _java_class(error))) from error


def _told(error: Exception, name: str) -> str:
    """An error by its name. Where a task has failed, that of its cause stands in the text, which can hold values."""
    return shown(str(error)) or f"[{name}]"


def _java_class(error: Exception) -> str:
    """The name of an exception of Java; its text can hold values."""
    thrown = getattr(error, "java_exception", None)
    return type(error).__name__ if thrown is None else str(thrown.getClass().getSimpleName())
