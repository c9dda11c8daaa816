"""Runs of a part of a pipeline: what is built, what is read as it stands, what is left alone."""

import json

import pytest

from framework.cli import main
from integration.project import Outcome, Project

SHOP = """
pipeline: shop
vars: {floor: 0.00}
balance: [amount]
sources:
  raw_members: {path: members.csv, key: [id], tags: people, columns: {id: string, city: string}}
  raw_sales:
    path: sales.csv
    key: [sale_id]
    columns: {sale_id: string, member: string, amount: "decimal(18,2)"}
stages:
  members: {kind: normalize, from: raw_members, key: [id], columns: {id: , city: }}
  sales:
    kind: normalize
    from: raw_sales
    key: [sale_id]
    columns: {sale_id: , member: , amount: }
    checks:
      - range: {column: amount, min: 0}
  enriched:
    kind: enrich
    from: sales
    lookup: {members: {on: {member: id}, take: [city]}}
  dim_member:
    kind: publish
    from: members
    surrogate_key: member_key
    unknown: {id: UNKNOWN}
    tags: [people, daily]
  fct_sales:
    kind: publish
    from: enriched
    where: amount >= :floor
    references: {member: dim_member}
"""
SOLD = "sale_id,member,amount"


@pytest.fixture
def shop(project: Project) -> Project:
    """A project whose pipeline has not run yet."""
    project.write("shop.yaml", SHOP)
    project.csv("members.csv", "id,city", "a,Bonn", "b,Paris")
    project.csv("sales.csv", SOLD, "s1,a,10.00", "s2,b,20.50", "s3,z,1.00")
    return project


def stages(outcome: Outcome) -> list[str]:
    return [stage["name"] for stage in outcome.results["stages"]]


def test_only_what_is_selected_is_built_and_published(shop: Project) -> None:
    shop.good("shop.yaml")
    before = shop.published()
    shop.csv("members.csv", "id,city", "a,Rome", "c,Oslo")
    (shop.root / "sales.csv").unlink()  # not even looked at
    outcome = shop.good("shop.yaml", "--select", "+dim_member")
    assert stages(outcome) == ["members", "dim_member"]
    assert outcome.changes("dim_member") == (1, 1, 0, 0)
    assert {check["relation"] for check in outcome.results["checks"]} <= {"raw_members", "members", "dim_member"}
    assert outcome.results["asked"]["select"] == ["+dim_member"]
    assert shop.rows("marts.dim_member", "id", "city") == [
        ("UNKNOWN", None),
        ("a", "Rome"),
        ("b", "Paris"),
        ("c", "Oslo"),
    ]
    assert shop.published()["marts.fct_sales"] == before["marts.fct_sales"]
    commits = {row[0]: row[2] for row in shop.commits()}
    assert commits["dim_member"] == outcome.results["run_id"] != commits["fct_sales"]


@pytest.mark.parametrize("threads", ["1", "3"])
def test_what_is_not_selected_is_read_as_it_stands(shop: Project, threads: str) -> None:
    shop.good("shop.yaml")
    shop.execute("UPDATE marts.dim_member SET member_key = 'as it stands' WHERE id = 'a'")
    shop.csv("sales.csv", SOLD, "s1,a,99.00")
    (shop.root / "members.csv").unlink()
    words = ["--select", "sales+,kind:enrich fct_sales", "--threads", threads]
    outcome = shop.good("shop.yaml", *words)
    assert stages(outcome) == ["enriched", "fct_sales"]
    assert shop.rows("marts.fct_sales", "sale_id", "amount", "member_key")[0][1:] == (
        shop.query("SELECT amount FROM staging.sales WHERE sale_id = 's1'")[0][0],
        "as it stands",
    )
    line = outcome.stage("fct_sales")["ledger"]
    assert (line["rows_in"], line["buckets"]["out"], line["faults"]) == (3, 3, [])
    assert line["money"][0]["came_in"] == "31.50"


def test_selected_stages_read_what_the_run_makes(shop: Project) -> None:
    shop.good("shop.yaml")
    shop.csv("members.csv", "id,city", "a,Rome", "b,Paris", "z,Oslo")
    outcome = shop.good("shop.yaml", "--select", "members+")
    assert stages(outcome) == ["members", "enriched", "dim_member", "fct_sales"]
    unknown = shop.query("SELECT member_key FROM marts.dim_member WHERE id = 'UNKNOWN'")
    assert unknown[0] not in shop.rows("marts.fct_sales", "member_key")
    assert shop.leftovers() == set()


