"""A full disk, a right that is gone: exit code 4, and the tables as they were."""

import resource
import signal
import subprocess
import sys
from contextlib import closing

import psycopg
import pytest
from sqlalchemy.engine import make_url

from integration.project import URL_VARIABLE, Project

PIPELINE = """
pipeline: shop
sources:
  raw: {path: sales.csv, key: [id], columns: {id: string, city: string, note: string, amount: "decimal(18,2)"}}
stages:
  sales: {kind: normalize, from: raw, key: [id], columns: {id: , city: , note: , amount: }}
  cities: {kind: aggregate, from: sales, by: [city, note], measures: {amount: sum(amount)}}
  fct_cities: {kind: publish, from: cities, mode: replace}
  fct_sales: {kind: publish, from: sales, mode: upsert}
"""
SMALL, LARGE = 50, 40_000


def sold(project: Project, count: int) -> None:
    lines = (f"s{i:06},city {i % 97},{'x' * 20}{i * 7919 % 100_003},{i}.25" for i in range(count))
    project.csv("sales.csv", "id,city,note,amount", *lines)


def refused(project: Project, code: int, said: str) -> None:
    """As it must be when the world breaks: no traceback, and a message with a way out."""
    assert code == 4, said
    assert "F501" in said
    assert "Traceback" not in said


def test_a_full_disk(duckdb_project: Project) -> None:
    """A limit on the size of files stands for it, so that nothing has to be mounted."""
    project = duckdb_project
    project.write("shop.yaml", PIPELINE)
    sold(project, SMALL)
    project.good("shop.yaml")
    before, commits = project.published(), project.commits()
    sold(project, LARGE)
    limit = (project.root / "test.duckdb").stat().st_size + 100_000

    def narrow() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    words = [sys.executable, "-m", "framework", "run", "shop.yaml"]
    done = subprocess.run(
        words, cwd=project.root, capture_output=True, text=True, check=False, preexec_fn=narrow, timeout=120
    )
    refused(project, done.returncode, done.stdout + done.stderr)
    assert "disk" in done.stdout
    assert (project.published(), project.commits()) == (before, commits)
    assert project.good("shop.yaml").stage("fct_sales")["rows"] == LARGE
    assert project.leftovers() == set()


@pytest.fixture
def shop(postgres_project: Project) -> Project:
    postgres_project.write("shop.yaml", PIPELINE)
    sold(postgres_project, SMALL)
    return postgres_project


def as_owner(project: Project, *statements: str) -> None:
    assert project.url is not None
    with closing(psycopg.connect(project.url, autocommit=True)) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_server_without_room_for_its_work(shop: Project) -> None:
    """A limit on temporary files stands for the full disk of a server that is not ours."""
    project = shop
    project.good("shop.yaml")
    before, commits = project.published(), project.commits()
    sold(project, LARGE)
    name = make_url(project.url or "").database
    as_owner(
        project,
        f"ALTER DATABASE \"{name}\" SET temp_file_limit = '64kB'",
        f"ALTER DATABASE \"{name}\" SET work_mem = '64kB'",
        f'ALTER DATABASE "{name}" SET hash_mem_multiplier = 1',
    )
    outcome = project.run("shop.yaml")
    refused(project, outcome.code, outcome.said)
    assert (project.published(), project.commits()) == (before, commits)
    as_owner(project, f'ALTER DATABASE "{name}" RESET ALL')
    assert project.good("shop.yaml").stage("fct_sales")["rows"] == LARGE


@pytest.mark.parametrize(
    ("taken", "given_back"),
    [
        ("REVOKE ALL ON SCHEMA marts FROM loader", "GRANT ALL ON SCHEMA marts TO loader"),
        ("ALTER TABLE marts.fct_sales OWNER TO CURRENT_USER", "ALTER TABLE marts.fct_sales OWNER TO loader"),
    ],
    ids=["schema", "table"],
)
def test_a_right_that_is_gone(shop: Project, monkeypatch: pytest.MonkeyPatch, taken: str, given_back: str) -> None:
    project = shop
    url = make_url(project.url or "")
    as_owner(
        project,
        "DO $$ BEGIN CREATE ROLE loader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        f'GRANT ALL ON DATABASE "{url.database}" TO loader',
    )
    monkeypatch.setenv(URL_VARIABLE, url.set(username="loader").render_as_string(hide_password=False))
    project.good("shop.yaml")
    before, commits = project.published(), project.commits()
    sold(project, SMALL + 1)
    # A schema's owner keeps his rights whatever is revoked.
    as_owner(project, "ALTER SCHEMA marts OWNER TO CURRENT_USER", "GRANT ALL ON SCHEMA marts TO loader", taken)
    outcome = project.run("shop.yaml")
    refused(project, outcome.code, outcome.said)
    assert "lacks a right" in outcome.said or "does not own" in outcome.said
    assert "help:" in outcome.said
    as_owner(project, "GRANT USAGE ON SCHEMA marts TO CURRENT_USER")
    assert (project.published(), project.commits()) == (before, commits)
    as_owner(project, given_back)
    assert project.good("shop.yaml").stage("fct_sales")["rows"] == SMALL + 1
