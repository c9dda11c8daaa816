"""What twenty unit tests of the claims pipeline cost beside what the first one costs, start included."""

import sys
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

from benchmarks.measured import REPOSITORY, Wanted
from benchmarks.timing import Contender
from framework.unit_tests.written import written
from framework.yaml_source import read

BASELINE = "1 unit test"
_COUNTS = (1, 21, 101)
_PIPELINE = "pipelines/claims.yaml"


def contenders(wanted: Wanted) -> list[Contender]:
    """The tests that the pipeline has, again and again under other names."""
    folder = wanted.work / "unit_tests"
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for count in _COUNTS:
        path = folder / f"{count}.yaml"
        tests = dict(islice(_tests(), count))
        path.write_text(f"pipeline: {_PIPELINE}\ntests: {written(tests)}\n", encoding="utf-8")
        name = BASELINE if count == 1 else f"{count} unit tests"
        command = [sys.executable, "-m", "framework", "test", str(path)]
        found.append(Contender(name, command, REPOSITORY, {"PYTHONPATH": str(REPOSITORY)}))
    return found


def _tests() -> Iterator[tuple[str, Any]]:
    known: dict[str, Any] = read(REPOSITORY / _PIPELINE).data["tests"]
    for number, (name, test) in enumerate(cycle(known.items())):
        yield f"{name}_{number}", test
