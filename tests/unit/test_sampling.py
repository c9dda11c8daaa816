"""Made texts are of the shape that is asked for, or there are none."""

import re

import pytest

from framework.unit_tests.sampling import npi, sample


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        ("^[0-9]{5}$", "00000"),
        ("^[A-Z][0-9]{4}$", "A0000"),
        (r"^\d{2,4}-\w+$", "00-a"),
        ("^(a|b)c*$", "ac"),
        ("^(?:left|right) side$", "left side"),
        ("abc", "abc"),
        (r"^\$[1-9]\.[0-9]{2}$", "$1.00"),
        ("^[^0-9]+$", "~"),
        (r"^[\d-]{3}$", "000"),
        ("^x?y+$", "xy"),
        ("", ""),
        ("^(?=a)", None),
        ("[", None),
        ("^[^~]$", None),
        (r"^\pL$", None),
    ],
)
def test_a_sample_is_matched_by_its_pattern(pattern: str, made: str | None) -> None:
    assert sample(pattern) == made
    assert made is None or re.search(pattern, made)


# The example of the standard for the check digit: 80840 and 123456789 have the check digit 3 (CMS, NPI Check Digit).
@pytest.mark.parametrize(("number", "made"), [(23_456_789, "1234567893"), (1, "1000000012"), (2, "1000000020")])
def test_an_npi_has_its_check_digit(number: int, made: str) -> None:
    assert npi(number) == made
