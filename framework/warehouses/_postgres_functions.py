"""How Postgres spells the catalogue.

Text has the collation C or the database's own in every expression, never another: a second explicit one
would make a comparison an error.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from framework.expressions.lowering import Template, verbatim
from framework.expressions.strftime import directives
from framework.expressions.tree import Call, Literal
from framework.expressions.types import Type
from framework.warehouses import _shapes as shapes
from framework.warehouses._places import arithmetic, count, place, whole
from framework.warehouses._postgres_readers import CONVERSIONS, half_away
from framework.warehouses._regex import found, translated
from framework.warehouses._windows import undoubled

# A json is kept as the text it came as: Postgres compares no json, and its jsonb is another text.
TYPES = {"string": "TEXT", "json": "TEXT"}
_C = 'COLLATE "C"'


def _text(value: str) -> str:
    return verbatim("'" + value.replace("'", "''") + "'")


# -- numbers


def _round(c: Call) -> str:
    """Doubles by their own arithmetic: Postgres rounds a half to the even number."""
    places = "0" if len(c.args) < 2 else "CAST({1} AS INTEGER)"
    if c.args[0].type.name == "double":
        number = 0 if len(c.args) < 2 else whole(c, 1)
        return half_away("{0}", number, "{1}")
    value = "CAST({0} AS NUMERIC)" if c.args[0].type.name == "integer" else "{0}"
    return f"CAST(ROUND({value}, {places}) AS {{type}})"


def _power(c: Call) -> str:
    """Null where there is no real number."""
    base, exponent = "CAST({0} AS DOUBLE PRECISION)", "CAST({1} AS DOUBLE PRECISION)"
    return (
        f"CASE WHEN ({base} <> 0 OR {exponent} >= 0) AND ({base} >= 0 OR {exponent} = TRUNC({exponent})) "
        f"THEN POWER({base}, {exponent}) END"
    )


# Below it the result is no longer a double, which Postgres makes an error.
_EXP = "CASE WHEN {0} < -745 THEN CAST(0 AS DOUBLE PRECISION) ELSE EXP(CAST({0} AS DOUBLE PRECISION)) END"


# -- text


def _in_c(sign: str) -> Callable[[Call], str]:
    return lambda c: f"{place(c, 0)} {_C} {sign} {place(c, 1)} {_C}"


def _extreme_in_c(c: Call) -> str:
    places = (f"{place(c, i)} {_C}" for i in range(len(c.args)))
    return f"{c.function.name.upper()}({', '.join(places)})"


def _padded(c: Call) -> str:
    fill = "{2}" if len(c.args) > 2 else "' '"
    return f"{c.function.name.upper()}({{0}}, CAST({{1}} AS INTEGER), {fill})"


def _substring(c: Call) -> str:
    """Positions before the first hold nothing; a length below zero is none."""
    start = f"CAST({count(c, 1)} AS INTEGER)"
    if len(c.args) < 3:
        return f"SUBSTRING({{0}}, {start})"
    length = count(c, 2, least=0)
    return f"SUBSTRING({{0}}, {start}, {length if whole(c, 2) is not None else f'CAST({length} AS INTEGER)'})"


def _end(c: Call) -> str:
    """The first or last characters; of a count below zero none, where Postgres leaves some out."""
    return f"{c.function.name.upper()}({{0}}, CAST({count(c, 1, least=0)} AS INTEGER))"


def _split_part(c: Call) -> str:
    part = f"SPLIT_PART({{0}}, {{1}}, CAST({count(c, 2)} AS INTEGER))"
    number = whole(c, 2)
    if number is not None and number != 0:
        return part
    return f"CASE WHEN {{2}} = 0 THEN LEFT({{0}} || {{1}}, 0) ELSE {part} END"


def _pattern(c: Call) -> str | None:
    """A pattern that is written in the expression; one from a column is taken as it is."""
    pattern = c.args[1]
    return pattern.value if isinstance(pattern, Literal) and isinstance(pattern.value, str) else None


def _matches(c: Call) -> str:
    pattern = _pattern(c)
    return f"{place(c, 0)} ~ {place(c, 1) if pattern is None else _text(translated(pattern).text)}"


def _replaced(c: Call) -> str:
    """Where matches are taken out, an empty one changes nothing."""
    pattern, by = _pattern(c), c.args[2]
    replacement, groups, emptied = "REPLACE({2}, '\\0', '\\&')", True, False
    if isinstance(by, Literal) and isinstance(by.value, str):
        replacement = _text(re.sub(r"\\(.)", lambda m: r"\&" if m[1] == "0" else m[0], by.value))
        groups, emptied = re.search(r"\\[1-9]", by.value) is not None, not by.value
    text = "{1}" if pattern is None else _text(found(pattern, groups=groups, all=not emptied))
    return f"REGEXP_REPLACE({{0}}, {text}, {replacement}, 'g')"


def _extracted(c: Call) -> str:
    """The whole match is a group around the pattern; a group that took no part is an empty text."""
    pattern = _pattern(c)
    group = 0 if len(c.args) < 3 else whole(c, 2)
    test = place(c, 1) if pattern is None else _text(translated(pattern).text)
    around = "'(' || {1} || ')'" if pattern is None else _text(f"({found(pattern, groups=group != 0)})")
    if group == 0:
        return f"(REGEXP_MATCH({{0}}, {around}))[1]"
    index = "CAST({2} AS INTEGER) + 1" if group is None else str(group + 1)
    return f"CASE WHEN {{0}} ~ {test} THEN COALESCE((REGEXP_MATCH({{0}}, {around}))[{index}], '') END"


# -- moments


def _at(c: Call, index: int) -> str:
    """An argument as a timestamp: of a date many functions would make one in the session's zone."""
    return f"{{{index}}}" if c.args[index].type.name == "timestamp" else f"CAST({{{index}}} AS TIMESTAMP)"


