"""How DuckDB computes with numbers, to the last digit of the plan's types; what overflows them is an error."""

from collections.abc import Callable

from framework.expressions.branches import PASSING, branches
from framework.expressions.lowering import Template
from framework.expressions.tree import Call, Expression, Literal, Reference, Variable, walk
from framework.expressions.types import MAX_PRECISION, as_decimal
from framework.warehouses._places import arithmetic, place, whole

_SMALL = 18  # digits of a decimal that DuckDB keeps in 64 bits, and so the result of arithmetic on two of them
_KEEPING = frozenset(["round", "floor", "ceil", "abs", "negate"])

# -- sums and products


def _is_wide(e: Expression) -> bool:
    """Whether DuckDB surely keeps the number in more than 64 bits, or as an integer of 19 digits."""
    if isinstance(e, Literal):
        return e.type.name == "decimal" and e.type.precision > _SMALL
    if isinstance(e, Call) and e.function.name in PASSING:
        return any(_is_wide(b) for b in branches(e))
    if isinstance(e, Call) and e.function.name in _KEEPING:
        return _is_wide(e.args[0])
    if e.type.name == "integer":
        return isinstance(e, Reference | Variable)
    return e.type.precision > _SMALL


def _arithmetic(sign: str) -> Callable[[Call], str]:
    """What needs more than 18 digits is computed with more; to try it with 18 first takes half the time."""
    in_64_bits = arithmetic(sign)

    def template(c: Call) -> str:
        if not _outgrows(c):
            return in_64_bits(c)
        narrow, wide = _narrow(c), _wide(c)
        return f"COALESCE(TRY({narrow}), {wide})" if _can_be_tried(c) else wide

    return template


def _outgrows(c: Call) -> bool:
    """Whether the result may need more digits than DuckDB gives it."""
    return c.type.name == "decimal" and c.type.precision > _SMALL and not any(_is_wide(a) for a in c.args)


def _narrow(c: Call, of: str = "") -> str:
    return f" {c.function.name} ".join(place(c, i, of) for i in (0, 1))


def _wide(c: Call, of: str = "") -> str:
    at = 1 if isinstance(c.args[0], Literal) and not isinstance(c.args[1], Literal) else 0
    t = as_decimal(c.args[at].type)
    places = [place(c, i, of) for i in (0, 1)]
    places[at] = f"CAST({{{of}{at}}} AS DECIMAL({max(t.precision, _SMALL + 1)}, {t.scale}))"
    return f" {c.function.name} ".join(places)


def _can_be_tried(c: Call) -> bool:
    """TRY takes no aggregate and no window, and what is dear is not computed twice."""
    return all(isinstance(n, Reference | Literal | Variable) for a in c.args for n in walk(a))


def _sum(c: Call) -> str:
    """What was computed with 18 digits is summed by itself, which takes a tenth of the time, and the rest beside it."""
    e = c.args[0]
    plain = c.window is not None or c.distinct or not isinstance(e, Call) or e.function.name not in ("+", "-", "*")
    if plain or not isinstance(e, Call) or not _outgrows(e) or not _can_be_tried(e):
        return "SUM({distinct}{0})"
    narrow, wide = _narrow(e, "0."), _wide(e, "0.")
    return f"LIST_SUM([SUM(TRY({narrow})), SUM(CASE WHEN TRY({narrow}) IS NULL THEN {wide} END)])"


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
