"""Everything here needs Great Expectations, and is run with `pytest -m gx`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.conftest import project

__all__ = ["folder", "project"]  # a project on each warehouse in turn


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the pipelines of all cases stand, so that each table is judged once. Nothing is told to anybody outside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GX_ANALYTICS_ENABLED", "False")
        pytest.importorskip("great_expectations")
        yield tmp_path_factory.mktemp("parity")
