"""The statements by which a file's rows come to Snowflake and to Databricks, held against golden text.

Those of Snowflake are what its driver sends to the stand-in; to a workspace of Databricks nothing can be sent here.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from framework.ddl import CreateSchema
from framework.expressions import types as t
from framework.warehouse import Files
from framework.warehouses.databricks import Databricks
from framework.warehouses.snowflake import Snowflake

HERE = Path(__file__).parent
COLUMNS = {"id": t.STRING, "Paid Amount": t.STRING}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    path = tmp_path / "lines.csv"
    path.write_text("id,Paid Amount\na,1.50\n", encoding="utf-8")
    return Files("raw_lines", (path,), "csv", COLUMNS)


def held(name: str, statements: list[str], *, update: bool) -> None:
    """A golden file of statements, each on lines of its own."""
    path = HERE / f"loading.{name}.sql"
    text = "".join(f"{statement}\n\n" for statement in statements)
    if update:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.engines
def test_snowflake(
    files: Files, snowflake_target: dict[str, str], monkeypatch: pytest.MonkeyPatch, update_golden: bool
) -> None:
    from snowflake.connector.connection import SnowflakeConnection

    sent: list[str] = []
    send = SnowflakeConnection.cmd_query

    def noted(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        if sent[-1:] != [sql]:  # a PUT is asked for twice
            sent.append(sql)
        return send(self, sql, *arguments, **options)

    warehouse = Snowflake()
    engine = warehouse.connect({n: v for n, v in snowflake_target.items() if n != "warehouse"}, Path())
    try:
        with engine.begin() as connection:
            connection.execute(CreateSchema("raw"))
            monkeypatch.setattr(SnowflakeConnection, "cmd_query", noted)
            for adds in (False, True, False):
                warehouse.load(connection, "raw", files, adds=adds)
    finally:
        engine.dispose()
    wanted = [
        re.sub(r"/[0-9a-f]{32}", "/x", sql) for sql in sent if "information_schema" not in sql and sql != "ROLLBACK"
    ]
    held("snowflake", wanted, update=update_golden)


class _Workspace(Databricks):
    """Where the table of the source is there when rows are added to it."""

    def relations(self, connection: sa.Connection, schema: str) -> dict[str, str]:
        return {}

    def columns(self, connection: sa.Connection, schema: str, name: str) -> dict[str, str]:
        return dict.fromkeys(COLUMNS, "string")


class _Unsent:
    """A connection that writes down what would be sent."""

    def __init__(self) -> None:
        self.dialect, self.connection, self.sent = Databricks().dialect(), self, list[str]()
        self.driver_connection = self
        self.staging_allowed_local_path: str | None = None

    def exec_driver_sql(self, statement: str) -> "_Unsent":
        statement = re.sub(r"(?<=PUT ')/.*?(?=/framework-)", "/tmp", statement)
        self.sent.append(re.sub(r"framework-\w+", "framework-x", statement))
        return self

    def scalar_one(self) -> str:
        return "claims"


def test_databricks(files: Files, update_golden: bool) -> None:
    connection: Any = _Unsent()
    for adds in (False, True):
        _Workspace().load(connection, "raw", files, adds=adds)
    held("databricks", connection.sent, update=update_golden)
