"""How Snowflake spells the catalogue."""

import re
from collections.abc import Callable

from framework.expressions.lowering import Template, verbatim
from framework.expressions.tree import Call, Expression, Literal, Reference
from framework.expressions.types import as_decimal

# Of a session the templates expect: TIMEZONE is UTC, the input formats of dates and timestamps are AUTO,
# and TIMESTAMP is TIMESTAMP_NTZ. WEEK_START, TWO_DIGIT_CENTURY_START and the output formats may be anything.
_TEXT = r"TRIM({0}, ' \t\n\r\f')"
_YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_DATE = rf"\s*{_YEAR}-[0-9]{{2}}-[0-9]{{2}}"
_CLOCK = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_ZONE = "[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?"


def _quoted(text: str) -> str:
    """A text literal: a backslash in quotes is an escape."""
    return verbatim("'" + text.replace("\\", "\\\\").replace("'", "''") + "'")


def _shaped(regex: str, value: str) -> str:
    """The value of a text that fits whole: a match is anchored, docs.snowflake.com/en/sql-reference/functions/regexp"""
    return f"CASE WHEN REGEXP_LIKE({{0}}, {_quoted(regex)}) THEN {value} END"


def _text(template: Template, c: Call) -> str:
    return template if isinstance(template, str) else template(c)


# -- conversions; TRY_CAST takes text alone, so numbers are compared with the bounds of their target


def _whole(value: str) -> str:
    """A whole number within 64 bits, or null: BIGINT is another name of NUMBER(38, 0)."""
    bounds = "BETWEEN -9223372036854775808 AND 9223372036854775807"
    return f"CASE WHEN {value} {bounds} THEN CAST({value} AS BIGINT) END"


def _read_decimal(c: Call) -> str:
    number = rf"[0-9]+(\.[0-9]{{0,{c.type.scale}}})?|\.[0-9]{{1,{c.type.scale}}}" if c.type.scale else r"[0-9]+\.?"
    return _shaped(rf"\s*[+-]?({number})\s*", f"TRY_TO_NUMBER({_TEXT}, {{p}}, {{s}})")


def _in_utc(text: str) -> str:
    """A text with an offset at its end, `+05`, `+0530` or `+05:30`, as a timestamp in UTC."""
    hours = f"REGEXP_REPLACE({text}, {_quoted('([+-][0-9]{2})$')}, '\\\\1:00')"
    full = f"REGEXP_REPLACE({hours}, {_quoted('([+-][0-9]{2})([0-9]{2})$')}, '\\\\1:\\\\2')"
    return f"CAST(CONVERT_TIMEZONE('UTC', TRY_CAST({full} AS TIMESTAMP_TZ)) AS TIMESTAMP_NTZ)"


def _read_timestamp() -> str:
    plain, zoned = _quoted(rf"{_DATE}({_CLOCK})?\s*"), _quoted(rf"{_DATE}{_CLOCK}(Z|{_ZONE})\s*")
    utc = _in_utc(f"REPLACE({_TEXT}, 'Z', '+00:00')")
    return (
        f"CASE WHEN REGEXP_LIKE({{0}}, {plain}) THEN TRY_CAST({_TEXT} AS TIMESTAMP_NTZ) "
        f"WHEN REGEXP_LIKE({{0}}, {zoned}) THEN {utc} END"
    )


def _narrow(c: Call) -> str:
    """A number as a decimal of fewer digits: null where it does not fit; a double is rounded, no other."""
    source, digits = c.args[0].type, c.type.precision - c.type.scale
    tests = [] if source.name == "double" else ["{0} = ROUND({0}, {s})"]
    if source.name == "double" or as_decimal(source).precision - as_decimal(source).scale > digits:
        tests.append(f"ABS(ROUND({{0}}, {{s}})) < {10**digits if digits < 38 else '1e38'}")
    return f"CASE WHEN {' AND '.join(tests)} THEN CAST({{0}} AS {{type}}) END"


def _parse_decimal(c: Call) -> str:
    """Signs, a currency sign and thousands are taken off what has the right shape."""
    digits = r"(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})"
    dollar = r"(\$\s*)"
    signed, behind = rf"([+-]?{dollar}?|{dollar}[+-]){digits}", rf"{dollar}?{digits}(-|\s*[Cc][Rr])"
    shape = rf"{signed}|{behind}|\({dollar}?{digits}\)|{dollar}\({digits}\)"
    bare = f"TRY_TO_NUMBER(REGEXP_REPLACE({{0}}, {_quoted('[^0-9.]')}, ''), {{p}}, {{s}})"
    value = f"CASE WHEN REGEXP_INSTR({{0}}, '[(Rr-]') > 0 THEN -{bare} ELSE {bare} END"
    return _shaped(rf"\s*({shape})\s*", value)


