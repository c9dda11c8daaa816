"""Generated pipelines of many stages, loaded, resolved and compiled, and the same as models of other tools."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import environments, variants
from benchmarks.contenders import many
from benchmarks.contenders.dbt import project as dbt
from benchmarks.contenders.sqlmesh import project as sqlmesh
from benchmarks.contenders.tables import Tables
from benchmarks.measured import REPOSITORY, Wanted, emptied
from benchmarks.timing import Contender

BASELINE = "framework, 1,000 stages"
_COUNTS = (1_000, 5_000)

# The rounds of SQLMesh, which takes minutes for so many.
_MOST = {5_000: 2}


def contenders(wanted: Wanted) -> list[Contender]:
    return [contender for count in _COUNTS for contender in (*_framework(wanted, count), *_tools(wanted, count))]


def _framework(wanted: Wanted, count: int) -> list[Contender]:
    """Statements in memory, and the command that writes the SQL of each."""
    folder = wanted.work / "stages"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{count}.yaml"
    path.write_text(variants.many_stages(count), encoding="utf-8")
    commands = {
        "framework": ["benchmarks.contenders.compiling", str(path)],
        "framework compile": ["framework", "compile", path.name, "--warehouse", "duckdb"],
    }
    return [
        Contender(f"{name}, {count:,} stages", [sys.executable, "-m", *words], folder, {"PYTHONPATH": str(REPOSITORY)})
        for name, words in commands.items()
    ]


def _tools(wanted: Wanted, count: int) -> list[Contender]:
    """Those that are installed, each command in a project of its own."""

    def tool(
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        write: Callable[[Tables, Path], None],
        most: int | None = None,
    ) -> Contender:
        folder = wanted.work / "stages" / f"{name.replace(' ', '-')}-{count}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write(many.tables(count), folder)
        return Contender(f"{name}, {count:,} models", command, folder, environment, lambda: emptied(folder), most=most)

    found = []
    if environments.DBT.versions():
        program = environments.DBT.command("dbt")
        found.append(tool("dbt parse", [program, "parse"], dbt.ENVIRONMENT, dbt.write))
        found.append(tool("dbt compile", [program, "compile"], dbt.ENVIRONMENT, dbt.write))
    if environments.SQLMESH.versions():
        command = [environments.SQLMESH.command("python"), str(Path(sqlmesh.__file__).with_name("loading.py")), "."]
        found.append(tool("sqlmesh load and render", command, sqlmesh.ENVIRONMENT, sqlmesh.write, _MOST.get(count)))
    return found
