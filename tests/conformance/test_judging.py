"""A list of what differs hides nothing: neither what is not on it, nor what is on it and right."""

from pathlib import Path

import pytest

from conformance import judging
from conformance.judging import Judged
from conformance.table import Row

LISTED = """
- why: it is a stand-in
  rows:
    abs: |
      abs('a␊b') [literals, columns]
      abs(2) [unrun]
"""
KNOWN, OTHER, UNRUN = Row("abs", "abs('a\nb')", 1), Row("abs", "abs(1)", 1), Row("abs", "abs(2)", 2)


@pytest.fixture(autouse=True)
def _a_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "listed.yaml").write_text(LISTED, encoding="utf-8")
    monkeypatch.setattr(judging, "STAND_INS", {"stand-in": tmp_path / "listed.yaml"})
    monkeypatch.setattr(judging, "RESULTS", tmp_path / "results.yaml")
    judging.listed.cache_clear()


def test_what_is_listed_may_differ() -> None:
    judging.settle("stand-in", [Judged(KNOWN, "literals", "wrong"), Judged(OTHER, "literals", None)])
    assert not judging.runs("stand-in", UNRUN)
    assert judging.runs("duckdb", UNRUN)


@pytest.mark.parametrize(
    ("engine", "judged", "message"),
    [
        ("stand-in", Judged(KNOWN, "literals", None), "take it off the list"),
        ("stand-in", Judged(KNOWN, "window", "other than it was"), "other than it was"),
        ("stand-in", Judged(OTHER, "columns", "wrong there"), "wrong there"),
        ("duckdb", Judged(KNOWN, "literals", "wrong there"), "wrong there"),
    ],
)
def test_nothing_else_may(engine: str, judged: Judged, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        judging.settle(engine, [judged])


def test_what_came_of_the_rows_is_held_against_what_is_written() -> None:
    both = [Judged(KNOWN, "literals", "wrong"), Judged(KNOWN, "columns", None), Judged(OTHER, "literals", None)]
    with pytest.raises(AssertionError, match="--update-golden"):
        judging.record("stand-in", "scalars", "abs", both, update=False)
    judging.record("stand-in", "scalars", "abs", both, update=True)
    judging.record("stand-in", "scalars", "abs", both, update=False)
    assert judging.read() == {"functions": {"stand-in": {"scalars": {"abs": {"agreed": 1, "differ": 2}}}}}
    with pytest.raises(AssertionError, match="--update-golden"):
        judging.record("stand-in", "scalars", "abs", both[:1], update=False)
