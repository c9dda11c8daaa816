"""Whatever stages stand over each other, what is computed on the way comes out as if each were stored."""

import contextlib
import io
import json
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.cli import OK, main

EXAMPLES = max(1, settings.default.max_examples // 5) if settings.default else 20

lines = st.lists(
    st.tuples(
        st.sampled_from(["p", "q", "é", ""]),
        st.sampled_from(["1", "2", "3", ""]),
        st.sampled_from(["1.00", "-2.50", "0", "100", "x", ""]),
    ),
    max_size=8,
)
names = st.lists(
    st.tuples(st.sampled_from(["p", "q", "zz", ""]), st.sampled_from(["1", "2", ""]), st.sampled_from(["5", "-1", ""])),
    max_size=4,
    unique_by=lambda row: row[:2],
)
checks: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"checks": [{"range": {"column": "paid", "max": 50}, "on_fail": "warn"}]},
        {"checks": [{"expression": "n < 3", "where": "k is not null", "on_fail": "warn"}]},
        {"checks": [{"range": {"column": "paid", "min": 0}, "on_fail": "quarantine"}]},
        {"checks": [{"not_null": ["k"], "on_fail": "quarantine"}], "quarantine": {"with": ["n"]}},
        {"checks": [{"row_count": {"max": 1000}}]},
    ]
)
conditions: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {}, {"where": "paid > 0"}, {"where": "k is not null"}]
)
TOTAL = {"expr": "sum(paid)", "per": "row"}  # of what a join has multiplied each row is meant to count
missing = st.sampled_from(["keep", "quarantine"])


def _enriched(draw: st.DrawFn, before: str, index: int) -> dict[str, Any]:
    found = {f"fee{index}": "fee"}
    lookup = {"name": {"on": ["k", "n"], "take": found, "missing": draw(missing)}}
    computed = {f"more{index}": f"coalesce(paid, 0) + {index}"}
    return {"kind": "enrich", "from": before, "lookup": lookup, "columns": computed, **draw(checks)}


def _joined(draw: st.DrawFn, before: str, index: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["inner", "left", "semi", "anti"]))
    join: dict[str, Any] = {"type": kind, "on": ["k", "n"]}
    if kind in ("inner", "left"):
        kept = {"inner": "drop", "left": "keep"}[kind]
        join |= {"take": {f"fee{index}": "fee"}, "missing": draw(st.sampled_from([kept, "quarantine"]))}
    return {"kind": "assemble", "from": before, "join": {"name": join}, **draw(conditions), **draw(checks)}


def _multiplied(draw: st.DrawFn, before: str, index: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["inner", "left", "full"]))
    join = {"type": kind, "on": "n", "take": {f"k{index}": "k"}, "fan_out": True}
    key = {"key": ["id", "n", *(f"k{i}" for i in range(index + 1))]} if kind == "full" else {}  # of others it follows
    return {"kind": "assemble", "from": before, "join": {"name": join}, **key, **draw(conditions)}


@st.composite
def stages(draw: st.DrawFn) -> dict[str, Any]:
    """A chain of stages over lines and names, grouped and published at its end."""
    found: dict[str, Any] = {
        "line": {
            "kind": "normalize",
            "from": "raw_lines",
            "key": ["id"],
            "columns": {"id": None, "k": None, "n": None, "paid": None},
            **draw(conditions),
            **draw(checks),
        },
        "name": {
            "kind": "normalize",
            "from": "raw_names",
            "key": ["row"],
            "columns": {"row": None, "k": None, "n": None, "fee": None},
            "checks": [{"unique": ["k", "n"]}],
        },
    }
    before = "line"
    multiplied = draw(st.booleans())
    for index in range(draw(st.integers(1, 3))):
        made = _multiplied if multiplied and index == 0 else draw(st.sampled_from([_enriched, _joined]))
        found[f"stage{index}"] = made(draw, before, index)
        before = f"stage{index}"
    paid = draw(st.sampled_from([TOTAL, "max(paid)"]))
    group = {"kind": "aggregate", "from": before, "by": ["k"], "measures": {"paid": paid, "rows": "count(*)"}}
    having = {"having": "rows > 1"} if draw(st.booleans()) else {}
    found["per_k"] = {**group, **having, **draw(conditions)}
    before = "per_k"
    if draw(st.booleans()):
        before = "doubled"
        found["doubled"] = {"kind": "enrich", "from": "per_k", "columns": {"paid": "paid * 2"}}
    found["fact"] = {"kind": "publish", "from": before, "mode": draw(st.sampled_from(["upsert", "replace", "append"]))}
    return found


