"""Tables and columns of sources by the names that an author writes: variables, capitals, lengths."""

import pytest

from integration.project import Project


def pipeline(project: Project, sources: str, stages: str) -> None:
    project.write("x.yaml", f"pipeline: x\nsources:\n  {sources}\nstages:\n  {stages}\n")


# -- variables


@pytest.mark.parametrize("table", ["${RAW_SCHEMA}.lines", "${NO_SUCH_SCHEMA:-feed}.lines", "${RAW_TABLE}"])
def test_a_variable_stands_in_a_table(project: Project, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    monkeypatch.setenv("RAW_SCHEMA", "feed")
    monkeypatch.setenv("RAW_TABLE", "feed.lines")
    project.execute("CREATE SCHEMA feed")
    project.execute("CREATE TABLE feed.lines (id text, n integer)")
    project.execute("INSERT INTO feed.lines VALUES ('a', 1)")
    contract = f'a: {{table: "{table}", key: [id], columns: {{id: string, n: integer}}}}'
    pipeline(project, contract, "p: {kind: publish, from: a}")
    project.good("x.yaml")
    assert project.rows("marts.p", "id", "n") == [("a", 1)]
    said = project.good("x.yaml").said
    assert "0 inserted, 0 updated, 1 unchanged" in said


def test_an_unset_variable_of_a_table_is_refused_with_its_source(project: Project) -> None:
    contract = 'a: {table: "${SURELY_NOT_SET}.lines", key: [id], columns: {id: string}}'
    pipeline(project, contract, "p: {kind: publish, from: a}")
    outcome = project.run("x.yaml")
    assert outcome.code == 4, outcome.said
    assert "source `a`: the environment variable SURELY_NOT_SET is not set" in outcome.said


@pytest.mark.parametrize("table", ["lines", "feed.lines"])
def test_a_table_that_is_not_there_is_told(project: Project, table: str) -> None:
    pipeline(project, f"a: {{table: {table}, key: [id], columns: {{id: string}}}}", "p: {kind: publish, from: a}")
    outcome = project.run("x.yaml")
    assert outcome.code == 4, outcome.said
    assert ("no table feed.lines" if "." in table else "a table does not exist") in outcome.said


# -- capitals


READERS = """n: {kind: normalize, from: a, key: [id], columns: {id: ID, v: V}}
  m: {kind: normalize, from: a, key: [iD], columns: {iD: , V: v}}
  e: {kind: enrich, from: n, lookup: {a: {on: {id: Id}, take: {w: v}}}}
  u: {kind: publish, from: e}"""


def test_an_open_file_is_read_under_names_in_any_case(project: Project) -> None:
    project.csv("x.csv", "Id,v", "1,5")
    pipeline(project, "a: {path: x.csv, key: [ID]}", READERS)
    project.good("x.yaml")
    assert project.rows("marts.u", "id", "v", "w") == [("1", "5", "5")]
    assert project.rows("staging.m", '"iD"', '"V"') == [("1", "5")]


@pytest.mark.parametrize("contract", ["", ", columns: {ID: string, V: string}"])
def test_a_table_is_read_under_names_in_any_case(project: Project, contract: str) -> None:
    project.execute('CREATE TABLE lines ("Id" text, v text)')
    project.execute("INSERT INTO lines VALUES ('1', '5')")
    schema = "main" if project.url is None else "public"
    stages = READERS.replace("columns: {id: ID, v: V}", "columns: {id: cast(ID as string), v: cast(V as string)}")
    stages = stages.replace("{iD: , V: v}", "{iD: cast(Id as string), V: cast(v as string)}")
    stages = stages.replace("{w: v}", "{w: cast(v as string)}")
    pipeline(project, f"a: {{table: {schema}.lines, key: [id]{contract}}}", stages)
    project.good("x.yaml")
    assert project.rows("marts.u", "id", "v", "w") == [("1", "5", "5")]


def test_a_table_of_duckdb_is_found_in_any_case(duckdb_project: Project) -> None:
    duckdb_project.execute("CREATE SCHEMA feed; CREATE TABLE feed.lines (id text); INSERT INTO feed.lines VALUES ('a')")
    pipeline(duckdb_project, "a: {table: FEED.Lines, key: [id], columns: {id: string}}", "p: {kind: publish, from: a}")
    duckdb_project.good("x.yaml")
    assert duckdb_project.rows("marts.p", "id") == [("a",)]


def test_money_of_a_table_is_counted_under_names_in_any_case(project: Project) -> None:
    project.execute('CREATE TABLE lines ("Id" text, "Paid" numeric(18,2))')
    project.execute("INSERT INTO lines VALUES ('1', 5), ('2', 7)")
    schema = "main" if project.url is None else "public"
    contract = f'a: {{table: {schema}.lines, key: [id], columns: {{id: string, paid: "decimal(18,2)"}}}}'
    stages = """q: {kind: sql, key: [id], sql: "select id, paid from a"}
  p: {kind: publish, from: a}"""
    project.write("x.yaml", f"pipeline: x\nbalance: [paid]\nsources:\n  {contract}\nstages:\n  {stages}\n")
    said = project.good("x.yaml").said
    assert "12.00 in = 12.00" in said
    assert [i for (i,) in project.rows("marts.p", "id")] == ["1", "2"]
    assert [i for (i,) in project.rows("intermediate.q", "id")] == ["1", "2"]


@pytest.mark.parametrize("kind", ["file", "table"])
def test_a_column_that_an_open_source_does_not_have_is_named(project: Project, kind: str) -> None:
    project.csv("x.csv", "id,v", "1,5")
    project.execute("CREATE TABLE lines (id text, v text)")
    place = "path: x.csv" if kind == "file" else "table: lines"
    pipeline(project, f"a: {{{place}}}", "n: {kind: normalize, from: a, key: [id], columns: {id: ID, w: gone || v}}")
    outcome = project.run("x.yaml")
    assert outcome.code == 1, outcome.said
    assert "source `a`: the source has no column `gone`, and it is read" in outcome.said
    assert "it has: `id`, `v`" in outcome.said


# -- lengths


LONG = "c" * 66


def test_a_column_whose_name_postgres_would_cut_is_refused(postgres_project: Project) -> None:
    postgres_project.csv("x.csv", f"id,{LONG}", "1,5")
    pipeline(
        postgres_project,
        f"a: {{path: x.csv, key: [id], columns: {{id: string, {LONG}: string}}}}",
        f"p: {{kind: publish, from: n}}\n  n: {{kind: normalize, from: a, key: [id], columns: {{id: , v: {LONG}}}}}",
    )
    outcome = postgres_project.run("x.yaml")
    assert outcome.code == 2, outcome.said
    assert f"F506 `{LONG}` of `a` on postgres: the name has 66 bytes, and at most 63 can be kept" in outcome.said


def test_columns_that_postgres_would_take_for_one_are_refused(postgres_project: Project) -> None:
    one, other = "c" * 60 + "a", "c" * 60 + "b"
    postgres_project.csv("x.csv", f"id,{one},{other}", "1,5,6")
    pipeline(
        postgres_project,
        f"a: {{path: x.csv, key: [id], columns: {{id: string, {one}: integer, {other}: integer}}}}",
        f"n: {{kind: normalize, from: a, key: [id], columns: {{id: , x: {one}, y: {other}}}}}",
    )
    outcome = postgres_project.run("x.yaml")
    assert outcome.code == 2, outcome.said
    assert f"its first 55 bytes are those of `{one}`" in outcome.said


def test_a_long_name_in_an_open_file_is_read(project: Project) -> None:
    project.csv("x.csv", f"id,{LONG}", "1,5")
    pipeline(project, "a: {path: x.csv}", f"n: {{kind: normalize, from: a, key: [id], columns: {{id: , v: {LONG}}}}}")
    for _ in range(2):
        project.good("x.yaml")
    assert project.rows("staging.n", "id", "v") == [("1", "5")]


def test_long_names_of_an_open_file_that_are_alike_are_refused(postgres_project: Project) -> None:
    postgres_project.csv("x.csv", f"id,{LONG}a,{LONG}b", "1,5,6")
    pipeline(postgres_project, "a: {path: x.csv}", "n: {kind: normalize, from: a, key: [id], columns: {id: id}}")
    outcome = postgres_project.run("x.yaml")
    assert outcome.code == 1, outcome.said
    assert "two columns of source `a` have names that are alike in the first 63 bytes" in outcome.said
