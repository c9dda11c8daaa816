"""The hook and the export of Great Expectations, with Great Expectations itself."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from framework.gx import quiet
from integration.project import REPOSITORY, Outcome, Project

pytestmark = pytest.mark.gx

PIPELINE = """
pipeline: example
sources:
  raw:
    path: raw.csv
    columns: {{id: integer, member: string, paid: "decimal(10,2)"}}
stages:
  typed:
    kind: normalize
    from: raw
    key: [id]
    columns: {{id: id, member: member, paid: paid}}
    checks:
      - {{range: {{column: paid, min: 0}}, on_fail: {on_fail}}}
      - {{accepted_values: {{column: member, values: [a, b]}}, where: id > 1, on_fail: warn}}
      - {{anomaly: {{of: row_count, after: 3}}}}
  members:
    kind: publish
    from: typed
    key: [id]
"""


def _hooks(project: Project, *names: str) -> None:
    """Names the hooks of the project's runs."""
    configuration = json.loads((project.root / "framework.yaml").read_text(encoding="utf-8"))
    project.write("framework.yaml", json.dumps({**configuration, "hooks": list(names)}))


@pytest.fixture
def example(duckdb_project: Project) -> Callable[..., Outcome]:
    """Runs a small pipeline with the hook."""
    duckdb_project.csv("raw.csv", "id,member,paid", "1,a,1.50", "2,a,2.50", "3,,3.50", "4,b,")

    def run(on_fail: str = "stop", hooks: tuple[str, ...] = ("great_expectations",)) -> Outcome:
        _hooks(duckdb_project, *hooks)
        duckdb_project.write("pipeline.yaml", PIPELINE.format(on_fail=on_fail))
        return duckdb_project.run("pipeline.yaml")

    return run


