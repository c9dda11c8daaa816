"""A statement that is laid out is the same statement."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.compile.layout import laid_out

CASES = [
    ("SELECT 1", "SELECT 1"),
    ("SELECT a, b FROM t WHERE a = 1 AND b = 2", "SELECT\n  a,\n  b\nFROM t\nWHERE a = 1\n  AND b = 2"),
    ("SELECT f(a, b) FROM t", "SELECT f(a, b)\nFROM t"),
    ("SELECT x FROM t WHERE a BETWEEN 1 AND 2 AND b", "SELECT x\nFROM t\nWHERE a BETWEEN 1 AND 2\n  AND b"),
    ("SELECT a IS DISTINCT FROM b, c FROM t", "SELECT\n  a IS DISTINCT FROM b,\n  c\nFROM t"),
    ("SELECT CASE WHEN a THEN b END FROM t", "SELECT CASE WHEN a THEN b END\nFROM t"),
    ("WITH q AS (SELECT 1 AS a) SELECT a FROM q", "WITH q AS (\n  SELECT 1 AS a\n)\nSELECT a\nFROM q"),
    ("SELECT left(a, 2) FROM t LEFT OUTER JOIN u ON b", "SELECT left(a, 2)\nFROM t\nLEFT OUTER JOIN u ON b"),
    ("SELECT ' a,  FROM ' FROM t", "SELECT ' a,  FROM '\nFROM t"),
    ('SELECT " FROM " FROM t', 'SELECT " FROM "\nFROM t'),
    ("SELECT `a  b` FROM t", "SELECT `a  b`\nFROM t"),
    ("DELETE FROM t WHERE a = 1", "DELETE FROM t\nWHERE a = 1"),
    ("UPDATE t SET a = 1, b = 2", "UPDATE t\nSET a = 1,\n  b = 2"),
    ("INSERT INTO t (a, b) SELECT a, b FROM u", "INSERT INTO t (a, b)\nSELECT\n  a,\n  b\nFROM u"),
    ("SELECT count(*) OVER (ORDER BY a, b) FROM t", "SELECT count(*) OVER (ORDER BY a, b)\nFROM t"),
    ("SELECT (SELECT 1 FROM u), a FROM t", "SELECT\n  (\n    SELECT 1\n    FROM u\n  ),\n  a\nFROM t"),
    ("SELECT E'a\\'b,   c' FROM t", "SELECT E'a\\'b,   c'\nFROM t"),
    ("SELECT :given, a::text FROM t", "SELECT\n  :given,\n  a::text\nFROM t"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "wanted"), CASES)
def test_cases(statement: str, wanted: str) -> None:
    assert laid_out(statement, escapes=False) == wanted
    assert laid_out(wanted, escapes=False) == wanted


@pytest.mark.parametrize(
    "statement", ["SELECT a, -- c\n  b", "SELECT $$a   b$$", "SELECT X'a   b'", "SELECT /* a */ b, c"]
)
def test_what_it_knows_nothing_of_stays(statement: str) -> None:
    assert laid_out(statement, escapes=False) == statement


def test_a_backslash_escapes_where_it_does() -> None:
    assert laid_out(r"SELECT 'it\'s,  FROM' FROM t", escapes=True) == "SELECT 'it\\'s,  FROM'\nFROM t"
    assert laid_out(r"SELECT '\' FROM t", escapes=False) == "SELECT '\\'\nFROM t"


WORDS = ["SELECT", "FROM", "WHERE", "AND", "CASE", "WHEN", "END", "JOIN", "GROUP", "BY", "WITH", *"(),.a"]
PIECES = st.sampled_from([*WORDS, "'x  y'", '"n  m"'])


@given(st.lists(PIECES, max_size=30))
def test_white_space_alone_is_changed(pieces: list[str]) -> None:
    statement = " ".join(pieces)
    done = laid_out(statement, escapes=False)
    assert re.sub(r"\s", "", done) == re.sub(r"\s", "", statement)
    for kept in ("'x  y'", '"n  m"'):
        assert done.count(kept) == statement.count(kept)
