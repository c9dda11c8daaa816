"""Two targets beside each other: `framework diff` on real engines, and its answers held against a naive comparison."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import duckdb
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.cli import main
from framework.comparing import buckets, stages
from framework.comparing.rows import Row, alike, differences, document, double
from framework.comparing.side import Side
from framework.comparing.stages import Comparison, compare
from framework.compile.tables import Tables
from framework.load import load
from framework.plan import Plan
from framework.resolve import resolve
from framework.target import Target
from framework.warehouses.duckdb import Duckdb

PAIRS = [
    ("duckdb", "duckdb"),
    ("duckdb", "postgres"),
    pytest.param(("duckdb", "snowflake"), marks=pytest.mark.engines),
    pytest.param(("postgres", "spark"), marks=pytest.mark.engines),
]


@dataclass
class Two:
    """A project with the targets `one` and `other`."""

    root: Path
    capture: pytest.CaptureFixture[str]
    settings: dict[str, dict[str, str]]

    def write(self, name: str, *lines: str) -> None:
        (self.root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def run(self, target: str, pipeline: str = "pipeline.yaml") -> None:
        self.capture.readouterr()
        assert main(["run", pipeline, "--target", target]) == 0, "".join(self.capture.readouterr())

    def diff(self, *words: str) -> tuple[int, str]:
        self.capture.readouterr()
        code = main(["diff", "pipeline.yaml", "--target", "one", "--target", "other", *words])
        said = self.capture.readouterr()
        return code, said.out + said.err

    def found(self, *words: str) -> tuple[int, list[dict[str, Any]]]:
        code, said = self.diff(*words, "--output", "json")
        return code, json.loads(said)["stages"]

    def execute(self, target: str, statement: str) -> None:
        """Changes a target of DuckDB or Postgres behind the framework's back."""
        known = self.settings[target]
        if known["warehouse"] == "duckdb":
            with duckdb.connect(self.root / known["database"]) as connection:
                connection.execute(statement)
            return
        with psycopg.connect(known["url"].replace("+psycopg", ""), autocommit=True) as postgres:
            postgres.execute(statement.encode())


def two(
    request: pytest.FixtureRequest, warehouses: Sequence[str], root: Path, capture: pytest.CaptureFixture[str]
) -> Two:
    def target(name: str, warehouse: str) -> dict[str, str]:
        if warehouse == "duckdb":
            return {"warehouse": "duckdb", "database": f"{name}.duckdb"}
        if warehouse == "postgres":
            return {"warehouse": "postgres", "url": str(request.getfixturevalue("postgres_database"))}
        found: dict[str, str] = request.getfixturevalue(f"{warehouse}_target")
        return found

    targets = {name: target(name, w) for name, w in zip(("one", "other"), warehouses, strict=True)}
    made = Two(root, capture, targets)
    # JSON is YAML.
    made.write("framework.yaml", json.dumps({"project": "test", "default_target": "one", "targets": targets}))
    return made


