"""The types that the texts of files could have: one fused scan over every row, in DuckDB.

A type is taken only where the language's own strict conversion reads every value of the column as it, and no character
that means something is lost on the way: a code with a leading zero stays text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from framework.expressions import types as t
from framework.expressions.lowering import lower
from framework.expressions.tree import Reference
from framework.expressions.typed import cast
from framework.expressions.types import Type
from framework.files import reading, splitting
from framework.files.quoting import quoted
from framework.files.refusal import about_lines, unreadable
from framework.warehouse import Files, Unreachable
from framework.warehouses.duckdb import Duckdb

USUAL_DIGITS = 18  # of a decimal: what warehouses compute fast
LEAST_WHOLE = 9  # digits before the point that the next delivery finds room for
LEAST_SCALE = 2  # an amount without cents in one delivery may have them in the next

_VIEW = "looked_at"
_BLANKS = r"[ \t\n\r\f]*"  # that may stand around a value
# What cannot be a number, a date or a truth value by its first character needs no further look.
_MAY_BE_MORE = rf"^{_BLANKS}[-.0-9tTfF]"
_FRACTION = rf"^{_BLANKS}-?([0-9]+\.[0-9]*|\.[0-9]+){_BLANKS}$"
_CODE = rf"^{_BLANKS}-?0[0-9]"  # a number would lose the zero
_EXACT_DIGITS = 15  # that a number of JSON with a fraction keeps


class _Kind(IntFlag):
    """What a value could be; of a column the kinds of all its values. A code is text that would be a number."""

    STRING = 1
    INTEGER = 2
    DECIMAL = 4
    DATE = 8
    TIMESTAMP = 16
    BOOLEAN = 32
    DOUBLE = 64
    JSON = 128
    CODE = 256


_ONE_KIND: Mapping[int, Type] = {
    0: t.STRING,  # nulls alone
    _Kind.INTEGER: t.INTEGER,
    _Kind.DATE: t.DATE,
    _Kind.TIMESTAMP: t.TIMESTAMP,
    _Kind.DATE | _Kind.TIMESTAMP: t.TIMESTAMP,
    _Kind.BOOLEAN: t.BOOLEAN,
    _Kind.JSON: t.JSON,
}


_ALONE = (_Kind.BOOLEAN, _Kind.INTEGER, _Kind.DATE)


@dataclass(frozen=True, slots=True)
class Texts:
    """A column: the type that all its values fit, how many values are no null, and how many do not fit the contract.

    Where that type is string though most values fit another one, `mostly` is that, and `others` how many do not.
    """

    type: Type
    filled: int
    unreadable: int
    mostly: Type | None = None
    others: int = 0


@dataclass(frozen=True, slots=True)
class Scan:
    """`rows` without the `malformed` lines; the columns by name."""

    rows: int
    malformed: int
    columns: Mapping[str, Texts]


def scan(files: Files, names: Sequence[str], declared: Mapping[str, Type]) -> Scan:
    """All rows of text files. `declared` are the types that columns are held against, by the names of `names`.

    Raises SourceProblem, Unreachable.
    """
    warehouse = Duckdb()
    engine = warehouse.connect({}, Path())
    try:
        with engine.connect() as connection:
            if splitting.is_readable(files):
                try:
                    return _scanned(connection, reading.values(files, names), files, names, declared, 0)
                except sa.exc.DBAPIError as error:
                    if not about_lines(error.orig):
                        raise
                    connection.rollback()
            with splitting.split(files) as split:
                rows = reading.values(files, names, split.sound)
                return _scanned(connection, rows, files, names, declared, split.malformed.count)
    except sa.exc.DBAPIError as error:
        raise unreadable(error.orig) or Unreachable(warehouse.refusal(error)) from None
    finally:
        engine.dispose()


def _scanned(
    connection: sa.Connection,
    rows: str,
    files: Files,
    names: Sequence[str],
    declared: Mapping[str, Type],
    malformed: int,
) -> Scan:
    connection.exec_driver_sql(f"CREATE OR REPLACE TEMP VIEW {quoted(_VIEW)} AS\n{rows}")
    found = connection.execute(_select(files, names, declared)).one()
    figures = iter(found[1:])
    columns = {}
    for name in names:
        filled, counts, whole, fraction, failed = (next(figures) for _ in range(5))
        kinds = {_Kind(kind): int(count) for kind, count in (counts or {}).items()}
        whole, fraction = int(whole or 0), int(fraction or 0)
        type_ = _type(_all(kinds), whole, fraction)
        mostly, others = _mostly(kinds, whole, fraction) if type_ == t.STRING else (None, 0)
        columns[name] = Texts(type_, filled, failed, mostly, others)
    return Scan(int(found[0]), malformed, columns)


def _all(kinds: Iterable[_Kind]) -> _Kind:
    found = _Kind(0)
    for kind in kinds:
        found |= kind
    return found


def _mostly(kinds: Mapping[_Kind, int], whole: int, fraction: int) -> tuple[Type | None, int]:
    """The type that most values fit, and how many do not; of codes no number is made."""
    if _Kind.CODE not in kinds:
        total = sum(kinds.values())
        for some in (*_ALONE, _Kind.INTEGER | _Kind.DECIMAL, _Kind.DATE | _Kind.TIMESTAMP):
            count = sum(n for kind, n in kinds.items() if kind in some)
            if 2 * count > total:
                return _type(_all(kind for kind in kinds if kind in some), whole, fraction), total - count
    return None, 0


def _type(kinds: int, whole: int, fraction: int) -> Type:
    """The type of a column by the kinds of its values, and the most digits before and behind a point."""
    if kinds in _ONE_KIND:
        return _ONE_KIND[kinds]
    if kinds | _Kind.INTEGER == _Kind.INTEGER | _Kind.DECIMAL:
        return decimal(whole, fraction) or t.STRING
    if kinds | _Kind.INTEGER | _Kind.DECIMAL == _Kind.INTEGER | _Kind.DECIMAL | _Kind.DOUBLE:
        return t.DOUBLE
    return t.STRING


def decimal(whole: int, fraction: int) -> Type | None:
    """A decimal with room for so many digits before and behind the point, and for those of the next delivery.

    None where there is none so wide.
    """
    scale = max(fraction, LEAST_SCALE)
    if max(whole, LEAST_WHOLE) + scale <= USUAL_DIGITS:
        return t.decimal(USUAL_DIGITS, scale)
    return t.decimal(t.MAX_PRECISION, scale) if whole + scale <= t.MAX_PRECISION else None


# -- the statement


def _select(files: Files, names: Sequence[str], declared: Mapping[str, Type]) -> Any:
    """How many rows there are, and of each column five figures; each value is looked at once."""
    view = sa.table(_VIEW, *(sa.column(name) for name in names))
    judged: list[ColumnElement[Any]] = []
    for i, name in enumerate(names):
        of_json = files.format == "jsonl"
        text = _text(name, None, of_json)
        kind = _json_kind(name, text) if of_json else _kind(text)
        judged += [text.label(f"t{i}"), kind.label(f"k{i}"), _failed(name, declared.get(name), of_json).label(f"f{i}")]
    rows = sa.select(*judged).select_from(view).subquery("judged")
    figures: list[ColumnElement[Any]] = [sa.func.count()]
    for i in range(len(names)):
        text, kind = rows.c[f"t{i}"], rows.c[f"k{i}"]
        figures += [
            sa.func.count(text),
            sa.func.histogram(kind),
            sa.func.max(_length(text, "^[^.0-9]*([0-9]*)", kind.in_((int(_Kind.INTEGER), int(_Kind.DECIMAL))))),
            sa.func.max(_length(text, "[.]([0-9]*)", kind == int(_Kind.DECIMAL))),
            sa.func.count_if(rows.c[f"f{i}"]),
        ]
    return sa.select(*(figure.label(f"n{i}") for i, figure in enumerate(figures))).select_from(rows)


def _text(name: str, wanted: Type | None, of_json: bool) -> ColumnElement[Any]:
    if of_json:
        return sa.literal_column(f"({reading.json_text(quoted(name), wanted)})", sa.Text())
    return sa.column(name, sa.Text())


def _failed(name: str, wanted: Type | None, of_json: bool) -> ColumnElement[Any]:
    """Whether a value is text that its declared type does not fit."""
    if wanted is None or wanted == t.STRING:
        return sa.false()
    text = _text(name, wanted, of_json)
    return text.is_not(None) & _converted(text, wanted).is_(None)


def _kind(text: ColumnElement[Any]) -> ColumnElement[Any]:
    number = sa.case((_matches(text, _CODE), int(_Kind.CODE)))
    return sa.case(
        (text.is_(None), sa.null()),
        (~_matches(text, _MAY_BE_MORE), int(_Kind.STRING)),
        (_reads(text, t.INTEGER), sa.func.coalesce(number, int(_Kind.INTEGER))),
        (_matches(text, _FRACTION), sa.func.coalesce(number, int(_Kind.DECIMAL))),
        *_moments(text),
        (_reads(text, t.BOOLEAN), int(_Kind.BOOLEAN)),
        else_=int(_Kind.STRING),
    )


def _json_kind(name: str, text: ColumnElement[Any]) -> ColumnElement[Any]:
    """JSON has types of its own: text in quotes is no number, but there are no other dates than such."""
    digits = sa.func.length(sa.func.regexp_replace(text, _literal("[^0-9]"), _literal(""), _literal("g")))
    exact = _matches(text, _FRACTION) & (digits <= _EXACT_DIGITS)
    kind = sa.func.json_type(sa.column(name))
    return sa.case(
        (text.is_(None), sa.null()),
        (kind == _literal("VARCHAR"), sa.case(*_moments(text), else_=int(_Kind.STRING))),
        (kind == _literal("BOOLEAN"), int(_Kind.BOOLEAN)),
        (kind == _literal("DOUBLE"), sa.case((exact, int(_Kind.DECIMAL)), else_=int(_Kind.DOUBLE))),
        (kind.in_((_literal("OBJECT"), _literal("ARRAY"))), int(_Kind.JSON)),
        (_reads(text, t.INTEGER), int(_Kind.INTEGER)),
        else_=int(_Kind.STRING),
    )


def _moments(text: ColumnElement[Any]) -> Iterator[tuple[ColumnElement[bool], int]]:
    yield _reads(text, t.DATE), int(_Kind.DATE)
    yield _reads(text, t.TIMESTAMP), int(_Kind.TIMESTAMP)


def _reads(text: ColumnElement[Any], type_: Type) -> ColumnElement[bool]:
    """Whether the language reads a text as a type."""
    return _converted(text, type_).is_not(None)


def _converted(text: ColumnElement[Any], type_: Type) -> ColumnElement[Any]:
    conversion = cast(Reference(t.STRING, True, "text"), type_, strict=False)
    return lower(conversion, lambda _: text, Duckdb.lowering)


def _matches(text: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = sa.func.regexp_matches(text, _literal(pattern), type_=sa.Boolean())
    return found


def _length(text: ColumnElement[Any], pattern: str, where: ColumnElement[bool]) -> ColumnElement[Any]:
    """How long the first match of a pattern's group is."""
    return sa.case((where, sa.func.length(sa.func.regexp_extract(text, _literal(pattern), sa.literal_column("1")))))


def _literal(value: str) -> ColumnElement[Any]:
    """Written into the statement: a pattern that is bound is compiled anew for each row."""
    return sa.literal_column("'" + value.replace("'", "''") + "'")
