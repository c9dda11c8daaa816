"""Two that change one table of a lakehouse at once: the one that comes late is refused, and does it again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from framework.target import warehouse
from framework.warehouses import _conflicts, _lease

ROUNDS, AT_MOST = 4, 10

DELTA = (
    "[DELTA_CONCURRENT_APPEND.ROW_LEVEL_CHANGES] Transaction conflict detected. A concurrent UPDATE added data to t",
    "io.delta.exceptions.MetadataChangedException: The metadata of the Delta table has been changed",
)
OTHERS = (
    "[DELTA_INVALID_PROTOCOL_VERSION] Delta protocol version is not supported by this version of Delta Lake",
    "org.apache.iceberg.exceptions.CommitStateUnknownException: Cannot determine whether the commit was successful\n"
    "Caused by: org.apache.iceberg.exceptions.CommitFailedException",
    "org.apache.iceberg.exceptions.ValidationException: Cannot find source column",
)


def test_which_errors_are_of_a_lost_race() -> None:
    assert [text for text in (*DELTA, *OTHERS) if _conflicts.lost(text)] == list(DELTA)


@pytest.fixture
def leases(spark_target: dict[str, str]) -> Iterator[sa.Engine]:
    """A target on Spark with a lease of each of two names. Its catalog is that of the session: the connections of one
    that a target names wait for each other."""
    from pyspark.sql import SparkSession

    catalog = SparkSession.builder.getOrCreate().catalog
    before = catalog.currentCatalog()
    catalog.setCurrentCatalog(spark_target["catalog"])
    found = warehouse("spark")
    engine = found.connect({}, Path())
    try:
        with engine.connect() as connection:
            _lease._Leases(engine, ["one", "other"], "UNIX_TIMESTAMP()").prepare(found, connection)
        yield engine
    finally:
        engine.dispose()
        catalog.setCurrentCatalog(before)


@pytest.mark.engines
def test_leases_that_two_renew_at_once(leases: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[str] = []
    lost = _conflicts.lost

    def heard(text: str) -> bool:
        if lost(text):
            late.append(text)
        return lost(text)

    monkeypatch.setattr(_conflicts, "lost", heard)
    holders = [_lease._Leases(leases, [name], "UNIX_TIMESTAMP()") for name in ("one", "other")]

    def renew(holder: _lease._Leases) -> None:
        for _ in range(ROUNDS):
            with leases.connect() as connection:
                holder.extend(connection, sa.true())

    with ThreadPoolExecutor(2) as pool:
        for _ in range(AT_MOST):
            list(pool.map(renew, holders))
            if late:
                break
    assert late, "the two never met"
    with leases.connect() as connection:
        assert [holder.lacking(connection) for holder in holders] == [(), ()]
