"""What publishing does to the tables that others read, and what it never does."""

import datetime
from decimal import Decimal

import pytest

from integration.project import Project, Rows, hash_key

SALES = """
pipeline: {pipeline}
sources:
  raw_members: {{path: members.csv, key: [id], columns: {{id: string, city: string}}}}
  raw_sales:
    path: sales.csv
    key: [sale_id]
    columns: {{sale_id: string, member: string, day: date, amount: "decimal(18,2)"}}
stages:
  sales:
    kind: normalize
    from: raw_sales
    key: [sale_id]
    columns: {{sale_id: , member: , day: , amount: }}
    checks:
      - not_null: [amount]
        on_fail: quarantine
      - range: {{column: amount, min: 0}}
        on_fail: {on_fail}
  dim_member:
    kind: publish
    from: raw_members
    key: [id]
    mode: {dimension}
    surrogate_key: member_key
    {unknown}
  fct_sales:
    kind: publish
    from: sales
    mode: upsert
    references: {{member: dim_member}}
{more}
"""

UNKNOWN = "unknown: {id: UNKNOWN, city: nowhere}"


def sales(
    project: Project,
    *,
    pipeline: str = "shop",
    on_fail: str = "stop",
    dimension: str = "upsert",
    unknown: str = UNKNOWN,
    more: str = "",
) -> str:
    text = SALES.format(pipeline=pipeline, on_fail=on_fail, dimension=dimension, unknown=unknown, more=more)
    return str(project.write(f"{pipeline}.yaml", text).name)


def members(project: Project, *lines: str) -> None:
    project.csv("members.csv", "id,city", *lines)


def sold(project: Project, *lines: str) -> None:
    project.csv("sales.csv", "sale_id,member,day,amount", *lines)


@pytest.fixture(autouse=True)
def _inputs(project: Project) -> None:
    members(project, "a,Bonn", "b,Paris")
    sold(project, "s1,a,2024-01-05,10.00", "s2,b,2024-02-05,20.50")


TABLE = """
pipeline: small
sources:
  raw: {{path: rows.csv, key: [n], columns: {{n: integer, k: string, l: string, v: integer, w: string}}}}
stages:
  read: {{kind: normalize, from: raw, key: [n], columns: {{n: , k: , l: , v: , w: }}}}
  groups:
    kind: aggregate
    from: read
    by: {by}
    measures: {measures}
  out:
    kind: publish
    from: groups
    mode: {mode}
    {more}
"""


def table(
    project: Project,
    *lines: str,
    by: str = "[k]",
    mode: str = "upsert",
    measures: str = "{v: max(v)}",
    more: str = "",
) -> str:
    """A pipeline that publishes the groups of these rows."""
    project.csv("rows.csv", "n,k,l,v,w", *(f"{n},{line}" for n, line in enumerate(lines)))
    return str(project.write("small.yaml", TABLE.format(by=by, mode=mode, measures=measures, more=more)).name)


# -- nothing, or everything


def test_a_failing_check_publishes_nothing(project: Project) -> None:
    project.good(sales(project))
    before, commits = project.published(), project.commits()
    members(project, "a,Rome", "b,Paris", "c,Oslo")
    sold(project, "s1,a,2024-01-05,11.00", "s3,c,2024-03-05,-1.00")
    more = "  dim_city: {kind: publish, from: raw_members, key: [id], mode: replace}"
    outcome = project.run(sales(project, more=more))
    assert outcome.code == 1, outcome.said
    assert "nothing was published" in outcome.said
    assert project.published() == before
    assert project.commits() == commits
    assert "dim_city" not in project.relations("marts")


def test_a_first_run_that_fails_leaves_no_table(project: Project) -> None:
    sold(project, "s1,a,2024-01-05,-10.00")
    outcome = project.run(sales(project))
    assert outcome.code == 1, outcome.said
    assert not {"dim_member", "fct_sales"} & project.relations("marts")
    assert project.commits() == []
    assert {s["status"] for s in outcome.results["stages"] if s["kind"] == "publish"} <= {"built", "skipped"}


def test_a_check_of_a_published_stage_keeps_the_others_back_as_well(project: Project) -> None:
    more = "    checks:\n      - row_count: {max: 2}"
    project.good(sales(project, more=more))
    before = project.published()
    members(project, "a,Rome", "b,Paris", "c,Oslo")
    sold(project, *(f"s{n},a,2024-01-05,10.00" for n in range(3)))
    assert project.run(sales(project, more=more)).code == 1
    assert project.published() == before