def _results(root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every suite that was judged in a folder's project of GX, with its official result."""
    for path in sorted((root / "gx" / "uncommitted" / "validations").glob("*/*/*/*.json")):
        yield path.parts[-4], json.loads(path.read_text(encoding="utf-8"))


def _verdicts(root: Path) -> dict[tuple[str, str], bool]:
    found = {}
    for _, result in _results(root):
        for one in result["results"]:
            meta = one["expectation_config"]["meta"]
            found[meta["relation"], meta["name"]] = one["success"]
    return found


@pytest.fixture
def claims(project: Project) -> Project:
    """A project that has run the claims pipeline with the hook."""
    shutil.copytree(REPOSITORY / "pipelines", project.root / "pipelines")
    _hooks(project, "great_expectations")
    assert project.run("pipelines/claims.yaml").code == 0
    return project


# -- the hook


def test_gx_judges_as_the_run_does(claims: Project) -> None:
    results = json.loads((claims.root / "target" / "run_results.json").read_text(encoding="utf-8"))
    judged = {(c["relation"], c["name"]): c["status"] in ("passed", "proved") for c in results["checks"]}
    assert len(judged) > 50
    assert _verdicts(claims.root / "target") == judged


def test_official_results_hold_the_counts_of_the_run(example: Callable[..., Outcome], duckdb_project: Project) -> None:
    assert example().code == 0
    found = {
        one["expectation_config"]["type"]: one["result"]
        for _, result in _results(duckdb_project.root / "target")
        for one in result["results"]
    }
    between = found["expect_column_values_to_be_between"]
    assert (between["element_count"], between["missing_count"], between["unexpected_count"]) == (4, 1, 0)
    in_set = found["expect_column_values_to_be_in_set"]  # of the three rows of its `where`
    assert (in_set["element_count"], in_set["missing_count"], in_set["unexpected_count"]) == (3, 1, 0)


def test_a_figure_of_nothing_passes(duckdb_project: Project) -> None:
    duckdb_project.csv("raw.csv", "id,member,paid")
    text = PIPELINE.format(on_fail="stop").partition("    checks:")[0]  # without its own
    members = "  members: {kind: publish, from: typed, key: [id]}"
    duckdb_project.write("pipeline.yaml", f"{text}    checks: [{{mean: {{column: paid, min: 1}}}}]\n{members}\n")
    _hooks(duckdb_project, "great_expectations")
    assert duckdb_project.run("pipeline.yaml").code == 0
    assert _verdicts(duckdb_project.root / "target")["typed", "mean(paid)"] is True


def test_what_has_a_condition_has_a_suite_of_its_own(example: Callable[..., Outcome], duckdb_project: Project) -> None:
    assert example().code == 0
    suites = {suite: result["meta"].get("where") for suite, result in _results(duckdb_project.root / "target")}
    assert suites == {"typed": None, "typed_where_1": "id > 1", "members": None}


def test_a_figure_that_has_left_its_history(example: Callable[..., Outcome], duckdb_project: Project) -> None:
    for _ in range(3):
        assert example(hooks=()).code == 0
    duckdb_project.csv("raw.csv", "id,member,paid", *(f"{i},a,1.00" for i in range(400)))
    outcome = example()
    assert outcome.check("typed", "anomaly(row_count)")["status"] == "warned"
    assert _verdicts(duckdb_project.root / "target")["typed", "anomaly(row_count)"] is False


@pytest.mark.parametrize(("on_fail", "code"), [("stop", 1), ("warn", 0), ("quarantine", 1)])
def test_an_exception_of_gx_is_an_error(
    example: Callable[..., Outcome],
    duckdb_project: Project,
    monkeypatch: pytest.MonkeyPatch,
    on_fail: str,
    code: int,
) -> None:
    with quiet.quiet():
        from great_expectations.expectations.core.expect_column_values_to_be_between import (
            ExpectColumnValuesToBeBetween,
        )

    value = "".join(("Ann", " ", "Other"))  # which the code that raises does not hold

    def planted(*_: object, **__: object) -> None:
        raise RuntimeError(f"planted, and {value} is of a cell")

    monkeypatch.setattr(ExpectColumnValuesToBeBetween, "_validate", planted)
    outcome = example(on_fail)
    assert outcome.code == code
    check = outcome.check("typed", "range(paid)")
    assert check["status"] == "error"
    assert check["error"] == "RuntimeError: planted, and … is of a cell"
    assert "range(paid) of typed could not be judged: RuntimeError: planted, and … is of a cell" in outcome.out
    assert ("members" in duckdb_project.relations("marts")) is (code == 0)
    assert _verdicts(duckdb_project.root / "target")["typed", "range(paid)"] is False
    written = "".join(p.read_text() for p in duckdb_project.root.rglob("*.*ml")) + outcome.said
    assert value not in written + "".join(p.read_text() for p in duckdb_project.root.rglob("*.json"))
    assert "Traceback" not in outcome.said
    [page] = (duckdb_project.root / "target" / "gx" / "uncommitted").rglob("validations/typed/*/*/*.html")
    assert "planted, and … is of a cell" in page.read_text(encoding="utf-8")


def test_without_the_package_no_run_begins(example: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "find_spec", lambda _: None)
    outcome = example()
    assert outcome.code == 4
    assert "the hook great_expectations needs Great Expectations, which is not installed" in outcome.err
    assert "pip install 'framework-pipelines[gx]'" in outcome.err


def test_gx_is_not_loaded_where_it_is_not_used() -> None:
    code = "import sys, framework.listeners, framework.launch; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_results_of_the_latest_runs_are_kept(
    example: Callable[..., Outcome], duckdb_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framework.gx.documents.KEPT_RUNS", 2)
    runs = [example().results["run_id"] for _ in range(4)]
    folder = duckdb_project.root / "target" / "gx" / "uncommitted"
    kept = sorted({path.name for path in (folder / "validations" / "typed").iterdir()})
    assert kept == sorted(runs[-2:])
    pages = {path.name for path in (folder / "data_docs" / "local_site" / "validations" / "typed").iterdir()}
    assert pages == set(kept)


# -- the export


def test_gx_itself_runs_what_was_exported(claims: Project) -> None:
    """By its own queries, on a warehouse that it asks; over frames, on DuckDB."""
    results = json.loads((claims.root / "target" / "run_results.json").read_text(encoding="utf-8"))
    # What was held back does not stand any more.
    judged = {(c["relation"], c["name"]): c["status"] in ("passed", "proved", "quarantined") for c in results["checks"]}
    exported = claims.command("export", "great_expectations", "pipelines/claims.yaml", "--out", "gx_project")
    assert exported.code == 0, exported.err
    environment = {**os.environ, "GX_ANALYTICS_ENABLED": "false", "HOME": str(claims.root)}
    if claims.url is not None:
        environment["WAREHOUSE_URL"] = claims.url.replace("postgresql://", "postgresql+psycopg://")
    command = [sys.executable, "gx_project/check.py"]
    if claims.url is None:
        command.append("test.duckdb")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = _verdicts(claims.root / "gx_project")
    assert len(found) > (40 if claims.url is not None else 20)
    assert found == {key: judged[key] for key in found}
    left_out = {key for key in judged if key not in found}
    lines = [line for line in exported.out.splitlines() if line.startswith("left out: ")]
    assert len(lines) == len(left_out)
    assert all(
        any(line.startswith(f"left out: {name} of {relation}: ") for line in lines) for relation, name in left_out
    )


def test_what_stands_and_is_wrong_is_found_by_gx_itself(
    example: Callable[..., Outcome], duckdb_project: Project
) -> None:
    assert example().code == 0
    assert duckdb_project.command("export", "great_expectations", "pipeline.yaml", "--out", "gx_project").code == 0
    duckdb_project.execute("UPDATE staging.typed__rows SET paid = -1 WHERE id = 1")
    environment = {**os.environ, "GX_ANALYTICS_ENABLED": "false"}
    command = [sys.executable, "gx_project/check.py", "test.duckdb"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert _verdicts(duckdb_project.root / "gx_project")["typed", "range(paid)"] is False
    assert "typed: 1 of 2" in done.stdout


def test_what_gx_alone_would_judge_otherwise_is_left_out(
    example: Callable[..., Outcome], duckdb_project: Project
) -> None:
    assert example().code == 0
    text = (duckdb_project.root / "pipeline.yaml").read_text(encoding="utf-8")
    official = (
        "{column_type_to_be: {column: paid, type_: NUMERIC}}",
        "{table_row_count_to_equal_other_table: {other_table_name: raw}}",
        "{column_values_to_match_like_pattern: {column: member, like_pattern: a%}}",
        "{column_values_to_be_in_set: {column: member, value_set: [a, b]}}",
    )
    checks = "".join(f"      - {{expect_{item[1:]}\n" for item in official)
    duckdb_project.write("pipeline.yaml", text.replace("    checks:\n", f"    checks:\n{checks}"))
    exported = duckdb_project.command("export", "great_expectations", "pipeline.yaml", "--out", "gx_project")
    assert exported.code == 0, exported.err
    left_out = [line for line in exported.out.splitlines() if line.startswith("left out: expect_")]
    assert [line.partition(": ")[2].partition(" of typed: ")[2] for line in left_out] == [
        "the plan has proved it, and GX calls types what the warehouse does",
        "it names a stage, and GX knows tables",
        "GX has no such check of frames",
    ]


LITERALS = """
pipeline: literals
sources:
  raw:
    path: raw.csv
    columns: {id: integer, slot: string, paid: "decimal(10,2)", a: "decimal(12,4)", b: date, c: timestamp}
    checks:
      - expect_column_values_to_be_between: {column: paid, max_value: 1}
        on_fail: warn
stages:
  typed:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: id, slot: slot, paid: paid}
    checks:
      - expect_column_value_z_scores_to_be_less_than: {column: paid, threshold: 1, double_sided: true}
        where: slot = ':a'
        on_fail: warn
      - {expression: "slot <> ':b' or regexp_matches(slot, '^(?:z|q){2}')", name: literals, on_fail: warn}
      - {expect_compound_columns_to_be_unique: {column_list: [slot, paid]}, on_fail: warn}
      - expect_column_quantile_values_to_be_between:
          column: paid
          quantile_ranges: {quantiles: [0.5], value_ranges: [[0, 100]]}
      - {expect_column_sum_to_be_between: {column: paid, min_value: 1}}
      - {expect_column_distinct_values_to_be_in_set: {column: slot, value_set: [":a"]}, on_fail: warn}
      - {expect_table_row_count_to_equal_other_table: {other_table_name: raw}}
  typed_where_1:
    kind: aggregate
    from: typed
    by: [slot]
    measures: {rows: count(*)}
    checks: [{row_count: {min: 1}}]
"""


@pytest.fixture
def literals(project: Project) -> Outcome:
    """A run whose literals, suites and figures are hard to hand on; each of its verdicts is known."""
    rows = ["1,:a,1.00,1,2020-01-01,2020-01-01 10:00:00", "2,:a,1.50,,,", "3,:a,90.25,,,", "4,:b,,,,", "5,:b,,,,"]
    project.csv("raw.csv", "id,slot,paid,a,b,c", *rows)
    project.write("pipeline.yaml", LITERALS)
    _hooks(project, "great_expectations")
    outcome = project.run("pipeline.yaml")
    assert outcome.code == 0, outcome.said
    assert "Traceback" not in outcome.said
    assert not outcome.results["notes"]
    return outcome


def test_literals_nulls_and_names_of_suites(literals: Outcome, project: Project) -> None:
    statuses = {check["name"]: check["status"] for check in literals.results["checks"]}
    assert {name for name, status in statuses.items() if status == "warned"} == {
        "expect_column_values_to_be_between(paid)",
        "expect_column_value_z_scores_to_be_less_than(paid)",
        "literals",
        "expect_compound_columns_to_be_unique(slot, paid)",
        "expect_column_distinct_values_to_be_in_set(slot)",
    }
    z_scores = literals.check("typed", "expect_column_value_z_scores_to_be_less_than(paid)")
    assert (z_scores["judged"], z_scores["failing"]) == (3, 1)
    assert {suite for suite, _ in _results(project.root / "target")} == {
        "raw",
        "typed",
        "typed_where_1",
        "typed_where_2",
    }


def test_gx_alone_says_the_same_of_them(literals: Outcome, project: Project) -> None:
    judged = {(c["relation"], c["name"]): c["status"] in ("passed", "proved") for c in literals.results["checks"]}
    exported = project.command("export", "great_expectations", "pipeline.yaml", "--out", "gx_project")
    assert exported.code == 0, exported.err
    environment = {**os.environ}
    if project.url is not None:
        environment["WAREHOUSE_URL"] = project.url.replace("postgresql://", "postgresql+psycopg://")
    command = [sys.executable, "gx_project/check.py", *([] if project.url is not None else ["test.duckdb"])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    found = _verdicts(project.root / "gx_project")
    assert len(found) > 4
    assert found == {key: judged[key] for key in found}
