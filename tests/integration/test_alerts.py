"""Alerts: what is posted and when, that no endpoint holds up a run, and that no address is ever shown."""

import json
import logging
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framework.hooks import notify
from integration.project import REPOSITORY, Outcome, Project
from integration.webhook import Webhook, webhook

TOKEN = "t0p53cr37"
ALL = ["failure", "warning", "recovery"]
PIPELINE = """
pipeline: claims
sources:
  raw:
    path: raw.csv
    columns: {id: integer, member: string, paid: integer}
stages:
  typed:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: id, member: member, paid: paid}
    checks:
      - {not_null: [member], name: someone}
      - {range: {column: paid, min: 0}, name: not negative}
      - {range: {column: paid, max: 100}, name: not large, on_fail: warn}
      - {accepted_values: {column: member, values: [a, b, ""]}, name: known, on_fail: quarantine}
  members:
    kind: publish
    from: typed
    key: [id]
"""
GOOD, NULL, NEGATIVE, LARGE, HELD = "1,a,7", "1,,7", "1,a,-7", "1,a,7000", "1,Xenia,7"


class Alerted:
    """A project whose runs are told of to a webhook."""

    def __init__(self, project: Project, hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project, self.hook = project, hook
        self.here = f"json://127.0.0.1:{hook.port}/{TOKEN}"
        monkeypatch.setenv("PAGER_URL", self.here)
        project.write("pipeline.yaml", PIPELINE)
        self.tell(ALL)

    def tell(self, on: list[str], *urls: str, **more: Any) -> None:
        path = self.project.root / "framework.yaml"
        settings = json.loads(path.read_text(encoding="utf-8"))
        settings["notify"] = {"urls": urls or ["${PAGER_URL}"], "on": on}
        self.project.write("framework.yaml", json.dumps({**settings, **more}, indent=2))

    def run(self, *lines: str, options: tuple[str, ...] = ()) -> Outcome:
        self.project.csv("raw.csv", "id,member,paid", *lines)
        return self.project.run("pipeline.yaml", *options)

    @property
    def titles(self) -> list[str]:
        return [body["title"] for body in self.hook.bodies]


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as kept:
        yield kept


@pytest.fixture
def alerted(duckdb_project: Project, hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Alerted:
    return Alerted(duckdb_project, hook, monkeypatch)


def _dead() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_what_is_posted(alerted: Alerted) -> None:
    outcome = alerted.run("1,,7", "2,,8", "3,a,9")
    assert outcome.code == 1
    [(path, body)] = alerted.hook.posted
    assert path == f"/{TOKEN}"
    assert body["type"] == "failure"
    assert body["title"] == "claims failed on test"
    assert body["message"].split("\n\n") == [
        "1 check failed; nothing was published, and every published table is what it was",
        "typed: someone: failed, 2 of 3 (pipeline.yaml:14:9)",
        f"framework runs {outcome.results['run_id']}",
    ]


FAILED, STILL, WELL = (
    "claims failed on test",
    "claims still fails on test, by other checks",
    "claims is well again on test",
)
WARNED, WITH = "claims ran with warnings on test", "claims is well again on test, with warnings"


@pytest.mark.parametrize(
    ("runs", "on", "titles"),
    [
        ([GOOD, GOOD], ALL, []),
        ([HELD], ALL, []),
        ([NULL, NULL, NULL], ALL, [FAILED]),
        ([NULL, GOOD, GOOD], ALL, [FAILED, WELL]),
        ([NULL, GOOD, NULL], ALL, [FAILED, WELL, FAILED]),
        ([NULL, NEGATIVE, NULL, NEGATIVE], ALL, [FAILED, STILL]),
        (["1,,-7", NULL], ALL, [FAILED]),
        ([LARGE, LARGE, GOOD, GOOD, LARGE], ALL, [WARNED, WELL, WARNED]),
        ([LARGE, NULL, LARGE, GOOD], ALL, [WARNED, FAILED, WITH, WELL]),
        ([NULL, LARGE, LARGE], ALL, [FAILED, WITH]),
        ([NULL, LARGE, GOOD], ["failure", "recovery"], [FAILED, WITH]),
        ([LARGE, GOOD], ["failure", "recovery"], []),
        ([NULL, GOOD], ["failure"], [FAILED]),
        ([NULL, GOOD], ["recovery"], [WELL]),
        ([NULL, GOOD, LARGE, GOOD], ["warning"], [WARNED]),
    ],
)
def test_once_per_incident(alerted: Alerted, runs: list[str], on: list[str], titles: list[str]) -> None:
    alerted.tell(on)
    for line in runs:
        alerted.run(line)
    assert alerted.titles == titles


def test_by_default_failures_and_recoveries_are_told(alerted: Alerted) -> None:
    settings = json.loads((alerted.project.root / "framework.yaml").read_text(encoding="utf-8"))
    del settings["notify"]["on"]
    alerted.project.write("framework.yaml", json.dumps(settings))
    for line in (LARGE, NULL, GOOD):
        alerted.run(line)
    assert alerted.titles == [FAILED, WELL]


def test_a_run_of_a_part_neither_ends_nor_continues_what_happened_to_the_whole(alerted: Alerted) -> None:
    alerted.run(GOOD)
    alerted.run(NULL)
    assert alerted.run(NULL, options=("--select", "members")).code == 0
    alerted.run(NULL)
    assert alerted.titles == [FAILED]
    alerted.run(GOOD)
    assert alerted.titles == [FAILED, WELL]


def test_a_refused_run_is_told_of(alerted: Alerted) -> None:
    alerted.run(GOOD)
    (alerted.project.root / "raw.csv").unlink()
    assert alerted.project.run("pipeline.yaml").code == 4
    [body] = alerted.hook.bodies
    assert body["title"] == "claims was refused on test"
    assert body["message"].startswith("source `raw`: no file at raw.csv\n\nframework runs ")


@pytest.mark.parametrize("output", [(), ("--output", "json")])
def test_a_target_that_cannot_be_opened_is_told_of_once(
    alerted: Alerted, monkeypatch: pytest.MonkeyPatch, output: tuple[str, ...]
) -> None:
    port = _dead()
    monkeypatch.setenv("NOWHERE", f"postgresql://u:{TOKEN}@127.0.0.1:{port}/db")
    path = alerted.project.root / "framework.yaml"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["targets"]["prod"] = {"warehouse": "postgres", "url": "${NOWHERE}"}
    alerted.project.write("framework.yaml", json.dumps(settings))
    for _ in range(2):
        outcome = alerted.run(GOOD, options=("--target", "prod", *output))
        assert outcome.code == 4
        assert "no Postgres server answers there" in outcome.said
        assert TOKEN not in outcome.said
    [body] = alerted.hook.bodies
    assert (body["type"], body["title"]) == ("failure", "claims was refused on prod")
    said = f"target `prod` (postgres://127.0.0.1:{port}): no Postgres server answers there"
    assert body["message"].startswith(f"{said}\n\nframework runs ")
    run_id = body["message"].split()[-1]
    from framework.cli import main

    assert main(["runs", run_id]) == 0


def test_a_state_that_cannot_be_opened_is_told_of(alerted: Alerted) -> None:
    alerted.tell(ALL, state=f"postgresql://u:{TOKEN}@127.0.0.1:{_dead()}/db")
    assert alerted.run(GOOD).code == 4
    assert alerted.titles == ["claims was refused on test"]


def test_a_run_that_is_interrupted_neither_begins_nor_ends_an_incident(alerted: Alerted) -> None:
    alerted.project.write(
        "ctrl_c_of_alerts.py",
        "from framework.hooks import Hook\n"
        "class Press(Hook):\n"
        "    def stage_built(self, *_):\n"
        "        raise KeyboardInterrupt\n",
    )

    def interrupted() -> None:
        alerted.tell(ALL, hooks=["ctrl_c_of_alerts:Press"])
        assert alerted.run(GOOD).code == 130
        alerted.tell(ALL, hooks=[])

    interrupted()
    alerted.run(NULL)
    interrupted()
    alerted.run(NULL)
    assert alerted.titles == [FAILED]


def test_what_is_wrong_with_the_pipeline_is_no_run(alerted: Alerted) -> None:
    alerted.project.write("pipeline.yaml", PIPELINE.replace("from: typed", "from: tyepd"))
    assert alerted.run(GOOD).code == 2
    assert alerted.hook.posted == []


# -- endpoints that do not answer


@pytest.mark.parametrize("status", [404, 500])
def test_an_endpoint_that_refuses_is_a_note(alerted: Alerted, status: int) -> None:
    alerted.hook.status = status
    outcome = alerted.run(NULL)
    assert outcome.code == 1
    assert outcome.results["notes"] == ["a notice could not be sent to 1 of 1: number 1 of `urls`"]


def test_a_dead_endpoint_keeps_nothing_from_the_others(alerted: Alerted) -> None:
    alerted.tell(ALL, f"json://127.0.0.1:{_dead()}/{TOKEN}", "${PAGER_URL}")
    outcome = alerted.run(NULL)
    assert "note: a notice could not be sent to 1 of 2: number 1 of `urls`" in outcome.out
    assert alerted.titles == [FAILED]


def test_a_slow_endpoint_is_not_waited_for(alerted: Alerted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer comes byte by byte, so that no time limit of a request is ever passed."""
    monkeypatch.setattr(notify, "SECONDS", 1.0)
    alerted.hook.slow = True
    begun = time.monotonic()
    outcome = alerted.run(NULL)
    assert time.monotonic() - begun < 5
    assert outcome.code == 1
    assert outcome.results["notes"] == ["a notice could not be sent to 1 of 1: number 1 of `urls`"]


def test_the_process_does_not_wait_either(alerted: Alerted) -> None:
    alerted.hook.slow = True
    alerted.project.csv("raw.csv", "id,member,paid", NULL)
    begun = time.monotonic()
    process = alerted.project.start("pipeline.yaml", {})
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - begun < notify.SECONDS + 15
    assert process.returncode == 1
    assert "could not be sent to 1 of 1" in out
    assert TOKEN not in out + err


# -- addresses


@pytest.mark.parametrize(
    ("url", "said", "help"),
    [
        ("${NOT_SET}", "`notify` of framework.yaml: the environment variable NOT_SET is not set", "export NOT_SET"),
        (f"nowhere://{TOKEN}", "number 2 of the `urls` of `notify` is none that Apprise can read", "it is not shown"),
        (f"slack://{TOKEN}", "framework.yaml:13: number 2 of the `urls`", "it is not shown"),
        ("${EMPTY:-}", "number 2 of the `urls` of `notify`", "it is not shown"),
        (f"json://127.0.0.1/{TOKEN}?cto={TOKEN}", "", ""),
    ],
)
def test_a_run_without_an_address_does_not_begin(alerted: Alerted, url: str, said: str, help: str) -> None:
    alerted.tell(ALL, "${PAGER_URL}", url)
    outcome = alerted.run(GOOD)
    assert outcome.code == (4 if said else 0)
    assert said in outcome.err
    assert help in outcome.err
    assert TOKEN not in outcome.said
    assert bool(outcome.results) != bool(said)
    assert alerted.project.relations("marts") == (set() if said else {"members"})


def test_without_the_package_a_run_does_not_begin(alerted: Alerted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    outcome = alerted.run(GOOD)
    assert outcome.code == 4
    assert "needs apprise, which is not installed" in outcome.err
    assert "pip install 'framework-pipelines[notify]'" in outcome.err


def test_the_variable_may_have_a_default(alerted: Alerted) -> None:
    alerted.tell(ALL, f"${{NOT_SET:-{alerted.here}}}")
    alerted.run(NULL)
    assert alerted.titles == [FAILED]


def test_validate_and_a_dry_run_need_no_address(alerted: Alerted, monkeypatch: pytest.MonkeyPatch) -> None:
    from framework.cli import main

    monkeypatch.delenv("PAGER_URL")
    assert main(["validate", "pipeline.yaml"]) == 0
    assert alerted.project.run("pipeline.yaml", "--dry-run").code == 0


def test_no_address_and_no_value_is_shown_anywhere(alerted: Alerted, caplog: pytest.LogCaptureFixture) -> None:
    """Neither of an endpoint that answers nor of one that does not, whatever logs are on."""
    dead = _dead()
    alerted.tell(ALL, "${PAGER_URL}", f"json://user:{TOKEN}@127.0.0.1:{dead}/{TOKEN}")
    alerted.project.write("pipeline.yaml", PIPELINE.replace("name: someone", "name: someone, on_fail: quarantine"))
    said = ""
    with caplog.at_level(logging.DEBUG):
        for line in ("1,Xenia,-7", "2,Xenia,-7", "1,Xenia,7", LARGE):
            said += alerted.run(line, "3,a,-7" if "-7" in line else "3,a,7").said
    assert alerted.titles == [FAILED, WELL, WARNED]
    assert "Xenia" not in json.dumps(alerted.hook.posted)
    assert "Xenia" not in said
    kept = [path for folder in ("target", ".framework") for path in (alerted.project.root / folder).rglob("*")]
    files = [path.read_bytes().decode("latin-1") for path in kept if path.is_file()]
    assert files
    for text in (said, caplog.text, *files):
        assert TOKEN not in text
        assert str(dead) not in text
        assert f":{alerted.hook.port}" not in text
        assert "PAGER_URL" not in text


def test_loggers_are_as_before_afterwards(alerted: Alerted) -> None:
    names = ("apprise", "urllib3", "requests")
    before = [(logging.getLogger(n).propagate, list(logging.getLogger(n).handlers)) for n in names]
    alerted.run(NULL)
    assert alerted.titles == [FAILED]
    assert [(logging.getLogger(n).propagate, list(logging.getLogger(n).handlers)) for n in names] == before


# -- the guide


def _guide() -> str:
    return Path(REPOSITORY / "docs" / "guides" / "alerts.md").read_text(encoding="utf-8")


ADDRESSES = re.findall(r"^\| [^|]+ \| `([a-z]+://[^`]+)` \|$", _guide(), re.MULTILINE)


def test_the_guide_has_addresses() -> None:
    assert {address.partition(":")[0] for address in ADDRESSES} >= {
        "slack",
        "workflows",
        "mailtos",
        "pagerduty",
        "jsons",
    }


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda a: a.partition(":")[0])
def test_addresses_of_the_guide_are_some_that_apprise_reads(alerted: Alerted, address: str) -> None:
    alerted.tell(["failure"], address)
    assert alerted.run(GOOD).code == 0
