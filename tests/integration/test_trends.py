"""`anomaly`: a figure held against the runs before, as the state keeps them."""

import json

import pytest

from framework.cli import main
from integration.project import Project

PIPELINE = """\
pipeline: visits
sources:
  raw: {path: visits.csv, key: [id], columns: {id: string, paid: integer, day: date}}
stages:
  visits:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: , paid: , day: }
    where: day is null or day >= coalesce(:interval_start, day)
    checks:
      - anomaly: {of: row_count, after: 3}
      - anomaly: {of: sum, column: paid, after: 3, sensitivity: 2}
      - anomaly: {of: nulls, column: paid, after: 3, sensitivity: low}
        on_fail: stop
  fct: {kind: publish, from: visits, key: [id]}
"""
WHOLE = PIPELINE.replace("    where: day is null or day >= coalesce(:interval_start, day)\n", "")
COUNT, SUM, NULLS = "anomaly(row_count)", "anomaly(sum of paid)", "anomaly(nulls of paid)"


def rows(project: Project, *paid: str) -> None:
    project.csv("visits.csv", "id,paid,day", *(f"{n},{value},2024-01-02" for n, value in enumerate(paid)))


def statuses(project: Project, code: int = 0, *words: str) -> dict[str, str]:
    outcome = project.run("visits.yaml", *words)
    assert outcome.code == code, outcome.said
    return {c["name"]: c["status"] for c in outcome.results["checks"] if c["check"] == "anomaly"}


def test_a_figure_that_leaves_its_history_warns_or_stops(project: Project) -> None:
    project.write("visits.yaml", WHOLE)
    for count in (10, 11, 12):  # too few to judge
        rows(project, *["5"] * count)
        assert set(statuses(project).values()) == {"passed"}
    rows(project, *["5"] * 13)
    assert set(statuses(project).values()) == {"passed"}
    rows(project, *["5"] * 14, "1000")
    outcome = project.run("visits.yaml")
    assert outcome.code == 0
    found = {c["name"]: c for c in outcome.results["checks"] if c["check"] == "anomaly"}
    assert {name: c["status"] for name, c in found.items()} == {COUNT: "warned", SUM: "warned", NULLS: "passed"}
    assert found[SUM]["trend"]["figure"] == 1070
    assert (found[SUM]["trend"]["before"], found[SUM]["trend"]["low"] < 70 < found[SUM]["trend"]["high"]) == (4, True)
    assert "anomaly(sum of paid) of visits: 1,070, where the 4 runs before let" in outcome.out
    rows(project, *["5"] * 14, "")
    assert statuses(project, 1)[NULLS] == "failed"
    rows(project, *["5"] * 15)
    assert statuses(project)[NULLS] == "passed"  # the run that failed is none of its history


def test_the_history_is_shown_run_by_run(duckdb_project: Project) -> None:
    duckdb_project.write("visits.yaml", WHOLE)
    for count in (10, 11):
        rows(duckdb_project, *["5"] * count)
        statuses(duckdb_project)
    duckdb_project.capture.readouterr()
    assert main(["runs", "--checks", "visits", "--output", "json"]) == 0
    found = json.loads(duckdb_project.capture.readouterr().out)["results"]
    assert [(r["figure"], r["status"]) for r in found if r["name"] == COUNT] == [(11.0, "passed"), (10.0, "passed")]
    assert main(["runs", "--checks", "visits"]) == 0
    out = duckdb_project.capture.readouterr().out
    assert "check" in out.splitlines()[0]
    assert COUNT in out
    assert main(["runs", "--checks", "nothing"]) == 0
    assert duckdb_project.capture.readouterr().out == "no run has checked `nothing`\n"


def test_the_run_of_an_interval_is_not_judged(duckdb_project: Project) -> None:
    duckdb_project.write("visits.yaml", PIPELINE.replace("coalesce(:interval_start, day)", ":interval_start"))
    words = ("--from", "2024-01-01", "--to", "2024-02-01")
    for count in (10, 10, 10, 10, 90):
        rows(duckdb_project, *["5"] * count)
        assert set(statuses(duckdb_project, 0, *words).values()) == {"passed"}


def test_without_the_library_it_is_told_before_anything_is_read(
    duckdb_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb_project.write("visits.yaml", WHOLE)
    rows(duckdb_project, "5")
    monkeypatch.setattr("framework.launch.find_spec", lambda name: None)
    outcome = duckdb_project.run("visits.yaml")
    assert outcome.code == 4
    assert "the check anomaly(row_count) of `visits` needs scipy, which is not installed" in outcome.err
    assert "pip install 'framework-pipelines[trends]'" in outcome.err
