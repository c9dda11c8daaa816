"""A source that another pipeline publishes: what must stand, which version was read, what a change of either does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework import project as projects
from framework.cli import main
from framework.compile import compile_plan
from framework.execute import Interruption, Settings, clock, execute, new_run_id
from framework.load import load
from framework.resolve import resolve
from framework.run import Run
from framework.target import opened
from integration.project import Outcome, Project

MEMBERS = """
pipeline: members
sources:
  raw_members: {path: members.csv, key: [id], columns: {id: string, city: string}}
stages:
  members: {kind: normalize, from: raw_members, key: [id], columns: {id: , city: }}
  dim_member: {kind: publish, from: members}
"""
SALES = """
pipeline: sales
sources:
  raw_sales: {path: sales.csv, key: [sale_id], columns: {sale_id: string, member: string, amount: "decimal(18,2)"}}
  member: {pipeline: pipelines/members.yaml, stage: dim_member, tags: [dimension]}
stages:
  sales: {kind: normalize, from: raw_sales, key: [sale_id], columns: {sale_id: , member: , amount: }}
  placed: {kind: enrich, from: sales, lookup: {member: {on: {member: id}, take: [city]}}}
  fct_sales: {kind: publish, from: placed}
  fct_amounts: {kind: publish, from: sales}
