"""Snowflake: files travel by PUT and COPY INTO; what changes tables commits by itself, what changes rows does not."""

import json
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

from framework.ddl import Storage
from framework.expressions.lowering import Lowering
from framework.warehouse import TAG, Address, Hold, Refusal, TableSetting, TargetSetting, Unreachable
from framework.warehouses import _lease
from framework.warehouses._loading import Bulk, Kinds, Taken
from framework.warehouses._snowflake_functions import FINITE, TEMPLATES, TYPES, over
from framework.warehouses._snowflake_refusals import refusal

_LOGIN_SECONDS = 30
_APP = {"app": "framework"}
_LOST_SECONDS = 60  # after which a request that nobody answers is not made again
# What an account's or a user's own settings could change in what a statement means.
_SESSION = {
    "TIMEZONE": "UTC",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "DATE_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "CLIENT_TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "QUERY_TAG": json.dumps(_APP),
}
# A generator takes a constant alone: as many days as 270 years have.
_NUMBERS = "SELECT ROW_NUMBER() OVER (ORDER BY 1) - 1 AS number FROM TABLE(GENERATOR(ROWCOUNT => 100000))"
_STAGE = "framework_rows"


class Snowflake(Bulk):
    """A Snowflake account."""

    name: ClassVar[str] = "snowflake"
    transactional_ddl: ClassVar[bool] = False
    tells_case: ClassVar[bool] = True
    longest_name: ClassVar[int | None] = 255
    lowering: ClassVar[Lowering] = Lowering(
        TEMPLATES, TYPES, "snowflake", ranks_by_order=True, finite=FINITE, over=over, numbers=_NUMBERS
    )
    kinds: ClassVar[Kinds] = Kinds(
        integer="NUMBER(38,0)",
        decimal="NUMBER({p},{s})",
        double="FLOAT",
        boolean="BOOLEAN",
        date="DATE",
        timestamp="TIMESTAMP_NTZ",
        text="TEXT",
        huge=("NUMBER(38,0)", "DECIMAL(38, 0)"),
    )
    settings: ClassVar[Mapping[str, TargetSetting]] = {
        "account": TargetSetting("The account's identifier.", required=True),
        "user": TargetSetting("The user that loads.", required=True),
        "database": TargetSetting("The database that holds the schemas.", required=True),
        "private_key_path": TargetSetting("The file with the user's private key, relative to the project's folder."),
        "private_key_passphrase": TargetSetting("The passphrase of that file, where it has one."),
        "password": TargetSetting("The user's password, where there is no key."),
        "role": TargetSetting("The role to take on."),
        "compute": TargetSetting("The virtual warehouse that computes."),
        "host": TargetSetting("The host, where it is not the account's own: a private link, or a proxy."),
        "port": TargetSetting("The port of that host.", "a whole number"),
        "protocol": TargetSetting("https, or http for a proxy on this machine."),
    }
    table_settings: ClassVar[Mapping[str, TableSetting]] = {
        "cluster_by": TableSetting("Rows that share these columns are kept together.", "columns"),
        "transient": TableSetting("The table has no fail-safe, and costs less to store.", "true or false"),
    }

    def dialect(self) -> sa.Dialect:
        from snowflake.sqlalchemy.snowdialect import SnowflakeDialect

        return _knowing(SnowflakeDialect())

    def connect(self, settings: Mapping[str, str], root: Path, *, reading: bool = False) -> sa.Engine:
        try:
            import snowflake.connector
            import snowflake.sqlalchemy
        except ImportError:
            message = "the Snowflake driver is not installed"
            raise Unreachable(Refusal(message, "pip install 'framework-pipelines[snowflake]'")) from None
        arguments = {**_credentials(settings, root), **_place(settings), "session_parameters": _SESSION}
        arguments |= {"login_timeout": _LOGIN_SECONDS, "backoff_policy": _pauses, "application": "framework"}
        engine = sa.create_engine("snowflake://", connect_args=arguments, max_overflow=-1)
        _knowing(engine.dialect)
        sa.event.listen(engine, "do_execute", _tagged)
        sa.event.listen(engine, "handle_error", _lost)
        try:
            with engine.connect() as connection:
                # A database that is not there, or not ours, is no error of the login.
                connection.exec_driver_sql(f"USE DATABASE {_quoted(engine, settings['database'])}")
        except (sa.exc.SQLAlchemyError, snowflake.connector.Error) as error:
            engine.dispose()
            raise Unreachable(self.refusal(error)) from None
        except (ValueError, TypeError, OSError):  # of the file with the key
            engine.dispose()
            help = "check `private_key_path`, and `private_key_passphrase` where the key has one"
            raise Unreachable(Refusal("the private key cannot be read", help)) from None
        return engine

    def address(self, settings: Mapping[str, str], root: Path) -> Address:
        return Address(f"snowflake://{settings['account'].lower()}", settings["database"].upper(), "PUBLIC")

    # -- files

    def take(self, connection: sa.Connection, schema: str, taken: Taken) -> None:
        """A table that has these columns already is emptied and filled in one transaction, and keeps its grants."""
        name, columns, file = taken.name, taken.columns, taken.file
        table, stage = (_named(connection, schema, n) for n in (name, _STAGE))
        connection.exec_driver_sql(f"CREATE TEMPORARY STAGE IF NOT EXISTS {stage}")
        stays = taken.adds or (
            taken.stands == "TABLE" and list(self.columns(connection, schema, name).items()) == list(columns.items())
        )
        if not stays:
            if taken.stands is not None:
                connection.exec_driver_sql(f"DROP {taken.stands} {table}")
            listed = ", ".join(f"{_named(connection, column)} {type_name}" for column, type_name in columns.items())
            connection.exec_driver_sql(f"CREATE TABLE {table} ({listed})")
        file.file.seek(0)
        driver = connection.connection.driver_connection
        assert driver is not None
        # A place of a stage is whatever begins so: no other begins like this one.
        place = f"{stage}/{uuid.uuid4().hex}"
        put = f"PUT 'file://rows.parquet' @{place} AUTO_COMPRESS = FALSE OVERWRITE = TRUE"
        with driver.cursor() as cursor:
            cursor.execute(put, file_stream=file.file, _statement_params=_tag(connection.get_execution_options()))
        if stays and not taken.adds:
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql(
            f"COPY INTO {table} FROM @{place} "
            "FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE "
            "PURGE = TRUE FORCE = TRUE"
        )

    def storage(self, settings: Mapping[str, Any], partition_by: tuple[str, ...]) -> Storage:
        clustered = settings.get("cluster_by", partition_by)
        return Storage(
            "TRANSIENT" if settings.get("transient") else "", (("CLUSTER BY", clustered),) if clustered else ()
        )

    # -- what there is

    def schemas(self, connection: sa.Connection) -> Collection[str]:
        query = "SELECT schema_name FROM information_schema.schemata WHERE catalog_name = CURRENT_DATABASE()"
        return [_shown(connection, name) for name in connection.execute(sa.text(query)).scalars()]

    def relations(self, connection: sa.Connection, schema: str) -> dict[str, str]:
        """By tables and views: an account lists its views among the tables as well."""
        query = sa.text(
            "SELECT table_name, 'TABLE' FROM information_schema.tables "
            "WHERE table_schema = :schema AND table_type <> 'VIEW' "
            "UNION ALL SELECT table_name, 'VIEW' FROM information_schema.views WHERE table_schema = :schema"
        )
        rows = connection.execute(query, {"schema": _stored(connection, schema)}).all()
        return {_shown(connection, name): str(kind) for name, kind in sorted(rows)}

    def columns(self, connection: sa.Connection, schema: str, name: str) -> dict[str, str]:
        query = sa.text(
            "SELECT column_name, data_type, numeric_precision, numeric_scale FROM information_schema.columns "
            "WHERE table_schema = :schema AND table_name = :name ORDER BY ordinal_position"
        )
        names = {"schema": _stored(connection, schema), "name": _stored(connection, name)}
        return {
            _shown(connection, column): f"NUMBER({precision},{scale})" if kind == "NUMBER" else str(kind)
            for column, kind, precision, scale in connection.execute(query, names)
        }

    # -- errors, locks

    def refusal(self, error: Exception) -> Refusal:
        return refusal(getattr(error, "orig", None) or error)

    def interrupt(self, driver: Any) -> None:
        """The session's statements are stopped by another of its own: the connection is one that threads may share."""
        with driver.cursor() as cursor:
            cursor.execute("SELECT SYSTEM$CANCEL_ALL_QUERIES(%s)", (driver.session_id,))

    def exclusive(self, connection: sa.Connection, names: Sequence[str]) -> AbstractContextManager[Hold]:
        return _lease.held(self, connection, names, "DATE_PART(EPOCH_SECOND, CURRENT_TIMESTAMP())")


