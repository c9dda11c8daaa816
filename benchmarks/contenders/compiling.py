"""A pipeline loaded, resolved and compiled for DuckDB in one process, without the collector, as the commands run.

python -m benchmarks.contenders.compiling PIPELINE [--proofs]
"""

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import framework.draft
import framework.resolve
from framework import proofs as rooms
from framework.compile import compile_plan
from framework.dependencies.known import Known
from framework.load import load
from framework.project import find
from framework.resolve import resolve
from framework.target import warehouse

# Where the phases ask what determines what, and where they prove something of it.
_PROVED: tuple[tuple[Any, str], ...] = (
    (framework.draft, "take"),
    (framework.resolve, "outcome"),
    (rooms, "prove"),
    (rooms, "figures"),
    (Known, "keys"),
    (Known, "closure"),
)


class Watch:
    """The time spent in functions that may call each other; what it takes to look at the clock is part of it."""

    def __init__(self) -> None:
        self.seconds, self.depth = 0.0, 0

    def over(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **named: Any) -> Any:
            self.depth += 1
            start = time.perf_counter()
            try:
                return function(*args, **named)
            finally:
                self.depth -= 1
                if not self.depth:
                    self.seconds += time.perf_counter() - start

        return watched


def main(path: Path, *, proofs: bool = False) -> None:
    """Prints how long each phase took, and of resolving what was spent on what is proved."""
    watch = Watch()
    for room, name in _PROVED if proofs else ():
        setattr(room, name, watch.over(getattr(room, name)))
    gc.disable()
    here = find(path.parent)
    start = time.perf_counter()
    pipeline = load(path, here.root)
    loaded = time.perf_counter()
    plan = resolve(pipeline)
    resolved = time.perf_counter()
    program = compile_plan(plan, warehouse("duckdb"), here.schemas, frozenset(s.name for s in plan.stages))
    compiled = time.perf_counter()
    print(f"{len(program.stages)} stages: load {loaded - start:.2f} s, ", end="")
    print(f"resolve {resolved - loaded:.2f} s, compile {compiled - resolved:.2f} s")
    if proofs:
        print(f"of which what is proved {watch.seconds:.2f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), proofs="--proofs" in sys.argv)