@pytest.fixture(params=PAIRS, ids=lambda pair: "-".join(pair))
def pair(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Two:
    monkeypatch.chdir(tmp_path)
    return two(request, request.param, tmp_path, capsys)


@pytest.fixture
def duckdbs(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Two:
    """For what does not depend on the warehouse."""
    monkeypatch.chdir(tmp_path)
    return two(request, ("duckdb", "duckdb"), tmp_path, capsys)


# -- every type, every pair of warehouses

TYPED = """
pipeline: typed
sources:
  raw:
    path: raw.csv
    columns: {id: integer, name: string, amount: "decimal(18,2)", share: "decimal(4,4)", rate: double, day: date,
              moment: timestamp, ok: boolean, doc: json}
stages:
  rows:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: , name: , amount: , share: , rate: , day: , moment: , ok: , doc: }
  fct: {kind: publish, from: rows, mode: upsert}
  list: {kind: publish, from: rows, mode: replace, columns: {name: , amount: , rate: , doc: }}
"""
HEADER = "id,name,amount,share,rate,day,moment,ok,doc"
LINES = (
    'k1,"a, b",1.50,0.5000,0.3,2024-01-02,2024-01-02 03:04:05.678901,true,"{""a"": 1, ""b"": [1, null]}"',
    "k2,secret-two,-0.01,0.0001,1e20,1999-12-31,1999-12-31 23:59:59,false,",
    "k3,,,,,,,,",
    'k4,Zoë|x,12345678901234.56,-0.9999,-1e-7,2024-02-29,2024-02-29 00:00:00,,"[]"',
    'k5,secret-five,5,0,0.1,2024-01-01,2024-01-01 00:00:00,true,"{}"',
)
CHANGED = (
    # Another last digit of a double, and another way to write a document, are no differences.
    'k1,"a, b",1.50,0.5000,0.30000000000000004,2024-01-02,2024-01-02 03:04:05.678901,true,"{""b"":[1,null],""a"":1}"',
    "k2,secret-two,-0.02,0.0001,1.00001e20,1999-12-31,1999-12-31 23:59:58,false,",
    "k3,,,,,,,false,",
    'k6,secret-six,5,0,0.1,2024-01-01,2024-01-01 00:00:00,true,"{}"',
    'k4,Zoë|x,12345678901234.56,-0.9999,-1e-7,2024-02-29,2024-02-29 00:00:00,,"[0]"',
)


# What a stand-in writes as text otherwise than the warehouse that it stands for.
UNLIKE = {"snowflake": ("share", "moment")}


def lines(rows: Sequence[str]) -> list[str]:
    return [HEADER, *(row.removeprefix("k") for row in rows)]


def test_every_type_on_every_pair_of_warehouses(pair: Two) -> None:
    left_out = UNLIKE.get(pair.settings["other"]["warehouse"], ())
    excepted = [word for column in left_out for word in ("--except", column)]
    pair.write("pipeline.yaml", TYPED)
    pair.write("raw.csv", *lines(LINES))
    pair.run("one")
    pair.write("raw.csv", *lines(tuple(reversed(LINES))))
    pair.run("other")
    code, found = pair.found("rows", "fct", "list", *excepted)
    assert (code, [s["equal"] for s in found]) == (0, [True] * 3)
    assert found[1]["rows"] == {"one": 5, "other": 5}

    pair.write("raw.csv", *lines(CHANGED))
    pair.run("other")
    code, found = pair.found("rows", *excepted)
    columns = {"amount": 1, "rate": 1, "moment": 1, "ok": 1, "doc": 1}
    assert code == 1
    assert found[0] == {
        "stage": "rows",
        "equal": False,
        "stands": {"one": True, "other": True},
        "key": ["id"],
        "rows": {"one": 5, "other": 5},
        "only": {"one": 1, "other": 1},
        "differing": 3,
        "columns": {name: rows for name, rows in columns.items() if name not in left_out},
        "columns_only": {"one": [], "other": []},
        "not_compared": [],
    }
    code, found = pair.found("rows", *excepted, *(word for c in columns for word in ("--except", c)))
    assert (code, found[0]["only"], found[0]["differing"]) == (1, {"one": 1, "other": 1}, 0)
    code, found = pair.found("list")
    assert (code, found[0]["key"], found[0]["only"]) == (1, None, {"one": 3, "other": 3})


@pytest.mark.parametrize("pair", PAIRS[:2], indirect=True, ids="-".join)
def test_values_are_printed_where_they_are_asked_for(pair: Two) -> None:
    pair.write("pipeline.yaml", TYPED)
    pair.write("raw.csv", *lines(LINES))
    pair.run("one")
    pair.write("raw.csv", *lines(CHANGED))
    pair.run("other")
    _, said = pair.diff("rows", "list")
    _, data = pair.diff("rows", "list", "--output", "json")
    for value in ("secret", "0.01", "0.02", "k2", "1999"):
        assert value not in said + data
    _, found = pair.found("rows", "--show-values")
    shown = found[0]["differences"]
    assert sum(d["rows"] for d in shown) == 5
    two = next(d for d in shown if "amount" in d["columns"])
    assert two["columns"] == ["amount", "rate", "moment"]
    assert {name: (int(row["id"]), Decimal(row["amount"])) for name, row in two["values"].items()} == {
        "one": (2, Decimal("-0.01")),
        "other": (2, Decimal("-0.02")),
    }
    assert [list(d["values"]) for d in shown if not d["columns"] and d["values"].get("one")] == [["one"]]
    code, said = pair.diff("rows", "--show-values", "--limit", "2")
    assert code == 1
    assert "  2 of 5:\n" in said
    assert said.count("\n  in both: ") + said.count("\n  only in one: ") + said.count("\n  only in other: ") == 2


@pytest.mark.parametrize("pair", PAIRS[:2], indirect=True, ids="-".join)
def test_of_tables_that_are_equal_no_row_travels(pair: Two) -> None:
    pair.write("pipeline.yaml", TYPED)
    pair.write("raw.csv", *lines(LINES), "7,x,1,0,1,2024-01-01,2024-01-01 00:00:00,true,", "8,x,1,0,-0.0,,,,")
    pair.run("one")
    pair.run("other")
    with patch.object(Side, "stream", side_effect=AssertionError("rows are asked for")):
        code, found = pair.found("fct", "list")
    assert (code, [s["rows"] for s in found]) == (0, [{"one": 7, "other": 7}] * 2)


# -- what the tables are

SIMPLE = """
pipeline: simple
sources:
  raw: {path: raw.csv, columns: {id: string, name: string, paid: integer}}
stages:
  rows: {kind: normalize, from: raw, key: [id], columns: {id: , name: , paid: }}
  seen: {kind: normalize, from: rows, key: [id], materialized: view, columns: {id: , twice: paid * 2}}
  dim:
    {kind: publish, from: rows, mode: history, key: [id], surrogate_key: dim_key}
  fct: {kind: publish, from: rows, mode: upsert}
"""


def simple(pair: Two, target: str, *rows: str) -> None:
    pair.write("pipeline.yaml", SIMPLE)
    pair.write("raw.csv", "id,name,paid", *rows)
    pair.run(target)


def test_history_differs_by_the_clock_of_the_runs(duckdbs: Two) -> None:
    for target in ("one", "other"):
        duckdbs.write("pipeline.yaml", SIMPLE)
        duckdbs.write("raw.csv", "id,name,paid", "1,a,2", "2,b,3")
        clock = "2024-01-01" if target == "one" else "2024-01-02"
        assert main(["run", "pipeline.yaml", "--target", target, "--as-of", clock]) == 0
    code, found = duckdbs.found("dim")
    assert (code, found[0]["key"], found[0]["only"]) == (1, ["id", "valid_from"], {"one": 2, "other": 2})
    words = [w for c in ("valid_from", "Dim_Key") for w in ("--except", c)]
    code, found = duckdbs.found("dim", *words)
    assert (code, found[0]["equal"], found[0]["key"]) == (0, True, None)


def test_a_view_is_compared_as_a_table_is(pair: Two) -> None:
    simple(pair, "one", "1,a,2", "2,b,3")
    simple(pair, "other", "1,a,2", "2,b,4")
    code, found = pair.found("seen")
    assert (code, found[0]["columns"]) == (1, {"twice": 1})


def test_without_a_stage_all_published_ones_are_compared(duckdbs: Two) -> None:
    simple(duckdbs, "one", "1,a,2")
    code, said = duckdbs.diff()
    assert code == 1
    assert said.count("does not stand in other") == 2
    code, found = duckdbs.found()
    assert (code, [(s["stage"], s["stands"], s["rows"]) for s in found]) == (
        1,
        [(name, {"one": True, "other": False}, None) for name in ("dim", "fct")],
    )
    simple(duckdbs, "other", "1,a,2")
    code, said = duckdbs.diff("rows", "fct")
    assert (code, said.count("equal")) == (0, 2)


@pytest.mark.parametrize("pair", PAIRS[:2], indirect=True, ids="-".join)  # whose tables plain drivers change
def test_columns_that_one_table_has(pair: Two) -> None:
    simple(pair, "one", "1,a,2")
    simple(pair, "other", "1,a,2")
    for statement in ('ALTER TABLE marts.fct ADD COLUMN "od\'d ""x" INTEGER', "ALTER TABLE marts.fct DROP COLUMN paid"):
        pair.execute("other", statement)
    for target in ("one", "other"):
        pair.execute(target, "ALTER TABLE marts.fct ADD COLUMN more INTEGER")
    code, found = pair.found("fct")
    assert code == 1
    assert found[0]["columns_only"] == {"one": ["paid"], "other": ["od'd \"x"]}
    assert (found[0]["not_compared"], found[0]["differing"]) == (["more"], 0)
    _, said = pair.diff("fct")
    assert "only in one: the column paid" in said
    pair.execute("other", "ALTER TABLE marts.fct DROP COLUMN id")
    code, found = pair.found("fct")
    assert (found[0]["key"], found[0]["only"]) == (None, {"one": 0, "other": 0})


ODD = """
pipeline: odd
sources:
  raw: {path: raw.csv, columns: {"order": string, "a b": string, "{name}": string}}
stages:
  odd: {kind: publish, from: raw, mode: upsert, key: ["order"]}
"""


def test_names_with_odd_characters(pair: Two) -> None:
    # The stand-in for Snowflake loads no column whose name has a percent sign, or a letter beyond ASCII.
    name = "x-y" if pair.settings["other"]["warehouse"] == "snowflake" else "Straße 5%"
    pair.write("pipeline.yaml", ODD.replace("{name}", name))
    for target, value in (("one", "x"), ("other", "y")):
        pair.write("raw.csv", f"order,a b,{name}", f"1,2,{value}")
        pair.run(target)
    code, found = pair.found("odd", "--show-values")
    assert (code, found[0]["columns"]) == (1, {name: 1})
    assert found[0]["differences"][0]["values"]["other"] == {"order": "1", "a b": "2", name: "y"}


# -- usage

WRONG: list[tuple[list[str], int, str]] = [
    (["--target", "one"], 2, "F192 diff compares two targets, and 1 is given"),
    ([], 2, "F192 diff compares two targets, and none are given"),
    (["--target", "one", "--target", "one"], 2, "F192 the target `one` is given twice"),
    (["--target", "one", "--target", "alias"], 2, "F192 the targets `one` and `alias` are one database"),
    (["--target", "one", "--target", "none"], 2, "F107 no target `none`"),
    (["--target", "one", "--target", "other", "fct", "facts"], 2, "F113 no stage `facts`"),
    (["--target", "one", "--target", "other", "--except", "nmae"], 2, "did you mean `name`"),
    (["--target", "one", "--target", "other", "--limit", "0"], 2, "a whole number from 1"),
    (["--target", "one", "--target", "far"], 4, "server"),
    (["--target", "one", "--target", "unset"], 4, "NO_SUCH_VARIABLE"),
]


@pytest.mark.parametrize(("words", "code", "said"), WRONG, ids=[" ".join(words) for words, *_ in WRONG])
def test_what_is_asked_wrongly(duckdbs: Two, words: list[str], code: int, said: str) -> None:
    simple(duckdbs, "one", "1,a,2")
    far = {"warehouse": "postgres", "url": "postgresql://nobody@127.0.0.1:1/none"}
    unset = {"warehouse": "postgres", "url": "${NO_SUCH_VARIABLE}"}
    targets = {**duckdbs.settings, "alias": duckdbs.settings["one"], "far": far, "unset": unset}
    duckdbs.write("framework.yaml", json.dumps({"default_target": "one", "targets": targets}))
    duckdbs.capture.readouterr()
    assert main(["diff", "pipeline.yaml", *words]) == code
    printed = duckdbs.capture.readouterr()
    assert said in printed.out + printed.err


# -- against a naive comparison

MADE = """
pipeline: made
sources:
  raw:
    table: main.raw
    columns: {k: integer, l: string, name: string, amount: "decimal(9,2)", rate: double, part: double, day: date,
              doc: json}
stages:
  keyed: {kind: publish, from: raw, mode: upsert, key: [k, l]}
  whole: {kind: publish, from: raw, mode: replace}
"""
COLUMNS = ("k", "l", "name", "amount", "rate", "part", "day", "doc")
TYPES = ("BIGINT", "VARCHAR", "VARCHAR", "DECIMAL(9, 2)", "DOUBLE", "DOUBLE", "DATE", "JSON")
DOUBLES = st.sampled_from([None, 0.0, 0.3, 0.1 + 0.2, 1e20, 1e20 + 16384, -5.5, float("inf"), float("nan")])
ROWS = st.tuples(
    st.sampled_from([None, *range(12)]),
    st.sampled_from([None, "", "a|b", "-"]),
    st.sampled_from([None, "", "x", "1:x", "é\u0301", "😀"]),
    st.sampled_from([None, Decimal("0.00"), Decimal("-1.50"), Decimal("1234567.89")]),
    DOUBLES,
    DOUBLES,
    st.sampled_from([None, date(1, 1, 1), date(2024, 2, 29)]),
    st.sampled_from([None, "null", "{}", '{"a": 1, "b": 2}', '{"b":2,"a":1.0}', "[true]", "[1]"]),
)
TABLES = st.lists(ROWS, max_size=30)


@lru_cache
def made() -> Plan:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.yaml"
        path.write_text(MADE, encoding="utf-8")
        return resolve(load(path))


def answer(stage: str, tables: Sequence[Sequence[tuple[Any, ...]]], limit: int = 0) -> Comparison:
    """What is said of a stage that has these rows in two DuckDBs."""
    with ExitStack() as stack:
        sides = []
        for name, rows in zip(("one", "other"), tables, strict=True):
            warehouse = Duckdb()
            engine = warehouse.connect({}, Path())
            stack.callback(engine.dispose)
            connection = stack.enter_context(engine.connect())
            connection.exec_driver_sql("CREATE SCHEMA marts")
            listed = ", ".join(f"{c} {t}" for c, t in zip(COLUMNS, TYPES, strict=True))
            connection.exec_driver_sql(f"CREATE TABLE marts.{stage} ({listed})")
            insert = sa.text(f"INSERT INTO marts.{stage} VALUES ({', '.join(f':{c}' for c in COLUMNS)})")
            if rows:
                connection.execute(insert, [dict(zip(COLUMNS, row, strict=True)) for row in rows])
            sides.append(Side(Target(name, name, warehouse, engine), connection, Tables(made())))
        return compare(made().stage(stage), sides[0], sides[1], frozenset(), limit)


def same(one: Sequence[Any], other: Sequence[Any]) -> list[bool]:
    """Value by value, as a person would do it."""
    one, other = ([*row[:4], *map(double, row[4:6]), row[6], document(row[7])] for row in (one, other))
    return [alike(a, b) for a, b in zip(one, other, strict=True)]


def unmatched(left: Sequence[tuple[Any, ...]], right: Sequence[tuple[Any, ...]]) -> tuple[int, int]:
    """How many rows of each side have no equal one of the other for themselves."""
    rest, only = list(right), 0
    for row in left:
        found = next((i for i, other in enumerate(rest) if all(same(row, other))), None)
        if found is None:
            only += 1
        else:
            del rest[found]
    return only, len(rest)


@pytest.fixture(params=[{}, {"_ROWS": 1, "_BATCH": 3, "_LISTED": 1, "_RANGES": 1}], ids=["few", "many"])
def cut(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tables in one bucket, and cut as those of millions of rows are."""
    with ExitStack() as stack:
        for name, value in request.param.items():
            stack.enter_context(patch.object(buckets, name, value))
        if request.param:
            stack.enter_context(patch.object(stages, "_MANY", 1))
            stack.enter_context(patch.object(stages, "_SOME", 1))
        yield


@pytest.mark.usefixtures("cut")
@settings(deadline=None, max_examples=25)
@given(tables=st.tuples(TABLES, TABLES), copied=st.booleans(), shared=TABLES)
def test_a_keyed_stage_says_what_a_naive_comparison_says(
    tables: tuple[list[Any], list[Any]], copied: bool, shared: list[Any]
) -> None:
    left, right = ({row[:2]: row for row in [*shared, *table]} for table in tables)
    if copied:  # rows that differ in little
        right |= {key: (*key, *row[2:]) if key not in right else right[key] for key, row in left.items()}
    found = answer("keyed", (list(left.values()), list(right.values())))
    both = left.keys() & right.keys()
    unlike = [same(left[key], right[key]) for key in both]
    columns = Counter(name for row in unlike for name, equal in zip(COLUMNS, row, strict=True) if not equal)
    assert found.rows == (len(left), len(right))
    assert found.only == (len(left) - len(both), len(right) - len(both))
    assert found.differing == sum(not all(row) for row in unlike)
    assert found.columns == columns
    assert found.equal == (not any(found.only) and not columns)


@pytest.mark.usefixtures("cut")
@settings(deadline=None, max_examples=25)
@given(tables=st.tuples(TABLES, TABLES), shared=TABLES)
def test_a_stage_without_a_key_says_what_a_naive_comparison_says(
    tables: tuple[list[Any], list[Any]], shared: list[Any]
) -> None:
    left, right = ([*shared, *table] for table in tables)
    found = answer("whole", (left, right[::-1]))
    assert (found.key, found.differing, found.columns) == (None, 0, {})
    assert found.only == unmatched(left, right)


def test_a_key_that_is_there_twice() -> None:
    def row(name: str, amount: int) -> tuple[Any, ...]:
        return 1, "a", name, Decimal(amount), 0.5, None, None, None

    left, right = [row("x", 1), row("y", 2), row("z", 3)], [row("x", 2), row("y", 1)]
    assert answer("keyed", (left, left[::-1])).equal
    for changes in ({}, {"_MANY": 1}):
        with ExitStack() as stack:
            for name, value in changes.items():
                stack.enter_context(patch.object(stages, name, value))
            found = answer("keyed", (left, right))
            assert (found.only, found.differing) == ((1, 0), 2)
            found = answer("keyed", (left[:2], right))
            assert (found.only, found.differing, found.equal) == ((0, 0), 2, False)


def test_columns_that_few_buckets_do_not_show_are_found() -> None:
    left = [(i, None, "x", Decimal(1), 0.5, None, None, None) for i in range(200)]
    right = [(i, None, "x" if i else "y", Decimal(2), 0.5, None, None, None) for i in range(200)]
    with patch.object(stages, "_MANY", 1), patch.object(stages, "_SOME", 1), patch.object(buckets, "_ROWS", 1):
        for rows in (right, right[::-1]):
            found = answer("keyed", (left, rows))
            assert found.columns == {"name": 1, "amount": 200}


def test_many_rows_whose_doubles_are_nearly_equal() -> None:
    def rows(shift: float) -> Iterator[Row]:
        return (Row("k", 1, (float(i) * (1 + shift), None)) for i in range(20_000))

    assert not list(differences(rows(0), rows(1e-12), keyed=False))
    found = list(differences(rows(0), rows(1e-6), keyed=False))
    assert Counter(d.kind for d in found) == {"left": 19_999, "right": 19_999}


def test_rows_out_of_order_are_a_fault() -> None:
    with pytest.raises(RuntimeError, match="order"):
        list(differences([Row("b", 1, ()), Row("a", 1, ())], [], keyed=True))


NAMES = st.integers(0, 4095).map(lambda n: f"{n:03x}")


@given(wanted=st.sets(NAMES, max_size=300), barred=st.sets(NAMES, max_size=20))
def test_ranges_have_what_is_wanted_and_nothing_that_is_barred(wanted: set[str], barred: set[str]) -> None:
    barred = barred - wanted
    found = buckets.ranges(wanted, barred)
    for bucket in wanted | barred:
        assert sum(a <= bucket <= b for a, b in found) == (bucket in wanted)
    assert buckets.fit(found) or len(found) <= 16 + len(barred)
