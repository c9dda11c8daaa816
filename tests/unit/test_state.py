"""The history of runs: what it says of runs that never ended."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from framework.run import Run, Status
from framework.state import History, history

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
