"""The benchmarks: a module is one, named as its file, with `contenders(Wanted)` and a `BASELINE` among them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
WORK = REPOSITORY / ".benchmarks"


@dataclass(frozen=True)
class Wanted:
    """`data` holds the csv files of the generator; `work` is a folder for what a benchmark writes."""

    data: Path
    work: Path


def emptied(folder: Path) -> None:
    """Neither a database nor a history stands from the round before, nor what a tool keeps of what it parsed."""
    for path in folder.glob("run.duckdb*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for kept in (".framework", "target", ".cache", "logs"):
        shutil.rmtree(folder / kept, ignore_errors=True)
