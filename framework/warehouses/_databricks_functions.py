"""How Databricks spells the catalogue, in Spark SQL with ANSI mode."""

import re
from collections.abc import Callable
from itertools import groupby

from framework.expressions.catalogue import functions
from framework.expressions.lowering import Template, verbatim
from framework.expressions.tree import Call, Expression, Literal, Reference
from framework.expressions.types import as_decimal

_YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_DATE = rf"^\s*{_YEAR}-[0-9]{{2}}-[0-9]{{2}}"
_ZONE = "[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?"
# A time with an offset must have its seconds.
_INSTANT = r"TRY_CAST(REGEXP_REPLACE({0}, '([T ][0-9]+:[0-9]+)([Z+-])', '$1:00$2') AS TIMESTAMP)"
_TIMESTAMP = rf"{_DATE}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,6}})?)?(Z|{_ZONE})?)?\s*$"


def _quoted(text: str) -> str:
    """A text literal: a backslash escapes, a doubled quote does not."""
    return verbatim("'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'")


def _shaped(regex: str, value: str) -> str:
    return f"CASE WHEN {{0}} RLIKE {_quoted(regex)} THEN {value} END"


# -- conversions


def _read_decimal(c: Call) -> str:
    number = rf"[0-9]+(\.[0-9]{{0,{c.type.scale}}})?|\.[0-9]{{1,{c.type.scale}}}" if c.type.scale else r"[0-9]+\.?"
    return _shaped(rf"^\s*[+-]?({number})\s*$", "TRY_CAST(TRIM({0}) AS {type})")


def _parse_decimal(c: Call) -> str:
    """Signs, a currency sign and thousands are taken off what has the right shape."""
    digits = r"(([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{0,4})?|\.[0-9]{1,4})"
    dollar = r"(\$\s*)"
    signed, behind = rf"([+-]?{dollar}?|{dollar}[+-]){digits}", rf"{dollar}?{digits}(-|\s*[Cc][Rr])"
    shape = rf"{signed}|{behind}|\({dollar}?{digits}\)|{dollar}\({digits}\)"
    bare = f"TRY_CAST(REGEXP_REPLACE({{0}}, {_quoted('[^0-9.]')}, '') AS {{type}})"
    value = f"CASE WHEN {{0}} RLIKE '[(Rr-]' THEN -{bare} ELSE {bare} END"
    return _shaped(rf"^\s*({shape})\s*$", value)


def _text(template: Template, c: Call) -> str:
    return template if isinstance(template, str) else template(c)


def _strict(tolerant: Template) -> Callable[[Call], str]:
    """As the tolerant twin, and an error for text that it cannot read; the error names no value."""
    refused = "CASE WHEN {0} IS NOT NULL THEN RAISE_ERROR('unreadable text') END"
    return lambda c: f"COALESCE({_text(tolerant, c)}, {refused})"


def _of_unknown(reading: Template) -> Callable[[Call], str]:
    """A column whose type nobody declared, read as text."""
    return lambda c: _text(reading, c).replace("{0}", "CAST({0} AS STRING)")


def _text_of(e: Expression, place: str) -> str:
    """A value as text; a decimal with the decimals that its type has."""
    if e.type.name == "decimal" and not isinstance(e, Reference):
        place = f"CAST({place} AS DECIMAL({e.type.precision}, {e.type.scale}))"
    return place if e.type.name == "string" else f"CAST({place} AS STRING)"