# Words that the dialect does not quote, and that no alias or no column may be without quotes:
# docs.snowflake.com/en/sql-reference/reserved-keywords
_WORDS = (
    *("case", "cast", "constraint", "cross", "current_date", "current_time", "current_timestamp", "current_user"),
    *("false", "full", "ilike", "inner", "join", "lateral", "left", "localtime", "localtimestamp", "natural", "outer"),
    *("pivot", "qualify", "right", "true", "try_cast", "unpivot", "using", "when"),
)


def _knowing(dialect: sa.Dialect) -> sa.Dialect:
    preparer: Any = dialect.identifier_preparer
    preparer.reserved_words = preparer.reserved_words | set(_WORDS)
    return dialect


def _pauses() -> Iterator[int]:
    """The seconds between the attempts that the driver makes of a request: by itself it would make them for ever.
    Its own `network_timeout` ends statements that take longer as well."""
    from snowflake.connector.errors import OperationalError

    begun, pause, tries = time.monotonic(), 1, 0
    while tries < 3 or time.monotonic() - begun < _LOST_SECONDS:
        yield pause
        pause, tries = min(2 * pause, 16), tries + 1
    raise OperationalError(msg="nobody answers", sqlstate="08006")


def _lost(context: sa.engine.ExceptionContext) -> None:
    """Tells SQLAlchemy which errors end a connection, for its dialect knows of none."""
    if str(getattr(context.original_exception, "sqlstate", None)).startswith("08"):
        context.is_disconnect = True


