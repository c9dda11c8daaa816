"""`framework lineage` as a person runs it: trees, lists, diagrams and data."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from framework.artifacts import manifest
from framework.cli import main
from framework.lineage.graph import Graph, Node, PipelineLineage
from framework.lineage.tracing import trace
from framework.lineage.tree import Trees
from framework.load import load
from framework.resolve import resolve

ROOT = Path(__file__).parents[2]

MEMBERS = """
pipeline: members
sources:
  raw_members: {path: members.csv, key: [id], columns: {id: string, plan: string}}
stages:
  dim_member:
    {kind: publish, from: raw_members, mode: replace, columns: {id: , plan: upper(plan)}, surrogate_key: member_key}
"""
VISITS = """
pipeline: visits
sources:
  raw_visits: {path: visits.csv, columns: {id: string, member: string, paid: "decimal(18,2)", status: string}}
  members: {pipeline: members.yaml, stage: dim_member}
stages:
  visits:
    kind: normalize
    from: raw_visits
    where: status = 'closed'
    key: [id]
    columns: {id: , member: , paid: , twice: "paid\\n* 2"}
  planned:
    kind: enrich
    from: visits
    lookup: {members: {on: {member: id}, take: [plan]}}
  per_plan: {kind: aggregate, from: planned, by: [plan], measures: {paid: sum(paid), visits: count(*), fixed: "1"}}
  fct: {kind: publish, from: per_plan, mode: replace}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("members.yaml").write_text(MEMBERS, encoding="utf-8")
    Path("visits.yaml").write_text(VISITS, encoding="utf-8")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(["lineage", *words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_up_to_the_sources_of_another_pipeline(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "visits.yaml", "--column", "planned.plan", "--up") == (
        "planned.plan\n"
        "├── direct       members.plan\n"
        "│   └── direct       dim_member.plan of pipeline members = upper(plan)\n"
        "│       └── derived      raw_members.plan of pipeline members\n"
        "├── filtered by  visits.member (on)\n"
        "│   └── direct       raw_visits.member\n"
        "└── filtered by  members.id (on)\n"
        "    └── direct       dim_member.id of pipeline members\n"
        "        └── direct       raw_members.id of pipeline members\n"
        "\n"
        "the rows of visits\n"
        "├── filtered by  raw_visits.status (filtered)\n"
        "└── filtered by  raw_visits.id (rejected)\n"
        "\n"
        "the rows of raw_visits\n"
        "└── filtered by  raw_visits.paid (unreadable)\n"
    )


def test_down_through_rows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "visits.yaml", "--column", "RAW_VISITS.Member", "--down") == (
        "raw_visits.member\n"
        "└── direct       visits.member\n"
        "    ├── direct       planned.member\n"
        "    └── filters      planned.plan (on)\n"
        "        ├── direct       per_plan.plan\n"
        "        │   └── direct       fct.plan\n"
        "        └── filters      the rows of per_plan (by)\n"
        "            └── direct       the rows of fct\n"
    )
    assert said(capsys, "visits.yaml", "--column", "raw_visits.status", "--down") == (
        "raw_visits.status\n"
        "└── filters      the rows of visits (filtered)\n"
        "    └── direct       the rows of planned\n"
        "        └── aggregated   the rows of per_plan\n"
        "            └── direct       the rows of fct\n"
    )


def test_both_ways(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "visits.yaml", "--column", "visits.twice") == (
        "What it is made of:\n"
        "\n"
        "visits.twice = paid * 2\n"
        "└── derived      raw_visits.paid\n"
        "\n"
        "the rows of visits\n"
        "├── filtered by  raw_visits.status (filtered)\n"
        "└── filtered by  raw_visits.id (rejected)\n"
        "\n"
        "the rows of raw_visits\n"
        "└── filtered by  raw_visits.paid (unreadable)\n"
        "\n"
        "What is made of it:\n"
        "\n"
        "visits.twice = paid * 2\n"
        "└── direct       planned.twice\n"
    )


def test_the_whole_pipeline_one_step_at_a_time(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = said(capsys, "visits.yaml")
    assert "members (source: dim_member of pipeline members)\n  member_key\n  id\n  plan\n" in listed
    assert (
        "per_plan (aggregate)\n"
        "  plan    direct       planned.plan\n"
        "  paid    = sum(paid)\n"
        "          aggregated   planned.paid\n"
        "  visits  = count(*)\n"
        "          aggregated   the rows of planned\n"
        "  fixed   = 1\n"
        "  rows: aggregated   the rows of planned\n"
        "  rows: filtered by  planned.plan (by)\n"
    ) in listed


def test_as_data(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "visits.yaml", "--column", "fct.PAID", "--up", "--output", "json"))
    assert {k: found[k] for k in ("schema_version", "pipeline", "column", "direction")} == {
        "schema_version": 1,
        "pipeline": "visits",
        "column": "fct.paid",
        "direction": "up",
    }

    def name(node: dict[str, Any]) -> str:
        return f"{node['pipeline']}:{node['relation']}.{node['column']}"

    kinds = {name(node): (node["kind"], node["expression"]) for node in found["nodes"]}
    assert kinds["visits:per_plan.paid"] == ("aggregate", "sum(paid)")
    assert kinds["members:dim_member.plan"] == ("publish", "upper(plan)")
    assert kinds["visits:members.plan"] == ("source", None)
    edges = {(name(e["from"]), name(e["to"])): (e["kind"], e["reasons"]) for e in found["edges"]}
    assert edges["visits:planned.paid", "visits:per_plan.paid"] == ("aggregated", [])
    assert edges["visits:planned.plan", "visits:per_plan.None"] == ("filtered_by", ["by"])
    assert edges["members:dim_member.plan", "visits:members.plan"] == ("direct", [])
    assert {n for edge in edges for n in edge} == set(kinds)
    assert "visits:raw_visits.status" in kinds  # it decides the rows that the sum is of
    assert "visits:per_plan.visits" not in kinds


def test_every_edge_of_a_pipeline_as_data(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "visits.yaml", "--output", "json"))
    nodes = {(n["relation"], n["column"]) for n in found["nodes"]}
    assert {("visits", c) for c in ("id", "member", "paid", "twice", None)} <= nodes
    assert ("per_plan", "fixed") in nodes  # made of nothing, and there all the same
    assert found["column"] is None


