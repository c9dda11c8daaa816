"""`framework plan` against what real runs have left, case by case; and what those record."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from framework.cli import main
from integration.project import URL_VARIABLE, Outcome, Project

SHOP = """
pipeline: shop
sources:
  raw_members: {path: members.csv, key: [id], columns: {id: string, city: string}}
  raw_sales:
    path: sales/*.csv
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
      - not_null: [member]
        on_fail: quarantine
  enriched:
    kind: enrich
    from: sales
    lookup: {members: {on: {member: id}, take: [city]}}
  dim_member: {kind: publish, from: members, mode: replace}
  fct_sales: {kind: publish, from: enriched}
"""
SOLD = "sale_id,member,amount"
# With more published tables, one of them a dimension with a surrogate key, and a stage that two others read.
CITIES = SHOP.replace("mode: replace", "surrogate_key: member_key").replace(
    "  dim_member",
    "  by_city: {kind: aggregate, from: enriched, by: [city], measures: {amount: sum(amount)}}\n"
    "  fct_city: {kind: publish, from: by_city, mode: replace}\n"
    "  dim_member",
)


@pytest.fixture
def shop(project: Project) -> Project:
    """A project whose pipeline has not run yet."""
    project.write("shop.yaml", SHOP)
    project.csv("members.csv", "id,city", "a,Bonn", "b,Paris")
    project.csv("sales/1.csv", SOLD, "s1,a,10.00", "s2,b,20.50")
    return project


@pytest.fixture
def cities(shop: Project) -> Project:
    shop.write("shop.yaml", CITIES)
    return shop


def changed(project: Project, *pairs: tuple[str, str], text: str = SHOP) -> None:
    """The pipeline with some of its text otherwise."""
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    project.write("shop.yaml", text)


def planned(project: Project, *options: str) -> dict[str, Any]:
    project.capture.readouterr()
    code = main(["plan", "shop.yaml", "--output", "json", *options])
    said = project.capture.readouterr()
    assert code == 0, said.out + said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def printed(project: Project, *options: str) -> Outcome:
    project.capture.readouterr()
    code = main(["plan", "shop.yaml", *options])
    said = project.capture.readouterr()
    return Outcome(code, said.out, said.err, {})


def states(found: Mapping[str, Any], what: str = "stages") -> dict[str, str]:
    return {each["name"]: each["status"] for each in found[what]}


def one(found: Mapping[str, Any], name: str, what: str = "stages") -> Mapping[str, Any]:
    return next(each for each in found[what] if each["name"] == name)


def told(relation: Mapping[str, Any]) -> list[str]:
    return [change["said"] for change in relation["changes"]]


def all_states(found: Mapping[str, Any]) -> dict[str, str]:
    return states(found, "sources") | states(found)


ALL = ("members", "sales", "enriched", "dim_member", "fct_sales")


# -- new, unchanged, changed, gone


def test_everything_is_new_where_nothing_stands(cities: Project) -> None:
    found = planned(cities)
    assert set(all_states(found).values()) == {"new"}
    assert sorted(states(found)) == sorted((*ALL, "by_city", "fct_city"))
    assert [stage["name"] for stage in found["stages"]][:4] == ["members", "sales", "enriched", "by_city"]
    assert found["sources"][1]["files"]["new"] == ["sales/1.csv"]
    assert found["gone"] == found["obstacles"] == []
    # Nothing was made: no file, no schema, no history.
    assert not (cities.root / "test.duckdb").exists()
    assert not (cities.root / ".framework").exists()
    assert cities.relations("_framework") == set()


def test_nothing_is_told_and_changed_after_a_run(cities: Project) -> None:
    cities.good("shop.yaml")
    before, commits = cities.published(), cities.commits()
    found = planned(cities)
    assert set(all_states(found).values()) == {"unchanged"}
    assert all(source["files"] == {"new": [], "changed": [], "gone": []} for source in found["sources"])
    assert "7 unchanged; a run builds 7 stages and publishes 3 tables" in printed(cities).out
    assert (cities.published(), cities.commits()) == (before, commits)


def test_a_part_of_a_pipeline_is_planned_alone(cities: Project) -> None:
    cities.good("shop.yaml")
    found = planned(cities, "--select", "+dim_member", "--exclude", "members")
    assert all_states(found) == {"dim_member": "unchanged"}


def test_a_plan_makes_no_file(duckdb_project: Project) -> None:
    """A Postgres database is there or it is not."""
    duckdb_project.write("shop.yaml", SHOP)
    target = "{default_target: test, targets: {test: {warehouse: duckdb, database: data/test.duckdb}}}"
    duckdb_project.write("framework.yaml", target)
    assert states(planned(duckdb_project)) == dict.fromkeys(ALL, "new")
    assert not (duckdb_project.root / "data").exists()
    assert not (duckdb_project.root / ".framework").exists()
    assert not (duckdb_project.root / "target").exists()


@pytest.mark.parametrize("first", ["+dim_member", "members sales", "+enriched", "+fct_sales dim_member"])
def test_however_the_stages_were_selected_they_are_what_they_are(shop: Project, first: str) -> None:
    """A stage is the same whether it is stored, a view, or computed by its reader."""
    shop.good("shop.yaml", "--select", first)
    shop.good("shop.yaml", "--exclude", first) if first == "members sales" else shop.good("shop.yaml")
    assert states(planned(shop)) == dict.fromkeys(ALL, "unchanged")


def test_a_plan_changes_nothing(shop: Project) -> None:
    shop.good("shop.yaml")
    before = shop.published(), shop.commits(), shop.rows("_framework.stages"), shop.leftovers()
    changed(shop, ("amount: }", "amount: , twice: amount * 2}"))
    planned(shop)
    printed(shop)
    assert (shop.published(), shop.commits(), shop.rows("_framework.stages"), shop.leftovers()) == before


def test_what_a_change_touches(shop: Project) -> None:
    shop.good("shop.yaml")
    changed(shop, ("columns: {id: , city: }", "columns: {id: , city: upper(city)}"))
    found = planned(shop)
    assert states(found) == dict.fromkeys(ALL, "unchanged") | {"members": "changed"}
    assert told(one(found, "members")) == ["SQL"]
    assert one(found, "members")["touches"] == ["enriched", "dim_member", "fct_sales"]
    assert one(found, "fct_sales")["touched_by"] == ["members"]
    assert one(found, "sales")["touched_by"] == []
    said = printed(shop).out
    assert "made of what has changed: members" in said


def test_changes_at_several_places_are_told_with_what_they_touch(cities: Project) -> None:
    cities.good("shop.yaml")
    changed(
        cities,
        ("id: string, city: string", "id: string, city: string, zip: string"),
        ("columns: {sale_id: , member: , amount: }", "columns: {sale_id: , member: lower(member), amount: }"),
        ("min: 0", "min: -5"),
        ("by: [city], measures: {amount: sum(amount)}", "by: [city], measures: {amount: sum(amount), n: count(*)}"),
        text=CITIES,
    )
    found = planned(cities)
    assert all_states(found) == {
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
    assert told(one(found, "raw_members", "sources")) == ["column `zip` added (string)"]
    sales = one(found, "sales")
    assert told(sales)[0] == "SQL"
    assert "check weakened" in [change["what"] for change in sales["changes"]]
    assert "column `n` added (integer)" in told(one(found, "by_city"))
    assert sales["touches"] == ["enriched", "by_city", "fct_city", "fct_sales"]
    assert one(found, "fct_sales")["touched_by"] == ["raw_members", "sales"]
    assert found["obstacles"] == []
    assert "touches enriched, by_city, fct_city, fct_sales" in printed(cities).out
    cities.csv("members.csv", "id,city,zip", "a,Bonn,53111", "b,Paris,75001")
    cities.good("shop.yaml")
    assert set(all_states(planned(cities)).values()) == {"unchanged"}


def test_every_change_of_a_stage_is_told(shop: Project) -> None:
    shop.good("shop.yaml")
    changed(
        shop,
        ("columns: {sale_id: , member: , amount: }", "columns: {sale_id: , amount: , member: , line: length(sale_id)}"),
        ("- range: {column: amount, min: 0}", "- range: {column: amount, min: -5}\n      - row_count: {min: 1}"),
        ("      - not_null: [member]\n        on_fail: quarantine\n", ""),
        ("mode: replace", "mode: upsert"),
    )
    found = planned(shop)
    sales = one(found, "sales")
    assert sales["status"] == "changed"
    assert [(c["what"], c["name"]) for c in sales["changes"]] == [
        ("sql", None),
        ("column nullable", "member"),
        ("column added", "line"),
        ("check weakened", "range(amount)"),
        ("check added", "row_count"),
        ("check removed", "not_null(member)"),
    ]
    assert told(one(found, "dim_member")) == ["mode: replace -> upsert"]


@pytest.mark.parametrize("on_fail", ["warn", "stop"])
def test_a_check_that_is_weakened_is_told(shop: Project, on_fail: str) -> None:
    shop.good("shop.yaml")
    changed(shop, ("on_fail: quarantine", f"on_fail: {on_fail}"))
    word = {"warn": "weakened", "stop": "strengthened"}[on_fail]
    found = told(one(planned(shop), "sales"))
    assert f"check not_null(member) {word}: on_fail: quarantine -> {on_fail}" in found


def test_a_stage_that_is_gone_from_the_file_is_told_while_it_stands(shop: Project) -> None:
    shop.good("shop.yaml")
    changed(shop, ("  dim_member: {kind: publish, from: members, mode: replace}\n", ""))
    assert planned(shop)["gone"] == [{"name": "dim_member", "kind": "publish", "published": True}]
    shop.good("shop.yaml")
    assert planned(shop)["gone"] == [{"name": "dim_member", "kind": "publish", "published": True}]
    assert "not in the pipeline any more; its table stays until it is dropped" in printed(shop).out
    shop.execute("DROP TABLE marts.dim_member")
    assert planned(shop)["gone"] == []


def test_a_table_that_was_dropped_is_new_again(shop: Project) -> None:
    shop.good("shop.yaml")
    shop.execute("DROP TABLE marts.fct_sales")
    assert states(planned(shop)) == dict.fromkeys(ALL, "unchanged") | {"fct_sales": "new"}


def test_a_value_of_a_variable_is_no_change(shop: Project) -> None:
    """A variable is a place in the SQL: another default gives other rows of the same stage."""
    vars = "pipeline: shop\nvars: {floor: 0.00}"
    filtered = ("from: raw_sales\n", "from: raw_sales\n    where: amount >= :floor and now() > date '2000-01-01'\n")
    changed(shop, ("pipeline: shop", vars), filtered)
    shop.good("shop.yaml", "--var", "floor=1.00")
    changed(shop, ("pipeline: shop", vars.replace("0.00", "5.00")), filtered)
    assert states(planned(shop, "--var", "floor=2.00")) == dict.fromkeys(ALL, "unchanged")


# -- sources


def test_a_contract_that_changed_is_told_with_what_it_touches(shop: Project) -> None:
    shop.good("shop.yaml")
    changed(shop, ("columns: {id: string, city: string}", "columns: {id: string, city: string, zip: string}"))
    found = planned(shop)
    members = one(found, "raw_members", "sources")
    assert (members["status"], told(members)) == ("changed", ["column `zip` added (string)"])
    assert set(members["touches"]) == {"members", "dim_member", "enriched", "fct_sales"}
    assert one(found, "fct_sales")["touched_by"] == ["raw_members"]


def test_new_and_changed_files_are_told_since_the_last_commit(shop: Project) -> None:
    shop.good("shop.yaml")
    shop.csv("sales/1.csv", SOLD, "s1,a,10.00")
    shop.csv("sales/2.csv", SOLD, "s3,a,-1.00")
    wanted = {"new": ["sales/2.csv"], "changed": ["sales/1.csv"], "gone": []}
    assert one(planned(shop), "raw_sales", "sources")["files"] == wanted
    assert shop.run("shop.yaml").code == 1  # nothing is published: the last commit is of the first file alone
    assert one(planned(shop), "raw_sales", "sources")["files"] == wanted
    assert "1 new file: sales/2.csv; 1 changed file: sales/1.csv" in printed(shop).out
    shop.csv("sales/2.csv", SOLD, "s3,a,1.00")
    shop.good("shop.yaml")
    (shop.root / "sales" / "1.csv").unlink()
    assert one(planned(shop), "raw_sales", "sources")["files"] == {"new": [], "changed": [], "gone": ["sales/1.csv"]}


def test_files_of_every_kind_are_held_against_the_last_commit(shop: Project) -> None:
    shop.csv("sales/2.csv", SOLD, "s5,a,1.00")
    shop.good("shop.yaml")
    shop.csv("sales/1.csv", SOLD, "s1,a,10.00", "s2,b,20.50", "s3,b,1.00")
    shop.csv("sales/3.csv", SOLD, "s4,a,1.00")
    (shop.root / "sales" / "2.csv").unlink()
    wanted = {"new": ["sales/3.csv"], "changed": ["sales/1.csv"], "gone": ["sales/2.csv"]}
    assert one(planned(shop), "raw_sales", "sources")["files"] == wanted
    assert "1 new file: sales/3.csv; 1 changed file: sales/1.csv; 1 gone file: sales/2.csv" in printed(shop).out
    (shop.root / "members.csv").unlink()
    assert one(planned(shop), "raw_members", "sources")["problem"]


def test_the_files_of_a_part_are_those_that_it_was_made_of(shop: Project) -> None:
    shop.good("shop.yaml")
    shop.csv("sales/2.csv", SOLD, "s3,a,1.00")
    shop.good("shop.yaml", "--select", "dim_member fct_sales enriched")  # made of what stands: the old file alone
    assert one(planned(shop), "raw_sales", "sources")["files"]["new"] == ["sales/2.csv"]
    inputs: dict[str, str] = dict(shop.query("SELECT stage, inputs FROM _framework.commits"))
    assert list(json.loads(inputs["dim_member"])) == ["raw_members"]
    assert sorted(json.loads(inputs["fct_sales"])) == ["raw_members", "raw_sales"]
    assert "sales/2.csv" not in inputs["fct_sales"]


def test_the_files_of_what_is_not_published_are_those_of_the_last_run(shop: Project) -> None:
    known = "      - relationship: {column: member, to: known.id}\n        on_fail: warn\n"
    source = "  known: {path: known/*.csv, columns: {id: string}}\n"
    changed(shop, ("    checks:\n", f"    checks:\n{known}"), ("stages:\n", f"{source}stages:\n"))
    shop.csv("known/1.csv", "id", "a", "b")
    shop.good("shop.yaml")
    assert one(planned(shop), "known", "sources")["files"] == {"new": [], "changed": [], "gone": []}
    shop.csv("known/2.csv", "id", "c")
    assert one(planned(shop), "known", "sources")["files"]["new"] == ["known/2.csv"]


def test_a_source_that_no_run_has_ended_well_with_is_new(shop: Project) -> None:
    """Its name has been claimed, and nothing is recorded of what it was."""
    shop.csv("members.csv", "id,city", "a,Bonn", "a,Paris")
    assert shop.run("shop.yaml").code == 1
    assert shop.query("SELECT source FROM _framework.sources ORDER BY 1") == [("raw_members",), ("raw_sales",)]
    assert states(planned(shop), "sources") == {"raw_members": "new", "raw_sales": "new"}


def test_a_source_that_is_not_there_is_told(shop: Project) -> None:
    (shop.root / "members.csv").unlink()
    said = printed(shop)
    assert said.code == 0
    assert "a run would be refused: source `raw_members`: no file at members.csv" in said.out
    assert "a run builds" not in said.out


# -- what stands in the way


@pytest.mark.parametrize(
    ("text", "otherwise", "message"),
    [
        (
            SHOP,
            ("from: members, mode", "from: members, columns: {id: }, mode"),
            "`dim_member` stands with a column `city`",
        ),
        (
            SHOP,
            ("from: members, mode", "from: members, columns: {id: , city: length(city)}, mode"),
            "`dim_member` stands with `city` as string, and the pipeline makes it integer",
        ),
        (CITIES, ("amount: sum(amount)", "total: sum(amount)"), "`fct_city` stands with a column `amount`"),
        (CITIES, ("amount: sum(amount)", "amount: count(*)"), "`fct_city` stands with `amount` as "),
        (
            CITIES,
            ("surrogate_key: member_key}", "surrogate_key: member_key, mode: history}"),
            "`dim_member` stands without `valid_from`, which is part of its key now",
        ),
    ],
)
def test_a_published_table_that_would_be_narrowed_is_refused_as_a_run_is(
    shop: Project, text: str, otherwise: tuple[str, str], message: str
) -> None:
    shop.write("shop.yaml", text)
    shop.good("shop.yaml")
    changed(shop, otherwise, text=text)
    found = planned(shop)
    [obstacle] = found["obstacles"]
    assert obstacle["stage"] == message.split("`")[1]
    assert message in obstacle["message"]
    assert "--full-refresh" in obstacle["help"]
    assert f"a run would be refused: {message}" in printed(shop).out
    outcome = shop.run("shop.yaml")
    assert outcome.code == 4
    assert message.partition("string, and")[0] in outcome.said  # a run names the types of the warehouse
    shop.good("shop.yaml", "--full-refresh")
    assert planned(shop)["obstacles"] == []


def test_a_column_that_is_gained_is_no_obstacle(shop: Project) -> None:
    shop.good("shop.yaml")
    changed(shop, ("from: members, mode", "from: members, columns: {id: , city: , shout: upper(city)}, mode"))
    assert planned(shop)["obstacles"] == []
    shop.good("shop.yaml")
    assert states(planned(shop)) == dict.fromkeys(ALL, "unchanged")


def test_a_stage_of_another_pipeline_is_an_obstacle(shop: Project) -> None:
    shop.good("shop.yaml")
    changed(shop, ("pipeline: shop", "pipeline: other"))
    found = planned(shop)
    assert "from pipeline `shop`" in found["obstacles"][0]["message"]
    assert found["gone"] == []
    assert shop.run("shop.yaml").code == 4


@pytest.mark.parametrize("name", ["dim_member", "enriched", "raw_sales"])
def test_a_name_in_another_case_is_an_obstacle_where_both_are_one(shop: Project, name: str) -> None:
    shop.good("shop.yaml")
    shop.write("shop.yaml", SHOP.replace(name, name.title()))
    if shop.warehouse == "postgres":
        shop.good("shop.yaml")
        return
    [obstacle] = planned(shop)["obstacles"]
    assert obstacle["stage"] == name.title()
    outcome = shop.run("shop.yaml")
    assert outcome.code == 4
    assert obstacle["message"] in outcome.said
    assert f"`{name.title()}` stands in this target as `{name}`" in outcome.said
    shop.write("shop.yaml", SHOP)
    shop.good("shop.yaml")


@pytest.mark.parametrize(
    ("otherwise", "message"),
    [
        (("city: }", "town: city}"), "stands without the column `town`"),
        (("city: }", "city: length(city)}"), "stands with `city` as string, and the pipeline makes it integer"),
        (("city: }", "city: \"coalesce(city, '')\"}"), "stands with nulls in `city`"),
    ],
)
def test_what_does_not_stand_as_the_plan_takes_it_is_not_read(
    shop: Project, otherwise: tuple[str, str], message: str
) -> None:
    shop.good("shop.yaml")
    more = [("take: [city]", "take: [town]")] if "town" in otherwise[1] else []
    changed(shop, otherwise, *more)
    wanted = ["--select", "enriched"]
    [obstacle] = planned(shop, *wanted)["obstacles"]
    assert message in obstacle["message"]
    assert "--select +enriched" in obstacle["help"]
    outcome = shop.run("shop.yaml", *wanted)
    assert outcome.code == 4, outcome.said
    assert message in outcome.said


def test_another_key_than_the_plan_proves_with_is_not_read(shop: Project) -> None:
    by = "  sums: {kind: aggregate, from: sales, by: [%s], measures: {n: count(*)}}\n  dim_member"
    changed(shop, ("  dim_member", by % "member, amount"))
    shop.good("shop.yaml")
    old, new = "members: {on: {member: id}, take: [city]}", "sums: {on: member, take: [n]}"
    changed(shop, ("  dim_member", by % "member"), (old, new))
    [obstacle] = planned(shop, "--select", "enriched")["obstacles"]
    assert "`sums`, which is not selected and stands with another key" in obstacle["message"]
    outcome = shop.run("shop.yaml", "--select", "enriched")
    assert outcome.code == 4, outcome.said


def test_a_published_key_that_changed_is_told(shop: Project) -> None:
    shop.good("shop.yaml")
    changed(shop, ("fct_sales: {kind: publish,", "fct_sales: {kind: publish, key: [sale_id, member],"))
    assert states(planned(shop)) == dict.fromkeys(ALL, "unchanged") | {"fct_sales": "changed"}


def test_a_view_is_not_taken_from_what_it_stands_over(shop: Project) -> None:
    """`enriched` was computed by its reader, and shows as a view over `sales`."""
    shop.good("shop.yaml")
    before = shop.rows("intermediate.enriched")
    changed(shop, ("sale_id: , member: , amount: }", "sale_id: , member: , amount: cast(amount as double)}"))
    outcome = shop.run("shop.yaml", "--select", "sales")
    assert outcome.code == 4, outcome.said
    assert "`enriched` is not selected and stands as a view over `sales`, whose columns change" in outcome.said
    assert "--select sales+" in outcome.said
    assert planned(shop, "--select", "sales")["obstacles"][0]["message"] in outcome.said
    assert shop.rows("intermediate.enriched") == before
    changed(shop, ("sale_id: , member: , amount: }", "sale_id: , member: , amount: , twice: amount * 2}"))
    shop.good("shop.yaml", "--select", "sales")  # a column behind the others takes nothing away
    assert shop.rows("intermediate.enriched") == before


# -- the command itself


def test_a_wrong_pipeline_is_told(shop: Project) -> None:
    changed(shop, ("from: enriched", "from: enrichd"))
    assert printed(shop).code == 2


@pytest.mark.parametrize("where", ["project", "environment"])
def test_a_target_that_cannot_be_reached_is_refused(shop: Project, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DuckDB file that is none is looked at in another way where it is as long as a file has to be."""
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    if shop.url is None:
        text = "no database at all, but a text that is long enough to be looked at"
        shop.write("test.duckdb", text * 100 if where == "project" else "no database")
    elif where == "project":
        broken = {"warehouse": "postgres", "url": nowhere}
        shop.write("framework.yaml", json.dumps({"default_target": "test", "targets": {"test": broken}}))
    else:
        monkeypatch.setenv(URL_VARIABLE, nowhere)
    said = printed(shop)
    assert said.code == 4, said.said
    assert "Traceback" not in said.said


# -- what is recorded


def recorded(project: Project, stage: str) -> tuple[Any, ...]:
    wanted = "kind, mode, fingerprint, columns, keys, checks, run_id"
    return project.query(f"SELECT {wanted} FROM _framework.stages WHERE stage = '{stage}'")[0]


def test_a_published_stage_is_recorded_when_it_is_published(shop: Project) -> None:
    first = shop.good("shop.yaml").results["run_id"]
    before = recorded(shop, "fct_sales")
    assert before[0:2] == ("publish", "upsert")
    assert before[6] == first
    assert {c["name"] for c in json.loads(before[3])} == {"sale_id", "member", "amount", "city"}
    assert json.loads(before[4]) == [["sale_id"]]
    filtered = ("fct_sales: {kind: publish,", "fct_sales: {kind: publish, where: amount > 0,")
    changed(shop, ("min: 0}", "min: 100}"), filtered)
    assert shop.run("shop.yaml").code == 1
    assert recorded(shop, "fct_sales") == before
    changed(shop, filtered)
    second = shop.good("shop.yaml").results["run_id"]
    after = recorded(shop, "fct_sales")
    assert after[2] != before[2]
    assert after[6] == second
    commits: dict[str, str] = dict(shop.query("SELECT stage, fingerprint FROM _framework.commits"))
    assert commits["fct_sales"] == after[2]


def test_an_unpublished_stage_is_recorded_when_it_takes_its_place(shop: Project) -> None:
    shop.good("shop.yaml")
    first = recorded(shop, "sales")
    checks = {check["name"]: check for check in json.loads(first[5])}
    assert checks["range(amount)"]["arguments"] == {"range": {"column": "amount", "min": 0}}
    assert checks["not_null(member)"]["on_fail"] == "quarantine"
    shop.csv("members.csv", "id,city", "a,Bonn", "a,Paris")  # the key of a source fails: nothing is built
    changed(shop, ("columns: {sale_id: , member: , amount: }", "columns: {sale_id: , member: , amount: , n: 1}"))
    assert shop.run("shop.yaml").code == 1
    assert recorded(shop, "sales") == first


OLD = [
    "CREATE SCHEMA _framework",
    "CREATE TABLE _framework.commits (pipeline VARCHAR(200) NOT NULL, run_id VARCHAR(32) NOT NULL, "
    "stage VARCHAR(200) NOT NULL, fingerprint VARCHAR(64) NOT NULL, inputs TEXT NOT NULL, rows_out BIGINT NOT NULL, "
    "committed_at TIMESTAMP NOT NULL)",
    "CREATE TABLE _framework.stages (stage VARCHAR(200) NOT NULL, pipeline VARCHAR(200) NOT NULL, PRIMARY KEY (stage))",
    "CREATE TABLE _framework.publishing (run_id VARCHAR(32) NOT NULL)",
    "INSERT INTO _framework.publishing VALUES ('')",
    "INSERT INTO _framework.stages VALUES ('members', 'shop'), ('dim_member', 'shop')",
    "INSERT INTO _framework.commits VALUES ('shop', 'r1', 'dim_member', 'old', '{}', 1, TIMESTAMP '2020-01-01 06:00')",
    "CREATE SCHEMA staging",
    "CREATE SCHEMA marts",
    "CREATE TABLE staging.members__rows (id VARCHAR, city VARCHAR)",
    "CREATE VIEW staging.members AS SELECT * FROM staging.members__rows",
]


def test_what_an_earlier_version_recorded_is_read_and_completed(shop: Project) -> None:
    for statement in OLD:
        shop.execute(statement)
    assert states(planned(shop)) == dict.fromkeys(ALL, "new") | {"members": "changed"}
    assert told(one(planned(shop), "members")) == [
        "what stands was made by an earlier version, which did not record what it was"
    ]
    shop.good("shop.yaml")
    assert states(planned(shop)) == dict.fromkeys(ALL, "unchanged")
    assert recorded(shop, "members")[0] == "normalize"


def test_the_plan_of_a_project_is_printed_as_people_read_it(duckdb_project: Project) -> None:
    duckdb_project.write("shop.yaml", SHOP)
    duckdb_project.csv("members.csv", "id,city", "a,Bonn")
    duckdb_project.csv("sales/1.csv", SOLD, "s1,a,10.00")
    duckdb_project.good("shop.yaml")
    Path(duckdb_project.root / "sales" / "1.csv").rename(duckdb_project.root / "sales" / "2.csv")
    changed(duckdb_project, ("city: }", "city: , n: 1}"), ("mode: replace", "columns: {id: }, mode: replace"))
    assert (
        printed(duckdb_project).out
        == """shop on target test (duckdb)

source       state      why
raw_members  unchanged
raw_sales    unchanged  1 new file: sales/2.csv; 1 gone file: sales/1.csv

stage       kind       state      why
members     normalize  changed    SQL; column `n` added (integer); touches enriched, dim_member, fct_sales
sales       normalize  unchanged
enriched    enrich     unchanged  made of what has changed: members
dim_member  publish    changed    SQL; column `city` removed; made of what has changed: members
fct_sales   publish    unchanged  made of what has changed: members

a run would be refused: `dim_member` stands with a column `city` that the pipeline no longer has
help: give the column back, or run once with --full-refresh, which makes every published table of the run anew

2 changed, 3 unchanged
"""
    )
