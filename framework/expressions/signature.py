"""Signatures of the catalogue, `(T, T...) -> T`, and what a call's arguments make of them.

Words: a type of the language; `number` (integer, decimal or double), `moment` (date or timestamp),
`any`; `T` (one type for all, widened); `{a|b}` a word of this list, written as text; `format` a
literal text. `?` behind a word makes it optional, `...` lets it repeat. A result may also be
`sum`, `product`, `same` (the first argument's type), ...; a decimal is written whole.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from framework.expressions.tree import Expression, Literal
from framework.expressions.types import (
    DATE,
    MAX_PRECISION,
    NULL,
    STRING,
    TIMESTAMP,
    UNKNOWN,
    Type,
    as_decimal,
    decimal,
    parse_type,
    product_of,
    sum_of,
    widen,
)


@dataclass(frozen=True, slots=True)
class Slot:
    word: str
    optional: bool = False
    repeats: bool = False

    @property
    def words(self) -> tuple[str, ...] | None:
        """The words an option may be; None for a slot that takes values."""
        return tuple(self.word[1:-1].split("|")) if self.word.startswith("{") else None

    @property
    def is_option(self) -> bool:
        return self.word.startswith("{") or self.word == "format"

    @property
    def wanted(self) -> str:
        """What the slot takes, as messages say it."""
        return _WANTED.get(self.word, self.word)


_WANTED = {
    "number": "a number",
    "double": "a number",
    "integer": "an integer",
    "string": "a string",
    "boolean": "a condition",
    "moment": "a date or a timestamp",
    "timestamp": "a date or a timestamp",
    "date": "a date",
}


@dataclass(frozen=True, slots=True)
class Signature:
    slots: tuple[Slot, ...]
    result: str

    @property
    def least(self) -> int:
        return sum(not slot.optional for slot in self.slots)

    @property
    def most(self) -> int | None:
        return None if any(slot.repeats for slot in self.slots) else len(self.slots)

    def slot(self, index: int) -> Slot:
        """The slot of an argument; what repeats is always last."""
        return self.slots[min(index, len(self.slots) - 1)]


_PATTERN = re.compile(r"\((.*)\)\s*->\s*(\S+)")


@cache
def parse_signature(text: str) -> Signature:
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"no signature: {text}")
    slots = []
    for word in filter(None, (part.strip() for part in match[1].split(","))):
        repeats = word.endswith("...")
        word = word.removesuffix("...")
        slots.append(Slot(word.removesuffix("?"), word.endswith("?"), repeats))
    return Signature(tuple(slots), match[2])


def usage(name: str, signature: Signature) -> str:
    """A call as help shows it: `round(number, [integer])`."""
    shown = []
    for slot in signature.slots:
        word = {"T": "value", "any": "value", "format": "'format'"}.get(slot.word, slot.word)
        word = f"'{slot.words[0]}'" if slot.words else word
        shown.append(f"[{word}]" if slot.optional else word + (", ..." if slot.repeats else ""))
    return f"{name}({', '.join(shown)})"


def accepts(slot: Slot, t: Type) -> bool:
    """Whether a value of this type may stand in the slot as it is."""
    if t in (UNKNOWN, NULL) or slot.word in ("any", "T"):
        return True
    if slot.word == "number":
        return t.is_number
    if slot.word == "moment":
        return t.is_moment
    if slot.word == "double":
        return t.is_number
    if slot.word == "timestamp":
        return t.is_moment
    return t.name == slot.word


def common(args: Sequence[Expression]) -> Type | None:
    """One type for all: typed columns first, so that an integer literal takes a decimal's type."""
    result = NULL
    for arg in sorted(args, key=_is_integer_literal):
        if _is_integer_literal(arg) and result.name in ("decimal", "double"):
            if result.name == "decimal" and len(str(abs(_value(arg)))) > result.precision - result.scale:
                result = decimal(len(str(abs(_value(arg)))) + result.scale, result.scale)
            continue
        wider = widen(result, arg.type)
        if wider is None:
            return None
        result = wider
    return result


def _is_integer_literal(e: Expression) -> bool:
    return isinstance(e, Literal) and type(e.value) is int


def _value(e: Expression) -> int:
    return int(e.value) if isinstance(e, Literal) else 0


def _literal_sized(args: Sequence[Expression]) -> list[Type]:
    """Types of two operands: an integer literal beside a decimal is a decimal of its own digits."""
    types = [a.type for a in args]
    if any(t.name == "decimal" for t in types):
        types = [
            decimal(max(1, len(str(abs(_value(a))))), 0) if _is_integer_literal(a) else t
            for a, t in zip(args, types, strict=True)
        ]
    return types


def _sum(args: Sequence[Expression]) -> Type:
    a, b = _literal_sized(args)
    return sum_of(a, b)


def _product(args: Sequence[Expression]) -> Type:
    a, b = _literal_sized(args)
    return product_of(a, b)


def _total(args: Sequence[Expression]) -> Type:
    t = args[0].type
    return decimal(MAX_PRECISION, t.scale) if t.name == "decimal" else t


def _moment_sum(args: Sequence[Expression]) -> Type:
    return args[0].type if args[0].type in (DATE, TIMESTAMP) else UNKNOWN


def _plain(args: Sequence[Expression]) -> Type:
    t = args[0].type
    return as_decimal(t) if t.name == "decimal" else t


def _rounded(args: Sequence[Expression]) -> Type:
    """One digit more before the point: 9.99 rounds to 10.0."""
    t = args[0].type
    return decimal(t.precision + 1, t.scale) if t.name == "decimal" else t


_RESULTS: dict[str, Callable[[Sequence[Expression]], Type]] = {
    "sum": _sum,
    "product": _product,
    "total": _total,
    "moment": _moment_sum,
    "same": lambda args: args[0].type,
    "plain": _plain,
    "numeric": _rounded,
}


def result_type(signature: Signature, args: Sequence[Expression]) -> Type:
    """The type of a call; `args` are its values, options left out."""
    word = signature.result
    named = parse_type(word)
    if named is not None:
        return named
    if word == "T":
        shared = [a for a, slot in _values(signature, args) if slot.word == "T"]
        return common(shared) or UNKNOWN
    return _RESULTS[word](args) if args else STRING


def _values(signature: Signature, args: Sequence[Expression]) -> list[tuple[Expression, Slot]]:
    slots = [slot for slot in signature.slots if not slot.is_option]
    return [(arg, slots[min(i, len(slots) - 1)]) for i, arg in enumerate(args)]
