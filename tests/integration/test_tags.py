"""A warehouse that keeps a history of statements is told with each what it is for."""

import json
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from integration.anywhere import Anywhere, target
from integration.project import URL_VARIABLE, Project

PIPELINE = """
pipeline: shop
sources:
  raw_sales: {path: sales.csv, key: [id], columns: {id: string, amount: integer}}
stages:
  sales: {kind: normalize, from: raw_sales, key: [id], columns: {id: , amount: }}
  fct_sales: {kind: publish, from: sales, mode: replace}
"""
SALES = "id,amount\na,1\n"
STAGES = {"raw_sales", "sales", "fct_sales"}


@pytest.mark.engines
def test_snowflake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """As the driver sends them: the stand-in keeps no history."""
    from snowflake.connector.connection import SnowflakeConnection

    sent: list[Any] = []
    send = SnowflakeConnection.cmd_query

    def noted(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        sent.append((sql, (options.get("statement_params") or {}).get("QUERY_TAG")))
        return send(self, sql, *arguments, **options)

    monkeypatch.setattr(SnowflakeConnection, "cmd_query", noted)
    monkeypatch.chdir(tmp_path)
    shop = Anywhere(tmp_path, target("snowflake", request), request.getfixturevalue("capsys"))
    (tmp_path / "shop.yaml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "sales.csv").write_text(SALES, encoding="utf-8")
    shop.good()
    tags = [json.loads(tag) for _, tag in sent if tag]
    assert {tag.get("stage") for tag in tags} == {*STAGES, None}
    assert {(tag["app"], tag["pipeline"]) for tag in tags} == {("framework", "shop")}
    assert len({tag["run"] for tag in tags}) == 1
    (built,) = (tag for sql, tag in sent if sql.startswith("CREATE TABLE staging.sales__new"))
    assert json.loads(built)["stage"] == "sales"


@pytest.mark.engines
def test_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """As Spark's own list of jobs has them."""
    from pyspark.sql import SparkSession

    monkeypatch.chdir(tmp_path)
    shop = Anywhere(tmp_path, target("spark", request), request.getfixturevalue("capsys"))
    (tmp_path / "shop.yaml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "sales.csv").write_text(SALES, encoding="utf-8")
    shop.good()
    session = SparkSession.getActiveSession()
    assert session is not None
    jobs = session.sparkContext._jsc.sc().statusStore().jobsList(None)
    told = Counter(str(jobs.apply(i).description().getOrElse(None)) for i in range(jobs.size()))
    assert any("pipeline=shop" in text and text.endswith("stage=sales") for text in told), told


def test_postgres(postgres_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the server shows what it does: a stage waits for a lock, and somebody looks."""
    project = postgres_project
    project.write("shop.yaml", PIPELINE)
    project.write("sales.csv", SALES)
    project.good("shop.yaml")
    assert project.url is not None
    found: list[str] = []
    with closing(psycopg.connect(project.url)) as holder, closing(psycopg.connect(project.url, autocommit=True)) as eye:
        holder.execute("LOCK TABLE raw.raw_sales IN ACCESS EXCLUSIVE MODE")

        def look() -> None:
            query = "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '/* framework%'"
            deadline = time.monotonic() + 60
            while not found and time.monotonic() < deadline:
                found.extend(row[0] for row in eye.execute(query).fetchall())
            holder.rollback()

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        project.good("shop.yaml")
        thread.join()
    assert found[0].startswith("/* framework pipeline=shop run=")
    assert URL_VARIABLE not in found[0]
    assert "stage=raw_sales */ " in found[0]
