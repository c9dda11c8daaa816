"""A pipeline loaded, resolved and compiled for DuckDB in one process, without the collector, as the commands run.

python -m benchmarks.contenders.compiling PIPELINE
"""

import gc
import sys
import time
from pathlib import Path

from framework.compile import compile_plan
from framework.load import load
from framework.project import find
from framework.resolve import resolve
from framework.target import warehouse


def main(path: Path) -> None:
    """Prints how long each phase took."""
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
