"""Postgres 15 and later: files are read by DuckDB and streamed in with COPY."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from framework.ddl import CreateView, DropRelation, Storage
from framework.expressions.lowering import Lowering
from framework.files.quoting import quoted
from framework.warehouse import (
    TAG,
    Address,
    Hold,
    Refusal,
    TableSetting,
    TargetSetting,
    Unreachable,
)
from framework.warehouses import _postgres_locks
from framework.warehouses._loading import Bulk, Kinds, Taken
from framework.warehouses._postgres_address import NO_DRIVER, placed, with_driver
from framework.warehouses._postgres_functions import TEMPLATES, TYPES, over
from framework.warehouses._postgres_loading import KINDS, copy
from framework.warehouses._postgres_refusals import refusal

_CONNECT_SECONDS = 15
_CANCEL_SECONDS = 2.0
# A server that is gone without a word is given up after a minute.
_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
# What a server's own configuration could change in the text and the numbers that a query gives, and in how long a
# session may hold locks, or wait for others of its run. Where the server's
# system can tell, it sees within a second that a run was killed, and ends its statement.
_SESSION = """
SET TIME ZONE 'UTC';
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET DateStyle = 'ISO, YMD';
SET extra_float_digits = 1;
SET client_min_messages = warning;
SET jit = off;
SET idle_session_timeout = 0;
DO $$ BEGIN
    PERFORM pg_catalog.set_config('client_connection_check_interval', '1s', false);
EXCEPTION WHEN invalid_parameter_value OR undefined_object THEN
    NULL;
