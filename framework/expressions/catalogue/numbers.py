"""Numbers: decimals are exact, `/` and roots are doubles."""

from framework.expressions.tree import Function

FUNCTIONS = (
    Function(
        "+",
        "(number, number) -> sum",
        "The sum; exact for integers and decimals.",
        "1 + 2 = 3",
        lowering="{0} + {1}",
    ),
    Function(
        "-",
        "(number, number) -> sum",
        "The difference; exact for integers and decimals.",
        "3 - 2 = 1",
        lowering="{0} - {1}",
    ),
    Function(
        "*",
        "(number, number) -> product",
        "The product; exact for integers and decimals.",
        "2 * 3 = 6",
        lowering="{0} * {1}",
    ),
    Function(
        "/",
        "(double, double) -> double",
        "The quotient as a double; null where the divisor is zero.",
        "1 / 4 = 0.25",
        nulls="always",
        lowering="CAST({0} AS DOUBLE PRECISION) / NULLIF(CAST({1} AS DOUBLE PRECISION), 0)",
    ),
    Function("negate", "(number) -> same", "The number with its sign turned.", "-(2) = -2", lowering="-{0}"),
    Function("abs", "(number) -> same", "The number without its sign.", "abs(-2) = 2"),
    Function("sign", "(number) -> integer", "-1, 0 or 1.", "sign(-2.5) = -1"),
    Function(
        "round", "(number, integer?) -> numeric", "Rounded to places, half away from zero.", "round(2.5) = 3"
    ),
    Function(
        "floor", "(number) -> numeric", "The largest whole number that is not above.", "floor(-1.5) = -2"
    ),
    Function("ceil", "(number) -> numeric", "The smallest whole number that is not below.", "ceil(1.2) = 2"),
    Function(
        "mod",
        "(integer, integer) -> integer",
        "The remainder, with the sign of the first; null for mod 0.",
        "mod(7, 3) = 1",
        nulls="always",
        lowering="MOD({0}, NULLIF({1}, 0))",
    ),
    Function("power", "(double, double) -> double", "A number raised to another.", "power(2, 3) = 8"),
    Function(
        "sqrt",
        "(double) -> double",
        "The square root; null for a negative number.",
        "sqrt(9) = 3",
        nulls="always",
        lowering="CASE WHEN {0} >= 0 THEN SQRT({0}) END",
    ),
    Function(
        "ln",
        "(double) -> double",
        "The natural logarithm; null unless above zero.",
        "ln(1) = 0",
        nulls="always",
        lowering="CASE WHEN {0} > 0 THEN LN({0}) END",
    ),
    Function("exp", "(double) -> double", "e raised to a number.", "exp(0) = 1"),
    Function(
        "greatest",
        "(T, T...) -> T",
        "The largest; nulls are ignored.",
        "greatest(1, null, 3) = 3",
        nulls="all",
    ),
    Function(
        "least", "(T, T...) -> T", "The smallest; nulls are ignored.", "least(1, null, 3) = 1", nulls="all"
    ),
)
