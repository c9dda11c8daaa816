"""The history of runs: what it says of runs that never ended, and what was asked of each."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from framework.run import Asked, CheckResult, CheckStatus, Incident, LedgerLine, Run, SourceResult, Status
from framework.state import History, history
from framework.warehouse import Unreachable

EARLY, LATE = datetime(2024, 1, 1, 6), datetime(2024, 1, 1, 7)


@pytest.fixture
def past(tmp_path: Path) -> Iterator[History]:
    with history("sqlite:///state.db", tmp_path) as store:
        yield store


def end(past: History, run_id: str, status: Status, pipeline: str = "shop") -> None:
    past.end(Run(run_id, pipeline, "dev", "duckdb", LATE, 1.0, status))


def statuses(past: History) -> dict[str, str]:
    return {run["run_id"]: run["status"] for run in past.runs(10)}


@pytest.mark.parametrize("status", ["ok", "failed"])
def test_a_run_that_ends_finds_the_earlier_ones_killed(past: History, status: Status) -> None:
    past.begin("first", "shop", "dev", EARLY)
    past.begin("same_second", "shop", "dev", LATE)
    past.begin("last", "shop", "dev", LATE)
    end(past, "last", status)
    assert statuses(past) == {"first": "killed", "same_second": "killed", "last": status}


@pytest.mark.parametrize("status", ["refused", "broken", "interrupted"])
def test_a_run_that_may_not_have_had_the_lock_says_nothing_of_others(past: History, status: Status) -> None:
    past.begin("first", "shop", "dev", EARLY)
    past.begin("last", "shop", "dev", LATE)
    end(past, "last", status)
    assert statuses(past) == {"first": "running", "last": status}


def test_other_pipelines_targets_and_later_runs_are_left_alone(past: History) -> None:
    past.begin("other", "books", "dev", EARLY)
    past.begin("elsewhere", "shop", "live", EARLY)
    past.begin("mine", "shop", "dev", EARLY)
    past.begin("later", "shop", "dev", LATE)
    end(past, "mine", "ok")
    assert statuses(past) == {"other": "running", "elsewhere": "running", "mine": "ok", "later": "running"}


def test_what_had_an_end_keeps_it(past: History) -> None:
    past.begin("first", "shop", "dev", EARLY)
    end(past, "first", "interrupted")
    past.begin("last", "shop", "dev", LATE)
    end(past, "last", "ok")
    assert statuses(past) == {"first": "interrupted", "last": "ok"}


def test_what_was_asked_of_a_run_is_kept(past: History) -> None:
    interval = (datetime(2024, 1, 1), datetime(2024, 2, 1))
    past.begin("part", "shop", "dev", EARLY, Asked(("+dim", "tag:x"), ("b",), ("floor",), interval))
    past.begin("whole", "shop", "dev", LATE)
    found = {run["run_id"]: run["asked"] for run in past.runs(10)}
    assert found["part"] == {
        "select": ["+dim", "tag:x"],
        "exclude": ["b"],
        "variables": ["floor"],
        "interval": ["2024-01-01T00:00:00", "2024-02-01T00:00:00"],
    }
    assert found["whole"] == {"select": [], "exclude": [], "variables": [], "interval": None}
    one = past.run("part")
    assert one is not None
    assert one["asked"] == found["part"]


def test_what_sources_gave_is_kept(past: History) -> None:
    bad = LedgerLine("bad", "source", 7, 0, {"malformed": 2, "out": 5}, memos={"unreadable": 3})
    good = LedgerLine("good", "source", 4, 0, {"out": 4})
    sources = (SourceResult("bad", "failed", 0.5, 5, bad), SourceResult("good", "read", 0.25, 4, good))
    past.begin("one", "shop", "dev", EARLY)
    past.end(Run("one", "shop", "dev", "duckdb", LATE, 1.0, "failed", sources=sources))
    past.begin("none", "shop", "dev", LATE)
    end(past, "none", "refused")
    one, none = past.run("one"), past.run("none")
    assert one is not None
    assert none is not None
    assert [tuple(source.values()) for source in one["sources"]] == [
        ("one", "bad", "failed", 0.5, 5, 2, 3),
        ("one", "good", "read", 0.25, 4, 0, 0),
    ]
    assert none["sources"] == []


def test_a_store_of_an_earlier_version_is_completed_and_its_runs_stay(tmp_path: Path) -> None:
    old = sa.create_engine(f"sqlite:///{tmp_path / 'state.db'}")
    with old.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE runs (run_id VARCHAR(32) PRIMARY KEY, pipeline VARCHAR(200) NOT NULL, "
                "target VARCHAR(200) NOT NULL, started_at DATETIME NOT NULL, seconds FLOAT, "
                "status VARCHAR(20) NOT NULL, message TEXT)"
            )
        )
        row = "('old', 'shop', 'dev', '2023-01-01 00:00:00.000000', 1.0, 'ok', NULL)"
        connection.execute(sa.text(f"INSERT INTO runs VALUES {row}"))
    old.dispose()
    for run_id in ("first", "second"):  # completed once; the second time there is nothing to do
        with history("sqlite:///state.db", tmp_path) as store:
            store.begin(run_id, "shop", "dev", EARLY, Asked(select=(run_id,)))
    with history("sqlite:///state.db", tmp_path) as store:
        found = {run["run_id"]: run["asked"] for run in store.runs(10)}
        old_run = store.run("old")
    assert found["old"] is None
    assert old_run is not None
    assert old_run["sources"] == []
    assert [found[run_id]["select"] for run_id in ("first", "second")] == [["first"], ["second"]]


# -- where it is kept


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_an_address_of_postgres_is_one_that_a_target_takes(postgres_database: str, tmp_path: Path, scheme: str) -> None:
    url = sa.make_url(postgres_database).set(drivername=scheme)
    with history(url.render_as_string(hide_password=False), tmp_path) as store:
        store.begin("first", "shop", "dev", EARLY)
        end(store, "first", "ok")
        assert statuses(store) == {"first": "ok"}


@pytest.mark.parametrize(
    ("url", "package", "said", "help"),
    [
        (
            "postgresql://u:hunter2@h/d",
            "psycopg",
            "the Postgres driver is not installed",
            "framework-pipelines[postgres]",
        ),
        ("mysql+pymysql://u:hunter2@h/d", "pymysql", "the package pymysql is not installed", "install it"),
    ],
)
def test_a_driver_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, package: str, said: str, help: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # as the interpreter has it for what is not installed
    with pytest.raises(Unreachable) as refused, history(url, tmp_path):
        pass
    assert said in refused.value.refusal.message
    assert help in (refused.value.refusal.help or "")
    assert "hunter2" not in str(refused.value.refusal)


def _incident(failed: str | None, warned: str | None) -> Incident:
    """Of the checks of one relation, a letter each."""
    return Incident(*(None if names is None else frozenset(("claims", n) for n in names) for names in (failed, warned)))


PART = Asked(select=("claims",))
MONTH = Asked(interval=(EARLY, LATE))


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([], _incident(None, None)),
        ([("ok", "", Asked())], _incident(None, None)),
        ([("failed", "A", Asked())], _incident("A", None)),
        ([("failed", "A", Asked()), ("failed", "B", Asked())], _incident("AB", None)),
        ([("failed", "A", Asked()), ("ok", "", Asked()), ("failed", "B", Asked())], _incident("B", None)),
        ([("failed", "A", Asked()), ("ok", "", Asked())], _incident(None, None)),
        ([("refused", "", Asked())], _incident("", None)),
        ([("failed", "A", Asked()), ("refused", "", Asked())], _incident("A", None)),
        ([("failed", "A", Asked()), ("interrupted", "", Asked())], _incident("A", None)),
        ([("interrupted", "", Asked())], _incident(None, None)),
        ([("failed", "Aw", Asked())], _incident("A", None)),
        ([("ok", "w", Asked())], _incident(None, "w")),
        ([("ok", "w", Asked()), ("ok", "v", Asked())], _incident(None, "wv")),
        ([("ok", "w", Asked()), ("ok", "", Asked())], _incident(None, None)),
        ([("ok", "w", Asked()), ("failed", "Av", Asked())], _incident("A", "w")),
        ([("ok", "w", Asked()), ("ok", "", Asked()), ("ok", "v", Asked())], _incident(None, "v")),
        ([("failed", "A", Asked()), ("ok", "", PART)], _incident("A", None)),
        ([("ok", "", Asked()), ("failed", "A", PART)], _incident(None, None)),
        ([("failed", "A", Asked()), ("ok", "", MONTH)], _incident(None, None)),
    ],
)
def test_what_has_gone_wrong_since_it_last_went_well(
    past: History, runs: list[tuple[Status, str, Asked]], found: Incident
) -> None:
    """A run is its status, and the checks that were wrong: capitals failed, small letters warned."""
    for number, (status, names, asked) in enumerate(runs):
        past.begin(str(number), "shop", "dev", EARLY.replace(minute=number), asked)
        wrong: list[tuple[str, CheckStatus]] = [(n, "failed" if n.isupper() else "warned") for n in names]
        checks = tuple(CheckResult("claims", n, "range", "stop", result, 1, "") for n, result in wrong)
        past.end(Run(str(number), "shop", "dev", "duckdb", EARLY, 1.0, status, checks=checks))
    for pipeline, target in (("books", "dev"), ("shop", "live")):
        past.begin(f"{pipeline} {target}", pipeline, target, LATE)
        past.end(Run(f"{pipeline} {target}", pipeline, target, "duckdb", LATE, 1.0, "failed"))
    assert past.incident("shop", "dev") == found
