"""DuckDB: the embedded default; files are read in place."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

from framework.ddl import Storage
from framework.expressions.lowering import Lowering
from framework.files import reading, splitting
from framework.files.header import columns
from framework.files.quoting import quoted, text
from framework.warehouse import (
    Address,
    Files,
    Hold,
    Loaded,
    MalformedLines,
    Refusal,
    TableSetting,
    TargetSetting,
    Unreachable,
    Warehouse,
)
from framework.warehouses._duckdb_functions import TEMPLATES
from framework.warehouses._duckdb_numbers import FINITE
from framework.warehouses._duckdb_refusals import overflow


def _corrected(dialect: Any) -> sa.Dialect:
    """The dialect is made from Postgres's, and two things are otherwise in DuckDB."""
    dialect._backslash_escapes = False  # a backslash in a literal is itself
    dialect.supports_native_decimal = True  # decimals come as such, and must not go through a float
    # DuckDB keeps words for itself that Postgres, whose list the dialect has, does not (`semi`, `anti`, `pivot`).
    preparer = dialect.identifier_preparer
    preparer.reserved_words = preparer.reserved_words | _reserved_words()
    found: sa.Dialect = dialect
    return found


@lru_cache(maxsize=1)
def _reserved_words() -> frozenset[str]:
    import duckdb

    query = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')"
    with duckdb.connect() as connection:
        return frozenset(word for (word,) in connection.execute(query).fetchall())


# A new file is written for the oldest DuckDB that we run on, and not for the oldest of all, as by default: it takes
# three quarters of the time. A file that is there keeps its form.
_WRITTEN = {"storage_compatibility_version": "v1.4.0"}
_NO_TABLE = re.compile(r"Table with name .* does not exist")
_NO_FUNCTION = re.compile(r"Function with name .* does not exist|No function matches the given name")


def _look_into(connection: sa.Connection, files: Files) -> None:
    """Reads every value: an object is otherwise looked into where a query asks for one of its names, which is late."""
    for path in files.paths:
        known = columns(path, files)
        asked = ", ".join(f"count({quoted(name)})" for name in known) or "count(*)"
        connection.exec_driver_sql(f"SELECT {asked} FROM {reading.reader(files, path, known)}").one()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder of the database file cannot be made: {error.strerror or type(error).__name__}"
        raise Unreachable(Refusal(message, "see `database` of the target in framework.yaml")) from None


