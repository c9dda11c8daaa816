"""The forms in which diagnostics are printed, read back as those read them for whom they are made."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import framework
from framework import plugins, reports
from framework.cli import main
from framework.diagnostics import Diagnostic, Location
from framework.reports import Report, github, sarif
from framework.yaml_source import F001

ERRORS = Path(__file__).parents[1] / "errors"
CASES = sorted(path.stem for path in ERRORS.glob("F[0-9]*.yaml"))
ODD = Diagnostic(
    F001,
    "50% of `a,b: c`\r",
    Location("a, b/ü 100%.yaml", 3, 7, "x: ünlike", 6),
    "two\nlines",
    "warning",
)


@pytest.fixture(autouse=True)
def _nowhere_of_github(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


def _validated(case: str, output: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(ERRORS)
    main(["validate", f"{case}.yaml", "--output", output])
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def _found(case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_validated(case, "json", capsys, monkeypatch))["diagnostics"]
    assert found
    return found


@pytest.mark.parametrize("case", CASES)
def test_sarif_says_what_json_says(
    case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = _sarif(_validated(case, "sarif", capsys, monkeypatch))
    read = [
        {
            "code": result["ruleId"],
            "title": run["tool"]["driver"]["rules"][result["ruleIndex"]]["shortDescription"]["text"],
            "severity": result["level"],
            "message": result["message"]["text"].partition("\nhelp: ")[0],
            "help": result["message"]["text"].partition("\nhelp: ")[2] or None,
            **_place(result),
        }
        for result in run["results"]
    ]
    assert read == _found(case, capsys, monkeypatch)


def _sarif(text: str) -> list[dict[str, Any]]:
    """The runs of a log that has what SARIF 2.1.0 requires of the objects that we write, and nothing else."""
    log = json.loads(text)
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    runs: list[dict[str, Any]] = log["runs"]
    for run in runs:
        assert set(run) == {"tool", "columnKind", "results"}
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        driver = run["tool"]["driver"]
        assert set(driver) <= {"name", "version", "rules"}
        assert (driver["name"], driver["version"]) == ("framework", framework.__version__)
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(set(ids)) == len(ids)
        for rule in driver["rules"]:
            assert set(rule) <= {"id", "shortDescription", "fullDescription", "help"}
            assert all(text["text"] for key, text in rule.items() if key != "id")
        for result in run["results"]:
            assert set(result) <= {"ruleId", "ruleIndex", "level", "message", "locations"}
            assert result["level"] in ("none", "note", "warning", "error")
            assert ids[result["ruleIndex"]] == result["ruleId"]
            assert result["message"]["text"]
    return runs


def _place(result: dict[str, Any]) -> dict[str, Any]:
    if "locations" not in result:
        return {"path": None, "line": None, "column": None, "length": None}
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", physical["artifactLocation"]["uri"])
    assert physical["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
    region = physical["region"]
    assert set(region) == {"startLine", "startColumn", "endColumn"}
    assert all(value >= 1 for value in region.values())
    return {
        "path": unquote(physical["artifactLocation"]["uri"]),
        "line": region["startLine"],
        "column": region["startColumn"],
        "length": region["endColumn"] - region["startColumn"],
    }


@pytest.mark.parametrize("case", CASES)
def test_github_says_what_json_says(
    case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = _validated(case, "github", capsys, monkeypatch).splitlines()
    commands = [_command(line) for line in lines if line.startswith("::")]
    assert all(": ok, " in line for line in lines if not line.startswith("::"))
    expected = [
        {
            "command": found["severity"],
            "file": found["path"],
            "line": str(found["line"]),
            "col": str(found["column"]),
            "endColumn": str(found["column"] + found["length"]),
            "title": found["code"],
            "message": found["message"] + (f"\nhelp: {found['help']}" if found["help"] else ""),
        }
        for found in _found(case, capsys, monkeypatch)
    ]
    assert commands == expected


def _command(line: str) -> dict[str, str]:
    """A workflow command, taken apart as the runner does it."""
    matched = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
    assert matched, line
    properties = dict(part.split("=", 1) for part in matched[2].split(","))
    written = {key: _unescaped(value, ("%3A", ":"), ("%2C", ",")) for key, value in properties.items()}
    return {"command": matched[1], **written, "message": _unescaped(matched[3])}


def _unescaped(text: str, *more: tuple[str, str]) -> str:
    for written, meant in (("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")):
        text = text.replace(written, meant)
    return text


def test_github_escapes_what_would_end_a_command_or_a_property() -> None:
    assert github.said(Report([ODD])).out == (
        "::warning file=a%2C b/ü 100%25.yaml,line=3,col=7,endColumn=13,title=F001"
        "::50%25 of `a,b: c`\\r%0Ahelp: two%0Alines\n"
    )


def test_sarif_writes_a_path_as_a_reference() -> None:
    (run,) = _sarif(sarif.said(Report([ODD])).out)
    (result,) = run["results"]
    assert result["level"] == "warning"
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%2C%20b/%C3%BC%20100%25.yaml"


def test_a_note_is_placed_by_the_path_from_the_root_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "empty.yaml").touch()
    monkeypatch.chdir(tmp_path / "claims")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert main(["validate", "empty.yaml", "--output", "github"]) == 2
    assert capsys.readouterr().out.startswith("::error file=claims/empty.yaml,line=1,col=1,endColumn=2,title=F007::")
    assert main(["validate", "empty.yaml", "--output", "sarif"]) == 2
    (run,) = _sarif(capsys.readouterr().out)
    assert _place(run["results"][0])["path"] == "claims/empty.yaml"


def test_a_file_beyond_the_checkout_keeps_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "empty.yaml").touch()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["validate", "../empty.yaml", "--output", "sarif"]) == 2
    artifact = json.loads(capsys.readouterr().out)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert artifact["artifactLocation"] == {"uri": (tmp_path / "empty.yaml").as_uri()}
    assert main(["validate", "../empty.yaml", "--output", "github"]) == 2
    assert f"file={tmp_path.as_posix()}/empty.yaml," in capsys.readouterr().out


@pytest.mark.parametrize("output", plugins.names(reports))
def test_a_mistake_without_a_place_is_told_in_every_form(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["validate", ".", "--output", output]) == 2
    said = capsys.readouterr()
    assert "no pipeline and no suite in the folder ." in said.out + said.err
    assert said.err == "" or output == "text"


@pytest.mark.parametrize("output", plugins.names(reports))
def test_nothing_found_is_told_in_every_form(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    capsys.readouterr()
    assert main(["validate", "pipelines", "--output", output]) == 0
    said = capsys.readouterr().out
    if output in ("text", "github"):
        assert said.startswith("pipelines/orders.yaml: ok, 2 sources, 4 stages")
    elif output == "sarif":
        assert _sarif(said)[0]["results"] == []
    else:
        assert json.loads(said)["diagnostics"] == []


def test_a_command_without_them_takes_text_and_json_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "pipelines/orders.yaml", "--output", "sarif"]) == 2
    assert "invalid choice: 'sarif'" in capsys.readouterr().err
