"""What must hold of the workflows and no linter says; and the steps that other repositories run of this one."""

import os
import re
import runpy
import shlex
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

import framework.warehouses
from framework import plugins
from framework.cli import main

ROOT = Path(__file__).parents[2]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(".github/workflows/*.yml"))}
TEXTS["action.yml"] = (ROOT / "action.yml").read_text(encoding="utf-8")
# Read as texts: to YAML 1.1 the key `on` is the value true.
WORKFLOWS: dict[str, Any] = {n: yaml.load(t, yaml.BaseLoader) for n, t in TEXTS.items() if n != "action.yml"}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]
OWN = WORKFLOWS["pipelines.yml"]
RUN = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "guides" / "ci.md").read_text(encoding="utf-8")


def _commands(text: str) -> set[str]:
    """The scripts, linters and suites of tests that a text names."""
    marks = {
        f"pytest -m {mark}" for found in re.findall(r'pytest -m "?([\w ]+\w)', text) for mark in found.split(" or ")
    }
    return {*re.findall(r"\.ci/\w+(?![\w.])|ruff \w+|mypy|lint-imports", text), *marks}


def _runs(workflow: Any) -> str:
    return "\n".join(step.get("run", "") for job in workflow["jobs"].values() for step in job.get("steps", []))


def _bash(script: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env={**os.environ, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", TEXTS)
def test_actions_are_pinned_by_their_commits(name: str) -> None:
    used = [line for line in re.findall(r"uses: (.*)", TEXTS[name]) if not line.startswith("./")]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in used), used


def test_an_action_is_the_same_one_everywhere() -> None:
    pins = defaultdict(set)
    for action, pin in re.findall(r"uses: ([\w/-]+)@(.*)", "\n".join(TEXTS.values())):
        pins[action].add(pin)
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_permissions(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_a_job_says_its_permissions_and_how_long_it_may_take(name: str, job: str) -> None:
    found = WORKFLOWS[name]["jobs"][job]
    assert "permissions" in found
    assert "uses" in found or int(found["timeout-minutes"]) <= 90


def test_what_may_be_written() -> None:
    writing = {
        (name, job, scope)
        for name, job in JOBS
        for scope, access in WORKFLOWS[name]["jobs"][job]["permissions"].items()
        if access != "read"
    }
    assert writing == {
        ("pages.yml", "deploy", "pages"),
        ("pages.yml", "deploy", "id-token"),
        ("release.yml", "publish", "id-token"),
    }


def test_what_publishes_runs_nothing_of_the_repository() -> None:
    for job in (WORKFLOWS["release.yml"]["jobs"]["publish"], WORKFLOWS["pages.yml"]["jobs"]["deploy"]):
        assert not any("run" in step or "checkout" in step["uses"] for step in job["steps"])


def test_one_job_waits_for_all_others() -> None:
    jobs = WORKFLOWS["ci.yml"]["jobs"]
    assert {*jobs["passed"]["needs"]} == jobs.keys() - {"passed"}


def test_that_job_runs_whatever_became_of_the_others() -> None:
    passed = WORKFLOWS["ci.yml"]["jobs"]["passed"]
    assert passed["if"] == "always()"
    assert [step["env"] for step in passed["steps"]] == [{"RESULTS": "${{ join(needs.*.result, ' ') }}"}]


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ("success", 0),
        ("success success", 0),
        ("success failure", 1),
        ("success skipped", 1),
        ("cancelled success", 1),
        ("success cancelled", 1),
    ],
)
def test_it_passes_where_all_others_have(results: str, code: int) -> None:
    (step,) = WORKFLOWS["ci.yml"]["jobs"]["passed"]["steps"]
    assert _bash(step["run"], ROOT, {"RESULTS": results}).returncode == code


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_else_is_left_out_or_forgiven(name: str) -> None:
    conditions = {
        "ci.yml": ["always()"],
        "pipelines.yml": ["inputs.unit-tests", "inputs.run != ''"],
    }
    assert re.findall(r"^\s*(?:- )?if: (.*)$", TEXTS[name], re.MULTILINE) == conditions.get(name, [])
    assert "continue-on-error" not in TEXTS[name]


def test_a_release_is_checked_first() -> None:
    jobs = WORKFLOWS["release.yml"]["jobs"]
    assert jobs["ci"]["uses"] == "./.github/workflows/ci.yml"
    assert (jobs["build"]["needs"], jobs["publish"]["needs"]) == ("ci", "build")
    assert WORKFLOWS["release.yml"]["on"] == {"push": {"tags": ["v*"]}}