def test_tables_move_together_or_not_at_all(project: Project) -> None:
    """The second table refuses its rows in the middle of the publishing transaction."""
    name = sales(project, more="  dim_city: {kind: publish, from: raw_members, key: [id], mode: replace}")
    project.good(name)
    project.execute("ALTER TABLE marts.fct_sales ALTER COLUMN member SET NOT NULL")
    before, commits = project.published(), project.commits()
    members(project, "a,Rome", "c,Oslo")
    sold(project, "s1,a,2024-01-05,11.00", "s9,,2024-03-05,1.00")
    outcome = project.run(name)
    assert outcome.code == 4, outcome.said
    assert project.published() == before
    assert project.commits() == commits
    project.execute("ALTER TABLE marts.fct_sales ALTER COLUMN member DROP NOT NULL")
    assert project.good(name).changes("fct_sales") == (1, 1, 0, 0)
    assert project.rows("marts.dim_city", "id", "city") == [("a", "Rome"), ("c", "Oslo")]


def test_the_record_is_written_with_the_publication(project: Project) -> None:
    name = sales(project)
    first = project.good(name, "--as-of", "2024-05-01T06:00:00")
    columns = "stage", "pipeline", "run_id", "rows_out", "committed_at"
    record = project.rows("_framework.commits", *columns)
    run_id = first.results["run_id"]
    assert [row[:4] for row in record] == [("dim_member", "shop", run_id, 2), ("fct_sales", "shop", run_id, 2)]
    # The moment is the real one, whatever the run takes for now.
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    assert all(abs(now - row[4]) < datetime.timedelta(minutes=10) for row in record)
    sold(project, "s1,a,2024-01-05,-1.00")
    assert project.run(name).code == 1
    assert project.rows("_framework.commits", *columns) == record
    sold(project, "s1,a,2024-01-05,1.00")
    second = project.good(name)
    assert {row[2] for row in project.commits()} == {second.results["run_id"]} != {run_id}


def test_candidates_are_gone_after_a_good_run(project: Project) -> None:
    name = sales(project)
    project.good(name)
    assert project.leftovers() == set()
    sold(project, "s1,a,2024-01-05,-1.00")
    project.run(name)
    sold(project, "s1,a,2024-01-05,1.00")
    project.good(name)
    assert project.leftovers() == set()


@pytest.mark.parametrize("times", [1, 2])
def test_a_run_after_failed_ones_publishes(project: Project, times: int) -> None:
    name = sales(project)
    project.good(name)
    sold(project, "s1,a,2024-01-05,-1.00")
    for _ in range(times):
        assert project.run(name).code == 1
    members(project, "a,Rome", "b,Paris", "c,Oslo")
    sold(project, "s1,a,2024-01-05,15.00", "s3,c,2024-01-06,1.00")
    outcome = project.good(name)
    assert outcome.changes("dim_member") == (1, 1, 1, 0)
    assert outcome.changes("fct_sales") == (1, 1, 0, 0)


# -- upsert and replace


def test_upsert_inserts_updates_and_keeps(project: Project) -> None:
    assert project.good(table(project, "a,,1,", "b,,2,", "c,,3,")).changes("out") == (3, 0, 0, 0)
    outcome = project.good(table(project, "b,,2,", "c,,30,", "d,,4,"))
    assert outcome.changes("out") == (1, 1, 1, 0)
    assert project.rows("marts.out", "k", "v") == [("a", 1), ("b", 2), ("c", 30), ("d", 4)]
    assert outcome.stage("out")["ledger"]["faults"] == []


@pytest.mark.parametrize("more", ["", "surrogate_key: out_key"])
@pytest.mark.parametrize("by", ["[k]", "[k, l]"])
def test_upsert_takes_null_for_equal_to_null_in_keys(project: Project, by: str, more: str) -> None:
    lines = [",,1,", "a,,2,", *([",x,3,", "a,x,4,"] if "l" in by else [])]
    count = len(lines)
    name = table(project, *lines, by=by, more=more)
    assert project.good(name).changes("out") == (count, 0, 0, 0)
    before = project.published()
    assert project.good(name).changes("out") == (0, 0, count, 0)
    assert project.published() == before
    lines[0] = ",,10,"
    assert project.good(table(project, *lines, by=by, more=more)).changes("out") == (0, 1, count - 1, 0)
    values = sorted(v for (v,) in project.rows("marts.out", "v"))
    assert values == sorted([10, *range(2, count + 1)])


