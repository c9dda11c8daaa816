"""Snowflake: pipelines compile for it; runs are not part of this version yet."""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from framework.ddl import RenameTable
from framework.expressions.lowering import Lowering, Template
from framework.expressions.tree import Call, Expression, Literal, Reference
from framework.expressions.types import as_decimal
from framework.warehouse import Files, Refusal, Unreachable, Warehouse

_TEXT = r"TRIM({0}, ' \t\n\r\f')"
_INTEGER = r"\s*[+-]?[0-9]+\s*"
_DOUBLE = r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
_DATE = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_ZONE = r"[+-][0-9]{2}(:?[0-9]{2})?"


def _quoted(text: str) -> str:
    """A text literal: a backslash in quotes is an escape."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _pattern(regex: str) -> str:
    """A pattern as a literal. {4} is a place of a template; a pattern says the same with {4,4}."""
    return _quoted(re.sub(r"\{(\d+)\}", r"{\1,\1}", regex))


def _shaped(regex: str, value: str) -> str:
    """The value of a text that fits as a whole: REGEXP_LIKE is anchored at both ends.

    docs.snowflake.com/en/sql-reference/functions/regexp
    """
    return f"CASE WHEN REGEXP_LIKE({{0}}, {_pattern(regex)}) THEN {value} END"


# -- conversions; TRY_CAST takes text alone, so numbers are compared with the bounds of their target


def _whole(value: str) -> str:
    """A whole number within 64 bits, or null: BIGINT is another name of NUMBER(38, 0)."""
    return f"CASE WHEN {value} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN {value} END"


def _read_decimal(c: Call) -> str:
    fraction = f"(\\.[0-9]{{0,{c.type.scale}}})?" if c.type.scale else ""
    return _shaped(rf"\s*[+-]?[0-9]+{fraction}\s*", f"TRY_TO_NUMBER({_TEXT}, {{p}}, {{s}})")


def _in_utc(text: str, form: str) -> str:
    """A text with an offset at its end, `+05`, `+0530` or `+05:30`, as a timestamp in UTC."""
    hours = f"REGEXP_REPLACE({text}, {_pattern('([+-][0-9]{2})$')}, {_quoted(chr(92) + '1:00')})"
    full = f"REGEXP_REPLACE({hours}, {_pattern('([+-][0-9]{2})([0-9]{2})$')}, '\\\\1:\\\\2')"
    return f"CAST(CONVERT_TIMEZONE('UTC', TRY_TO_TIMESTAMP_TZ({full}, '{form}')) AS TIMESTAMP_NTZ)"


def _read_timestamp() -> str:
    plain = _pattern(rf"{_DATE}({_CLOCK})?\s*")
    zoned = _pattern(rf"{_DATE}{_CLOCK}(Z|{_ZONE})\s*")
    utc = _in_utc(f"REPLACE({_TEXT}, 'Z', '+00:00')", "AUTO")
    return (
        f"CASE WHEN REGEXP_LIKE({{0}}, {plain}) THEN TRY_TO_TIMESTAMP_NTZ({_TEXT}, 'AUTO') "
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
    digits = r"([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]{0,4})?"
    shape = rf"\s*([+-]?\$?|\$[+-]){digits}(CR|-)?\s*|\s*\(\$?{digits}\)\s*"
    bare = f"TRY_TO_NUMBER(REGEXP_REPLACE({{0}}, {_pattern('[^0-9.]')}, ''), {{p}}, {{s}})"
    return (
        f"CASE WHEN REGEXP_LIKE({{0}}, {_pattern(shape)}) AND REGEXP_INSTR({{0}}, '[0-9]') > 0 "
        f"THEN CASE WHEN REGEXP_INSTR({{0}}, '[(-]|CR') > 0 THEN -{bare} ELSE {bare} END END"
    )


def _text_of(t: str, place: str) -> str:
    """A value as text, whatever the session's output formats are."""
    if t == "date":
        return f"TO_VARCHAR({place}, 'YYYY-MM-DD')"
    if t == "timestamp":
        return f"TO_VARCHAR({place}, 'YYYY-MM-DD HH24:MI:SS.FF6')"
    return f"CAST({place} AS VARCHAR)"


