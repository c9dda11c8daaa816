"""`project`: one of each warehouse, with a target in it that is fresh and empty."""

import json
import shutil
from pathlib import Path

import pytest

from integration.project import REPOSITORY, URL_VARIABLE, Project

WAREHOUSES = ("duckdb", "postgres")
_TARGETS = {
    "duckdb": {"warehouse": "duckdb", "database": "test.duckdb"},
    "postgres": {"warehouse": "postgres", "url": f"${{{URL_VARIABLE}}}"},
}


def opened(
    warehouse: str,
    request: pytest.FixtureRequest,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Project:
    url = None
    if warehouse == "postgres":
        url = str(request.getfixturevalue("postgres_database"))
        monkeypatch.setenv(URL_VARIABLE, url)
        url = url.replace("postgresql+psycopg://", "postgresql://")
    project = Project(root, warehouse, url, capsys)
    # JSON is YAML.
    project.write(
        "framework.yaml",
        json.dumps({"project": "test", "default_target": "test", "targets": {"test": _TARGETS[warehouse]}}),
    )
    shutil.copytree(REPOSITORY / "checks", root / "checks")  # the pipelines of the repository use its suites
    monkeypatch.chdir(root)
    return project


@pytest.fixture(params=WAREHOUSES)
def project(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Project:
    """A project on each warehouse in turn."""
    return opened(request.param, request, tmp_path, monkeypatch, capsys)


@pytest.fixture
def duckdb_project(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Project:
    """For what does not depend on the warehouse, or only DuckDB can do."""
    return opened("duckdb", request, tmp_path, monkeypatch, capsys)


@pytest.fixture
def postgres_project(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Project:
    """For what only a server can do."""
    return opened("postgres", request, tmp_path, monkeypatch, capsys)
