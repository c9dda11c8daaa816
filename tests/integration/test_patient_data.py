"""What is in a cell stays in the warehouse: planted values are looked for in all that a run says and writes."""

from typing import Any

import pytest
import sqlalchemy as sa

from framework import standing
from framework.cli import main
from integration.project import Project

# Each is one cell: a text, a date, numbers, an unreadable value, a key that comes twice, one without a match; the last
# stands on malformed lines.
PLANTED = (
    "Kowalski-Zzyzx",
    "1931-07-19",
    "98765.43",
    "777333111",
    "not-a-number-Quux",
    "twice-Plugh",
    "orphan-Xyzzy",
    "ziplike-Frobozz",
    "malformed-Fnord",
)

PIPELINE = """
pipeline: patients
sources:
  raw:
    path: data/raw.csv
    columns:
      id: string
      name: {type: string, classification: phi}
      born: {type: date, classification: phi}
      paid: "decimal(18,2)"
      ssn: {type: integer, classification: phi}
      zip: {type: string, classification: phi}
    checks:
      - {matches: {column: zip, pattern: "^[0-9]+$"}, on_fail: warn}
  raw_known: {path: data/known.csv, key: [id], columns: {id: string}}
stages:
  known: {kind: normalize, from: raw_known, key: [id], columns: {id: }}
  people:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: , name: , born: , paid: , ssn: , zip: }
    checks:
      - {not_null: [born], on_fail: quarantine}
      - {accepted_values: {column: name, values: [nobody]}, on_fail: warn}
      - {range: {column: paid, max: 1}, on_fail: warn}
      - {range: {column: born, min: 2000-01-01}, on_fail: warn}
      - {length: {column: zip, max: 5}, on_fail: warn}
      - {mean: {column: ssn, max: 10}, on_fail: warn}
      - {sum: {column: paid, max: 10}, on_fail: warn}
      - {expression: "name <> zip", where: ssn > 0}
      - {relationship: {column: id, to: known.id}, on_fail: warn}
      - {unique: [name], on_fail: warn}
  youngest: {kind: aggregate, from: people, by: [], measures: {oldest: min(born), newest: max(born), top: max(name)}}
  dim_people:
    kind: publish
    from: people
    classification: phi
    surrogate_key: person_key
    checks: [%s]
"""
STOPPING = "{unique: [name]}, {range: {column: paid, max: 1}}"


@pytest.fixture(autouse=True)
def _temporary(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary files are looked through as well."""
    folder = project.root / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))


def given(project: Project) -> None:
    project.csv(
        "data/raw.csv",
        "id,name,born,paid,ssn,zip",
        "twice-Plugh,Kowalski-Zzyzx,1931-07-19,98765.43,777333111,ziplike-Frobozz",
        "twice-Plugh,Kowalski-Zzyzx,1931-07-19,98765.43,777333111,12345",
        "orphan-Xyzzy,Kowalski-Zzyzx,1931-07-19,98765.43,777333111,12345",
        "b,Kowalski-Zzyzx,not-a-number-Quux,98765.43,777333111,12345",
        "c,Kowalski-Zzyzx,,98765.43,not-a-number-Quux,12345",
        ",Kowalski-Zzyzx,1931-07-19,98765.43,777333111,12345",
        "malformed-Fnord,Kowalski-Zzyzx,1931-07-19",
        'd,"malformed-Fnord,1931-07-19,98765.43,777333111,12345',
    )
    project.csv("data/known.csv", "id", "b", "c")


def leaked(project: Project, said: str) -> set[str]:
    """The planted values that stand in what was said or in a file that is neither an input nor the warehouse."""
    texts = [said.encode()]
    for path in project.root.rglob("*"):
        inside = path.relative_to(project.root).parts
        if path.is_file() and inside[0] != "data" and not path.name.startswith("test.duckdb"):
            texts.append(path.read_bytes())
    return {value for value in PLANTED if any(value.encode() in text for text in texts)}


def said_by(project: Project, *words: str) -> str:
    project.capture.readouterr()
    main([*words, "--debug"])
    printed = project.capture.readouterr()
    return printed.out + printed.err


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("checks", ["", STOPPING], ids=["sound", "stopped"])
def test_a_run_says_no_value(project: Project, checks: str, output: str) -> None:
    given(project)
    project.write("patients.yaml", PIPELINE % checks)
    text = project.root.joinpath("patients.yaml").read_text(encoding="utf-8")
    project.write(
        "patients.yaml", text.replace("key: [id]\n    columns: {id: , n", "key: [id, zip]\n    columns: {id: , n")
    )
    outcome = project.run("patients.yaml", "--debug", "--output", output)
    assert outcome.code == (1 if checks else 0), outcome.said
    assert any(c["status"] in ("warned", "failed", "quarantined") for c in outcome.results["checks"])
    said = outcome.said
    for words in (("runs",), ("runs", outcome.results["run_id"]), ("validate", "patients.yaml")):
        said += said_by(project, *words)
    said += said_by(project, "compile", "patients.yaml") + said_by(project, "quarantine", "list", "patients.yaml")
    said += said_by(project, "quarantine", "show", "patients.yaml", "people")
    assert leaked(project, said) == set()


def test_a_key_that_comes_twice_is_not_shown(project: Project) -> None:
    given(project)
    project.write("patients.yaml", PIPELINE % "")
    outcome = project.run("patients.yaml", "--debug")
    assert outcome.code == 1, outcome.said
    assert leaked(project, outcome.said) == set()


def test_a_driver_that_refuses_a_value_is_not_quoted(project: Project) -> None:
    """The engine's own error names the text that it could not convert."""
    given(project)
    project.write(
        "patients.yaml",
        """
pipeline: patients
sources: {raw: {path: data/raw.csv, columns: {id: string, name: string}}}
stages:
  people: {kind: normalize, from: raw, key: [id, name], columns: {id: , name: }, deduplicate: {order_by: name}}
  cast: {kind: sql, key: [id], sql: "select id, cast(name as integer) as n from people"}
""",
    )
    outcome = project.run("patients.yaml", "--debug")
    assert outcome.code == 4, outcome.said
    assert leaked(project, outcome.said) == set()


def test_a_fault_of_the_framework_shows_no_value(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver's error that nobody expected, with a statement, parameters and a text of its own."""
    given(project)
    project.write("patients.yaml", PIPELINE % "")

    def broken(*_: Any) -> None:
        try:
            raise sa.exc.DataError("SELECT :p", {"p": PLANTED[0]}, ValueError(PLANTED[1]))
        except sa.exc.DataError as error:
            raise RuntimeError("planted") from error

    monkeypatch.setattr(standing, "prepare", broken)
    outcome = project.run("patients.yaml", "--debug")
    assert outcome.code == 3, outcome.said
    assert "DataError" in outcome.said
    assert "RuntimeError: planted" in outcome.said
    assert leaked(project, outcome.said) == set()


def test_the_search_finds_what_is_there(project: Project) -> None:
    """A search that finds nothing must be able to find."""
    given(project)
    project.write("target/run_results.json", f"... {PLANTED[3]} ...")
    assert leaked(project, f"said {PLANTED[0]}") == {PLANTED[0], PLANTED[3]}
