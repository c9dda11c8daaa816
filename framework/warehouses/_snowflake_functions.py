"""How Snowflake spells the catalogue."""

import re
from collections.abc import Callable
from dataclasses import replace

from framework.expressions.lowering import Template
from framework.expressions.tree import Call, Expression, Literal, Reference
from framework.expressions.types import as_decimal
from framework.warehouses._snowflake_formats import TEXT, YEAR, formatted, moment_of, parsed, quoted
from framework.warehouses._snowflake_regex import Pattern, finding, matching
from framework.warehouses._windows import undoubled

# Of a session the templates expect: TIMEZONE is UTC, the input formats of dates and timestamps are AUTO,
# and TIMESTAMP is TIMESTAMP_NTZ. WEEK_START, TWO_DIGIT_CENTURY_START and the output formats may be anything.
_DATE = rf"\s*{YEAR}-[0-9]{{2}}-[0-9]{{2}}"
_CLOCK = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_ZONE = "[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?"


def _shaped(regex: str, value: str) -> str:
    """The value of a text that fits whole: a match is anchored, docs.snowflake.com/en/sql-reference/functions/regexp"""
    return f"CASE WHEN REGEXP_LIKE({{0}}, {quoted(regex)}) THEN {value} END"


def _text(template: Template, c: Call) -> str:
    return template if isinstance(template, str) else template(c)


# -- conversions; TRY_CAST takes text alone, so numbers are compared with the bounds of their target


def _whole(value: str) -> str:
    """A whole number within 64 bits, or null: BIGINT is another name of NUMBER(38, 0)."""
    bounds = "BETWEEN -9223372036854775808 AND 9223372036854775807"
    return f"CASE WHEN {value} {bounds} THEN CAST({value} AS BIGINT) END"


def _read_decimal(c: Call) -> str:
    number = rf"[0-9]+(\.[0-9]{{0,{c.type.scale}}})?|\.[0-9]{{1,{c.type.scale}}}" if c.type.scale else r"[0-9]+\.?"
    return _shaped(rf"\s*[+-]?({number})\s*", f"TRY_CAST({TEXT} AS {{type}})")


def _in_utc(text: str) -> str:
    """A text with an offset at its end, `+05`, `+0530` or `+05:30`, as a timestamp in UTC."""
    hours = f"REGEXP_REPLACE({text}, {quoted('([+-][0-9]{2})$')}, '\\\\1:00')"
    full = f"REGEXP_REPLACE({hours}, {quoted('([+-][0-9]{2})([0-9]{2})$')}, '\\\\1:\\\\2')"
    return f"CAST(CONVERT_TIMEZONE('UTC', TRY_CAST({full} AS TIMESTAMP_TZ)) AS TIMESTAMP_NTZ)"


