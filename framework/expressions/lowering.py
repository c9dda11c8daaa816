"""Typed expression -> one SQLAlchemy element, through the text templates of a warehouse.

A template is SQL text with places: `{0}` an argument, `{0.1}` an argument of it, `{args}` all of them, `{rest}` all
but the first, `{o0}` an option as it stands, `{type}` the warehouse's name of the result's type, `{p}` and `{s}` its
digits, `{distinct}` and `{order}` what an aggregate was given, `{k0}` a key of that order, `{over}` its window, which
stands last where no place is named. Columns stay SQLAlchemy's own, so that it quotes them; variables are bound.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement

from framework.expressions.branches import levelled
from framework.expressions.magnitude import can_overflow, shows
from framework.expressions.tree import Call, Expression, Literal, Ordering, Reference, Variable, children, walk
from framework.expressions.typed import call, literal
from framework.expressions.types import NULL, Type

Template = str | Callable[[Call], str]
Columns = Callable[[Reference], ColumnElement[Any]]
Part = str | ColumnElement[Any]

SQL_TYPES: dict[str, Any] = {
    "string": sa.Text(),
    "integer": sa.BigInteger(),
    "double": sa.Double(),
    "boolean": sa.Boolean(),
    "date": sa.Date(),
    "timestamp": sa.TIMESTAMP(),
    "json": sa.JSON(),
    "unknown": sa.types.NULLTYPE,
    "null": sa.types.NULLTYPE,
}


def sql_type(t: Type) -> Any:
    """The SQLAlchemy type of a type of the language."""
    return sa.Numeric(t.precision, t.scale) if t.name == "decimal" else SQL_TYPES[t.name]


@dataclass(frozen=True)
class Lowering:
    """How one warehouse spells the catalogue: templates by function, most special name first.

    Tried in turn: `date_diff.month` (with the option), `round(double)` (with the first argument's type),
    `cast(string as date)`, `round`; then the catalogue's own. `types` overrides names of types in casts.
    """

    templates: Mapping[str, Template] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    select_dialect: str = "duckdb"  # sqlglot's name of the dialect
    # Whether the planner writes a level's expressions into each place that uses them: a column that doubles from
    # level to level would then double the plan. `OFFSET 0` keeps a level whole; test: spec `columns.yaml`.
    pulls_up: bool = False
    # Whether a decimal that comes out of a literal, an aggregate, a window or a `case` without `else` has no digits.
    forgets_digits: bool = False
    # What refuses `{0}`, a double that arithmetic has made infinite, where the warehouse does not do so by itself.
    finite: str = "{0}"
    ranks_by_order: bool = False  # whether a number of rows must have an order, be it one of nothing
    # A function of any values, nulls among them, whose result is quicker to tell apart than they are.
    hash: str = ""
    # An aggregate over a window as the warehouse can compute it.
    over: Callable[[Call], Call] = lambda c: c
    # How one row becomes many: in a select list, the numbers from 0 to `{0}` less one; or the text of a select with a
    # column `number`, to be joined.
    series: str = "UNNEST(RANGE({0}))"
    numbers: str = ""

    def template(self, c: Call) -> str:
        for key in _keys(c):
            found = self.templates.get(key)
            if found is not None:
                return found if isinstance(found, str) else found(c)
        return c.function.lowering or f"{c.function.name.upper()}({{distinct}}{{args}})"

    def type_name(self, t: Type) -> str:
        """The name of a type as the warehouse's DDL has it."""
        if t.name == "decimal":
            return self.types.get("decimal", "DECIMAL({p}, {s})").format(p=t.precision, s=t.scale)
        return self.types.get(t.name) or _TYPE_NAMES[t.name]


_TYPE_NAMES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "double": "DOUBLE PRECISION",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "json": "JSON",
}


def _keys(c: Call) -> Iterable[str]:
    name = c.function.name
    first = c.args[0].type.name if c.args else ""
    if c.options:
        yield f"{name}.{c.options[0]}({first})"
        yield f"{name}.{c.options[0]}"
    if name in ("cast", "try_cast"):
        yield f"{name}({first} as {c.type.name})"
    yield f"{name}({first})"
    yield name


class Scalar(ColumnElement[Any]):
    """SQL text with SQLAlchemy elements in it."""

    inherit_cache = False
    __visit_name__ = "framework_scalar"

    def __init__(self, parts: tuple[Part, ...], type_: Any) -> None:
        self.parts, self.type = parts, type_


@compiles(Scalar)
def _render(element: Scalar, compiler: SQLCompiler, **options: Any) -> str:
    double = getattr(compiler.preparer, "_double_percents", False)
    text = []
    for part in element.parts:
        if isinstance(part, str):
            text.append(part.replace("%", "%%") if double else part)
        else:
            text.append(compiler.process(part, **options))
    return "".join(text)


class Value(ColumnElement[Any]):
    """A literal of the pipeline's text, written into the SQL by the dialect's own literal processor."""

    inherit_cache = False
    __visit_name__ = "framework_value"

    def __init__(self, value: Any, type_: Any) -> None:
        self.value, self.type = value, type_


