"""Conversions on Postgres, which has no `try_cast`: a value is converted where a guard has seen that it can be.

Every reader of text is a CASE that tests the text's shape first. Postgres folds constants inside a CASE only
where the branch can be taken, so a literal that cannot be read is null as well.
"""

from collections.abc import Callable, Mapping
from math import nextafter

from framework.expressions.lowering import Template, verbatim
from framework.expressions.strftime import directives
from framework.expressions.tree import Call
from framework.warehouses import _shapes as shapes

_TRIMMED = "BTRIM({0}, E' \\t\\n\\r\\f')"
_LEAST, _MOST = "-9223372036854775808", "9223372036854775807"
_HALF = f"CAST({nextafter(0.5, 0)!r} AS DOUBLE PRECISION)"  # so near to a half that adding it cannot round up


def _pattern(shape: str) -> str:
    """A shape as a literal; `{2}` would be a place of the template, and `{2,2}` says the same."""
    return verbatim("'" + shapes.whole(shape).replace("'", "''") + "'")


def _shaped(shape: str, value: str) -> str:
    return f"CASE WHEN {{0}} ~ {_pattern(shape)} THEN {value} END"


# -- text


def _integer(text: str = _TRIMMED, shape: str = "[+-]?") -> str:
    """Up to 18 digits always fit; one more must be compared with the bounds."""
    within = f"CASE WHEN CAST({text} AS NUMERIC) BETWEEN {_LEAST} AND {_MOST} THEN CAST({text} AS BIGINT) END"
    return (
        f"CASE WHEN {{0}} ~ {_pattern(shape + '[0-9]{1,18}')} THEN CAST({text} AS BIGINT) "
        f"WHEN {{0}} ~ {_pattern(shape + '0{0,200}[0-9]{1,19}')} THEN {within} END"
    )


def _grouped() -> str:
    """Thousands are taken away before the number is read."""
    bare = "REPLACE({0}, ',', '')"
    return _shaped(shapes.GROUPED, _integer().replace("{0}", bare))


def _decimal(c: Call) -> str:
    shape = shapes.decimal(c.type.precision - c.type.scale, c.type.scale)
    return _shaped(shape, f"CAST({_TRIMMED} AS {{type}})")


def _double() -> str:
    """An exponent of three digits can lead out of a double's range, which is an error."""
    number, value = f"CAST({_TRIMMED} AS NUMERIC)", f"CAST({_TRIMMED} AS DOUBLE PRECISION)"
    return (
        f"CASE WHEN {{0}} ~ {_pattern(shapes.double(2))} THEN {value} "
        f"WHEN {{0}} ~ {_pattern(shapes.double(3))} THEN "
        f"CASE WHEN ABS({number}) < 5e-324 THEN 0 WHEN ABS({number}) <= 1.7976931348623157e308 THEN {value} END END"
    )


def _timestamp() -> str:
    """Text with an offset is brought to UTC; without one it is in UTC."""
    moment = f"{shapes.ISO_DATE}([T ]{shapes.CLOCK})?"
    zoned = f"{shapes.ISO_DATE}[T ]{shapes.CLOCK}{shapes.OFFSET}"
    utc = f"CAST({_TRIMMED} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    within = f"CASE WHEN {shapes.in_utc('{0}', utc)} THEN {utc} END"
    return (
        f"CASE WHEN {{0}} ~ {_pattern(moment)} THEN CAST({_TRIMMED} AS TIMESTAMP) "
        f"WHEN {{0}} ~ {_pattern(zoned)} THEN {within} END"
    )


def _amount(c: Call) -> str:
    bare = "TRANSLATE({0}, E' $,()+-CRcr\\t\\n\\r\\f', '')"
    fits = f"'^0{{0,200}}[0-9]{{0,{c.type.precision - c.type.scale}}}(\\.|$)'"
    sign = f"CASE WHEN {{0}} ~ '{shapes.NEGATIVE_AMOUNT}' THEN -1 ELSE 1 END"
    return f"CASE WHEN {{0}} ~ {_pattern(shapes.AMOUNT)} AND {bare} ~ {fits} THEN CAST({bare} AS {{type}}) * {sign} END"


