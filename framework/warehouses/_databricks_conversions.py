"""How Databricks reads values from text: the shape is tested first, for a cast reads more than the language does."""

from collections.abc import Callable

from framework.expressions.lowering import Template
from framework.expressions.tree import Call, Expression, Reference
from framework.warehouses import _shapes as shapes
from framework.warehouses._databricks_moments import parsed
from framework.warehouses._databricks_pieces import UNREADABLE, quoted, shaped

# Through a zoned timestamp, which converts an offset; the session is in UTC. A time with an offset must have seconds.
_INSTANT = r"TRY_CAST(REGEXP_REPLACE({0}, '([T ][0-9]+:[0-9]+)([Z+-])', '$1:00$2') AS TIMESTAMP)"
_MOMENT = f"{shapes.ISO_DATE}([T ]{shapes.CLOCK}{shapes.OFFSET}?)?"
_FINITE = "CASE WHEN ABS(TRY_CAST({0} AS DOUBLE)) < CAST('Infinity' AS DOUBLE) THEN TRY_CAST({0} AS DOUBLE) END"


def _decimal(c: Call) -> str:
    return shaped(shapes.decimal(c.type.precision - c.type.scale, c.type.scale), "TRY_CAST(TRIM({0}) AS {type})")


def _timestamp() -> str:
    within = shapes.in_utc("{0}", _INSTANT)
    return f"CAST({shaped(_MOMENT, f'CASE WHEN {within} THEN {_INSTANT} END')} AS {{type}})"


def _amount() -> str:
    """Signs, a currency sign and thousands are taken off what has the right shape."""
    bare = f"TRY_CAST(REGEXP_REPLACE({{0}}, {quoted('[^0-9.]')}, '') AS {{type}})"
    return shaped(shapes.AMOUNT, f"CASE WHEN {{0}} RLIKE '{shapes.NEGATIVE_AMOUNT}' THEN -{bare} ELSE {bare} END")


def _text(template: Template, c: Call) -> str:
    return template if isinstance(template, str) else template(c)


def _strict(tolerant: Template) -> Callable[[Call], str]:
    """As the tolerant twin, and an error for text that it cannot read; the error names no value."""
    refused = f"CASE WHEN {{0}} IS NOT NULL THEN RAISE_ERROR('{UNREADABLE}') END"
    return lambda c: f"COALESCE({_text(tolerant, c)}, {refused})"


def _of_unknown(reading: Template) -> Callable[[Call], str]:
    """A column whose type nobody declared, read as text."""
    return lambda c: _text(reading, c).replace("{0}", "CAST({0} AS STRING)")


def text_of(e: Expression, place: str) -> str:
    """A value as text; a decimal with the decimals that its type has."""
    if e.type.name == "decimal" and not isinstance(e, Reference):
        place = f"CAST({place} AS DECIMAL({e.type.precision}, {e.type.scale}))"
    return place if e.type.name == "string" else f"CAST({place} AS STRING)"


_READ: dict[str, Template] = {
    "integer": shaped(shapes.INTEGER, "TRY_CAST(TRIM({0}) AS BIGINT)"),
    "decimal": _decimal,
    "double": shaped(shapes.double(3), _FINITE),
    "boolean": shaped("true|false", "TRY_CAST({0} AS BOOLEAN)", any_case=True),
    "date": shaped(shapes.ISO_DATE, "TRY_CAST({0} AS DATE)"),
    "json": "CASE WHEN GET_JSON_OBJECT({0}, '$') IS NOT NULL THEN {0} END",
    "timestamp": _timestamp(),
}
_PARSE: dict[str, Template] = {
    "parse_date": parsed,
    "parse_timestamp": parsed,
    "parse_decimal": _amount(),
    "parse_integer": shaped(shapes.GROUPED, "TRY_CAST(REPLACE(TRIM({0}), ',', '') AS BIGINT)"),
}
_CUT = "CASE WHEN {0} = ROUND({0}, 0) THEN TRY_CAST({0} AS BIGINT) END"
CONVERSIONS: dict[str, Template] = {
    **{f"try_cast(string as {name})": reading for name, reading in _READ.items()},
    **{f"try_cast(unknown as {name})": _of_unknown(reading) for name, reading in _READ.items()},
    **{f"cast(string as {name})": _strict(reading) for name, reading in _READ.items()},
    **{f"cast(unknown as {name})": _of_unknown(_strict(reading)) for name, reading in _READ.items()},
    **{f"try_{name}": reading for name, reading in _PARSE.items()},
    **{name: _strict(reading) for name, reading in _PARSE.items()},
    "try_cast(decimal as decimal)": "CASE WHEN {0} = ROUND({0}, {s}) THEN TRY_CAST({0} AS {type}) END",
    **dict.fromkeys(("try_cast(decimal as integer)", "try_cast(double as integer)"), _CUT),
    # A cast to a whole number cuts the decimals off.
    **dict.fromkeys(("cast(decimal as integer)", "cast(double as integer)"), "CAST(ROUND({0}) AS {type})"),
    **{f"{name}(decimal as string)": lambda c: text_of(c.args[0], "{0}") for name in ("cast", "try_cast")},
    "try_cast": "TRY_CAST({0} AS {type})",
    "cast": "CAST({0} AS {type})",
}