def _strict(tolerant: Template) -> Callable[[Call], str]:
    """As the tolerant twin, and an error for text that it cannot read; the error names no value."""

    def template(c: Call) -> str:
        value = tolerant if isinstance(tolerant, str) else tolerant(c)
        refused = "CAST('unreadable' || LEFT({0}, 0) AS {type})"
        return f"COALESCE({value}, CASE WHEN {{0}} IS NOT NULL THEN {refused} END)"

    return template


def _of_unknown(reading: Template) -> Callable[[Call], str]:
    """A column whose type nobody declared, read as text."""

    def template(c: Call) -> str:
        text = reading if isinstance(reading, str) else reading(c)
        return text.replace("{0}", "CAST({0} AS VARCHAR)")

    return template


_READ: dict[str, Template] = {
    "integer": _shaped(_INTEGER, _whole(f"TRY_TO_NUMBER({_TEXT}, 38, 0)")),
    "decimal": _read_decimal,
    "double": _shaped(_DOUBLE, f"TRY_TO_DOUBLE({_TEXT})"),
    "boolean": f"CASE LOWER({_TEXT}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END",
    "date": _shaped(rf"{_DATE}\s*", f"TRY_TO_DATE({_TEXT}, 'YYYY-MM-DD')"),
    "timestamp": _read_timestamp(),
}
_CONVERSIONS: dict[str, Template] = {
    **{f"try_cast(string as {name})": reading for name, reading in _READ.items()},
    **{f"try_cast(unknown as {name})": _of_unknown(reading) for name, reading in _READ.items()},
    **{f"cast(string as {name})": _strict(reading) for name, reading in _READ.items()},
    **{f"cast(unknown as {name})": _of_unknown(_strict(reading)) for name, reading in _READ.items()},
    "try_cast(string as json)": "TRY_PARSE_JSON({0})",
    "cast(string as json)": "PARSE_JSON({0})",
    "try_cast(integer as decimal)": _narrow,
    "try_cast(decimal as decimal)": _narrow,
    "try_cast(double as decimal)": _narrow,
    "try_cast(decimal as integer)": f"CASE WHEN {{0}} = ROUND({{0}}, 0) THEN {_whole('{0}')} END",
    "try_cast(double as integer)": f"CASE WHEN {{0}} = ROUND({{0}}, 0) THEN {_whole('{0}')} END",
    "try_parse_decimal": _parse_decimal,
    "parse_decimal": _strict(_parse_decimal),
}
for _name in ("cast", "try_cast"):
    _CONVERSIONS |= {
        _name: "CAST({0} AS {type})",
        f"{_name}(date as string)": _text_of("date", "{0}"),
        f"{_name}(timestamp as string)": f"REGEXP_REPLACE({_text_of('timestamp', '{0}')}, '\\\\.?0+$', '')",
        f"{_name}(json as string)": "TO_JSON({0})",
    }
_GROUPED = _shaped(
    r"\s*[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)\s*",
    _whole(f"TRY_TO_NUMBER(REPLACE({_TEXT}, ',', ''), 38, 0)"),
)


# -- formats of dates: strftime's letter, Snowflake's word for reading and for writing, and what it may read

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_READABLE = {
    "Y": ("YYYY", "[0-9]{4}"),
    "y": ("YY", "[0-9]{2}"),
    "m": ("MM", "[0-9]{1,2}"),
    "d": ("DD", "[0-9]{1,2}"),
    "b": ("MON", f"({'|'.join(m[:3] for m in _MONTHS)})"),
    "B": ("MMMM", f"({'|'.join(_MONTHS)})"),
    "a": ("DY", f"({'|'.join(d[:3] for d in _DAYS)})"),
    "H": ("HH24", "[0-9]{1,2}"),
    "I": ("HH12", "[0-9]{1,2}"),
    "M": ("MI", "[0-9]{1,2}"),
    "S": ("SS", "[0-9]{1,2}"),
    "f": ("FF", "[0-9]{1,6}"),
    "p": ("AM", "[ap]m"),
    "z": ("TZH:TZM", _ZONE),
}
_WRITTEN = {letter: word for letter, (word, _) in _READABLE.items() if letter != "z"} | {"f": "FF6"}
_COMPUTED = {
    "j": "LPAD(DAYOFYEAR({0}), 3, '0')",
    "A": "CASE DAYOFWEEKISO({0}) " + " ".join(f"WHEN {i} THEN '{d.title()}'" for i, d in enumerate(_DAYS, 1)) + " END",
}