def _moment_type(c: Call) -> str:
    """The type of the first argument; of a column that nobody declared, a timestamp."""
    return "{type}" if c.type.name in ("date", "timestamp") else "TIMESTAMP"


def _part(field: str) -> Callable[[Call], str]:
    return lambda c: f"CAST(FLOOR(EXTRACT({field} FROM {_at(c, 0)})) AS {{type}})"


_SECONDS = {"hour": 3600, "minute": 60, "second": 1}
_STEPS = {"quarter": "3 month", "week": "7 day"}


def _truncated(c: Call) -> str:
    return f"CAST(DATE_TRUNC('{c.options[0]}', {_at(c, 0)}) AS {_moment_type(c)})"


def _counted(c: Call) -> str:
    """Boundaries crossed: the difference of the units in which both lie."""
    unit, first, second = c.options[0], _at(c, 0), _at(c, 1)
    if unit in ("year", "quarter", "month"):
        count = f"EXTRACT(YEAR FROM {second}) - EXTRACT(YEAR FROM {first})"
        each = {"quarter": 4, "month": 12}.get(unit)
        if each is not None:
            count = f"({count}) * {each} + EXTRACT({unit} FROM {second}) - EXTRACT({unit} FROM {first})"
    elif unit in _SECONDS:
        count = f"EXTRACT(EPOCH FROM DATE_TRUNC('{unit}', {second}) - DATE_TRUNC('{unit}', {first}))"
        count = f"({count}) / {_SECONDS[unit]}"
    else:
        count = f"CAST(DATE_TRUNC('{unit}', {second}) AS DATE) - CAST(DATE_TRUNC('{unit}', {first}) AS DATE)"
        count = f"({count}) / 7" if unit == "week" else count
    return f"CAST({count} AS {{type}})"


def _added(c: Call) -> str:
    unit = c.options[0]
    step = _STEPS.get(unit, f"1 {unit}")
    moment = f"{{0}} + {{1}} * INTERVAL '{step}'"
    return f"CAST({shapes.within_years(moment)} AS {_moment_type(c)})"


def _elapsed(c: Call) -> str:
    age = f"AGE({_at(c, 1)}, {_at(c, 0)})"
    if c.function.name == "full_years":
        return f"CAST(EXTRACT(YEAR FROM {age}) AS {{type}})"
    return f"CAST(EXTRACT(YEAR FROM {age}) * 12 + EXTRACT(MONTH FROM {age}) AS {{type}})"


