"""Whatever pattern Snowflake is given, it finds the text that RE2 finds, taking the longest match as POSIX has it."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from conftest import OPENERS, Opened
from hypothesis import HealthCheck, example, given, settings

from conformance import table
from conformance.test_patterns import PATTERNS, TEXTS
from framework.expressions.lowering import lower
from framework.expressions.pattern import PatternProblem, read
from framework.expressions.tree import Reference
from framework.expressions.typed import Scope, call, literal
from framework.expressions.types import STRING
from framework.warehouses._snowflake_regex import Pattern, finding, matching
from framework.warehouses.snowflake import Snowflake

COLUMNS = Scope({"word": Reference(STRING, True, "word")}, "the test")


@pytest.fixture(scope="module")
def duckdb(request: pytest.FixtureRequest) -> Iterator[Opened]:
    with OPENERS["duckdb"](request) as opened:
        table.create(opened, "texts", ["word"], [table.constants([literal(text)], opened) for text in TEXTS])
        yield opened


def _by_re2(opened: Opened, pattern: str) -> dict[str, str | None]:
    relation = sa.table("texts", sa.column("word"))
    found = call("regexp_extract", Reference(STRING, True, "word"), literal(pattern))
    element = lower(found, lambda _: relation.c.word, opened.warehouse.lowering)
    rows = table.computed(opened, sa.select(relation.c.word, element))
    assert len(rows) == len(TEXTS), rows
    return {row[0]: row[1] for row in rows}


def _longest(pattern: Pattern, text: str) -> str | None:
    """The first match, and of those that begin there the longest."""
    flags = re.ASCII | (re.MULTILINE if "m" in pattern.flags else 0) | (re.DOTALL if "s" in pattern.flags else 0)
    for start in range(len(text) + 1):
        for end in range(len(text), start - 1, -1):
            around = f"(?s:.{{{start}}})(?P<found>{pattern.text})(?s:.{{{len(text) - end}}})"
            if re.fullmatch(around, text, flags):
                return text[start:end]
    return None


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(pattern=PATTERNS)
@example(pattern="a.*?b")
@example(pattern="(?i)[^]^-]B|-")
@example(pattern="(?m)^b$")
@example(pattern="a|ab")
@example(pattern="(?:a|)(b|)")
@example(pattern=r"[\]\\^-]?a")
def test_snowflake_finds_what_re2_finds(duckdb: Opened, pattern: str) -> None:
    try:
        read(pattern)
        asked = matching(pattern)
    except (PatternProblem, ValueError):
        return
    by_re2 = _by_re2(duckdb, pattern)
    assert {text: _longest(asked, text) is not None for text in TEXTS} == {
        text: found is not None for text, found in by_re2.items()
    }
    try:
        taken = finding(pattern)
    except ValueError:
        return
    assert {text: _longest(taken, text) for text in TEXTS} == by_re2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"regexp_extract(word, '\d+\s*(m|mg)')", "not always the longest"),
        (r"regexp_extract(word, '.*?-(\d+)', 1)", "not always the longest"),
        (r"regexp_extract(word, '^(.*?),(\d+)$', 1)", "divided otherwise"),
        (r"regexp_replace(word, 'a*', '-')", "right behind another"),
        (r"regexp_matches(word, '\pL')", "on Snowflake: it knows no"),
        (r"regexp_matches(word, '(?m)^a\z')", "ends of lines and ends of the text"),
    ],
)
def test_what_snowflake_has_no_equal_for_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lower(table.expression(text, COLUMNS), lambda reference: sa.column(reference.name), Snowflake.lowering)


@pytest.mark.parametrize(
    "text",
    [
        "regexp_matches(word, 'a+?b*|(a|ab)(c|bcd)?')",
        "regexp_replace(word, '<.*?>', '')",
        "regexp_replace(word, ' *$', '')",
        r"regexp_extract(word, '(\d+(?:\.\d+)?)\s*(mg|mcg|ml)', 2)",
    ],
)
def test_what_means_the_same_on_snowflake_is_not_refused(text: str) -> None:
    lower(table.expression(text, COLUMNS), lambda reference: sa.column(reference.name), Snowflake.lowering)