_FINITE = "CASE WHEN ABS(TRY_CAST({0} AS DOUBLE)) < CAST('Infinity' AS DOUBLE) THEN TRY_CAST({0} AS DOUBLE) END"
_READ: dict[str, Template] = {
    "integer": _shaped(r"^\s*[+-]?[0-9]+\s*$", "TRY_CAST(TRIM({0}) AS BIGINT)"),
    "decimal": _read_decimal,
    "double": _shaped(r"^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$", _FINITE),
    "boolean": _shaped(r"^(?i)\s*(true|false)\s*$", "TRY_CAST({0} AS BOOLEAN)"),
    "date": _shaped(rf"{_DATE}\s*$", "TRY_CAST({0} AS DATE)"),
    "json": "CASE WHEN GET_JSON_OBJECT({0}, '$') IS NOT NULL THEN {0} END",
    # Through a zoned timestamp, which converts an offset; the session is in UTC.
    "timestamp": f"CAST({_shaped(_TIMESTAMP, _INSTANT)} AS {{type}})",
}
_GROUPED = _shaped(r"^\s*[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)\s*$", "TRY_CAST(REPLACE(TRIM({0}), ',', '') AS BIGINT)")
_CUT = "CASE WHEN {0} = ROUND({0}, 0) THEN TRY_CAST({0} AS BIGINT) END"
_CONVERSIONS: dict[str, Template] = {
    **{f"try_cast(string as {name})": reading for name, reading in _READ.items()},
    **{f"try_cast(unknown as {name})": _of_unknown(reading) for name, reading in _READ.items()},
    **{f"cast(string as {name})": _strict(reading) for name, reading in _READ.items()},
    **{f"cast(unknown as {name})": _of_unknown(_strict(reading)) for name, reading in _READ.items()},
    "try_cast(decimal as decimal)": "CASE WHEN {0} = ROUND({0}, {s}) THEN TRY_CAST({0} AS {type}) END",
    **dict.fromkeys(("try_cast(decimal as integer)", "try_cast(double as integer)"), _CUT),
    # A cast to a whole number cuts the decimals off.
    **dict.fromkeys(("cast(decimal as integer)", "cast(double as integer)"), "CAST(ROUND({0}) AS {type})"),
    **{f"{name}(decimal as string)": lambda c: _text_of(c.args[0], "{0}") for name in ("cast", "try_cast")},
    "try_cast": "TRY_CAST({0} AS {type})",
    "cast": "CAST({0} AS {type})",
    "try_parse_decimal": _parse_decimal,
    "parse_decimal": _strict(_parse_decimal),
    "try_parse_integer": _GROUPED,
    "parse_integer": _strict(_GROUPED),
}


# -- formats of dates: strftime's letter, the letters of a pattern for reading and writing, what may be read

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_SHORT = re.sub(r"(\w{3})\w*", r"\1", _MONTHS), re.sub(r"(\w{3})\w*", r"\1", _DAYS)
_NUMBERS = {"m": "M", "d": "d", "H": "H", "I": "h", "M": "m", "S": "s"}
_YEARS = {"Y": ("yyyy", _YEAR), "y": ("yy", "[0-9]{2}"), "p": ("a", "[AP]M")}
_NAMES = {"b": ("MMM", _SHORT[0]), "B": ("MMMM", _MONTHS), "a": ("EEE", _SHORT[1]), "A": ("EEEE", _DAYS)}
_LETTERS = {letter: (java, java * 2, "[0-9]{1,2}") for letter, java in _NUMBERS.items()}
_LETTERS |= {letter: (java, java, shape) for letter, (java, shape) in (_YEARS | _NAMES).items()}
_LETTERS |= {"j": ("D", "DDD", "[0-9]{1,3}"), "f": ("SSSSSS", "SSSSSS", "[0-9]{1,6}")}
_LETTERS |= {f"-{letter}": (read, read, shape) for letter, (read, _, shape) in _LETTERS.items() if letter in "mdHIMSj"}


def _pieces(format: str) -> list[tuple[str, str]]:
    """A strftime format as directives and the text between them: ('Y', ''), ('', '-')."""
    pieces = re.findall(r"%(-?[^%-])|((?:[^%]|%%)+)", format)
    return [(letter, text.replace("%%", "%")) for letter, text in pieces]


def _worded(text: str) -> str:
    """Text in a pattern: in single quotes, a quote doubled."""
    return "'" + text.replace("'", "''") + "'"


def _reading(format: str) -> str:
    """A text read by one format. Its shape is tested first; names of months are English in any case."""
    pattern, shape, pieces = "", "", _pieces(format)
    text = "REGEXP_REPLACE(TRIM({0}), '[ \\t]+', ' ')" if " " in format else "TRIM({0})"
    for index, (letter, part) in enumerate(pieces):
        if not letter:
            plain = re.sub(r"[][\\^$.|?*+(){}]", r"\\\g<0>", part)
            pattern, shape = pattern + _worded(part), shape + re.sub(r"[ \t]+", r"[ \\t]+", plain)
            continue
        read, written, regex = _LETTERS[letter]
        if letter in ("a", "A"):  # a weekday can be written, and not read
            text, read, written = f"REGEXP_REPLACE({text}, '(?i){regex}', '')", "", ""
        # Where digits stand beside digits, it must be plain where each ends.
        beside = any(p[0] for p in (*pieces[max(index - 1, 0) : index], *pieces[index + 1 : index + 2]))
        pattern += written if beside and written else read
        shape += f"({regex.replace('{1,', '{') if beside and letter != 'f' else regex})"
    value = f"TRY_TO_TIMESTAMP({text}, {_quoted(pattern)})"
    if ("y", "") in pieces:  # 2000 to 2099 for Java, and 1969 to 2068 for POSIX
        value = f"CASE WHEN YEAR({value}) > 2068 THEN {value} - INTERVAL 100 YEARS ELSE {value} END"
    return _shaped(rf"^(?i)\s*{shape}\s*$", value)