@pytest.mark.parametrize(("old", "new"), [("a,,1,x", "a,,1,"), ("a,,1,", "a,,1,x")])
def test_upsert_sees_a_value_that_comes_or_goes(project: Project, old: str, new: str) -> None:
    measures = "{v: max(v), w: max(w)}"
    project.good(table(project, old, measures=measures))
    assert project.good(table(project, new, measures=measures)).changes("out") == (0, 1, 0, 0)
    assert project.rows("marts.out", "w") == [("x" if new.endswith("x") else None,)]


def test_an_empty_input_is_published_as_such(project: Project) -> None:
    project.good(table(project, "a,,1,"))
    assert project.good(table(project)).changes("out") == (0, 0, 0, 0)
    assert project.rows("marts.out", "k") == [("a",)]
    assert project.good(table(project, mode="replace")).changes("out") == (0, 0, 0, 1)
    assert project.rows("marts.out", "k") == []


def test_replace_removes_what_is_gone(project: Project) -> None:
    assert project.good(table(project, "a,,1,", "b,,2,", ",,3,", mode="replace")).changes("out") == (3, 0, 0, 0)
    outcome = project.good(table(project, "b,,20,", ",,3,", "c,,4,", mode="replace"))
    assert outcome.changes("out") == (1, 1, 1, 1)
    assert project.rows("marts.out", "k", "v") == [("b", 20), ("c", 4), (None, 3)]


# -- the unknown row, and references


def dimension(project: Project) -> Rows:
    return project.rows("marts.dim_member", "member_key", "id", "city")


UNKNOWN_ROW = (hash_key("UNKNOWN"), "UNKNOWN", "nowhere")


@pytest.mark.parametrize("mode", ["upsert", "replace"])
def test_the_unknown_row_stands_outside_the_ledger(project: Project, mode: str) -> None:
    members(project, "a,Bonn")
    name = sales(project, dimension=mode)
    first = project.good(name)
    assert first.changes("dim_member") == (1, 0, 0, 0)
    assert first.stage("dim_member")["rows"] == 1
    wanted = sorted([(hash_key("a"), "a", "Bonn"), UNKNOWN_ROW])
    assert dimension(project) == wanted
    second = project.good(name)
    assert second.changes("dim_member") == (0, 0, 1, 0)
    assert dimension(project) == wanted
    members(project)
    assert project.good(name).changes("dim_member") == (0, 0, 0, int(mode == "replace"))
    assert UNKNOWN_ROW in dimension(project)


def test_the_unknown_row_follows_its_definition(project: Project) -> None:
    project.good(sales(project))
    outcome = project.good(sales(project, unknown="unknown: {id: UNKNOWN, city: somewhere}"))
    assert outcome.changes("dim_member") == (0, 0, 2, 0)
    rows = project.rows("marts.dim_member", "id", "city")
    assert rows == [("UNKNOWN", "somewhere"), ("a", "Bonn"), ("b", "Paris")]


@pytest.mark.parametrize("mode", ["upsert", "replace"])
def test_an_input_row_with_the_unknown_key_is_never_a_second_one(project: Project, mode: str) -> None:
    members(project, "a,Bonn", "UNKNOWN,Rome")
    outcome = project.run(sales(project, dimension=mode))
    assert outcome.code == 1, outcome.said
    assert "dim_member" not in project.relations("marts")


def test_references_resolve_to_keys(project: Project) -> None:
    sold(project, "s1,a,2024-01-05,1", "s2,,2024-01-06,2", "s3,z,2024-01-07,3")
    project.good(sales(project))
    found = project.rows("marts.fct_sales", "sale_id", "member", "member_key", "day", "amount")
    unknown = hash_key("UNKNOWN")
    assert found == [
        ("s1", "a", hash_key("a"), datetime.date(2024, 1, 5), Decimal("1.00")),
        ("s2", None, unknown, datetime.date(2024, 1, 6), Decimal("2.00")),
        ("s3", "z", unknown, datetime.date(2024, 1, 7), Decimal("3.00")),
    ]


