"""Measure the framework against the same work done otherwise.

    python -m benchmarks [run startup stages] [--rounds 5] [--headers 1000000 | --data DIR] [--out FILE]

Without names: every benchmark but `large`, which takes long. What is generated and written lives in `.benchmarks/`.
"""

import argparse
import json
import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks import generate, measured, timing

WORK = measured.REPOSITORY / ".benchmarks"
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
    results = {}
    for name in options.names or [n for n in NAMES if n != "large"]:
        module = import_module(f"benchmarks.measured.{name}")
        needs_data = name in ("run", "large")
        headers = options.headers or getattr(module, "HEADERS", 1_000_000)
        data = (options.data or data_of(headers)) if needs_data else WORK
        contenders = module.contenders(measured.Wanted(data.resolve(), WORK))
        samples = timing.measured(contenders, options.rounds)
        found = timing.lines(samples, module.BASELINE)
        results[name] = timing.as_data(found, samples)
        print(f"\n{name}\n\n{timing.table(found)}", flush=True)
    if options.out:
        options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
