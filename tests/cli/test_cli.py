"""The commands as a person runs them: output and exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from framework import __version__
from framework.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as `framework init` makes it, and the working directory in it."""
    monkeypatch.chdir(tmp_path)
    assert main(["init", "shop"]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"framework {__version__}\n"
    assert main([]) == 0
    listed = capsys.readouterr().out
    for command in ("init", "validate", "plan", "run", "compile", "schema", "runs", "clean"):
        assert f"\n  {command} " in listed


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["rnu"], "did you mean `run`?"),
        (["run"], "required: PIPELINE"),
        (["run", "x.yaml", "--as-of", "yesterday"], "no moment"),
        (["run", "missing.yaml"], "F001"),
        (["run", "pipelines/orders.yaml", "--var", "since=2024-01-01"], "the pipeline has no variable `since`"),
        (["run", "pipelines/orders.yaml", "--from", "2024-01-01"], "--to is missing"),
        (["run", "pipelines/orders.yaml", "--from", "2024-01-02", "--to", "2024-01-02"], "--from is not before --to"),
        (["run", "pipelines/orders.yaml", "--from", "2024-01-01", "--to", "2024-02-01"], "--from and --to do nothing"),
        (["compile", "pipelines/orders.yaml", "--warehouse", "duckbd"], "did you mean `duckdb`?"),
        (["run", "pipelines/orders.yaml", "--target", "prod"], "no target `prod`"),
        (["runs", "2099"], "no single run begins with"),
        (["init"], "is there already"),
        (["validate", "data"], "no pipeline and no suite"),
        (["runs", "--limit", "0"], "`0` is no number of runs"),
        (["runs", "--limit", "-1"], "`-1` is no number of runs"),
    ],
)
def test_wrong_usage_exits_2(project: Path, capsys: pytest.CaptureFixture[str], argv: list[str], said: str) -> None:
    assert main(argv) == 2
    assert said in capsys.readouterr().err


def test_a_new_project_runs_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["validate", "pipelines"]) == 0
    assert "pipelines/orders.yaml: ok" in capsys.readouterr().out
    assert main(["test"]) == 0
    assert "1 test: 1 passed" in capsys.readouterr().out
    assert main(["run", "pipelines/orders.yaml"]) == 0
    said = capsys.readouterr().out
    assert "orders: 7 in - 1 superseded - 2 quarantined = 4 out" in said
    assert "2 rows quarantined: 1 table published" in said
    results = json.loads((project / "target" / "run_results.json").read_text())
    assert results["schema_version"] == 1
    assert [s["status"] for s in results["stages"]] == ["built", "built", "folded", "published"]
    manifest = json.loads((project / "target" / "manifest.json").read_text())
    assert [s["name"] for s in manifest["stages"]] == ["orders", "orders_by_customer", "revenue", "fct_revenue"]
    settings = json.loads((project / ".vscode" / "settings.json").read_text())
    assert settings["yaml.schemas"] == {
        ".vscode/pipeline.schema.json": ["pipelines/*.yaml"],
        ".vscode/suite.schema.json": ["checks/*.yaml"],
        ".vscode/tests.schema.json": ["tests/*.yaml"],
    }
    for name in ("pipeline.schema.json", "suite.schema.json", "tests.schema.json"):
        assert (project / ".vscode" / name).read_text() == (ROOT / "docs" / "schema" / name).read_text()


@pytest.mark.parametrize("paths", [["pipelines"], ["pipelines/orders.yaml", "checks"]])
def test_validate_reads_the_project_above(project: Path, capsys: pytest.CaptureFixture[str], paths: list[str]) -> None:
    (project / "framework.yaml").write_text("project: shop\ntargts: {}\n")
    capsys.readouterr()
    assert main(["validate", *paths]) == 2
    said = capsys.readouterr()
    assert "framework.yaml:2:1: F101" in said.err
    assert said.err.count("targts") == 2  # the message, and the line that it shows
    assert "pipelines/orders.yaml: ok" in said.out


def test_validate_takes_the_project_itself_for_no_pipeline(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["validate", "."]) == 0, capsys.readouterr().err
    assert "framework.yaml" not in capsys.readouterr().out
    assert main(["validate", "framework.yaml"]) == 0, capsys.readouterr().err


def test_no_line_of_data_is_shown_where_a_pipeline_is_expected(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "data" / "people.jsonl").write_text('{"name": "Ann"}\n{"name": "Zoe"}\n', encoding="utf-8")
    capsys.readouterr()
    for name in ("people.jsonl", "orders.csv"):
        for command in ("validate", "run"):
            assert main([command, f"data/{name}"]) == 2
            said = "".join(capsys.readouterr())
            assert f"F001 `data/{name}` is a file of data" in said
            assert "Ann" not in said
            assert "Zoe" not in said


