"""A check that holds by the plan costs nothing: no figure of a scan, no query of its own."""

import pytest

from framework.assertion import ProvedTest
from framework.compile import compile_plan
from framework.load import Pipeline
from framework.model import PipelineModel
from framework.plan import Plan, SourcePlan, StagePlan
from framework.resolve import resolve
from framework.shape import shaped
from framework.target import warehouse
from framework.yaml_source import parse

TEXT = """
pipeline: proved
sources:
  raw:
    table: given.raw
    key: [region, id]
    columns: {region: string, id: integer, code: string, paid: "decimal(18,2)"}
    checks: [{not_null: [code], name: held to}, {unique: [code], name: counted}]
stages:
  lines:
    kind: enrich
    from: raw
    columns: {named: "coalesce(region, 'none')", amount: {expr: "coalesce(paid, 0)", checks: [not_null]}}
    checks:
      - {not_null: [named, code], name: filled, on_fail: quarantine}
      - {unique: [code], name: single}
      - {unique: [id, region], name: key}
      - {not_null: [region], name: open}
  totals:
    kind: aggregate
    from: lines
    by: [region]
    measures: {paid: sum(paid)}
    checks: [{unique: [region, paid], name: wide}, {unique: [paid], name: narrow}]
  fact: {kind: publish, from: lines}
"""
PROVED = {
    "lines": {"not_null(amount)", "filled", "single", "key"},
    "totals": {"key(region)", "wide"},
    "fact": {"key(region, id)"},
    "raw": set[str](),
}
MEASURED = {
    "lines": {"open"},
    "totals": {"narrow"},
    "fact": set[str](),
    "raw": {"key(region, id)", "held to", "counted"},
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    document = parse(TEXT, "proved.yaml")
    return resolve(Pipeline(shaped(document, PipelineModel), document))


@pytest.mark.parametrize("name", PROVED)
def test_what_is_proved(plan: Plan, name: str) -> None:
    relations: tuple[SourcePlan | StagePlan, ...] = (*plan.sources, *plan.stages)
    relation = next(r for r in relations if r.name == name)
    proved = {a.name for a in relation.assertions if isinstance(a.test, ProvedTest)}
    assert (proved, {a.name for a in relation.assertions} - proved) == (PROVED[name], MEASURED[name])


def test_what_is_proved_is_not_counted(plan: Plan) -> None:
    program = compile_plan(plan, warehouse("duckdb"))
    audits = [*(s.audit for s in program.sources), *(s.audit for s in program.stages)]
    kinds = ("failing", "judged", "measure")
    counted = {(f.relation, f.subject) for audit in audits for f in audit.figures if f.kind in kinds}
    counted |= {(s.stage.name, a.assertion.name) for s in program.stages for a in s.sets}
    counted |= {(s.source.name, a.assertion.name) for s in program.sources for a in s.sets}
    assert counted == {(relation, name) for relation, names in MEASURED.items() for name in names}
