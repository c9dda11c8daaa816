"""A whole run of pipelines/claims.yaml into a fresh database, against the same job written by hand."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import variants
from benchmarks.measured import REPOSITORY, Wanted
from benchmarks.timing import Contender

BASELINE = "hand-written"
_TARGETS = "default_target: dev\ntargets:\n  dev: {{warehouse: duckdb, database: run.duckdb{limit}}}\n"
_COPIES: dict[str, Callable[[str], str]] = {
    "framework": lambda text: text,
    "framework, every stage a table": variants.all_tables,
    "framework without checks": variants.without_checks,
}


def contenders(wanted: Wanted) -> list[Contender]:
    return [_by_hand(wanted), *(_framework(wanted, name) for name in _COPIES)]


def _by_hand(wanted: Wanted, memory_limit: str | None = None) -> Contender:
    folder = _fresh(wanted.work / "run" / "hand-written")
    database = folder / "run.duckdb"
    limit = ["--memory-limit", memory_limit] if memory_limit else []
    module = "benchmarks.contenders.handwritten"
    command = [sys.executable, "-m", module, str(wanted.data), str(database), *limit]
    return Contender(BASELINE, command, folder, {"PYTHONPATH": str(REPOSITORY)}, lambda: _emptied(folder))


def _framework(wanted: Wanted, name: str, memory_limit: str | None = None) -> Contender:
    folder = _fresh(wanted.work / "run" / name.replace(", ", "-").replace(" ", "-"))
    text = (REPOSITORY / "pipelines" / "claims.yaml").read_text(encoding="utf-8")
    (folder / "claims.yaml").write_text(_COPIES[name](text), encoding="utf-8")
    limit = f", memory_limit: {memory_limit}" if memory_limit else ""
    (folder / "framework.yaml").write_text(_TARGETS.format(limit=limit), encoding="utf-8")
    shutil.copytree(REPOSITORY / "checks", folder / "checks")
    environment = {"PYTHONPATH": str(REPOSITORY), "CLAIMS_DATA": str(wanted.data)}
    command = [sys.executable, "-m", "framework", "run", "claims.yaml"]
    return Contender(name, command, folder, environment, lambda: _emptied(folder))


def large(wanted: Wanted, memory_limit: str) -> list[Contender]:
    """The pipeline as it is and the job by hand, each with so much memory for DuckDB."""
    return [_by_hand(wanted, memory_limit), _framework(wanted, "framework", memory_limit)]


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _emptied(folder: Path) -> None:
    """Neither a database nor a history stands from the round before."""
    for path in folder.glob("run.duckdb*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(folder / ".framework", ignore_errors=True)
    shutil.rmtree(folder / "target", ignore_errors=True)
