"""Hooks of a team's own: what they hear, what they can stop, and that they can stop nothing else."""

import json
import signal
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from integration.project import REPOSITORY, Outcome, Project

PIPELINE = """
pipeline: example
sources:
  raw:
    path: raw.csv
    columns: {id: integer, member: string}
    checks: [{row_count: {min: 1}}]
stages:
  typed:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: id, member: member}
    checks: [{not_null: [member], on_fail: quarantine}]
  by_member:
    kind: aggregate
    from: typed
    by: [member]
    measures: {rows: count(*)}
    checks: [{row_count: {max: 5}, name: few, on_fail: warn}]
  members:
    kind: publish
    from: by_member
    key: [member]
"""
HEARD = """
import json
from pathlib import Path
from framework.hooks import Hook, Veto
from framework.run import CheckResult

class Ear(Hook):
    def __init__(self, project):
        super().__init__(project)
        self.heard = []

    def run_started(self, occasion):
        self.heard.append(["started", occasion.plan.name, occasion.previous and occasion.previous.status])

    def stage_built(self, occasion, stage, checks):
        self.heard.append(["built", stage.name, stage.status, [[c.name, c.status] for c in checks]])

    def before_publish(self, occasion, checks, rows):
        seen = {name: rows.connection.execute(rows.select(name)).fetchall() for name in ("raw", "typed", "members")}
        self.heard.append(["before", len(checks), {name: len(found) for name, found in seen.items()}])

    def run_finished(self, occasion, run):
        self.heard.append(["finished", run.status, run.exit_code])
        (occasion.root / "heard.json").write_text(json.dumps(self.heard))
"""


@pytest.fixture
def hooked(duckdb_project: Project, request: pytest.FixtureRequest) -> Callable[[str, str], Outcome]:
    """Runs the pipeline with a hook whose module is written for this test alone: python keeps what it has imported."""
    return _hooked(duckdb_project, request)


def _hooked(project: Project, request: pytest.FixtureRequest) -> Callable[[str, str], Outcome]:
    module = f"hooks_of_{abs(hash(request.node.nodeid))}"
    project.csv("raw.csv", "id,member", "1,a", "2,a", "3,", "4,b")
    project.write("pipeline.yaml", PIPELINE)
    configuration = json.loads((project.root / "framework.yaml").read_text(encoding="utf-8"))

    def run(code: str, name: str) -> Outcome:
        project.write(f"{module}.py", textwrap.dedent(code))
        project.write("framework.yaml", json.dumps({**configuration, "hooks": [f"{module}:{name}"]}))
        return project.run("pipeline.yaml")

    return run


def _heard(project: Project) -> list[Any]:
    found: list[Any] = json.loads((project.root / "heard.json").read_text(encoding="utf-8"))
    return found


def test_what_a_hook_hears(project: Project, request: pytest.FixtureRequest) -> None:
    run = _hooked(project, request)
    assert run(HEARD, "Ear").code == 0
    started, *built, before, finished = _heard(project)
    assert started == ["started", "example", None]
    assert built == [
        [
            "built",
            "typed",
            "built",
            [["unreadable(id as integer)", "passed"], ["not_null(member)", "quarantined"], ["key(id)", "passed"]],
        ],
        ["built", "by_member", "folded", [["few", "passed"], ["key(member)", "proved"]]],
        ["built", "members", "built", [["key(member)", "proved"]]],
    ]
    assert before == ["before", 7, {"raw": 4, "typed": 3, "members": 2}]
    assert finished == ["finished", "ok", 0]
    assert run(HEARD, "Ear").code == 0
    assert _heard(project)[0] == ["started", "example", "ok"]


def test_a_veto_keeps_everything_from_being_published(
    hooked: Callable[[str, str], Outcome], duckdb_project: Project
) -> None:
    outcome = hooked(
        """
        from framework.hooks import Hook, Veto
        class No(Hook):
            def before_publish(self, occasion, checks, rows):
                raise Veto("the month is closed")
        """,
        "No",
    )
    assert outcome.code == 1
    assert "failed F507: the month is closed; nothing was published" in outcome.out
    assert "members" not in duckdb_project.relations("marts")


