"""A column of a select is made of nothing but what it is traced to: other values elsewhere leave it as it is."""

from collections.abc import Mapping, Sequence
from itertools import product

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from framework.expressions import types as t
from framework.expressions.origins import Origin
from framework.expressions.select.tracing import Traced, trace

TABLES: Mapping[str, tuple[str, ...]] = {"a": ("k", "n", "x", "p"), "b": ("k", "m", "y", "q"), "c": ("k", "n", "z")}
SCHEMA = {table: [(column, t.INTEGER) for column in columns] for table, columns in TABLES.items()}
EXAMPLES = settings.default.max_examples * 2 if settings.default else 200

Rows = Mapping[str, list[list[int | None]]]


# -- random selects, all of whose columns are integers; each has few of the clauses, or each column would decide all


class Names:
    """Names that no other part of a select has."""

    def __init__(self) -> None:
        self.number = 0

    def new(self, what: str) -> str:
        self.number += 1
        return f"{what}{self.number}"


def _source(draw: st.DrawFn, names: Names, depth: int) -> tuple[str, list[str]]:
    """Something to read, under an alias, and its columns."""
    alias = names.new("t")
    if depth > 0 and draw(st.sampled_from([False, False, True])):
        inner, columns = _query(draw, names, depth - 1, {})
        return f"({inner}) as {alias}", [f"{alias}.{column}" for column in columns]
    table = draw(st.sampled_from(sorted(TABLES)))
    return f"{table} as {alias}", [f"{alias}.{column}" for column in TABLES[table]]


def _condition(draw: st.DrawFn, names: Names, columns: list[str], depth: int) -> str:
    column = draw(st.sampled_from(columns))
    plain = [f"{column} > 1", f"{column} is not null", f"{column} = {draw(st.sampled_from(columns))}"]
    if depth <= 0:
        return draw(st.sampled_from(plain))
    table = draw(st.sampled_from(sorted(TABLES)))
    alias = names.new("e")
    one = draw(st.sampled_from(TABLES[table]))
    nested = [
        f"exists (select 1 from {table} as {alias} where {alias}.{one} = {column})",
        f"not exists (select 1 from {table} as {alias} where {alias}.{one} = {column})",
        f"{column} in (select {alias}.{one} from {table} as {alias})",
        f"{column} > (select min({alias}.{one}) from {table} as {alias})",
    ]
    return draw(st.sampled_from([*plain, *nested]))


def _value(draw: st.DrawFn, names: Names, columns: list[str], depth: int) -> str:
    one, other, third = (draw(st.sampled_from(columns)) for _ in range(3))
    table = draw(st.sampled_from(sorted(TABLES)))
    alias = names.new("v")
    column = draw(st.sampled_from(TABLES[table]))
    forms = [
        one,
        one,
        f"{one} + {other}",
        f"coalesce({one}, {other})",
        f"case when {one} > 1 then {other} else {third} end",
        f"row_number() over (partition by {one} order by {', '.join(columns)})",
        f"sum({one}) over (partition by {other})",
        f"count(*) over (partition by {other})",
        "1",
    ]
    if depth > 0:
        forms += [
            f"(select max({alias}.{column}) from {table} as {alias} where {alias}.k = {one})",
            f"(select count(*) from {table} as {alias} where {alias}.{column} > 1)",
        ]
    return draw(st.sampled_from(forms))


def _seldom(draw: st.DrawFn, *texts: str) -> str:
    """One of the texts, and mostly none."""
    return draw(st.sampled_from([*([""] * 4 * len(texts)), *texts]))


def _plain(
    draw: st.DrawFn, names: Names, depth: int, ctes: Mapping[str, list[str]], width: int
) -> tuple[str, list[str]]:
    text, columns = _source(draw, names, depth)
    if draw(st.booleans()) and ctes:
        cte = draw(st.sampled_from(sorted(ctes)))
        text, columns = cte, [f"{cte}.{column}" for column in ctes[cte]]
    if draw(st.booleans()):
        right, others = _source(draw, names, depth)
        kind = draw(st.sampled_from(["join", "left join", "right join", "full join", "semi join", "anti join"]))
        text += f" {kind} {right} on {draw(st.sampled_from(columns))} = {draw(st.sampled_from(others))}"
        columns = columns if kind in ("semi join", "anti join") else [*columns, *others]
    where = _seldom(draw, f" where {_condition(draw, names, columns, depth)}")
    outputs = [names.new("c") for _ in range(width)]
    if draw(st.sampled_from([False, False, True])):
        by = draw(st.sampled_from(columns))
        forms = [f"sum({draw(st.sampled_from(columns))})", "count(*)", f"max({draw(st.sampled_from(columns))})"]
        forms += [by, f"count(*) filter (where {draw(st.sampled_from(columns))} > 1)"]
        values = [draw(st.sampled_from(forms)) for _ in outputs]
        judged = draw(st.sampled_from(columns))
        having = _seldom(draw, " having count(*) > 1", f" having max({judged}) > 1")
        tail = f" group by {by}{having}"
    else:
        values = [_value(draw, names, columns, depth) for _ in outputs]
        total = ", ".join(columns)
        tail = _seldom(draw, f" qualify row_number() over (order by {total}) < 3")
    listed = ", ".join(f"{value} as {name}" for value, name in zip(values, outputs, strict=True))
    distinct = _seldom(draw, "distinct ")
    cut = _seldom(draw, f" order by {', '.join(outputs)} limit 2")
    return f"select {distinct}{listed} from {text}{where}{tail}{cut}", outputs


