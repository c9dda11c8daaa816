"""Databricks: each statement commits by itself; files travel through a volume and COPY INTO."""

import ssl
import weakref
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from framework.ddl import Storage, mapped
from framework.expressions.lowering import Lowering, Value
from framework.warehouse import TAG, Address, Hold, Refusal, TableSetting, TargetSetting, Unreachable
from framework.warehouses import _conflicts, _lease
from framework.warehouses._databricks_aggregates import over
from framework.warehouses._databricks_functions import TEMPLATES, TYPES
from framework.warehouses._databricks_pieces import FINITE
from framework.warehouses._databricks_refusals import lost, refusal, unconnected
from framework.warehouses._loading import Bulk, Kinds, Taken, named

_VOLUME = "framework_rows"
_ANSWER_SECONDS = 15
# What a workspace could set otherwise.
_SESSION = {"ansi_mode": "true", "timezone": "UTC"}


@compiles(Value, "databricks")
def _value(element: Value, compiler: SQLCompiler, **_: Any) -> str:
    """TIMESTAMP is the zoned type here, and DOUBLE has one word."""
    value = element.value
    if isinstance(value, date):
        return f"{'TIMESTAMP_NTZ' if isinstance(value, datetime) else 'DATE'} '{value}'"
    if isinstance(value, str):
        return compiler.render_literal_value(value, sa.Text())
    if isinstance(value, float):
        return f"CAST({value!r} AS DOUBLE)"
    return "NULL" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value).upper()


class Lakehouse(Bulk):
    """What Databricks and a Spark of one's own have in common: the SQL, and tables that each statement commits."""

    transactional_ddl: ClassVar[bool] = False
    transactions: ClassVar[bool] = False
    respells_columns: ClassVar[bool] = False  # Delta renames columns of a table that it keeps their names for, alone
    lowering: ClassVar[Lowering] = Lowering(
        TEMPLATES,
        TYPES,
        "databricks",
        ranks_by_order=True,
        finite=FINITE,
        over=over,
        series="EXPLODE(SEQUENCE(CAST(0 AS BIGINT), {0} - 1))",
    )
    kinds: ClassVar[Kinds] = Kinds(
        integer="bigint",
        decimal="decimal({p},{s})",
        double="double",
        boolean="boolean",
        date="date",
        timestamp="timestamp_ntz",
        text="string",
        huge=("decimal(38,0)", "DECIMAL(38, 0)"),
    )

    def storage(self, settings: Mapping[str, Any], partition_by: tuple[str, ...]) -> Storage:
        if "cluster_by" in settings:
            return Storage(clauses=(("CLUSTER BY", settings["cluster_by"]),))
        partitioned = settings.get("partitioned_by", partition_by)
        return Storage(clauses=(("PARTITIONED BY", partitioned),) if partitioned else ())

    # -- files

    travelling = staticmethod(named)  # a file that the driver, or Spark, opens by its name

    def take(self, connection: sa.Connection, schema: str, taken: Taken) -> None:
        quote = connection.dialect.identifier_preparer.quote
        table = f"{quote(schema)}.{quote(taken.name)}"
        if taken.stands == "VIEW":
            connection.exec_driver_sql(f"DROP VIEW {table}")
        if not taken.adds:
            listed = ", ".join(f"{quote(column)} {kind}" for column, kind in taken.columns.items())
            create = f"CREATE OR REPLACE TABLE {table} ({listed}) {mapped(taken.columns)}"
            connection.exec_driver_sql(create.rstrip())
        taken.file.file.flush()
        self.bring(connection, table, schema, taken.file.path)

    @abstractmethod
    def bring(self, connection: sa.Connection, table: str, schema: str, path: Path) -> None:
        """The rows of a parquet file of this machine into an empty table, whose name is quoted."""

    # -- what there is

    def schemas(self, connection: sa.Connection) -> Collection[str]:
        return [str(row[0]) for row in connection.exec_driver_sql("SHOW SCHEMAS")]

    def relations(self, connection: sa.Connection, schema: str) -> dict[str, str]:
        """By SHOW, which every catalog has; its list of tables may have the views in it."""
        quoted = connection.dialect.identifier_preparer.quote(schema)
        try:
            found = {str(row[1]): "TABLE" for row in connection.exec_driver_sql(f"SHOW TABLES IN {quoted}")}
        except sa.exc.DBAPIError as error:
            if any(name in str(error.orig) for name in ("SCHEMA_NOT_FOUND", "NoSuchNamespaceException")):
                return {}
            raise
        found |= {str(row[1]): "VIEW" for row in connection.exec_driver_sql(f"SHOW VIEWS IN {quoted}")}
        return dict(sorted(found.items()))

    def columns(self, connection: sa.Connection, schema: str, name: str) -> dict[str, str]:
        quote = connection.dialect.identifier_preparer.quote
        found: dict[str, str] = {}
        try:
            rows = connection.exec_driver_sql(f"DESCRIBE TABLE {quote(schema)}.{quote(name)}").all()
        except sa.exc.DBAPIError as error:
            if "TABLE_OR_VIEW_NOT_FOUND" in str(error.orig):
                return {}
            raise
        for column, kind, *_ in rows:
            if not column or column.startswith("#"):  # from here on it is about partitions
                break
            found[str(column)] = str(kind)
        return found

    # -- errors, locks

    def refusal(self, error: Exception) -> Refusal:
        return refusal(getattr(error, "orig", None) or error, self.name.capitalize())

    def exclusive(self, connection: sa.Connection, names: Sequence[str]) -> AbstractContextManager[Hold]:
        return _lease.held(self, connection, names, "UNIX_TIMESTAMP()")


