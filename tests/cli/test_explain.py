"""`framework explain PIPELINE --stage NAME`: a stage as the plan knows it."""

import json
from pathlib import Path
from typing import Any

import pytest

from framework.cli import main

PIPELINE = """\
pipeline: shop
sources:
  raw_orders:
    path: orders.csv
    columns: {order_id: string, city: string, shipping: "decimal(18,2)", seen_at: timestamp}
  raw_lines: {path: lines.csv, key: [order_id, line], columns: {order_id: string, line: integer, paid: integer}}
  raw_cities: {path: cities.csv, columns: {code: string, name: string}}
stages:
  orders:
    kind: normalize
    description: The latest word on each order.
    from: raw_orders
    key: [order_id]
    columns: {order_id: , city: {expr: city, classification: phi}, shipping: , seen_at: , channel: "'web'"}
    deduplicate: {order_by: seen_at desc}
  lines: {kind: normalize, from: raw_lines, key: [order_id, line], columns: {order_id: , line: , paid: }}
  cities:
    kind: normalize
    from: raw_cities
    key: [code]
    columns: {code: , name: {expr: name, checks: [not_null, unique]}}
  lines_with_order:
    kind: enrich
    from: lines
    lookup: {orders: {on: order_id, take: [shipping, city], missing: fail}}
    columns: {rest: shipping - paid}
  by_city: {kind: aggregate, from: lines_with_order, by: [city], measures: {paid: sum(paid)}}
  dim_city: {kind: publish, from: cities, surrogate_key: city_key, unknown: {code: none}}
  fct_city: {kind: publish, from: by_city, classification: phi}
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(PIPELINE, encoding="utf-8")


def _explained(stage: str, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    assert main(["explain", "shop.yaml", "--stage", stage, "--output", "json", *more]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize(
    ("stage", "keys"),
    [
        ("orders", {("order_id",): "proved: `deduplicate` keeps one row of each"}),
        # The key of a source is measured where the source is read.
        ("lines", {("order_id", "line"): "proved: it follows from `raw_lines`"}),
        (
            "cities",
            {
                ("code",): "measured on every run, by the check key(code)",
                ("name",): "measured on every run, by the check unique(name)",
            },
        ),
        ("lines_with_order", {("order_id", "line"): "proved: it follows from `lines`"}),
        ("by_city", {("city",): "proved: the rows are grouped by it"}),
        (
            "dim_city",
            {
                ("code",): "measured on every run, by the check key(code)",
                ("city_key",): "proved: a hash of the key",
            },
        ),
        ("fct_city", {("city",): "proved: it follows from `by_city`"}),
    ],
)
def test_each_key_and_why_it_is_one(
    stage: str, keys: dict[tuple[str, ...], str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = _explained(stage, capsys)["keys"]
    assert {tuple(key["columns"]): key["because"] for key in found} == keys


def test_what_a_column_is_one_figure_per(capsys: pytest.CaptureFixture[str]) -> None:
    columns = {c["name"]: (c["per"], c["repeats"]) for c in _explained("lines_with_order", capsys)["columns"]}
    assert columns["paid"] == (["row"], False)
    assert columns["shipping"] == (["row of `orders`"], True)
    assert columns["rest"] == (["row", "row of `orders`"], True)
    orders = {c["name"]: c for c in _explained("orders", capsys)["columns"]}
    assert orders["channel"]["per"] == []
    assert (orders["city"]["classification"], orders["city"]["nullable"]) == ("phi", True)
    assert (orders["shipping"]["type"], orders["order_id"]["nullable"]) == ("decimal(18,2)", False)


@pytest.mark.parametrize(
    ("stage", "check", "judged", "place"),
    [
        ("orders", "key(order_id)", "proved", "shop.yaml:13:10"),
        ("orders", "unreadable(shipping as decimal(18,2))", "measured", "shop.yaml:12:11"),
        ("cities", "unique(name)", "measured", "shop.yaml:21:61"),
        ("lines_with_order", "missing(orders)", "measured", "shop.yaml:25:22"),
    ],
)
def test_how_a_check_is_judged(
    stage: str, check: str, judged: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {c["name"]: (c["judged"], c["place"]) for c in _explained(stage, capsys)["checks"]}
    assert found[check] == (judged, place)


def test_the_sql_is_that_of_the_stage_alone_and_for_a_warehouse(capsys: pytest.CaptureFixture[str]) -> None:
    stored, folded = _explained("orders", capsys), _explained("by_city", capsys)
    assert (stored["on_the_way"], folded["on_the_way"]) == (None, "fct_city")
    assert folded["sql"].startswith("CREATE TABLE marts.by_city__new AS")
    assert folded["warehouse"] == "duckdb"
    assert _explained("orders", capsys, "--warehouse", "snowflake")["sql"] != stored["sql"]


def test_a_person_sees_it_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "shop.yaml", "--stage", "orders"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(
        "orders: normalize, in staging, reads raw_orders\n\nThe latest word on each order.\n\n"
        "one row per (order_id): proved: `deduplicate` keeps one row of each\n\n"
    )
    assert "\ncity      string         yes   phi    row\n" in text
    assert "\nkey(order_id)                          stop        proved    shop.yaml:13:10\n" in text
    assert main(["explain", "shop.yaml", "--stage", "lines_with_order"]) == 0
    assert "\nrest      decimal(22,2)  yes          row + row of `orders`, and repeats\n" in capsys.readouterr().out
    assert "\nthe SQL for duckdb:\n\nCREATE TABLE staging.orders__new AS\n" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shop.yaml", "--stage", "order"], "F117 no stage `order` in shop.yaml\nhelp: did you mean `orders`?"),
        (["shop.yaml"], "F117 what of the pipeline is meant is not told\nhelp: write --stage NAME for a stage"),
        (["orders"], "F117 no code `orders`\nhelp: codes are F and three digits: F301"),
        (["none.yaml", "--stage", "orders"], "none.yaml:1:1: F001 there is no file `none.yaml`"),
    ],
)
def test_what_cannot_be_explained_is_said(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *words]) == 2
    assert capsys.readouterr().err.startswith(said)
