"""A run killed at any moment leaves the whole old set or the whole new one, and the next run finishes the work."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from integration.project import URL_VARIABLE, Project

# Of one search over all warehouses; the nightly one asks for more.
MOMENTS = int(os.environ.get("KILL_MOMENTS", "20"))
SEED = 20_240_229
SHARE = {"duckdb": 0.6, "postgres": 0.4}
IN_PUBLISHING = 0.4
SECONDS = 20  # a server may need a moment to see that the killed run is gone

PIPELINE = """
pipeline: shop
balance: [amount]
sources:
  raw_members: {path: members.csv, key: [id], columns: {id: string, city: string}}
  raw_sales: {path: sales.csv, columns: {sale_id: string, member: string, day: date, amount: "decimal(18,2)"}}
stages:
  sales:
    kind: normalize
    from: raw_sales
    key: [sale_id]
    columns: {sale_id: , member: , day: , amount: }
    deduplicate: {order_by: day desc}
    checks: [{not_null: [amount], on_fail: quarantine}]
  named:
    kind: enrich
    from: sales
    lookup: {raw_members: {on: {member: id}, take: [city]}}
  by_city: {kind: aggregate, from: named, by: [city], measures: {amount: sum(amount), sales: count(sale_id)}}
  dim_member:
    kind: publish
    from: raw_members
    key: [id]
    surrogate_key: member_key
    unknown: {id: UNKNOWN}
  fct_sales: {kind: publish, from: sales, mode: upsert, references: {member: dim_member}}
  fct_city: {kind: publish, from: by_city, mode: replace}
"""


@dataclass(frozen=True)
class Moment:
    """The `number`-th statement or commit of a run, and whether before, during or after it."""

    number: int
    phase: str

    def __str__(self) -> str:
        return f"{self.phase} {self.number}"


def given(project: Project, version: int) -> None:
    members = [f"m{i},city {(i * version) % 7}" for i in range(20 + version)]
    sales = [
        f"s{i},m{i % 25},2024-01-{1 + i % 28:02},{'' if i % 50 == version else f'{i * version}.25'}"
        for i in range(version * 10, 400)
    ]
    files = (
        project.csv("members.csv", "id,city", *members),
        project.csv("sales.csv", "sale_id,member,day,amount", *sales),
    )
    for path in files:  # of long ago: each run trusts them, and has the same statements
        os.utime(path, (1_700_000_000 + version,) * 2)


def start(project: Project, moment: Moment) -> int:
    """The exit code of a run that is killed at the moment, or that ends before it."""
    script = Path(__file__).with_name("killed.py")
    environment = {**os.environ, URL_VARIABLE: project.url or ""}
    words = [sys.executable, str(script), "shop.yaml", str(moment.number), moment.phase]
    return subprocess.run(words, cwd=project.root, env=environment, capture_output=True, check=False).returncode


def chosen(moments: list[str], warehouse: str) -> Iterator[Moment]:
    """The seeded moments of one warehouse: some anywhere, some inside publishing, two right after its commit."""
    source = random.Random(f"{SEED} {warehouse}")
    begun = next(i for i, text in enumerate(moments, start=1) if text.startswith("UPDATE _framework.publishing"))
    done = next(i for i, text in enumerate(moments, start=1) if i > begun and text == "COMMIT of what is published")
    count = round(MOMENTS * SHARE[warehouse])
    inside = round(count * IN_PUBLISHING)
    yield Moment(done + 1, "before")
    yield Moment(done + 1, "after")
    for index in range(count - 2):
        low, high = (begun, done) if index < inside else (1, len(moments))
        yield Moment(source.randint(low, high), source.choice(("before", "during", "after")))


@contextmanager
def copied(base: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The base project with its warehouse, to be spoilt."""
    root = base.root.parent / "spoilt"
    shutil.copytree(base.root, root)
    project = replace(base, root=root, url=base.url and f"{base.url}_spoilt")
    if base.url is not None:
        name, server = make_url(base.url).database, make_url(base.url).set(database="postgres")
        with closing(psycopg.connect(server.render_as_string(hide_password=False), autocommit=True)) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}_spoilt" WITH (FORCE)'.encode())
            admin.execute(f'CREATE DATABASE "{name}_spoilt" TEMPLATE "{name}"'.encode())
    monkeypatch.chdir(root)
    monkeypatch.setenv(URL_VARIABLE, project.url or "")
    try:
        yield project
    finally:
        monkeypatch.chdir(base.root)
        shutil.rmtree(root)


def finished(project: Project) -> bool:
    """Whether the next run ends well; a server may hold the killed run's lock for a moment."""
    until = time.monotonic() + SECONDS
    while (outcome := project.run("shop.yaml")).code == 4 and time.monotonic() < until:
        time.sleep(0.2)
    return outcome.code == 0


def test_a_kill_at_any_moment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("shop.yaml", PIPELINE)
    given(project, 1)
    project.good("shop.yaml")
    old = project.published()
    given(project, 2)
    with copied(project, monkeypatch) as other:
        assert start(other, Moment(0, "before")) == 0
        new = other.published()
        moments = (other.root / "moments").read_text(encoding="utf-8").splitlines()
    assert old.keys() == new.keys()
    assert all(old[name] != new[name] for name in old)
    wrong: list[str] = []
    stood = {"old": 0, "new": 0, "ended": 0}
    for moment in chosen(moments, project.warehouse):
        with copied(project, monkeypatch) as other:
            code = start(other, moment)
            found = other.published()
            stood["ended"] += code == 0
            stood["old" if found == old else "new"] += 1
            if code not in (0, -signal.SIGKILL):
                wrong.append(f"{moment}: exit code {code}")
            if found not in (old, new):
                wrong.append(f"{moment}: half of a set stands")
            if len({run for _, _, run, *_ in other.commits()}) != 1:
                wrong.append(f"{moment}: commits of two runs stand")
            if not finished(other) or other.published() != new or other.leftovers():
                wrong.append(f"{moment}: the next run does not finish the work")
            killed = code == -signal.SIGKILL and moment.number > 3
            if killed and "running" in statuses(other):
                wrong.append(f"{moment}: the killed run is still said to be running")
    assert not wrong
    assert min(stood["old"], stood["new"]) > 1, stood
    assert stood["ended"] < 3, stood


def statuses(project: Project) -> set[str]:
    import sqlite3

    with closing(sqlite3.connect(project.root / ".framework" / "state.db")) as state:
        return {str(status) for (status,) in state.execute("SELECT status FROM runs")}
