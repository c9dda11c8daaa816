"""`framework test` as a person runs it. In `passing` are pipelines of whose tests each passes; in `failing` are others,
with all that is printed of them. What a wrong test is told is in `tests/errors`.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from framework import yaml_source
from framework.cli import main

HERE = Path(__file__).parent
PASSING = sorted(path.name for path in (HERE / "passing").glob("*.yaml"))
FAILING = sorted(path.name for path in (HERE / "failing").glob("*.yaml"))

PIPELINE = """\
pipeline: shop
sources:
  orders: {path: nowhere.csv, key: [id], columns: {id: string, paid: "decimal(9,2)"}}
stages:
  paid:
    kind: normalize
    from: orders
    key: [id]
    where: paid > 0
    columns: {id: , paid: }
    checks: [{row_count: {min: 9}}]
  total: {kind: aggregate, from: paid, by: [], measures: {paid: sum(paid)}}
  sounds:
    kind: enrich
    from: paid
    native: snowflake
    columns: {sound: {expr: native.soundex(id), type: string}}
"""
OWN = """\
tests:
  of_its_own: {stage: paid, given: {orders: [{id: a, paid: 1}, {id: a, paid: 2}]}, expect: [{id: a}, {id: a}]}
"""
BESIDE = """\
pipeline: pipelines/shop.yaml
description: Kept beside the pipeline.
tests:
  beside_it: {stage: total, given: {paid: [{paid: 1.25}, {paid: 1.25}]}, expect: [{paid: 2.50}]}
"""


@pytest.mark.parametrize("name", PASSING)
def test_each_passes(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(HERE / "passing")
    assert main(["test", name, "--debug"]) == 0, capsys.readouterr()
    assert " failed" not in capsys.readouterr().out


def _steady(text: str) -> str:
    """What was printed, without the time that it took."""
    return re.sub(r"((?:passed|failed) +| in )\d+\.\d\d(?= s$|$)", r"\g<1>0.00", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", FAILING)
def test_what_is_shown_of_a_failure(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    monkeypatch.chdir(HERE / "failing")
    assert main(["test", name, "--debug"]) == 1
    printed, golden = capsys.readouterr(), HERE / "failing" / f"{Path(name).stem}.txt"
    assert printed.err == ""
    if update_golden:
        golden.write_text(_steady(printed.out), encoding="utf-8")
    assert _steady(printed.out) == golden.read_text(encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pipeline that has a test of its own, and one in a file beside it."""
    monkeypatch.chdir(tmp_path)
    for folder in ("pipelines", "tests", "checks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "framework.yaml").write_text("project: shop\n", encoding="utf-8")
    (tmp_path / "pipelines" / "shop.yaml").write_text(PIPELINE + OWN, encoding="utf-8")
    (tmp_path / "tests" / "shop.yaml").write_text(BESIDE, encoding="utf-8")
    (tmp_path / "checks" / "a.yaml").write_text("suite: a\nchecks: [{row_count: {min: 1}}]\n", encoding="utf-8")
    return tmp_path


def _said(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main(["test", *words, "--output", "json"])
    printed = capsys.readouterr()
    assert printed.err == ""
    return code, json.loads(printed.out)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        pytest.param([], ["of_its_own", "beside_it"], id="the project"),
        pytest.param(["pipelines/shop.yaml"], ["of_its_own", "beside_it"], id="a pipeline"),
        pytest.param(["pipelines"], ["of_its_own", "beside_it"], id="a folder of pipelines"),
        pytest.param(["tests/shop.yaml"], ["beside_it"], id="a file of tests"),
        pytest.param(["."], ["of_its_own", "beside_it"], id="everything"),
        pytest.param(["pipelines", "tests"], ["of_its_own", "beside_it"], id="each once"),
        pytest.param(["--only", "beside_it"], ["beside_it"], id="one by name"),
    ],
)
def test_where_tests_are_found(
    shop: Path, words: list[str], names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = _said(words, capsys)
    assert code == 0
    assert sorted(test["name"] for test in said["tests"]) == sorted(names)
    assert {test["status"] for test in said["tests"]} == {"passed"}
    assert {path.name for path in shop.iterdir()} == {"framework.yaml", "pipelines", "tests", "checks"}


def test_validate_knows_tests(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "pipelines", "tests", "checks"]) == 0
    assert capsys.readouterr().out == (
        "pipelines/shop.yaml: ok, 1 source, 3 stages, 1 unit test\n"
        "tests/shop.yaml: ok, 1 unit test of pipelines/shop.yaml\n"
        "checks/a.yaml: ok, a suite of 1 check\n"
    )
    (shop / "tests" / "shop.yaml").write_text(BESIDE.replace("beside_it", "Of_its_own"), encoding="utf-8")
    assert main(["validate", "pipelines", "tests"]) == 2
    assert "tests/shop.yaml:4:3: F286 `of_its_own` is the name of another unit test" in capsys.readouterr().err


