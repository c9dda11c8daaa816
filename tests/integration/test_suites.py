"""The suites of checks/: each on rows that it lets pass and on rows that it does not, as suites.yaml has them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from framework import yaml_source
from integration.project import REPOSITORY, Project

CHECKS = REPOSITORY / "checks"
CASES: Mapping[str, Any] = yaml.safe_load((Path(__file__).parent / "suites.yaml").read_text(encoding="utf-8"))


def each() -> Iterator[tuple[str, str, Mapping[str, Any], list[Any], list[int]]]:
    """A name for the rows, the suite, its case, the rows, and how many of them each check fails."""
    for suite, cases in CASES.items():
        for number, case in enumerate(cases, 1):
            yield f"{suite}_{number}_good", suite, case, case["good"], [0] * len(case["fails"])
            yield f"{suite}_{number}_bad", suite, case, case["bad"], case["fails"]


def pipeline() -> dict[str, Any]:
    sources, stages = {}, {}
    for name, suite, case, _, _ in each():
        use = {"use": {"suite": suite, "with": case["with"]}, "on_fail": "warn"}
        use |= {"where": case["where"]} if "where" in case else {}
        columns = {"id": "integer", **case["columns"]}
        sources[f"raw_{name}"] = {"path": f"{name}.jsonl", "key": ["id"], "columns": columns}
        stages[name] = {"kind": "enrich", "from": f"raw_{name}", "checks": [use]}
    return {"pipeline": "suites", "sources": sources, "stages": stages}


def test_suites_tell_bad_rows_from_good_ones(project: Project) -> None:
    for name, _, case, rows, _ in each():
        named = [dict(zip(("id", *case["columns"]), (i, *row), strict=True)) for i, row in enumerate(rows)]
        project.write(f"{name}.jsonl", "".join(f"{json.dumps(row, default=str)}\n" for row in named))
    project.write("suites.yaml", yaml.safe_dump(pipeline(), sort_keys=False))
    outcome = project.good("suites.yaml")
    found: dict[str, list[int]] = {name: [] for name, *_ in each()}
    for check in outcome.results["checks"]:
        if check["place"].startswith("checks/"):
            found[check["relation"]].append(check["failing"])
    assert found == {name: fails for name, *_, fails in each()}


def test_every_check_of_every_suite_has_a_row_that_fails() -> None:
    """A suite that is not here is not tested, and a check that fails nowhere might hold nothing."""
    suites = {path.stem: yaml_source.read(path).data for path in CHECKS.glob("*.yaml")}
    assert {name: suite["suite"] for name, suite in suites.items()} == {name: name for name in CASES}
    for name, suite in suites.items():
        for case in CASES[name]:
            assert len(case["fails"]) == len(suite["checks"]), name
            assert all(case["fails"]), name