@compiles(Value)
def _render_value(element: Value, compiler: SQLCompiler, **_: Any) -> str:
    value = element.value
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return f"CAST({value!r} AS DOUBLE PRECISION)"
    return compiler.render_literal_value(value, sa.BigInteger() if isinstance(value, int) else sa.Text())


def lower(e: Expression, columns: Columns, lowering: Lowering, *, beside: bool = False) -> ColumnElement[Any]:
    """The SQLAlchemy element of an expression; a bare column is that column itself. `beside` others in an AND, an OR
    stands in parentheses."""
    if isinstance(e, Reference):
        return columns(e)
    found = _Lowering(columns, lowering)
    parts = found.argument(e, _BINDING["or"], "and") if beside else found.parts(e)[0]
    return Scalar(tuple(_joined(parts)), sql_type(e.type))


def conversion(value: ColumnElement[Any], t: Type, lowering: Lowering) -> ColumnElement[Any]:
    """`CAST(value AS type)`, by the warehouse's names."""
    return Scalar(("CAST(", value, f" AS {lowering.type_name(t)})"), sql_type(t))


def _joined(parts: Iterable[Part]) -> Iterable[Part]:
    """Neighbouring texts as one."""
    text: list[str] = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
            continue
        if text:
            yield "".join(text)
            text = []
        yield part
    if text:
        yield "".join(text)


def verbatim(text: str) -> str:
    """Text for a template as it stands: what looks like a place in it is none."""
    return text.replace("{", "{\0")


_PLACE = re.compile(r"\{(\d+(?:\.\d+)?|k\d+|args|rest|o\d|type|p|s|distinct|order|over)\}")
_CALL = re.compile(r"[A-Za-z_][\w.]*\s*\(")


@dataclass(frozen=True, slots=True)
class _Template:
    """A template cut at its places; `bare` places stand alone between commas or parentheses."""

    pieces: tuple[str, ...]
    places: tuple[str, ...]
    bare: tuple[bool, ...]
    loose: bool


# How tightly an operator binds; what binds no tighter than the operator around it needs parentheses.
_TIGHT, _UNKNOWN = 9, 0
_COMPARISONS = (
    *("=", "<>", "<", "<=", ">", ">=", "between", "in", "like", "is distinct from", "is not distinct from"),
    *("is null", "is not null", "is true", "is not true", "is false", "is not false"),
)
_BINDING = {"or": 1, "and": 2, "not": 3, "||": 5, "+": 6, "-": 6, "*": 7} | dict.fromkeys(_COMPARISONS, 4)


def calls(e: Expression) -> bool:
    """Whether an expression calls functions, and is not only operators over columns and literals."""
    return any(isinstance(node, Call) and node.function.name not in _BINDING for node in walk(e))


@lru_cache(maxsize=4096)
def _compiled(text: str) -> _Template:
    pieces, places, bare, at = [], [], [], 0
    for match in _PLACE.finditer(text):
        pieces.append(text[at : match.start()].replace("{\0", "{"))
        places.append(match[1])
        before, after = text[: match.start()].rstrip()[-1:], text[match.end() :].lstrip()
        closed = after[:1] in (",", ")") or after[:3] == "AS " or after[:9] == "{distinct"
        bare.append((before in ("(", ",") or text[: match.start()].endswith("{distinct}")) and closed)
        at = match.end()
    pieces.append(text[at:].replace("{\0", "{"))
    return _Template(tuple(pieces), tuple(places), tuple(bare), _is_loose(text))


def _is_loose(text: str) -> bool:
    """Whether the text must stand in parentheses inside an operator: all but one call, case or place."""
    if text.startswith("CASE ") and text.endswith("END"):
        return False
    match = _CALL.match(text)
    if match is None and not text.startswith("("):
        return True
    depth = 0
    for index, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == ")" and depth == 0 and index < len(text) - 1:
            return True
    return False


def _binding(c: Call, template: str, loose: bool) -> int:
    """How tightly the text of a call binds."""
    if not loose:
        return _TIGHT
    return _BINDING.get(c.function.name, _UNKNOWN) if template == c.function.lowering else _UNKNOWN