def _pieces(format: str) -> list[tuple[str, str]]:
    """A strftime format as directives and the text between them: ('Y', ''), ('', '-')."""
    found = re.findall(r"%(.)|([^%]+)", format, re.DOTALL)
    return [("", "%") if letter == "%" else (letter, text) for letter, text in found]


def _reading(format: str) -> str:
    """A text read by one format; its shape is tested first, as Snowflake is lenient about it."""
    words, shape, pieces = "", r"\s*", _pieces(format)
    for index, (letter, text) in enumerate(pieces):
        if letter and letter not in _READABLE:
            raise ValueError(f"no format of Snowflake reads %{letter}")
        word, regex = _READABLE[letter] if letter else (_worded(text), re.escape(text))
        if index + 1 < len(pieces) and pieces[index + 1][0]:
            regex = regex.replace("{1,2}", "{2}")  # digits follow at once: where this ends must be plain
        words, shape = words + word, shape + regex
    # Two digits of a year are 1969 to 2068, as POSIX has it; Snowflake's own split is a parameter.
    zoned = pieces[-1:] == [("z", "")]
    value = _in_utc(_TEXT, words) if zoned else f"TRY_TO_TIMESTAMP_NTZ({_TEXT}, {_quoted(words)})"
    if ("y", "") in pieces:
        value = f"CASE WHEN YEAR({value}) > 2068 THEN DATEADD('year', -100, {value}) ELSE {value} END"
    shape = _pattern(shape + r"\s*")
    return f"CASE WHEN REGEXP_LIKE({{0}}, {shape}, 'i') THEN {value} END"


def _worded(text: str) -> str:
    """Text in a format: letters and digits stand in double quotes."""
    return re.sub(r"\w+", r'"\g<0>"', text)


def _parse(c: Call) -> str:
    read = ", ".join(_reading(format) for format in c.options)
    return f"CAST({f'COALESCE({read})' if len(c.options) > 1 else read} AS {{type}})"


def _format(c: Call) -> str:
    parts: list[str] = []
    words = ""
    for letter, text in [*_pieces(c.options[0]), ("end", "")]:
        if letter in _COMPUTED or letter == "end":
            parts += [f"TO_VARCHAR({{0}}, {_quoted(words)})"] if words else []
            parts += [_COMPUTED[letter]] if letter in _COMPUTED else []
            words = ""
        elif letter and letter not in _WRITTEN:
            raise ValueError(f"no format of Snowflake writes %{letter}")
        else:
            words += _WRITTEN[letter] if letter else _worded(text)
    return " || ".join(parts) or "''"


# -- dates: nothing may depend on WEEK_START of the session


def _truncated(c: Call) -> str:
    if c.options[0] == "week":
        return "CAST(DATEADD('day', 1 - DAYOFWEEKISO({0}), DATE_TRUNC('day', {0})) AS {type})"
    if c.args[0].type.name == "date" and c.options[0] in ("hour", "minute", "second"):
        return "CAST({0} AS {type})"
    return "CAST(DATE_TRUNC('{o0}', {0}) AS {type})"


def _full_months(c: Call) -> str:
    """Months by the calendar, less one that is not complete; MONTHS_BETWEEN sets last days equal."""
    first, second = (
        f"DAY({{{i}}})" if a.type.name == "date" else f"DATEDIFF('microsecond', DATE_TRUNC('month', {{{i}}}), {{{i}}})"
        for i, a in enumerate(_same_kind(c.args))
    )
    return (
        f"DATEDIFF('month', {{0}}, {{1}}) - CASE WHEN {{0}} <= {{1}} AND {second} < {first} THEN 1 "
        f"WHEN {{0}} > {{1}} AND {second} > {first} THEN -1 ELSE 0 END"
    )


def _same_kind(args: tuple[Expression, ...]) -> tuple[Expression, ...]:
    """Both moments as the wider of the two, for the choice of a template."""
    later = next((a for a in args if a.type.name != "date"), args[0])
    return tuple(later for _ in args)


_MADE = "DATE_FROM_PARTS({0}, {1}, {2})"  # it carries a day 32 over into the next month


# -- text and patterns


