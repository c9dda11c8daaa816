"""Runs of two pipelines that begin at once on a target in which nothing stands yet."""

import subprocess
import time
from typing import Any

import pytest

from framework import standing
from integration.project import Project

AHEAD = 2  # seconds that the first run's schemas wait to be committed, while the second would make the same


def pipeline(name: str) -> str:
    return f"""
pipeline: {name}
sources: {{raw_{name}: {{path: sales.csv, key: [sale_id], columns: {{sale_id: string}}}}}}
stages: {{{name}_fact: {{kind: publish, from: raw_{name}, mode: replace}}}}
"""


def test_both_find_the_target_ready(postgres_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project = postgres_project
    project.csv("sales.csv", "sale_id", "s1")
    for name in ("one", "two"):
        project.write(f"{name}.yaml", pipeline(name))
    others: list[subprocess.Popen[str]] = []
    prepare = standing.prepare

    def delayed(connection: Any, warehouse: Any) -> None:
        others.append(project.start("two.yaml", {}))
        time.sleep(AHEAD)
        prepare(connection, warehouse)

    monkeypatch.setattr(standing, "prepare", delayed)
    project.good("one.yaml")
    out, err = others[0].communicate()
    assert others[0].returncode == 0, out + err
    assert project.rows("marts.one_fact") == project.rows("marts.two_fact") == [("s1",)]
