"""The dialect of databricks-sqlalchemy, which writes what Databricks does by itself, and a Spark may not know."""

from typing import Any

from databricks.sqlalchemy import DatabricksDialect  # type: ignore[attr-defined]  # no __all__ names it
from databricks.sqlalchemy._ddl import DatabricksDDLCompiler


class _DdlCompiler(DatabricksDDLCompiler):
    """Tables are of the catalog's own format; keys are not declared, for nothing would hold them."""

    def post_create_table(self, table: Any) -> str:
        return ""

    def create_table_constraints(self, table: Any, _include_foreign_key_constraints: Any = None, **_: Any) -> str:
        return ""


class Dialect(DatabricksDialect):
    supports_statement_cache = True
    ddl_compiler = _DdlCompiler

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.paramstyle = "named"
        self.positional = False
