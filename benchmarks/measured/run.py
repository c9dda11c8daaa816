"""A whole run of pipelines/claims.yaml into a fresh database, against the same job written by hand."""

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import environments, variants
from benchmarks.contenders import claims
from benchmarks.contenders.dbt import project as dbt
from benchmarks.contenders.sqlmesh import project as sqlmesh
from benchmarks.measured import REPOSITORY, Wanted, emptied
from benchmarks.timing import Contender

BASELINE = "hand-written"
_TARGETS = "default_target: dev\ntargets:\n  dev: {{warehouse: duckdb, database: run.duckdb{limit}}}\n"
_COPIES: dict[str, Callable[[str], str]] = {
    "framework": lambda text: text,
    "framework, every stage a table": variants.all_tables,
    "framework without checks": variants.without_checks,
}


def contenders(wanted: Wanted) -> list[Contender]:
    return [_by_hand(wanted), *(_framework(wanted, name) for name in _COPIES), *_tools(wanted)]


def _by_hand(wanted: Wanted, memory_limit: str | None = None) -> Contender:
    folder = _fresh(wanted.work / "run" / "hand-written")
    database = folder / "run.duckdb"
    limit = ["--memory-limit", memory_limit] if memory_limit else []
    module = "benchmarks.contenders.handwritten"
    command = [sys.executable, "-m", module, str(wanted.data), str(database), *limit]
    return Contender(BASELINE, command, folder, {"PYTHONPATH": str(REPOSITORY)}, lambda: emptied(folder), database)


def _framework(wanted: Wanted, name: str, memory_limit: str | None = None) -> Contender:
    folder = _fresh(wanted.work / "run" / name.replace(", ", "-").replace(" ", "-"))
    text = (REPOSITORY / "pipelines" / "claims.yaml").read_text(encoding="utf-8")
    (folder / "claims.yaml").write_text(_COPIES[name](text), encoding="utf-8")
    limit = f", memory_limit: {memory_limit}" if memory_limit else ""
    (folder / "framework.yaml").write_text(_TARGETS.format(limit=limit), encoding="utf-8")
    shutil.copytree(REPOSITORY / "checks", folder / "checks")
    environment = {"PYTHONPATH": str(REPOSITORY), "CLAIMS_DATA": str(wanted.data)}
    command = [sys.executable, "-m", "framework", "run", "claims.yaml"]
    return Contender(name, command, folder, environment, lambda: emptied(folder), folder / "run.duckdb")


def _tools(wanted: Wanted) -> list[Contender]:
    """Those that are installed, each with the job by hand as a project of its own."""
    found = []
    if environments.DBT.versions():
        folder = _fresh(wanted.work / "run" / "dbt")
        dbt.write(claims.tables(wanted.data), folder)
        command = [environments.DBT.command("dbt"), "build"]
        found.append(_tool("dbt build", command, folder, dbt.ENVIRONMENT))
    if environments.SQLMESH.versions():
        folder = _fresh(wanted.work / "run" / "sqlmesh")
        sqlmesh.write(claims.tables(wanted.data), folder)
        command = [environments.SQLMESH.command("sqlmesh"), "plan", "--auto-apply", "--no-prompts"]
        found.append(_tool("sqlmesh plan", command, folder, sqlmesh.ENVIRONMENT))
    return found


def _tool(name: str, command: list[str], folder: Path, environment: Mapping[str, str]) -> Contender:
    return Contender(name, command, folder, environment, lambda: emptied(folder), folder / "run.duckdb")


def large(wanted: Wanted, memory_limit: str) -> list[Contender]:
    """The pipeline as it is and the job by hand, each with so much memory for DuckDB."""
    return [_by_hand(wanted, memory_limit), _framework(wanted, "framework", memory_limit)]


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