def _parse(c: Call) -> str:
    read = ", ".join(_reading(format) for format in c.options)
    return f"CAST({f'COALESCE({read})' if len(c.options) > 1 else read} AS {{type}})"


# Of weeks a pattern knows nothing.
_COMPUTED = {
    "u": "CAST(EXTRACT(DAYOFWEEK_ISO FROM {0}) AS STRING)",
    "V": "LPAD(CAST(EXTRACT(WEEK FROM {0}) AS STRING), 2, '0')",
    "G": "LPAD(CAST(EXTRACT(YEAROFWEEK FROM {0}) AS STRING), 4, '0')",
}


def _format(c: Call) -> str:
    parts: list[str] = []
    for computed, run in groupby(_pieces(c.options[0]), lambda piece: piece[0] in _COMPUTED):
        if computed:
            parts += [_COMPUTED[letter] for letter, _ in run]
            continue
        pattern = "".join(_LETTERS[letter][1] if letter else _worded(text) for letter, text in run)
        parts.append(f"DATE_FORMAT({{0}}, {_quoted(pattern)})")
    return " || ".join(parts)


def _moment(c: Call, text: str) -> str:
    """Exactly a date or a timestamp, where the type is known."""
    return f"CAST({text} AS {{type}})" if c.type.name in ("date", "timestamp") else text


def _boundaries(c: Call) -> str:
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


def _full_months(c: Call) -> str:
    """Months by the calendar, less one that is not complete; MONTHS_BETWEEN sets last days equal."""
    dates = all(a.type.name == "date" for a in c.args)
    first = "DAY({0})" if dates else "TIMESTAMPDIFF(MICROSECOND, DATE_TRUNC('MONTH', {0}), {0})"
    second = first.replace("{0}", "{1}")
    return (
        f"(YEAR({{1}}) - YEAR({{0}})) * 12 + MONTH({{1}}) - MONTH({{0}}) "
        f"- CASE WHEN {{0}} <= {{1}} AND {second} < {first} THEN 1 "
        f"WHEN {{0}} > {{1}} AND {second} > {first} THEN -1 ELSE 0 END"
    )


# -- numbers: a literal and some functions are INT, whose overflow is an error long before BIGINT's

_NARROW = {"case", "if", "coalesce", "nullif", "greatest", "least", "negate", "abs", "round", "floor", "ceil"}
_NARROW |= {"min", "max", "any_value", "arg_max", "arg_min", "lag", "lead", "first_value", "last_value"}
_NARROW |= {"row_number", "rank", "dense_rank"}


def _arithmetic(c: Call) -> str:
    """Integers in 64 bits; decimals to their last digit, where Databricks would give up some beyond six."""
    plain = c.function.lowering
    if c.type.name == "integer" and all(
        isinstance(e, Literal) or (isinstance(e, Call) and e.function.name in _NARROW) for e in c.args
    ):
        return plain.replace("{0}", "CAST({0} AS BIGINT)")
    if c.type.name != "decimal" or c.type.scale <= 6:
        return plain
    a, b = (as_decimal(e.type) for e in c.args)
    if c.function.name == "*":
        small = min(a.precision, b.precision, 18)  # 37 digits for both together
        digits = (37 - small, small) if a.precision >= b.precision else (small, 37 - small)
        fits, scales = a.precision + b.precision < 38, (a.scale, b.scale)
    else:
        whole = max(a.precision - a.scale, b.precision - b.scale)
        fits, digits, scales = whole + c.type.scale < 38, (37, 37), (c.type.scale, c.type.scale)
    for i in (0, 1) if not fits else ():
        plain = plain.replace(f"{{{i}}}", f"CAST({{{i}}} AS DECIMAL({max(digits[i], scales[i])}, {scales[i]}))")
    return plain


def _int(c: Call, index: int) -> str:
    """An argument that must be an INT: a BIGINT is not converted by itself."""
    return f"{{{index}}}" if isinstance(c.args[index], Literal) else f"CAST({{{index}}} AS INT)"


