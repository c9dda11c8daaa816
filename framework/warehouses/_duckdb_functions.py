"""How DuckDB spells the catalogue."""

from collections.abc import Callable

from framework.expressions.lowering import Template, verbatim
from framework.expressions.strftime import directives
from framework.expressions.tree import Call, Expression, Literal, Reference
from framework.expressions.types import Type
from framework.warehouses import _shapes as shapes
from framework.warehouses._duckdb_numbers import NUMBERS
from framework.warehouses._places import count, whole

_TRIMMED = "trim({0}, E' \\t\\n\\r\\f')"


def _quoted(text: str) -> str:
    return verbatim("'" + text.replace("'", "''") + "'")


def _pattern(shape: str) -> str:
    return _quoted(shapes.whole(shape))


def _shaped(shape: str, value: str) -> str:
    """The value where the text has the shape: TRY_CAST itself reads more, and rounds."""
    return f"CASE WHEN regexp_matches({{0}}, {_pattern(shape)}) THEN {value} END"


# -- text to values


def _read_decimal(c: Call) -> str:
    """No more decimals than the scale; too large a number is null as well."""
    shape = shapes.decimal(c.type.precision - c.type.scale, c.type.scale)
    return _shaped(shape, "TRY_CAST({0} AS {type})")


def _read_timestamp() -> str:
    """Text with an offset is brought to UTC; TRY_CAST AS TIMESTAMP would drop the offset without a word.

    It takes spaces around a timestamp, and no other blank: those are trimmed off, which is dear, where it gave nothing.
    """
    moment = f"{shapes.ISO_DATE}([T ]{shapes.CLOCK})?"
    zoned = f"{shapes.ISO_DATE}[T ]{shapes.CLOCK}{shapes.OFFSET}"
    # An offset is read only behind seconds.
    seconds = f"regexp_replace({_TRIMMED}, '^([^:]*:[0-9][0-9])([^:0-9])', '\\1:00\\2')"
    utc = f"TRY_CAST({seconds} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    return (
        f"CASE WHEN regexp_matches({{0}}, {_pattern(moment)}) "
        f"THEN COALESCE(TRY_CAST({{0}} AS TIMESTAMP), TRY_CAST({_TRIMMED} AS TIMESTAMP)) "
        f"WHEN regexp_matches({{0}}, {_pattern(zoned)}) AND {shapes.in_utc('{0}', utc)} THEN {utc} END"
    )


def _amount(c: Call) -> str:
    """Signs, a currency sign and thousands are taken off what has the right shape; most amounts are plain numbers."""
    shape = _quoted(f"^{shapes.PLAIN_AMOUNT}$")
    plain = f"WHEN regexp_matches({{0}}, {shape}) THEN TRY_CAST({{0}} AS {{type}})"
    bare = "TRY_CAST(regexp_replace({0}, '[^0-9.]', '', 'g') AS {type})"
    sign = f"CASE WHEN regexp_matches({{0}}, '{shapes.NEGATIVE_AMOUNT}') THEN -{bare} ELSE {bare} END"
    return f"CASE {plain} WHEN regexp_matches({{0}}, {_pattern(shapes.AMOUNT)}) THEN {sign} END"


def _formats(c: Call) -> str:
    """The first format that fits; strptime alone would take a year of two digits for one of four. It ignores blanks."""
    read = []
    for option in c.options:
        pieces = directives(option)
        flags = "(?i)" if {p.letter for p in pieces} & set("bBpaA") else ""
        shape = flags + shapes.whole(shapes.moment(pieces))
        value = f"try_strptime({{0}}, {_quoted(option)})"
        read.append(f"CASE WHEN regexp_matches({{0}}, {_quoted(shape)}) THEN {value} END")
    return f"CAST({read[0] if len(read) == 1 else 'COALESCE(' + ', '.join(read) + ')'} AS {{type}})"


