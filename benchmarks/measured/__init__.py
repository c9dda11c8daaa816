"""The benchmarks: a module is one, named as its file, with `contenders(Wanted)` and a `BASELINE` among them."""

from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Wanted:
    """`data` holds the csv files of the generator; `work` is a folder for what a benchmark writes."""

    data: Path
    work: Path
