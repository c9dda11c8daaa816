"""What checks do that a specification case cannot show: the run's clock, and what is printed."""

import re

import pytest

from integration.project import Project

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


EXTRA = """
pipeline: extra
sources: {raw: {path: raw.csv, extra_columns: warn, columns: {id: string}}}
stages:
  lines: {kind: normalize, from: raw, key: [id], columns: {id: }}
"""


def test_extra_columns_are_named_and_their_values_are_not(project: Project) -> None:
    project.csv("raw.csv", "id,nickname", "a,Zzyzx")
    project.write("extra.yaml", EXTRA)
    warned = project.run("extra.yaml")
    assert warned.code == 0, warned.said
    check = warned.check("raw", "extra_columns")
    assert (check["status"], check["failing"], check["place"]) == ("warned", 1, "extra.yaml:3:47")
    project.write("extra.yaml", EXTRA.replace("warn", "error"))
    stopped = project.run("extra.yaml")
    assert (stopped.code, stopped.results["code"]) == (1, "F504"), stopped.said
    for outcome in (warned, stopped):
        assert "`nickname`" in outcome.said
        assert "Zzyzx" not in outcome.said + str(outcome.results)