@pytest.mark.parametrize(
    ("words", "message", "help"),
    [
        (["--column", "planed.plan"], "no source or stage `planed`", "did you mean `planned`?"),
        (["--column", "planned.pln"], "no column `pln` in stage `planned`", "did you mean `plan`?"),
        (["--column", "raw_visits.piad"], "no column `piad` in source `raw_visits`", "did you mean `paid`?"),
        (["--column", "planned"], "`planned` names no column of a stage", "write --column planned.id"),
        (["--column", "planned."], "`planned.` names no column of a stage", "write --column planned.id"),
        (["--column", ".x"], "`.x` names no column of a stage", "write --column STAGE.x"),
        (["--up"], "--up needs a column to start from", "write --column STAGE.COLUMN beside it"),
        (["--column", "planned._matched_members"], "no column `_matched_members` in stage `planned`", "known: "),
    ],
)
def test_what_is_not_there(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str, help: str
) -> None:
    assert main(["lineage", "visits.yaml", *words]) == 2
    error = capsys.readouterr().err
    assert f"F113 {message}\nhelp: {help}" in error


ODD = """
pipeline: odd
sources:
  raw:
    path: raw.parquet
    key: [id]
    columns: {id: string, 'a "q" \\ #b;<c>': integer, "größe\\n数": integer, end: string}
stages:
  s:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: , 'a "q" \\ #b;<c>': , both: '"a ""q"" \\ #b;<c>" + 1', "größe\\n数": , end: }
"""