def _read_timestamp() -> str:
    plain, zoned = quoted(rf"{_DATE}({_CLOCK})?\s*"), quoted(rf"{_DATE}{_CLOCK}(Z|{_ZONE})\s*")
    utc = _in_utc(f"REPLACE({TEXT}, 'Z', '+00:00')")
    return (
        f"CASE WHEN REGEXP_LIKE({{0}}, {plain}) THEN TRY_CAST({TEXT} AS TIMESTAMP_NTZ) "
        f"WHEN REGEXP_LIKE({{0}}, {zoned}) THEN CASE WHEN YEAR({utc}) BETWEEN 1 AND 9999 THEN {utc} END END"
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
    bare = f"TRY_CAST(REGEXP_REPLACE({{0}}, {quoted('[^0-9.]')}, '') AS {{type}})"
    value = f"CASE WHEN REGEXP_INSTR({{0}}, '[(Rr-]') > 0 THEN -{bare} ELSE {bare} END"
    return _shaped(rf"\s*({shape})\s*", value)


def _text_of(e: Expression, place: str) -> str:
    """A value as text, whatever the session's output formats are."""
    if e.type.name in ("date", "timestamp"):
        clock = " HH24:MI:SS.FF6" if e.type.name == "timestamp" else ""
        return f"TO_VARCHAR({moment_of(e, place)}, 'YYYY-MM-DD{clock}')"
    if e.type.name == "decimal" and (not isinstance(e, Reference) or e.type.scale == e.type.precision):
        # With a digit before the point, so that a zero stands there.
        place = f"CAST({place} AS NUMBER({max(e.type.precision, e.type.scale + 1)}, {e.type.scale}))"
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


_FINITE = f"CASE WHEN ABS(TRY_TO_DOUBLE({TEXT})) < CAST('inf' AS DOUBLE) THEN TRY_TO_DOUBLE({TEXT}) END"
_READ: dict[str, Template] = {
    "integer": _shaped(r"\s*[+-]?[0-9]+\s*", _whole(f"TRY_TO_NUMBER({TEXT}, 38, 0)")),
    "decimal": _read_decimal,
    "double": _shaped(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", _FINITE),
    "boolean": f"CASE LOWER({TEXT}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
    "date": _shaped(rf"{_DATE}\s*", f"TRY_TO_DATE({TEXT}, 'YYYY-MM-DD')"),
    "timestamp": _read_timestamp(),
}
_CUT = f"CASE WHEN {{0}} = ROUND({{0}}, 0) THEN {_whole('{0}')} END"
_GROUPED = _shaped(
    r"\s*[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)\s*", _whole(f"TRY_TO_NUMBER(REPLACE({TEXT}, ',', ''), 38, 0)")
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


def _pattern(c: Call) -> str | None:
    """A pattern that is written in the expression; one from a column is taken as it is."""
    pattern = c.args[1]
    return pattern.value if isinstance(pattern, Literal) and isinstance(pattern.value, str) else None


def _instr(pattern: Pattern) -> str:
    flags = f", 1, 1, 0, '{pattern.flags}'" if pattern.flags else ""
    return f"REGEXP_INSTR({{0}}, {quoted(pattern.text)}{flags}) > 0"


def _matches(c: Call) -> str:
    pattern = _pattern(c)
    return "REGEXP_INSTR({0}, {1}) > 0" if pattern is None else _instr(matching(pattern))


def _replaced(c: Call) -> str:
    """`\0` is the whole match, as a group around the pattern."""
    pattern, by = _pattern(c), c.args[2]
    given = by.value if isinstance(by, Literal) and isinstance(by.value, str) else None
    if pattern is None:
        return "REGEXP_REPLACE({args})"
    named = {int(n) for n in re.findall(r"\\\\|\\(\d)", given or "") if n}
    # Nothing in the place of an empty match is no change, however many of them are found.
    found = finding(pattern, groups=given is None or bool(named - {0}), all=given != "")
    around = int(0 in named)
    numbers = {"0": 1} | {str(i): n + around for i, n in enumerate(found.groups, 1)}
    if given is None and found.groups != tuple(range(1, len(found.groups) + 1)):
        raise ValueError(f"the pattern '{pattern}' cannot be used on Snowflake with a replacement from a column")
    if any(numbers[str(n)] > 9 for n in named):
        raise ValueError(f"the pattern '{pattern}' cannot be used on Snowflake: it has more than nine groups")
    text = re.sub(r"\\(\\|\d)", lambda m: f"\\{numbers.get(m[1], m[1])}", given or "")
    written = "{2}" if given is None else quoted(text)
    flags = f", 1, 0, '{found.flags}'" if found.flags else ""
    return f"REGEXP_REPLACE({{0}}, {quoted(f'({found.text})' if around else found.text)}, {written}{flags})"


def _extract(c: Call) -> str:
    """No match is null, and a group that took no part in one is empty."""
    pattern = _pattern(c)
    group = c.args[2].value if len(c.args) > 2 and isinstance(c.args[2], Literal) else 0 if len(c.args) < 3 else None
    if pattern is None or group is None:
        grouped = "CASE WHEN REGEXP_INSTR({0}, {1}) > 0 THEN COALESCE(REGEXP_SUBSTR({0}, {1}, 1, 1, 'e', {2}), '') END"
        return grouped if group != 0 else "REGEXP_SUBSTR({0}, {1})"
    found = finding(pattern, groups=group != 0)
    if group == 0:
        flags = f", 1, 1, '{found.flags}'" if found.flags else ""
        return f"REGEXP_SUBSTR({{0}}, {quoted(found.text)}{flags})"
    number = found.groups[int(group) - 1]
    value = f"REGEXP_SUBSTR({{0}}, {quoted(found.text)}, 1, 1, '{found.flags}e', {number})"
    return f"CASE WHEN {_instr(found)} THEN COALESCE({value}, '') END"


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


def _part(c: Call) -> str:
    """Part 0 is taken for the first: docs.snowflake.com/en/sql-reference/functions/split_part"""
    if isinstance(c.args[2], Literal) and c.args[2].value:
        return "SPLIT_PART({args})"
    return "CASE WHEN {2} = 0 THEN LEFT({0} || {1}, 0) ELSE SPLIT_PART({args}) END"


def _padded(c: Call) -> str:
    """Nothing fills nothing up, and cuts it off all the same: of an empty text its reference says nothing."""
    padded = f"{c.function.name.upper()}({{args}})" if len(c.args) > 2 else f"{c.function.name.upper()}({{args}}, ' ')"
    known = len(c.args) < 3 or (isinstance(c.args[2], Literal) and c.args[2].value)
    return padded if known else f"CASE WHEN {{2}} = '' THEN LEFT({{0}}, {{1}}) ELSE {padded} END"


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
    text = "LISTAGG({distinct}{0}, {1})" + (" WITHIN GROUP ({order})" if c.order else "") + "{over}"
    return f"CASE WHEN COUNT({{0}}){{over}} > 0 THEN {text} END"


def _any_or_all(of_booleans: str, of_numbers: str) -> Callable[[Call], str]:
    """In an order as numbers: docs.snowflake.com/en/sql-reference/functions/booland_agg takes none over a window."""

    def template(c: Call) -> str:
        ordered = c.window is not None and (c.window.order or c.window.frame)
        return f"{of_numbers}(CAST({{0}} AS INTEGER)){{over}} = 1" if ordered else f"{of_booleans}({{0}})"

    return template


def _at_extreme(c: Call) -> str:
    """The first value of a group by an order: what MAX_BY takes of rows that share the extreme may be any of them."""
    if c.window is not None:
        raise ValueError(f"Snowflake cannot compute {c.function.name} over a window in a total order")
    direction = "DESC" if c.function.name == "arg_max" else "ASC"
    ties = "".join(f"{{k{i}}} ASC NULLS LAST, " for i in range(len(c.order)))
    order = f"{{1}} {direction} NULLS LAST, {ties}{{0}} {direction} NULLS LAST"
    value = f"ARRAY_AGG(CASE WHEN {{1}} IS NOT NULL THEN {{0}} END) WITHIN GROUP (ORDER BY {order})[0]"
    return value if c.type.name in ("unknown", "null") else f"CAST({value} AS {{type}})"


def over(c: Call) -> Call:
    """LAST_VALUE looks at the whole window, unless it is told what the standard means by an order alone."""
    c = undoubled(c)
    window = c.window
    if c.distinct and c.function.name == "variance":  # docs.snowflake.com/en/sql-reference/functions/var_samp
        raise ValueError("Snowflake passes over the distinct of variance(distinct ...) over a window")
    if window is None or not (window.order or window.frame):
        return c
    if c.distinct:  # docs.snowflake.com/en/sql-reference/functions/sum
        raise ValueError(f"Snowflake cannot compute {c.function.name}(distinct ...) over a window in an order")
    if c.function.name in ("string_agg", "median"):  # docs.snowflake.com/en/sql-reference/functions/listagg
        raise ValueError(f"Snowflake cannot compute {c.function.name} of {c.args[0].type} over a window in an order")
    if c.function.name != "last_value" or window.frame:
        return c
    return replace(c, window=replace(window, frame="range between unbounded preceding and current row"))


TEMPLATES: dict[str, Template] = {
    **_CONVERSIONS,
    **dict.fromkeys(("try_parse_date", "try_parse_timestamp"), parsed),
    **dict.fromkeys(("parse_date", "parse_timestamp"), _strict(parsed)),
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
    "format_date": formatted,
    "*": _times,
    "sign": "CAST(SIGN({0}) AS {type})",
    **{f"{name}(integer)": "{0}" for name in ("ceil", "floor")},
    **{name: f"{name.upper()}_IGNORE_NULLS({{args}})" for name in ("greatest", "least")},
    "concat": _concat,
    "concat_ws": _concat_ws,
    **dict.fromkeys(("lpad", "rpad"), _padded),
    **{name: f"{name.upper()}({{0}}, ' ')" for name in ("trim", "ltrim", "rtrim")},
    "substring": _substring,
    "split_part": _part,
    "power": "CASE WHEN ({0} <> 0 OR {1} >= 0) AND ({0} >= 0 OR {1} = FLOOR({1})) THEN POWER({0}, {1}) END",
    "starts_with": "STARTSWITH({0}, {1})",
    "ends_with": "ENDSWITH({0}, {1})",
    "regexp_matches": _matches,
    "regexp_replace": _replaced,
    "regexp_extract": _extract,
    "avg": "AVG({distinct}CAST({0} AS DOUBLE))",
    "stddev": "STDDEV_SAMP({distinct}CAST({0} AS DOUBLE))",
    "variance": "VAR_SAMP({distinct}CAST({0} AS DOUBLE))",
    "median": "MEDIAN(CAST({0} AS DOUBLE))",
    **dict.fromkeys(("bool_and", "min(boolean)", "any_value(boolean)"), _any_or_all("BOOLAND_AGG", "MIN")),
    **dict.fromkeys(("bool_or", "max(boolean)"), _any_or_all("BOOLOR_AGG", "MAX")),
    "string_agg": _listed,
    **dict.fromkeys(("arg_max", "arg_min"), _at_extreme),
}
# A double that is no number is larger than an infinite one.
FINITE = (
    "CASE WHEN ABS({0}) >= CAST('inf' AS DOUBLE) "
    "THEN CAST('out of range' || LEFT(CAST({0} AS VARCHAR), 0) AS DOUBLE) ELSE {0} END"
)
TYPES = {"string": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE", "timestamp": "TIMESTAMP_NTZ"}
TYPES |= {"decimal": "NUMBER({p}, {s})", "json": "VARIANT"}