def _regexp(whole: Callable[[str, str], str]) -> Callable[[Call], str]:
    """A template over the pattern's place and Snowflake's parameters.

    Snowflake has no `(?i)` and no `(?:...)`: flags that begin a literal pattern become parameters.
    """

    def template(c: Call) -> str:
        given = c.args[1].value if isinstance(c.args[1], Literal) else None
        flagged = re.match(r"\(\?([ims]+)\)", given) if isinstance(given, str) else None
        if flagged is None:
            return whole("{1}", "c")
        return whole(_pattern(str(given)[flagged.end() :]), flagged[1])

    return template


def _extract(c: Call) -> str:
    if len(c.args) < 3 or c.args[2] == Literal(c.args[2].type, False, 0):
        return _regexp(lambda p, flags: f"REGEXP_SUBSTR({{0}}, {p}, 1, 1, '{flags}')")(c)
    return _regexp(
        lambda p, flags: (
            f"CASE WHEN REGEXP_INSTR({{0}}, {p}, 1, 1, 0, '{flags}') > 0 "
            f"THEN COALESCE(REGEXP_SUBSTR({{0}}, {p}, 1, 1, '{flags}e', {{2}}), '') END"
        )
    )(c)


def _concat(c: Call) -> str:
    places = (f"COALESCE({{{i}}}, '')" if a.nullable else f"{{{i}}}" for i, a in enumerate(c.args))
    return f"CONCAT({', '.join(places)})"


def _padded(c: Call) -> str:
    return f"{c.function.name.upper()}({{0}}, {{1}}, {'{2}' if len(c.args) > 2 else chr(39) + ' ' + chr(39)})"


def _key_text(e: Expression, place: str) -> str:
    if e.type.name == "decimal" and not isinstance(e, Reference):
        place = f"CAST({place} AS NUMBER({e.type.precision}, {e.type.scale}))"
    value = place if e.type.name == "string" else _text_of(e.type.name, place)
    return f"COALESCE(LENGTH({value}) || ':' || {value}, '-')"


# -- numbers and aggregates


def _times(c: Call) -> str:
    """The product keeps 12 decimals, or those of an operand that has more.

    docs.snowflake.com/en/sql-reference/operators-arithmetic
    """
    if c.type.name == "decimal" and c.type.scale > 12:
        return "CAST({0} AS NUMBER(38, {s})) * {1}"
    return c.function.lowering


def _listed(c: Call) -> str:
    """LISTAGG of nothing is an empty text, not null."""
    order = " WITHIN GROUP ({order})" if c.order else ""
    text = f"LISTAGG({{distinct}}{{0}}, {{1}}){order}"
    return text if c.window is not None else f"CASE WHEN COUNT({{0}}) > 0 THEN {text} END"


def _at_extreme(name: str) -> Callable[[Call], str]:
    """Rows without a value do not compete."""

    def template(c: Call) -> str:
        by = "CASE WHEN {0} IS NOT NULL THEN {1} END" if c.args[0].nullable else "{1}"
        return f"{name}({{0}}, {by})"

    return template