def _strict(tolerant: Template) -> Callable[[Call], str]:
    """As the tolerant twin, and an error for text that it cannot read; the error shows no value."""

    def template(c: Call) -> str:
        value = tolerant if isinstance(tolerant, str) else tolerant(c)
        refused = "CAST('unreadable' || left({0}, 0) AS {type})"
        return f"COALESCE({value}, CASE WHEN {{0}} IS NOT NULL THEN {refused} END)"

    return template


def _as_text(reading: Template) -> Callable[[Call], str]:
    """A column whose type nobody declared, read as text."""

    def template(c: Call) -> str:
        text = reading if isinstance(reading, str) else reading(c)
        return text.replace("{0}", "CAST({0} AS VARCHAR)")

    return template


_READERS: dict[str, Template] = {
    "integer": _shaped(shapes.INTEGER, "TRY_CAST({0} AS BIGINT)"),
    "decimal": _read_decimal,
    # What no double holds is infinite to TRY_CAST, and unreadable here.
    "double": _shaped(
        shapes.double(3),
        "NULLIF(NULLIF(TRY_CAST({0} AS DOUBLE), CAST('inf' AS DOUBLE)), CAST('-inf' AS DOUBLE))",
    ),
    "boolean": f"CASE lower({_TRIMMED}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
    "date": _shaped(shapes.ISO_DATE, "TRY_CAST({0} AS DATE)"),
    "timestamp": _read_timestamp(),
    # DuckDB reads more than json: a comma behind the last item, and numbers that are none.
    "json": (
        "CASE WHEN NOT regexp_matches(regexp_replace({0}, '\"([^\"\\\\]|\\\\.)*\"', '0', 'g'), "
        "',\\s*[\\]}]|[NI]|nan|inf') THEN TRY_CAST({0} AS JSON) END"
    ),
}
_PARSERS: dict[str, Template] = {
    "parse_date": _formats,
    "parse_timestamp": _formats,
    "parse_decimal": _amount,
    "parse_integer": _shaped(shapes.GROUPED, "TRY_CAST(replace({0}, ',', '') AS BIGINT)"),
}


def _narrow(c: Call) -> str:
    """There and back again, which takes half the time of rounding."""
    digits = c.args[0].type
    return (
        f"CASE WHEN TRY_CAST(TRY_CAST({{0}} AS {{type}}) AS DECIMAL({digits.precision}, {digits.scale})) = {{0}} "
        "THEN TRY_CAST({0} AS {type}) END"
    )


def _decimal_text(c: Call) -> str:
    return _digits(c.args[0].type, f"CAST({{0}} AS DECIMAL({c.args[0].type.precision}, {c.args[0].type.scale}))")


def _digits(t: Type, value: str) -> str:
    """A decimal as text; of one that has no digit before its point DuckDB leaves the zero out."""
    text = f"CAST({value} AS VARCHAR)"
    return f"regexp_replace({text}, '^(-?)[.]', '\\10.')" if t.precision == t.scale else text


# -- keys


def _hash_key(c: Call) -> str:
    return "md5(" + " || ".join(_key_text(a, f"{{{i}}}") for i, a in enumerate(c.args)) + ")"


def _key_text(e: Expression, place: str) -> str:
    t = e.type
    if t.name == "double":
        raise ValueError("a double has no canonical text: round it and cast it to a decimal")
    value = {
        "timestamp": f"strftime({place}, '%Y-%m-%d %H:%M:%S.%f')",
        "string": place,
    }.get(t.name, f"CAST({place} AS VARCHAR)")
    if t.name == "decimal":
        plain = place if isinstance(e, Reference) else f"CAST({place} AS DECIMAL({t.precision}, {t.scale}))"
        value = _digits(t, plain)
    return f"COALESCE(length({value}) || ':' || {value}, '-')"


# -- text

# Blanks are spaces; DuckDB's own trim takes every blank of Unicode.
_BLANKS = {"trim": "{0} LIKE ' %' OR {0} LIKE '% '", "ltrim": "{0} LIKE ' %'", "rtrim": "{0} LIKE '% '"}


def _trimmed(c: Call) -> str:
    """To look at a text's ends takes a tenth of the time that to trim it does, and most texts need no trimming."""
    trimmed = f"{c.function.name}({{0}}, ' ')"
    plain = isinstance(c.args[0], Reference)
    return f"CASE WHEN {_BLANKS[c.function.name]} THEN {trimmed} ELSE {{0}} END" if plain else trimmed