def _with_ints(name: str, *first: str) -> Callable[[Call], str]:
    """`NAME(first..., then INTs)`."""
    return lambda c: f"{name}({', '.join([*first, *(_int(c, i) for i in range(len(first), len(c.args)))])})"


def _substring(c: Call) -> str:
    """Before the first position there is nothing, and a position below it takes its share of the length."""
    if isinstance(c.args[1], Literal) and int(c.args[1].value or 0) > 0:
        return _with_ints("SUBSTRING", "{0}")(c)
    length = ", CAST({2} + CASE WHEN {1} < 1 THEN {1} - 1 ELSE 0 END AS INT)" if len(c.args) > 2 else ""
    return f"SUBSTRING({{0}}, CAST(CASE WHEN {{1}} < 1 THEN 1 ELSE {{1}} END AS INT){length})"


def _round(c: Call) -> str:
    """The number of places must be a constant: others are told apart one by one."""
    if len(c.args) < 2 or isinstance(c.args[1], Literal):
        return "ROUND({args})"
    if c.args[0].type.name == "double":
        return "SIGN({0}) * FLOOR(ABS({0}) * POWER(10, {1}) + 0.5) / POWER(10, {1})"
    t = as_decimal(c.args[0].type)
    cases = " ".join(
        f"WHEN {n} THEN CAST(ROUND({{0}}, {n}) AS {{type}})" for n in range(t.scale - t.precision, t.scale)
    )
    inner = f"COALESCE(CASE {{1}} {cases} END, 0 * {{0}})"
    return f"CASE WHEN {{1}} >= {t.scale} THEN {{0}} WHEN {{1}} IS NOT NULL THEN {inner} END"


def _padded(c: Call) -> str:
    return f"{c.function.name.upper()}({{0}}, {_int(c, 1)}, {'{2}' if len(c.args) > 2 else _quoted(' ')})"


def _like(c: Call) -> str:
    """The backslash is an escape, unless another character is named."""
    plain = isinstance(c.args[1], Literal) and "\\" not in str(c.args[1].value)
    return c.function.lowering if plain else "{0} LIKE {1} ESCAPE '\\u0001'"


def _replaced(c: Call) -> str:
    """RE2 writes a group as a backslash and its number, Java as a dollar sign."""
    given = c.args[2]
    if isinstance(given, Literal) and not re.search(r"[\\$]", str(given.value)):
        return "REGEXP_REPLACE({0}, {1}, {2})"
    plain = "REPLACE({2}, '$', '\\\\$')"
    return f"REGEXP_REPLACE({{0}}, {{1}}, REGEXP_REPLACE({plain}, {_quoted(chr(92) * 2 + '([0-9])')}, '\\\\$$1'))"


def _key_text(e: Expression, place: str) -> str:
    moment = f"DATE_FORMAT({place}, 'yyyy-MM-dd HH:mm:ss.SSSSSS')"
    value = moment if e.type.name == "timestamp" else _text_of(e, place)
    return f"COALESCE(LENGTH({value}) || ':' || {value}, '-')"


def _at_extreme(c: Call) -> str:
    """The first row of a group by an order: what MAX_BY takes of rows that share the extreme may be any of them."""
    if c.window is not None:
        raise ValueError(f"Databricks cannot compute {c.function.name} over a window in a total order")
    first = "l.by > r.by" if c.function.name == "arg_max" else "l.by < r.by"
    cases = [f"WHEN {first} THEN -1", "WHEN l.by <> r.by THEN 1"]
    for i in range(len(c.order)):  # nulls last
        cases.append(f"WHEN l.k{i} < r.k{i} OR (r.k{i} IS NULL AND l.k{i} IS NOT NULL) THEN -1")
        cases.append(f"WHEN l.k{i} > r.k{i} OR (l.k{i} IS NULL AND r.k{i} IS NOT NULL) THEN 1")
    keys = "".join(f"'k{i}', {{k{i}}}, " for i in range(len(c.order)))
    row = f"NAMED_STRUCT('by', {{1}}, {keys}'value', {{0}})"
    rows = f"COLLECT_LIST(CASE WHEN {{0}} IS NOT NULL AND {{1}} IS NOT NULL THEN {row} END)"
    compare = f"(l, r) -> CASE {' '.join(cases)} ELSE 0 END"
    return f"GET(ARRAY_SORT({rows}, {compare}), 0).value"


def _shifted(c: Call) -> str:
    default = "CAST({2} AS {type})" if c.type.name not in ("unknown", "null") else "{2}"
    places = ["{0}", _int(c, 1) if len(c.args) > 1 else "1", default][: max(len(c.args), 1)]
    return f"{c.function.name.upper()}({', '.join(places)})"


