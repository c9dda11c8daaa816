"""Everything here needs Great Expectations, and is run with `pytest -m gx`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.conftest import opened
from integration.project import Project


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the pipelines of all cases stand, so that each table is judged once. Nothing is told to anybody outside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GX_ANALYTICS_ENABLED", "False")
        pytest.importorskip("great_expectations")
        yield tmp_path_factory.mktemp("parity")


@pytest.fixture(params=["duckdb", "postgres"])
def project(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Project:
    return opened(request.param, request, tmp_path, monkeypatch, capsys)
