"""What warehouses, pandas and Spark call the types of the language."""

import re
from collections.abc import Callable

from framework.expressions.types import Type, parse_type

Fits = Callable[[Type], bool]

# In small letters, without the digits behind a name and without what follows them.
_SPELLINGS = {
    "string": "string|str|varchar|character varying|char|character|bpchar|text|nvarchar|nchar|uuid|object|stringdtype"
    "|stringtype|varchartype|chartype",
    "integer": "integer|int|bigint|smallint|tinyint|hugeint|long|int2|int4|int8|int16|int32|int64|uint8|uint16|uint32"
    "|uint64|int_|integertype|longtype|shorttype|bytetype|big_integer|small_integer",
    "decimal": "decimal|numeric|number|decimaltype|object",
    "double": "double|double precision|double_precision|float|real|float4|float8|float32|float64|float_|doubletype"
    "|floattype",
    "boolean": "boolean|bool|bool_|booleandtype|booleantype",
    "date": "date|datetype|object",
    "timestamp": "timestamp|timestamp without time zone|timestamp_ntz|timestampntz|datetime|datetime64|datetime2"
    "|timestamptype|timestampntztype",
    "json": "json|jsonb|variant|object",
}
_DIGITS = re.compile(r"\s*([a-z][a-z0-9_ ]*?)\s*(?:\(\s*(\d+)?\s*(?:,\s*(\d+)\s*)?\)|\[\w+\])?\s*")


def means(text: str) -> Fits | None:
    """Whether a type of the language is what a text calls one; None where it is no type's name."""
    exact = parse_type(text)
    if exact is not None:
        return lambda found: found == exact
    match = _DIGITS.fullmatch(text.lower())
    names = {name for name, words in _SPELLINGS.items() if match is not None and match[1] in words.split("|")}
    if match is None or not names:
        return None
    if "decimal" not in names or match[2] is None:
        return lambda found: found.name in names
    digits = int(match[2]), int(match[3] or 0)
    whole = digits == (38, 0)  # which is how Snowflake keeps an integer
    return lambda found: (found.precision, found.scale) == digits or (whole and found.name == "integer")