def test_run_as_json_is_json_and_nothing_else(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["run", "pipelines/orders.yaml", "--output", "json"]) == 0
    said = capsys.readouterr()
    result = json.loads(said.out)
    assert (result["status"], result["exit_code"], said.err) == ("ok", 0, "")
    assert result["checks"][0]["place"].startswith("pipelines/orders.yaml:")


def test_values_given_for_variables_are_read_as_yaml_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (project / "pipelines" / "orders.yaml").read_text(encoding="utf-8")
    text = text.replace("sources:", "vars: {floor: 10.50, region: north}\nsources:", 1)
    checks = "\n    checks:\n      - expression: amount >= :floor and :region <> ''\n        on_fail: warn\n"
    text = text.replace("    checks:\n", checks, 1)
    (project / "pipelines" / "orders.yaml").write_text(text, encoding="utf-8")
    capsys.readouterr()
    given = ["--var", "flor=1", "--var", "floor=ten", "--var", "region=7", "--var", "region", "--var", "region=[a"]
    assert main(["compile", "pipelines/orders.yaml", *given]) == 2
    said = capsys.readouterr().err
    assert said.count("F11") == 5
    assert "did you mean `floor`?" in said
    assert "the variable `floor` is decimal(18,2), and the value given is string" in said
    assert """--var 'region="1"'""" in said
    assert main(["compile", "pipelines/orders.yaml", "--var", "floor=99.95", "--var", "region='7'"]) == 0
    manifest = json.loads((project / "target" / "manifest.json").read_text())
    assert manifest["variables"] == [
        {"name": "floor", "type": "decimal(18,2)", "description": None},
        {"name": "region", "type": "string", "description": None},
    ]