def test_references_find_a_member_that_only_the_live_table_has(project: Project) -> None:
    name = sales(project)
    project.good(name)
    members(project, "a,Bonn")
    sold(project, "s3,b,2024-03-05,5.00", "s4,a,2024-03-06,5.00")
    project.good(name)
    keys: dict[str, str] = dict(project.rows("marts.fct_sales", "sale_id", "member_key"))
    assert keys == {"s1": hash_key("a"), "s2": hash_key("b"), "s3": hash_key("b"), "s4": hash_key("a")}
    assert hash_key("b") in {key for key, *_ in dimension(project)}


def test_references_do_not_find_a_member_that_replace_removes(project: Project) -> None:
    name = sales(project, dimension="replace")
    project.good(name)
    members(project, "a,Bonn")
    sold(project, "s3,b,2024-03-05,5.00")
    project.good(name)
    keys: dict[str, str] = dict(project.rows("marts.fct_sales", "sale_id", "member_key"))
    assert keys["s3"] == hash_key("UNKNOWN")


@pytest.mark.parametrize("line", ["s3,z,2024-03-05,1.00", "s3,,2024-03-05,1.00"])
def test_references_without_an_unknown_row_stop_the_run(project: Project, line: str) -> None:
    name = sales(project, unknown="")
    project.good(name)
    before = project.published()
    members(project, "a,Rome", "b,Paris")
    sold(project, "s1,a,2024-01-05,11.00", line)
    outcome = project.run(name)
    assert outcome.code == 1, outcome.said
    assert outcome.check("fct_sales", "references(member -> dim_member)")["failing"] == 1
    assert project.published() == before


# -- columns that come, go and change


def test_a_published_table_gains_a_column(project: Project) -> None:
    project.good(table(project, "a,,1,x", "b,,2,y"))
    outcome = project.good(table(project, "b,,2,y", "c,,3,z", measures="{v: max(v), w: max(w)}"))
    assert outcome.changes("out") == (1, 1, 0, 0)
    assert project.rows("marts.out", "k", "v", "w") == [("a", 1, None), ("b", 2, "y"), ("c", 3, "z")]


def test_a_referenced_table_gains_a_column(project: Project) -> None:
    """The fact reads the dimension as it will be, before the table has the column."""
    project.good(sales(project))
    members(project, "a,Bonn")
    text = project.root.joinpath("shop.yaml").read_text(encoding="utf-8")
    wider = "key: [id]\n    columns: {id: , city: , shout: upper(city)}\n    mode"
    project.write("shop.yaml", text.replace("key: [id]\n    mode", wider))
    project.good("shop.yaml")
    rows = project.rows("marts.dim_member", "id", "city", "shout")
    assert rows == [("UNKNOWN", "nowhere", None), ("a", "Bonn", "BONN"), ("b", "Paris", None)]


def test_a_run_that_fails_gives_no_table_its_new_column(project: Project) -> None:
    more = "checks: [row_count: {max: 1}]"
    project.good(table(project, "a,,1,x", more=more))
    before = project.published()
    assert project.run(table(project, "a,,1,x", "b,,2,y", measures="{v: max(v), w: max(w)}", more=more)).code == 1
    assert project.published() == before


@pytest.mark.parametrize("mode", ["upsert", "replace"])
def test_losing_a_column_is_refused(project: Project, mode: str) -> None:
    project.good(table(project, "a,,1,x", measures="{v: max(v), w: max(w)}", mode=mode))
    before = project.published()
    outcome = project.run(table(project, "a,,2,x", mode=mode))
    assert outcome.code == 4, outcome.said
    assert "`w`" in outcome.said
    assert project.published() == before


@pytest.mark.parametrize("mode", ["upsert", "replace"])
def test_retyping_a_column_is_refused(project: Project, mode: str) -> None:
    project.good(table(project, "a,,1,x", mode=mode))
    before = project.published()
    outcome = project.run(table(project, "a,,2,x", measures="{v: max(w)}", mode=mode))
    assert outcome.code == 4, outcome.said
    assert "`v`" in outcome.said
    assert project.published() == before


def test_a_referenced_table_that_would_be_retyped_is_refused(project: Project) -> None:
    project.good(sales(project))
    before = project.published()
    text = project.root.joinpath("shop.yaml").read_text(encoding="utf-8")
    retyped = "key: [id]\n    columns: {id: , city: length(city)}\n    mode"
    text = text.replace("key: [id]\n    mode", retyped).replace("city: nowhere", "city: 0")
    project.write("shop.yaml", text)
    outcome = project.run("shop.yaml")
    assert outcome.code == 4, outcome.said
    assert "`city`" in outcome.said
    assert project.published() == before


