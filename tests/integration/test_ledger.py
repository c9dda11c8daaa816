"""The ledger is no decoration: a row that is lost, or an amount that changes, breaks the run in every kind of stage."""

import copy
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.sql.selectable import FromClause

from framework.algebra import Query
from framework.compile.rows import Rowset
from framework.compile.stages import Stages
from framework.execute.session import Session
from framework.plan import StagePlan
from integration.project import Project

PIPELINE = """
pipeline: account
balance: [paid]
sources:
  raw: {path: raw.csv, key: [id], columns: {id: string, claim: string, paid: "decimal(18,2)"}}
  raw_claims: {path: claims.csv, key: [claim], columns: {claim: string, member: string}}
stages:
  lines: {kind: normalize, from: raw, key: [id], columns: {id: , claim: , paid: }, materialized: table}
  claims: {kind: normalize, from: raw_claims, key: [claim], columns: {claim: , member: }}
  inner_joined: {kind: assemble, from: lines, join: {claims: {on: claim, take: [member]}}, materialized: table}
  fanned_out:
    kind: assemble
    from: lines
    join: {others: {relation: lines, on: claim, take: {other: id}, fan_out: true}}
    materialized: table
  united: {kind: assemble, union: [lines, inner_joined], tag: origin, fill: null, materialized: table}
  enriched: {kind: enrich, from: lines, lookup: {claims: {on: claim, take: [member]}}, materialized: table}
  on_the_way: {kind: enrich, from: lines, columns: {twice: paid * 2}}
  grouped: {kind: aggregate, from: on_the_way, by: [claim], measures: {paid: sum(paid)}, materialized: table}
  some: {kind: aggregate, from: lines, where: paid > 1, by: [claim], measures: {paid: sum(paid)}, materialized: table}
  chosen: {kind: sql, key: [claim], sql: "select claim, sum(paid) as paid from lines group by claim"}
  fct_lines: {kind: publish, from: lines}
  fct_claims: {kind: publish, from: grouped, mode: replace}
"""

COUNTED = [
    "lines",
    "claims",
    "inner_joined",
    "fanned_out",
    "united",
    "enriched",
    "grouped",
    "some",
    "fct_lines",
    "fct_claims",
]

Spoil = Callable[[FromClause, str], FromClause]


@pytest.fixture(autouse=True)
def _inputs(project: Project) -> None:
    project.write("account.yaml", PIPELINE)
    project.csv("raw.csv", "id,claim,paid", "a,c1,1.50", "b,c1,2.25", "c,c2,4.00", "d,c3,8.00")
    project.csv("claims.csv", "claim,member", "c1,m1", "c2,m2", "c3,m3")


def planted(monkeypatch: pytest.MonkeyPatch, victim: str, spoil: Spoil) -> None:
    """Spoils what the candidate of a stage is built from, and nothing that is counted."""
    sound = Stages._rows

    def rows(self: Stages, stage: StagePlan, query: Query) -> Rowset:
        if stage.name != victim:
            return sound(self, stage, query)
        spoilt = copy.copy(self)

        def read(name: str, columns: Iterable[str]) -> FromClause:
            return spoil(self.read(name, columns), name)

        monkeypatch.setattr(spoilt, "read", read, raising=False)
        return sound(spoilt, stage, query)

    monkeypatch.setattr(Stages, "_rows", rows)


def lose_a_row(table: FromClause, name: str) -> FromClause:
    return sa.select(*table.c).select_from(table).offset(1).subquery(name)


def change_an_amount(table: FromClause, name: str) -> FromClause:
    def column(found: sa.ColumnElement[object]) -> sa.ColumnElement[object]:
        return (found + sa.literal_column("1.00")).label("paid") if found.key == "paid" else found

    return sa.select(*(column(c) for c in table.c)).select_from(table).subquery(name)


def test_every_line_closes(project: Project) -> None:
    outcome = project.good("account.yaml")
    ledgers = {s["name"]: s["ledger"] for s in outcome.results["stages"]}
    assert all(line["faults"] == [] for line in ledgers.values())
    assert ledgers["fanned_out"]["added"] == 2
    assert ledgers["on_the_way"]["rows_in"] == 4
    assert ledgers["grouped"]["grouped"] == {"out": 3}
    assert ledgers["chosen"]["open"] is True


def test_rows_that_no_row_used_are_told_of_where_that_is_asked_for(project: Project) -> None:
    project.csv("claims.csv", "claim,member", "c1,m1", "c2,m2", "c3,m3", "c4,m4")
    asked, other = project.good("account.yaml", "--memos"), project.good("account.yaml")
    memos = {s["name"]: s["ledger"].pop("memos") for s in asked.results["stages"]}
    assert {name: told for name, told in memos.items() if told} == {
        "inner_joined": {"unused claims": 1},
        "fanned_out": {"unused others": 0},
        "enriched": {"unused claims": 1},
    }
    assert "  enriched: 4 in = 4 out (1 unused claims)\n" in asked.out
    assert "unused" not in other.said
    assert not any(s["ledger"].pop("memos") for s in other.results["stages"])
    for line, same in zip(asked.results["stages"], other.results["stages"], strict=True):
        assert {**line["ledger"], "changes": None} == {**same["ledger"], "changes": None}


@pytest.mark.parametrize("victim", COUNTED)
def test_a_lost_row_breaks_the_run(project: Project, monkeypatch: pytest.MonkeyPatch, victim: str) -> None:
    planted(monkeypatch, victim, lose_a_row)
    outcome = project.run("account.yaml")
    assert outcome.code == 3, outcome.said
    assert outcome.results["code"] == "F599"
    assert f"the ledger of `{'on_the_way' if victim == 'grouped' else victim}`" in outcome.said
    assert project.published() == {}


@pytest.mark.parametrize("victim", [v for v in COUNTED if v not in ("lines", "claims", "fct_claims")])
def test_a_changed_amount_breaks_the_run(project: Project, monkeypatch: pytest.MonkeyPatch, victim: str) -> None:
    """In normalize amounts are a new account: there is nothing to hold them against."""
    planted(monkeypatch, victim, change_an_amount)
    outcome = project.run("account.yaml")
    assert outcome.code == 3, outcome.said
    assert outcome.results["code"] == "F599"
    assert "`paid` " in outcome.results["message"]
    assert project.published() == {}


@pytest.mark.parametrize("options", [(), ("--full-refresh",)])
@pytest.mark.parametrize("table", ["fct_lines", "fct_claims"])
def test_a_row_lost_while_publishing_breaks_the_run(
    project: Project, monkeypatch: pytest.MonkeyPatch, table: str, options: tuple[str, ...]
) -> None:
    """The insert itself loses a row, after everything was counted."""
    project.good("account.yaml")
    before = project.published()
    project.csv("raw.csv", "id,claim,paid", "a,c1,1.50", "b,c1,2.25", "e,c2,4.00", "f,c4,8.00", "g,c5,9.00")
    sound = Session.do

    def do(self: Session, statement: Any) -> Any:
        if isinstance(statement, sa.Insert) and statement.table.name == table and statement.select is not None:
            rows = statement.select.subquery("rows")
            statement = sa.insert(statement.table).from_select(list(rows.c.keys()), sa.select(*rows.c).offset(1))
        return sound(self, statement)

    monkeypatch.setattr(Session, "do", do)
    outcome = project.run("account.yaml", *options)
    assert outcome.code == 3, outcome.said
    assert "was to grow by" in outcome.results["message"]
    assert project.published() == before