TEMPLATES: dict[str, Template] = {
    **_CONVERSIONS,
    "try_parse_integer": _GROUPED,
    "parse_integer": _strict(_GROUPED),
    "try_parse_date": _parse,
    "try_parse_timestamp": _parse,
    "parse_date": _strict(_parse),
    "parse_timestamp": _strict(_parse),
    "sha256": "SHA2({0}, 256)",
    "hash_key": lambda c: f"MD5({' || '.join(_key_text(a, f'{{{i}}}') for i, a in enumerate(c.args))})",
    "key_text": lambda c: _key_text(c.args[0], "{0}"),
    # Snowflake's reference has no `IS TRUE`.
    "is true": "COALESCE({0}, FALSE)",
    "is not true": "NOT COALESCE({0}, FALSE)",
    "is false": "NOT COALESCE({0}, TRUE)",
    "is not false": "COALESCE({0}, TRUE)",
    "date_trunc": _truncated,
    "date_diff": "DATEDIFF('{o0}', {0}, {1})",
    "date_diff.week": "CAST((DATEDIFF('day', {0}, {1}) + DAYOFWEEKISO({0}) - DAYOFWEEKISO({1})) / 7 AS {type})",
    "date_add": "CAST(DATEADD('{o0}', {1}, {0}) AS {type})",
    "full_months": _full_months,
    "full_years": lambda c: f"TRUNC(({_full_months(c)}) / 12)",
    "make_date": f"CASE WHEN {{2}} BETWEEN 1 AND 31 AND MONTH({_MADE}) = {{1}} THEN {_MADE} "
    "ELSE TO_DATE('no date' || LEFT({0} || {1} || {2}, 0), 'YYYY-MM-DD') END",
    "day_of_week": "DAYOFWEEKISO({0})",
    "hour(date)": "EXTRACT(HOUR FROM CAST({0} AS TIMESTAMP_NTZ))",
    "minute(date)": "EXTRACT(MINUTE FROM CAST({0} AS TIMESTAMP_NTZ))",
    "second(date)": "EXTRACT(SECOND FROM CAST({0} AS TIMESTAMP_NTZ))",
    "format_date": _format,
    "*": _times,
    "sign": "CAST(SIGN({0}) AS {type})",
    "greatest": "GREATEST_IGNORE_NULLS({args})",
    "least": "LEAST_IGNORE_NULLS({args})",
    "concat": _concat,
    # CONCAT_WS does not skip nulls: docs.snowflake.com/en/sql-reference/functions/concat_ws
    "concat_ws": "ARRAY_TO_STRING(ARRAY_CONSTRUCT_COMPACT({rest}), {0})",
    "lpad": _padded,
    "rpad": _padded,
    "starts_with": "STARTSWITH({0}, {1})",
    "ends_with": "ENDSWITH({0}, {1})",
    "regexp_matches": _regexp(lambda p, flags: f"REGEXP_INSTR({{0}}, {p}, 1, 1, 0, '{flags}') > 0"),
    "regexp_replace": _regexp(lambda p, flags: f"REGEXP_REPLACE({{0}}, {p}, {{2}}, 1, 0, '{flags}')"),
    "regexp_extract": _extract,
    "avg": "AVG({distinct}CAST({0} AS DOUBLE))",
    "stddev": "STDDEV_SAMP(CAST({0} AS DOUBLE))",
    "variance": "VAR_SAMP(CAST({0} AS DOUBLE))",
    "median": "MEDIAN(CAST({0} AS DOUBLE))",
    "bool_and": "BOOLAND_AGG({0})",
    "bool_or": "BOOLOR_AGG({0})",
    "min(boolean)": "BOOLAND_AGG({0})",
    "any_value(boolean)": "BOOLAND_AGG({0})",
    "max(boolean)": "BOOLOR_AGG({0})",
    # docs.snowflake.com/en/sql-reference/functions/listagg
    "string_agg": _listed,
    "arg_max": _at_extreme("MAX_BY"),
    "arg_min": _at_extreme("MIN_BY"),
}
TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "double": "DOUBLE",
    "timestamp": "TIMESTAMP_NTZ",
    "decimal": "NUMBER({p}, {s})",
    "json": "VARIANT",
}


@compiles(RenameTable, "snowflake")
def _rename(element: RenameTable, compiler: SQLCompiler, **_: Any) -> str:
    """A bare new name would be looked up in the session's schema."""
    old, new = (compiler.preparer.format_table(element.table, name=n) for n in (None, element.name))
    return f"ALTER TABLE {old} RENAME TO {new}"


class Snowflake(Warehouse):
    """A Snowflake account."""

    name: ClassVar[str] = "snowflake"
    lowering: ClassVar[Lowering] = Lowering(TEMPLATES, TYPES)
    transactional_ddl: ClassVar[bool] = False

    def dialect(self) -> sa.Dialect:
        from snowflake.sqlalchemy.snowdialect import SnowflakeDialect

        dialect: sa.Dialect = SnowflakeDialect()
        return dialect

    def _no_runs(self) -> NoReturn:
        raise Unreachable(
            Refusal(
                "runs on Snowflake are not part of this version yet: compile works, run does not",
                "write the SQL with `framework compile PIPELINE --warehouse snowflake`",
            )
        )

    def connect(self, settings: Mapping[str, str], root: Path) -> sa.Engine:
        self._no_runs()

    def load(self, connection: sa.Connection, schema: str, files: Files) -> None:
        self._no_runs()

    def relations(self, connection: sa.Connection, schema: str) -> dict[str, str]:
        self._no_runs()

    def columns(self, connection: sa.Connection, schema: str, name: str) -> dict[str, str]:
        self._no_runs()

    def refusal(self, error: Exception) -> Refusal:
        self._no_runs()

    def exclusive(self, connection: sa.Connection, pipeline: str) -> AbstractContextManager[bool]:
        self._no_runs()
