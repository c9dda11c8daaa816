"""Ctrl-C while a statement runs that would take a minute: the run ends at once, and says so in its history."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from signal import SIGINT

import pytest

from integration.project import Project

SECONDS = 60  # for a run to get into the statement
AT_ONCE = 5  # where nothing else runs it is one; the statement itself takes far more

PIPELINE = """
pipeline: pairs
sources:
  raw: {path: rows.csv, key: [id], columns: {id: integer, part: integer}}
stages:
  rows: {kind: normalize, from: raw, key: [id], columns: {id: , part: }}
  left: &pairs
    kind: assemble
    materialized: table
    from: rows
    join: {other: {relation: rows, on: part, take: {beside: id}, fan_out: true}}
  right: *pairs
  lefts: {kind: aggregate, from: left, by: [part], measures: {sum: {expr: sum(beside), per: row}}}
  rights: {kind: aggregate, from: right, by: [part], measures: {sum: {expr: sum(beside), per: row}}}
  fct_left: {kind: publish, from: lefts}
  fct_right: {kind: publish, from: rights}
"""


@pytest.fixture
def pairs(project: Project) -> Project:
    """A project that has run once over few rows; with those it has now each join gives 60 million, a thousand a row."""
    project.write("pairs.yaml", PIPELINE)
    project.csv("rows.csv", "id,part", *(f"{i},{i % 2}" for i in range(10)))
    project.good("pairs.yaml")
    project.csv("rows.csv", "id,part", *(f"{i},{i % 60}" for i in range(60_000)))
    return project


@contextmanager
def joining(project: Project, threads: int) -> Iterator[subprocess.Popen[str]]:
    """A run in the middle of its joins; it is killed where the test does not end it."""
    words = [sys.executable, "-m", "framework", "run", "pairs.yaml", "--threads", str(threads)]
    with subprocess.Popen(
        words, cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        try:
            assert process.stderr is not None
            begun = 0
            for line in process.stderr:
                begun += line.startswith(("building left\n", "building right\n"))
                if begun == min(threads, 2):
                    break
            assert begun == min(threads, 2)
            time.sleep(1)
            assert process.poll() is None
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("presses", [1, 3])
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_stops_a_long_statement_at_once(pairs: Project, threads: int, presses: int) -> None:
    before, commits = pairs.published(), pairs.commits()
    with joining(pairs, threads) as process:
        begun = time.monotonic()
        for _ in range(presses):
            process.send_signal(SIGINT)
            time.sleep(0.05)
        out, err = process.communicate(timeout=SECONDS)
        seconds = time.monotonic() - begun
    said = out + err
    assert process.returncode == 130, said
    assert "interrupted: every published table is what it was" in out
    assert "Traceback" not in said
    assert seconds < AT_ONCE, f"{seconds:.1f} s"
    assert (pairs.published(), pairs.commits()) == (before, commits)
    with closing(sqlite3.connect(pairs.root / ".framework" / "state.db")) as state:
        # Both can have begun in one second, and then stand in any order.
        statuses = sorted(status for (status,) in state.execute("SELECT status FROM runs"))
    assert statuses == ["interrupted", "ok"]
    pairs.csv("rows.csv", "id,part", *(f"{i},{i % 2}" for i in range(10)))
    pairs.good("pairs.yaml")
    assert pairs.published() == before
    assert pairs.leftovers() == set()
