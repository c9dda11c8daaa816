"""What other repositories run of this one: the action for GitHub and the hook for pre-commit."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from framework.cli import main

ROOT = Path(__file__).parents[2]
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
STEPS: dict[str, Any] = {step["name"]: step for step in yaml.safe_load(ACTION)["runs"]["steps"] if "name" in step}
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project with one mistake in its pipeline, and a second pipeline without."""
    folder = tmp_path / "shop"
    assert main(["init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    path = Path("pipelines/orders.yaml")
    text = path.read_text(encoding="utf-8")
    assert "parse_decimal(" in text
    path.write_text(text.replace("parse_decimal(", "parse_decimals("), encoding="utf-8")
    Path("more").mkdir()
    Path("more/orders.yaml").write_text(text, encoding="utf-8")
    return folder


def _step(paths: str, project: Path) -> subprocess.CompletedProcess[str]:
    """The last step of the action as a runner does it, with this framework in the place of the one that it installs."""
    program = project.parent / "framework" / "bin" / "framework"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m framework "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {**os.environ, "RUNNER_TEMP": str(project.parent), "GITHUB_WORKSPACE": str(project.parent)}
    assert STEPS["Validate"]["env"] == {"PATHS": "${{ inputs.paths }}"}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS["Validate"]["run"]],
        env={**environment, "PATHS": paths},
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_action_notes_what_is_wrong_by_the_path_from_the_checkout(project: Path) -> None:
    done = _step("pipelines more", project)
    assert done.returncode == 2, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("::error file=shop/pipelines/orders.yaml,line=23,col=22,endColumn=36,title=F203::")
    assert second.startswith("more/orders.yaml: ok, ")


def test_the_action_takes_paths_on_lines_of_their_own(project: Path) -> None:
    done = _step("more\npipelines\n", project)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 2


def test_the_action_does_not_run_what_stands_in_a_path(project: Path) -> None:
    done = _step('more;touch made "$(touch made)"', project)
    assert done.returncode != 0
    assert not Path("made").exists()


def test_inputs_reach_no_shell_but_as_variables() -> None:
    assert not any("${{" in step["run"] for step in STEPS.values())


def test_the_hook_proves_the_folder(project: Path) -> None:
    command = [sys.executable, "-m", *shlex.split(HOOK["entry"]), *HOOK["args"]]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pipelines/orders.yaml:23:22: F203" in done.stderr
    assert HOOK["pass_filenames"] is False
