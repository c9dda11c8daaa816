"""Pieces of templates that warehouses share: where an argument stands, and whole numbers kept at 64 bits."""

from collections.abc import Callable

from framework.expressions.tree import Call, Expression, Literal, Reference


def place(c: Call, index: int, of: str = "") -> str:
    """The place of an argument beside an operator, in parentheses unless it is a name or a literal.

    `of` stands before the place where the call is itself an argument: `0.`.
    """
    found = f"{{{of}{index}}}"
    return found if isinstance(c.args[index], Reference | Literal) else f"({found})"


def whole(c: Call, index: int) -> int | None:
    """A whole number written in the expression."""
    arg = c.args[index]
    return arg.value if isinstance(arg, Literal) and type(arg.value) is int else None


_MOST = 2**31 - 1  # of what warehouses count characters with


def count(c: Call, index: int, *, least: int | None = -_MOST) -> str:
    """A number of characters, or a position, within 31 bits: no text is longer. `least` is the lowest that differs."""
    number = whole(c, index)
    if number is not None:
        kept = min(number, _MOST) if least is None else max(min(number, _MOST), least)
        return f"{{{index}}}" if kept == number else str(kept)
    at = place(c, index)
    low = "" if least is None else f"WHEN {at} < {least} THEN {least} "
    return f"CASE {low}WHEN {at} > {_MOST} THEN {_MOST} ELSE {{{index}}} END"


def _wide(e: Expression) -> bool:
    """Whether it is computed in 64 bits: of a small literal DuckDB and Postgres make an integer of 32."""
    if isinstance(e, Literal):
        return not isinstance(e.value, int) or not -(2**31) <= e.value < 2**31
    if isinstance(e, Call) and e.function.name in _PASSING:
        return any(_wide(a) for a in e.args if a.type.name not in ("boolean", "null"))
    return True


_PASSING = frozenset(["case", "if", "coalesce", "nullif", "greatest", "least", "negate", "abs", "mod"])


def arithmetic(sign: str) -> Callable[[Call], str]:
    def template(c: Call) -> str:
        if c.type.name != "integer" or any(_wide(a) for a in c.args):
            return c.function.lowering
        return f"CAST({{0}} AS BIGINT) {sign} {place(c, 1)}"

    return template