def _padded(c: Call) -> str:
    """Without anything to fill with, a text is only cut."""
    name, fill = c.function.name, "{2}" if len(c.args) > 2 else "' '"
    padded = f"{name}({{0}}, CAST({{1}} AS INTEGER), {fill})"
    if len(c.args) < 3 or (isinstance(c.args[2], Literal) and c.args[2].value):
        return padded
    cut = "left({0}, CASE WHEN {1} < 0 THEN 0 ELSE {1} END)"
    return f"CASE WHEN {{2}} = '' THEN {cut} ELSE {padded} END"


def _substring(c: Call) -> str:
    """Positions before the first hold nothing; DuckDB counts those below zero from the end."""
    start, length = whole(c, 1), None if len(c.args) < 3 else whole(c, 2)
    if start is not None and start > 0 and (len(c.args) < 3 or (length is not None and length >= 0)):
        return f"substring({', '.join(['{0}', *(count(c, i) for i in range(1, len(c.args)))])})"
    first = count(c, 1, least=1)
    if len(c.args) < 3:
        return f"substring({{0}}, {first})"
    end = f"({count(c, 1)} + {count(c, 2, least=0)})"
    return f"left(substring({{0}}, {first}), CASE WHEN {end} < 1 THEN 0 ELSE {end} - {first} END)"


def _end(c: Call) -> str:
    """The first or last characters; of a count below zero none, where DuckDB leaves some out."""
    return f"{c.function.name}({{0}}, {count(c, 1, least=0)})"


def _split_part(c: Call) -> str:
    """An empty separator cuts nothing."""
    part = f"split_part({{0}}, {{1}}, CAST({count(c, 2)} AS INTEGER))"
    if isinstance(c.args[1], Literal) and c.args[1].value:
        return part
    return f"CASE WHEN {{1}} = '' THEN CASE WHEN {{2}} IN (1, -1) THEN {{0}} ELSE left({{0}}, 0) END ELSE {part} END"


# -- moments


def _moment_type(c: Call) -> str:
    """The type of the first argument; of a column that nobody declared, a timestamp."""
    return "{type}" if c.type.name in ("date", "timestamp") else "TIMESTAMP"


def _truncated(c: Call) -> str:
    return f"CAST(date_trunc('{c.options[0]}', {{0}}) AS {_moment_type(c)})"


_CLOCK = ("hour", "minute", "second")


def _added(c: Call) -> str:
    number = "{1}" if c.options[0] in _CLOCK else "CAST({1} AS INTEGER)"
    return f"CAST({shapes.within_years(f'{{0}} + to_{c.options[0]}s({number})')} AS {_moment_type(c)})"


def _elapsed(c: Call) -> str:
    """By the calendar's fields; date_sub would take the last days of two months for a whole month."""
    age = "age(CAST({1} AS TIMESTAMP), CAST({0} AS TIMESTAMP))"
    if c.function.name == "full_years":
        return f"CAST(date_part('year', {age}) AS {{type}})"
    return f"CAST(date_part('year', {age}) * 12 + date_part('month', {age}) AS {{type}})"


def _formatted(c: Call) -> str:
    return f"strftime({{0}}, {_quoted(c.options[0])})"


# -- aggregates


def _at_extreme(c: Call) -> str:
    """The first row by an order in which nulls are last; a sort key is the same for a group and a window."""
    direction = "DESC" if c.function.name == "arg_max" else "ASC"
    ties = "".join(f"{{k{i}}}, 'ASC NULLS LAST', " for i in range(len(c.order)))
    key = f"create_sort_key({{1}}, '{direction} NULLS LAST', {ties}{{0}}, '{direction} NULLS LAST')"
    return f"arg_min({{0}}, CASE WHEN {{0}} IS NOT NULL AND {{1}} IS NOT NULL THEN {key} END)"


# -- claims


