"""Twenty-five checks of a table of 2.5 million rows, against one query written by hand for all of them."""

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import environments
from benchmarks.contenders import checked
from benchmarks.contenders.dbt import project as dbt
from benchmarks.contenders.sqlmesh import project as sqlmesh
from benchmarks.measured import REPOSITORY, Wanted
from benchmarks.timing import Contender

BASELINE = "one query by hand"
_TARGETS = "default_target: dev\ntargets:\n  dev: {warehouse: duckdb, database: run.duckdb}\n"


def contenders(wanted: Wanted) -> list[Contender]:
    """Each has the table in a database of its own, fresh in every round."""
    folder = wanted.work / "checks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = folder / "made.duckdb"
    checked.make(made)

    def contender(
        name: str, command: list[str], environment: Mapping[str, str], write: Callable[[Path], None]
    ) -> Contender:
        own = folder / name.replace(" ", "-")
        own.mkdir()
        write(own)
        return Contender(name, command, own, environment, lambda: _fresh(own, made))

    here = {"PYTHONPATH": str(REPOSITORY)}
    by_hand = [sys.executable, "-m", "benchmarks.contenders.checked", "run.duckdb"]
    run = [sys.executable, "-m", "framework", "run", "checked.yaml"]
    found = [contender(BASELINE, by_hand, here, lambda _: None), contender("framework", run, here, _pipeline)]
    if environments.DBT.versions():
        build = [environments.DBT.command("dbt"), "build"]
        found.append(contender("dbt build", build, dbt.ENVIRONMENT, lambda own: dbt.write(checked.tables(), own)))
    if environments.SQLMESH.versions():
        plan = [environments.SQLMESH.command("sqlmesh"), "plan", "--auto-apply", "--no-prompts"]
        found.append(
            contender("sqlmesh plan", plan, sqlmesh.ENVIRONMENT, lambda own: sqlmesh.write(checked.tables(), own))
        )
    return found


def _pipeline(folder: Path) -> None:
    (folder / "checked.yaml").write_text(checked.PIPELINE, encoding="utf-8")
    (folder / "framework.yaml").write_text(_TARGETS, encoding="utf-8")


def _fresh(folder: Path, made: Path) -> None:
    for kept in (".framework", "target", ".cache", "logs"):
        shutil.rmtree(folder / kept, ignore_errors=True)
    shutil.copyfile(made, folder / "run.duckdb")
    (folder / "run.duckdb.wal").unlink(missing_ok=True)
