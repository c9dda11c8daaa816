"""DuckDB: the embedded default; files are read in place."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

from framework import files as source_files
from framework.expressions.lowering import Lowering, Template
from framework.expressions.tree import Call
from framework.expressions.types import Type
from framework.warehouse import Files, Refusal, Warehouse

_INTEGER = r"^\s*[+-]?[0-9]+\s*$"
_DOUBLE = r"^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
_DATE = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$"
_TIMESTAMP = (
    r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?\s*$"
)


def _guarded(pattern: str, value: str) -> str:
    # {4} is a place of a template; a pattern says the same with {4,4}.
    pattern = re.sub(r"\{(\d+)\}", r"{\1,\1}", pattern)
    return f"CASE WHEN regexp_matches({{0}}, '{pattern}') THEN {value} END"


def _read_decimal(c: Call) -> str:
    """No more decimals than the scale; too large a number is null as well."""
    fraction = f"(\\.[0-9]{{0,{c.type.scale}}})?" if c.type.scale else ""
    pattern = f"^\\s*[+-]?[0-9]+{fraction}\\s*$"
    return _guarded(pattern, "TRY_CAST(trim({0}) AS {type})")


def _narrow(c: Call) -> str:
    return "CASE WHEN {0} = ROUND({0}, {s}) THEN TRY_CAST({0} AS {type}) END"


def _formats(c: Call) -> str:
    listed = ", ".join("'" + f.replace("'", "''") + "'" for f in c.options)
    return f"CAST(try_strptime(trim({{0}}), [{listed}]) AS {{type}})"


def _parse_decimal(c: Call) -> str:
    """Signs, a currency sign and thousands are taken off; what is left must be a plain number."""
    bare = "regexp_replace(trim({0}), '[$,\\s()]|CR$|-$|^[+-]', '', 'g')"
    shape = (
        r"^\s*([+-]?\$?|\$[+-])(\d+|\d{1,3}(,\d{3,3})+)?(\.\d{0,4})?(CR|-)?\s*$"
        r"|^\s*\(\$?(\d+|\d{1,3}(,\d{3,3})+)?(\.\d{0,4})?\)\s*$"
    )
    negative = r"regexp_matches({0}, '^\s*(\$?-|\()|(CR|-)\s*$')"
    number = f"TRY_CAST({bare} AS {{type}})"
    return (
        f"CASE WHEN regexp_matches({{0}}, '{shape}') AND regexp_matches({{0}}, '[0-9]') "
        f"THEN CASE WHEN {negative} THEN -{number} ELSE {number} END END"
    )


def _hash_key(c: Call) -> str:
    return "md5(" + " || ".join(_key_text(a.type, f"{{{i}}}") for i, a in enumerate(c.args)) + ")"


def _key_text(t: Type, place: str) -> str:
    value = {
        "timestamp": f"strftime({place}, '%Y-%m-%d %H:%M:%S.%f')",
        "string": place,
    }.get(t.name, f"CAST({place} AS VARCHAR)")
    return f"COALESCE(length({value}) || ':' || {value}, '-')"


def _truncated(c: Call) -> str:
    return f"CAST(date_trunc('{c.options[0]}', {{0}}) AS {{type}})"


def _added(c: Call) -> str:
    return f"CAST({{0}} + to_{c.options[0]}s(CAST({{1}} AS INTEGER)) AS {{type}})"


TEMPLATES: dict[str, Template] = {
    "try_cast(string as integer)": _guarded(_INTEGER, "TRY_CAST(trim({0}) AS BIGINT)"),
    "try_cast(string as decimal)": _read_decimal,
    "try_cast(string as double)": _guarded(_DOUBLE, "TRY_CAST(trim({0}) AS DOUBLE)"),
    "try_cast(string as boolean)": _guarded(r"(?i)^\s*(true|false)\s*$", "TRY_CAST(trim({0}) AS BOOLEAN)"),
    "try_cast(string as date)": _guarded(_DATE, "TRY_CAST(trim({0}) AS DATE)"),
    "try_cast(string as timestamp)": _guarded(_TIMESTAMP, "TRY_CAST(trim({0}) AS TIMESTAMP)"),
    "try_cast(decimal as decimal)": _narrow,
    "try_cast(decimal as integer)": "CASE WHEN {0} = ROUND({0}, 0) THEN TRY_CAST({0} AS BIGINT) END",
    "try_cast(double as decimal)": "TRY_CAST({0} AS {type})",
    "try_cast(double as integer)": "CASE WHEN {0} = ROUND({0}, 0) THEN TRY_CAST({0} AS BIGINT) END",
    "try_cast": "TRY_CAST({0} AS {type})",
    "cast": "CAST({0} AS {type})",
    "parse_date": _formats,
    "try_parse_date": _formats,
    "parse_timestamp": _formats,
    "try_parse_timestamp": _formats,
    "try_parse_decimal": _parse_decimal,
    "parse_decimal": _parse_decimal,
    "try_parse_integer": _guarded(
        r"^\s*[+-]?(\d+|\d{1,3}(,\d{3})+)\s*$", "TRY_CAST(replace(trim({0}), ',', '') AS BIGINT)"
    ),
    "hash_key": _hash_key,
    "period_end": "COALESCE({0}, CAST('infinity' AS {type}))",
    "key_text": lambda c: _key_text(c.args[0].type, "{0}"),
    "date_trunc": _truncated,
    "date_add": _added,
    "date_diff": "date_diff('{o0}', {0}, {1})",
    "full_years": "date_sub('year', CAST({0} AS TIMESTAMP), CAST({1} AS TIMESTAMP))",
    "full_months": "date_sub('month', CAST({0} AS TIMESTAMP), CAST({1} AS TIMESTAMP))",
    "second": "CAST(EXTRACT(SECOND FROM {0}) AS BIGINT)",
    "format_date": "strftime({0}, '{o0}')",
    "lpad": lambda c: "lpad({0}, CAST({1} AS INTEGER), " + ("{2})" if len(c.args) > 2 else "' ')"),
    "rpad": lambda c: "rpad({0}, CAST({1} AS INTEGER), " + ("{2})" if len(c.args) > 2 else "' ')"),
    "regexp_replace": "regexp_replace({0}, {1}, {2}, 'g')",
    "regexp_extract": lambda c: (
        "CASE WHEN regexp_matches({0}, {1}) THEN regexp_extract({0}, {1}"
        + (", {2}" if len(c.args) > 2 else "")
        + ") END"
    ),
    "split_part": "split_part({0}, {1}, CAST({2} AS INTEGER))",
    "sha256": "sha256({0})",
    "median": "CAST(median({0}) AS DOUBLE)",
    "string_agg": "string_agg({distinct}{0}, {1}{order})",
    "sum(double)": "sum({distinct}{0})",
}


class Duckdb(Warehouse):
    """A DuckDB file, or memory."""

    name: ClassVar[str] = "duckdb"
    lowering: ClassVar[Lowering] = Lowering(TEMPLATES)
    settings: ClassVar[Mapping[str, str]] = {
        "database": "The file, relative to the project's folder, or :memory:.",
        "memory_limit": "How much memory DuckDB may take, as 4GB.",
        "threads": "How many threads DuckDB runs.",
    }

    def dialect(self) -> sa.Dialect:
        from duckdb_engine import Dialect

        dialect: sa.Dialect = Dialect()
        return dialect

    def connect(self, settings: Mapping[str, str], root: Path) -> sa.Engine:
        database = settings.get("database", ":memory:")
        if database != ":memory:":
            path = root / database
            path.parent.mkdir(parents=True, exist_ok=True)
            database = str(path)
        engine = sa.create_engine(sa.URL.create("duckdb", database=database), poolclass=sa.pool.StaticPool)

        @sa.event.listens_for(engine, "connect")
        def _session(connection: Any, _: Any) -> None:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET preserve_insertion_order = false")
            for name in ("memory_limit", "threads"):
                if name in settings:
                    connection.execute(f"SET {name} = {source_files.text(str(settings[name]))}")

        return engine

    def load(self, connection: sa.Connection, schema: str, files: Files) -> None:
        """A view over the files: they are read where they stand."""
        select, _ = source_files.select(files)
        name = f"{source_files.quoted(schema)}.{source_files.quoted(files.source)}"
        connection.exec_driver_sql(f"CREATE OR REPLACE VIEW {name} AS\n{select}")

    def relations(self, connection: sa.Connection, schema: str) -> dict[str, str]:
        query = sa.text(
            "SELECT table_name, table_type FROM information_schema.tables "
            "WHERE table_catalog = current_database() AND table_schema = :schema"
        )
        return {n: "VIEW" if kind == "VIEW" else "TABLE" for n, kind in connection.execute(query, {"schema": schema})}

    def columns(self, connection: sa.Connection, schema: str, name: str) -> dict[str, str]:
        query = sa.text(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() "
            "AND schema_name = :schema AND table_name = :name ORDER BY column_index"
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
        if "Interrupted" in message:
            return Refusal("interrupted")
        kind = message.partition(":")[0].rpartition(")")[2].strip()
        return Refusal(f"DuckDB refused a statement ({kind[:40]})")

    @contextmanager
    def exclusive(self, connection: sa.Connection, pipeline: str) -> Iterator[bool]:
        """A DuckDB file has a single writer already."""
        yield True
