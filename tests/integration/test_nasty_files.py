"""Files as bad as they come: every record that is whole arrives, and every other line is held with its place."""

import csv
import io
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.cli import main
from framework.expressions.types import STRING
from framework.files.grammar import LINE_END
from framework.files.reading import select
from framework.files.splitting import count, split
from framework.plan import USUAL, Csv
from framework.warehouse import Files
from integration.project import Project

PIPELINE = """
pipeline: nasty
sources:
  raw: {path: "data/*.csv", columns: {id: string, note: string}}
stages:
  clean: {kind: normalize, from: raw, key: [id], columns: {id: , note: }}
  out: {kind: publish, from: clean}
"""

# Each file with what must come of it, worked out by hand: rows, and malformed lines by number.
CORPUS: dict[str, tuple[bytes, list[tuple[str, str | None]], list[tuple[int, str]]]] = {
    "01_good.csv": (b"id,note\na1,x\na2,y\n", [("a1", "x"), ("a2", "y")], []),
    "02_quotes.csv": (
        b'note,id\n"say ""b1""",b1\n"two\nlines, one record",b2\n,b3\nb4\n',
        [("b1", 'say "b1"'), ("b2", "two\nlines, one record"), ("b3", None)],
        [(6, "fields")],
    ),
    "03_crlf.csv": (
        b'id,note\r\nc1,"two\r\nlines"\r\nc2,x,y\r\nc3,z',
        [("c1", "two\r\nlines"), ("c3", "z")],
        [(4, "fields")],
    ),
    "04_open_quote.csv": (b'id,note\nd1,x\nd2,"never closed\nd3,y\n', [("d1", "x"), ("d3", "y")], [(3, "quote")]),
    "05_bytes.csv": (b"\xef\xbb\xbfid,note\ne1,\xc3\x91\ne2,\xd1\n", [("e1", "\u00d1")], [(3, "encoding")]),
    "06_behind_a_quote.csv": (b'id,note\nf1,"x"y\nf2,"z"\n', [("f2", "z")], [(2, "quote")]),
    "07_ends_in_a_quote.csv": (b'id,note\ng1,x\ng2,"', [("g1", "x")], [(3, "quote")]),
}


def test_what_is_whole_arrives_and_the_rest_is_held_with_its_place(project: Project) -> None:
    project.write("nasty.yaml", PIPELINE)
    folder = project.root / "data"
    folder.mkdir(exist_ok=True)
    for name, (content, _, _) in CORPUS.items():
        (folder / name).write_bytes(content)
    outcome = project.good("nasty.yaml")
    rows = {row for _, found, _ in CORPUS.values() for row in found}
    held = {(name, line, f'["malformed({reason})"]') for name, (_, _, bad) in CORPUS.items() for line, reason in bad}
    assert set(project.rows("marts.out", "id", "note")) == rows
    assert set(project.rows("quarantine.raw__quarantine", "_source_file", "_line", "_reasons")) == held
    (source,) = outcome.results["sources"]
    assert source["ledger"]["rows_in"] == len(rows) + len(held)
    assert source["ledger"]["buckets"] == {"malformed": len(held), "out": len(rows)}


def test_rows_with_an_unreadable_value_stand_beside_malformed_lines(project: Project) -> None:
    project.write("nasty.yaml", PIPELINE.replace("note: string", "note: integer"))
    project.csv("data/a.csv", "id,note", "a,1", "b,many", "c", "a,2x")
    outcome = project.run("nasty.yaml")
    columns = "_bucket", "_reasons", "_line", "_text", "id", "note"
    unreadable = '["unreadable(note as integer)"]'
    assert project.rows("quarantine.raw__quarantine", *columns) == [
        ("malformed", '["malformed(fields)"]', 4, "c", None, None),
        ("unreadable", unreadable, None, None, "a", "2x"),
        ("unreadable", unreadable, None, None, "b", "many"),
    ]
    (source,) = outcome.results["sources"]
    assert source["ledger"]["memos"] == {"unreadable": 2}
    assert "raw: 4 in - 1 malformed = 3 out (2 unreadable)" in outcome.out
    runs = project.query("SELECT DISTINCT _run_id FROM quarantine.raw__quarantine")
    assert runs == [(outcome.results["run_id"],)]
    project.capture.readouterr()
    assert main(["runs", outcome.results["run_id"]]) == 0
    kept = project.capture.readouterr().out.splitlines()
    assert ["raw", "read", "3", "1", "2", f"{source['seconds']:.2f}"] in [line.split() for line in kept]


