"""The contender of the benchmark does the same job: its published tables are the pipeline's."""

from pathlib import Path

import duckdb
import pytest

from benchmarks.contenders import handwritten
from integration.project import REPOSITORY, Project, exactly

CLAIMS, DATA = REPOSITORY / "pipelines" / "claims.yaml", REPOSITORY / "pipelines" / "data" / "claims"


@pytest.fixture
def database(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(tmp_path / "handwritten.duckdb"))


def test_handwritten_publishes_what_the_framework_publishes(
    duckdb_project: Project, database: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIMS_DATA", str(DATA))
    duckdb_project.good(CLAIMS)
    with database:
        handwritten.run(database, DATA)
        for table in handwritten.PUBLISHED:
            found = database.execute(f"FROM marts.{table}")
            columns = [name for name, *_ in found.description or ()]
            assert columns == duckdb_project.columns(f"marts.{table}")
            assert exactly(found.fetchall()) == exactly(duckdb_project.rows(f"marts.{table}")), table


def test_handwritten_holds_back_what_the_framework_holds_back(
    duckdb_project: Project, database: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIMS_DATA", str(DATA))
    outcome = duckdb_project.good(CLAIMS)
    with database:
        handwritten.run(database, DATA)
        for stage in ("claim_headers", "claim_lines", "adjustments", "claims"):
            row = database.execute(f"SELECT count(*) FROM quarantine.{stage}").fetchone()
            buckets = outcome.stage(stage)["ledger"]["buckets"]
            assert row == (buckets.get("quarantined", 0) + buckets.get("rejected", 0),), stage


def test_handwritten_finds_as_many_failing_rows_as_the_framework(
    duckdb_project: Project, database: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIMS_DATA", str(DATA))
    checks = duckdb_project.good(CLAIMS).results["checks"]
    with database:
        found = handwritten.run(database, DATA)
    by_suites = ("raw_eligibility", "claims")  # held against SQL of their own: test_claims.py
    warned = sorted(
        c["failing"] for c in checks if c["on_fail"] == "warn" and c["failing"] and c["relation"] not in by_suites
    )
    assert warned == sorted(rows for rows in found.values() if rows)
    assert all(rows == 0 for name, rows in found.items() if "warn " not in name)


def test_handwritten_publishes_nothing_where_a_check_fails(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for file in DATA.glob("*.csv"):
        text = file.read_text(encoding="utf-8")
        (tmp_path / file.name).write_text(text.replace("Plan 02", "Plan 01"), encoding="utf-8")
    with database:
        handwritten.run(database, DATA)
        before = database.execute("FROM marts.dim_plan ORDER BY ALL").fetchall()
        with pytest.raises(handwritten.CheckFailed, match="plan_name twice"):
            handwritten.run(database, tmp_path)
        assert database.execute("FROM marts.dim_plan ORDER BY ALL").fetchall() == before
