"""How DuckDB computes with numbers, to the last digit of the plan's types; what overflows them is an error."""

from collections.abc import Callable

from framework.expressions.branches import PASSING, branches
from framework.expressions.lowering import Template
from framework.expressions.tree import Call, Expression, Literal, Reference, Variable
from framework.expressions.types import MAX_PRECISION, as_decimal
from framework.warehouses._places import arithmetic, place, whole

_SMALL = 18  # digits of a decimal that DuckDB keeps in 64 bits, and so the result of arithmetic on two of them
_KEEPING = frozenset(["round", "floor", "ceil", "abs", "negate"])

# -- sums and products


def _is_wide(e: Expression) -> bool:
    """Whether DuckDB surely keeps the number with more than 18 digits; an integer of a table may have fewer bits."""
    if isinstance(e, Literal):
        return e.type.name == "decimal" and e.type.precision > _SMALL
    if isinstance(e, Call) and e.function.name in PASSING:
        return any(_is_wide(b) for b in branches(e))
    if isinstance(e, Call) and e.function.name in _KEEPING:
        return _is_wide(e.args[0])
    if e.type.name == "integer":
        return isinstance(e, Variable)
    return e.type.precision > _SMALL


def _arithmetic(sign: str) -> Callable[[Call], str]:
    """What needs more than 18 digits is computed with more."""
    in_64_bits = arithmetic(sign)
    return lambda c: _wide(c) if _outgrows(c) else in_64_bits(c)


def _outgrows(c: Call) -> bool:
    """Whether the result may need more digits than DuckDB gives it."""
    return c.type.name == "decimal" and c.type.precision > _SMALL and not any(_is_wide(a) for a in c.args)


def _wide(c: Call, of: str = "") -> str:
    places = [place(c, i, of) for i in (0, 1)]
    whole_numbers = [i for i in (0, 1) if _is_whole(c.args[i])]
    if whole_numbers:  # which costs nothing, and gives it 19 digits
        places[whole_numbers[0]] = f"CAST({{{of}{whole_numbers[0]}}} AS BIGINT)"
    else:
        at = 1 if isinstance(c.args[0], Literal) and not isinstance(c.args[1], Literal) else 0
        t = as_decimal(c.args[at].type)
        places[at] = f"CAST({{{of}{at}}} AS DECIMAL({max(t.precision, _SMALL + 1)}, {t.scale}))"
    return f" {c.function.name} ".join(places)


def _is_whole(e: Expression) -> bool:
    return e.type.name == "integer" and not isinstance(e, Literal)


def _sum(c: Call) -> str:
    """What fits into 18 digits is summed by itself, which takes a fifth of the time or less, and the rest beside it."""
    e, plain = c.args[0], "SUM({distinct}{0})"
    if c.window is not None or c.distinct or not isinstance(e, Call) or e.function.name not in ("+", "-", "*"):
        return plain
    # What is dear to compute is not computed twice.
    cheap = all(isinstance(a, Reference | Literal | Variable) and not _is_whole(a) for a in e.args)
    if not cheap or not _outgrows(e) or e.type.scale >= _SMALL - 1:
        return plain
    fits = " AND ".join(
        f"{place(e, i, '0.')} BETWEEN -{most} AND {most}" for i, most in enumerate(_bounds(e)) if most is not None
    )
    narrow, wide = f" {e.function.name} ".join(place(e, i, "0.") for i in (0, 1)), _wide(e, "0.")
    return f"LIST_SUM([SUM(CASE WHEN {fits} THEN {narrow} END), SUM(CASE WHEN NOT ({fits}) THEN {wide} END)])"


