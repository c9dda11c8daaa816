"""The run benchmark with 4 GB for DuckDB: for data that is larger than that, such as ten million headers."""

from benchmarks.measured import Wanted
from benchmarks.measured import run as runs
from benchmarks.timing import Contender

BASELINE = runs.BASELINE
HEADERS = 10_000_000


def contenders(wanted: Wanted) -> list[Contender]:
    return runs.large(wanted, "4GB")