_WORDS = {
    **{"Y": "YYYY", "y": "YY", "m": "MM", "b": "Mon", "B": "FMMonth", "d": "DD", "j": "DDD", "H": "HH24"},
    **{"I": "HH12", "M": "MI", "S": "SS", "f": "US", "p": "AM", "a": "Dy", "A": "FMDay", "u": "ID"},
    **{"G": "IYYY", "V": "IW"},
}


def _formatted(c: Call) -> str:
    words = []
    for piece in directives(c.options[0]):
        if piece.letter.strip():
            words.append(("FM" if piece.text else "") + _WORDS[piece.letter])
        else:
            words.append('"' + re.sub(r'(["\\])', r"\\\1", piece.text) + '"')
    return f"TO_CHAR({_at(c, 0)}, {_text(''.join(words))})"


# -- keys


def _hash_key(c: Call) -> str:
    return "MD5(" + " || ".join(_key_text(a.type, f"{{{i}}}") for i, a in enumerate(c.args)) + ")"


def _key_text(t: Type, place: str) -> str:
    if t.name == "double":
        raise ValueError("a double has no canonical text: round it and cast it to a decimal")
    value = {
        "string": place,
        "decimal": f"CAST(CAST({place} AS NUMERIC({t.precision}, {t.scale})) AS TEXT)",
        "date": f"TO_CHAR(CAST({place} AS TIMESTAMP), 'YYYY-MM-DD')",
        "timestamp": f"TO_CHAR({place}, 'YYYY-MM-DD HH24:MI:SS.US')",
    }.get(t.name, f"CAST({place} AS TEXT)")
    return f"COALESCE(LENGTH({value}) || ':' || {value}, '-')"


# -- aggregates


def _no_window(template: str) -> Callable[[Call], str]:
    """Ordered aggregates have no windows in Postgres."""

    def checked(c: Call) -> str:
        if c.window is not None:
            raise ValueError(f"Postgres cannot compute {c.function.name} over a window")
        return template

    return checked


def _listed(c: Call) -> str:
    if c.window is not None and (c.order or c.distinct):
        raise ValueError("Postgres cannot compute an ordered string_agg over a window")
    # With DISTINCT the order must be that of the argument itself.
    return f"STRING_AGG({{distinct}}{place(c, 0)} {_C if c.distinct else ''}, {{1}}{{order}})".replace(" ,", ",")


def _at_extreme(c: Call) -> str:
    """The first row by an order in which nulls are last."""
    direction = " DESC" if c.function.name == "arg_max" else ""
    ordered = (
        ("{1}", c.args[1], direction),
        *((f"{{k{i}}}", order.key, "") for i, order in enumerate(c.order)),
        (place(c, 0), c.args[0], direction),
    )
    collated = ((f"({at}) {_C}" if e.type.name == "string" else at, way) for at, e, way in ordered)
    keys = ", ".join(f"{at}{way} NULLS LAST" for at, way in collated)
    tests = f"{place(c, 0)} IS NOT NULL AND {place(c, 1)} IS NOT NULL"
    return _no_window(f"(ARRAY_AGG({{0}} ORDER BY {keys}) FILTER (WHERE {tests}))[1]")(c)


_WHOLE = "rows between unbounded preceding and unbounded following"


def over(c: Call) -> Call:
    """An aggregate over a window has no order of its own: where the window has none, its order is the window's.

    Nor has it `distinct`, which some do without.
    """
    c = undoubled(c)
    if c.distinct and c.function.name != "string_agg":
        raise ValueError(f"Postgres cannot compute {c.function.name}(distinct ...) over a window")
    if c.function.name != "string_agg" or c.distinct or c.window is None or c.window.order:
        return c
    return replace(c, order=(), window=replace(c.window, order=c.order, frame=_WHOLE)) if c.order else c


def _neighbour(c: Call) -> str:
    number = f"CAST({count(c, 1)} AS INTEGER)" if len(c.args) > 1 else ""
    places = ["{0}", number, "{2}"][: len(c.args)]
    return f"{c.function.name.upper()}({', '.join(places)})"


_MEDIAN = "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST({0} AS DOUBLE PRECISION))"
_CASED = 'COLLATE "default") COLLATE "C"'

