"""What checks do that no pipeline file can show: rows held together, the run's clock, what is printed."""

import json
import re
from collections.abc import Iterator

import pytest
from pydantic import Field

from framework.assertion import Place
from framework.clauses.outcome import close, finish
from framework.draft import Draft
from framework.model import Name, Stage
from framework.plan import StagePlan
from integration.project import Project

ROWS = """
pipeline: together
sources:
  raw:
    path: raw.csv
    key: [id]
    columns: {id: integer, k: string, code: string, n: integer, m: integer}
  raw_known: {path: known.csv, key: [code], columns: {code: string}}
stages:
  lines: {kind: normalize, from: raw, key: [id], columns: {id: , k: , code: , n: , m: }}
  known: {kind: normalize, from: raw_known, key: [code], columns: {code: }}
  held:
    kind: grouped
    from: lines
    checks:
"""
TOGETHER = """
      - {not_null: [code], name: code, on_fail: quarantine}
      - {unique: [code], name: single, on_fail: quarantine}
      - {relationship: {column: code, to: known.code}, where: n > 0, name: known, on_fail: quarantine}
      - {sequential: {column: n, interval: 1, by: [k]}, name: steps, on_fail: quarantine}
      - {no_overlap: {key: [k], from: n, to: m}, name: apart, on_fail: quarantine}
  after:
    kind: grouped
    from: held
    checks: [{not_null: [code], name: code}, {unique: [code], name: single}]
"""
SOME = """
      - {unique: [k], where: id > 5, name: single, on_fail: quarantine}
      - {sequential: {column: n, interval: 1, by: [k]}, where: "id not in (3, 4, 7)", name: steps, on_fail: quarantine}
      - {no_overlap: {key: [k], from: n, to: m}, where: id <> 6, name: apart, on_fail: quarantine}
"""


@pytest.fixture
def grouped() -> Iterator[None]:
    """A kind of stage in which a check that judges rows together may hold them back."""

    class Grouped(Stage, kind="grouped"):
        from_: Name = Field(alias="from")

        def inputs(self) -> Iterator[tuple[str, Place]]:
            yield self.from_, ("from",)

        def resolve(self, draft: Draft) -> StagePlan:
            draft.read(self.from_, (*draft.place, "from"))
            names = [c.name for c in draft.columns.values()]
            assertions = close(draft, self, names, groups=True)
            return finish(draft, self, names, assertions=assertions)

    yield
    del Stage.registry["grouped"]


def given(project: Project) -> None:
    lines = ("1,a,x,1,2", "2,a,x,2,3", "3,a,,3,4", "4,a,y,4,9", "5,b,z,7,9", "6,b,q,8,9", "7,b,w,-5,-4")
    project.csv("raw.csv", "id,k,code,n,m", *lines)
    project.csv("known.csv", "code", "x", "y", "z")


def counted(project: Project, pipeline: str) -> dict[str, tuple[str, int | None]]:
    project.write("together.yaml", pipeline)
    outcome = project.good("together.yaml")
    assert outcome.stage("held")["ledger"]["faults"] == []
    return {c["name"]: (c["status"], c["failing"]) for c in outcome.results["checks"] if c["relation"] == "held"}


@pytest.mark.usefixtures("grouped")
def test_rows_that_fail_together_are_held(project: Project) -> None:
    """Of the rows that are left when each has been judged by itself: row 3 is gone when row 4 follows row 2."""
    given(project)
    assert counted(project, ROWS + TOGETHER) == {
        "code": ("quarantined", 1),
        "single": ("quarantined", 2),
        "known": ("quarantined", 1),
        "steps": ("quarantined", 2),
        "apart": ("quarantined", 1),
    }
    held = project.query("SELECT id, _reasons FROM quarantine.held__quarantine ORDER BY id")
    assert held == [
        (1, '["single"]'),
        (2, '["single"]'),
        (3, '["code"]'),
        (4, '["steps"]'),
        (5, '["steps","apart"]'),
        (6, '["known"]'),
    ]
    assert project.query("SELECT id FROM staging.held") == [(7,)]
    results = json.loads((project.root / "target" / "run_results.json").read_text())["checks"]
    assert {c["name"]: c["status"] for c in results if c["relation"] == "after"} == {
        "code": "proved",
        "single": "proved",
    }


@pytest.mark.usefixtures("grouped")
def test_rows_outside_where_are_not_judged_with_the_others(project: Project) -> None:
    given(project)
    assert counted(project, ROWS + SOME) == {
        "single": ("quarantined", 2),
        "steps": ("passed", 0),
        "apart": ("passed", 0),
    }
    assert project.query("SELECT id FROM quarantine.held__quarantine ORDER BY id") == [(6,), (7,)]


FRESH = """
pipeline: fresh
sources: {raw: {path: raw.csv, key: [id], columns: {id: integer, at: timestamp, day: date}}}
stages:
  lines:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: , at: , day: }
    checks:
      - {freshness: {column: at, warn_after: 36 hours, error_after: 2 days}, name: at}
      - {freshness: {column: day, warn_after: 1 day, error_after: 60 hours}, name: day}
"""


@pytest.mark.parametrize(
    ("as_of", "at", "day"),
    [
        ("2024-03-02T00:00:00", "passed", "passed"),
        ("2024-03-02T00:00:01", "passed", "warned"),
        ("2024-03-02T22:00:00", "passed", "warned"),
        ("2024-03-02T22:00:01", "warned", "warned"),
        ("2024-03-03T10:00:00", "warned", "warned"),
        ("2024-03-03T10:00:01", "failed", "warned"),
        ("2024-03-03T12:00:01", "failed", "failed"),
        ("2024-02-01", "passed", "passed"),
    ],
)
def test_age_is_of_the_run_s_clock(project: Project, as_of: str, at: str, day: str) -> None:
    """The newest row is of 1 March, 10:00; a date is its first moment. A bound that is reached holds."""
    project.csv("raw.csv", "id,at,day", "1,2024-02-29 23:59:59,2024-03-01", "2,2024-03-01 10:00:00,2024-01-01")
    project.write("fresh.yaml", FRESH)
    outcome = project.run("fresh.yaml", "--as-of", as_of)
    assert outcome.code == int("failed" in (at, day)), outcome.said
    assert (outcome.check("lines", "at")["status"], outcome.check("lines", "day")["status"]) == (at, day)


COUNTED = """
pipeline: counted
sources: {raw: {path: raw.csv, key: [id], columns: {id: integer, a: string}}}
stages:
  lines:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: {checks: [not_null]}, a: }
    checks:
      - {not_null: [a], mostly: 0.7, name: most}
      - {not_null: [a], mostly: 0.8, name: more, on_fail: warn}
      - {row_count: {min: 9}, on_fail: warn}
"""


def test_closing_lines_count_the_checks(duckdb_project: Project) -> None:
    duckdb_project.csv("raw.csv", "id,a", "1,x", "2,y", "3,z", "4,")
    duckdb_project.write("counted.yaml", COUNTED)
    outcome = duckdb_project.good("counted.yaml")
    assert "checks: 3 passed, 2 proved, 2 warned\n" in outcome.out
    assert re.search(r"^lines +more +warned +1 of 4 +counted.yaml", outcome.out, re.MULTILINE)
    most = outcome.check("lines", "most")
    assert (most["status"], most["failing"], most["judged"], most["mostly"]) == ("passed", 1, 4, 0.7)
    proved = outcome.check("lines", "not_null(id)")
    assert (proved["status"], proved["failing"], proved["judged"]) == ("proved", None, None)
