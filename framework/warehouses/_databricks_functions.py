"""How Databricks spells the catalogue, in Spark SQL with ANSI mode."""

import re
from collections.abc import Callable
from functools import partial

from framework.expressions.catalogue import functions
from framework.expressions.lowering import Template
from framework.expressions.tree import Call, Expression, Literal
from framework.expressions.types import as_decimal
from framework.warehouses import _places as places
from framework.warehouses._databricks_aggregates import AGGREGATES
from framework.warehouses._databricks_conversions import CONVERSIONS, text_of
from framework.warehouses._databricks_moments import added, boundaries, formatted, full_months, made, moment
from framework.warehouses._databricks_pieces import count, integer, quoted
from framework.warehouses._java_regex import finding, matching

# -- numbers: a literal and some functions are INT, whose overflow is an error long before BIGINT's

_NARROW = {"case", "if", "coalesce", "nullif", "greatest", "least", "negate", "abs", "round", "floor", "ceil"}
_NARROW |= {"min", "max", "any_value", "arg_max", "arg_min", "lag", "lead", "first_value", "last_value"}


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


def _substring(c: Call) -> str:
    """Before the first position there is nothing, and a position below it takes its share of the length."""
    start, length = places.whole(c, 1), None if len(c.args) < 3 else places.whole(c, 2)
    if start is not None and start > 0 and (len(c.args) < 3 or length is not None):
        return f"SUBSTRING({', '.join(['{0}', *(count(c, i) for i in range(1, len(c.args)))])})"
    first = count(c, 1, least=1)
    if len(c.args) < 3:
        return f"SUBSTRING({{0}}, {first})"
    end = f"CAST({places.count(c, 1)} AS BIGINT) + {places.count(c, 2, least=0)}"
    return f"SUBSTRING({{0}}, {first}, CAST({end} - {first} AS INT))"


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


def _split_part(c: Call) -> str:
    part = f"SPLIT_PART({{0}}, {{1}}, {count(c, 2)})"
    return part if places.whole(c, 2) else f"CASE WHEN {{2}} = 0 THEN LEFT({{0}}, 0) ELSE {part} END"


def _padded(c: Call) -> str:
    return f"{c.function.name.upper()}({{0}}, {integer(c, 1)}, {'{2}' if len(c.args) > 2 else quoted(' ')})"


def _like(c: Call) -> str:
    """The backslash is an escape, unless another character is named."""
    plain = isinstance(c.args[1], Literal) and "\\" not in str(c.args[1].value)
    return c.function.lowering if plain else "{0} LIKE {1} ESCAPE '\\u0001'"


def _pattern(c: Call, java: Callable[[str], str]) -> str:
    given = c.args[1]
    return quoted(java(str(given.value))) if isinstance(given, Literal) and given.value is not None else "{1}"


def _replaced(c: Call) -> str:
    """RE2 writes a group as a backslash and its number, Java as a dollar sign."""
    given = c.args[2]
    text = str(given.value) if isinstance(given, Literal) else "\\1"
    pattern = _pattern(c, partial(finding, groups=bool(re.search(r"\\[1-9]", text)), all=True))
    if isinstance(given, Literal):
        plain = re.search(r"[\\$]", text) is None
        return f"REGEXP_REPLACE({{0}}, {pattern}, {'{2}' if plain else quoted(_dollars(text))})"
    escaped = "REPLACE({2}, '$', '\\\\$')"
    return f"REGEXP_REPLACE({{0}}, {pattern}, REGEXP_REPLACE({escaped}, {quoted(chr(92) * 2 + '([0-9])')}, '\\\\$$1'))"


def _dollars(text: str) -> str:
    """A digit behind a group is no part of its number."""
    found = re.sub(r"(\\\\)|\$|\\([0-9])", lambda m: m[1] or (f"${m[2]}" if m[2] else "\\$"), text)
    return re.sub(r"(?<!\\)(\$[0-9])([0-9])", r"\1\\\2", found)


def _extracted(c: Call) -> str:
    group = "0" if len(c.args) < 3 else integer(c, 2)
    found = _pattern(c, partial(finding, groups=len(c.args) > 2 and places.whole(c, 2) != 0))
    return f"CASE WHEN {{0}} RLIKE {_pattern(c, matching)} THEN REGEXP_EXTRACT({{0}}, {found}, {group}) END"


