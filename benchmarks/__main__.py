"""Measure the framework against the same work done otherwise.

    python -m benchmarks [run startup stages] [--rounds 5] [--headers 1000000 | --data DIR] [--out FILE]

Without names: every benchmark but `large`, which takes long. What is generated and written lives in `.benchmarks/`.
dbt and SQLMesh take part when `python -m benchmarks.environments` has installed them.
"""

import argparse
import json
import pkgutil
import platform
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import environments, generate, measured, published, timing
from benchmarks.measured import WORK

NAMES = sorted(module.name for module in pkgutil.iter_modules(measured.__path__))
SEED = 1


def data_of(headers: int) -> Path:
    """The folder with generated claims of a size; they are made once."""
    folder = WORK / f"data-{headers}"
    if not (folder / "complete").exists():
        print(f"generating {headers:,} headers into {folder}", file=sys.stderr)
        generate.generate(generate.Size(headers, SEED), folder)
        (folder / "complete").touch()
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the framework.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all but large otherwise")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contender runs (5)")
    parser.add_argument("--headers", type=int, help="distinct claims to generate (1000000; large: 10000000)")
    parser.add_argument("--data", type=Path, help="a folder that the generator has written, in place of --headers")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write medians and samples here as JSON")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(NAMES))
    if unknown or options.rounds < 1:
        parser.error(f"no benchmark {', '.join(unknown)}" if unknown else "--rounds must be 1 or more")
    results: dict[str, Any] = {"versions": versions()}
    print(f"with {', '.join(results['versions'])}")
    for tool in environments.missing():
        print(f"without {tool}: python -m benchmarks.environments installs it")
    try:
        for name in options.names or [n for n in NAMES if n != "large"]:
            results[name] = _measured(name, options)
    except timing.Failed as failed:
        print(f"failed: {failed}", file=sys.stderr)
        return 1
    if options.out:
        options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


def versions() -> list[str]:
    """What decides the numbers: Python, DuckDB, and the tools that are installed."""
    found = [f"Python {platform.python_version()}", f"duckdb {version('duckdb')}"]
    return found + [v for tool in environments.TOOLS for v in tool.versions() if v not in found]


def _measured(name: str, options: argparse.Namespace) -> dict[str, Any]:
    module = import_module(f"benchmarks.measured.{name}")
    needs_data = name in ("run", "large")
    headers = options.headers or getattr(module, "HEADERS", 1_000_000)
    data = (options.data or data_of(headers)) if needs_data else WORK
    contenders = module.contenders(measured.Wanted(data.resolve(), WORK))
    published.refuse_differing(contenders, module.BASELINE)
    samples = timing.measured(contenders, options.rounds)
    found = timing.lines(samples, module.BASELINE)
    print(f"\n{name}\n\n{timing.table(found)}", flush=True)
    return timing.as_data(found, samples)


if __name__ == "__main__":
    sys.exit(main())
