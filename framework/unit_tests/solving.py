"""Values of columns for which a condition is true, or is not: by what it compares, as far as that can be told.

What cannot be told is left out: whoever asks runs the rows and sees what they reach.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice, product
from typing import Any

from framework.expressions import types as t
from framework.expressions.tree import Call, Expression, Literal, Reference, Variable, walk
from framework.expressions.typed import call
from framework.unit_tests.sampling import npi, sample

Place = tuple[str, str]  # a relation and one of its columns
Values = Mapping[Place, Any]

DAY = date(2024, 1, 15)
UNREADABLE = "unreadable"
_MOST = 12  # ways that are tried for one condition

_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_OPPOSITE |= {"is distinct from": "is not distinct from", "is not distinct from": "is distinct from"}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
# Functions that a value made here comes through as it is.
_TEXTS = ("lower", "upper", "trim", "ltrim", "rtrim", "left", "substring", "cast", "try_cast")
_CODES = ("normalize_icd10", "normalize_zip", "normalize_ndc")
_PASSING = frozenset([*_TEXTS, *_CODES, "coalesce", "nullif", "date_trunc", "abs", "round", "period_end"])
CHOOSING = ("case", "if", "coalesce")
_PARSING = ("parse_date", "parse_timestamp", "parse_decimal", "parse_integer")


@dataclass(frozen=True, slots=True)
class Solver:
    """`bound` are the values of variables and of the clock, by the names under which they are bound."""

    bound: Mapping[str, Any]

    def met(self, e: Expression, wanted: bool = True) -> list[Values]:
        """Some ways in which a condition is true, or where it is not `wanted`, false or null."""
        return list(islice(self._met(e, wanted), _MOST))

    def _met(self, e: Expression, wanted: bool) -> Iterator[Values]:
        if isinstance(e, Literal):
            if bool(e.value) is wanted:
                yield {}
        elif isinstance(e, Reference):
            yield {_place(e): wanted}
        elif isinstance(e, Call) and e.window is None:
            yield from self._call(e, wanted)

    def _call(self, e: Call, wanted: bool) -> Iterator[Values]:
        name, args = e.function.name, e.args
        if name in ("and", "or"):
            yield from self._logic(args, wanted, all_of=(name == "and") is wanted)
        elif name in ("not", "is not true", "is false"):
            yield from self._met(args[0], not wanted)
        elif name in ("is true", "is not false"):
            yield from self._met(args[0], wanted)
        elif name in ("is null", "is not null"):
            yield from self._empty(args[0]) if (name == "is null") is wanted else [{}]
        elif name in ("in", "between"):
            yield from self._listed(name, args, wanted)
        elif name in _OPPOSITE:
            yield from self._compared(name if wanted else _OPPOSITE[name], *args)
        elif name in ("cast", "try_cast"):
            yield from self._made(e, wanted)
        elif name in CHOOSING:
            yield from self._chosen(e, lambda value: self._met(value, wanted))
        else:
            yield from self._shaped(name, args, wanted)

    def _logic(self, args: Sequence[Expression], wanted: bool, *, all_of: bool) -> Iterator[Values]:
        ways = [self.met(arg, wanted) for arg in args]
        if not all_of:
            for each in ways:
                yield from each
            return
        for combination in product(*ways):
            found = merged(combination)
            if found is not None:
                yield found

    def _empty(self, e: Expression) -> Iterator[Values]:
        """Ways to make a value null: the column it is made of, or a text in it that cannot be read."""
        roots = [node for node in walk(e) if isinstance(node, Reference)]
        for root in roots[:2]:
            yield {_place(root): None}
        if isinstance(e, Call) and e.function.name.startswith("try_") and roots and roots[0].type == t.STRING:
            yield {_place(roots[0]): UNREADABLE}

    def _listed(self, name: str, args: Sequence[Expression], wanted: bool) -> Iterator[Values]:
        known = [self.value(arg) for arg in args[1:]]
        if name == "between":
            if known[0] is not None and known[1] is not None:
                for value in [known[0]] if wanted else [step(known[0], -1), step(known[1], 1)]:
                    yield from self._made(args[0], value)
            return
        for value in known if wanted else [other(known)]:
            if value is not None:
                yield from self._made(args[0], value)

    def _compared(self, name: str, one: Expression, two: Expression) -> Iterator[Values]:
        left, right = self.value(one), self.value(two)
        if right is None and left is not None:
            yield from self._compared(_MIRRORED.get(name, name), two, one)
            return
        if right is None:
            usual = typical(one.type)
            yield from self._both((one, two), _beside(name, usual), usual)
            yield from self._both((one, two), usual, _beside(_MIRRORED.get(name, name), usual))
            return
        yield from self._made(one, _beside(name, right))

    def _shaped(self, name: str, args: Sequence[Expression], wanted: bool) -> Iterator[Values]:
        text = args[1].value if len(args) > 1 and isinstance(args[1], Literal) else None
        value: str | None = None
        if name == "npi_valid":
            value = npi(1) if wanted else "1234567890"
        elif isinstance(text, str) and not wanted:
            value = "-"
        elif isinstance(text, str) and name == "regexp_matches":
            value = sample(text)
        elif isinstance(text, str) and name == "like":
            value = text.replace("%", "").replace("_", "a")
        elif isinstance(text, str) and name in ("starts_with", "ends_with", "contains"):
            value = text
        if value is not None:
            yield from self._made(args[0], value)

    def _chosen(self, e: Call, ways: Callable[[Expression], Iterator[Values]]) -> Iterator[Values]:
        for conditions, value in arms(e):
            for before in self.reached(conditions):
                for found in ways(value):
                    both = merged((before, found))
                    if both is not None:
                        yield both

    def reached(self, conditions: Sequence[tuple[Expression, bool]]) -> list[Values]:
        """Ways in which each condition is true, or is not. What another value of a column asks for is taken to be met
        where it is to be untrue: of `x = 1` and `x = 2` one is."""
        ways = [self.met(condition) or [{}] for condition, wanted in conditions if wanted]
        found = [values for values in map(merged, product(*ways)) if values is not None]
        for condition in (condition for condition, wanted in conditions if not wanted):
            unmet = self.met(condition, False)
            found = [next((b for b in (merged((f, way)) for way in unmet) if b is not None), f) for f in found]
        return found[:_MOST]

    # -- a value for an expression

    def value(self, e: Expression) -> Any:
        """What an expression without columns is; None where it is not known here."""
        if isinstance(e, Literal):
            return e.value
        if isinstance(e, Variable):
            return self.bound.get(e.name)
        if isinstance(e, Call) and e.function.name in ("cast", "try_cast", "negate"):
            found = self.value(e.args[0])
            return -found if e.function.name == "negate" and found is not None else found
        return None

    def _made(self, e: Expression, value: Any) -> Iterator[Values]:
        """Ways in which an expression has a value."""
        if isinstance(e, Reference):
            yield {_place(e): fitting(value, e.type)}
        elif isinstance(e, Literal):
            if e.value == value:
                yield {}
        elif isinstance(e, Call) and e.window is None:
            yield from self._made_by(e, value)

    def _made_by(self, e: Call, value: Any) -> Iterator[Values]:
        name, args = e.function.name, e.args
        plain = name.removeprefix("try_")
        if name in ("case", "if"):
            yield from self._chosen(e, lambda arm: self._made(arm, value))
        elif name in ("cast", "try_cast") and isinstance(args[0], Reference) and args[0].type == t.STRING:
            yield {_place(args[0]): value}  # a text that a reader converts, and that a test may write typed
        elif name in _PASSING:
            yield from self._made(args[0], value)
        elif plain in _PARSING:
            yield from self._made(args[0], spelled(value, e.options))
        elif name == "length" and isinstance(value, int):
            yield from self._made(args[0], "x" * max(0, value))
        elif name == "year" and isinstance(value, int):
            yield from self._made(args[0], date(min(max(value, 1900), 2200), 1, 15))
        elif name == "month" and isinstance(value, int):
            yield from self._made(args[0], date(DAY.year, min(max(value, 1), 12), 15))
        elif name in ("full_years", "full_months") and isinstance(value, int):
            days = timedelta(days=round(value * (365.2425 if name == "full_years" else 30.44)) + 3)
            yield from self._both(args, DAY - days, DAY)
        elif name in ("+", "-", "*") and isinstance(value, int | Decimal):
            yield from self._arithmetic(name, args, value)

    def _both(self, args: Sequence[Expression], one: Any, two: Any) -> Iterator[Values]:
        for first in self._made(args[0], one):
            for second in self._made(args[1], two) if self.value(args[1]) is None else [{}]:
                found = merged((first, second))
                if found is not None:
                    yield found

    def _arithmetic(self, name: str, args: Sequence[Expression], value: Any) -> Iterator[Values]:
        known = self.value(args[1])
        if isinstance(known, int | Decimal) and name == "*":
            if known and value % known == 0:
                yield from self._made(args[0], value // known)
        elif isinstance(known, int | Decimal):
            yield from self._made(args[0], value - known if name == "+" else value + known)
        elif name != "*":
            yield from self._both(args, value, 0)


def arms(e: Call) -> Iterator[tuple[tuple[tuple[Expression, bool], ...], Expression]]:
    """Each branch of a `case`, `if` or `coalesce`: the conditions that lead there, each to be true or not, and what it
    gives."""
    args, before = e.args, list[tuple[Expression, bool]]()
    if e.function.name == "if":
        yield ((args[0], True),), args[1]
        yield ((args[0], False),), args[2]
        return
    if e.function.name == "coalesce":
        for value in args[:-1]:
            yield (*before, (call("is null", value), False)), value
            before.append((call("is null", value), True))
        yield tuple(before), args[-1]
        return
    count = len(args) // 2 * 2
    for condition, value in zip(args[:count:2], args[1:count:2], strict=True):
        yield (*before, (condition, True)), value
        before.append((condition, False))
    yield tuple(before), args[-1] if len(args) % 2 else Literal(t.NULL, True, None)


def merged(parts: Sequence[Values]) -> Values | None:
    """All the values together; None where two of them are of one column and differ."""
    found: dict[Place, Any] = {}
    for part in parts:
        for place, value in part.items():
            if place in found and found[place] != value:
                return None
            found[place] = value
    return found


def _place(reference: Reference) -> Place:
    return reference.qualifier or "", reference.name


def _beside(name: str, value: Any) -> Any:
    """A value that stands in the relation to another."""
    if name in ("<>", "is distinct from"):
        return other([value])
    return value if name in ("=", "<=", ">=", "is not distinct from") else step(value, -1 if name == "<" else 1)


def step(value: Any, by: int) -> Any:
    """A value a little below or above another."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, date):  # a datetime is one
        return value + timedelta(days=by)
    if isinstance(value, int | Decimal | float):
        return value + by
    return f"{value}z" if by > 0 else "" if isinstance(value, str) else value