def _npi_valid() -> str:
    """The Luhn sum by pairs of digits, each looked up in a list of what the hundred pairs add to it: a third of the
    time that ten single digits take."""
    pairs = [2 * (pair // 10) - (9 if pair // 10 > 4 else 0) + pair % 10 for pair in range(100)]
    number, added = "TRY_CAST({0} AS BIGINT)", f"[{', '.join(map(str, pairs))}]"
    terms = (f"{added}[{number} // {100**place} % 100 + 1]" for place in range(5))
    shape = _quoted("^[0-9]{10}$")
    return (
        f"CASE WHEN {{0}} IS NULL THEN NULL WHEN regexp_matches({{0}}, {shape}) "
        f"THEN (24 + {' + '.join(terms)}) % 10 = 0 ELSE FALSE END"
    )


TEMPLATES: dict[str, Template] = {
    "npi_valid": _npi_valid(),
    **{f"try_cast(string as {name})": reader for name, reader in _READERS.items()},
    **{f"try_cast(unknown as {name})": _as_text(reader) for name, reader in _READERS.items()},
    **{f"cast(string as {name})": _strict(reader) for name, reader in _READERS.items()},
    **{f"cast(unknown as {name})": _as_text(_strict(reader)) for name, reader in _READERS.items()},
    **{f"try_{name}": parser for name, parser in _PARSERS.items()},
    **{name: _strict(parser) for name, parser in _PARSERS.items()},
    "try_cast(decimal as decimal)": _narrow,
    "try_cast(decimal as integer)": "CASE WHEN {0} = ROUND({0}, 0) THEN TRY_CAST({0} AS BIGINT) END",
    "try_cast(double as decimal)": "TRY_CAST({0} AS {type})",
    "try_cast(double as integer)": "CASE WHEN {0} = ROUND({0}, 0) THEN TRY_CAST({0} AS BIGINT) END",
    "cast(double as integer)": "CAST(ROUND({0}) AS {type})",
    "cast(decimal as string)": _decimal_text,
    "try_cast(decimal as string)": _decimal_text,
    "try_cast": "TRY_CAST({0} AS {type})",
    "cast": "CAST({0} AS {type})",
    "hash_key": _hash_key,
    "key_text": lambda c: _key_text(c.args[0], "{0}"),
    **NUMBERS,
    **dict.fromkeys(_BLANKS, _trimmed),
    "left": _end,
    "right": _end,
    # By code points: DuckDB's own keeps a letter and its accents together.
    "reverse": "array_to_string(list_reverse(string_split({0}, '')), '')",
    "lpad": _padded,
    "rpad": _padded,
    "substring": _substring,
    "split_part": _split_part,
    "repeat": "repeat({0}, CAST({1} AS INTEGER))",
    "regexp_replace": "regexp_replace({0}, {1}, {2}, 'g')",
    "regexp_extract": lambda c: (
        "CASE WHEN regexp_matches({0}, {1}) THEN regexp_extract({0}, {1}"
        + (", {2}" if len(c.args) > 2 else "")
        + ") END"
    ),
    "date_trunc": _truncated,
    "date_add": _added,
    "date_diff": "date_diff('{o0}', {0}, {1})",
    # DuckDB's own counts weeks from the first moment, not Mondays.
    "date_diff.week": "CAST(date_diff('day', date_trunc('week', {0}), date_trunc('week', {1})) // 7 AS {type})",
    # Years are 1 to 9999: another is refused as one that DuckDB has not.
    "make_date": "make_date(CASE WHEN {0} NOT BETWEEN 1 AND 9999 THEN 9999999 ELSE {0} END, {1}, {2})",
    "full_years": _elapsed,
    "full_months": _elapsed,
    "period_end": "COALESCE({0}, CAST('infinity' AS {type}))",
    "format_date": _formatted,
    "sha256": "sha256({0})",
    "avg": "AVG({distinct}CAST({0} AS DOUBLE))",
    "median": "median(CAST({0} AS DOUBLE))",
    "string_agg": "string_agg({distinct}{0}, {1}{order})",
    "arg_max": _at_extreme,
    "arg_min": _at_extreme,
}
