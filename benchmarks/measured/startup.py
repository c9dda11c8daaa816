"""What a command costs before it does anything, against a bare import of the packages that validate needs."""

import sys

from benchmarks import environments
from benchmarks.contenders.dbt import project as dbt
from benchmarks.contenders.sqlmesh import project as sqlmesh
from benchmarks.measured import REPOSITORY, Wanted
from benchmarks.timing import Contender

BASELINE = "bare import"
# Pydantic loads next to nothing until a class of it is asked for.
_NEEDED = "import networkx, sqlalchemy, yaml; from pydantic import BaseModel"

# `dbt --version` asks the package index for later ones; refused at once, it costs what the command itself does.
_NO_INDEX = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:9")


def contenders(wanted: Wanted) -> list[Contender]:
    def python(name: str, *arguments: str) -> Contender:
        return Contender(name, [sys.executable, *arguments], REPOSITORY, {"PYTHONPATH": str(REPOSITORY)})

    found = [
        python(BASELINE, "-c", _NEEDED),
        python("framework --version", "-m", "framework", "--version"),
        python("framework validate", "-m", "framework", "validate", "pipelines/claims.yaml"),
    ]
    folder = wanted.work / "startup"
    folder.mkdir(parents=True, exist_ok=True)
    for tool, environment in (
        (environments.DBT, dbt.ENVIRONMENT | _NO_INDEX),
        (environments.SQLMESH, sqlmesh.ENVIRONMENT),
    ):
        if tool.versions():
            command = [tool.command(tool.name), "--version"]
            found.append(Contender(f"{tool.name} --version", command, folder, environment))
    return found