def _key_text(e: Expression, place: str) -> str:
    if e.type.name == "double":
        raise ValueError("a double has no canonical text: round it and cast it to a decimal")
    written = f"DATE_FORMAT({place}, 'yyyy-MM-dd HH:mm:ss.SSSSSS')"
    value = written if e.type.name == "timestamp" else text_of(e, place)
    return f"COALESCE(LENGTH({value}) || ':' || {value}, '-')"


# Beyond the reach of a BIGINT a double has no decimals; FLOOR and CEIL give a BIGINT.
_FAR = "CASE WHEN ABS({{0}}) < 9007199254740992 THEN CAST({}({{0}}) AS DOUBLE) ELSE {{0}} END"

# One letter for one, as elsewhere: Java makes two of some, and looks at the neighbours of a sigma.
_CASED = {"upper": "UPPER(TRANSLATE({0}, 'ß', 'ẞ'))", "lower": "LOWER(TRANSLATE({0}, 'İΣ', 'iσ'))"}

TEMPLATES: dict[str, Template] = {
    **CONVERSIONS,
    **AGGREGATES,
    "sha256": "SHA2({0}, 256)",
    "hash_key": lambda c: f"MD5({' || '.join(_key_text(a, f'{{{i}}}') for i, a in enumerate(c.args))})",
    "key_text": lambda c: _key_text(c.args[0], "{0}"),
    **{name: f"CAST({name.upper()}({{0}}) AS {{type}})" for name in ("year", "quarter", "month", "day", "sign")},
    **{name: f"CAST({name.upper()}({{0}}) AS {{type}})" for name in ("hour", "minute", "second", "length")},
    "day_of_week": "CAST(WEEKDAY({0}) + 1 AS {type})",
    "date_trunc": lambda c: moment(c, "DATE_TRUNC('{o0}', {0})"),
    "date_diff": boundaries,
    "date_add": added,
    "full_months": lambda c: f"CAST({full_months(c)} AS {{type}})",
    "full_years": lambda c: f"CAST(({full_months(c)}) DIV 12 AS {{type}})",
    "last_day": "LAST_DAY(CAST({0} AS DATE))",
    "make_date": made,
    "format_date": formatted,
    **dict.fromkeys("+-*", _arithmetic),
    "/": "CAST({0} AS DOUBLE) / NULLIF(CAST({1} AS DOUBLE), 0)",
    **{f"{name}(double)": _FAR.format(name.upper()) for name in ("floor", "ceil")},
    **dict.fromkeys(("left", "right"), lambda c: f"{c.function.name.upper()}({{0}}, {count(c, 1, least=0)})"),
    "repeat": lambda c: f"REPEAT({{0}}, {integer(c, 1)})",
    "round": _round,
    "substring": _substring,
    "power": "CASE WHEN ({0} <> 0 OR {1} >= 0) AND ({0} >= 0 OR {1} = FLOOR({1})) THEN POWER({0}, {1}) END",
    "concat": "CONCAT_WS('', {args})",
    # `EXISTS (...) IS NOT TRUE` is no syntax.
    "is not true": lambda c: c.function.lowering if c.args[0].nullable else "NOT {0}",
    **_CASED,
    **dict.fromkeys(("lpad", "rpad"), _padded),
    "split_part": _split_part,
    "starts_with": "STARTSWITH({0}, {1})",
    "ends_with": "ENDSWITH({0}, {1})",
    "like": _like,
    "regexp_matches": lambda c: f"{{0}} RLIKE {_pattern(c, matching)}",
    "regexp_replace": _replaced,
    "regexp_extract": _extracted,
    # TRIM takes spaces, and what else is to be taken stands before the text.
    **{n: functions()[n].lowering.replace("TRIM({0}, ' ')", "TRIM({0})") for n in functions() if n[:9] == "normalize"},
}
TYPES = {"string": "STRING", "integer": "BIGINT", "double": "DOUBLE", "timestamp": "TIMESTAMP_NTZ"}
TYPES |= {"decimal": "DECIMAL({p}, {s})", "json": "STRING"}