def _json() -> str:
    """Whether it is json, by rewriting: texts, then plain values, then objects and lists from the inside out."""
    text = r'"([^"\\\u0001-\u001f]|\\(["\\/bfnrt]|u[0-9a-fA-F]{4,4}))*"'
    plain = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false|null"
    blank, value = r"[ \t\n\r]*", r"[\u0001\u0002]"
    pair = f"\\u0001{blank}:{blank}{value}"
    nested = (
        rf"\{{{blank}({pair}({blank},{blank}{pair})*)?{blank}\}}"
        rf"|\[{blank}({value}({blank},{blank}{value})*)?{blank}\]"
    )
    rest = "{0}"
    for shape, mark in ((text, 1), (plain, 2), *((nested, 2) for _ in range(_DEPTH))):
        rest = f"REGEXP_REPLACE({rest}, '{shape}', E'\\x0{mark}', 'g')"
    return f"CASE WHEN {{0}} !~ '{value}' AND {rest} ~ '^{blank}{value}{blank}$' THEN {{0}} END"


_DEPTH = 12  # of json that is read; what nests deeper counts as unreadable


# -- formats of strftime

_WORDS = {
    **{"Y": "YYYY", "y": "YY", "m": "MM", "b": "Mon", "B": "Month", "d": "DD", "j": "DDD", "H": "HH24"},
    **{"I": "HH12", "M": "MI", "S": "SS", "f": "US", "p": "AM", "a": "Dy", "A": "Day", " ": " "},
}


def _formats(c: Call) -> str:
    """The first format that fits; its shape has let nothing through that Postgres would refuse."""
    read = [_format(option) for option in c.options]
    value = read[0] if len(read) == 1 else f"COALESCE({', '.join(read)})"
    return f"CAST({value} AS {{type}})"


def _format(format: str) -> str:
    pieces = directives(format)
    letters = {p.letter for p in pieces}
    words = "".join(_WORDS[p.letter] if p.letter else f'"{_escaped(p.text)}"' for p in pieces)
    format = verbatim("'" + words.replace("'", "''") + "'")
    value = f"TO_TIMESTAMP({_TRIMMED}, {format})"
    same = "~*" if letters & set("bBpaA") else "~"
    if "y" in letters:
        # Two digits are 1969 to 2068, as POSIX has it; Postgres takes 69 for 2069.
        late = f"{{0}} {same} {_pattern(shapes.moment(pieces, {'y': '69'}))}"
        value = f"CASE WHEN {late} THEN {value} - INTERVAL '100 year' ELSE {value} END"
    return f"CASE WHEN {{0}} {same} {_pattern(shapes.moment(pieces))} THEN {value} END"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


# -- numbers


def half_away(value: str, places: int | None, place: str = "") -> str:
    """A double rounded half away from zero; `place` is where the number of places stands, if no literal."""
    scale = f"POWER(10, CAST({place} AS DOUBLE PRECISION))"
    by, back = "*", "/"
    if places is not None:
        scale = f"CAST(1e{abs(places)} AS DOUBLE PRECISION)"
        by, back = ("*", "/") if places > 0 else ("/", "*")
    if places == 0:
        return f"SIGN({value}) * FLOOR(ABS({value}) + {_HALF})"
    return f"SIGN({value}) * FLOOR(ABS({value}) {by} {scale} + {_HALF}) {back} {scale}"


def _from_double(c: Call) -> str:
    return f"CAST(CAST({half_away('{0}', c.type.scale)} AS TEXT) AS {{type}})"


def _try_from_double(c: Call) -> str:
    rounded, bound = half_away("{0}", c.type.scale), f"1e{c.type.precision - c.type.scale}"
    value = f"CAST(CAST({rounded} AS TEXT) AS {{type}})"
    return f"CASE WHEN ABS({{0}}) < {bound} THEN CASE WHEN ABS({rounded}) < {bound} THEN {value} END END"