@pytest.mark.parametrize(
    ("moment", "raised"),
    [
        ("run_started", "RuntimeError('a value')"),
        ("run_started", "Veto('not now')"),
        ("stage_built", "SystemExit(0)"),
        ("stage_built", "Veto('not now')"),
        ("before_publish", "RuntimeError('a value')"),
        ("before_publish", "SystemExit(0)"),
        ("run_finished", "RuntimeError('a value')"),
        ("run_finished", "Veto('too late')"),
    ],
)
def test_a_hook_that_fails_stops_nothing(hooked: Callable[[str, str], Outcome], moment: str, raised: str) -> None:
    outcome = hooked(
        f"""
        from framework.hooks import Hook, Veto
        class Broken(Hook):
            def {moment}(self, *_):
                raise {raised}
        """,
        "Broken",
    )
    assert outcome.code == 0
    assert f"failed in {moment}: {raised.partition('(')[0]} (line 5 of {moment})" in outcome.out
    assert "a value" not in outcome.said


RESULT = """
from dataclasses import replace
from framework.hooks import Hook
class Judge(Hook):
    def before_publish(self, occasion, checks, rows):
        [few] = [check for check in checks if check.name == "few"]
        return [replace(few, {changes})]
"""


@pytest.mark.parametrize(
    ("changes", "code", "status", "said"),
    [
        ("name='own', status='passed'", 0, "passed", "ok"),
        ("status='failed'", 1, "failed", "1 check failed; nothing was published"),
        ("status='error', error='no answer'", 0, "error", "few of by_member could not be judged: no answer"),
        ("name='own', status='error', on_fail='stop', error='no answer'", 1, "error", "1 check could not be judged"),
        ("name='own', status='pending', on_fail='stop'", 1, "error", "own of by_member could not be judged"),
    ],
    ids=["passed", "failed", "error that warns", "error", "nobody judged"],
)
def test_results_of_a_hook_join_those_of_the_run(
    hooked: Callable[[str, str], Outcome], changes: str, code: int, status: str, said: str
) -> None:
    outcome = hooked(RESULT.format(changes=changes), "Judge")
    assert outcome.code == code
    assert outcome.check("by_member", "own" if "own" in changes else "few")["status"] == status
    assert said in outcome.out


def test_a_hook_cannot_make_a_result_better(hooked: Callable[[str, str], Outcome], duckdb_project: Project) -> None:
    duckdb_project.write("pipeline.yaml", PIPELINE.replace("max: 5", "max: 1"))
    outcome = hooked(RESULT.format(changes="status='passed'"), "Judge")
    assert outcome.check("by_member", "few")["status"] == "warned"


@pytest.mark.parametrize(
    "returned", ["[None]", "'text'", "3", "[replace(few, place=None)]", "[replace(few, status='x')]"]
)
def test_what_is_no_result_is_a_note(hooked: Callable[[str, str], Outcome], returned: str) -> None:
    code = RESULT.format(changes="").replace("[replace(few, )]", returned)
    outcome = hooked(code, "Judge")
    assert outcome.code == 0
    assert "failed in before_publish: " in outcome.out
    assert outcome.check("by_member", "few")["status"] == "passed"


SLOW = """
import os, sys, time
from framework.hooks import Hook

class Slow(Hook):
    def stage_built(self, occasion, stage, checks):
        self._wait("stage_built")

    def run_finished(self, occasion, run):
        self._wait("run_finished")

    def _wait(self, moment):
        if moment in os.environ["WAITING"]:
            print("WAITS", file=sys.stderr, flush=True)
            time.sleep(300)
"""


