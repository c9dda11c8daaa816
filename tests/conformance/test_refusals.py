"""What a warehouse has no equal for is refused when the SQL is written, never answered otherwise."""

import pytest
import sqlalchemy as sa

from conformance import table
from framework.expressions.lowering import Lowering, lower
from framework.expressions.tree import Reference
from framework.expressions.typed import Scope
from framework.expressions.types import INTEGER, STRING
from framework.warehouses.postgres import Postgres

COLUMNS = Scope(
    {
        "word": Reference(STRING, True, "word"),
        "n": Reference(INTEGER, True, "n"),
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
        (r"regexp_extract(word, 'a+.*?b')", "greedy and lazy"),
        (r"regexp_replace(word, 'a+?b*', '')", "greedy and lazy"),
        (r"regexp_matches(word, '\pL')", "knows no"),
        (r"regexp_matches(word, 'a{300}')", "no more than 255"),
        (r"regexp_matches(word, '(?U)a+')", "no flag U"),
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
