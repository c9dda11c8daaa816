"""`framework sources`: what it says of real files and tables, and what it writes of them."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from framework.cli import main
from framework.yaml_source import parse
from integration.project import REPOSITORY, Project

STAGES = "stages:\n  s: {kind: normalize, from: a, key: [id], columns: {id: }}\n  p: {kind: publish, from: s}\n"


def pipeline(project: Project, source: str, stages: str = STAGES) -> Path:
    return project.write("x.yaml", f"pipeline: x\nsources:\n  a: {source}\n{stages}")


def looked(project: Project, *options: str, code: int = 0) -> dict[str, Any]:
    """What the command says as JSON, and what it ends with."""
    project.capture.readouterr()
    ended = main(["sources", "x.yaml", "--output", "json", *options])
    said = project.capture.readouterr()
    assert ended == code, said.out + said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def source(project: Project, *options: str, code: int = 0) -> Mapping[str, Any]:
    found: Mapping[str, Any] = looked(project, *options, code=code)["sources"][0]
    return found


def types(found: Mapping[str, Any]) -> dict[str, str]:
    return {c["name"]: c["found"] if c["state"] != "left out" else "left out" for c in found["columns"]}


def states(found: Mapping[str, Any]) -> dict[str, str]:
    return {c["name"]: c["state"] for c in found["columns"]}


# -- text: each column by its values

TEXTS = {
    "numbers": (["1", "-20", " 3 ", "0"], "integer"),
    "the widest numbers": (["9223372036854775807", "-9223372036854775808"], "integer"),
    "numbers past 64 bits": (["9223372036854775808", "1"], "string"),
    "a leading zero": (["1", "01"], "string"),
    "a leading zero before a point": (["1.5", "01.5"], "string"),
    "a plus": (["+49", "1"], "string"),
    "an exponent": (["1e5", "1"], "string"),
    "thousands": (["1,000", "1"], "string"),
    "amounts": (["1.5", "-0.25", "7"], "decimal(18,2)"),
    "a point and nothing before it": ([".5", "-.1234567", " .25 "], "decimal(18,7)"),
    "many digits and none before them": ([".1234567890", "2"], "decimal(38,10)"),
    "a point and nothing behind it": (["1.", "2"], "decimal(18,2)"),
    "small fractions": (["0.00001", "2"], "decimal(18,5)"),
    "a place on the globe": (["-71.058880123456789", "42.36"], "decimal(38,15)"),
    "much on both sides": (["12345678901234567.1", "0.123456789012345678"], "decimal(38,18)"),
    "too much on both sides": (["123456789012345678901234567.5", "0.123456789012345678"], "string"),
    "days": (["2024-02-29", "1999-12-31"], "date"),
    "a day that is none": (["2024-02-30", "1999-12-31"], "string"),
    "days of another country": (["31.12.1999", "1.1.2000"], "string"),
    "moments": (["2024-01-01T10:00:00Z", "2024-01-01 10:00:00.5"], "timestamp"),
    "days and moments": (["2024-01-01", "2024-01-01T10:00:00+02:00"], "timestamp"),
    "truth": (["true", "FALSE"], "boolean"),
    "truth of another kind": (["yes", "no"], "string"),
    "nothing": (["", ""], "string"),
    "blanks": (["   ", "1"], "string"),
    "mixed": (["1", "2024-01-01"], "string"),
}


def test_the_type_of_a_column_is_one_that_all_its_values_fit(duckdb_project: Project) -> None:
    """And the strict conversions of a run agree: none of the values is unreadable."""
    rows = max(len(values) for values, _ in TEXTS.values())
    columns = [values + [""] * (rows - len(values)) for values, _ in TEXTS.values()]
    lines = [",".join([f"r{i}", *(f'"{v}"' for v in row)]) for i, row in enumerate(zip(*columns, strict=True))]
    duckdb_project.csv("x.csv", ",".join(["id", *TEXTS]), *lines)
    pipeline(duckdb_project, "{path: x.csv}")
    found = source(duckdb_project)
    assert types(found) == {"id": "string", **{name: type_ for name, (_, type_) in TEXTS.items()}}
    assert (found["files"], found["rows"], found["malformed"]) == (1, rows, 0)
    assert looked(duckdb_project, "--write")["written"] == ["a"]
    assert duckdb_project.good("x.yaml").results["sources"][0]["ledger"]["memos"] == {}


def test_json_has_types_of_its_own(duckdb_project: Project) -> None:
    objects: list[dict[str, Any]] = [
        {
            "id": 1,
            "amount": 1.5,
            "code": "12",
            "day": "2024-01-01",
            "on": True,
            "of": {"a": 1},
            "tiny": 1e-9,
            "n": None,
        },
        {"id": 2, "amount": 2, "code": "x", "day": "2024-01-02T10:00:00", "of": [1], "tiny": 1, "late": 1},
    ]
    duckdb_project.write("x.jsonl", "\n".join(["nonsense", *map(json.dumps, objects), "[1]"]))
    pipeline(duckdb_project, "{path: x.jsonl}")
    found = source(duckdb_project)
    expected = {"id": "integer", "amount": "decimal(18,2)", "code": "string", "day": "timestamp", "on": "boolean"}
    assert types(found) == {**expected, "of": "json", "tiny": "double", "n": "string", "late": "integer"}
    assert (found["rows"], found["malformed"]) == (2, 2)
    looked(duckdb_project, "--write")
    duckdb_project.good("x.yaml")


def test_a_key_that_comes_late_is_there(duckdb_project: Project) -> None:
    """DuckDB would look at the first 20,480 lines."""
    lines = '{"id": 1}\n' * 21_000 + '{"id": 2, "late": true}\n'
    duckdb_project.write("x.jsonl", lines)
    pipeline(duckdb_project, "{path: x.jsonl, columns: {id: integer, late: boolean}}")
    assert states(source(duckdb_project)) == {"id": "same", "late": "same"}


def test_a_key_that_is_written_in_two_ways_is_one_column(duckdb_project: Project) -> None:
    lines = ('{"id": 1, "amount": 1.5}', '{"ID": 2, "Amount": null}', '{"id": 3, "AMOUNT": "x"}', '{"id": 4, "ID": 5}')
    duckdb_project.write("x.jsonl", "\n".join((*lines, "null")))
    pipeline(duckdb_project, "{path: x.jsonl}")
    found = source(duckdb_project)
    assert types(found) == {"id": "integer", "amount": "string"}
    assert (found["rows"], found["malformed"], found["columns"][1]["filled"]) == (3, 2, 2)


# -- files of any kind


def test_all_files_of_a_glob_are_looked_at(duckdb_project: Project) -> None:
    duckdb_project.csv("in/1.csv", "id,amount,only", "1,2,3")
    duckdb_project.csv("in/2.csv", "Amount,ID", "2.5,x")
    pipeline(duckdb_project, "{path: in/*.csv}")
    found = source(duckdb_project)
    assert types(found) == {"id": "string", "amount": "decimal(18,2)", "only": "left out"}
    assert [c["note"] for c in found["columns"]] == ["", "", "in 1 of 2 files"]
    pipeline(duckdb_project, "{path: in/*.csv, columns: {id: string, only: integer}}")
    assert states(source(duckdb_project, code=1)) == {"id": "same", "only": "missing", "amount": "extra"}
    assert duckdb_project.run("x.yaml").code == 1


def test_files_whose_columns_have_types(duckdb_project: Project) -> None:
    for number, select in enumerate(
        (
            "1::INTEGER AS id, 2.5::DECIMAL(9,2) AS amount, 'x' AS mixed, [1] AS list, TIMESTAMPTZ '2024-01-01' AS at",
            "2::BIGINT AS id, 2.5::DECIMAL(12,4) AS amount, 1 AS mixed, [1] AS list, TIMESTAMPTZ '2024-01-01' AS at",
        )
    ):
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT {select}) TO '{duckdb_project.root / f'x{number}.parquet'}'")
    pipeline(duckdb_project, "{path: x*.parquet}")
    found = source(duckdb_project)
    expected = {"id": "integer", "amount": "decimal(12,4)", "mixed": "left out", "list": "left out", "at": "timestamp"}
    assert types(found) == expected
    looked(duckdb_project, "--write")
    text = (duckdb_project.root / "x.yaml").read_text(encoding="utf-8")
    assert 'columns: {id: integer, amount: "decimal(12,4)", at: timestamp}}\n' in text
    duckdb_project.good("x.yaml")
    pipeline(duckdb_project, '{path: x*.parquet, columns: {id: string, amount: "decimal(9,2)"}}')
    found = source(duckdb_project, code=1)
    assert [(c["name"], c["state"]) for c in found["columns"]][:2] == [("id", "retyped"), ("amount", "retyped")]
    assert found["columns"][0]["found"] == "INTEGER or BIGINT"
    assert duckdb_project.run("x.yaml").code == 1


def test_a_file_is_read_as_the_pipeline_says_it_is_written(duckdb_project: Project) -> None:
    (duckdb_project.root / "x.csv").write_bytes("id;name;n\r\n1;'J;osé';NA\r\n2;b\r\n".encode("utf-16"))
    pipeline(duckdb_project, "{path: x.csv, csv: {encoding: utf-16, delimiter: ';', quote: \"'\", null: NA}}")
    found = source(duckdb_project)
    assert types(found) == {"id": "integer", "name": "string", "n": "string"}
    assert (found["rows"], found["malformed"], found["columns"][2]["filled"]) == (1, 1, 0)


@pytest.mark.parametrize("more", ["csv: {header: false}", "csv: {header: false}, extra_columns: error"])
def test_columns_without_names_get_some(duckdb_project: Project, more: str) -> None:
    """Such a source cannot even be loaded before it has columns: the command is how it gets them."""
    duckdb_project.write("x.csv", "1,2024-01-01,x\n2,2024-01-02,y\n")
    stages = STAGES.replace("[id]", "[column1]").replace("{id: }", "{column1: }")
    pipeline(duckdb_project, f"{{path: x.csv, {more}}}", stages)
    assert types(source(duckdb_project)) == {"column1": "integer", "column2": "date", "column3": "string"}
    assert looked(duckdb_project, "--write")["written"] == ["a"]
    duckdb_project.good("x.yaml")


@pytest.mark.parametrize(
    ("name", "text", "code", "said"),
    [
        ("x.csv", "", 4, "F502"),
        ("x.jsonl", "", 4, "F502"),
        ("x.csv", "id,ID\n1,2\n", 1, "F504"),
        ("x.parquet", "no parquet", 4, "F502"),
    ],
)
def test_a_file_that_cannot_be_looked_at(duckdb_project: Project, name: str, text: str, code: int, said: str) -> None:
    duckdb_project.write(name, text)
    path = pipeline(duckdb_project, f"{{path: {name}}}")
    before = path.read_bytes()
    found = source(duckdb_project, "--write", code=code)
    assert found["problem"]["code"] == said
    assert path.read_bytes() == before


def test_a_file_without_rows_has_columns(duckdb_project: Project) -> None:
    duckdb_project.write("x.csv", "id,amount")
    pipeline(duckdb_project, "{path: x.csv}")
    found = source(duckdb_project)
    assert (types(found), found["rows"]) == ({"id": "string", "amount": "string"}, 0)


# -- contracts

CONTRACT = '{path: x.csv, columns: {id: integer, amount: "decimal(18,2)", day: date, gone: string}EXTRA}'


@pytest.mark.parametrize(("extra", "broken"), [("", "1 missing"), (", extra_columns: error", "1 missing, 1 extra")])
def test_a_contract_is_held_against_the_file(duckdb_project: Project, extra: str, broken: str) -> None:
    duckdb_project.csv("x.csv", "more,day,Amount,id", "x,2024-01-01,1.255,1", "y,2024-13-01,,2", "z,never,1,3")
    path = pipeline(duckdb_project, CONTRACT.replace("EXTRA", extra))
    before = path.read_bytes()
    found = source(duckdb_project, "--write", code=1)
    expected = {"id": "same", "amount": "unreadable", "day": "unreadable", "gone": "missing", "more": "extra"}
    assert states(found) == expected
    assert [(c["unreadable"], c["filled"]) for c in found["columns"]][:3] == [(0, 3), (1, 2), (2, 3)]
    assert found["broken"] == broken
    assert path.read_bytes() == before


def test_values_that_cannot_be_read_are_no_broken_contract(duckdb_project: Project) -> None:
    """As in a run, which quarantines their rows and ends well."""
    duckdb_project.csv("x.csv", "id,day", "1,2024-01-01", "2,never")
    stages = STAGES.replace("{id: }", "{id: , day: }")
    pipeline(duckdb_project, "{path: x.csv, columns: {id: integer, day: date}}", stages)
    assert states(source(duckdb_project)) == {"id": "same", "day": "unreadable"}
    assert duckdb_project.good("x.yaml").results["sources"][0]["ledger"]["memos"] == {"unreadable": 1}


# -- tables


def test_a_table(project: Project) -> None:
    project.execute("CREATE SCHEMA feed")
    project.execute(
        "CREATE TABLE feed.lines (id varchar(20), n integer, big bigint, amount numeric(12,2), d date, seen timestamp,"
        ' ok boolean, x double precision, doc json, span interval, "Member ID" text, _own integer)'
    )
    pipeline(project, "{table: feed.lines}")
    expected = {"id": "string", "n": "integer", "big": "integer", "amount": "decimal(12,2)", "d": "date"}
    expected |= {"seen": "timestamp", "ok": "boolean", "x": "double", "doc": "json", "span": "left out"}
    found = source(project)
    assert types(found) == {**expected, "Member ID": "string", "_own": "left out"}
    assert (found["files"], found["rows"], found["columns"][9]["found"].lower()) == (None, None, "interval")
    assert looked(project, "--write")["written"] == ["a"]
    again = source(project, "--write")
    assert {c["state"] for c in again["columns"]} == {"same", "extra"}
    project.good("x.yaml")
    pipeline(
        project, '{table: "${NO_SCHEMA:-feed}.lines", columns: {id: integer, amount: "decimal(18,2)", gone: date}}'
    )
    found = source(project, code=1)
    assert {name: state for name, state in states(found).items() if state != "extra"} == {
        "id": "retyped",
        "amount": "same",
        "gone": "missing",
    }
    assert (found["status"], found["broken"]) == ("broken", "1 missing, 1 retyped")
    assert project.run("x.yaml").code == 1


def test_a_table_without_a_schema_is_looked_for_where_the_session_looks(project: Project) -> None:
    project.execute("CREATE TABLE lines (id text)")
    pipeline(project, "{table: lines}")
    assert types(source(project)) == {"id": "string"}


def test_a_table_that_is_not_there_does_not_hide_the_others(project: Project) -> None:
    project.csv("x.csv", "id", "1")
    sources = "{table: feed.gone}\n  b: {path: x.csv}\n  c: {path: gone.csv}"
    pipeline(project, sources, STAGES.replace("from: a", "from: b"))
    found = looked(project, "--write", code=4)
    assert [s["status"] for s in found["sources"]] == ["refused", "open", "refused"]
    assert found["written"] == ["b"]


def test_decimals_without_digits_are_measured(postgres_project: Project) -> None:
    project = postgres_project
    project.execute("CREATE SCHEMA feed")
    project.execute("CREATE TABLE feed.lines (id text, none numeric, cents numeric, fine numeric)")
    project.execute("INSERT INTO feed.lines VALUES ('a', NULL, 1.5, -123456789012.123456789)")
    pipeline(project, "{table: feed.lines}")
    expected = {"id": "string", "none": "decimal(18,2)", "cents": "decimal(18,2)", "fine": "decimal(38,9)"}
    assert types(source(project)) == expected
    looked(project, "--write")
    assert set(states(source(project)).values()) == {"same"}
    pipeline(project, '{table: feed.lines, columns: {id: string, cents: integer, fine: "decimal(20,9)"}}')
    assert states(source(project, code=1)) == {"id": "same", "cents": "retyped", "fine": "same", "none": "extra"}


def test_names_that_differ_in_case_alone_are_left_out(postgres_project: Project) -> None:
    postgres_project.execute('CREATE TABLE lines (id text, "N" integer, n integer)')
    pipeline(postgres_project, "{table: lines}")
    assert types(source(postgres_project)) == {"id": "string", "N": "left out", "n": "left out"}


def test_files_need_no_server(postgres_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTEGRATION_PG_URL")
    postgres_project.csv("x.csv", "id", "1")
    pipeline(postgres_project, "{path: x.csv}\n  b: {table: feed.lines}")
    found = looked(postgres_project, code=4)
    assert [s["status"] for s in found["sources"]] == ["open", "refused"]
    assert "INTEGRATION_PG_URL is not set" in found["sources"][1]["problem"]["message"]
    looked(postgres_project, "--source", "a")


# -- what the stages make of a proposal


def test_what_a_stage_reads_as_text_stays_text(duckdb_project: Project) -> None:
    duckdb_project.csv("x.csv", "id,npi,paid,units,day", "1,1234567893,10.00,3,2024-01-01")
    stages = (
        "stages:\n  s:\n    kind: normalize\n    from: a\n    key: [id]\n    columns:\n      id: trim(id)\n"
        "      npi: coalesce(npi, 'none')\n      paid: {expr: parse_decimal(paid), type: \"decimal(18,2)\"}\n"
        "      units: units * 2\n      day: date_trunc('month', day)\n  p: {kind: publish, from: s}\n"
    )
    pipeline(duckdb_project, "{path: x.csv}", stages)
    found = source(duckdb_project, "--write")
    assert types(found) == {"id": "string", "npi": "string", "paid": "string", "units": "integer", "day": "date"}
    assert found["columns"][2]["note"] == "a stage reads it as text; all its values are decimal(18,2)"
    duckdb_project.good("x.yaml")


def test_what_a_stage_needs_of_most_values_is_proposed(duckdb_project: Project) -> None:
    """A feed has dirty values: a date that is none makes no text of the column, and a run holds its row back."""
    lines = ("1,2024-01-01,2024-01-01,01", "2,2024-02-30,2024-02-30,20", "3,2024-03-01,2024-03-01,30")
    duckdb_project.csv("x.csv", "id,day,other,code", *lines)
    stages = STAGES.replace("{id: }", "{id: , month: \"date_trunc('month', day)\", other: , code: }")
    pipeline(duckdb_project, "{path: x.csv}", stages)
    found = source(duckdb_project, "--write")
    assert types(found) == {"id": "integer", "day": "date", "other": "string", "code": "string"}
    said = "1 of 3 values cannot be read as date"
    assert [c["note"] for c in found["columns"]] == ["", f"a stage needs it; {said}", said, ""]
    assert duckdb_project.good("x.yaml").stage("s")["ledger"]["buckets"]["quarantined"] == 1


def test_a_pipeline_that_would_not_validate_is_not_written(duckdb_project: Project) -> None:
    duckdb_project.csv("x.csv", "id,amount", "1,2.00")
    path = pipeline(duckdb_project, "{path: x.csv}", STAGES.replace("{id: }", "{id: , amuont: }"))
    before = path.read_bytes()
    assert main(["validate", "x.yaml"]) == 0  # of an open source names pass unchecked
    found = looked(duckdb_project, "--write", code=2)
    assert found["written"] == []
    assert [(d["code"], d["line"], d["help"]) for d in found["diagnostics"]] == [("F208", 5, "did you mean `amount`?")]
    assert path.read_bytes() == before


def test_text_that_others_share_is_not_written_into(duckdb_project: Project) -> None:
    duckdb_project.csv("x.csv", "id", "1")
    duckdb_project.csv("y.csv", "id,more", "1,2")
    shared = "&a {path: x.csv}\n  b: {<<: *a, path: y.csv}"
    path = pipeline(duckdb_project, shared, STAGES.replace("from: a", "from: b"))
    before = path.read_bytes()
    found = looked(duckdb_project, "--write", "--source", "a", code=2)
    assert "F114" in [d["code"] for d in found["diagnostics"]]
    assert path.read_bytes() == before
    assert looked(duckdb_project, "--write")["written"] == ["a", "b"]
    assert [types(s) for s in looked(duckdb_project)["sources"]] == [
        {"id": "integer"},
        {"id": "integer", "more": "integer"},
    ]


# -- real pipelines whose contracts are taken out


def without_contracts(project: Project, path: Path) -> dict[str, Any]:
    """Writes the pipeline without them, and gives them, each column with its type."""
    text = path.read_text(encoding="utf-8")
    sources, stages, rest = text.partition("\nstages:")
    contracts = {name: found["columns"] for name, found in parse(text, "x").data["sources"].items()}
    project.write("x.yaml", re.sub(r"\n    columns:[^\n]*(\n      [^\n]+)*", "", sources) + stages + rest)
    return {
        name: {column: said if isinstance(said, str) else said["type"] for column, said in contract.items()}
        for name, contract in contracts.items()
    }


def written_contracts(project: Project) -> dict[str, Any]:
    looked(project, "--write")
    project.capture.readouterr()
    assert main(["validate", "x.yaml"]) == 0, project.capture.readouterr().err
    text = (project.root / "x.yaml").read_text(encoding="utf-8")
    return {name: found["columns"] for name, found in parse(text, "x").data["sources"].items()}


def test_the_contracts_of_the_claims_are_found_again(duckdb_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for units: the file holds some with a fraction, and the author takes them for mistakes."""
    monkeypatch.setenv("CLAIMS_DATA", str(REPOSITORY / "pipelines" / "data" / "claims"))
    wanted = without_contracts(duckdb_project, REPOSITORY / "pipelines" / "claims.yaml")
    wanted["raw_claim_lines"]["units"] = "decimal(18,2)"
    assert written_contracts(duckdb_project) == wanted
    duckdb_project.good("x.yaml")


