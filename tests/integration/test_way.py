"""`explain PIPELINE --key`: the way of a row, against what the run itself has stored and against plain SQL."""

import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from framework.cli import main
from integration.project import REPOSITORY, Project
from integration.test_claims import CLAIMS, CLAIMS_DATA

Way = list[dict[str, Any]]


def asked(project: Project, pipeline: Any, *words: str) -> Way:
    project.capture.readouterr()
    code = main(["explain", str(pipeline), *words, "--output", "json"])
    said = project.capture.readouterr()
    assert code == 0, said.err + said.out
    found: Way = json.loads(said.out)["way"]
    return found


def way(project: Project, pipeline: Any, *words: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The rows by relation, and by what they are: `came in`, `made`, `stands`."""
    return {(w["relation"], w["about"]): w["rows"] for w in asked(project, pipeline, *words, "--show-values")}


def values(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return sorted((tuple(row["values"][name] for name in names) for row in rows), key=repr)


# -- claims


@pytest.fixture
def claims(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("CLAIMS_DATA", str(CLAIMS_DATA))
    project.good(CLAIMS)
    return project


STORED = {"claim_headers": "staging", "claim_lines": "staging", "claims": "intermediate"}


def test_what_became_of_a_row_is_what_the_run_stored(claims: Project) -> None:
    ids = claims.query(
        "SELECT claim_id FROM (SELECT claim_id, row_number() OVER (PARTITION BY _bucket ORDER BY md5(claim_id)) AS n"
        " FROM intermediate.claims__rows WHERE claim_id IS NOT NULL) AS r WHERE n <= 4 ORDER BY n, claim_id"
    )
    assert len(ids) == 12  # four of those that came out, were filtered, are quarantined
    seen: Counter[str] = Counter()
    for (claim,) in ids:
        found = way(claims, CLAIMS, "--key", f"claim_id={claim}")
        for stage, schema in STORED.items():
            told = Counter(row["ended"] for row in found[stage, "made"])
            stored = claims.query(
                f"SELECT _bucket, count(*) FROM {schema}.{stage}__rows WHERE claim_id = '{claim}' GROUP BY _bucket"
            )
            assert told == dict(stored), (stage, claim)
            seen += told
        # Each line that came in is one that the stage made something of.
        assert len(found["raw_claim_lines", "came in"]) == len(found["claim_lines", "made"])
        assert {row["values"]["claim_id"].strip().lower() for row in found["raw_claim_lines", "came in"]} == {claim}
    assert seen.keys() == {"out", "superseded", "quarantined", "filtered"}


def test_a_claim_is_summed_where_its_lines_are(claims: Project) -> None:
    ids = claims.query("SELECT DISTINCT claim_id FROM intermediate.claims ORDER BY claim_id LIMIT 5")
    for (claim,) in ids:
        found = way(claims, CLAIMS, "--key", f"claim_id={claim}")
        lines = [row for row in found["claims_enriched", "made"] if row["ended"] == "out"]
        groups = found["claims_monthly", "made"]
        assert sum(group["summed"] for group in groups) == len(lines)
        assert all(group["of_rows"] >= group["summed"] >= 1 for group in groups)
        assert len(found["fct_claims_monthly", "stands"]) == len(groups)
        assert all(row["lookups"]["members"] for row in lines)


def test_a_fact_leads_back_to_the_lines_that_it_was_summed_of(claims: Project) -> None:
    facts = claims.query(
        "SELECT claims_monthly_key, paid, line_count FROM marts.fct_claims_monthly WHERE line_count < 20"
        " ORDER BY claims_monthly_key LIMIT 6"
    )
    for key, paid, count in facts:
        found = way(claims, CLAIMS, "--key", f"claims_monthly_key={key}")
        lines = found["claims_enriched", "made"]
        assert (len(lines), sum(Decimal(line["values"]["paid"]) for line in lines)) == (count, paid)
        came = [value.strip().lower() for (value,) in values(found["raw_claim_lines", "came in"], "line_id")]
        assert {line for (line,) in values(lines, "line_id")} == set(came)


def test_a_source_that_writes_its_key_otherwise_is_followed_by_its_rows(claims: Project) -> None:
    (claim,) = claims.query("SELECT claim_id FROM staging.claim_headers ORDER BY claim_id LIMIT 1")[0]
    written = {
        row["values"]["claim_id"]
        for row in way(claims, CLAIMS, "--key", f"claim_id={claim}")["raw_claim_headers", "came in"]
    }
    for text in written:
        assert text != claim
        found = way(claims, CLAIMS, "--key", f"claim_id={text}", "--stage", "raw_claim_headers")
        assert {row["values"]["claim_id"] for row in found["raw_claim_headers", "came in"]} == {text}
        assert {row["values"]["claim_id"] for row in found["claim_headers", "made"]} == {claim}


def test_a_dimension_leads_to_the_facts_that_refer_to_it(claims: Project) -> None:
    key, name, count = claims.query(
        "SELECT d.member_key, d.member_id, count(*) FROM marts.dim_member d JOIN marts.fct_claims_monthly f"
        " ON f.member_key = d.member_key GROUP BY d.member_key, d.member_id ORDER BY count(*), d.member_id LIMIT 1"
    )[0]
    found = way(claims, CLAIMS, "--key", f"member_key={key}", "--stage", "dim_member")
    assert values(found["members", "made"], "member_id") == [(name,)]
    assert len(found["fct_claims_monthly", "stands"]) == count
    assert {row["values"]["member_key"] for row in found["fct_claims_monthly", "stands"]} == {key}


def test_the_sql_that_is_shown_finds_the_rows_that_are_shown(claims: Project) -> None:
    (claim,) = claims.query("SELECT claim_id FROM intermediate.claims ORDER BY claim_id LIMIT 1")[0]
    key = f"claim_id={claim}"
    answered = asked(claims, CLAIMS, "--key", key, "--show-values")
    assert len(answered) == 9
    questions = asked(claims, CLAIMS, "--key", key)
    assert [(q["relation"], q["about"]) for q in questions] == [(a["relation"], a["about"]) for a in answered]
    for question, answer in zip(questions, answered, strict=True):
        assert "rows" not in question
        assert claim not in question["query"]
        sql = question["query"].replace(":key_claim_id", f"'{claim}'")
        assert len(claims.query(sql)) == len(answer["rows"]), question["relation"]


# -- all kinds of stages

SHOP = """\
pipeline: shop
sources:
  raw_web: {path: web.csv, columns: {no: string, code: string, amount: integer, at: date}}
  raw_till: {path: till.csv, columns: {no: string, code: string, amount: integer}}
  raw_cities: {path: cities.csv, columns: {code: string, name: string}}
stages:
  web:
    kind: normalize
    from: raw_web
    key: [order_no]
    columns: {order_no: "'w' || no", code: , amount: }
    deduplicate: {order_by: at desc}
    checks: [{range: {column: amount, min: 0}, on_fail: quarantine}]
  till: {kind: normalize, from: raw_till, key: [order_no], columns: {order_no: "'t' || no", code: , amount: }}
  orders: {kind: assemble, union: [web, till], key: [order_no]}
  cities: {kind: normalize, from: raw_cities, key: [code], columns: {code: , name: }}
  named:
    kind: enrich
    from: orders
    lookup: {cities: {on: code, take: [name]}}
    columns: {order_key: "upper(order_no)"}
  totals: {kind: aggregate, from: named, by: {city: name}, measures: {amount: sum(amount), orders: count(order_no)}}
  best:
    kind: sql
    key: [city]
    sql: select city, amount from totals where amount > 0
  dim_city: {kind: publish, from: cities, mode: history, key: [code]}
  fct_city: {kind: publish, from: totals, mode: replace, surrogate_key: city_key}
"""


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("shop.yaml", SHOP)
    web = "1,A,10,2024-01-01", "1,A,20,2024-01-02", "2,B,-5,2024-01-01", "3,Z,7,2024-01-01"
    project.csv("web.csv", "no,code,amount,at", *web)
    project.csv("till.csv", "no,code,amount", "1,A,1", "2,B,2")
    project.csv("cities.csv", "code,name", "A,Aa", "B,Bb")
    project.good("shop.yaml")
    return project


def told(found: dict[tuple[str, str], list[dict[str, Any]]], about: str = "made") -> dict[str, list[str]]:
    return {name: sorted(row["ended"] for row in rows) for (name, a), rows in found.items() if a == about}


def test_a_key_that_is_made_in_a_stage_leads_up_and_down(shop: Project) -> None:
    found = way(shop, "shop.yaml", "--key", "order_no=w1")
    assert values(found["raw_web", "came in"], "no", "amount") == [("1", "10"), ("1", "20")]
    assert found["raw_till", "came in"] == []
    assert [(row["ended"], row["version"]) for row in found["web", "made"]] == [("out", 1), ("superseded", 2)]
    assert told(found) == {
        "web": ["out", "superseded"], "till": [], "orders": ["out"], "named": ["out"], "totals": ["out"],
        "fct_city": ["out"],
    }  # fmt: skip
    assert found["named", "made"][0]["lookups"] == {"cities": True}
    (total,) = found["totals", "made"]
    assert (total["values"]["city"], total["summed"], total["of_rows"]) == ("Aa", 1, 2)
    assert values(found["fct_city", "stands"], "city", "amount") == [("Aa", 21)]
    assert values(found["best", "stands"], "city") == [("Aa",)]


def test_a_row_that_is_held_back_is_shown_with_the_check(shop: Project) -> None:
    found = way(shop, "shop.yaml", "--key", "order_no=w2")
    (row,) = found["web", "made"]
    assert (row["ended"], row["because"]) == ("quarantined", ["range(amount)"])
    assert (found["orders", "made"], found["totals", "made"]) == ([], [])


def test_a_lookup_that_finds_nothing_is_told(shop: Project) -> None:
    found = way(shop, "shop.yaml", "--key", "order_no=w3")
    assert found["named", "made"][0]["lookups"] == {"cities": False}
    assert values(found["totals", "made"], "city") == [(None,)]


def test_a_total_leads_up_through_a_union_to_each_source(shop: Project) -> None:
    found = way(shop, "shop.yaml", "--key", "city=Aa", "--stage", "fct_city")
    assert values(found["named", "made"], "order_no") == [("t1",), ("w1",)]
    assert values(found["orders", "made"], "order_no") == [("t1",), ("w1",)]
    assert values(found["raw_till", "came in"], "no") == [("1",)]
    assert [row["ended"] for row in found["web", "made"]] == ["out", "superseded"]
    assert [row["of_rows"] for row in found["totals", "made"]] == [2]


def test_a_made_key_leads_up_by_the_rows_that_it_was_made_of(shop: Project) -> None:
    found = way(shop, "shop.yaml", "--key", "order_key=T2", "--stage", "named")
    assert values(found["till", "made"], "order_no", "amount") == [("t2", 2)]
    assert values(found["orders", "made"], "order_no") == [("t2",)]
    assert not found["web", "made"]


DIAMOND = """\
pipeline: diamond
sources:
  raw: {path: lines.csv, key: [claim_id, line], columns: {claim_id: string, line: integer, code: string, paid: integer}}
stages:
  lines: {kind: normalize, from: raw, key: [claim_id, line], columns: {claim_id: , line: , code: , paid: }}
  paid_out: {kind: normalize, from: lines, key: [claim_id, line], where: paid > 0,
    columns: {claim_id: , line: , paid: }}
  taken_back: {kind: normalize, from: lines, key: [claim_id, line], where: paid < 0,
    columns: {claim_id: , line: , paid: }}
  all_of_it: {kind: assemble, union: [paid_out, taken_back], tag: way}
  by_way: {kind: aggregate, from: all_of_it, by: [way], measures: {paid: sum(paid)}}
  whole: {kind: aggregate, from: by_way, by: [], measures: {paid: sum(paid)}}
  a_lines: {kind: aggregate, from: lines, by: {claim: claim_id}, where: code = 'A', measures: {paid: sum(paid)}}
  chosen: {kind: sql, key: [claim], sql: "select claim, paid from a_lines"}
  fct_whole: {kind: publish, from: whole, mode: replace}
  fct_a: {kind: publish, from: chosen, mode: replace}
"""


@pytest.fixture
def diamond(project: Project) -> Project:
    project.write("diamond.yaml", DIAMOND)
    project.csv("lines.csv", "claim_id,line,code,paid", "C1,1,A,10", "C1,2,B,20", "C2,1,A,-5", "C3,1,B,7")
    project.good("diamond.yaml")
    return project


def test_two_ways_lead_up_to_one_relation(diamond: Project) -> None:
    found = way(diamond, "diamond.yaml", "--key", "paid=32", "--stage", "whole")
    assert values(found["raw", "came in"], "claim_id", "line") == [("C1", "1"), ("C1", "2"), ("C2", "1"), ("C3", "1")]
    assert [row["of_rows"] for row in found["whole", "made"]] == [2]
    assert [row["of_rows"] for row in found["by_way", "made"]] == [3, 1]


def test_the_sum_of_all_is_on_the_way_of_each(diamond: Project) -> None:
    found = way(diamond, "diamond.yaml", "--key", "claim_id=C1")
    assert [(row["summed"], row["of_rows"]) for row in found["by_way", "made"]] == [(2, 3)]
    assert [(row["summed"], row["of_rows"]) for row in found["whole", "made"]] == [(1, 2)]
    assert values(found["fct_whole", "stands"], "paid") == [(32,)]


def test_a_measure_leads_to_its_group_and_to_the_rows_that_are_in_it(diamond: Project) -> None:
    for words in (("--key", "paid=10", "--stage", "a_lines"), ("--key", "claim=C1", "--stage", "fct_a")):
        found = way(diamond, "diamond.yaml", *words)
        assert values(found["raw", "came in"], "claim_id", "line", "code") == [("C1", "1", "A")]
        assert values(found["a_lines", "made"], "claim", "paid") == [("C1", 10)]
        assert values(found["fct_a", "stands"], "claim", "paid") == [("C1", 10)]


def test_a_value_that_nothing_holds_is_found_nowhere(shop: Project) -> None:
    assert not any(way(shop, "shop.yaml", "--key", "order_no=none").values())


def test_the_page_for_a_terminal(shop: Project) -> None:
    assert main(["explain", "shop.yaml", "--key", "order_no=w1", "--show-values"]) == 0
    out = shop.capture.readouterr().out
    assert (
        """\
web: normalize of raw_web: 2 rows, 1 out, 1 superseded
            1    2
  ended     out  superseded
  version   1    2
  order_no  w1   w1
  code      A    A
  amount    20   10
"""
        in out
    )
    assert "totals: aggregate of named: 1 row, 1 out\n          1\n  ended   out\n  summed  1 of 2 rows\n" in out


GUIDE = (REPOSITORY / "docs" / "guides" / "rows.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```text\n\$ framework explain ([^\n]*)\n(.*?)```", GUIDE, re.DOTALL)


def test_what_the_guide_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "shop"]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    assert main(["run", "pipelines/orders.yaml"]) == 0
    assert len(SHOWN) == 3
    for words, shown in SHOWN:
        capsys.readouterr()
        assert main(["explain", *words.split()]) == 0
        said = capsys.readouterr().out
        first, *rest = shown.removesuffix("...\n").split("\n...\n")
        assert said.startswith(first)
        assert all(part in said for part in rest)


REFUSED = (
    (["--key", "order_no"], 2, "F117 --key gives a column and no value"),
    (["--key", "order_no=1", "--key", "Order_No=2"], 2, "F117 --key gives `Order_No` twice"),
    (["--key", "nothing=1"], 2, "F117 no column `nothing` in shop.yaml"),
    (["--key", "order_no=1", "--key", "city=x"], 2, "F117 no stage and no source of shop.yaml has all these columns"),
    (["--key", "order_no=1", "--stage", "cities"], 2, "F117 no column `order_no` in `cities`"),
    (["--key", "order_no=1", "--stage", "city"], 2, "F117 no stage `city` in shop.yaml"),
    (["--key", "amount=some"], 2, "F117 `amount` of `web` is integer, and the value given is none"),
)


@pytest.mark.parametrize(("words", "code", "message"), REFUSED)
def test_what_cannot_be_followed_is_refused(duckdb_project: Project, words: list[str], code: int, message: str) -> None:
    duckdb_project.write("shop.yaml", SHOP)
    assert main(["explain", "shop.yaml", *words, "--show-values"]) == code
    said = duckdb_project.capture.readouterr()
    assert message in said.err
    assert "some" not in said.err


def test_what_does_not_stand_yet_is_told(project: Project) -> None:
    project.write("shop.yaml", SHOP)
    assert main(["explain", "shop.yaml", "--key", "order_no=w1", "--show-values"]) == 4
    assert "`web` does not stand on target test" in project.capture.readouterr().err
    assert main(["explain", "shop.yaml", "--key", "order_no=w1"]) == 0
    assert ":key_order_no" in project.capture.readouterr().out