class Duckdb(Warehouse):
    """A DuckDB file, or memory."""

    name: ClassVar[str] = "duckdb"
    lowering: ClassVar[Lowering] = Lowering(TEMPLATES, finite=FINITE, hash="hash")
    settings: ClassVar[Mapping[str, TargetSetting]] = {
        "database": TargetSetting("The file, relative to the project's folder, or :memory:."),
        "memory_limit": TargetSetting("How much memory DuckDB may take, as 4GB.", "a size"),
        "threads": TargetSetting("How many threads DuckDB runs.", "a whole number"),
    }
    table_settings: ClassVar[Mapping[str, TableSetting]] = {
        "order_by": TableSetting(
            "Rows are written in the order of these columns, so that a range of them is read without the rest.",
            "columns",
        ),
    }

    def dialect(self) -> sa.Dialect:
        from duckdb_engine import Dialect

        return _corrected(Dialect())

    def connect(self, settings: Mapping[str, str], root: Path, *, reading: bool = False) -> sa.Engine:
        database = settings.get("database", ":memory:")
        if database != ":memory:":
            path = root / database
            if not reading:
                _make_folder(path.parent)
            database = str(path) if path.exists() or not reading else ":memory:"
        arguments = {"read_only": True} if reading and database != ":memory:" else {"config": _WRITTEN}
        # Memory is seen by its one connection; a file by every connection of the process, as many as a run asks for.
        pool: dict[str, Any] = {"poolclass": sa.pool.QueuePool, "max_overflow": -1}
        if database == ":memory:":
            pool = {"poolclass": sa.pool.StaticPool}
        engine = sa.create_engine(sa.URL.create("duckdb", database=database), connect_args=arguments, **pool)
        _corrected(engine.dialect)

        @sa.event.listens_for(engine, "connect")
        def _session(connection: Any, _: Any) -> None:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET preserve_insertion_order = false")
            for name in ("memory_limit", "threads"):
                if name in settings:
                    connection.execute(f"SET {name} = {text(str(settings[name]))}")

        try:
            engine.connect().close()
        except sa.exc.DBAPIError as error:
            engine.dispose()
            raise Unreachable(self.refusal(error)) from None
        return engine

    def address(self, settings: Mapping[str, str], root: Path) -> Address:
        database = settings.get("database", ":memory:")
        if database == ":memory:":
            return Address("duckdb://:memory:", "memory", "main")
        path = (root / database).resolve()
        return Address(f"duckdb://{path.as_posix()}", path.stem, "main")

    def load(
        self, connection: sa.Connection, schema: str, files: Files, *, split: bool = False, adds: bool = False
    ) -> Loaded:
        """A view over the files, which are read where they stand; a table where they had to be split."""
        if not split and not splitting.is_readable(files):
            raise MalformedLines
        name, malformed = (f"{quoted(schema)}.{quoted(n)}" for n in (files.source, f"{files.source}__malformed"))
        kind = self.relations(connection, schema).get(files.source)
        if kind is not None:
            connection.exec_driver_sql(f"DROP {kind} {name}")
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {malformed}")
        if not split:
            connection.exec_driver_sql(f"CREATE VIEW {name} AS\n{reading.select(files)}")
            if files.format == "jsonl":
                _look_into(connection, files)
            return Loaded()
        with splitting.split(files) as found:
            connection.exec_driver_sql(f"CREATE TABLE {name} AS\n{reading.select(files, found.sound)}")
            if found.malformed.count:
                connection.exec_driver_sql(f"CREATE TABLE {malformed} AS\n{found.malformed.select}")
            return Loaded(found.records, found.malformed.count)

    def storage(self, settings: Mapping[str, Any], partition_by: tuple[str, ...]) -> Storage:
        """DuckDB keeps the least and the greatest value of each block of rows, so the order of rows is what counts."""
        return Storage(order_by=settings.get("order_by", partition_by))

    def schemas(self, connection: sa.Connection) -> Collection[str]:
        query = sa.text("SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database()")
        return connection.execute(query).scalars().all()

    def relations(self, connection: sa.Connection, schema: str) -> dict[str, str]:
        query = sa.text(
            "SELECT table_name, table_type FROM information_schema.tables "
            "WHERE table_catalog = current_database() AND table_schema = :schema"
        )
        return {n: "VIEW" if kind == "VIEW" else "TABLE" for n, kind in connection.execute(query, {"schema": schema})}

    def columns(self, connection: sa.Connection, schema: str, name: str) -> dict[str, str]:
        query = sa.text(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() "
            "AND lower(schema_name) = lower(:schema) AND lower(table_name) = lower(:name) ORDER BY column_index"
        )
        return {str(c): str(kind) for c, kind in connection.execute(query, {"schema": schema, "name": name})}

    def refusal(self, error: Exception) -> Refusal:
        message = str(error)
        if "Could not set lock" in message or "already open" in message:
            return Refusal(
                "the database file is in use by another process",
                "close the other program, or wait for the other run; DuckDB has one writer",
            )
        if "not a valid DuckDB database" in message:
            return Refusal("the file is not a DuckDB database", "name another file under `database`")
        if "Out of Memory" in message:
            return Refusal("DuckDB's memory limit is reached", "raise memory_limit of the target")
        if any(words in message for words in ("Could not write", "File too large", "No space left", "out of disk")):
            return Refusal(
                "a file of DuckDB cannot be written: the disk may be full", "free space on it, or move `database`"
            )
        if _NO_TABLE.search(message):
            return Refusal("a table does not exist", "check `table` of the pipeline's sources")
        if _NO_FUNCTION.search(message):
            help = "check the calls of `native.` functions in the stage"
            return Refusal("a function does not exist, or not for such arguments", help)
        if "Interrupted" in message:
            return Refusal("interrupted")
        if (found := overflow(message)) is not None:
            return found
        kind = message.partition(":")[0].rpartition(")")[2].strip()
        return Refusal(f"DuckDB refused a statement ({kind[:40]})")

    def interrupt(self, driver: Any) -> None:
        driver.interrupt()

    @contextmanager
    def exclusive(self, connection: sa.Connection, names: Sequence[str]) -> Iterator[Hold]:
        """A DuckDB file has a single writer already."""
        yield Hold()