def _query(draw: st.DrawFn, names: Names, depth: int, ctes: Mapping[str, list[str]]) -> tuple[str, list[str]]:
    width = draw(st.integers(1, 3))
    left, columns = _plain(draw, names, depth, ctes, width)
    word = _seldom(draw, "union all", "union", "except", "intersect")
    if not word:
        return left, columns
    right, _ = _plain(draw, names, 0, ctes, width)
    return f"({left}) {word} ({right})", columns


@st.composite
def selects(draw: st.DrawFn) -> str:
    names = Names()
    ctes: dict[str, list[str]] = {}
    written = []
    for _ in range(draw(st.integers(0, 1))):
        inner, columns = _query(draw, names, 0, ctes)
        name = names.new("w")
        ctes[name] = columns
        written.append(f"{name} as ({inner})")
    text, _ = _query(draw, names, draw(st.integers(0, 1)), ctes)
    return f"with {', '.join(written)} {text}" if written else text


# -- random rows

VALUES = (None, 1, 2, 3)
value = st.sampled_from(VALUES)
rows: st.SearchStrategy[Rows] = st.fixed_dictionaries(
    {
        table: st.lists(st.lists(value, min_size=len(columns), max_size=len(columns)), min_size=4, max_size=4)
        for table, columns in TABLES.items()
    }
)


def replaced(given: list[list[int | None]], at: int, values: Sequence[int | None]) -> list[list[int | None]]:
    """The rows with other values in one column."""
    return [[*row[:at], new, *row[at + 1 :]] for row, new in zip(given, values, strict=True)]


def came_out(text: str, given: Rows) -> dict[str, list[str]]:
    """The values of each column, in no order."""
    with duckdb.connect() as connection:
        for table, columns in TABLES.items():
            connection.execute(f"create table {table} ({', '.join(f'{c} bigint' for c in columns)})")
            marks = ", ".join("?" for _ in columns)
            connection.executemany(f"insert into {table} values ({marks})", given[table])
        found = connection.execute(text)
        names = [column[0] for column in found.description or ()]
        fetched = found.fetchall()
    return {name: sorted(repr(row[index]) for row in fetched) for index, name in enumerate(names)}


def free(traced: Traced, origin: Origin) -> set[str]:
    """The columns that a column of a table does not go into."""
    if origin in {decider for decider, _ in traced.deciders.found}:
        return set()
    return {name for name, made in traced.columns.items() if origin not in made}


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data(), selects(), rows)
def test_a_column_that_is_not_traced_to_changes_nothing(drawn: st.DataObject, text: str, given: Rows) -> None:
    traced = trace(text, SCHEMA, {})
    origins = [Origin(table, column) for table, columns in TABLES.items() for column in columns]
    candidates = [origin for origin in origins if f"{origin.relation} as" in text and free(traced, origin)]
    assume(candidates)
    before = came_out(text, given)
    origin = drawn.draw(st.sampled_from(candidates))
    at = TABLES[origin.relation].index(origin.column or "")
    values = drawn.draw(st.lists(value, min_size=4, max_size=4))
    after = came_out(text, {**given, origin.relation: replaced(given[origin.relation], at, values)})
    assert {name: after[name] for name in free(traced, origin)} == {name: before[name] for name in free(traced, origin)}


DECIDED = {
    "select n as c from a where x > 1": "a.x",
    "select max(n) as c from a group by x": "a.x",
    "select max(n) as c from a group by all having min(x) > 1": "a.x",
    "select max(n) as c, x as d from a group by all": "a.x",
    "select distinct n as c, x as d from a": "a.x",
    "select distinct on (x) n as c from a order by x, n": "a.x",
    "select n as c from a order by x, n limit 2": "a.x",
    "select n as c from a qualify row_number() over (order by x, n) < 3": "a.x",
    "select t.n as c from a as t join b as u on t.k = u.m": "b.m",
    "select t.n as c from a as t left join b as u on t.k = u.m": "b.m",
    "select t.n as c from a as t join b as u using (k)": "b.k",
    "select t.n as c from a as t semi join b as u on t.k = u.m": "b.m",
    "select n as c from a where exists (select 1 from b where b.m = a.n and b.y > 1)": "b.y",
    "select n as c from a where n in (select m from b)": "b.m",
    "select n as c from a except select m from b": "b.m",
    "select n as c from a intersect all select m from b": "b.m",
    "select c from (select n as c, x as d from a union select m, y from b)": "a.x",
    "with w as (select n, x from a where x > 1) select n as c from w": "a.x",
    "select t.n as c from a as t, unnest(range(t.x)) as u(v)": "a.x",
    "select n as c, unnest(range(x)) as d from a": "a.x",
}


@pytest.mark.parametrize("text", DECIDED)
def test_a_clause_that_is_not_followed_is_found(text: str) -> None:
    """The rows of each of these are decided by a column that is no part of `c`; no other trace of it is left."""
    table, _, column = DECIDED[text].partition(".")
    origin = Origin(table, column)
    traced = trace(text, SCHEMA, {})
    assert "c" not in free(traced, origin)
    given: Rows = {"a": [[1, 1, 2, 1], [1, 2, 3, 1], [2, 2, 3, 1]], "b": [[1, 1, 1, 1], [1, 3, 2, 1]], "c": [[1, 1, 1]]}
    at = TABLES[table].index(column)
    others = [replaced(given[table], at, values) for values in product(VALUES, repeat=len(given[table]))]
    before = came_out(text, given)["c"]
    assert any(came_out(text, {**given, table: changed})["c"] != before for changed in others)
    traced.deciders.found.clear()
    assert "c" in free(traced, origin)