def test_what_publishes_names_its_environment() -> None:
    environments = {
        (name, job): found["name"]
        for name, job in JOBS
        if (found := WORKFLOWS[name]["jobs"][job].get("environment")) is not None
    }
    assert environments == {("pages.yml", "deploy"): "github-pages", ("release.yml", "publish"): "pypi"}


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("! grep mkdocs README.md", "found (mkdocs)"),
        ("true", "the fault was let pass"),
        ("echo mkdocs; false", "not tried, for the check has failed without it"),
    ],
)
def test_a_fault_is_found_by_a_check_that_passes_without_it(
    check: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACTIONLINT", "")
    checkers = runpy.run_path(str(ROOT / ".ci" / "checkers.py"))
    main = checkers["main"]
    monkeypatch.setitem(main.__globals__, "CHECKS", {"words": ["sh", "-c", check]})
    monkeypatch.setitem(
        main.__globals__, "FAULTS", [checkers["Fault"]("words", "README.md", "# ", "# mkdocs ", "mkdocs")]
    )
    assert main() == (0 if "found (" in said else 1)
    assert said in capsys.readouterr().out


def test_newer_versions_are_asked_for_of_all_that_names_one() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    asked = {
        (one["package-ecosystem"], folder)
        for one in updates
        for folder in one.get("directories", [one.get("directory")])
    }
    terraform = {("terraform", f"/{path.parent.relative_to(ROOT)}") for path in ROOT.glob("terraform/*/*/versions.tf")}
    assert len(terraform) > 5
    assert asked == {("github-actions", "/"), ("pip", "/.ci"), ("docker", "/"), *terraform}


def test_workflows_check_what_is_checked_here() -> None:
    assert _commands(RUN) == _commands("\n".join(map(_runs, WORKFLOWS.values())))


def test_the_same_folders_are_proved() -> None:
    assert f"framework validate {WORKFLOWS['ci.yml']['jobs']['pipelines']['with']['paths']}\n" in RUN


def test_the_same_pythons_are_tried() -> None:
    versions = WORKFLOWS["ci.yml"]["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert re.findall(r"for version in (.*); do", RUN) == [" ".join(versions)] * 2


def test_the_sql_of_each_warehouse_is_linted() -> None:
    warehouses = plugins.names(framework.warehouses)
    assert sorted(OWN["on"]["workflow_call"]["inputs"]["warehouses"]["default"].split()) == sorted(warehouses)
    linted = (ROOT / ".ci" / "sql.py").read_text(encoding="utf-8")
    assert [name for name in warehouses if f'"{name}": "' not in linted] == []


def test_inputs_reach_no_shell_but_as_variables() -> None:
    assert not any("${{" in _runs(workflow) for workflow in WORKFLOWS.values())


@pytest.mark.parametrize(
    ("title", "inputs"),
    [
        ("The workflow", OWN["on"]["workflow_call"]["inputs"]),
        ("The action", yaml.safe_load(TEXTS["action.yml"])["inputs"]),
    ],
)
def test_the_guide_lists_the_inputs(title: str, inputs: dict[str, Any]) -> None:
    section = GUIDE.split(f"### {title}\n")[1].split("\n#")[0]
    assert re.findall(r"^\| `([\w-]+)`", section, re.MULTILINE) == [*inputs]


def test_the_guide_calls_the_workflow_as_it_is() -> None:
    blocks = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(jobs:.*?|name:.*?)```$", GUIDE, re.M | re.S)]
    jobs = [block["jobs"]["pipelines"] for block in blocks]
    calls = [job for job in jobs if "uses" in job]
    assert len(calls) == 2
    for call in calls:
        assert call["uses"] == "OWNER/REPOSITORY/.github/workflows/pipelines.yml@COMMIT"
        assert call["permissions"] == OWN["jobs"]["pipelines"]["permissions"]
        assert call.get("with", {}).keys() <= OWN["on"]["workflow_call"]["inputs"].keys()


def test_what_the_guide_has_people_paste_holds_in_a_new_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    (command,) = re.findall(r"^framework (validate .*) > framework.sarif$", GUIDE, re.MULTILINE)
    (action,) = re.findall(
        r"^      - uses: OWNER/REPOSITORY@.*\n        with:\n          paths: (.*)$", GUIDE, re.MULTILINE
    )
    (hook,) = re.findall(r"^      - id: framework-validate\n        args: \[(.*)\]$", GUIDE, re.MULTILINE)
    for words in (command.split(), ["validate", *action.split()], ["validate", *hook.split(", ")]):
        assert main(words) == 0, capsys.readouterr().err


def test_each_workflow_and_script_is_in_the_guide() -> None:
    scripts = {f".ci/{path.name}" for path in (ROOT / ".ci").iterdir() if os.access(path, os.X_OK)}
    assert [name for name in sorted({*WORKFLOWS, *scripts}) if f"`{name}" not in GUIDE] == []


def test_each_page_is_linked_from_the_first() -> None:
    first = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs") for path in ROOT.glob("docs/*/*.md")]
    assert [str(page) for page in pages if f"({page})" not in first] == []


# -- the steps of the workflow that others call


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project in a repository of its own, with this framework where a runner has the one that it installs."""
    folder = tmp_path / "shop"
    assert main(["init", str(folder)]) == 0
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    program = tmp_path / "framework" / "bin" / "framework"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m framework "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    return folder


def _step(name: str, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    job = OWN["jobs"]["pipelines"]
    (step,) = [step for step in job["steps"] if step.get("name") == name]
    given = {key: found["default"] for key, found in OWN["on"]["workflow_call"]["inputs"].items()} | inputs
    variables = {
        key: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: given[match[1]], value)
        for key, value in {**job["env"], **step.get("env", {})}.items()
    }
    return _bash(step["run"], folder, variables)


def test_unit_tests_are_run(project: Path) -> None:
    assert _step("Unit tests", project).returncode == 0
    path = project / "pipelines" / "orders.yaml"
    text = path.read_text(encoding="utf-8")
    assert "order_by: ordered_on desc" in text
    path.write_text(text.replace("order_by: ordered_on desc", "order_by: ordered_on asc"), encoding="utf-8")
    done = _step("Unit tests", project)
    assert done.returncode == 1
    assert "1 failed" in done.stdout


@pytest.mark.parametrize("name", ["pipeline", "suite", "tests"])
def test_a_schema_that_is_not_up_to_date_fails(project: Path, name: str) -> None:
    step = "JSON Schemas that editors read"
    done = _step(step, project)
    assert (done.returncode, done.stdout.count("up to date")) == (0, 3)
    with (project / ".vscode" / f"{name}.schema.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    done = _step(step, project)
    assert done.returncode == 1
    assert f".vscode/{name}.schema.json" in done.stdout + done.stderr


def test_pipelines_are_run(project: Path) -> None:
    done = _step("Run", project, run="pipelines/orders.yaml", target="dev")
    assert "1 table published" in done.stdout
    assert _step("Run", project, run="pipelines/orders.yaml pipelines/none.yaml").returncode == 2


def test_an_input_is_no_command(project: Path) -> None:
    done = _step("Run", project, run='pipelines/none.yaml;touch made "$(touch made)"')
    assert done.returncode == 2
    assert not (project / "made").exists()


def test_the_whole_checkout_is_the_projects_own(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The framework beside it, and what other tools keep, hold no pipelines of the project."""
    (checkout,) = [step["with"]["path"] for step in OWN["jobs"]["pipelines"]["steps"] if "path" in step.get("with", {})]
    for name in (f"{checkout}/pipelines/wrong.yaml", ".github/workflows/wrong.yml", ".pre-commit-config.yaml"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("tests: 3\nstages: 3\n", encoding="utf-8")
    monkeypatch.chdir(project)
    assert main(["validate", "."]) == 0
    assert "1 test: 1 passed" in _step("Unit tests", project, paths=".").stdout
    assert [*runpy.run_path(str(ROOT / ".ci" / "sql.py"))["pipelines"]([Path()])] == ["pipelines/orders.yaml"]
    assert main(["validate", checkout]) == 2


# -- the SQL that is held against SQLFluff


def _sql(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".ci" / "sql.py"), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_each_pipeline_is_linted_once_in_a_folder_of_its_own(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["init", str(project.parent / "other")]) == 0
    monkeypatch.chdir(project)
    found = runpy.run_path(str(ROOT / ".ci" / "sql.py"))
    own = [Path("pipelines"), project / "pipelines", Path("pipelines/orders.yaml"), Path("../shop/pipelines")]
    assert found["pipelines"](own) == {"pipelines/orders.yaml": Path("pipelines/orders.yaml")}
    places = found["pipelines"]([*own, Path("../other/pipelines")])
    assert [*places] == ["shop/pipelines/orders.yaml", "other/pipelines/orders.yaml"]
    work = project.parent / "work"
    for warehouse in ("duckdb", "postgres"):
        for place, path in places.items():
            assert found["compiled"](path, warehouse, work / warehouse / place)
            assert len([*(work / warehouse / place).glob("*.sql")]) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "wrong.yaml:1:1: F001 there is no file `wrong.yaml`"),
        ("stages: [\n", "wrong.yaml:1:10: F002 "),
        ("a: b: c\n", "wrong.yaml:1:5: F002 "),
        ("stages: 3\n", "wrong.yaml:1:9: F103 "),
        ("suite: charges\nchecks: []\n", "F001 no pipeline in wrong.yaml"),
    ],
)
def test_what_has_no_sql_is_told_of(project: Path, text: str | None, said: str) -> None:
    if text is not None:
        (project / "wrong.yaml").write_text(text, encoding="utf-8")
    done = _sql(project, "wrong.yaml", "--warehouse", "duckdb")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_a_pipeline_is_told_of(project: Path) -> None:
    (project / "empty").mkdir()
    done = _sql(project, "empty", "pipelines")
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "F001 no pipeline and no suite in the folder empty")
