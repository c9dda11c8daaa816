"""The dialect of databricks-sqlalchemy, which writes what Databricks does by itself, and a Spark may not know."""

from typing import Any

import sqlalchemy as sa
from databricks.sqlalchemy import DatabricksDialect  # type: ignore[attr-defined]  # no __all__ names it
from databricks.sqlalchemy._ddl import DatabricksDDLCompiler
from databricks.sqlalchemy._types import TIMESTAMP_NTZ


class _DdlCompiler(DatabricksDDLCompiler):
    """Tables are of the catalog's own format; keys are not declared, for nothing would hold them."""

    def post_create_table(self, table: Any) -> str:
        return ""

    def create_table_constraints(self, table: Any, _include_foreign_key_constraints: Any = None, **_: Any) -> str:
        return ""


class _Moment(TIMESTAMP_NTZ):
    """A literal of it is of its type; the dialect writes a text, which no column of moments takes."""

    def literal_processor(self, dialect: Any) -> Any:
        return lambda value: f"TIMESTAMP_NTZ '{value.isoformat(' ')}'"


class _Day(sa.Date):
    """As a moment: a literal of it is no text."""

    def literal_processor(self, dialect: Any) -> Any:
        return lambda value: f"DATE '{value.isoformat()}'"


class Dialect(DatabricksDialect):
    supports_statement_cache = True
    ddl_compiler = _DdlCompiler
    colspecs = {**DatabricksDialect.colspecs, sa.DateTime: _Moment, sa.Date: _Day}  # noqa: RUF012  (as the dialect has it)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.paramstyle = "named"
        self.positional = False
