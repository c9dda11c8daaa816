"""Comparisons, logic and choices."""

from framework.expressions.tree import Function


def _comparison(sign: str, summary: str, example: str) -> Function:
    return Function(sign, "(T, T) -> boolean", summary, example, lowering=f"{{0}} {sign} {{1}}")


FUNCTIONS = (
    _comparison("=", "Whether both are equal; null if one is null.", "1 = 1"),
    _comparison("<>", "Whether both differ; null if one is null.", "1 <> 2"),
    _comparison("<", "Whether the first is smaller; text by code point.", "1 < 2"),
    _comparison("<=", "Whether the first is not larger.", "1 <= 1"),
    _comparison(">", "Whether the first is larger.", "2 > 1"),
    _comparison(">=", "Whether the first is not smaller.", "2 >= 2"),
    Function(
        "is distinct from",
        "(T, T) -> boolean",
        "Whether both differ; null equals null.",
        "null is distinct from 1",
        nulls="never",
        lowering="{0} IS DISTINCT FROM {1}",
    ),
    Function(
        "is not distinct from",
        "(T, T) -> boolean",
        "Whether both are equal; null equals null.",
        "null is not distinct from null",
        nulls="never",
        lowering="{0} IS NOT DISTINCT FROM {1}",
    ),
    Function(
        "between",
        "(T, T, T) -> boolean",
        "Whether the first lies between the others, bounds included.",
        "2 between 1 and 3",
        lowering="{0} BETWEEN {1} AND {2}",
    ),
    Function(
        "in",
        "(T, T...) -> boolean",
        "Whether the first is one of the list.",
        "1 in (1, 2)",
        lowering="{0} IN ({rest})",
    ),
    Function(
        "and",
        "(boolean, boolean) -> boolean",
        "Whether both are true.",
        "true and true",
        lowering="{0} AND {1}",
    ),
    Function("or", "(boolean, boolean) -> boolean", "Whether one is true.", "false or true", lowering="{0} OR {1}"),
    Function("not", "(boolean) -> boolean", "The opposite.", "not false", lowering="NOT {0}"),
    Function(
        "is null",
        "(any) -> boolean",
        "Whether there is no value.",
        "null is null",
        nulls="never",
        lowering="{0} IS NULL",
    ),
    Function(
        "is not null",
        "(any) -> boolean",
        "Whether there is a value.",
        "1 is not null",
        nulls="never",
        lowering="{0} IS NOT NULL",
    ),
    Function(
        "is true",
        "(boolean) -> boolean",
        "Whether it is true, and not false or null.",
        "true is true",
        nulls="never",
        lowering="{0} IS TRUE",
    ),
    Function(
        "is not true",
        "(boolean) -> boolean",
        "Whether it is false or null.",
        "null is not true",
        nulls="never",
        lowering="{0} IS NOT TRUE",
    ),
    Function(
        "is false",
        "(boolean) -> boolean",
        "Whether it is false, and not null.",
        "false is false",
        nulls="never",
        lowering="{0} IS FALSE",
    ),
    Function(
        "is not false",
        "(boolean) -> boolean",
        "Whether it is true or null.",
        "null is not false",
        nulls="never",
        lowering="{0} IS NOT FALSE",
    ),
    Function(
        "coalesce",
        "(T, T...) -> T",
        "The first value that is not null.",
        "coalesce(null, 1) = 1",
        nulls="all",
    ),
    Function(
        "nullif",
        "(T, T) -> same",
        "The first, or null where both are equal.",
        "nullif('0', '0') is null",
        nulls="always",
    ),
    Function(
        "if",
        "(boolean, T, T) -> T",
        "The second where the condition is true, otherwise the third.",
        "if(true, 1, 2) = 1",
        lowering="CASE WHEN {0} THEN {1} ELSE {2} END",
    ),
    Function(
        "case",
        "(any...) -> T",
        "The value behind the first condition that is true.",
        "case when false then 1 else 2 end = 2",
    ),
)
