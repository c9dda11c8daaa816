"""Aggregates and windows on Databricks. What depends on an order is taken from a list that is sorted: there is no
aggregate in Spark that has one."""

from collections.abc import Iterator
from dataclasses import replace

from framework.expressions.lowering import Template
from framework.expressions.tree import Call
from framework.warehouses._databricks_pieces import count
from framework.warehouses._windows import undoubled

_SETS = ("count", "string_agg")


def over(c: Call) -> Call:
    """An aggregate over a window has no `distinct`, which some do without and others take from a set. A list of a
    window's rows is in no order that could be relied on: it is sorted as the window is."""
    c = undoubled(c)
    if c.distinct and c.function.name not in _SETS:
        raise ValueError(f"Databricks cannot compute {c.function.name}(distinct ...) over a window")
    if c.function.name == "string_agg" and not c.distinct and not c.order and c.window is not None:
        return replace(c, order=c.window.order)
    return c


def _keys(c: Call) -> str:
    return "".join(f"'k{i}', {{k{i}}}, " for i in range(len(c.order)))


def _by_keys(c: Call) -> Iterator[str]:
    """Which of two rows comes first by the keys of the order, in which nulls are last."""
    for i, order in enumerate(c.order):
        before, behind = (">", "<") if order.descending else ("<", ">")
        yield f"WHEN l.k{i} {before} r.k{i} OR (r.k{i} IS NULL AND l.k{i} IS NOT NULL) THEN -1"
        yield f"WHEN l.k{i} {behind} r.k{i} OR (l.k{i} IS NULL AND r.k{i} IS NOT NULL) THEN 1"


def _sorted(rows: str, *cases: str) -> str:
    return f"ARRAY_SORT({rows}, (l, r) -> CASE {' '.join(cases)} ELSE 0 END)"


def _at_extreme(c: Call) -> str:
    """The first row of a group by an order: what MAX_BY takes of rows that share the extreme may be any of them."""
    before, behind = (">", "<") if c.function.name == "arg_max" else ("<", ">")
    extreme = f"WHEN l.by {before} r.by THEN -1 WHEN l.by {behind} r.by THEN 1"
    value = f"WHEN l.value {before} r.value THEN -1 WHEN l.value {behind} r.value THEN 1"
    row = f"NAMED_STRUCT('by', {{1}}, {_keys(c)}'value', {{0}})"
    rows = f"COLLECT_LIST(CASE WHEN {{0}} IS NOT NULL AND {{1}} IS NOT NULL THEN {row} END){{over}}"
    return f"GET({_sorted(rows, extreme, *_by_keys(c), value)}, 0).value"


def _listed(c: Call) -> str:
    """The texts of a list or of a set that is sorted."""
    found = f"COLLECT_{'SET' if c.distinct else 'LIST'}({{0}}){{over}}"
    if c.distinct or (len(c.order) == 1 and c.order[0].key == c.args[0]):
        descending = bool(c.order) and c.order[0].descending
        found = f"SORT_ARRAY({found}, FALSE)" if descending else f"ARRAY_SORT({found})"
    elif c.order:
        row = f"CASE WHEN {{0}} IS NOT NULL THEN NAMED_STRUCT({_keys(c)}'value', {{0}}) END"
        found = f"TRANSFORM({_sorted(f'COLLECT_LIST({row}){{over}}', *_by_keys(c))}, r -> r.value)"
    return f"CASE WHEN COUNT({{0}}){{over}} > 0 THEN ARRAY_JOIN({found}, {{1}}) END"


def _counted(c: Call) -> str:
    if c.distinct and c.window is not None:
        return "CAST(SIZE(COLLECT_SET({0}){over}) AS {type})"
    return "COUNT({distinct}{args})"


def _shifted(c: Call) -> str:
    default = "CAST({2} AS {type})" if c.type.name not in ("unknown", "null") else "{2}"
    given = ["{0}", count(c, 1) if len(c.args) > 1 else "1", default][: max(len(c.args), 1)]
    return f"{c.function.name.upper()}({', '.join(given)})"


AGGREGATES: dict[str, Template] = {
    "count": _counted,
    # A sum of BIGINTs is one, and a check asks for more than that holds.
    "sum(integer)": "SUM({distinct}CAST({0} AS DECIMAL(38, 0)))",
    "avg": "AVG({distinct}CAST({0} AS DOUBLE))",
    # MEDIAN is the same, and takes no window with an order.
    "median": "PERCENTILE({distinct}CAST({0} AS DOUBLE), 0.5)",
    "string_agg": _listed,
    **dict.fromkeys(("arg_max", "arg_min"), _at_extreme),
    **dict.fromkeys(("lag", "lead"), _shifted),
    # An INT by themselves.
    **{name: f"CAST({name.upper()}(){{over}} AS {{type}})" for name in ("row_number", "rank", "dense_rank")},
}