def test_what_is_said_as_json(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = shop / "tests" / "shop.yaml"
    file.write_text(BESIDE.replace("2.50", "2.51"), encoding="utf-8")
    code, said = _said(["tests"], capsys)
    assert code == 1
    (test,) = said.pop("tests")
    assert said.pop("seconds") > 0
    assert said == {"schema_version": 1, "exit_code": 1, "passed": 0, "failed": 1}
    assert test.pop("seconds") >= 0
    difference = {"kind": "differs", "expected": {"paid": "2.51"}, "found": {"paid": "2.50"}}
    assert test == {
        "name": "beside_it",
        "pipeline": "shop",
        "stage": "total",
        "description": None,
        "status": "failed",
        "path": "tests/shop.yaml",
        "line": 4,
        "column": 3,
        "message": None,
        "help": None,
        "buckets": {"out": 1},
        "reasons": {},
        "comparisons": [{"what": "rows", "expected": 1, "found": 1, "differences": [difference]}],
    }


WRONG = {
    "no such test": (["--only", "of_its_owm"], "F115 no unit test `of_its_owm`\nhelp: did you mean `of_its_own`?"),
    "no such file": (["pipelines/shpo.yaml"], "pipelines/shpo.yaml:1:1: F001 there is no file"),
    "a suite": (["checks/a.yaml"], "F115 checks/a.yaml is no pipeline and holds no unit tests"),
    "nothing to write": (["pipelines/shop.yaml", "--write"], "F116 --write goes with --new"),
    "a folder without any": (["checks"], "F115 there are no unit tests here"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_asked_for_wrongly(shop: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", *words]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_nothing_runs_where_a_test_is_wrong(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "tests" / "shop.yaml").write_text(BESIDE.replace("stage: total", "stage: totals"), encoding="utf-8")
    code, said = _said([], capsys)
    assert code == 2
    assert [(d["code"], d["path"], d["line"], d["column"]) for d in said["diagnostics"]] == [
        ("F280", "tests/shop.yaml", 4, 22)
    ]


def test_a_pipeline_with_mistakes_is_told_of_once(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shop / "pipelines" / "shop.yaml"
    path.write_text((PIPELINE + OWN).replace("sum(paid)", "sum(pid)"), encoding="utf-8")
    code, said = _said([], capsys)
    assert code == 2
    assert [d["code"] for d in said["diagnostics"]] == ["F201"]


def test_a_run_does_not_ask_for_the_tests(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shop / "pipelines" / "shop.yaml"
    path.write_text(PIPELINE + OWN.replace("stage: paid", "stage: none"), encoding="utf-8")
    assert main(["compile", "pipelines/shop.yaml", "--warehouse", "snowflake"]) == 0


# -- a first test


DRAFTED = sorted(path.name for path in (HERE / "drafted").glob("*.yaml"))
ROOT = HERE.parents[1]
WHOLE = [ROOT / "pipelines" / "claims.yaml", ROOT / "pipelines" / "orders.yaml", HERE / "passing" / "kinds.yaml"]


@pytest.mark.parametrize("name", DRAFTED)
def test_what_a_first_test_holds(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    """What no row reaches stands in it as a comment; all else of the stage is reached."""
    monkeypatch.chdir(HERE / "drafted")
    golden = HERE / "drafted" / f"{Path(name).stem}.txt"
    for stage in yaml_source.read(Path(name)).data["stages"]:
        assert main(["test", "--new", stage, name, "--debug"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    if update_golden:
        golden.write_text(printed.out, encoding="utf-8")
    assert printed.out == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: str(path.name))
def test_a_first_test_of_each_stage_passes(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No file of data is there, and none is needed."""
    shutil.copytree(ROOT / "checks", tmp_path / "checks")
    shutil.copy(path, tmp_path / "pipeline.yaml")
    monkeypatch.chdir(tmp_path)
    stages = list(yaml_source.read(path).data["stages"])
    for stage in stages:
        assert main(["test", "--new", stage, "pipeline.yaml", "--write", "--debug"]) == 0, stage
    written = (tmp_path / "pipeline.yaml").read_text(encoding="utf-8")
    assert written.startswith(path.read_text(encoding="utf-8"))
    capsys.readouterr()
    only = [f"first_test_of_{stage}" for stage in stages]
    code, said = _said(["pipeline.yaml", "--only", *only], capsys)
    assert (code, said["passed"]) == (0, len(stages))


WRITTEN = "pipelines/shop.yaml"
FIRST = """\
  first_test_of_paid:
    stage: paid
    # no row reaches: a row that ends as quarantined
    given:
      orders:
        - {id: id_1, paid: 1}
        - {id: id_4}
        - {id: id_5, paid: unreadable}
    expect:
      rows:
        - {id: id_1, paid: 1.00}
      quarantined:
        - {id: id_5, _bucket: rejected, _reasons: ["unreadable(paid as decimal(9,2))"]}
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(PIPELINE, f"{PIPELINE}\ntests:\n{FIRST}", id="no tests"),
        pytest.param(PIPELINE + OWN, f"{PIPELINE}{OWN}\n{FIRST}", id="a test"),
        pytest.param(f"{OWN}{PIPELINE}", f"{OWN}\n{FIRST}{PIPELINE}", id="tests before the rest"),
        pytest.param(f"{PIPELINE}# the end", f"{PIPELINE}# the end\n\ntests:\n{FIRST}", id="no line end"),
        pytest.param(f"\ufeff{PIPELINE}", f"\ufeff{PIPELINE}\ntests:\n{FIRST}", id="a byte order mark"),
    ],
)
def test_what_is_written(shop: Path, before: str, after: str, end: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = shop / WRITTEN
    file.write_bytes(before.replace("\n", end).encode())
    file.chmod(0o600)
    assert main(["test", "--new", "paid", WRITTEN, "--write"]) == 0
    assert capsys.readouterr().out == f"first_test_of_paid written into {WRITTEN}\n"
    assert file.read_bytes().decode() == after.replace("\n", end)
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["test", "--only", "first_test_of_paid"]) == 0


def test_a_second_first_test_has_another_name(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("first_test_of_total", "first_test_of_total_2"):
        assert main(["test", "--new", "total", WRITTEN, "--write"]) == 0
        assert capsys.readouterr().out.startswith(f"{name} written")
    assert main(["test"]) == 0


@pytest.mark.parametrize(
    ("tests", "words", "said"),
    [
        pytest.param("tests: {}\n", ["paid", WRITTEN, "--write"], "F116 the test cannot be written", id="braces"),
        pytest.param("tests:\n", ["paid", WRITTEN, "--write"], "F103 a mapping is expected", id="nothing"),
        pytest.param("", ["piad", WRITTEN], "F280 no stage `piad` in pipelines/shop.yaml", id="no such stage"),
        pytest.param("", ["sounds", WRITTEN], "F116 `sounds` calls functions of snowflake", id="elsewhere"),
        pytest.param("", ["paid"], "F116 --new takes one pipeline", id="no pipeline"),
        pytest.param("", ["paid", "tests/shop.yaml"], "F116 tests/shop.yaml is no pipeline", id="a file of tests"),
    ],
)
def test_what_cannot_be_written(
    shop: Path, tests: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = shop / WRITTEN
    file.write_text(PIPELINE + tests, encoding="utf-8")
    assert main(["test", "--new", *words]) == 2
    assert said in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == PIPELINE + tests


def test_a_first_test_as_json(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = _said(["--new", "paid", WRITTEN], capsys)
    assert code == 0
    assert said == {
        "schema_version": 1,
        "pipeline": "shop",
        "stage": "paid",
        "name": "first_test_of_paid",
        "written": False,
        "missed": ["a row that ends as quarantined"],
        "yaml": "\n".join(line.removeprefix("  ") for line in FIRST.splitlines()) + "\n",
    }