@pytest.mark.skipif("SYNTHEA_DIR" not in os.environ, reason="SYNTHEA_DIR is not set")
def test_the_contracts_of_synthea_are_found_again(duckdb_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The author's name some of the columns that there are; these name all of them."""
    monkeypatch.setenv("DATA_DIR", os.environ["SYNTHEA_DIR"])
    wanted = without_contracts(duckdb_project, Path(__file__).parent / "synthea.yaml")
    found = written_contracts(duckdb_project)
    assert {n: {c: found[n][c] for c in columns} for n, columns in wanted.items()} == wanted
    files = ("claims", "claims_transactions", "patients", "payers", "payer_transitions")
    headers = [(Path(os.environ["SYNTHEA_DIR"]) / f"{name}.csv").read_text("utf-8").split("\n")[0] for name in files]
    assert [",".join(columns) for columns in found.values()] == [header.rstrip("\r") for header in headers]
    duckdb_project.good("x.yaml")


# -- what it must not say


@pytest.mark.parametrize("output", ["text", "json"])
def test_no_value_is_shown(duckdb_project: Project, output: str) -> None:
    duckdb_project.csv("x.csv", "id,day", "secret-1,secret-2", 'secret-3,"secret-4', "secret-5")
    duckdb_project.write("x.jsonl", '{"id": "secret-6", "day": {"a": "secret-7"}}\n{secret-8\n')
    sources = (
        "{path: x.csv, columns: {id: integer, day: date}}\n  b: {path: x.jsonl, columns: {id: integer, day: date}}"
    )
    pipeline(duckdb_project, sources + "\n  c: {path: x.csv}")
    duckdb_project.capture.readouterr()
    assert main(["sources", "x.yaml", "--output", output]) == 0
    said = duckdb_project.capture.readouterr()
    assert "unreadable" in said.out
    assert "secret" not in said.out + said.err
