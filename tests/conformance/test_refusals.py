"""What a warehouse has no equal for is refused when the SQL is written, never answered otherwise."""

import pytest
import sqlalchemy as sa

from conformance import table
from framework.expressions.lowering import Lowering, lower
from framework.expressions.tree import Reference
from framework.expressions.typed import Scope
from framework.expressions.types import BOOLEAN, INTEGER, STRING
from framework.warehouses.databricks import Databricks
from framework.warehouses.postgres import Postgres
from framework.warehouses.snowflake import Snowflake

COLUMNS = Scope(
    {
        "word": Reference(STRING, True, "word"),
        "n": Reference(INTEGER, True, "n"),
        "flag": Reference(BOOLEAN, True, "flag"),
    },
    "the test",
)


def _refused(text: str, lowering: Lowering, message: str) -> None:
    e = table.expression(text, COLUMNS)
    with pytest.raises(ValueError, match=message):
        lower(e, lambda reference: sa.column(reference.name), lowering)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"regexp_extract(word, '.*?-(\d+)', 1)", "the first match that it comes to"),
        (r"regexp_replace(word, 'a+?b*', '')", "the first match that it comes to"),
        (r"regexp_extract(word, '(a|ab)(c|bcd)?')", "the first match that it comes to"),
        (r"regexp_extract(word, '(|a)+', 1)", "divides a match"),
        (r"regexp_extract(word, '(?:(a)|b)*', 1)", "divides a match"),
        (r"regexp_replace(word, '(?:(a)|b)+', '\1')", "divides a match"),
        (r"regexp_replace(word, 'a*', '-')", "right behind another"),
        (r"regexp_replace(word, 'a|$', '-')", "right behind another"),
        (r"regexp_replace(word, '\bb?', '-')", "right behind another"),
        (r"regexp_extract(word, '(a{0,30}b{0,30}){0,30}')", "too many states"),
        (r"regexp_matches(word, '\pL')", "knows no"),
        (r"regexp_matches(word, 'a{300}')", "no more than 255"),
        ("median(n) over (partition by word)", "over a window"),
        ("count(distinct n) over (partition by word)", "distinct ...* over a window"),
        ("sum(distinct n) over (partition by word)", "distinct ...* over a window"),
        ("arg_max(word, n) over (partition by word)", "over a window"),
        ("string_agg(word, ',' order by n) over (partition by word order by n)", "over a window"),
        ("string_agg(distinct word, ',' order by word) over (partition by n)", "over a window"),
    ],
)
def test_on_postgres(text: str, message: str) -> None:
    _refused(text, Postgres.lowering, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"regexp_extract(word, '(?:|ab*)*')", "can be empty"),
        (r"regexp_replace(word, '(?:a|b*?){2,}', '')", "can be empty"),
        (r"regexp_extract(word, '(a*)+', 1)", "divides a match"),
        (r"regexp_replace(word, '(?:(a)|b*)*', '\1')", "divides a match"),
        (r"regexp_extract(word, '((ab){2}){2}|a+', 2)", "divides a match"),
        (r"regexp_matches(word, '(?i)\pL')", "name both cases"),
        ("sum(distinct n) over (partition by word)", "distinct ...* over a window"),
        ("median(distinct n) over (partition by word)", "distinct ...* over a window"),
    ],
)
def test_on_databricks(text: str, message: str) -> None:
    _refused(text, Databricks.lowering, message)


@pytest.mark.parametrize(
    "text",
    [
        "regexp_matches(word, 'a+?b*|(a|ab)(c|bcd)?')",
        "regexp_extract(word, 'a+.*?b')",
        "regexp_extract(word, '^(.*?),(\\d+)$', 1)",
        r"regexp_extract(word, '(\d+(?:\.\d+)?)\s*(mg|mcg|ml|m|g)', 2)",
        "regexp_replace(word, ' *$', '')",
        "regexp_replace(word, '^ *', '-')",
        "max(distinct n) over (partition by word)",
    ],
)
def test_what_means_the_same_on_postgres_is_not_refused(text: str) -> None:
    e = table.expression(text, COLUMNS)
    lower(e, lambda reference: sa.column(reference.name), Postgres.lowering)


@pytest.mark.parametrize(
    "text",
    [
        "regexp_matches(word, '(?:|ab*)*')",
        "regexp_extract(word, '(?:a?b*)*c')",
        "regexp_extract(word, '(\\d{3}-)?(\\d{4})', 1)",
        r"regexp_extract(word, '[\p{L}\pN_-]+ \p{Greek}')",
        "regexp_replace(word, '(a*)+', '-')",
        "count(distinct n) over (partition by word)",
    ],
)
def test_what_means_the_same_on_databricks_is_not_refused(text: str) -> None:
    e = table.expression(text, COLUMNS)
    lower(e, lambda reference: sa.column(reference.name), Databricks.lowering)


@pytest.mark.parametrize(
    "text",
    [
        "string_agg(word, ',' order by n) over (order by n)",
        "median(n) over (order by n)",
        "arg_max(word, n) over (partition by word)",
        "sum(distinct n) over (partition by word order by n)",
        "count(distinct n) over (order by n rows between 1 preceding and current row)",
        "variance(distinct n) over (partition by word)",
    ],
)
def test_on_snowflake(text: str) -> None:
    _refused(text, Snowflake.lowering, "over a window")


@pytest.mark.parametrize(
    "text",
    [
        "bool_or(flag) over (order by n)",
        "string_agg(word, ',') over (partition by n)",
        "sum(distinct n) over (partition by word)",
        "max(distinct n) over (order by n)",
    ],
)
def test_a_window_that_snowflake_has(text: str) -> None:
    e = table.expression(text, COLUMNS)
    lower(e, lambda reference: sa.column(reference.name), Snowflake.lowering)