# -- what is held back


def test_held_back_rows_are_shown_with_their_reasons(project: Project) -> None:
    sold(
        project,
        "s1,a,2024-01-05,10.00",
        "s2,b,2024-01-05,-5.00",
        "s3,b,2024-01-05,",
        "s4,b,2024-01-05,ten",
        "s5,b,2024-13-05,-1.00",
        ",b,2024-01-05,1.00",
    )
    name = sales(project, on_fail="quarantine")
    text = project.root.joinpath(name).read_text(encoding="utf-8")
    project.write(
        name, text.replace("    key: [sale_id]\n    columns: {sale_id: string", "    columns: {sale_id: string")
    )
    outcome = project.good(name)
    buckets = outcome.stage("sales")["ledger"]["buckets"]
    assert {b: n for b, n in buckets.items() if n} == {"quarantined": 4, "rejected": 1, "out": 1}
    held = {row[0]: row[1:] for row in project.rows("quarantine.sales__quarantine", "sale_id", "_bucket", "_reasons")}
    assert {sale: bucket for sale, (bucket, _) in held.items()} == {
        "s2": "quarantined",
        "s3": "quarantined",
        "s4": "quarantined",
        "s5": "quarantined",
        None: "rejected",
    }
    assert "range(amount)" in held["s2"][1]
    assert "unreadable" not in held["s2"][1]
    assert "not_null(amount)" in held["s3"][1]
    assert "unreadable(amount" in held["s4"][1]
    assert all(check in held["s5"][1] for check in ("unreadable(day", "range(amount)"))
    assert project.rows("marts.fct_sales", "sale_id") == [("s1",)]
    assert "5 rows quarantined" in outcome.out


def test_rows_that_are_mended_leave_the_quarantine(project: Project) -> None:
    sold(project, "s1,a,2024-01-05,10.00", "s2,b,2024-01-05,-5.00")
    name = sales(project, on_fail="quarantine")
    project.good(name)
    assert len(project.rows("quarantine.sales__quarantine")) == 1
    sold(project, "s1,a,2024-01-05,10.00", "s2,b,2024-01-05,5.00")
    assert project.good(name).changes("fct_sales") == (1, 0, 1, 0)
    assert project.rows("quarantine.sales__quarantine") == []


# -- names and kinds


def test_two_pipelines_cannot_have_one_published_stage(project: Project) -> None:
    project.good(sales(project))
    before, commits = project.published(), project.commits()
    outcome = project.run(sales(project, pipeline="other"))
    assert outcome.code == 4, outcome.said
    assert "`shop`" in outcome.said
    assert project.published() == before
    assert project.commits() == commits


def test_two_pipelines_cannot_have_one_stage_between(project: Project) -> None:
    """A view of one pipeline must not become that of another."""
    project.good(sales(project))
    before = project.rows("staging.sales")
    project.write(
        "other.yaml",
        """
pipeline: other
sources:
  raw_other: {path: members.csv, key: [id], columns: {id: string, city: string}}
stages:
  sales: {kind: normalize, from: raw_other, key: [id], columns: {id: , city: }}
  dim_other: {kind: publish, from: sales, mode: upsert}
""",
    )
    outcome = project.run("other.yaml")
    assert outcome.code == 4, outcome.said
    assert project.rows("staging.sales") == before


KINDS = """
pipeline: kinds
sources:
  raw: {{path: rows.csv, key: [k], columns: {{k: string, v: integer}}}}
stages:
  read: {{kind: normalize, from: raw, key: [k], columns: {{k: , v: }}}}
  thing: {thing}
  out: {{kind: publish, from: thing, mode: upsert}}
"""
THINGS = {
    "normalize": "{kind: normalize, from: read, key: [k], columns: {k: , v: }}",
    "enrich": "{kind: enrich, from: read}",
    "aggregate": "{kind: aggregate, from: read, by: [k], measures: {v: max(v)}}",
    "publish": "{kind: publish, from: read, columns: {k: , v: }, mode: upsert}",
}


