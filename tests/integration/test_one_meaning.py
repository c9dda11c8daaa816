"""The pipelines over claims and over Synthea's files on every warehouse: no pair of them differs."""

import json
import os
import shutil
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from framework.cli import main
from integration.project import REPOSITORY

pytestmark = pytest.mark.engines

WAREHOUSES = ("duckdb", "postgres", "snowflake", "spark")
SYNTHEA = "SYNTHEA_DIR"


@pytest.fixture
def project(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    postgres_database: str,
    snowflake_target: dict[str, str],
    spark_target: dict[str, str],
) -> Path:
    """A project with a target on each warehouse, fresh and empty."""
    targets: dict[str, Any] = {
        "duckdb": {"warehouse": "duckdb", "database": "test.duckdb"},
        "postgres": {"warehouse": "postgres", "url": postgres_database},
        "snowflake": snowflake_target,
        "spark": spark_target,
    }
    told = {"project": "test", "default_target": "duckdb", "targets": targets}
    (tmp_path / "framework.yaml").write_text(json.dumps(told), encoding="utf-8")
    shutil.copytree(REPOSITORY / "checks", tmp_path / "checks")
    shutil.copytree(REPOSITORY / "pipelines", tmp_path / "pipelines")
    shutil.copy(Path(__file__).with_name("synthea.yaml"), tmp_path / "synthea.yaml")
    monkeypatch.setenv("DATA_DIR", os.environ.get(SYNTHEA, ""))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("pipeline", ["pipelines/claims.yaml", "synthea.yaml"])
def test_no_pair_differs(pipeline: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if pipeline == "synthea.yaml" and SYNTHEA not in os.environ:
        pytest.skip(f"no Synthea files: set {SYNTHEA}")
    for target in WAREHOUSES:
        code = main(["run", pipeline, "--target", target, "--as-of", "2024-07-01", "--debug"])
        assert code == 0, "".join(capsys.readouterr())
    pairs = list(combinations(WAREHOUSES, 2))
    assert len(pairs) == 6
    for one, other in pairs:
        capsys.readouterr()
        code = main(["diff", pipeline, "--target", one, "--target", other, "--output", "json"])
        said = capsys.readouterr()
        assert code == 0, f"{one} and {other}: {said.out}{said.err}"
        found = json.loads(said.out)
        assert found["stages"], f"nothing was compared of {one} and {other}"
        assert all(stage["rows"][one] == stage["rows"][other] > 0 for stage in found["stages"]), said.out
