"""Which stages are computed by their reader on the way, and which are stored."""

import pytest

from framework.compile import compile_plan
from framework.compile.folding import forms
from framework.load import Pipeline
from framework.model import PipelineModel
from framework.resolve import resolve
from framework.shape import shaped
from framework.target import warehouse
from framework.yaml_source import parse

HEAD = """
pipeline: small
balance: [paid]
sources:
  raw: {path: raw.csv, key: [id], columns: {id: string, member: string, day: date, paid: "decimal(18,2)"}}
  raw_members: {path: members.csv, key: [member], columns: {member: string, name: string}}
stages:
  lines: {kind: normalize, from: raw, key: [id], columns: {id: , member: , day: , paid: }}
  members: {kind: normalize, from: raw_members, key: [member], columns: {member: , name: }}
"""
NAMED = "  named: {kind: enrich, from: lines, lookup: {members: {on: member, take: [name]}}%s}\n"
TOTALS = "  totals: {kind: aggregate, from: named, by: [name], measures: {paid: sum(paid)}%s}\n"
FACT = "  fact: {kind: publish, from: totals, mode: replace}\n"
WARN = ", checks: [{%s: %s, on_fail: warn}]"

CASES = {
    "a chain into what is published": (NAMED % "" + TOTALS % "" + FACT, {"named", "totals"}),
    "with checks that a row decides": (
        NAMED % WARN % ("expression", "paid > 0") + TOTALS % "" + FACT,
        {"named", "totals"},
    ),
    "with a check of the number of rows": (
        NAMED % ", checks: [{row_count: {min: 1}}]" + TOTALS % "" + FACT,
        {"named", "totals"},
    ),
    "a measured search needs the rows": (NAMED % WARN % ("unique", "[name]") + TOTALS % "" + FACT, {"totals"}),
    "what is held back must stand": (
        NAMED % ", checks: [{not_null: name, on_fail: quarantine}]" + TOTALS % "" + FACT,
        {"totals"},
    ),
    "two readers": (NAMED % "" + TOTALS % "" + FACT + "  also: {kind: publish, from: named}\n", {"totals"}),
    "a reader that compares": (
        NAMED % "" + "  totals: {kind: aggregate, from: lines, by: [member], measures: {paid: sum(paid)},"
        " checks: [{relationship: {column: member, to: named.member}}]}\n",
        set(),
    ),
    "a reader that drops rows before it groups": (NAMED % "" + TOTALS % ", where: paid > 0" + FACT, {"totals"}),
    "a reader that drops groups": (NAMED % "" + TOTALS % ", having: paid > 0" + FACT, {"named", "totals"}),
    "asked for as a table": (NAMED % ", materialized: table" + TOTALS % "" + FACT, {"totals"}),
    "asked for as a view": (NAMED % ", materialized: view" + TOTALS % "" + FACT, {"totals"}),
    "the clock is bound once": (NAMED % ", columns: {today: current_date}" + TOTALS % "" + FACT, {"totals"}),
    "joined beside, not gone on with": (
        NAMED % "" + "  wide: {kind: enrich, from: lines, lookup: {named: {on: id, take: [name]}}}\n"
        "  fact: {kind: publish, from: wide}\n",
        {"wide"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_folded(name: str) -> None:
    text, folded = CASES[name]
    document = parse(HEAD + text, "small.yaml")
    plan = resolve(Pipeline(shaped(document, PipelineModel), document))
    found = forms(plan, plan.stages)
    assert {stage for stage, form in found.items() if form == "folded"} == folded
    program = compile_plan(plan, warehouse("duckdb"))
    assert {s.stage.name for s in program.stages} == {s.name for s in plan.stages} - folded
    accounted = [a.stage.name for s in program.stages for a in s.accounts]
    assert sorted(accounted) == sorted(s.name for s in plan.stages)