def test_past_runs_are_listed_and_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["runs"]) == 0
    assert capsys.readouterr().out == "no runs yet\n"
    main(["run", "pipelines/orders.yaml"])
    main(["run", "pipelines/orders.yaml"])
    capsys.readouterr()
    assert main(["runs", "--output", "json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [r["status"] for r in runs] == ["ok", "ok"]
    assert main(["runs", runs[0]["run_id"]]) == 0
    said = capsys.readouterr().out
    assert "fct_revenue" in said
    assert "not_null(customer_id)" in said
    assert said.splitlines()[1].split() == ["source", "state", "rows", "malformed", "unreadable", "seconds"]
    assert main(["runs", runs[0]["run_id"], "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["sources"]
    results = json.loads((project / "target" / "run_results.json").read_text())["sources"]
    assert {s["source"]: s["rows_out"] for s in told} == {s["name"]: s["rows"] for s in results}
    for source in told:
        shown = [source["source"], source["status"], *(str(source[n]) for n in ("rows_out", "malformed", "unreadable"))]
        assert [*shown, f"{source['seconds']:.2f}"] in [line.split() for line in said.splitlines()]


TARGET = """
targets: {dev: {warehouse: duckdb, database: x.duckdb, threads: x}}
"""


def test_a_wrong_setting_of_a_target_is_told_of_before_it_is_opened(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "framework.yaml").write_text(TARGET)
    for command in (["validate"], ["run"]):
        capsys.readouterr()
        assert main([*command, "pipelines/orders.yaml"]) == 2
        assert "framework.yaml:2:65: F103 a whole number from 1 is expected" in capsys.readouterr().err
    (project / "framework.yaml").write_text(TARGET.replace("threads: x", 'threads: "${THREADS}"'))
    monkeypatch.setenv("THREADS", "hunter2")
    assert main(["validate", "pipelines/orders.yaml"]) == 0
    capsys.readouterr()
    assert main(["run", "pipelines/orders.yaml"]) == 4
    said = capsys.readouterr().err
    assert "target `dev`: a whole number from 1 is expected for `threads`" in said
    assert "hunter2" not in said


def test_a_dry_run_names_what_it_would_read_and_build(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stages = [
        ("normalize", "orders", None),
        ("enrich", "orders_by_customer", None),
        ("aggregate", "revenue", "fct_revenue"),
        ("publish", "fct_revenue", None),
    ]
    capsys.readouterr()
    assert main(["run", "pipelines/orders.yaml", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "orders: 2 sources, 4 stages for duckdb"
    assert lines[1:3] == ["  source raw_orders", "  source customers"]
    assert lines[3:] == [f"  {kind} {name}" + (f", folded into {into}" if into else "") for kind, name, into in stages]
    assert main(["run", "pipelines/orders.yaml", "--dry-run", "--output", "json", "--select", "orders"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema_version": 1,
        "pipeline": "orders",
        "warehouse": "duckdb",
        "sources": ["raw_orders"],
        "stages": [{"name": "orders", "kind": "normalize", "folded_into": None}],
    }
    assert main(["run", "pipelines/orders.yaml", "--dry-run", "--output", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["stages"]
    assert [(one["kind"], one["name"], one["folded_into"]) for one in found] == stages


def test_dry_run_and_compile_touch_no_warehouse(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "pipelines/orders.yaml", "--dry-run"]) == 0
    assert main(["compile", "pipelines/orders.yaml", "--warehouse", "postgres"]) == 0
    assert not (project / ".framework").exists()
    text = (project / "target" / "compiled" / "postgres" / "fct_revenue.sql").read_text()
    assert "CREATE TABLE marts.fct_revenue__new AS" in text
    counted = "-- stage orders_by_customer: rows of customers that no row used"
    assert counted not in text
    for warehouse in ("postgres", "snowflake", "databricks"):
        assert main(["compile", "pipelines/orders.yaml", "--warehouse", warehouse, "--memos"]) == 0
        texts = (project / "target" / "compiled" / warehouse).glob("*.sql")
        assert sum(counted in path.read_text() for path in texts) == 1


def test_clean_leaves_what_is_published(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import duckdb

    main(["run", "pipelines/orders.yaml"])
    with duckdb.connect(str(project / ".framework" / "dev.duckdb")) as connection:
        before = connection.execute("select * from marts.fct_revenue order by all").fetchall()
        connection.execute("create table staging.orders__new as select 1 as leftover")
    capsys.readouterr()
    assert main(["clean"]) == 0
    assert capsys.readouterr().out.splitlines() == ["removed target/", "removed staging.orders__new"]
    with duckdb.connect(str(project / ".framework" / "dev.duckdb")) as connection:
        assert connection.execute("select * from marts.fct_revenue order by all").fetchall() == before
    assert main(["clean"]) == 0
    assert capsys.readouterr().out == "nothing to remove\n"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["schema"], "pipeline.schema.json"),
        (["schema", "--suite"], "suite.schema.json"),
        (["schema", "--tests"], "tests.schema.json"),
    ],
)
def test_the_committed_schema_is_what_the_models_say(
    words: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ROOT / "docs" / "schema" / name
    assert main([*words, "--check", str(path)]) == 0
    capsys.readouterr()
    assert main(words) == 0
    assert capsys.readouterr().out == path.read_text(encoding="utf-8")


def test_suites_and_pipelines_are_validated_together(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "checks").mkdir()
    (project / "checks" / "paid.yaml").write_text("suite: paid\nparameters: {a: }\nchecks: [{not_null: $a}]\n")
    capsys.readouterr()
    assert main(["validate", "pipelines", "checks"]) == 0
    assert "checks/paid.yaml: ok, a suite of 1 check" in capsys.readouterr().out
    (project / "checks" / "same.yaml").write_text("suite: paid\nchecks: [{row_count: {min: 1}}]\n")
    assert main(["validate", "checks", "--output", "json"]) == 2
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert [(d["code"], d["path"], d["line"]) for d in found] == [("F121", "checks/same.yaml", 1)]


def test_no_suite_is_read_where_none_is_used(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "checks").mkdir()
    (project / "checks" / "broken.yaml").write_text("suite: [")
    assert main(["validate", "pipelines/orders.yaml"]) == 0
    text = Path("pipelines/orders.yaml").read_text(encoding="utf-8")
    used = text.replace("    checks:\n", "    checks:\n      - use: {suite: paid}\n", 1)
    assert used != text
    Path("pipelines/orders.yaml").write_text(used, encoding="utf-8")
    capsys.readouterr()
    assert main(["validate", "pipelines/orders.yaml", "--output", "json"]) == 2
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert [d["code"] for d in found] == ["F002", "F120"]


def test_a_stale_schema_is_noticed(tmp_path: Path) -> None:
    stale = tmp_path / "schema.json"
    stale.write_text("{}", encoding="utf-8")
    assert main(["schema", "--check", str(stale)]) == 1


def test_a_fault_of_the_framework_exits_3(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret in a message")

    monkeypatch.setattr("framework.unit_tests.collecting.resolve", broken)
    capsys.readouterr()
    assert main(["validate", "pipelines"]) == 3
    said = capsys.readouterr().err
    assert "a fault of the framework (RuntimeError)" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "argv",
    [
        ["init", "framework.yaml/shop"],
        ["compile", "pipelines/orders.yaml"],
        ["schema", "--write", "framework.yaml/schema.json"],
    ],
)
def test_a_place_that_cannot_be_written_is_named(
    project: Path, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    (project / "target").write_text("a file in the way", encoding="utf-8")
    capsys.readouterr()
    assert main(argv) == 4
    said = capsys.readouterr().err
    assert ("target" if argv[0] == "compile" else "framework.yaml") in said
    assert "a fault" not in said


def test_a_closed_pipe_is_no_fault() -> None:
    command = f"{sys.executable} -m framework schema | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


def test_no_colour_without_a_terminal(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pipelines" / "wrong.yaml").write_text("pipeline: x\n", encoding="utf-8")
    assert main(["validate", "pipelines/wrong.yaml"]) == 2
    assert "\x1b" not in capsys.readouterr().err
