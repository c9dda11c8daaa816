"""`framework sources` as a person runs it: output, exit codes, and the file that it writes into."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from framework.cli import main

PIPELINE = """\
pipeline: shop   # with a comment

sources:
  orders:
    path: orders.csv   # delivered at night
  lines: {path: lines.csv, columns: {line_id: string, amount: "decimal(18,2)"}}

stages:
  clean:
    kind: normalize
    from: orders
    key: [order_id]
    columns: {order_id: , ordered_on: }
  priced: {kind: normalize, from: lines, key: [line_id], columns: {line_id: , amount: }}
  orders_out: {kind: publish, from: clean}
  lines_out: {kind: publish, from: priced}
"""
COLUMNS = """
    columns:
      order_id: string
      ordered_on: date
      "on": integer
      "Total due": "decimal(18,2)"
      # _loaded is left out: names that begin with an underscore are the framework's own"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline with one source that has a contract and one that has none, and the working directory beside it."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "shop.yaml"
    file.write_text(PIPELINE, encoding="utf-8")
    header = "order_id,ordered_on,on,Total due,_loaded"
    (tmp_path / "orders.csv").write_text(f"{header}\n007,2024-01-31,1,1.50,x\n008,2024-02-01,2,3,y\n", encoding="utf-8")
    (tmp_path / "lines.csv").write_text("line_id,amount,more\na,1.50,1\nb,2.505,\n", encoding="utf-8")
    return file


def test_what_is_shown(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "shop.yaml"]) == 0
    said = capsys.readouterr()
    assert said.out == (
        "orders: orders.csv, 1 file, 2 rows, no contract\n"
        "  column      type           state\n"
        "  order_id    string         proposed\n"
        "  ordered_on  date           proposed\n"
        "  on          integer        proposed\n"
        "  Total due   decimal(18,2)  proposed\n"
        "  _loaded     string         left out  names that begin with an underscore are the framework's own\n"
        "\n"
        "lines: lines.csv, 1 file, 2 rows\n"
        "  column   contract       found          state\n"
        "  line_id  string         string         same\n"
        "  amount   decimal(18,2)  decimal(18,3)  unreadable  1 of 2 values cannot be read as decimal(18,2)\n"
        "  more                    integer        extra\n"
        "\n"
        "2 sources: 1 as the contract says, 1 without a contract\n"
        "--write puts the columns into the file\n"
    )
    assert said.err == "looking at orders\nlooking at lines\n"
    assert shop.read_text(encoding="utf-8") == PIPELINE


def test_what_is_written(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.chmod(0o600)
    assert main(["sources", "shop.yaml", "--write"]) == 0
    assert capsys.readouterr().out.endswith("columns written to shop.yaml: orders\n")
    after = PIPELINE.replace("# delivered at night", f"# delivered at night{COLUMNS}")
    assert shop.read_text(encoding="utf-8") == after
    assert shop.stat().st_mode & 0o777 == 0o600
    assert main(["validate", "shop.yaml"]) == 0
    capsys.readouterr()
    seen = shop.stat()
    assert main(["sources", "shop.yaml", "--write"]) == 0
    assert capsys.readouterr().out.endswith("nothing to write: every source has columns\n")
    assert (shop.stat().st_ino, shop.stat().st_mtime_ns) == (seen.st_ino, seen.st_mtime_ns)


def test_what_is_said_as_json(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "shop.yaml", "--source", "lines", "--output", "json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    column: dict[str, Any] = {
        "name": "amount",
        "declared": "decimal(18,2)",
        "found": "decimal(18,3)",
        "state": "unreadable",
    }
    column |= {"note": "1 of 2 values cannot be read as decimal(18,2)", "filled": 2, "unreadable": 1}
    found = json.loads(said.out)
    (source,) = found.pop("sources")
    assert found == {"schema_version": 1, "pipeline": "shop", "written": [], "diagnostics": []}
    assert source["columns"][1] == column
    del source["columns"]
    assert source == {
        "name": "lines",
        "place": "lines.csv",
        "status": "same",
        "files": 1,
        "rows": 2,
        "malformed": 0,
        "broken": None,
        "problem": None,
    }


@pytest.mark.parametrize(
    ("options", "change", "code", "said"),
    [
        (["--source", "ordres"], ("", ""), 2, "F113 no source `ordres`"),
        (["--source", "orders", "clean"], ("", ""), 2, "F113 no source `clean`"),
        (["--target", "prod"], ("", ""), 2, "no target `prod`"),
        ([], ("path: orders.csv", "paht: orders.csv"), 2, "did you mean `path`?"),
        ([], ("columns: {line_id: string", "columns: {line: string"), 1, "a run would stop at `lines`: 1 missing"),
        ([], ("path: orders.csv", "path: ordres.csv"), 4, "F502 no file at ordres.csv"),
        (["--write"], ("path: orders.csv", "path: ordres.csv"), 4, "nothing written"),
    ],
)
def test_what_it_ends_with(
    shop: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    change: tuple[str, str],
    code: int,
    said: str,
) -> None:
    shop.write_text(PIPELINE.replace(*change), encoding="utf-8")
    assert main(["sources", "shop.yaml", *options]) == code
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
    assert shop.read_text(encoding="utf-8") == PIPELINE.replace(*change)


def test_what_cannot_be_seen_goes_before_what_is_broken(shop: Path) -> None:
    text = PIPELINE.replace("path: orders.csv", "path: gone.csv").replace("{line_id: string", "{line: string")
    shop.write_text(text, encoding="utf-8")
    assert main(["sources", "shop.yaml"]) == 4


def test_a_file_that_cannot_be_written_stays_as_it_is(shop: Path) -> None:
    """The system lets the process write no byte: what was begun is gone again."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
        "from framework.cli import main; sys.exit(main(['sources', 'shop.yaml', '--write']))"
    )
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, cwd=shop.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "F114 `shop.yaml` cannot be written: File too large" in done.stderr
    assert shop.read_text(encoding="utf-8") == PIPELINE
    assert sorted(os.listdir(shop.parent)) == ["lines.csv", "orders.csv", "shop.yaml"]


def test_the_help_imports_nothing_that_reads_files() -> None:
    code = (
        "import sys; from framework.cli import main; main(['sources', '--help']);"
        "print(sorted({'duckdb', 'duckdb_engine', 'sqlglot', 'psycopg', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "--write" in done.stdout