class Databricks(Lakehouse):
    """A Databricks SQL warehouse, or a cluster."""

    name: ClassVar[str] = "databricks"
    settings: ClassVar[Mapping[str, TargetSetting]] = {
        "host": TargetSetting("The workspace's host name.", required=True),
        "http_path": TargetSetting("The path of the SQL warehouse or the cluster.", required=True),
        "catalog": TargetSetting("The catalog that holds the schemas.", required=True),
        "token": TargetSetting("A personal access token."),
        "client_id": TargetSetting("The service principal's client, for OAuth."),
        "client_secret": TargetSetting("The client's secret."),
    }
    table_settings: ClassVar[Mapping[str, TableSetting]] = {
        "cluster_by": TableSetting(
            "Rows that share these columns are kept together (liquid clustering).", "columns", besides="partitioned_by"
        ),
        "partitioned_by": TableSetting("A folder of files for each value of these columns.", "columns"),
    }

    def __init__(self) -> None:
        # Of each of the driver's connections, the cursor of its latest statement: by that a statement is stopped.
        self._running: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    def dialect(self) -> sa.Dialect:
        from framework.warehouses._databricks_dialect import Dialect

        dialect: sa.Dialect = Dialect()
        return dialect

    def connect(self, settings: Mapping[str, str], root: Path, *, reading: bool = False) -> sa.Engine:
        try:
            from databricks import sql
            from databricks.sql.exc import Error

            from framework.warehouses._databricks_dialect import Dialect
        except ImportError:
            message = "the Databricks driver is not installed"
            raise Unreachable(Refusal(message, "pip install 'framework-pipelines[databricks]'")) from None
        arguments = {
            "server_hostname": settings["host"],
            "http_path": settings["http_path"],
            "catalog": settings["catalog"],
            "session_configuration": _SESSION,
            "use_inline_params": False,
            "user_agent_entry": "framework",
            **_credentials(settings),
        }
        dialect = Dialect()
        engine = sa.create_engine(
            "databricks://", module=sql, creator=lambda: sql.connect(**arguments), max_overflow=-1, pool_pre_ping=True
        )
        engine.dialect = dialect
        _conflicts.patient(engine, _execute)
        sa.event.listen(engine, "before_cursor_execute", self._seen)
        sa.event.listen(engine, "handle_error", _lost)
        try:
            _answers(settings["host"])
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except (sa.exc.SQLAlchemyError, Error, OSError, ValueError) as error:
            engine.dispose()
            raise Unreachable(unconnected(getattr(error, "orig", None) or error, "Databricks", _ADVICE)) from None
        return engine

    def _seen(self, connection: sa.Connection, cursor: Any, *_: Any) -> None:
        self._running[connection.connection.driver_connection] = cursor

    def address(self, settings: Mapping[str, str], root: Path) -> Address:
        return Address(f"databricks://{settings['host'].lower()}", settings["catalog"].lower(), "default")

    def bring(self, connection: sa.Connection, table: str, schema: str, path: Path) -> None:
        """Through a volume of the schema, from which the file goes again."""
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"CREATE VOLUME IF NOT EXISTS {quote(schema)}.{_VOLUME}")
        catalog = connection.exec_driver_sql("SELECT CURRENT_CATALOG()").scalar_one()
        # COPY INTO takes a file of one name once.
        there = f"/Volumes/{catalog}/{schema}/{_VOLUME}/{path.parent.name}.parquet"
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.staging_allowed_local_path = str(path.parent)
        try:
            connection.exec_driver_sql(f"PUT '{path}' INTO '{there}' OVERWRITE")
            connection.exec_driver_sql(f"COPY INTO {table} FROM '{there}' FILEFORMAT = PARQUET")
        finally:
            with suppress(Exception):  # what was wrong is said by what came before
                connection.exec_driver_sql(f"REMOVE '{there}'")

    def interrupt(self, driver: Any) -> None:
        cursor = self._running.get(driver)
        if cursor is not None:
            cursor.cancel()


def _execute(cursor: Any, statement: str, parameters: Any, context: Any) -> None:
    """What a statement is for are its query tags."""
    told = context.execution_options.get(TAG) or {}
    cursor.execute(statement, parameters, query_tags={"app": "framework", **told})


_ADVICE = {
    "user": "check `token`, or `client_id` and `client_secret`",
    "host": "check `host` of the target",
    "answer": "check the network, and `host` and `http_path` of the target",
}


def _answers(host: str) -> None:
    """Raises OSError where nobody answers: the driver would try for a quarter of an hour, as long as a warehouse that
    has been stopped may take to start."""
    try:
        urlopen(f"https://{host}/", timeout=_ANSWER_SECONDS).close()
    except HTTPError:
        return
    except URLError as error:
        if not isinstance(error.reason, ssl.SSLError):  # whom to trust, the driver knows
            raise


def _lost(context: sa.engine.ExceptionContext) -> None:
    """Tells SQLAlchemy which errors end a connection, for its dialect knows of none."""
    if lost(context.original_exception):
        context.is_disconnect = True


def _credentials(settings: Mapping[str, str]) -> dict[str, Any]:
    if "token" in settings:
        return {"access_token": settings["token"]}
    if "client_id" in settings and "client_secret" in settings:
        from databricks.sdk.core import Config, oauth_service_principal

        def provider() -> Any:
            config = Config(
                host=f"https://{settings['host']}",
                client_id=settings["client_id"],
                client_secret=settings["client_secret"],
            )
            return oauth_service_principal(config)

        return {"credentials_provider": provider}
    message = "a databricks target needs a `token`, or a `client_id` with its `client_secret`"
    raise Unreachable(Refusal(message, "write `token: ${DATABRICKS_TOKEN}`"))