class _Lowering:
    def __init__(self, columns: Columns, lowering: Lowering) -> None:
        self.columns, self.lowering = columns, lowering

    def parts(self, e: Expression) -> tuple[list[Part], int]:
        """The pieces of an expression, and how tightly they bind."""
        match e:
            case Reference():
                return [self.columns(e)], _TIGHT
            case Literal(value=None) if e.type.name not in ("null", "unknown"):
                return [f"CAST(NULL AS {self.lowering.type_name(e.type)})"], _TIGHT
            case Literal():
                negative = isinstance(e.value, int | Decimal) and e.value < 0
                return [_literal(e)], _UNKNOWN if negative else _TIGHT
            case Variable():
                # A driver would make its own type of a bare value.
                value = sa.bindparam(e.name, type_=sql_type(e.type), unique=False)
                return ["CAST(", value, f" AS {self.lowering.type_name(e.type)})"], _TIGHT
            case Call():
                return self._checked(e)
        raise TypeError(f"no expression: {e}")

    def _checked(self, c: Call) -> tuple[list[Part], int]:
        parts, binding = self._call(c)
        first, *more = self.lowering.finite.split("{0}")
        checked = first and can_overflow(c)
        return ([first, *(p for piece in more for p in (*parts, piece))], _TIGHT) if checked else (parts, binding)

    def _call(self, c: Call) -> tuple[list[Part], int]:
        c = levelled(c)
        if c.function.name == "case":
            return self._case(c), _TIGHT
        if c.filter is not None:
            c = _filtered(c)
        if c.window is not None:
            c = self.lowering.over(c)
        if c.function.name == "count" and not c.args:
            parts: list[Part] = ["COUNT(*)"]
            binding, placed = _TIGHT, False
        else:
            text = self.lowering.template(c)
            template = _compiled(text)
            binding = _binding(c, text, template.loose)
            parts, placed = self._filled(template, c, binding), "over" in template.places
        return (parts, binding) if placed else ([*parts, *self._over(c)], binding if c.window is None else _TIGHT)

    def _filled(self, template: _Template, c: Call, binding: int) -> list[Part]:
        parts: list[Part] = [template.pieces[0]]
        for index, place in enumerate(template.places):
            least = _UNKNOWN - 1 if template.bare[index] else binding if binding < _TIGHT else _TIGHT - 1
            parts += self._place(place, least, c)
            parts.append(template.pieces[index + 1])
        return parts

    def _place(self, place: str, least: int, c: Call) -> list[Part]:
        if place.isdigit():
            return self.argument(c.args[int(place)], least, c.function.name, shown=shows(c, int(place)))
        if "." in place:
            outer, inner = map(int, place.split("."))
            return self.argument([*children(c.args[outer])][inner], least)
        if place.startswith("k"):
            return self.argument(c.order[int(place[1:])].key, least)
        if place in ("args", "rest"):
            return self._list(c.args if place == "args" else c.args[1:])
        if place == "type":
            return [self.lowering.type_name(c.type)]
        if place in ("p", "s"):
            return [str(c.type.precision if place == "p" else c.type.scale)]
        if place == "distinct":
            return ["DISTINCT "] if c.distinct else []
        if place == "over":
            return self._over(c)
        if place == "order":
            return [" ORDER BY ", *self._orders(c.order)] if c.order else []
        return [c.options[int(place[1:])]]

    def argument(self, e: Expression, least: int, inside: str = "", *, shown: bool = False) -> list[Part]:
        """An argument, in parentheses unless it binds tighter than what stands around it."""
        parts, binding = self._call(e) if shown and isinstance(e, Call) else self.parts(e)
        associative = inside in ("and", "or") and isinstance(e, Call) and e.function.name == inside
        return parts if binding > least or associative else ["(", *parts, ")"]

    def _list(self, args: Iterable[Expression]) -> list[Part]:
        parts: list[Part] = []
        for arg in args:
            parts += [", "] if parts else []
            parts += self.parts(arg)[0]
        return parts

    def _case(self, c: Call) -> list[Part]:
        parts: list[Part] = ["CASE"]
        count = len(c.args) // 2 * 2
        for condition, value in zip(c.args[:count:2], c.args[1:count:2], strict=True):
            parts += [" WHEN ", *self.parts(condition)[0], " THEN ", *self.parts(value)[0]]
        if len(c.args) % 2:
            parts += [" ELSE ", *self.parts(c.args[-1])[0]]
        return [*parts, " END"]

    def _over(self, c: Call) -> list[Part]:
        window, parts = c.window, list[Part]()
        if window is None:
            return []
        if window.partition:
            parts += ["PARTITION BY ", *self._list(window.partition)]
        if window.order:
            parts += [" " if parts else "", "ORDER BY ", *self._orders(window.order)]
        if window.frame:
            parts += [" " if parts else "", window.frame.upper()]
        return [" OVER (", *parts, ")"]

    def _orders(self, orders: tuple[Ordering, ...]) -> list[Part]:
        parts: list[Part] = []
        for order in orders:
            parts += [", "] if parts else []
            parts += self.order(order)
        return parts

    def order(self, order: Ordering) -> list[Part]:
        collation = self.lowering.templates.get(f"order key({order.key.type.name})", "{0}")
        assert isinstance(collation, str)
        before, _, after = collation.partition("{0}")
        key = self.argument(order.key, _TIGHT - 1 if after else _UNKNOWN - 1)
        return [before, *key, after, " DESC NULLS LAST" if order.descending else " NULLS LAST"]


def _literal(e: Literal) -> Part:
    return Value(e.value, sql_type(e.type if e.type != NULL else NULL))


def _filtered(c: Call) -> Call:
    """`f(x) filter (where c)` as `f(case when c then x end)`, which every warehouse knows; nulls are ignored."""
    assert c.filter is not None
    position = 1 if c.function.name in ("arg_max", "arg_min") else 0
    value = c.args[position] if c.args else literal(1)
    chosen = replace(call("case", c.filter, value), type=value.type, nullable=True)
    args = (*c.args[:position], chosen, *c.args[position + 1 :])
    return replace(c, args=args, filter=None)
