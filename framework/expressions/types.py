"""The types of the language and how they widen: string integer decimal(p,s) double boolean date timestamp json."""

import re
from dataclasses import dataclass
from functools import cache

MAX_PRECISION = 38  # the widest decimal that all four warehouses have
INTEGER_DIGITS = 19  # digits of a 64-bit integer


@dataclass(frozen=True, slots=True)
class Type:
    """A type of the language. `precision` and `scale` are digits, given for decimals only."""

    name: str
    precision: int = 0
    scale: int = 0

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.name == "decimal" else self.name

    @property
    def is_number(self) -> bool:
        return self.name in ("integer", "decimal", "double", "unknown", "null")

    @property
    def is_exact(self) -> bool:
        """Whether a sum of it does not depend on the order of the rows: what the ledger can hold."""
        return self.name in ("integer", "decimal")

    @property
    def is_moment(self) -> bool:
        return self.name in ("date", "timestamp", "unknown", "null")


STRING = Type("string")
INTEGER = Type("integer")
DOUBLE = Type("double")
BOOLEAN = Type("boolean")
DATE = Type("date")
TIMESTAMP = Type("timestamp")
JSON = Type("json")
UNKNOWN = Type("unknown")  # a column of an undeclared source, or what an error left behind
NULL = Type("null")  # the type of the literal null: fits everywhere

NAMED = {t.name: t for t in (STRING, INTEGER, DOUBLE, BOOLEAN, DATE, TIMESTAMP, JSON)}
ALL_NAMES = (*NAMED, "decimal(18,2)")


def decimal(precision: int, scale: int) -> Type:
    """A decimal of at most 38 digits; more are cut to 38, the scale kept."""
    return Type("decimal", min(MAX_PRECISION, precision), scale)


_DECIMAL = re.compile(r"decimal\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)")
# Of all that is a type, once in small letters; digits of a decimal that it cannot have are not told apart.
TYPE_PATTERN = rf"^\s*({'|'.join(NAMED)}|{_DECIMAL.pattern})\s*$"


@cache
def parse_type(text: str) -> Type | None:
    """`decimal(18,2)` and the like; None for anything that is not a type of the language."""
    text = text.strip().lower()
    if text in NAMED:
        return NAMED[text]
    if match := _DECIMAL.fullmatch(text):
        precision, scale = int(match[1]), int(match[2])
        if 1 <= precision <= MAX_PRECISION and scale <= precision:
            return decimal(precision, scale)
    return None


def widen(a: Type, b: Type) -> Type | None:
    """The narrowest type both fit into, or None."""
    if a == b or b in (UNKNOWN, NULL):
        return a
    if a in (UNKNOWN, NULL):
        return b
    names = {a.name, b.name}
    if names == {"date", "timestamp"}:
        return TIMESTAMP
    if not (a.is_number and b.is_number):
        return None
    if "double" in names:
        return DOUBLE
    return _wider_decimal(as_decimal(a), as_decimal(b))


def as_decimal(t: Type) -> Type:
    return decimal(INTEGER_DIGITS, 0) if t.name == "integer" else t


def _wider_decimal(a: Type, b: Type) -> Type:
    scale = max(a.scale, b.scale)
    return decimal(max(a.precision - a.scale, b.precision - b.scale) + scale, scale)


def sum_of(a: Type, b: Type) -> Type:
    """The type of `a + b` and `a - b`; both are numbers."""
    wide = widen(a, b) or UNKNOWN
    return decimal(wide.precision + 1, wide.scale) if wide.name == "decimal" else wide


def product_of(a: Type, b: Type) -> Type:
    """The type of `a * b`; both are numbers."""
    if "decimal" in (a.name, b.name) and {a.name, b.name} <= {"decimal", "integer"}:
        a, b = as_decimal(a), as_decimal(b)
        return decimal(a.precision + b.precision, min(a.scale + b.scale, MAX_PRECISION))
    return widen(a, b) or UNKNOWN
