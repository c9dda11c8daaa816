"""The shapes of text that can be read as a value, as patterns that RE2 and Postgres read alike.

What a text must look like is decided here, once; a warehouse's own conversion is only asked for texts that
have the shape, for what it would accept besides differs from warehouse to warehouse.
"""

import re
from collections.abc import Iterable

from framework.expressions.strftime import Directive

BLANKS = " \\t\\n\\r\\f"  # within brackets; the blanks that may stand around a value
_YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_ANY = {"Y": _YEAR, "y": "[0-9]{2}"}
_LEAP = "(0[48]|[2468][048]|[13579][26])"
_LEAP_YEARS = {"Y": f"([0-9]{{2}}{_LEAP}|{_LEAP}00)", "y": "([02468][048]|[13579][26])"}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONG_MONTHS = (1, 3, 5, 7, 8, 10, 12)

# An offset, or what is added, can lead out of the years that there are.
EARLIEST, LATEST = "TIMESTAMP '0001-01-01 00:00:00'", "TIMESTAMP '9999-12-31 23:59:59.999999'"

CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
OFFSET = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"

# The days of every month, and the 29th of February in leap years alone.
ISO_DATE = (
    f"({_YEAR}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
    f"|{_LEAP_YEARS['Y']}-02-29)"
)
INTEGER = "[+-]?[0-9]+"
GROUPED = "[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)"
_AMOUNT = r"(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})"
_DOLLAR = rf"(\$[{BLANKS}]*)"
# A sign before or after the currency, a minus or CR behind, or parentheses; one of them.
AMOUNT = (
    rf"(([+-]?{_DOLLAR}?|{_DOLLAR}[+-]){_AMOUNT}|{_DOLLAR}?{_AMOUNT}(-|[{BLANKS}]*[Cc][Rr])"
    rf"|\({_DOLLAR}?{_AMOUNT}\)|{_DOLLAR}\({_AMOUNT}\))"
)
NEGATIVE_AMOUNT = "[-(Rr]"
PLAIN_AMOUNT = r"[0-9]+(\.[0-9]{0,4})?"


def in_utc(text: str, moment: str) -> str:
    """Whether the moment of a text with an offset is in the years 1 to 9999; few texts are at their ends."""
    inside = f"{text} NOT LIKE '%0001-01-01%' AND {text} NOT LIKE '%9999-12-31%'"
    return f"({inside} OR {moment} BETWEEN {EARLIEST} AND {LATEST})"


def within_years(moment: str) -> str:
    """A sum, refused outside of the years 1 to 9999 by what leads out of those that a warehouse has."""
    outside = f"{moment} NOT BETWEEN {EARLIEST} AND {LATEST}"
    return f"{moment} + CASE WHEN {outside} THEN INTERVAL '999999 year' ELSE INTERVAL '0 day' END"


def whole(shape: str) -> str:
    """The pattern of a text that is this shape and nothing else, blanks around left aside."""
    return f"^[{BLANKS}]*({shape})[{BLANKS}]*$"


def double(exponent: int) -> str:
    """A number with an exponent of at most so many digits."""
    return rf"[+-]?([0-9]{{1,100}}(\.[0-9]{{0,100}})?|\.[0-9]{{1,100}})([eE][+-]?[0-9]{{1,{exponent}}})?"


def decimal(digits: int, scale: int) -> str:
    """A number with no more decimals than the scale and no more digits before them than fit; a digit on one side
    of the point is enough."""
    whole = f"0{{0,200}}[0-9]{{1,{digits}}}" if digits else "0{1,200}"
    if not scale:
        return f"[+-]?{whole}\\.?"
    return f"[+-]?({whole}(\\.[0-9]{{0,{scale}}})?|\\.[0-9]{{1,{scale}}})"


# -- formats of strftime


def moment(pieces: tuple[Directive, ...], years: dict[str, str] = _ANY) -> str:
    """The shape of texts that a format reads: only days that there are."""
    cases = _cases({d.letter for d in pieces})
    if years is not _ANY:
        cases = [case | years for case in cases]
    return "|".join(dict.fromkeys("".join(_piece(d, case) for d in pieces) for case in cases))


def _cases(letters: set[str]) -> list[dict[str, str]]:
    """Which days go with which months and years, a pattern by letter; `0?` where a zero may be left out."""
    every = _months(range(1, 13)) | _ANY
    if "j" in letters:
        most = "(0?0?[1-9]|0?[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])"
        return [every | {"j": most}, every | _LEAP_YEARS | {"j": "366"}]
    if "d" not in letters:
        return [every]
    return [
        every | {"d": "(0?[1-9]|1[0-9]|2[0-8])"},
        every | _months(m for m in range(1, 13) if m != 2) | {"d": "(29|30)"},
        every | _months(_LONG_MONTHS) | {"d": "31"},
        every | _months((2,)) | _LEAP_YEARS | {"d": "29"},
    ]


def _months(numbers: Iterable[int]) -> dict[str, str]:
    listed = list(numbers)
    names = [_MONTHS[n - 1] for n in listed]
    return {
        "m": f"({'|'.join(f'0?{n}' if n < 10 else str(n) for n in listed)})",
        "b": f"({'|'.join(name[:3] for name in names)})",
        "B": f"({'|'.join(names)})",
    }


_CLOCKS = {
    "H": "(0?[0-9]|1[0-9]|2[0-3])",
    "I": "(0?[1-9]|1[0-2])",
    "M": "(0?[0-9]|[1-5][0-9])",
    "S": "(0?[0-9]|[1-5][0-9])",
    "f": "[0-9]{1,6}",
    "p": "(am|pm)",
    "a": f"({'|'.join(d[:3] for d in _WEEKDAYS)})",
    "A": f"({'|'.join(_WEEKDAYS)})",
    " ": "[ \\t]+",
}


def _piece(d: Directive, case: dict[str, str]) -> str:
    if not d.letter:
        return re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", d.text)
    pattern = case.get(d.letter) or _CLOCKS[d.letter]
    if d.padded:
        pattern = "[0-9]{6}" if d.letter == "f" else pattern.replace("0?", "0")
    return pattern
