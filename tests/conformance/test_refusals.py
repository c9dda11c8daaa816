"""What a warehouse has no equal for is refused when the SQL is written, never answered otherwise."""

import pytest
import sqlalchemy as sa

from conformance import table
from framework.expressions.lowering import Lowering, lower
from framework.expressions.tree import Reference
from framework.expressions.typed import Scope
from framework.expressions.types import DOUBLE, INTEGER, STRING
from framework.warehouses.duckdb import Duckdb
from framework.warehouses.postgres import Postgres

BOTH = (Duckdb.lowering, Postgres.lowering)
COLUMNS = Scope(
    {
        "word": Reference(STRING, True, "word"),
        "n": Reference(INTEGER, True, "n"),
        "rate": Reference(DOUBLE, True, "rate"),
    },
    "the test",
)


def _refused(text: str, lowering: Lowering, message: str) -> None:
    e = table.expression(text, COLUMNS)
    with pytest.raises(ValueError, match=message):
        lower(e, lambda reference: sa.column(reference.name), lowering)


@pytest.mark.parametrize("lowering", BOTH, ids=("duckdb", "postgres"))
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("try_parse_date(word, '%Y-%Q')", "%Q is no part"),
        ("try_parse_date(word, '%d.%m.')", "needs a year"),
        ("try_parse_date(word, '%Y%')", "in the middle of a directive"),
        ("try_parse_timestamp(word, '%Y-%m-%d', '%Y %Z')", "%Z is no part"),
        ("format_date(now(), '%c')", "%c is no part"),
        ("hash_key(rate)", "a double has no canonical text"),
    ],
)
def test_on_both(lowering: Lowering, text: str, message: str) -> None:
    _refused(text, lowering, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"regexp_extract(word, 'a+.*?b')", "greedy and lazy"),
        (r"regexp_replace(word, 'a+?b*', '')", "greedy and lazy"),
        (r"regexp_matches(word, '\pL')", "knows no"),
        (r"regexp_matches(word, '(a')", "not closed"),
        (r"regexp_matches(word, 'a)')", "too many"),
        (r"regexp_matches(word, '[a')", "not closed"),
        (r"regexp_matches(word, '*a')", "means nothing"),
        (r"regexp_matches(word, 'a{300}')", "no more than 255"),
        (r"regexp_matches(word, '(?U)a+')", "no flag U"),
        (r"regexp_matches(word, '[b-a]')", "is empty"),
        (r"regexp_matches(word, '[[:nothing:]]')", "no class"),
        ("median(n) over (partition by word)", "over a window"),
        ("arg_max(word, n) over (partition by word)", "over a window"),
        ("string_agg(word, ',' order by n) over (partition by word order by n)", "over a window"),
        ("string_agg(distinct word, ',' order by word) over (partition by n)", "over a window"),
    ],
)
def test_on_postgres(text: str, message: str) -> None:
    _refused(text, Postgres.lowering, message)


def test_a_mixed_pattern_may_still_be_asked_whether_it_matches() -> None:
    e = table.expression("regexp_matches(word, 'a+.*?b')", COLUMNS)
    lower(e, lambda reference: sa.column(reference.name), Postgres.lowering)
