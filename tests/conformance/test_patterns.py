"""Whatever pattern a warehouse is given, it finds the text that RE2 finds."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import OPENERS, Opened
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conformance import table
from framework.expressions.lowering import lower
from framework.expressions.pattern import PatternProblem, read
from framework.expressions.tree import Expression, Reference
from framework.expressions.typed import call, literal
from framework.expressions.types import STRING

TEXTS = ("", "a", "b", "ab", "aab", "abb", "abc", "aabbcc", "ba b", "a\nb", "cab a", "abcabc", " ac", "aaaa", "b\n\na")
ATOMS = st.sampled_from(["a", "b", "c", "ab", "bc", ".", "[ab]", "[^a]", r"\s", r"\w", "a?b", "(?i:B)", r"a\b"])
REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}"])
STARTS, ENDS = (st.sampled_from(["", "", *edges]) for edges in (["^", r"\b", "(?m)^"], ["$", r"\b", "(?m:$)"]))


def _repeated(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    grouped = st.tuples(st.sampled_from(["(", "(?:"]), parts, REPEATS).map(lambda t: f"{t[0]}{t[1]}){t[2]}")
    row = st.lists(parts, min_size=1, max_size=3).map("".join)
    return grouped | row | st.lists(parts | st.just(""), min_size=2, max_size=3).map("|".join)


INSIDE = st.recursive(st.tuples(ATOMS, REPEATS).map("".join), _repeated, max_leaves=6)
PATTERNS = st.tuples(STARTS, INSIDE, ENDS).map("".join)


@pytest.fixture(scope="module")
def duckdb(request: pytest.FixtureRequest) -> Iterator[Opened]:
    yield from _with_texts("duckdb", request)


@pytest.fixture(scope="module")
def postgres(request: pytest.FixtureRequest) -> Iterator[Opened]:
    yield from _with_texts("postgres", request)


@pytest.fixture(scope="module")
def spark(request: pytest.FixtureRequest) -> Iterator[Opened]:
    yield from _with_texts("spark", request)


def _with_texts(name: str, request: pytest.FixtureRequest) -> Iterator[Opened]:
    with OPENERS[name](request) as opened:
        table.create(opened, "texts", ["word"], [table.constants([literal(text)], opened) for text in TEXTS])
        yield opened


def _found(opened: Opened, expressions: list[Expression]) -> Any:
    relation = sa.table("texts", sa.column("word"))
    elements = [lower(e, lambda _: relation.c.word, opened.warehouse.lowering) for e in expressions]
    named = [element.label(f"e{index}") for index, element in enumerate(elements)]
    rows = table.computed(opened, sa.select(relation.c.word, *named))
    assert len(rows) == len(TEXTS), rows
    return sorted(map(tuple, rows))


def _calls(pattern: str, groups: int) -> Iterator[Expression]:
    word = Reference(STRING, True, "word")
    yield call("regexp_matches", word, literal(pattern))
    yield call("regexp_extract", word, literal(pattern))
    yield call("regexp_replace", word, literal(pattern), literal("-"))
    yield call("regexp_replace", word, literal(pattern), literal(""))
    for group in range(1, groups + 1):
        yield call("regexp_extract", word, literal(pattern), literal(group))
        yield call("regexp_replace", word, literal(pattern), literal(f"<\\{group}>"))


def _is_said(e: Expression, opened: Opened) -> bool:
    try:
        lower(e, lambda reference: sa.column(reference.name), opened.warehouse.lowering)
    except ValueError:
        return False
    return True


def _asked(pattern: str, opened: Opened) -> list[Expression]:
    """What the warehouse can be asked of a pattern; nothing of what is none."""
    try:
        groups = read(pattern).groups
    except PatternProblem:
        return []
    calls = [e for e in _calls(pattern, groups) if _is_said(e, opened)]
    assert calls
    return calls


_SETTINGS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@_SETTINGS
@given(pattern=PATTERNS)
@example(pattern=r"a?\ba??")  # whether a match ends at the edge of a word hangs on what comes next
def test_postgres_finds_what_re2_finds(duckdb: Opened, postgres: Opened, pattern: str) -> None:
    calls = _asked(pattern, postgres)
    if calls:
        assert _found(postgres, calls) == _found(duckdb, calls)


@pytest.mark.engines
@settings(_SETTINGS, max_examples=15)
@given(patterns=st.lists(PATTERNS, min_size=10, max_size=10))  # Spark is slow to answer, and not to answer much
@example(patterns=[r"a?\ba??", "(|a)*", "(|a)+", "b*", "(a|b*)*", " *$", "(?:a?)*?", "(a*)+", "(?:(a)|b)*", "(a?)*b"])
def test_spark_finds_what_re2_finds(duckdb: Opened, spark: Opened, patterns: list[str]) -> None:
    calls = [e for pattern in patterns for e in _asked(pattern, spark)]
    assert not calls or _found(spark, calls) == _found(duckdb, calls)