# Beyond the reach of a BIGINT a double has no decimals; FLOOR and CEIL give a BIGINT.
_FAR = "CASE WHEN ABS({{0}}) < 9007199254740992 THEN CAST({}({{0}}) AS DOUBLE) ELSE {{0}} END"

TEMPLATES: dict[str, Template] = {
    **_CONVERSIONS,
    **dict.fromkeys(("try_parse_date", "try_parse_timestamp"), _parse),
    **dict.fromkeys(("parse_date", "parse_timestamp"), _strict(_parse)),
    "sha256": "SHA2({0}, 256)",
    "hash_key": lambda c: f"MD5({' || '.join(_key_text(a, f'{{{i}}}') for i, a in enumerate(c.args))})",
    "key_text": lambda c: _key_text(c.args[0], "{0}"),
    **{name: f"CAST({name.upper()}({{0}}) AS {{type}})" for name in ("year", "quarter", "month", "day", "sign")},
    **{name: f"CAST({name.upper()}({{0}}) AS {{type}})" for name in ("hour", "minute", "second", "length")},
    "day_of_week": "CAST(WEEKDAY({0}) + 1 AS {type})",
    "date_trunc": lambda c: _moment(c, "DATE_TRUNC('{o0}', {0})"),
    "date_diff": _boundaries,
    "date_add": lambda c: _moment(c, f"TIMESTAMPADD({c.options[0].upper()}, {_int(c, 1)}, {{0}})"),
    "full_months": lambda c: f"CAST({_full_months(c)} AS {{type}})",
    "full_years": lambda c: f"CAST(({_full_months(c)}) DIV 12 AS {{type}})",
    "last_day": "LAST_DAY(CAST({0} AS DATE))",
    "make_date": _with_ints("MAKE_DATE"),
    "format_date": _format,
    **dict.fromkeys("+-*", _arithmetic),
    "/": "CAST({0} AS DOUBLE) / NULLIF(CAST({1} AS DOUBLE), 0)",
    **{f"{name}(double)": _FAR.format(name.upper()) for name in ("floor", "ceil")},
    **{name: _with_ints(name.upper(), "{0}") for name in ("left", "right", "repeat")},
    "round": _round,
    "substring": _substring,
    "power": "CASE WHEN ({0} <> 0 OR {1} >= 0) AND ({0} >= 0 OR {1} = FLOOR({1})) THEN POWER({0}, {1}) END",
    "concat": "CONCAT_WS('', {args})",
    # `EXISTS (...) IS NOT TRUE` is no syntax.
    "is not true": lambda c: c.function.lowering if c.args[0].nullable else "NOT {0}",
    **dict.fromkeys(("lpad", "rpad"), _padded),
    "split_part": "CASE WHEN {2} = 0 THEN LEFT({0}, 0) ELSE SPLIT_PART({0}, {1}, CAST({2} AS INT)) END",
    "starts_with": "STARTSWITH({0}, {1})",
    "ends_with": "ENDSWITH({0}, {1})",
    "like": _like,
    "regexp_matches": "{0} RLIKE {1}",
    "regexp_replace": _replaced,
    "regexp_extract": lambda c: (
        f"CASE WHEN {{0}} RLIKE {{1}} THEN REGEXP_EXTRACT({{0}}, {{1}}, {_int(c, 2) if len(c.args) > 2 else 0}) END"
    ),
    "avg": "AVG({distinct}CAST({0} AS DOUBLE))",
    "median": "MEDIAN(CAST({0} AS DOUBLE))",
    # docs.databricks.com/aws/pt/sql/language-manual/functions/string_agg: from runtime 16.4 on
    "string_agg": lambda c: "LISTAGG({distinct}{0}, {1})" + (" WITHIN GROUP ({order})" if c.order else ""),
    # TRIM takes spaces, and what else is to be taken stands before the text.
    **{n: functions()[n].lowering.replace("TRIM({0}, ' ')", "TRIM({0})") for n in functions() if n[:9] == "normalize"},
    **dict.fromkeys(("arg_max", "arg_min"), _at_extreme),
    **dict.fromkeys(("lag", "lead"), _shifted),
}
TYPES = {"string": "STRING", "integer": "BIGINT", "double": "DOUBLE", "timestamp": "TIMESTAMP_NTZ"}
TYPES |= {"decimal": "DECIMAL({p}, {s})", "json": "STRING"}