@pytest.mark.parametrize(
    ("moments", "code", "said"),
    [
        ("run_finished", 0, "interrupted while hooks were told of the end of the run"),
        ("stage_built", 130, "every published table is what it was"),
        ("stage_built run_finished", 130, "interrupted while hooks were told of the end of the run"),
    ],
)
def test_ctrl_c_leaves_a_hook_that_does_not_come_back(
    duckdb_project: Project, request: pytest.FixtureRequest, moments: str, code: int, said: str
) -> None:
    run = _hooked(duckdb_project, request)
    run("from framework.hooks import Hook\nclass Slow(Hook): ...", "Slow")
    [module] = duckdb_project.root.glob("hooks_of_*.py")
    module.write_text(SLOW, encoding="utf-8")
    process = duckdb_project.start("pipeline.yaml", {"WAITING": moments})
    assert process.stderr is not None
    for _ in moments.split():
        assert any("WAITS" in line for line in iter(process.stderr.readline, ""))
        process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert said in out


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        ("from framework.hooks import Hook\nclass Ear(Hook):\n  def __init__(self, p): 1 / 0", "Ear", "be made: Zero"),
        ("from framework.hooks import Hook\nclass Ear(Hook):\n  def __init__(self, p): exit(7)", "Ear", "be made: Sys"),
        ("x = 1", "Ear", "has no hook `Ear`"),
        ("class Ear: ...", "Ear", "has no hook `Ear`"),
        ("import nowhere_to_be_found", "Ear", "there is no `nowhere_to_be_found`"),
        ("1 / 0", "Ear", "cannot be imported: ZeroDivisionError"),
    ],
)
def test_a_hook_that_cannot_be_had(hooked: Callable[[str, str], Outcome], code: str, name: str, message: str) -> None:
    outcome = hooked(code, name)
    assert outcome.code == 2
    assert "framework.yaml:1:" in outcome.err
    assert "F140" in outcome.err
    assert message in outcome.err


def test_what_a_hook_says_is_a_note(hooked: Callable[[str, str], Outcome]) -> None:
    outcome = hooked(
        """
        from framework.hooks import Hook
        class Teller(Hook):
            def __init__(self, project):
                pass
            def run_started(self, occasion):
                self.note("begun")
            def run_finished(self, occasion, run):
                self.note("over")
        """,
        "Teller",
    )
    assert outcome.results["notes"] == ["begun", "over"]
    assert "note: begun\n\nnote: over" in outcome.out


def test_a_hook_hears_of_a_target_that_cannot_be_opened(
    hooked: Callable[[str, str], Outcome], duckdb_project: Project
) -> None:
    duckdb_project.write("file", "")
    outcome = hooked(
        HEARD.replace('self.heard.append(["finished"', 'self.note("heard"); self.heard.append(["finished"'), "Ear"
    )
    assert outcome.code == 0
    configuration = (duckdb_project.root / "framework.yaml").read_text(encoding="utf-8")
    duckdb_project.write("framework.yaml", configuration.replace("test.duckdb", "file/test.duckdb"))
    outcome = duckdb_project.run("pipeline.yaml")
    assert outcome.code == 4
    assert "note: heard\n" in outcome.err
    assert "file/test.duckdb): the folder of the database file cannot be made" in outcome.err
    assert _heard(duckdb_project) == [["started", "example", "ok"], ["finished", "refused", 4]]


def test_no_figure_of_a_check_is_kept(hooked: Callable[[str, str], Outcome]) -> None:
    outcome = hooked(HEARD, "Ear")
    assert "figure" not in json.dumps(outcome.results["checks"])


def test_the_hook_of_the_guide(hooked: Callable[[str, str], Outcome]) -> None:
    guide = (REPOSITORY / "docs" / "guides" / "hooks.md").read_text(encoding="utf-8")
    outcome = hooked(guide.partition("```python\n")[2].partition("```")[0], "Pager")
    assert outcome.code == 0
    assert "example: 1 rows of typed fail not_null(member)" in outcome.err
