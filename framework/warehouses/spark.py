"""Spark of one's own, with the SQL of Databricks: a cluster by Spark Connect, or this machine."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

from framework.expressions.lowering import Lowering
from framework.warehouse import TAG, Address, Refusal, TableSetting, TargetSetting, Unreachable
from framework.warehouses import _conflicts
from framework.warehouses._databricks_refusals import unconnected
from framework.warehouses.databricks import Lakehouse

_ADVICE = {
    "user": "check what the server asks for, and `remote` of the target",
    "host": "check `remote` of the target",
    "answer": "check the network, and `remote` and `catalog` of the target",
}


def _execute(cursor: Any, statement: str, parameters: Any, context: Any) -> None:
    """What a statement is for, Spark's list of jobs shows."""
    told = context.execution_options.get(TAG) or {}
    cursor.purpose = " ".join(("framework", *(f"{word}={value}" for word, value in told.items())))
    cursor.execute(statement, parameters)


class Spark(Lakehouse):
    """Apache Spark 3.5 or later, with a catalog whose tables can be merged into: Iceberg, or Delta."""

    name: ClassVar[str] = "spark"
    lowering: ClassVar[Lowering] = replace(Lakehouse.lowering, select_dialect="spark")  # which has no QUALIFY
    settings: ClassVar[Mapping[str, TargetSetting]] = {
        "remote": TargetSetting(
            "Where a Spark Connect server is: sc://host:port. Without it Spark runs in this process."
        ),
        "catalog": TargetSetting("The catalog that holds the schemas. What it is, spark-defaults.conf says."),
    }
    table_settings: ClassVar[Mapping[str, TableSetting]] = {
        "partitioned_by": TableSetting("A folder of files for each value of these columns.", "columns"),
    }

    def dialect(self) -> sa.Dialect:
        from framework.warehouses._databricks_dialect import Dialect

        dialect: sa.Dialect = Dialect()
        return dialect

    def connect(self, settings: Mapping[str, str], root: Path, *, reading: bool = False) -> sa.Engine:
        try:
            from pyspark.sql import SparkSession

            from framework.warehouses import _spark_driver
            from framework.warehouses._databricks_dialect import Dialect
        except ImportError:
            raise Unreachable(Refusal("Spark is not installed", "pip install 'framework-pipelines[spark]'")) from None
        try:
            builder = SparkSession.builder.appName("framework")
            session = (builder.remote(settings["remote"]) if "remote" in settings else builder).getOrCreate()
        except ImportError:
            raise Unreachable(Refusal("Spark Connect is not installed", "pip install 'pyspark[connect]'")) from None
        except Exception as error:  # Java's own, or those of a channel that does not open
            raise Unreachable(unconnected(error, "Spark", _ADVICE)) from None
        engine = sa.create_engine(
            "databricks://",
            module=_spark_driver,
            creator=lambda: _spark_driver.connect(session, settings.get("catalog")),
            poolclass=sa.pool.QueuePool,
            max_overflow=-1,
        )
        engine.dialect = Dialect(dbapi=_spark_driver)
        _conflicts.patient(engine, _execute)
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except sa.exc.SQLAlchemyError as error:
            engine.dispose()
            raise Unreachable(unconnected(getattr(error, "orig", None) or error, "Spark", _ADVICE)) from None
        return engine

    def address(self, settings: Mapping[str, str], root: Path) -> Address:
        place = settings.get("remote", "sc://localhost").partition("://")[2].partition("/")[0]
        return Address(f"spark://{place}", settings.get("catalog", "spark_catalog"), "default")

    def bring(self, connection: sa.Connection, table: str, schema: str, path: Path) -> None:
        """Spark reads the file where it is: it and this process see the same folders, or it runs here."""
        place = str(path).replace("`", "``")
        connection.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM parquet.`{place}`")

    def interrupt(self, driver: Any) -> None:
        driver.interrupt()
