"""`project`: one on DuckDB, whose target is fresh and empty."""

from pathlib import Path

import pytest
from integration.conftest import opened
from integration.project import Project


@pytest.fixture
def project(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Project:
    return opened("duckdb", request, tmp_path, monkeypatch, capsys)