def _narrowed(c: Call) -> str:
    """A decimal that loses no digit."""
    bound = f"1e{c.type.precision - c.type.scale}"
    return f"CASE WHEN {{0}} = ROUND({{0}}, {{s}}) AND ABS({{0}}) < {bound} THEN CAST({{0}} AS {{type}}) END"


def _widened(c: Call) -> str:
    bound = f"1e{c.type.precision - c.type.scale}"
    return f"CASE WHEN ABS(CAST({{0}} AS NUMERIC)) < {bound} THEN CAST({{0}} AS {{type}}) END"


def _decimal_text(c: Call) -> str:
    t = c.args[0].type
    return f"CAST(CAST({{0}} AS NUMERIC({t.precision}, {t.scale})) AS TEXT)"


# -- both kinds


def _strict(tolerant: Template) -> Callable[[Call], str]:
    """As the tolerant twin, and an error for text that it cannot read; the error shows no value."""

    def template(c: Call) -> str:
        value = tolerant if isinstance(tolerant, str) else tolerant(c)
        if c.type.name in ("string", "json"):
            return value
        refused = "CAST('unreadable' || LEFT({0}, 0) AS {type})"
        return f"COALESCE({value}, CASE WHEN {{0}} IS NOT NULL THEN {refused} END)"

    return template


def _as_text(reading: Template) -> Callable[[Call], str]:
    """A column whose type nobody declared, read as text."""

    def template(c: Call) -> str:
        text = reading if isinstance(reading, str) else reading(c)
        return text.replace("{0}", "CAST({0} AS TEXT)")

    return template


_READERS: Mapping[str, Template] = {
    "integer": _integer(),
    "decimal": _decimal,
    "double": _double(),
    "boolean": f"CASE LOWER({_TRIMMED} COLLATE \"C\") WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
    "date": _shaped(shapes.ISO_DATE, f"CAST({_TRIMMED} AS DATE)"),
    "timestamp": _timestamp(),
    "json": _json(),
}
_PARSERS: Mapping[str, Template] = {
    "parse_date": _formats,
    "parse_timestamp": _formats,
    "parse_decimal": _amount,
    "parse_integer": _grouped(),
}
_SAME: Mapping[str, Template] = {
    "cast": "CAST({0} AS {type})",
    "cast(decimal as string)": _decimal_text,
    "cast(date as string)": "TO_CHAR(CAST({0} AS TIMESTAMP), 'YYYY-MM-DD')",
    "cast(timestamp as string)": "RTRIM(RTRIM(TO_CHAR({0}, 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')",
    "cast(integer as boolean)": "({0}) <> 0",
    "cast(decimal as boolean)": "({0}) <> 0",
    "cast(boolean as integer)": "CAST(CAST({0} AS INTEGER) AS {type})",
}
CONVERSIONS: dict[str, Template] = {
    **_SAME,
    **{f"try_{key}": template for key, template in _SAME.items()},
    **{f"try_cast(string as {name})": reader for name, reader in _READERS.items()},
    **{f"try_cast(unknown as {name})": _as_text(reader) for name, reader in _READERS.items()},
    **{f"cast(string as {name})": _strict(reader) for name, reader in _READERS.items()},
    **{f"cast(unknown as {name})": _as_text(_strict(reader)) for name, reader in _READERS.items()},
    **{f"try_{name}": parser for name, parser in _PARSERS.items()},
    **{name: _strict(parser) for name, parser in _PARSERS.items()},
    "cast(double as decimal)": _from_double,
    "cast(double as integer)": f"CAST({half_away('{0}', 0)} AS {{type}})",
    "try_cast(double as decimal)": _try_from_double,
    "try_cast(double as integer)": (
        "CASE WHEN {0} = TRUNC({0}) AND {0} >= -9223372036854775808 AND {0} < 9223372036854775808 "
        "THEN CAST({0} AS {type}) END"
    ),
    "try_cast(decimal as decimal)": _narrowed,
    "try_cast(decimal as integer)": (
        f"CASE WHEN {{0}} = TRUNC({{0}}) AND {{0}} BETWEEN {_LEAST} AND {_MOST} THEN CAST({{0}} AS {{type}}) END"
    ),
    "try_cast(integer as decimal)": _widened,
}
