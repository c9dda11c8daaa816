"""Contenders are timed only when they publish the same rows: the job as tables and checks, and the comparing itself."""

import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks import published
from benchmarks.contenders import claims, handwritten
from benchmarks.timing import Contender, Failed
from integration.project import REPOSITORY

DATA = REPOSITORY / "pipelines" / "data" / "claims"
MARTS = "CREATE SCHEMA marts; CREATE TABLE marts.t (a INTEGER, b VARCHAR); "
ROWS = MARTS + "INSERT INTO marts.t VALUES (1, 'x'), (2, NULL), (2, NULL)"


def _database(path: Path, statements: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(statements)
    return path


@pytest.mark.parametrize(
    ("found", "differences"),
    [
        (MARTS + "INSERT INTO marts.t VALUES (2, NULL), (1, 'x'), (2, NULL)", []),
        (
            MARTS.replace("TABLE marts.t", "TABLE s") + "CREATE VIEW marts.t AS FROM run.main.s",
            ["t lacks 3 rows and has 0 more"],
        ),
        (MARTS + "INSERT INTO marts.t VALUES (1, 'x'), (2, NULL)", ["t lacks 1 rows and has 0 more"]),
        (MARTS + "INSERT INTO marts.t VALUES (1, ''), (2, NULL), (2, NULL)", ["t lacks 1 rows and has 1 more"]),
        ("CREATE SCHEMA marts", ["t is not there"]),
        (
            "CREATE SCHEMA marts; CREATE TABLE marts.t (b VARCHAR, a INTEGER)",
            ["t has columns b VARCHAR, a INTEGER; expected a INTEGER, b VARCHAR"],
        ),
        (
            "CREATE SCHEMA marts; CREATE TABLE marts.t (a BIGINT, b VARCHAR)",
            ["t has columns a BIGINT, b VARCHAR; expected a INTEGER, b VARCHAR"],
        ),
    ],
    ids=["order", "view", "fewer", "other", "none", "columns", "types"],
)
def test_published_rows_are_held_against_the_expected(found: str, differences: list[str], tmp_path: Path) -> None:
    expected = _database(tmp_path / "expected" / "run.duckdb", ROWS)
    here = _database(tmp_path / "found" / "run.duckdb", found)
    assert published.differences(expected, here, ["t"]) == differences


def _contender(folder: Path, tables: tuple[str, ...], value: int) -> Contender:
    made = "".join(f"CREATE TABLE marts.{t} AS SELECT {value} AS a;" for t in tables)
    program = f"import duckdb; duckdb.connect('run.duckdb').execute('CREATE SCHEMA marts; {made}')"
    folder.mkdir()
    return Contender(folder.name, [sys.executable, "-c", program], folder, database=folder / "run.duckdb")


def test_a_contender_that_publishes_other_rows_is_refused(tmp_path: Path) -> None:
    base, same, other = (
        _contender(tmp_path / name, handwritten.PUBLISHED, value)
        for name, value in (("base", 1), ("same", 1), ("other", 2))
    )
    with pytest.raises(Failed, match="other publishes other rows than base: dim_member lacks 1 rows and has 1 more"):
        published.refuse_differing([base, same, other], "base")


def test_contenders_that_publish_the_same_may_be_measured(tmp_path: Path) -> None:
    both = [_contender(tmp_path / name, handwritten.PUBLISHED, 1) for name in ("base", "same")]
    without = Contender("without rows", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path)
    published.refuse_differing([*both, without], "base")


def test_the_job_as_tables_publishes_and_holds_back_what_the_job_by_hand_does(tmp_path: Path) -> None:
    job, databases = claims.tables(DATA), [tmp_path / name / "run.duckdb" for name in ("hand", "tables")]
    for path in databases:
        path.parent.mkdir()
    with duckdb.connect(str(databases[0])) as connection:
        checks = handwritten.run(connection, DATA)
    with duckdb.connect(str(databases[1])) as connection:
        for signature, body in job.macros.items():
            connection.execute(f"CREATE MACRO {signature} AS {body}")
        for schema in {name.partition(".")[0] for name in (*job.tables, "raw.")}:
            connection.execute(f"CREATE SCHEMA {schema}")
        for name, source in job.sources.items():
            connection.execute(f"CREATE VIEW raw.{name} AS FROM {source.rows}")
        for name, table in job.tables.items():
            connection.execute(f"CREATE {'TABLE' if table.stored else 'VIEW'} {name} AS {table.query}")
    assert published.differences(databases[0], databases[1]) == []
    by_hand, as_tables = (_held_back(path) for path in databases)
    assert by_hand == as_tables
    assert len(by_hand) == 4
    of_sources, of_tables = job.sources.values(), job.tables.values()
    assert len(checks) == sum(len(s.checks) for s in of_sources) + sum(len(t.checks) for t in of_tables)


def _held_back(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'quarantine'"
        ).fetchall()
        return {t: connection.execute(f"FROM quarantine.{t} ORDER BY ALL").fetchall() for (t,) in tables}
