"""Databricks: pipelines compile for it; runs are not part of this version yet."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from framework.ddl import Storage
from framework.expressions.lowering import Lowering, Value
from framework.warehouse import CompileOnly, TableSetting, TargetSetting
from framework.warehouses._databricks_functions import TEMPLATES, TYPES


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


class Databricks(CompileOnly):
    """A Databricks SQL warehouse, or a cluster."""

    name: ClassVar[str] = "databricks"
    lowering: ClassVar[Lowering] = Lowering(
        TEMPLATES, TYPES, "databricks", series="EXPLODE(SEQUENCE(CAST(0 AS BIGINT), {0} - 1))"
    )
    settings: ClassVar[Mapping[str, TargetSetting]] = {
        "host": TargetSetting("The workspace's host name."),
        "http_path": TargetSetting("The path of the SQL warehouse or the cluster."),
        "token": TargetSetting("A personal access token."),
        "catalog": TargetSetting("The catalog that holds the schemas."),
    }
    table_settings: ClassVar[Mapping[str, TableSetting]] = {
        "cluster_by": TableSetting(
            "Rows that share these columns are kept together (liquid clustering).", "columns", besides="partitioned_by"
        ),
        "partitioned_by": TableSetting("A folder of files for each value of these columns.", "columns"),
    }

    def storage(self, settings: Mapping[str, Any], partition_by: tuple[str, ...]) -> Storage:
        if "cluster_by" in settings:
            return Storage(clauses=(("CLUSTER BY", settings["cluster_by"]),))
        partitioned = settings.get("partitioned_by", partition_by)
        return Storage(clauses=(("PARTITIONED BY", partitioned),) if partitioned else ())

    def dialect(self) -> sa.Dialect:
        from databricks.sqlalchemy import DatabricksDialect  # type: ignore[attr-defined]  # no __all__ names it

        dialect: sa.Dialect = DatabricksDialect()
        return dialect
