"""`--threads`: several stages at once, each on a connection of its own."""

from threading import Barrier
from typing import Any

import pytest

from framework.execute import stages
from integration.project import Project

AT_ONCE = 20


def test_as_many_stages_are_built_at_once_as_are_asked_for(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each begins when all have their connections; one that has none would wait half a minute and end the run."""
    project.csv("sales.csv", "sale_id,amount", "s1,1", "s2,2")
    made = "".join(
        f"  times_{i}: {{kind: normalize, from: sales, key: [sale_id], columns: {{sale_id: , amount: amount * {i}}}}}\n"
        for i in range(AT_ONCE)
    )
    contract = "sales: {path: sales.csv, columns: {sale_id: string, amount: integer}}"
    project.write("many.yaml", f"pipeline: many\nsources:\n  {contract}\nstages:\n{made}")
    together, build = Barrier(AT_ONCE), stages.build

    def gathered(*given: Any) -> Any:
        together.wait(timeout=20)
        return build(*given)

    monkeypatch.setattr(stages, "build", gathered)
    outcome = project.good("many.yaml", "--threads", str(AT_ONCE))
    assert [stage["rows"] for stage in outcome.results["stages"]] == [2] * AT_ONCE