def _credentials(settings: Mapping[str, str], root: Path) -> dict[str, Any]:
    if "private_key_path" in settings:
        path = root / settings["private_key_path"]
        if not path.is_file():
            message = "the file of `private_key_path` is not there"
            raise Unreachable(Refusal(message, "check the path; it is relative to the project's folder"))
        given = {"private_key_file": str(path), "authenticator": "SNOWFLAKE_JWT"}
        passphrase = settings.get("private_key_passphrase")
        return given | ({"private_key_file_pwd": passphrase} if passphrase else {})
    if "password" in settings:
        return {"password": settings["password"]}
    message = "a snowflake target needs a `private_key_path`, or a `password`"
    raise Unreachable(Refusal(message, "write `private_key_path: ...` with the key pair of the user that loads"))


def _place(settings: Mapping[str, str]) -> dict[str, Any]:
    words = {"account": "account", "user": "user", "database": "database", "role": "role", "compute": "warehouse"}
    given: dict[str, Any] = {word: settings[name] for name, word in words.items() if name in settings}
    given |= {name: settings[name] for name in ("host", "protocol") if name in settings}
    return given | ({"port": int(settings["port"])} if "port" in settings else {})


def _tagged(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    """A statement with what it is for as its query tag, which needs none of its own; False where nothing is told."""
    tag = _tag(context.execution_options)
    if tag is not None:
        cursor.execute(statement, parameters, _statement_params=tag)
    return tag is not None


def _tag(options: Mapping[str, Any]) -> dict[str, str] | None:
    told = options.get(TAG)
    return None if told is None else {"QUERY_TAG": json.dumps({**_APP, **told})}


def _quoted(engine: sa.Engine, name: str) -> str:
    return engine.dialect.identifier_preparer.quote(name)


def _stored(connection: sa.Connection, name: str) -> str:
    """A name as the account keeps it: in upper case, unless it is written with other letters than lower ones."""
    return str(connection.dialect.denormalize_name(name)).strip('"')


def _shown(connection: sa.Connection, name: str) -> str:
    return str(connection.dialect.normalize_name(name))


def _named(connection: sa.Connection, *names: str) -> str:
    """A name for a statement that goes to the driver as it stands: SQLAlchemy doubles a % for the one that it fills."""
    return ".".join(map(connection.dialect.identifier_preparer.quote, names)).replace("%%", "%")