def _bounds(e: Call) -> list[int | None]:
    """Up to what each operand leaves room in 18 digits; none for an operand whose type is no larger."""
    first, second = digits = [_digits(a) for a in e.args]
    room = _SMALL - e.type.scale
    if e.function.name != "*":
        return [5 * 10 ** (room - 1) - 1 if d >= room else None for d in digits]
    if second <= room // 2:
        return [10 ** (room - second) - 1, None]
    if first <= room // 2:
        return [None, 10 ** (room - first) - 1]
    return [10 ** (room - room // 2) - 1, 10 ** (room // 2) - 1]


def _digits(e: Expression) -> int:
    """Digits before the point."""
    if isinstance(e, Literal) and isinstance(e.value, int):
        return len(str(abs(e.value)))
    t = as_decimal(e.type)
    return t.precision - t.scale


# -- rounding


def _round(c: Call) -> str:
    """To a number of places that is no constant, a decimal is rounded case by case."""
    t, places = c.args[0].type, 0 if len(c.args) < 2 else whole(c, 1)
    if t.name == "integer":
        return _whole_rounded(places)
    if t.name != "decimal":
        return "ROUND({args})" if places is not None else "ROUND({0}, CAST({1} AS INTEGER))"
    if places is not None:
        return "ROUND({args})" if places >= 0 else _rounded(c, places)
    cases = " ".join(f"WHEN {n} THEN CAST({_rounded(c, n)} AS {{type}})" for n in range(t.scale - t.precision, t.scale))
    inner = f"CASE {{1}} {cases} END"
    return f"CASE WHEN {{1}} >= {t.scale} THEN {{0}} WHEN {{1}} < {t.scale - t.precision} THEN {_ZERO} ELSE {inner} END"


_ZERO = "CASE WHEN {0} IS NOT NULL THEN 0 END"


def _whole_rounded(places: int | None) -> str:
    """Before the point an integer is rounded with more than its 64 bits, and then must have room in them."""
    if places is None:
        unit = "CAST(POWER(10, -{1}) AS HUGEINT)"
        rounded = f"CAST(({{0}} + SIGN({{0}}) * ({unit} // 2)) // {unit} * {unit} AS {{type}})"
        return f"CASE WHEN {{1}} >= 0 THEN {{0}} WHEN {{1}} < -19 THEN {_ZERO} ELSE {rounded} END"
    if places >= 0:
        return "ROUND({args})"
    return f"CAST(ROUND(CAST({{0}} AS DECIMAL(20, 0)), {places}) AS {{type}})" if places >= -19 else _ZERO


def _rounded(c: Call, places: int) -> str:
    """A decimal to a constant number of places.

    DuckDB gives 0, also for null, where no digit of the type is left; one digit more in the type keeps one. Where a
    decimal has no more digits, those that would need them are added to themselves, which DuckDB refuses.
    """
    t = c.args[0].type
    before = t.precision - t.scale
    if places >= 0:
        return f"ROUND({{0}}, {places})"
    if -places > before:
        return _ZERO
    if t.precision < MAX_PRECISION:
        return (
            f"ROUND(CAST({{0}} AS {{type}}), {places})"
            if -places == before or not t.scale
            else f"ROUND({{0}}, {places})"
        )
    if -places < before and t.scale:
        return f"ROUND({{0}}, {places})"  # the cast to the result's type refuses
    limit = 10**before - 5 * 10 ** (-places - 1)
    kept = "0" if -places == before else f"ROUND({{0}}, {places})"
    return f"CASE WHEN ABS({{0}}) < {limit} THEN {kept} ELSE {{0}} + {{0}} END"


# -- others


def _mod(c: Call) -> str:
    """The lowest integer has no quotient by -1, and the remainder is that by 1."""
    divisor = whole(c, 1)
    by = "{1}" if divisor is not None and divisor != -1 else "CASE WHEN {1} = -1 THEN 1 ELSE {1} END"
    return f"MOD({{0}}, NULLIF({by}, 0))"


_POWER = (
    "CASE WHEN ({0} <> 0 OR {1} >= 0) AND ({0} >= 0 OR {1} = TRUNC({1})) "
    "THEN POWER(CAST({0} AS DOUBLE), CAST({1} AS DOUBLE)) END"
)
TOO_LARGE = "a double is too large"
FINITE = f"CASE WHEN NOT isfinite({{0}}) THEN error('{TOO_LARGE}') ELSE {{0}} END"

NUMBERS: dict[str, Template] = {
    **{sign: _arithmetic(sign) for sign in "+-*"},
    "sum(decimal)": _sum,
    "negate": "-({0})",
    "sign": "CAST(sign({0}) AS {type})",
    "mod": _mod,
    "round": _round,
    "floor(integer)": "CAST({0} AS {type})",
    "ceil(integer)": "CAST({0} AS {type})",
    "power": _POWER,
}
