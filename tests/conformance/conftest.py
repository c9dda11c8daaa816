"""One database for a module: rows of the table do not disturb each other."""

from collections.abc import Iterator

import pytest
from conftest import OPENERS, Opened, each_warehouse


@pytest.fixture(scope="module", params=each_warehouse())
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Each warehouse in turn."""
    with OPENERS[request.param](request) as warehouse:
        yield warehouse