TEMPLATES: dict[str, Template] = {
    **CONVERSIONS,
    **{f"{sign}(string)": _in_c(sign) for sign in ("<", "<=", ">", ">=")},
    "order key(string)": f"{{0}} {_C}",
    "between(string)": lambda c: f"{place(c, 0)} {_C} BETWEEN ({{1}} {_C}) AND ({{2}} {_C})",
    "greatest(string)": _extreme_in_c,
    "least(string)": _extreme_in_c,
    **{sign: arithmetic(sign) for sign in "+-*"},
    "negate": "-({0})",
    "sign": "CAST(SIGN({0}) AS {type})",
    "round": _round,
    "floor(integer)": "CAST({0} AS {type})",
    "ceil(integer)": "CAST({0} AS {type})",
    "power": _power,
    "exp": _EXP,
    "sqrt": "CASE WHEN {0} >= 0 THEN SQRT(CAST({0} AS DOUBLE PRECISION)) END",
    "ln": "CASE WHEN {0} > 0 THEN LN(CAST({0} AS DOUBLE PRECISION)) END",
    # One letter for one, as elsewhere: a locale may make two of it, or look at its neighbours.
    "upper": f"UPPER(TRANSLATE({{0}}, 'ß', 'ẞ') {_CASED}",
    "lower": f"LOWER(TRANSLATE({{0}}, 'İΣ', 'iσ') {_CASED}",
    "trim": "BTRIM({0})",
    "lpad": _padded,
    "rpad": _padded,
    "length": "CAST(LENGTH({0}) AS {type})",
    "left": _end,
    "right": _end,
    "substring": _substring,
    "repeat": "REPEAT({0}, CAST({1} AS INTEGER))",
    "split_part": _split_part,
    "ends_with": lambda c: f"RIGHT({{0}}, LENGTH({{1}})) = {place(c, 1)}",
    "contains": "STRPOS({0}, {1}) > 0",
    "like": lambda c: f"{place(c, 0)} LIKE {place(c, 1)} ESCAPE ''",
    "regexp_matches": _matches,
    "regexp_replace": _replaced,
    "regexp_extract": _extracted,
    "date_trunc": _truncated,
    "date_diff": _counted,
    "date_add": _added,
    "full_years": _elapsed,
    "full_months": _elapsed,
    "period_end": "COALESCE({0}, CAST('infinity' AS {type}))",
    "last_day": "CAST(DATE_TRUNC('month', CAST({0} AS TIMESTAMP)) + INTERVAL '1 month -1 day' AS {type})",
    # Years are 1 to 9999: another is refused as one that Postgres has not.
    "make_date": (
        "MAKE_DATE(CAST(CASE WHEN {0} NOT BETWEEN 1 AND 9999 THEN 9999999 ELSE {0} END AS INTEGER), "
        "CAST({1} AS INTEGER), CAST({2} AS INTEGER))"
    ),
    **{n: _part(n.upper()) for n in ("year", "quarter", "month", "day", "hour", "minute", "second")},
    "day_of_week": _part("ISODOW"),
    "format_date": _formatted,
    "sha256": "ENCODE(SHA256(CONVERT_TO({0}, 'UTF8')), 'hex')",
    "hash_key": _hash_key,
    "key_text": lambda c: _key_text(c.args[0].type, "{0}"),
    "avg": "AVG({distinct}CAST({0} AS DOUBLE PRECISION))",
    "stddev": "STDDEV_SAMP({distinct}CAST({0} AS DOUBLE PRECISION))",
    "variance": "VAR_SAMP({distinct}CAST({0} AS DOUBLE PRECISION))",
    "median": _no_window(_MEDIAN),
    **{f"{n}(string)": f"{m}({{0}} {_C})" for n, m in (("min", "MIN"), ("max", "MAX"), ("any_value", "MIN"))},
    **{f"{n}(boolean)": f"{m}({{0}})" for n, m in (("min", "BOOL_AND"), ("max", "BOOL_OR"), ("any_value", "BOOL_AND"))},
    "string_agg": _listed,
    "arg_max": _at_extreme,
    "arg_min": _at_extreme,
    "lag": _neighbour,
    "lead": _neighbour,
}
