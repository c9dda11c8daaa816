"""Files that are not as one would like them, read on DuckDB: each is read right or refused in words."""

import json
from pathlib import Path

import duckdb
import pytest

from framework.cli import main

PIPELINE = """
pipeline: odd
sources:
  raw: {{path: "{path}", columns: {{id: string, amount: "decimal(18,4)"}}}}
stages:
  clean: {{kind: normalize, from: raw, key: [id], columns: {{id, amount}}}}
  out: {{kind: publish, from: clean}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # A bracket in the project's own folder is no pattern either.
    here = tmp_path / "a[1]"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def run(folder: Path, path: str) -> int:
    (folder / "odd.yaml").write_text(PIPELINE.format(path=path), encoding="utf-8")
    return main(["run", "odd.yaml"])


def published(folder: Path) -> list[tuple[str, str]]:
    with duckdb.connect(str(folder / ".framework" / "dev.duckdb")) as connection:
        return connection.execute("SELECT id, amount::varchar FROM marts.out ORDER BY id").fetchall()


def test_a_bracket_in_a_name_is_no_pattern(folder: Path) -> None:
    (folder / "x1.csv").write_text("id,amount\na,1\n", encoding="utf-8")
    (folder / "x[1].csv").write_text("id,amount\nb,2\n", encoding="utf-8")
    assert run(folder, "x*.csv") == 0
    assert published(folder) == [("a", "1.0000"), ("b", "2.0000")]
    assert run(folder, "x[[]1].csv") == 0


def test_a_decimal_of_json_is_exact_or_held_back(folder: Path) -> None:
    rows = ['{"id": "a", "amount": 0.1}', '{"id": "b", "amount": 12345678901234.5678}']
    rows += ['{"id": "c", "amount": "12345678901234.5678"}', '{"id": "d", "amount": 12345678901234}']
    (folder / "x.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert run(folder, "x.jsonl") == 0
    assert published(folder) == [("a", "0.1000"), ("c", "12345678901234.5678"), ("d", "12345678901234.0000")]
    results = json.loads((folder / "target" / "run_results.json").read_text())
    assert results["stages"][0]["ledger"]["buckets"]["quarantined"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nid,amount\na,1\n", "the first line is blank"),
        ("id,amount,\na,1,\n", "column 3 has no name"),
        ("", "not even a header"),
    ],
)
def test_a_header_that_is_none_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (folder / "x.csv").write_text(text, encoding="utf-8")
    assert run(folder, "x.csv") == 4
    assert said in capsys.readouterr().out


def test_a_note_that_cannot_be_written_undoes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.csv").write_text("id,amount\na,1\n", encoding="utf-8")
    (folder / "target").write_text("a file where a folder should be", encoding="utf-8")
    assert run(folder, "x.csv") == 0
    said = capsys.readouterr()
    assert "1 table published" in said.out
    assert "target/run_results.json could not be written" in said.err


def test_a_union_of_one_relation_twice_proves_no_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = PIPELINE.format(path="x.csv") + "  twice: {kind: assemble, union: [clean, clean], tag: branch}\n"
    (folder / "odd.yaml").write_text(text, encoding="utf-8")
    assert main(["validate", "odd.yaml"]) == 2
    assert "F303" in capsys.readouterr().err


def test_a_state_store_that_is_no_address_is_not_repeated(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.csv").write_text("id,amount\na,1\n", encoding="utf-8")
    (folder / "framework.yaml").write_text('state: "postgresql://u:hunter2@h:x/db"\n', encoding="utf-8")
    assert run(folder, "x.csv") == 4
    assert "hunter2" not in "".join(capsys.readouterr())