# -- one property: what is whole arrives

VALUES = st.text(st.sampled_from('ab ,"\n\r;|é\\'), max_size=6)
WORDS = st.text(st.sampled_from("ab ;|é\\"), max_size=6)
CLOSED = st.sampled_from([b"one", b"1,2,3,4", b'a,"b"c,d', b"a,\xff,c"])
# Nothing that follows such a line may close its quote: that would be a record of several lines.
OPEN = st.sampled_from([b'a,"b', b'"a","b'])
FULL = st.lists(st.tuples(VALUES, VALUES, VALUES) | CLOSED, min_size=1, max_size=12)
PLAIN = st.lists(st.tuples(WORDS, WORDS, WORDS) | CLOSED | OPEN, min_size=1, max_size=12)


@given(
    rows=FULL | PLAIN,
    end=st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_undamaged_row_arrives(tmp_path: Path, rows: list[tuple[str, str, str] | bytes], end: str) -> None:
    path = tmp_path / "x.csv"
    whole = [row for row in rows if isinstance(row, tuple)]
    damaged = [row for row in rows if isinstance(row, bytes)]
    path.write_bytes(b"".join([f"a,b,c{end}".encode(), *(_written(row, end) for row in rows)]))
    files = Files("x", (path,), "csv", dict.fromkeys("abc", STRING))
    with split(files) as found, duckdb.connect() as connection:
        arrived = connection.execute(select(files, found.sound)).fetchall()
        lines = connection.execute(f"SELECT _line FROM ({found.malformed.select})").fetchall()
    assert sorted(map(str, arrived)) == sorted(str(tuple(value or None for value in row)) for row in whole)
    assert found.records == len(whole) + len(damaged)
    assert sorted(number for (number,) in lines) == _places(rows, end)


def _written(row: tuple[str, str, str] | bytes, end: str) -> bytes:
    if isinstance(row, bytes):
        return row + end.encode()
    if not any(sign in value for value in row for sign in '",\r\n'):
        return (",".join(row) + end).encode()
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerow(row)
    return text.getvalue().encode()


def _places(rows: list[tuple[str, str, str] | bytes], end: str) -> list[int]:
    places, line = [], 2
    for row in rows:
        if isinstance(row, bytes):
            places.append(line)
        line += len(LINE_END.findall(_written(row, end)))
    return places


# -- the splitter and DuckDB's strict reader judge alike

READ_ALIKE = [
    b"a,b\n1,2\n",
    b"a,b\n1,2",
    b'a,b\n"1" ,2\n',
    b'a,b\n "1",2\n',
    b"a,b\n1,2,\n",
    b"a,b\n\n1,2\n\n",
    b'a,b\n"",\n',
    b'a,b\n1,x"y\n',
]


@pytest.mark.parametrize("content", READ_ALIKE)
@pytest.mark.parametrize("written", [USUAL, Csv(nulls=("NA",))], ids=["usual", "another null"])
def test_a_file_that_duckdb_reads_is_split_into_the_same_rows(tmp_path: Path, content: bytes, written: Csv) -> None:
    path, bad = tmp_path / "x.csv", tmp_path / "y.csv"
    path.write_bytes(content)
    bad.write_bytes(content + (b"" if content.endswith(b"\n") else b"\n") + b"alone\n")
    files = Files("x", (path,), "csv", dict.fromkeys("ab", STRING), written)
    worse = Files("x", (bad,), "csv", dict.fromkeys("ab", STRING), written)
    assert count(files, path, ("a", "b")) is not None
    with split(worse) as found, duckdb.connect() as connection:
        assert found.malformed.count == 1
        arrived = connection.execute(select(worse, found.sound)).fetchall()
        assert sorted(arrived, key=repr) == sorted(connection.execute(select(files)).fetchall(), key=repr)