@pytest.mark.parametrize(
    ("old", "new"), [("normalize", "aggregate"), ("aggregate", "normalize"), ("aggregate", "publish")]
)
def test_a_stage_may_change_its_kind(project: Project, old: str, new: str) -> None:
    project.csv("rows.csv", "k,v", "a,1", "b,2")
    project.write("kinds.yaml", KINDS.format(thing=THINGS[old]))
    project.good("kinds.yaml")
    project.csv("rows.csv", "k,v", "a,1", "b,3")
    project.write("kinds.yaml", KINDS.format(thing=THINGS[new]))
    assert project.good("kinds.yaml").changes("out") == (0, 1, 1, 0)
    assert project.rows("marts.out", "k", "v") == [("a", 1), ("b", 3)]
    schema = "staging" if new == "normalize" else "marts"
    assert project.rows(f"{schema}.thing", "k", "v") == [("a", 1), ("b", 3)]
    assert project.good("kinds.yaml").changes("out") == (0, 0, 2, 0)


def test_a_published_stage_cannot_become_a_view(project: Project) -> None:
    """Its table would go before the run is judged, and the pipeline would no longer say what stands."""
    project.csv("rows.csv", "k,v", "a,1")
    project.write("kinds.yaml", KINDS.format(thing=THINGS["publish"]))
    project.good("kinds.yaml")
    before = project.published()
    project.csv("rows.csv", "k,v", "a,2")
    project.write("kinds.yaml", KINDS.format(thing=THINGS["aggregate"]))
    outcome = project.run("kinds.yaml")
    assert outcome.code == 4, outcome.said
    assert "`thing` stands as a published table" in outcome.said
    assert project.published() == before
    project.execute("DROP TABLE marts.thing")
    assert project.good("kinds.yaml").changes("out") == (0, 1, 0, 0)
    assert project.rows("marts.thing", "k", "v") == [("a", 2)]


def test_a_mode_may_change(project: Project) -> None:
    project.good(table(project, "a,,1,", "b,,2,"))
    assert project.good(table(project, "b,,2,", "c,,3,", mode="replace")).changes("out") == (1, 0, 1, 1)
    assert project.good(table(project, "d,,4,")).changes("out") == (1, 0, 0, 0)
    assert project.rows("marts.out", "k") == [("b",), ("c",), ("d",)]


# -- the ledger of a published table

MODES = {
    "upsert": "mode: upsert",
    "removing": "{mode: upsert, deletes: remove}",
    "flagging": "{mode: upsert, deletes: flag}",
    "replace": "mode: replace",
    "append": "mode: append",
    "history": "{mode: history, deletes: remove}",
}
FLAG = {"flagging": ", false", "history": ", timestamp '2000-01-01 00:00:00', null, true"}


def in_mode(project: Project, mode: str, *lines: str) -> str:
    words = MODES[mode].strip("{}").split(", ")
    return table(project, *lines, mode=words[0].removeprefix("mode: "), more=words[1] if words[1:] else "")


@pytest.mark.parametrize("mode", MODES)
def test_a_row_that_is_counted_twice_breaks_the_run(project: Project, mode: str) -> None:
    """A second row of one key, planted in the table, matches one row of the candidate twice: no line hides that."""
    project.good(in_mode(project, mode, "a,,1,", "b,,2,"))
    project.execute(f"INSERT INTO marts.out VALUES ('a', 1{FLAG.get(mode, '')})")
    before, commits = project.published(), project.commits()
    outcome = project.run(in_mode(project, mode, "a,,1,", "b,,3,"))
    assert outcome.code == 3, outcome.said
    assert "F599" in outcome.said
    assert "2 rows were to be published and 3 were inserted, updated or unchanged" in outcome.said
    assert project.published() == before
    assert project.commits() == commits


@pytest.mark.parametrize("mode", MODES)
def test_every_line_closes_and_a_second_run_changes_nothing(project: Project, mode: str) -> None:
    first = ["a,,1,", "b,,2,", ",,3,", "c,,4,"]
    later = ["b,,2,", ",,30,", "d,,5,"]
    for lines, again in ((first, False), (later, False), (later, True), ([], False), (first, False)):
        before = project.published()
        outcome = project.good(in_mode(project, mode, *lines))
        inserted, updated, unchanged, _ = outcome.changes("out")
        assert inserted + updated + unchanged == len(lines)
        assert outcome.stage("out")["ledger"]["faults"] == []
        if again:
            assert project.published() == before
            assert outcome.changes("out") == (0, 0, len(lines), 0)