def _text_of(e: Expression, place: str) -> str:
    """A value as text, whatever the session's output formats are."""
    if e.type.name in ("date", "timestamp"):
        return f"TO_VARCHAR({place}, 'YYYY-MM-DD{' HH24:MI:SS.FF6' if e.type.name == 'timestamp' else ''}')"
    if e.type.name == "decimal" and not isinstance(e, Reference):
        place = f"CAST({place} AS NUMBER({e.type.precision}, {e.type.scale}))"
    return place if e.type.name == "string" else f"CAST({place} AS VARCHAR)"


def _to_text(c: Call) -> str:
    text = _text_of(c.args[0], "{0}")
    trimmed = f"REGEXP_REPLACE({text}, '\\\\.0+$|(\\\\.[0-9]*[1-9])0+$', '\\\\1')"
    return trimmed if c.args[0].type.name == "timestamp" else text


def _strict(tolerant: Template) -> Callable[[Call], str]:
    """As the tolerant twin, and an error for text that it cannot read; the error names no value."""
    refused = "CASE WHEN {0} IS NOT NULL THEN CAST('unreadable' || LEFT({0}, 0) AS {type}) END"
    return lambda c: f"COALESCE({_text(tolerant, c)}, {refused})"


def _of_unknown(reading: Template) -> Callable[[Call], str]:
    """A column whose type nobody declared, read as text."""
    return lambda c: _text(reading, c).replace("{0}", "CAST({0} AS VARCHAR)")