END $$
"""
_READING = "; SET default_transaction_read_only = on"


class Postgres(Bulk):
    """A database of a Postgres server."""

    name: ClassVar[str] = "postgres"
    dropped_columns_go: ClassVar[bool] = False
    lowering: ClassVar[Lowering] = Lowering(
        TEMPLATES,
        TYPES,
        "postgres",
        pulls_up=True,
        forgets_digits=True,
        over=over,
        series="GENERATE_SERIES(0, {0} - 1)",
    )
    kinds: ClassVar[Kinds] = KINDS
    # A csv in which a null and an empty text differ, for COPY.
    form: ClassVar[str] = "FORMAT csv, HEADER false, FORCE_QUOTE *"
    tells_case: ClassVar[bool] = True
    longest_name: ClassVar[int | None] = 63
    settings: ClassVar[Mapping[str, TargetSetting]] = {
        "url": TargetSetting("Where the server is: postgresql://user@host/database.", required=True)
    }
    table_settings: ClassVar[Mapping[str, TableSetting]] = {
        "indexes": TableSetting("Indexes, each a list of columns: [[member_id, month]].", "lists of columns"),
        "fillfactor": TableSetting("How full a page is packed, in percent.", "a percentage"),
        "unlogged": TableSetting(
            "The table is not written to the server's log, which is faster.",
            "true or false",
            unpublished="a crash of the server empties it",
        ),
    }

    def dialect(self) -> sa.Dialect:
        dialect: sa.Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
        # As sessions have it: with standard strings a backslash is itself.
        dialect._backslash_escapes = False  # type: ignore[attr-defined]  # of Postgres's dialect alone
        return dialect

    def connect(self, settings: Mapping[str, str], root: Path, *, reading: bool = False) -> sa.Engine:
        try:
            import psycopg
        except ImportError:
            raise Unreachable(NO_DRIVER) from None
        url = _url(settings)
        usual = {"connect_timeout": _CONNECT_SECONDS, **_ALIVE}
        arguments: dict[str, Any] = {name: value for name, value in usual.items() if name not in url.query}
        arguments["cursor_factory"] = psycopg.ClientCursor
        # Parameters are written into the statement by the client: CREATE TABLE AS and CREATE VIEW take
        # none from the server's side.
        # Each stage that is built at once has a connection: how many they are, the run says.
        engine = sa.create_engine(url, connect_args=arguments, pool_pre_ping=True, max_overflow=-1)

        @sa.event.listens_for(engine, "connect")
        def _session(connection: Any, _: Any) -> None:
            connection.execute(_SESSION + (_READING if reading else ""))
            connection.commit()  # a rollback would take the settings back

        sa.event.listen(engine, "before_cursor_execute", _tagged, retval=True)
        try:
            with engine.connect() as connection:
                unfit = _unfit(connection)
        except (sa.exc.SQLAlchemyError, psycopg.Error) as error:
            engine.dispose()
            raise Unreachable(self.refusal(error)) from None
        if unfit is not None:
            engine.dispose()
            raise Unreachable(unfit)
        return engine

    def address(self, settings: Mapping[str, str], root: Path) -> Address:
        return placed(_url(settings))

    def take(self, connection: sa.Connection, schema: str, taken: Taken) -> None:
        if not taken.adds:
            self._empty(connection, schema, taken)
        told = _told(connection.get_execution_options())
        copy(connection, f"{told}COPY {_qualified(schema, taken.name)}", taken.file.file)
        self.filled(connection, schema, taken.name)

    def storage(self, settings: Mapping[str, Any], partition_by: tuple[str, ...]) -> Storage:
        """Partitions are an index of the tree kind: rows that change are written at the end, and an index that
        counts on their order (BRIN) would soon hold every block."""
        fillfactor = settings.get("fillfactor")
        return Storage(
            kind="UNLOGGED" if settings.get("unlogged") else "",
            clauses=((f"WITH (fillfactor = {fillfactor})", ()),) if fillfactor else (),
            indexes=(*((partition_by,) if partition_by else ()), *settings.get("indexes", ())),
        )

    def filled(self, connection: sa.Connection, schema: str, name: str) -> None:
        """A table without statistics is joined as if it were small."""
        connection.exec_driver_sql(f"ANALYZE {_escaped(_qualified(schema, name))}")

    def _empty(self, connection: sa.Connection, schema: str, taken: Taken) -> None:
        """An empty table with these columns; one that has them already is kept, with the views over it."""
        table, columns = _escaped(_qualified(schema, taken.name)), taken.columns
        if taken.stands == "TABLE":
            if list(self.columns(connection, schema, taken.name).items()) == list(columns.items()):
                connection.exec_driver_sql(f"TRUNCATE {table}")
                return
            connection.exec_driver_sql(f"DROP TABLE {table}")
        # Text is compared and sorted by code point, whatever the database's own collation is.
        kinds = {"text": 'text COLLATE "C"'}
        listed = ", ".join(f"{_escaped(quoted(c))} {kinds.get(kind, kind)}" for c, kind in columns.items())
        connection.exec_driver_sql(f"CREATE TABLE {table} ({listed})")

    def show(self, connection: sa.Connection, view: CreateView, ours: Collection[tuple[str, str]]) -> None:
        """Views over a view stay when it keeps its columns; a lost or retyped one cannot be taken from under them."""
        schema, name = view.table.schema or "", view.table.name
        stands = list(self.columns(connection, schema, name).items())
        if stands:
            fresh = sa.table(f"{name}__view", schema=schema)
            connection.execute(CreateView(fresh, view.select))
            columns = list(self.columns(connection, schema, fresh.name).items())
            connection.execute(DropRelation(fresh, "VIEW"))
            if columns[: len(stands)] != stands:
                for other_schema, other in _over(connection, schema, name, ours):
                    connection.execute(DropRelation(sa.table(other, schema=other_schema), "VIEW"))
                connection.execute(DropRelation(view.table, "VIEW"))
        super().show(connection, view, ours)

    def schemas(self, connection: sa.Connection) -> Collection[str]:
        return connection.execute(sa.text("SELECT nspname FROM pg_catalog.pg_namespace")).scalars().all()

    def relations(self, connection: sa.Connection, schema: str) -> dict[str, str]:
        query = sa.text(
            "SELECT c.relname, c.relkind IN ('v', 'm') FROM pg_catalog.pg_class c "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'f', 'v', 'm') ORDER BY c.relname"
        )
        rows = connection.execute(query, {"schema": schema})
        return {name: "VIEW" if is_view else "TABLE" for name, is_view in rows}

    def columns(self, connection: sa.Connection, schema: str, name: str) -> dict[str, str]:
        query = sa.text(
            "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) "
            "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = :schema AND c.relname = :name AND a.attnum > 0 AND NOT a.attisdropped "
            "ORDER BY a.attnum"
        )
        return {str(c): str(kind) for c, kind in connection.execute(query, {"schema": schema, "name": name})}

    def take_turns(self, connection: sa.Connection) -> None:
        """What is made `IF NOT EXISTS` by two at once is refused to one of them."""
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _postgres_locks.key("taking turns")})

    def refusal(self, error: Exception) -> Refusal:
        return refusal(getattr(error, "orig", None) or error)

    def interrupt(self, driver: Any) -> None:
        """By a connection of its own, for so the server is asked."""
        driver.cancel_safe(timeout=_CANCEL_SECONDS)

    def exclusive(self, connection: sa.Connection, names: Sequence[str]) -> AbstractContextManager[Hold]:
        return _postgres_locks.held(connection.engine, names)


def _over(
    connection: sa.Connection, schema: str, name: str, ours: Collection[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """The views of ours over a view, the outermost first."""
    query = sa.text(
        "SELECT DISTINCT n.nspname, c.relname FROM pg_catalog.pg_depend d "
        "JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid JOIN pg_catalog.pg_class c ON c.oid = r.ev_class "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_catalog.pg_class u ON u.oid = d.refobjid JOIN pg_catalog.pg_namespace v ON v.oid = u.relnamespace "
        "WHERE d.classid = 'pg_rewrite'::regclass AND v.nspname = :schema AND u.relname = :name AND c.oid <> u.oid "
        "ORDER BY 1, 2"
    )
    for row in connection.execute(query, {"schema": schema, "name": name}).all():
        found = (str(row[0]), str(row[1]))
        if found in ours:
            yield from _over(connection, *found, ours)
            yield found


_SERVER = 150000  # the first version that has MERGE


def _unfit(connection: sa.Connection) -> Refusal | None:
    """What makes a database unfit: text would come out otherwise than on other warehouses, or MERGE fail."""
    query = sa.text(
        "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), "
        "lower('\u00d1' COLLATE \"default\") = '\u00f1'"
    )
    version, encoding, lowers = connection.execute(query).one()
    create = "create one: CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8' LC_CTYPE 'C.UTF-8'"
    if version < _SERVER:
        return Refusal("the Postgres server is older than version 15", "use Postgres 15 or later")
    if encoding != "UTF8":
        return Refusal("the database does not hold UTF-8 text", create)
    if not lowers:
        return Refusal("the database's locale knows the letters of ASCII alone, so `lower` would not work", create)
    return None


def _url(settings: Mapping[str, str]) -> sa.URL:
    """The target's address; of it messages show the host and the port, for it can hold a password."""
    shape = "url: postgresql://user:password@host:5432/database"
    try:
        text = settings["url"]
        url = with_driver(sa.make_url(text))
    except KeyError:
        raise Unreachable(Refusal("a postgres target needs a `url`", shape)) from None
    except (sa.exc.ArgumentError, ValueError):
        raise Unreachable(Refusal("the target's `url` is no address", shape)) from None
    if url is None:
        raise Unreachable(Refusal("the target's `url` is not one of Postgres", shape))
    if "@" in text and not text.partition("?")[0].rpartition("@")[2].lstrip("[").startswith(url.host or ""):
        raise Unreachable(Refusal("the target's `url` has one @ too many", "write that of a password as %40"))
    return url


def _tagged(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> tuple[str, Any]:
    """A statement with what it is for in front, where a list of what a server does and its log show it."""
    return f"{_told(context.execution_options)}{statement}", parameters


def _told(options: Mapping[str, Any]) -> str:
    words = [f"{word}={_ODD.sub('_', value)}" for word, value in (options.get(TAG) or {}).items()]
    return f"/* framework {' '.join(words)} */ " if words else ""


_ODD = re.compile(r"[^\w.-]")  # what would end a comment, or be a place for a parameter


def _qualified(schema: str, name: str) -> str:
    return f"{quoted(schema)}.{quoted(name)}"


def _escaped(text: str) -> str:
    """Text for a statement that goes to the driver as it stands, where a % would be a place."""
    return text.replace("%", "%%")