"""
SOLD = [("s1", "a", "10.00", "Bonn"), ("s2", "b", "20.50", "Paris")]


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("pipelines/members.yaml", MEMBERS)
    project.write("pipelines/sales.yaml", SALES)
    project.csv("members.csv", "id,city", "a,Bonn", "b,Paris")
    project.csv("sales.csv", "sale_id,member,amount", "s1,a,10.00", "s2,b,20.50")
    return project


def command(project: Project, *words: str) -> Outcome:
    project.capture.readouterr()
    code = main(list(words))
    said = project.capture.readouterr()
    return Outcome(code, said.out, said.err, {})


def planned(project: Project, *options: str) -> dict[str, Any]:
    outcome = command(project, "plan", "pipelines/sales.yaml", "--output", "json", *options)
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def of(found: dict[str, Any], name: str) -> dict[str, Any]:
    relation: dict[str, Any] = next(r for r in (*found["sources"], *found["stages"]) if r["name"] == name)
    return relation


def rewrite(project: Project, name: str, text: str, *changes: tuple[str, str]) -> None:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    project.write(f"pipelines/{name}.yaml", text)


HELP = "help: run that pipeline against this target: framework run pipelines/members.yaml"


def test_what_was_never_published_is_asked_for(shop: Project) -> None:
    outcome = shop.run("pipelines/sales.yaml")
    assert outcome.code == 4
    assert "source `member`: `dim_member` of pipeline `members` does not stand in this target" in outcome.out
    assert HELP in outcome.out
    assert outcome.results["code"] == "F501"
    said = command(shop, "plan", "pipelines/sales.yaml")
    assert said.code == 0
    assert "a run would be refused: source `member`: `dim_member` of pipeline `members` does not stand" in said.out
    assert HELP in said.out
    # What does not read it can be built.
    shop.good("pipelines/sales.yaml", "--select", "sales fct_amounts")
    assert shop.published().keys() == {"marts.fct_amounts"}


def test_it_is_read_where_it_stands_and_its_version_kept(shop: Project) -> None:
    shop.good("pipelines/members.yaml")
    outcome = shop.good("pipelines/sales.yaml")
    assert [tuple(map(str, row)) for row in shop.rows("marts.fct_sales")] == SOLD
    source = next(s for s in outcome.results["sources"] if s["name"] == "member")
    assert (source["status"], source["ledger"]["rows_in"], source["ledger"]["buckets"]) == ("read", 2, {"out": 2})
    # Neither a copy nor a query for the key, which was measured by the run that published it.
    assert "member" not in shop.relations("raw")
    assert not [c for c in outcome.results["checks"] if c["relation"] == "member"]
    commits = "SELECT run_id, fingerprint FROM _framework.commits WHERE stage = 'dim_member'"
    (run_id, fingerprint) = shop.query(commits)[0]
    [(inputs,)] = shop.query("SELECT inputs FROM _framework.commits WHERE stage = 'fct_sales'")
    assert json.loads(inputs)["member"] == f"run {run_id} sql {fingerprint}"


def test_plan_says_changed_once_it_was_published_again(shop: Project) -> None:
    shop.good("pipelines/members.yaml")
    assert of(planned(shop), "member")["status"] == "new"
    shop.good("pipelines/sales.yaml")
    found = planned(shop)
    assert {r["status"] for r in (*found["sources"], *found["stages"])} == {"unchanged"}
    again = shop.good("pipelines/members.yaml").results["run_id"]
    found = planned(shop)
    member = of(found, "member")
    assert member["status"] == "changed"
    assert [(c["what"], c["said"]) for c in member["changes"]] == [
        ("published again", f"`dim_member` was published again by `members`, in run {again}")
    ]
    assert member["touches"] == ["placed", "fct_sales"]
    assert of(found, "fct_sales")["touched_by"] == ["member"]
    assert found["obstacles"] == []
    shop.good("pipelines/sales.yaml")
    assert of(planned(shop), "member")["status"] == "unchanged"


def test_a_table_that_is_not_what_the_file_says_now_is_refused(shop: Project) -> None:
    shop.good("pipelines/members.yaml")
    shop.good("pipelines/sales.yaml")
    before = shop.published()
    rewrite(
        shop,
        "members",
        MEMBERS,
        ("id: string, city: string", "id: string, city: string, zip: string"),
        ("columns: {id: , city: }", "columns: {id: , city: , zip: }"),
    )
    outcome = shop.run("pipelines/sales.yaml")
    assert outcome.code == 4
    why = "source `member`: `dim_member` of pipeline `members` stands without the column `zip`"
    assert why in outcome.out
    assert HELP in outcome.out
    assert [o["message"] for o in planned(shop)["obstacles"]] == [why]
    assert shop.published() == before
    shop.csv("members.csv", "id,city,zip", "a,Bonn,53111", "b,Paris,75001")
    shop.good("pipelines/members.yaml")
    shop.good("pipelines/sales.yaml")


@pytest.mark.parametrize(
    ("was", "why"),
    [
        (("columns: {id: , city: }", "columns: {id: , city: length(city)}"), "stands with `city` as integer"),
        (("from: members}", "from: members, key: [city]}"), "stands with nulls in `id`"),
        (("from: members}", "from: members, key: [id, city]}"), "stands with another key"),
    ],
)
def test_types_and_keys_must_stand_as_well(shop: Project, was: tuple[str, str], why: str) -> None:
    """The proofs rest on the file as it is now, and the table was published by another."""
    rewrite(shop, "members", MEMBERS, was)
    shop.good("pipelines/members.yaml")
    shop.write("pipelines/members.yaml", MEMBERS)
    outcome = shop.run("pipelines/sales.yaml")
    assert outcome.code == 4
    assert f"source `member`: `dim_member` of pipeline `members` {why}" in outcome.out
    assert HELP in outcome.out


def test_a_table_that_lost_a_column_by_hand_is_refused(shop: Project) -> None:
    shop.good("pipelines/members.yaml")
    shop.execute("ALTER TABLE marts.dim_member DROP COLUMN city")
    outcome = shop.run("pipelines/sales.yaml")
    assert outcome.code == 4
    assert "source `member`: `dim_member` of pipeline `members` stands without the column `city`" in outcome.out
    assert HELP in outcome.out


def test_a_table_of_a_third_pipeline_is_not_taken_for_it(shop: Project) -> None:
    shop.good("pipelines/members.yaml")
    rewrite(shop, "others", MEMBERS, ("pipeline: members", "pipeline: others"))
    rewrite(shop, "sales", SALES, ("pipelines/members.yaml", "pipelines/others.yaml"))
    outcome = shop.run("pipelines/sales.yaml")
    assert outcome.code == 4
    assert (
        "`dim_member` of pipeline `others` does not stand in this target: what stands is from pipeline" in outcome.out
    )


def test_a_reference_to_an_unknown_row_that_does_not_stand_fails(shop: Project) -> None:
    dimension = "from: members, surrogate_key: member_key, unknown: {id: %s}}"
    rewrite(shop, "members", MEMBERS, ("from: members}", dimension % "NOBODY"))
    rewrite(shop, "sales", SALES, ("from: placed}", "from: placed, references: {member: member}}"))
    shop.csv("sales.csv", "sale_id,member,amount", "s1,a,10.00", "s2,z,20.50")
    shop.good("pipelines/members.yaml")
    shop.good("pipelines/sales.yaml")
    rewrite(shop, "members", MEMBERS, ("from: members}", dimension % "NONE"))
    outcome = shop.run("pipelines/sales.yaml")
    assert outcome.code == 1
    assert outcome.check("fct_sales", "references(member -> member)")["failing"] == 1
    shop.good("pipelines/members.yaml", "--full-refresh")
    shop.good("pipelines/sales.yaml")


def test_the_schemas_of_the_project_say_where_it_stands(shop: Project) -> None:
    settings = json.loads((shop.root / "framework.yaml").read_text(encoding="utf-8"))
    shop.write("framework.yaml", json.dumps({**settings, "schemas": {"marts": "gold"}}))
    shop.good("pipelines/members.yaml")
    assert command(shop, "compile", "pipelines/sales.yaml", "--target", "test").code == 0
    written = (shop.root / "target" / "compiled" / shop.warehouse / "placed.sql").read_text(encoding="utf-8")
    assert "JOIN gold.dim_member" in written
    shop.good("pipelines/sales.yaml")
    assert [tuple(map(str, row)) for row in shop.rows("gold.fct_sales")] == SOLD


def test_readers_are_selected_by_it(shop: Project) -> None:
    shop.good("pipelines/members.yaml")
    shop.good("pipelines/sales.yaml")
    outcome = shop.good("pipelines/sales.yaml", "--select", "tag:dimension")
    assert [s["name"] for s in outcome.results["stages"]] == ["placed"]
    assert [s["name"] for s in outcome.results["sources"]] == ["member"]
    outcome = shop.good("pipelines/sales.yaml", "--select", "member+")
    assert [s["name"] for s in outcome.results["stages"]] == ["placed", "fct_sales"]


def test_what_the_other_pipeline_holds_back_is_not_listed(shop: Project) -> None:
    check = ", checks: [{length: {column: city, min: 5}, on_fail: quarantine}]"
    rewrite(shop, "members", MEMBERS, ("columns: {id: , city: }}", f"columns: {{id: , city: }}{check}}}"))
    rewrite(shop, "sales", SALES, ("  member: {pip", "  members: {pip"), ("lookup: {member:", "lookup: {members:"))
    shop.good("pipelines/members.yaml")
    shop.good("pipelines/sales.yaml")
    assert "members__quarantine" in shop.relations("quarantine")
    assert command(shop, "quarantine", "list", "pipelines/sales.yaml").out == "nothing is held back\n"


def test_the_manifest_names_it(shop: Project) -> None:
    rewrite(
        shop,
        "members",
        MEMBERS,
        ("city: string}", "city: {type: string, classification: phi}}"),
        ("from: members}", "from: members, description: Members., owner: people, classification: phi}"),
    )
    marked = "fct_sales: {kind: publish, from: placed, classification: phi}"
    rewrite(shop, "sales", SALES, ("fct_sales: {kind: publish, from: placed}", marked))
    shop.good("pipelines/members.yaml")
    shop.good("pipelines/sales.yaml")
    manifest = json.loads((shop.root / "target" / "manifest.json").read_text(encoding="utf-8"))
    found = next(s for s in manifest["sources"] if s["name"] == "member")
    told = "pipeline", "pipeline_path", "stage", "path", "table", "description", "owner", "classification", "keys"
    assert [found[key] for key in told] == [
        *("members", "pipelines/members.yaml", "dim_member", None, None),
        *("Members.", "people", "phi", [["id"]]),
    ]
    assert [(c["name"], c["type"], c["nullable"], c["classification"]) for c in found["columns"]] == [
        ("id", "string", False, None),
        ("city", "string", True, "phi"),
    ]
    assert ("city", "phi") in {
        (c["name"], c["classification"]) for s in manifest["stages"] if s["name"] == "placed" for c in s["columns"]
    }


def test_a_pipeline_is_told_of_once(duckdb_project: Project) -> None:
    rewrite(duckdb_project, "members", MEMBERS, ("city: }}", "city: uper(city)}}"))
    duckdb_project.write("pipelines/sales.yaml", SALES)
    outcome = command(duckdb_project, "validate", "pipelines")
    assert outcome.code == 2
    assert outcome.err.count("unknown function `uper`") == 1
    assert (
        "pipelines/sales.yaml:5:22: F131 the pipeline `pipelines/members.yaml` has mistakes of its own" in outcome.err
    )


# -- published again while it is read


def _run(project: Project, when: Callable[[str, str], None]) -> Run:
    here = projects.find(Path.cwd())
    plan = resolve(load(Path("pipelines/sales.yaml"), here.root))
    with opened(here, None) as target:
        program = compile_plan(plan, target.warehouse, here.schemas)
        settings = Settings(new_run_id(clock()), clock(), here.root, target.name, target.place, here.schemas, {})
        return execute(program, target.warehouse, target.engine, settings, when, Interruption())


@pytest.mark.parametrize("moment", [("member", "reading"), ("placed", "building"), ("", "publishing")])
@pytest.mark.parametrize("direct", [False, True])
def test_rows_of_two_versions_are_not_published(
    postgres_project: Project, moment: tuple[str, str], direct: bool
) -> None:
    """`direct`: it is the input of a stage, whose ledger would not close."""
    project = postgres_project
    project.write("pipelines/members.yaml", MEMBERS)
    lookup = "{kind: enrich, from: sales, lookup: {member: {on: {member: id}, take: [city]}}}"
    rewrite(project, "sales", SALES, *([(lookup, "{kind: enrich, from: member}")] if direct else []))
    project.csv("members.csv", "id,city", "a,Bonn", "b,Paris")
    project.csv("sales.csv", "sale_id,member,amount", "s1,a,10.00", "s2,b,20.50")
    project.good("pipelines/members.yaml")
    project.good("pipelines/sales.yaml")
    before = {name: rows for name, rows in project.published().items() if name != "marts.dim_member"}
    project.csv("members.csv", "id,city", "a,Bonn", "b,Paris", "c,Rome")

    def publish_again(name: str, doing: str) -> None:
        if (name, doing) == moment:
            project.good("pipelines/members.yaml")

    result = _run(project, publish_again)
    assert (result.status, result.exit_code) == ("refused", 4), result.message
    assert result.message == (
        "source `member`: `dim_member` of pipeline `members` was published again while this run read it"
    )
    assert {name: rows for name, rows in project.published().items() if name != "marts.dim_member"} == before
    assert _run(project, lambda *_: None).status == "ok"
