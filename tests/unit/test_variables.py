"""Values of variables: what YAML makes of a text, and which values are of which type."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from framework.clauses.variables import fitted
from framework.expressions.types import parse_type
from framework.yaml_source import NOT_A_VALUE, scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-0.50", Decimal("-0.50")),
        ("1e-4", Decimal("0.0001")),
        ("true", True),
        ("yes", "yes"),
        ("01", "01"),
        ("2014-01-31", date(2014, 1, 31)),
        ("'2014-01-31'", "2014-01-31"),
        ('"it\'s"', "it's"),
        (" north ", "north"),
        ("!!str 1", "1"),
        ("a:b", "a:b"),
        ("12:30", "12:30"),
        ("", None),
        ("null", None),
        ('""', ""),
        ("[a]", NOT_A_VALUE),
        ("{a: 1}", NOT_A_VALUE),
        ("a: b", NOT_A_VALUE),
        ("a # b", NOT_A_VALUE),
        ("é # b", NOT_A_VALUE),
        ("'a' # b", NOT_A_VALUE),
        ("a\nb", NOT_A_VALUE),
        ("--- a", NOT_A_VALUE),
        ("a\n--- b", NOT_A_VALUE),
        ("*a", NOT_A_VALUE),
        ("&a", NOT_A_VALUE),
        ("'open", NOT_A_VALUE),
        ("- a", NOT_A_VALUE),
        ("|\n a", NOT_A_VALUE),
        ("a\x00b", NOT_A_VALUE),
        (".nan", NOT_A_VALUE),
    ],
)
def test_a_text_is_one_value_or_none(text: str, value: Any) -> None:
    found = scalar(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("value", "wanted", "found"),
    [
        ("a", "string", "a"),
        ("", "string", ""),
        (1, "string", None),
        (1, "integer", 1),
        (True, "integer", None),
        (Decimal("1.0"), "integer", None),
        (2**63 - 1, "integer", 2**63 - 1),
        (-(2**63), "integer", -(2**63)),
        (2**63, "integer", None),
        (Decimal("0.5"), "decimal(4,4)", Decimal("0.5")),
        (Decimal("0.50000"), "decimal(4,4)", Decimal("0.50000")),
        (Decimal("0.00001"), "decimal(4,4)", None),
        (Decimal(1), "decimal(4,4)", None),
        (12, "decimal(4,2)", Decimal(12)),
        (Decimal("1.5E+1"), "decimal(4,2)", Decimal("15")),
        (123, "decimal(4,2)", None),
        (Decimal("-99.99"), "decimal(4,2)", Decimal("-99.99")),
        (Decimal("9" * 38), "decimal(38,0)", Decimal("9" * 38)),
        (Decimal("9" * 39), "decimal(38,0)", None),
        ("0.5", "decimal(4,4)", None),
        (Decimal("0.1"), "double", 0.1),
        (3, "double", 3.0),
        (True, "boolean", True),
        (1, "boolean", None),
        ("true", "boolean", None),
        (True, "string", None),
        (date(2014, 1, 31), "date", date(2014, 1, 31)),
        ("2014-01-31", "date", None),
        (date(2014, 1, 31), "timestamp", datetime(2014, 1, 31)),
        ("2014-01-31 06:30:00", "timestamp", datetime(2014, 1, 31, 6, 30)),
        ("2014-01-31T06:30:00+01:00", "timestamp", None),
        ("soon", "timestamp", None),
    ],
)
def test_a_value_fits_a_type_unchanged_or_not_at_all(value: Any, wanted: str, found: Any) -> None:
    type_ = parse_type(wanted)
    assert type_ is not None
    fit = fitted(value, type_)
    assert (type(fit), fit) == (type(found), found)
    if isinstance(fit, Decimal):
        assert "E" not in str(fit)
