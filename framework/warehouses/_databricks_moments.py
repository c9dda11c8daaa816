"""Dates and timestamps on Databricks, and their formats: strftime's letters as those of a pattern."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby

from framework.expressions.strftime import Directive, directives
from framework.expressions.tree import Call
from framework.warehouses import _places as places
from framework.warehouses import _shapes as shapes
from framework.warehouses._databricks_pieces import DATE, integer, quoted, refused, shaped

# -- formats, by letter: that of a pattern, and what it reads where a number need not have all its digits

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_SHORT = re.sub(r"(\w{3})\w*", r"\1", _MONTHS), re.sub(r"(\w{3})\w*", r"\1", _DAYS)
_LETTERS = {
    "Y": ("yyyy", "[0-9]{4}"),
    "y": ("yy", "[0-9]{2}"),
    **{letter: (java, "[0-9]{1,2}") for letter, java in zip("mdHIMS", "MdHhms", strict=True)},
    "j": ("D", "[0-9]{1,3}"),
    "f": ("SSSSSS", "[0-9]{1,6}"),
    "p": ("a", "AM|PM"),
    "b": ("MMM", _SHORT[0]),
    "B": ("MMMM", _MONTHS),
    "a": ("EEE", _SHORT[1]),
    "A": ("EEEE", _DAYS),
}


def _reading(format: str) -> str:
    """A text read by one format: what it is made of is taken out first, for a pattern of numbers that stand side by
    side, or of a weekday, is none that can be read."""
    pieces = directives(format)
    groups, letters = "", []
    for d in pieces:
        if not d.letter or d.letter == " ":
            groups += "[ \\t]+" if d.letter else re.sub(r"[][\\^$.|?*+(){}]", r"\\\g<0>", d.text)
            continue
        java, shape = _LETTERS[d.letter]
        weekday = d.letter in ("a", "A")
        groups += f"({'?:' if weekday else ''}{shape.replace('{1,', '{') if d.padded else shape})"
        letters += [] if weekday else [java]
    taken = " ".join(f"${index}" for index in range(1, len(letters) + 1))
    whole = quoted(f"(?i)^[{shapes.BLANKS}]*{groups}[{shapes.BLANKS}]*\\z")
    value = f"TRY_TO_TIMESTAMP(REGEXP_REPLACE({{0}}, {whole}, '{taken}'), '{' '.join(letters)}')"
    if "yy" in letters:  # 2000 to 2099 for Java, and 1969 to 2068 for POSIX
        value = f"CASE WHEN YEAR({value}) > 2068 THEN {value} - INTERVAL 100 YEARS ELSE {value} END"
    return shaped(shapes.moment(pieces), value, any_case=True)


def parsed(c: Call) -> str:
    read = ", ".join(_reading(format) for format in c.options)
    return f"CAST({f'COALESCE({read})' if len(c.options) > 1 else read} AS {{type}})"


# Of weeks a pattern knows nothing.
_COMPUTED = {
    "u": "CAST(EXTRACT(DAYOFWEEK_ISO FROM {0}) AS STRING)",
    "V": "LPAD(CAST(EXTRACT(WEEK FROM {0}) AS STRING), 2, '0')",
    "G": "LPAD(CAST(EXTRACT(YEAROFWEEK FROM {0}) AS STRING), 4, '0')",
}


def _written(d: Directive) -> str:
    """Text stands in single quotes, a quote doubled."""
    if d.letter in ("", " "):
        return "'" + d.text.replace("'", "''") + "'"
    java = _LETTERS[d.letter][0]
    return java if d.text or len(java) > 1 or java == "a" else java * (3 if java == "D" else 2)


def _plain(run: Iterable[Directive]) -> Iterator[str]:
    """Pieces of text that stand side by side are one: between two of them there would be a quote."""
    for fixed, group in groupby(run, lambda d: d.letter in ("", " ")):
        pieces = list(group)
        yield from map(_written, [Directive("", "".join(d.text for d in pieces))] if fixed else pieces)


def formatted(c: Call) -> str:
    parts: list[str] = []
    for computed, run in groupby(directives(c.options[0]), lambda d: d.letter in _COMPUTED):
        if computed:
            parts += [_COMPUTED[d.letter] for d in run]
            continue
        parts.append(f"DATE_FORMAT({{0}}, {quoted(''.join(_plain(run)))})")
    return " || ".join(parts)


# -- parts and sums


def moment(c: Call, text: str) -> str:
    """Exactly a date or a timestamp, where the type is known."""
    return f"CAST({text} AS {{type}})" if c.type.name in ("date", "timestamp") else text


_CLOCK = ("hour", "minute", "second")


def added(c: Call) -> str:
    """TIMESTAMPADD takes an INT, and more seconds than that are a lifetime."""
    unit, number = c.options[0], places.whole(c, 1)
    if unit in _CLOCK and (number is None or abs(number) >= 2**31):
        text = f"{{0}} + {places.place(c, 1)} * INTERVAL '1' {unit.upper()}"
    else:
        text = f"TIMESTAMPADD({unit.upper()}, {integer(c, 1)}, {{0}})"
    return moment(c, refused(DATE, f"YEAR({text}) NOT BETWEEN 1 AND 9999", text))


def made(c: Call) -> str:
    """A SQL warehouse gives null for a day that there is not, where a cluster and Spark raise."""
    parts = [places.whole(c, i) for i in range(3)]
    known = parts[0] is not None and 1 <= parts[0] <= 9999
    first = "{0}" if known else refused(DATE, "{0} NOT BETWEEN 1 AND 9999", integer(c, 0))
    text = f"MAKE_DATE({first}, {integer(c, 1)}, {integer(c, 2)})"
    if None not in parts:
        year, month, day = (part or 0 for part in parts)
        try:
            date(year, month, day)
        except (ValueError, OverflowError):
            return f"CAST(RAISE_ERROR('{DATE}') AS {{type}})"
        return text
    given = " AND ".join(f"{places.place(c, i)} IS NOT NULL" for i in range(3) if parts[i] is None)
    return f"COALESCE({text}, CASE WHEN {given} THEN RAISE_ERROR('{DATE}') END)"


def boundaries(c: Call) -> str:
    """TIMESTAMPDIFF counts whole units that elapsed; here the boundaries of the unit are counted."""
    unit = c.options[0].upper()
    text = days = "DATEDIFF(CAST({1} AS DATE), CAST({0} AS DATE))"
    if unit == "WEEK":
        text = f"({days} + WEEKDAY({{0}}) - WEEKDAY({{1}})) DIV 7"
    elif unit in ("HOUR", "MINUTE", "SECOND"):
        text = f"TIMESTAMPDIFF({unit}, DATE_TRUNC('{unit}', {{0}}), DATE_TRUNC('{unit}', {{1}}))"
    elif unit != "DAY":
        parts = {"YEAR": "YEAR({i})", "QUARTER": "YEAR({i}) * 4 + QUARTER({i})", "MONTH": "YEAR({i}) * 12 + MONTH({i})"}
        first, second = (parts[unit].replace("{i}", f"{{{i}}}") for i in (0, 1))
        text = f"{second} - ({first})"
    return f"CAST({text} AS {{type}})"


def full_months(c: Call) -> str:
    """Months by the calendar, less one that is not complete; MONTHS_BETWEEN sets last days equal."""
    dates = all(a.type.name == "date" for a in c.args)
    first = "DAY({0})" if dates else "TIMESTAMPDIFF(MICROSECOND, DATE_TRUNC('MONTH', {0}), {0})"
    second = first.replace("{0}", "{1}")
    return (
        f"(YEAR({{1}}) - YEAR({{0}})) * 12 + MONTH({{1}}) - MONTH({{0}}) "
        f"- CASE WHEN {{0}} <= {{1}} AND {second} < {first} THEN 1 "
        f"WHEN {{0}} > {{1}} AND {second} > {first} THEN -1 ELSE 0 END"
    )