_FINITE = f"CASE WHEN ABS(TRY_TO_DOUBLE({_TEXT})) < CAST('inf' AS DOUBLE) THEN TRY_TO_DOUBLE({_TEXT}) END"
_READ: dict[str, Template] = {
    "integer": _shaped(r"\s*[+-]?[0-9]+\s*", _whole(f"TRY_TO_NUMBER({_TEXT}, 38, 0)")),
    "decimal": _read_decimal,
    "double": _shaped(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", _FINITE),
    "boolean": f"CASE LOWER({_TEXT}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
    "date": _shaped(rf"{_DATE}\s*", f"TRY_TO_DATE({_TEXT}, 'YYYY-MM-DD')"),
    "timestamp": _read_timestamp(),
}
_CUT = f"CASE WHEN {{0}} = ROUND({{0}}, 0) THEN {_whole('{0}')} END"
_GROUPED = _shaped(
    r"\s*[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)\s*", _whole(f"TRY_TO_NUMBER(REPLACE({_TEXT}, ',', ''), 38, 0)")
)
_CONVERSIONS: dict[str, Template] = {
    **{f"try_cast(string as {name})": reading for name, reading in _READ.items()},
    **{f"try_cast(unknown as {name})": _of_unknown(reading) for name, reading in _READ.items()},
    **{f"cast(string as {name})": _strict(reading) for name, reading in _READ.items()},
    **{f"cast(unknown as {name})": _of_unknown(_strict(reading)) for name, reading in _READ.items()},
    **{f"{name}({t} as string)": _to_text for name in ("cast", "try_cast") for t in ("date", "timestamp", "decimal")},
    **dict.fromkeys(("cast", "try_cast"), "CAST({0} AS {type})"),
    "cast(double as integer)": "CAST(ROUND({0}) AS {type})",
    **dict.fromkeys(("cast(json as string)", "try_cast(json as string)"), "TO_JSON({0})"),
    "try_cast(string as json)": "TRY_PARSE_JSON({0})",
    "cast(string as json)": "PARSE_JSON({0})",
    **{f"try_cast({t} as decimal)": _narrow for t in ("integer", "decimal", "double")},
    **dict.fromkeys(("try_cast(decimal as integer)", "try_cast(double as integer)"), _CUT),
    "try_parse_decimal": _parse_decimal,
    "parse_decimal": _strict(_parse_decimal),
    "try_parse_integer": _GROUPED,
    "parse_integer": _strict(_GROUPED),
}


# -- formats of dates: strftime's letters, Snowflake's words for them, and what may stand there when one is read

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_WORDS = {"Y": "YYYY", "y": "YY", "m": "MM", "b": "MON", "B": "MMMM", "d": "DD", "a": "DY", "H": "HH24", "I": "HH12"}
_WORDS |= {"M": "MI", "S": "SS", "f": "FF6", "p": "AM"}
_SHAPES = dict.fromkeys("mdHIMS", "[0-9]{1,2}") | {"Y": _YEAR, "y": "[0-9]{2}", "f": "[0-9]{1,6}"}
_SHAPES |= {"b": re.sub(r"(\w{3})\w*", r"\1", _MONTHS), "B": _MONTHS, "a": re.sub(r"(\w{3})\w*", r"\1", _DAYS)}
_SHAPES |= {"p": "[AP]M", "A": _DAYS}
_COMPUTED = {f"-{n}": f"TO_VARCHAR(CAST(TO_VARCHAR({{0}}, '{_WORDS[n]}') AS INTEGER))" for n in "ymdHIMS"}
_COMPUTED |= {"j": "LPAD(DAYOFYEAR({0}), 3, '0')", "-j": "TO_VARCHAR(DAYOFYEAR({0}))"}
_COMPUTED |= {"u": "TO_VARCHAR(DAYOFWEEKISO({0}))", "V": "LPAD(WEEKISO({0}), 2, '0')"}
_COMPUTED |= {"G": "LPAD(YEAROFWEEKISO({0}), 4, '0')", "A": f"SPLIT_PART('{_DAYS}', '|', DAYOFWEEKISO({{0}}))"}


def _pieces(format: str) -> list[tuple[str, str]]:
    """A strftime format as directives and the text between them: ('Y', ''), ('', '-')."""
    pieces = re.findall(r"%(-?[^%-])|((?:[^%]|%%)+)", format)
    return [(letter, text.replace("%%", "%")) for letter, text in pieces]


def _worded(text: str) -> str:
    """Text in a format: letters and digits stand in double quotes."""
    return f'"{text}"' if re.search(r"[^-/:., ]", text) else text


def _reading(format: str) -> str:
    """A text read by one format; its shape is tested first, as Snowflake is lenient about it."""
    words, shape, text = "", "", f"REGEXP_REPLACE({_TEXT}, '[ \\t]+', ' ')" if " " in format else _TEXT
    pieces = [(letter.removeprefix("-"), part) for letter, part in _pieces(format)]
    for index, (letter, part) in enumerate(pieces):
        if letter and letter not in _SHAPES:
            raise ValueError(f"no format of Snowflake reads %{letter}")
        if letter in ("a", "A"):  # of a weekday's names it knows the short ones alone
            text = f"REGEXP_REPLACE({text}, '{_SHAPES[letter]}', '', 1, 0, 'i')"
        plain = re.sub(r"[][\\^$.|?*+(){}]", r"\\\g<0>", part)
        regex = f"({_SHAPES[letter]})" if letter else re.sub(r"[ \t]+", r"[ \\t]+", plain)
        if any(p[0] for p in (*pieces[max(index - 1, 0) : index], *pieces[index + 1 : index + 2])):
            regex = regex.replace("{1,2}", "{2}")  # digits beside digits: it must be plain where each ends
        word = {"": _worded(part), "f": "FF", "a": "", "A": ""}.get(letter)
        words, shape = words + (_WORDS[letter] if word is None else word), shape + regex
    value = f"TRY_TO_TIMESTAMP_NTZ({text}, {_quoted(words)})"
    if ("y", "") in pieces:  # 1969 to 2068, as POSIX has it
        value = f"CASE WHEN YEAR({value}) > 2068 THEN DATEADD('year', -100, {value}) ELSE {value} END"
    whole = _quoted(rf"\s*{shape}\s*")
    return f"CASE WHEN REGEXP_LIKE({{0}}, {whole}, 'i') THEN {value} END"


def _parse(c: Call) -> str:
    read = ", ".join(_reading(format) for format in c.options)
    return f"CAST({f'COALESCE({read})' if len(c.options) > 1 else read} AS {{type}})"


def _written(letter: str, text: str) -> str:
    return (_COMPUTED.get(letter) or f"TO_VARCHAR({{0}}, '{_WORDS[letter]}')") if letter else _quoted(text)


def _format(c: Call) -> str:
    return " || ".join(_written(*piece) for piece in _pieces(c.options[0])) or "''"


def _moment(c: Call, text: str) -> str:
    """Exactly a date or a timestamp, where the type is known."""
    return f"CAST({text} AS {{type}})" if c.type.name in ("date", "timestamp") else text


def _truncated(c: Call) -> str:
    if c.options[0] == "week":
        return _moment(c, "DATEADD('day', 1 - DAYOFWEEKISO({0}), DATE_TRUNC('day', {0}))")
    below = c.args[0].type.name == "date" and c.options[0] in ("hour", "minute", "second")
    return _moment(c, "{0}" if below else "DATE_TRUNC('{o0}', {0})")


def _full_months(c: Call) -> str:
    """Months by the calendar, less one that is not complete; MONTHS_BETWEEN sets last days equal."""
    dates = all(a.type.name == "date" for a in c.args)
    day = "DAY({0})" if dates else "DATEDIFF('microsecond', DATE_TRUNC('month', {0}), {0})"
    first, second = day, day.replace("{0}", "{1}")
    return (
        f"DATEDIFF('month', {{0}}, {{1}}) - CASE WHEN {{0}} <= {{1}} AND {second} < {first} THEN 1 "
        f"WHEN {{0}} > {{1}} AND {second} > {first} THEN -1 ELSE 0 END"
    )


_MADE = "DATE_FROM_PARTS({0}, {1}, {2})"  # it carries a day 32 over into the next month


def _regexp(plain: str, flagged: str) -> Callable[[Call], str]:
    """Flags that begin a literal pattern become Snowflake's parameters: it has no `(?i)`."""

    def template(c: Call) -> str:
        given = c.args[1].value if isinstance(c.args[1], Literal) else None
        flags = re.match(r"\(\?([ims]+)\)", given) if isinstance(given, str) else None
        if flags is None:
            return plain
        return flagged.replace("{flags}", flags[1]).replace("{1}", _quoted(str(given)[flags.end() :]))

    return template


def _extract(c: Call) -> str:
    """No match is null, and a group that took no part in one is empty."""
    if len(c.args) < 3 or c.args[2] == Literal(c.args[2].type, False, 0):
        return _regexp("REGEXP_SUBSTR({0}, {1})", "REGEXP_SUBSTR({0}, {1}, 1, 1, '{flags}')")(c)
    return _regexp(
        "CASE WHEN REGEXP_INSTR({0}, {1}) > 0 THEN COALESCE(REGEXP_SUBSTR({0}, {1}, 1, 1, 'e', {2}), '') END",
        "CASE WHEN REGEXP_INSTR({0}, {1}, 1, 1, 0, '{flags}') > 0 "
        "THEN COALESCE(REGEXP_SUBSTR({0}, {1}, 1, 1, '{flags}e', {2}), '') END",
    )(c)


def _concat(c: Call) -> str:
    parts = ", ".join(f"COALESCE({{{i}}}, '')" for i in range(len(c.args)))
    return f"CONCAT({parts})"


def _concat_ws(c: Call) -> str:
    """CONCAT_WS does not skip nulls: docs.snowflake.com/en/sql-reference/functions/concat_ws"""
    parts = ", ".join(f"COALESCE({{0}} || {{{i}}}, '')" for i in range(1, len(c.args)))
    return f"SUBSTRING(CONCAT({parts}), LENGTH({{0}}) + 1)"


def _substring(c: Call) -> str:
    """Before the first position there is nothing, and a position below it takes its share of the length."""
    if isinstance(c.args[1], Literal) and int(c.args[1].value or 0) > 0:
        return "SUBSTRING({args})"
    length = ", {2} + CASE WHEN {1} < 1 THEN {1} - 1 ELSE 0 END" if len(c.args) > 2 else ""
    return f"SUBSTRING({{0}}, CASE WHEN {{1}} < 1 THEN 1 ELSE {{1}} END{length})"


def _padded(c: Call) -> str:
    return f"{c.function.name.upper()}({{args}})" if len(c.args) > 2 else f"{c.function.name.upper()}({{args}}, ' ')"


def _key_text(e: Expression, place: str) -> str:
    value = _text_of(e, place)
    return f"COALESCE(LENGTH({value}) || ':' || {value}, '-')"


# -- numbers and aggregates


def _times(c: Call) -> str:
    """A product has 12 decimals, or an operand's if more: docs.snowflake.com/en/sql-reference/operators-arithmetic"""
    exact = c.type.name != "decimal" or c.type.scale <= 12
    return c.function.lowering if exact else "CAST({0} AS NUMBER(38, {s})) * {1}"


def _listed(c: Call) -> str:
    """Of nothing LISTAGG makes an empty text, not a null; its order stands outside."""
    text = "LISTAGG({distinct}{0}, {1})" + (" WITHIN GROUP ({order})" if c.order else "")
    return text if c.window is not None else f"CASE WHEN COUNT({{0}}) > 0 THEN {text} END"


def _at_extreme(c: Call) -> str:
    """The first value of a group by an order: what MAX_BY takes of rows that share the extreme may be any of them."""
    if c.window is not None:
        raise ValueError(f"Snowflake cannot compute {c.function.name} over a window in a total order")
    direction = "DESC" if c.function.name == "arg_max" else "ASC"
    ties = "".join(f"{{k{i}}} ASC NULLS LAST, " for i in range(len(c.order)))
    order = f"{{1}} {direction} NULLS LAST, {ties}{{0}} {direction} NULLS LAST"
    value = f"GET(ARRAY_AGG(CASE WHEN {{1}} IS NOT NULL THEN {{0}} END) WITHIN GROUP (ORDER BY {order}), 0)"
    return value if c.type.name in ("unknown", "null") else f"CAST({value} AS {{type}})"


TEMPLATES: dict[str, Template] = {
    **_CONVERSIONS,
    **dict.fromkeys(("try_parse_date", "try_parse_timestamp"), _parse),
    **dict.fromkeys(("parse_date", "parse_timestamp"), _strict(_parse)),
    "sha256": "SHA2({0}, 256)",
    "hash_key": lambda c: f"MD5({' || '.join(_key_text(a, f'{{{i}}}') for i, a in enumerate(c.args))})",
    "key_text": lambda c: _key_text(c.args[0], "{0}"),
    # Its reference has no `IS TRUE`.
    "is true": lambda c: "COALESCE({0}, FALSE)" if c.args[0].nullable else "{0}",
    "is not true": lambda c: "NOT COALESCE({0}, FALSE)" if c.args[0].nullable else "NOT {0}",
    "is false": "NOT COALESCE({0}, TRUE)",
    "is not false": "COALESCE({0}, TRUE)",
    "date_trunc": _truncated,
    "date_diff": "DATEDIFF('{o0}', {0}, {1})",
    "date_diff.week": "CAST((DATEDIFF('day', {0}, {1}) + DAYOFWEEKISO({0}) - DAYOFWEEKISO({1})) / 7 AS {type})",
    "date_add": lambda c: _moment(c, "DATEADD('{o0}', {1}, {0})"),
    "full_months": _full_months,
    "full_years": lambda c: f"CAST(TRUNC(({_full_months(c)}) / 12) AS {{type}})",
    "make_date": f"CASE WHEN {{2}} BETWEEN 1 AND 31 AND MONTH({_MADE}) = {{1}} THEN {_MADE} "
    "ELSE TO_DATE('no date' || LEFT({0} || {1} || {2}, 0), 'YYYY-MM-DD') END",
    "day_of_week": "DAYOFWEEKISO({0})",
    **{f"{u}(date)": f"EXTRACT({u} FROM CAST({{0}} AS TIMESTAMP_NTZ))" for u in ("hour", "minute", "second")},
    "format_date": _format,
    "*": _times,
    "sign": "CAST(SIGN({0}) AS {type})",
    **{name: f"{name.upper()}_IGNORE_NULLS({{args}})" for name in ("greatest", "least")},
    "concat": _concat,
    "concat_ws": _concat_ws,
    **dict.fromkeys(("lpad", "rpad"), _padded),
    **{name: f"{name.upper()}({{0}}, ' ')" for name in ("trim", "ltrim", "rtrim")},
    "substring": _substring,
    "split_part": "CASE WHEN {2} = 0 THEN LEFT({0} || {1}, 0) ELSE SPLIT_PART({0}, {1}, {2}) END",
    "power": "CASE WHEN ({0} <> 0 OR {1} >= 0) AND ({0} >= 0 OR {1} = FLOOR({1})) THEN POWER({0}, {1}) END",
    "starts_with": "STARTSWITH({0}, {1})",
    "ends_with": "ENDSWITH({0}, {1})",
    "regexp_matches": _regexp("REGEXP_INSTR({0}, {1}) > 0", "REGEXP_INSTR({0}, {1}, 1, 1, 0, '{flags}') > 0"),
    "regexp_replace": _regexp("REGEXP_REPLACE({args})", "REGEXP_REPLACE({0}, {1}, {2}, 1, 0, '{flags}')"),
    "regexp_extract": _extract,
    "avg": "AVG({distinct}CAST({0} AS DOUBLE))",
    "stddev": "STDDEV_SAMP({distinct}CAST({0} AS DOUBLE))",
    "variance": "VAR_SAMP({distinct}CAST({0} AS DOUBLE))",
    "median": "MEDIAN(CAST({0} AS DOUBLE))",
    **dict.fromkeys(("bool_and", "min(boolean)", "any_value(boolean)"), "BOOLAND_AGG({0})"),
    **dict.fromkeys(("bool_or", "max(boolean)"), "BOOLOR_AGG({0})"),
    "string_agg": _listed,
    **dict.fromkeys(("arg_max", "arg_min"), _at_extreme),
}
TYPES = {"string": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE", "timestamp": "TIMESTAMP_NTZ"}
TYPES |= {"decimal": "NUMBER({p}, {s})", "json": "VARIANT"}
