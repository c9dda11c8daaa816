"""Aggregates: over the rows of a group, or of a window; nulls are ignored; on Postgres `count`, `sum`, `avg`, `stddev`,
`variance` and `string_agg` of `distinct` values are not computed over a window: that is refused when the pipeline is
compiled for it (F506).
"""

from framework.expressions.tree import Function


def _aggregate(
    name: str, signature: str, summary: str, example: str, nulls: str = "always", lowering: str = ""
) -> Function:
    never = nulls == "never"
    return Function(name, signature, summary, example, "aggregate", "never" if never else "always", lowering)


FUNCTIONS = (
    _aggregate(
        "count",
        "(any?) -> integer",
        "How many values are not null; `count(*)` counts rows.",
        "count(distinct claim_id)",
        nulls="never",
    ),
    _aggregate("sum", "(number) -> total", "The sum; exact for integers and decimals.", "sum(paid)"),
    _aggregate("avg", "(number) -> double", "The mean, as a double.", "avg(paid)"),
    _aggregate("min", "(T) -> T", "The smallest value; text by code point.", "min(service_date)"),
    _aggregate("max", "(T) -> T", "The largest value; text by code point.", "max(service_date)"),
    _aggregate(
        "stddev",
        "(number) -> double",
        "The standard deviation of a sample.",
        "stddev(paid)",
        lowering="STDDEV_SAMP({distinct}{0})",
    ),
    _aggregate(
        "variance",
        "(number) -> double",
        "The variance of a sample.",
        "variance(paid)",
        lowering="VAR_SAMP({distinct}{0})",
    ),
    _aggregate(
        "median",
        "(number) -> double",
        "The middle value, or the mean of the two in the middle; not over a window on Postgres.",
        "median(paid)",
    ),
    _aggregate(
        "any_value",
        "(T) -> T",
        "One of the values: the smallest, so that results repeat.",
        "any_value(plan_name)",
        lowering="MIN({0})",
    ),
    _aggregate("bool_and", "(boolean) -> boolean", "Whether all are true.", "bool_and(is_paid)"),
    _aggregate("bool_or", "(boolean) -> boolean", "Whether one is true.", "bool_or(is_denied)"),
    _aggregate(
        "string_agg",
        "(string, string) -> string",
        "The texts with a separator between them: in the order given, or in their own.",
        "string_agg(code, ',' order by code)",
    ),
    _aggregate(
        "arg_max",
        "(any, any) -> same",
        "The first argument in the row where the second is largest, of several in that whose key comes first; "
        "rows where either is null do not count; not over a window on Postgres.",
        "arg_max(status, received_at)",
    ),
    _aggregate(
        "arg_min",
        "(any, any) -> same",
        "The first argument in the row where the second is smallest, of several in that whose key comes first; "
        "rows where either is null do not count; not over a window on Postgres.",
        "arg_min(status, received_at)",
    ),
)
