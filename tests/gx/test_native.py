"""What Great Expectations judges itself, on each warehouse: a whole run, and what it leaves."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.project import Project

from framework import yaml_source

pytestmark = pytest.mark.gx
CASES: Any = yaml_source.read(Path(__file__).parent / "native.yaml").data


def test_native_and_proved_expectations(project: Project, folder: Path) -> None:
    project.write("raw.csv", CASES["rows"])
    checks = [{**item, "on_fail": "warn", "name": f"c{n}"} for n, (item, _) in enumerate(CASES["checks"])]
    stage = {"kind": "normalize", "from": "raw", "key": ["id"], "columns": dict.fromkeys(CASES["columns"])}
    pipeline = {
        "pipeline": "native",
        "sources": {"raw": {"path": "raw.csv", "key": ["id"], "columns": CASES["columns"]}},
        "stages": {"typed": {**stage, "checks": checks}},
    }
    project.write("pipeline.yaml", yaml.dump(json.loads(json.dumps(pipeline, default=float)), sort_keys=False))
    outcome = project.run("pipeline.yaml")
    assert outcome.code == 0, outcome.said
    found = [(item, _said(outcome.check("typed", f"c{n}"))) for n, (item, _) in enumerate(CASES["checks"])]
    assert found == [(item, said) for item, said in CASES["checks"]]
    official = {one["expectation_config"]["meta"]["name"]: one["success"] for one in _results(project.root)}
    for number, (item, said) in enumerate(CASES["checks"]):
        assert official[f"c{number}"] is not said.startswith("warned"), item


def _said(check: Any) -> str:
    counts = "" if check["failing"] is None else f" {check['failing']} of {check['judged'] or 'none'}"
    return f"{check['status']}{counts}" if check["error"] is None else f"{check['status']}: {check['error']}"


def _results(root: Path) -> list[Any]:
    paths = (root / "target" / "gx" / "uncommitted" / "validations").glob("typed*/*/*/*.json")
    return [one for path in paths for one in json.loads(path.read_text(encoding="utf-8"))["results"]]
