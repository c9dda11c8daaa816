"""What a run would do: told from what stands, with nothing changed by it."""

import json
from typing import Any

import pytest

from framework.cli import main
from integration.project import Project

SHOP = """
pipeline: shop
sources:
  raw_members: {path: members.csv, key: [id], columns: {id: string, city: string}}
  raw_sales: {path: "sales*.csv", key: [sale_id], columns: {sale_id: string, member: string, amount: "decimal(18,2)"}}
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
  by_city: {kind: aggregate, from: enriched, by: [city], measures: {amount: sum(amount)}}
  dim_member: {kind: publish, from: members, surrogate_key: member_key}
  fct_sales: {kind: publish, from: enriched}
  fct_city: {kind: publish, from: by_city, mode: replace}
"""
STAGES = ["members", "sales", "enriched", "by_city", "dim_member", "fct_sales", "fct_city"]


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("shop.yaml", SHOP)
    project.csv("members.csv", "id,city", "a,Bonn", "b,Paris")
    project.csv("sales1.csv", "sale_id,member,amount", "s1,a,10.00", "s2,b,20.50")
    return project


def planned(project: Project, *options: str) -> dict[str, Any]:
    project.capture.readouterr()
    code = main(["plan", "shop.yaml", "--output", "json", *options])
    said = project.capture.readouterr()
    assert code == 0, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def text(project: Project, *options: str) -> str:
    project.capture.readouterr()
    assert main(["plan", "shop.yaml", *options]) == 0
    return project.capture.readouterr().out


def rewrite(project: Project, *changes: tuple[str, str]) -> None:
    found = SHOP
    for old, new in changes:
        assert old in found
        found = found.replace(old, new)
    project.write("shop.yaml", found)


def states(found: dict[str, Any]) -> dict[str, str]:
    return {relation["name"]: relation["status"] for relation in (*found["sources"], *found["stages"])}


def said(found: dict[str, Any], name: str) -> list[str]:
    relation = next(r for r in (*found["sources"], *found["stages"]) if r["name"] == name)
    return [change["said"] for change in relation["changes"]]


def test_everything_is_new_where_nothing_stands(shop: Project) -> None:
    found = planned(shop)
    assert set(states(found).values()) == {"new"}
    assert [stage["name"] for stage in found["stages"]] == STAGES
    assert found["sources"][1]["files"]["new"] == ["sales1.csv"]
    assert found["gone"] == found["obstacles"] == []
    # Nothing was made: no file, no schema, no history.
    assert not (shop.root / "test.duckdb").exists()
    assert not (shop.root / ".framework").exists()
    assert shop.relations("_framework") == set()


def test_nothing_is_told_and_changed_after_a_run(shop: Project) -> None:
    shop.good("shop.yaml")
    before, commits = shop.published(), shop.commits()
    found = planned(shop)
    assert set(states(found).values()) == {"unchanged"}
    assert all(source["files"] == {"new": [], "changed": [], "gone": []} for source in found["sources"])
    assert "7 unchanged; a run builds 7 stages and publishes 3 tables" in text(shop)
    assert (shop.published(), shop.commits()) == (before, commits)


def test_changes_are_told_with_what_they_touch(shop: Project) -> None:
    shop.good("shop.yaml")
    rewrite(
        shop,
        ("id: string, city: string", "id: string, city: string, zip: string"),
        ("columns: {sale_id: , member: , amount: }", "columns: {sale_id: , member: lower(member), amount: }"),
        ("min: 0", "min: -5"),
        ("by: [city], measures: {amount: sum(amount)}", "by: [city], measures: {amount: sum(amount), n: count(*)}"),
    )
    found = planned(shop)
    assert states(found) == {
        "raw_members": "changed",
        "raw_sales": "unchanged",
        "members": "unchanged",
        "sales": "changed",
        "enriched": "unchanged",
        "by_city": "changed",
        "dim_member": "unchanged",
        "fct_sales": "unchanged",
        "fct_city": "changed",
    }
    assert said(found, "raw_members") == ["column `zip` added (string)"]
    assert said(found, "sales")[0] == "SQL"
    assert "check weakened" in [change["what"] for change in found["stages"][1]["changes"]]
    assert "column `n` added (integer)" in said(found, "by_city")
    assert found["stages"][1]["touches"] == ["enriched", "by_city", "fct_sales", "fct_city"]
    assert found["stages"][5]["touched_by"] == ["raw_members", "sales"]
    assert found["obstacles"] == []
    assert "touches enriched, by_city, fct_sales, fct_city" in text(shop)
    shop.csv("members.csv", "id,city,zip", "a,Bonn,53111", "b,Paris,75001")
    shop.good("shop.yaml")
    assert set(states(planned(shop)).values()) == {"unchanged"}


def test_a_part_of_a_pipeline_is_planned_alone(shop: Project) -> None:
    shop.good("shop.yaml")
    found = planned(shop, "--select", "+dim_member", "--exclude", "members")
    assert states(found) == {"dim_member": "unchanged"}


def test_a_stage_that_left_the_file_still_stands(shop: Project) -> None:
    shop.good("shop.yaml")
    rewrite(shop, ("  fct_city: {kind: publish, from: by_city, mode: replace}\n", ""))
    assert planned(shop)["gone"] == [{"name": "fct_city", "kind": "publish", "published": True}]
    assert "not in the pipeline any more; its table stays until it is dropped" in text(shop)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("amount: sum(amount)", "total: sum(amount)", "`fct_city` stands with a column `amount`"),
        ("amount: sum(amount)", "amount: count(*)", "`fct_city` stands with `amount` as "),
        (
            "surrogate_key: member_key}",
            "surrogate_key: member_key, mode: history}",
            "`dim_member` stands without `valid_from`, which is part of its key now",
        ),
    ],
)
def test_a_run_that_would_be_refused_is_told(shop: Project, old: str, new: str, message: str) -> None:
    shop.good("shop.yaml")
    rewrite(shop, (old, new))
    (obstacle,) = planned(shop)["obstacles"]
    assert message in obstacle["message"]
    assert "--full-refresh" in obstacle["help"]
    assert f"a run would be refused: {message}" in text(shop)
    outcome = shop.run("shop.yaml")
    assert outcome.code == 4
    assert message in outcome.said
    shop.good("shop.yaml", "--full-refresh")
    assert planned(shop)["obstacles"] == []


def test_files_are_held_against_the_last_commit(shop: Project) -> None:
    shop.csv("sales2.csv", "sale_id,member,amount", "s5,a,1.00")
    shop.good("shop.yaml")
    shop.csv("sales1.csv", "sale_id,member,amount", "s1,a,10.00", "s2,b,20.50", "s3,b,1.00")
    shop.csv("sales3.csv", "sale_id,member,amount", "s4,a,1.00")
    (shop.root / "sales2.csv").unlink()
    found = planned(shop)
    assert found["sources"][1]["files"] == {"new": ["sales3.csv"], "changed": ["sales1.csv"], "gone": ["sales2.csv"]}
    assert "1 new file: sales3.csv; 1 changed file: sales1.csv; 1 gone file: sales2.csv" in text(shop)
    (shop.root / "members.csv").unlink()
    assert planned(shop)["sources"][0]["problem"]


def test_a_bad_pipeline_is_2_and_an_unreachable_target_4(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(shop, ("from: by_city", "from: by_town"))
    assert main(["plan", "shop.yaml"]) == 2
    shop.write("shop.yaml", SHOP)
    if shop.url is None:
        shop.write("test.duckdb", "no database")
    else:
        monkeypatch.setenv("INTEGRATION_PG_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert main(["plan", "shop.yaml"]) == 4
