"""Environments of their own for the tools that the framework is measured against.

    python -m benchmarks.environments

Makes one for each tool below `.benchmarks/`, with the DuckDB of the environment that this runs in; one that
stands and is as wanted is left as it is.
"""

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measured import WORK

FOLDER = WORK / "environments"
_VERSIONS = "import sys, importlib.metadata as m; print(*(f'{n} {m.version(n)}' for n in sys.argv[1:]), sep='\\n')"


@dataclass(frozen=True)
class Tool:
    """What to install, and the packages of it whose versions decide what is measured."""

    name: str
    requirements: Sequence[str]
    packages: Sequence[str]

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    def command(self, name: str) -> str:
        """The path of a command of this environment."""
        return str(self.folder / "bin" / name)

    def versions(self) -> Sequence[str]:
        """Package and version, of an environment that stands and is as wanted; empty for any other."""
        try:
            made: Mapping[str, Any] = json.loads(self._record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        return tuple(made["versions"]) if made["wanted"] == self.wanted() else ()

    def install(self) -> None:
        """Anew. The record is written last, so an environment that was broken off is none."""
        shutil.rmtree(self.folder, ignore_errors=True)
        venv.create(self.folder, with_pip=True, symlinks=True)
        python = self.command("python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *self.wanted()["requirements"]], check=True)
        asked = [python, "-c", _VERSIONS, "duckdb", *self.packages]
        versions = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines()
        self.record(versions)

    def record(self, versions: Sequence[str]) -> None:
        """Everything that is wanted is there, in these versions."""
        made = {"wanted": self.wanted(), "versions": list(versions)}
        self._record.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")

    @property
    def _record(self) -> Path:
        return self.folder / "complete.json"

    def wanted(self) -> dict[str, Any]:
        """What decides whether an environment that stands will do."""
        requirements = [*self.requirements, f"duckdb=={version('duckdb')}"]
        return {"requirements": requirements, "python": sys.version.split()[0]}


# dbt-core 1.12 does not install without the network.
DBT = Tool("dbt", ("dbt-core>=1.10,<1.12", "dbt-duckdb>=1.10,<2"), ("dbt-core", "dbt-duckdb"))
SQLMESH = Tool("sqlmesh", ("sqlmesh>=0.236,<1",), ("sqlmesh", "sqlglot"))
TOOLS = (DBT, SQLMESH)


def missing() -> list[str]:
    """The names of the tools that cannot be measured."""
    return [tool.name for tool in TOOLS if not tool.versions()]


def main() -> int:
    for tool in TOOLS:
        if not tool.versions():
            print(f"installing {tool.name} into {tool.folder}", file=sys.stderr, flush=True)
            try:
                tool.install()
            except subprocess.CalledProcessError as failed:
                print(
                    f"{tool.name} could not be installed: its last step ended with {failed.returncode}", file=sys.stderr
                )
                return 1
        print(f"{tool.name}: {', '.join(tool.versions())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
