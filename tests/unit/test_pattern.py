"""Patterns are read as DuckDB's RE2 reads them."""

from collections.abc import Iterator
from functools import lru_cache

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.expressions.pattern import (
    Pattern,
    PatternProblem,
    UnsharedPattern,
    check_group,
    check_replacement,
    read,
)

PATTERNS = r"""
(?=a)|(?!a)|(?<=a)|(?<!a)|(?>a)|(a)\1|\8|\07|\123|\0|\18|\777|[\1]|[\12]|a**|a*?|a*??|a{2}{3}|a{2}*|a{1001}|a{1000}
(a{100}){100}|(a{30}){30}|(a{40}){30}|{2}|{,2}|a{2,1}|a{,2}|a{0}|a{00002}|a{2,3|a{2}?|a{2}??|a{1,1001}|(a{0,1000}){2}
(a*){1000}|((a{10}){10}){10}|((a{10}){10}){11}|(a+){1000}|(?P<n>a)|(?<n>a)|(?P<1n>a)|(?P<>a)|(?P=n)|(?i)|(?q)|(?i-s:a)
(?-:a)|(?-)|(?i-)|(?s-i)a|(?U)a|(?x)a|(?m)^a|(?#c)|(?|(?:a|a)|[a|[]|[]]|[^]|[b-a]|[a-\d]|[\d-a]|[a-b-c]|[[:foo:]]
[[:alpha:]|[[:^alpha:]]|[[:alpha:]-z]|[a-[:alpha:]]|[[.a.]]|[\w-z]|[\b]|[\A]|[a-\]]|[\]-a]|[--a]|[+--]|[a--]|[\Qa\E]
\|\_|\é|\C|\Z|\z|\G|\h|\pL|\p{Lu}|\p{^Lu}|\p{Fo|\pq|\p{L|\P{Greek}|[\pL]|\x4|\x41|\x{}|\x{41}|\x{110000}|\x{10FFFF}
\x{4g}|\Qa|\Qa\Eb|\Q\E*|\Q\E|*a|(*)|^*|a(?i)*|(?i)*|a++|(|a)|()|\b*|\a\f\v\t|\e|\cA|\N|\R|\X|\K|\E|[\|[z-\x{41}]|$*
[\x{41}-\x{5a}]|(?i:)|(?:)*|x{2}+|\d{2}+|^[0-9]{5}(-[0-9]{4})?$|^[A-Z]\d[A-Z0-9](\.[A-Z0-9]{1,4})?$|é+|[é-ü]|a-b|]|}
[^\n]|[\s\S]|(?i)a{2}|a{2}(b|c)*?d|\p{Lu}{2}|[\p{Lu}\d_-]+|((((a{2}){2}){2}){2}){70}|(a{2}|b{600}){2}|\x{0000041}
"""


@lru_cache(maxsize=1)
def _duckdb() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _fits(pattern: str) -> bool:
    try:
        _duckdb().execute("SELECT regexp_matches('x', ?)", [pattern])
    except duckdb.InvalidInputException:
        return False
    return True


def _read(pattern: str) -> PatternProblem | None:
    try:
        read(pattern)
    except PatternProblem as problem:
        return problem
    return None


def patterns() -> Iterator[str]:
    for line in PATTERNS.split("\n"):
        yield from line.split("|")
    yield from ("a|", "|*", "(a|b)", "a|*", "(?P<n>a)(?P<n>b)", "\\", "[\\")


@pytest.mark.parametrize("pattern", sorted(set(patterns())))
def test_a_pattern_is_read_as_re2_reads_it(pattern: str) -> None:
    problem = _read(pattern)
    assert isinstance(problem, UnsharedPattern) or (problem is None) == _fits(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\C", r"a\C+", "(?U)a+", "(?i-U:a)", "^*", "a$?", r"\b{2}", r"\A+?", "(?i)^*", "^(?i)*"]
)
def test_what_no_two_warehouses_share_is_refused(pattern: str) -> None:
    assert _fits(pattern)
    problem = _read(pattern)
    assert isinstance(problem, UnsharedPattern)
    assert problem.help


PIECES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "é",
            "-",
            "^",
            "$",
            ".",
            "|",
            "(",
            ")",
            "(?:",
            "(?i)",
            "(?P<n>",
            "(?=",
            "[",
            "]",
            "[^",
            "{",
            "}",
            ",",
        ),
        *("*", "+", "?", "{2}", "{2,}", "{3,2}", "{40}", "\\", "\\d", "\\W", "\\b", "\\pN", "\\p{Lu}", "\\x41", "\\1"),
        *("\\12", "\\n", "\\.", "\\]", "\\Q", "\\E", "[:alpha:]", "[:no:]", "a-z", "z-a", "0", "_", "\\_", " "),
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=7).map("".join))
def test_any_pattern_is_read_as_re2_reads_it(pattern: str) -> None:
    problem = _read(pattern)
    assert isinstance(problem, UnsharedPattern) or (problem is None) == _fits(pattern)
    if problem is not None:
        assert 0 <= problem.span[0] < problem.span[1] <= len(pattern)


@pytest.mark.parametrize(
    ("pattern", "marked"),
    [
        ("ab(?=c)", "(?="),
        (r"(a)-\1", r"\1"),
        ("a++b", "++"),
        ("x[b-a]", "b-a"),
        ("a(b", "("),
        ("a{1,2000}", "{1,2000}"),
    ],
)
def test_a_problem_marks_what_is_wrong(pattern: str, marked: str) -> None:
    problem = _read(pattern)
    assert problem is not None
    assert pattern[slice(*problem.span)] == marked
    assert problem.help


def test_groups_are_counted() -> None:
    assert read(r"(a)(?:b)(?P<c>d(e))\(").groups == 3


@pytest.mark.parametrize("text", [r"\1", r"<\0>", r"\\", "$1"])
def test_a_replacement_may_name_the_groups_that_there_are(text: str) -> None:
    check_replacement(text, Pattern(1))


@pytest.mark.parametrize("text", [r"\2", r"\n", "\\", r"\é"])
def test_a_replacement_may_not_name_others(text: str) -> None:
    with pytest.raises(PatternProblem):
        check_replacement(text, Pattern(1))


def test_a_group_that_is_not_there_is_none() -> None:
    check_group(0, Pattern(0))
    with pytest.raises(PatternProblem, match="no group 1: the pattern has no group"):
        check_group(1, Pattern(0))