def test_diagrams_of_odd_names(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both were read by the programs that draw them, and each name came out as it is."""
    Path("odd.yaml").write_text(ODD, encoding="utf-8")
    drawn = said(capsys, "odd.yaml", "--diagram", "mermaid", "--column", "raw.end", "--down")
    assert drawn == (
        'flowchart LR\n  subgraph r0["raw"]\n    n0["end"]\n  end\n'
        '  subgraph r1["s"]\n    n1["end"]\n  end\n  n0 --> n1\n'
    )
    drawn = said(capsys, "odd.yaml", "--diagram", "mermaid")
    assert '["a #34;q#34; #92; #35;b#59;#60;c#62;"]' in drawn
    assert '["größe#10;数"]' in drawn
    assert '-->|"derived"|' in drawn
    assert '-.->|"rejected"|' in drawn
    drawn = said(capsys, "odd.yaml", "--diagram", "graphviz")
    assert '[label="a \\"q\\" \\\\ #b;<c>"]' in drawn
    assert '[label="größe\\n数"]' in drawn
    assert '[label="rows", shape=ellipse]' in drawn
    assert '[style=dashed, label="rejected"]' in drawn
    found = json.loads(said(capsys, "odd.yaml", "--diagram", "graphviz", "--output", "json"))
    assert found["diagram"] + "\n" == drawn
    listed = said(capsys, "odd.yaml")
    assert "größe\\n数" in listed  # a line's end in a name does not end the line


def test_what_cannot_be_followed_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    select = "select * from raw_visits pivot (max(member) for status in ('a', 'b'))"
    text = VISITS.replace('paid: "decimal(18,2)", ', "")
    text = text[: text.index("stages:")] + f'stages:\n  turned: {{kind: sql, key: [id], sql: "{select}"}}\n'
    Path("visits.yaml").write_text(text, encoding="utf-8")
    assert "  a   unknown      any column of raw_visits\n" in said(capsys, "visits.yaml")
    assert said(capsys, "visits.yaml", "--column", "turned.a", "--up") == (
        "turned.a\n"
        "├── unknown      any column of raw_visits\n"
        "├── unknown      raw_visits.id\n"
        "├── unknown      raw_visits.member\n"
        "└── unknown      raw_visits.status\n"
    )
    assert "└── unknown      turned.b" in said(capsys, "visits.yaml", "--column", "raw_visits.member", "--down")


def test_no_column_of_the_framework_is_told_of() -> None:
    for path in sorted((ROOT / "pipelines").glob("*.yaml")):
        for relation in trace(resolve(load(path, ROOT))):
            edges = [e for c in relation.columns for e in c.edges] + list(relation.rows)
            names = [c.name for c in relation.columns] + [e.origin.column or "" for e in edges]
            assert edges or relation.kind == "source"
            assert not [name for name in names if name.startswith("_")]


def test_a_long_chain_is_no_trouble(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stages = ["  s0: {kind: normalize, from: raw, key: [id], columns: {id: , n: }}"]
    stages += [f"  s{i}: {{kind: enrich, from: s{i - 1}, columns: {{n: n + 1}}}}" for i in range(1, 1200)]
    source = "sources:\n  raw: {path: raw.parquet, columns: {id: string, n: integer}}\n"
    Path("long.yaml").write_text(f"pipeline: long\n{source}stages:\n" + "\n".join(stages), encoding="utf-8")
    assert "direct       raw.n" in said(capsys, "long.yaml", "--column", "s1199.n", "--up")
    assert "derived      s1199.n = n + 1" in said(capsys, "long.yaml", "--column", "raw.n", "--down")


GUIDE = (ROOT / "docs" / "guides" / "lineage.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```text\n\$ framework lineage ([^\n]*)\n(.*?)```", GUIDE, re.DOTALL)


def test_the_guide_shows_something() -> None:
    assert len(SHOWN) >= 4


@pytest.mark.parametrize(("words", "shown"), SHOWN, ids=[words for words, _ in SHOWN])
def test_what_the_guide_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, shown: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "shop"]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    assert said(capsys, *words.split()) == shown


def test_the_manifest_has_the_lineage_of_each_column(project: Path) -> None:
    found = manifest(resolve(load(Path("visits.yaml"), project)))
    stages = {stage["name"]: stage for stage in found["stages"]}
    columns = {column["name"]: column["lineage"] for column in stages["per_plan"]["columns"]}
    assert columns == {
        "plan": {"direct": ["planned.plan"]},
        "paid": {"aggregated": ["planned.paid"]},
        "visits": {"aggregated": ["planned"]},
        "fixed": {},
    }
    assert stages["per_plan"]["rows"] == {"aggregated": ["planned"], "filtered_by": ["planned.plan"]}
    assert found["sources"][0]["rows"] == {"filtered_by": ["raw_visits.paid"]}
    assert not [c for s in found["sources"] for c in s["columns"] if c["lineage"]]


def test_trees_leave_nothing_out() -> None:
    """Each column above stands in the tree; each below does, or the rows that it is a column of."""
    plan = resolve(load(ROOT / "pipelines" / "claims.yaml", ROOT))
    graph = Graph([PipelineLineage(plan.name, trace(plan))])
    trees = Trees(graph, {})
    starts = [n for r in graph.pipelines[0].relations for n in graph.columns(Node(plan.name, r.name, None))]
    assert len(starts) > 100
    for start in starts:
        above, below = "\n".join(trees.up(start)) + "\n", "\n".join(trees.down(start)) + "\n"
        for node in graph.above(start):
            assert node.column is None or re.search(rf"\b{node.relation}\.{node.column}\b", above), (start, node)
        for node in graph.below(start):
            rows = re.search(rf"the rows of {node.relation}\b", below)
            assert rows or re.search(rf"\b{node.relation}\.{node.column}\b", below), (start, node)