def test_what_does_not_stand_is_refused_by_name(shop: Project) -> None:
    outcome = shop.run("shop.yaml", "--select", "enriched")
    assert outcome.code == 4, outcome.said
    assert "`enriched` reads `" in outcome.said
    assert "which is not selected and does not stand in this target" in outcome.said
    assert "--select +enriched" in outcome.said
    assert "sales" not in shop.relations("staging")
    shop.good("shop.yaml", "--select", "+enriched")
    outcome = shop.run("shop.yaml", "--select", "fct_sales")
    assert outcome.code == 4, outcome.said
    assert "`fct_sales` reads `dim_member`" in outcome.said
    shop.good("shop.yaml", "--select", "+dim_member")
    assert shop.good("shop.yaml", "--select", "fct_sales").changes("fct_sales") == (3, 0, 0, 0)


def test_a_check_of_what_is_selected_stops_it(shop: Project) -> None:
    shop.good("shop.yaml")
    before = shop.published()
    shop.csv("sales.csv", SOLD, "s1,a,-1.00")
    outcome = shop.run("shop.yaml", "--exclude", "tag:people")
    assert outcome.code == 1, outcome.said
    assert [(s["name"], s["status"]) for s in outcome.results["stages"]] == [
        ("sales", "failed"),
        ("enriched", "skipped"),
        ("fct_sales", "skipped"),
    ]
    assert shop.published() == before


def test_what_is_not_selected_stays_the_pipelines_own(shop: Project) -> None:
    shop.good("shop.yaml")
    shop.good("shop.yaml", "--select", "dim_member")
    shop.write("other.yaml", SHOP.replace("pipeline: shop", "pipeline: other"))
    outcome = shop.run("other.yaml", "--select", "+sales")
    assert outcome.code == 4, outcome.said
    assert "stage `sales` stands in this target already, from pipeline `shop`" in outcome.said


def test_a_stage_of_another_pipeline_is_not_read_as_if_it_were_this_ones(shop: Project) -> None:
    shop.good("shop.yaml", "--select", "sales members")
    other = SHOP.replace("pipeline: shop", "pipeline: other").replace("enriched", "richer")
    shop.write("other.yaml", other.replace("fct_sales", "fct_other").replace("dim_member", "dim_other"))
    outcome = shop.run("other.yaml", "--select", "richer")
    assert outcome.code == 4, outcome.said
    assert "from pipeline `shop`" in outcome.said


@pytest.mark.parametrize(
    "words", [["--select", "dim_membr"], ["--exclude", "kind:normalise"], ["--select", "sales,members"]]
)
def test_a_selection_of_nothing_is_a_mistake(shop: Project, words: list[str]) -> None:
    outcome = shop.run("shop.yaml", *words)
    assert outcome.code == 2, outcome.said
    assert "F113" in outcome.said


def test_only_stages_that_are_run_need_the_interval(shop: Project) -> None:
    shop.write("shop.yaml", SHOP.replace("from: raw_sales\n", "from: raw_sales\n    where: now() < :interval_end\n"))
    shop.good("shop.yaml", "--select", "+dim_member")
    outcome = shop.run("shop.yaml")
    assert outcome.code == 2, outcome.said
    assert "`sales` names the interval" in outcome.said


def test_what_was_asked_is_kept_and_no_value_of_a_variable(shop: Project) -> None:
    text = SHOP.replace("vars: {floor: 0.00}", "vars: {floor: 0.00, word: none}").replace(
        "amount >= :floor", "amount >= :floor and member <> :word"
    )
    shop.write("shop.yaml", text)
    outcome = shop.good("shop.yaml", "--var", "word=Zanzibar", "--var", "floor=5.55")
    assert outcome.results["asked"] == {"select": [], "exclude": [], "variables": ["word", "floor"], "interval": None}
    assert shop.rows("marts.fct_sales", "sale_id") == [("s1",), ("s2",)]
    kept = [p for folder in ("target", ".framework") for p in (shop.root / folder).rglob("*") if p.is_file()]
    assert kept
    for path in kept:
        assert b"Zanzibar" not in path.read_bytes()
    assert "Zanzibar" not in outcome.said
    shop.capture.readouterr()
    assert main(["runs", outcome.results["run_id"]]) == 0
    assert "asked for: --var word=... --var floor=..." in shop.capture.readouterr().out
    manifest = json.loads((shop.root / "target" / "manifest.json").read_text())
    assert [v["name"] for v in manifest["variables"]] == ["floor", "word"]
