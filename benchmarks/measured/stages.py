"""Generated pipelines of many stages, loaded, resolved and compiled: what five times the stages cost."""

import sys

from benchmarks import variants
from benchmarks.measured import REPOSITORY, Wanted
from benchmarks.timing import Contender

BASELINE = "1,000 stages"


def contenders(wanted: Wanted) -> list[Contender]:
    return [_of(wanted, 1_000), _of(wanted, 5_000)]


def _of(wanted: Wanted, count: int) -> Contender:
    folder = wanted.work / "stages"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{count}.yaml"
    path.write_text(variants.many_stages(count), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.contenders.compiling", str(path)]
    return Contender(f"{count:,} stages", command, folder, {"PYTHONPATH": str(REPOSITORY)})
