"""What a command costs before it does anything, against a bare import of the packages that validate needs."""

import sys

from benchmarks.measured import REPOSITORY, Wanted
from benchmarks.timing import Contender

BASELINE = "bare import"


def contenders(wanted: Wanted) -> list[Contender]:
    def python(name: str, *arguments: str) -> Contender:
        return Contender(name, [sys.executable, *arguments], REPOSITORY, {"PYTHONPATH": str(REPOSITORY)})

    return [
        python(BASELINE, "-c", "import networkx, pydantic, sqlalchemy, yaml"),
        python("framework --version", "-m", "framework", "--version"),
        python("framework validate", "-m", "framework", "validate", "pipelines/claims.yaml"),
    ]