@settings(max_examples=EXAMPLES, deadline=None)
@given(stages(), lines, names)
def test_a_folded_stage_comes_out_as_if_it_were_stored(
    chain: dict[str, Any], lines: list[tuple[str, ...]], names: list[tuple[str, ...]]
) -> None:
    stored = {n: s if s["kind"] == "publish" else {**s, "materialized": "table"} for n, s in chain.items()}
    assert _came_out(chain, lines, names) == _came_out(stored, lines, names)


def _came_out(
    chain: Mapping[str, Any], lines: list[tuple[str, ...]], names: list[tuple[str, ...]]
) -> Mapping[str, Any]:
    """Rows, ledger lines and check results of a run, each stage by its name."""
    pipeline = {
        "pipeline": "folding",
        "balance": ["paid"],
        "sources": {
            "raw_lines": {
                "path": "lines.csv",
                "columns": {"id": "integer", "k": "string", "n": "integer", "paid": "decimal(9,2)"},
            },
            "raw_names": {
                "path": "names.csv",
                "columns": {"row": "integer", "k": "string", "n": "integer", "fee": "decimal(9,2)"},
            },
        },
        "stages": chain,
    }
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        _csv("lines.csv", ["id", "k", "n", "paid"], lines)
        _csv("names.csv", ["row", "k", "n", "fee"], names)
        Path("pipeline.yaml").write_text(json.dumps(pipeline))  # json is yaml
        Path("framework.yaml").write_text("targets: {dev: {warehouse: duckdb, database: dev.duckdb}}\n")
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = main(["run", "pipeline.yaml", "--output", "json", "--as-of", "2026-01-01"])
        assert code in (OK, 1), said.getvalue()
        results = json.loads(Path("target/run_results.json").read_text())
        return {
            "code": code,
            "ledger": {s["name"]: s["ledger"] and _account(s["ledger"]) for s in results["stages"]},
            "checks": sorted((c["relation"], c["name"], c["status"], c["failing"]) for c in results["checks"]),
            "rows": _rows([s["name"] for s in results["stages"]]) if code == OK else None,
        }


def _account(ledger: Mapping[str, Any]) -> Mapping[str, Any]:
    """A ledger line, its amounts as numbers: zero is written with and without digits behind the point."""
    money = {
        m["column"]: (m["came_in"] and Decimal(m["came_in"]), {b: Decimal(v) for b, v in m["buckets"].items()})
        for m in ledger["money"]
    }
    return {**ledger, "money": money}


def _csv(name: str, header: list[str], rows: list[tuple[str, ...]]) -> None:
    numbered = ([str(number), *row] for number, row in enumerate(rows))
    Path(name).write_text("".join(",".join(fields) + "\n" for fields in (header, *numbered)), encoding="utf-8")


def _rows(stages: list[str]) -> Mapping[str, Any]:
    with duckdb.connect("dev.duckdb") as connection:
        query = "SELECT table_name, table_schema FROM information_schema.tables"
        schemas = dict(connection.execute(query).fetchall())
        return {
            name: sorted(connection.execute(f'FROM "{schemas[name]}"."{name}"').fetchall(), key=repr) for name in stages
        }