def other(values: Sequence[Any]) -> Any:
    """A value that is none of these."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if isinstance(known[0], bool):
        return not known[0]
    if isinstance(known[0], str):
        return next(word for word in ("OTHER", "ANOTHER", "NONE OF THEM", "x") if word not in known)
    return step(max(known), 1)


def typical(type_: t.Type) -> Any:
    values: dict[str, Any] = {
        "integer": 10,
        "decimal": Decimal(10),
        "double": Decimal(10),
        "boolean": True,
        "date": DAY,
        "timestamp": datetime(DAY.year, DAY.month, DAY.day, 8),
    }
    return values.get(type_.name, "some")


def fitting(value: Any, type_: t.Type) -> Any:
    """A value as one of the type, where it is near enough to be that."""
    if value is None or type_.name not in ("string", "date", "timestamp"):
        return value
    if type_ == t.STRING:
        return value if isinstance(value, str) else spelled(value, ())
    if isinstance(value, datetime):
        return value if type_ == t.TIMESTAMP else value.date()
    return datetime(value.year, value.month, value.day) if type_ == t.TIMESTAMP and isinstance(value, date) else value


def spelled(value: Any, formats: Sequence[str]) -> Any:
    """A value as a text that is parsed."""
    if isinstance(value, date):
        return value.strftime(formats[0].strip("'")) if formats else value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
