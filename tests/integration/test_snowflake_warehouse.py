"""What goes to Snowflake as text arrives as it was written."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from conftest import Opened

from framework.ddl import CreateSchema, CreateTableAs, CreateView
from framework.expressions.lowering import lower
from framework.expressions.typed import literal
from framework.files.unnamed import unnamed
from framework.warehouses._loading import Taken
from framework.warehouses.snowflake import Snowflake

pytestmark = pytest.mark.engines
PERCENT = "100%, %s and %(x)s"


@pytest.fixture
def snowflake(snowflake_target: dict[str, str]) -> Iterator[Opened]:
    warehouse = Snowflake()
    settings = {name: value for name, value in snowflake_target.items() if name != "warehouse"}
    engine = warehouse.connect(settings, Path())
    with engine.begin() as connection:
        connection.execute(CreateSchema("raw"))
    yield Opened(warehouse, engine)
    engine.dispose()


def test_a_percent_sign_in_the_name_of_a_column(snowflake: Opened, tmp_path: Path) -> None:
    rows = tmp_path / "rows.parquet"
    duckdb.sql("SELECT 1 AS id, 'x' AS \"a%b\"").write_parquet(str(rows))
    columns = {"id": "NUMBER(38,0)", "a%b": "TEXT"}
    warehouse = snowflake.warehouse
    assert isinstance(warehouse, Snowflake)
    for _ in ("made", "emptied and filled"):
        with snowflake.engine.begin() as connection, unnamed() as file:
            file.file.write(rows.read_bytes())
            stands = warehouse.relations(connection, "raw").get("given")
            warehouse.take(connection, "raw", Taken("given", columns, file, stands))
            assert warehouse.columns(connection, "raw", "given") == columns
            table = sa.table("given", sa.column("a%b"), schema="raw")
            assert connection.execute(sa.select(table.c["a%b"])).scalars().all() == ["x"]


def test_a_percent_sign_in_a_text(snowflake: Opened) -> None:
    text = lower(literal(PERCENT), lambda reference: sa.column(reference.name), snowflake.warehouse.lowering).label(
        "said"
    )
    with snowflake.engine.begin() as connection:
        assert connection.execute(sa.select(text)).scalar_one() == PERCENT
        bound = sa.select(text).where(sa.bindparam("given", "%") == "%")
        assert connection.execute(bound).scalar_one() == PERCENT
        made, seen = (sa.table(name, sa.column("said"), schema="raw") for name in ("made", "seen"))
        connection.execute(CreateTableAs(made, sa.select(text)))
        connection.execute(CreateView(seen, sa.select(text)))
        for relation in (made, seen):
            assert connection.execute(sa.select(relation.c.said)).scalar_one() == PERCENT
