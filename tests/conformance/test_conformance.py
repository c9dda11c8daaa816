"""Every function gives the value of the table on every warehouse, from literals and from columns."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import OPENERS, Opened

from conformance import judging, table
from conformance.judging import Judged
from conformance.table import Row
from framework.dependencies.rows import strict
from framework.expressions.catalogue import functions
from framework.expressions.tree import Call, Expression, Literal, references, walk
from framework.expressions.typed import Scope
from framework.expressions.types import BOOLEAN, NULL, UNKNOWN, Type

SCALARS, AGGREGATES, WINDOWS = table.rows("scalars"), table.rows("aggregates"), table.rows("windows")
_NUMBERS = count()
_TOGETHER = 30  # rows by one statement
NOWHERE = Scope({}, "the table")
_COLUMNS = {
    "id": "integer",
    "grp": "string",
    "n": "integer",
    "amount": "decimal(18,2)",
    "rate": "double",
    "word": "string",
    "flag": "boolean",
    "day": "date",
}
_VALUES: list[list[Any]] = [
    [1, "a", 3, "10.00", 1.5, "b", True, None],
    [2, "a", 1, "-2.50", None, "B", None, None],
    [3, "a", None, "0.05", 2.5, None, True, None],
    [4, "b", 7, None, -4.0, "é", False, None],
    [5, "b", 7, "99999999999999.99", 0.25, "z", True, None],
    [6, None, -2, "1.01", 8.0, "", None, None],
]


def _day(row: list[Any]) -> list[Any]:
    days = {1: date(2024, 2, 29), 2: date(2023, 12, 31), 5: date(2024, 1, 31), 6: date(2024, 1, 31)}
    return [*row[:-1], days.get(row[0])]


def _judged(row: Row, e: Expression, found: Any, how: str) -> Judged:
    if table.agrees(found, row.expected, e.type):
        return Judged(row, how, None)
    return Judged(row, how, f"{row.text} [{how}] => {found!r}, expected {row.expected!r} ({e.type})")


@dataclass(frozen=True, slots=True)
class Tried:
    """An expression of a row, and the values that a table has for its columns."""

    row: Row
    e: Expression
    whole: Expression
    literals: Mapping[str, Literal] = field(default_factory=dict)


def _tables(tried: Iterable[Tried], opened: Opened) -> Iterator[tuple[list[Tried], Any]]:
    """Some rows at a time, with one table for all their columns. What must raise stands alone: it takes no other row
    with it, and no other row can raise for it."""
    tried = list(tried)
    plain = [t for t in tried if t.row.expected != table.REFUSED]
    batches = [plain[start : start + _TOGETHER] for start in range(0, len(plain), _TOGETHER)]
    refused = [t for t in tried if t.row.expected == table.REFUSED]
    for together in (*batches, refused):
        literals = {name: value for t in together for name, value in t.literals.items()}
        alone = together is refused
        try:
            relation = table.given(opened, literals) if literals else None
        except sa.exc.DBAPIError:
            yield from (([t], _given_alone(opened, t)) for t in together)
        else:
            yield from (([t], relation) for t in together) if alone else ((together, relation),)


def _given_alone(opened: Opened, tried: Tried) -> Any:
    """A table for the columns of one row, or what stands in the way of it."""
    try:
        return table.given(opened, tried.literals)
    except sa.exc.DBAPIError as error:
        return RuntimeError(f"no table of its columns: {error}")


def _values(tried: Iterable[Tried], opened: Opened) -> Iterator[tuple[Tried, Any]]:
    """The value of each expression."""
    for together, relation in _tables(tried, opened):
        if isinstance(relation, Exception):
            yield from ((t, relation) for t in together)
            continue
        said, elements = [], []
        for t in together:
            try:
                elements.append(table.element(t.whole, relation, opened))
            except ValueError as error:
                yield t, error
            else:
                said.append(t)
        found = table.values(opened, elements, relation)
        yield from zip(said, (one for (one,) in found), strict=True)


def _scalars(opened: Opened, function: str) -> list[Judged]:
    literals, columns = [], []
    rows = [row for row in SCALARS[function] if judging.runs(opened.warehouse.name, row)]
    for index, row in enumerate(rows):
        e = table.expression(row.text, NOWHERE)
        whole = e if row.expected == table.REFUSED else table.tolerant(e)
        if not table.has_typed_null(whole):  # a null literal is written without its type
            literals.append(Tried(row, e, whole))
        given, constants = table.with_columns(whole, f"c{index}")
        if constants:
            columns.append(Tried(row, e, given, constants))
    judged = [
        _judged(t.row, t.e, found, how)
        for how, tried in (("literals", literals), ("columns", columns))
        for t, found in _values(tried, opened)
    ]
    assert len(judged) == len(literals) + len(columns) >= len(rows)
    return judged


@pytest.mark.parametrize("function", sorted(SCALARS))
def test_scalars(opened: Opened, function: str, update_golden: bool) -> None:
    judged = _scalars(opened, function)
    judging.settle(opened.warehouse.name, judged)
    judging.record(opened.warehouse.name, "scalars", function, judged, update=update_golden)


STRICT = sorted(name for name, function in functions().items() if strict(function))


def _strict(opened: Opened, function: str) -> list[Judged]:
    tried: list[Tried] = []
    for row in SCALARS[function]:
        e = table.expression(row.text, NOWHERE)
        if row.expected == table.REFUSED or not isinstance(e, Call) or e.function.name != function:
            continue
        for place, arg in enumerate(e.args[:1] if function == "in" else e.args):
            if arg.type in (NULL, UNKNOWN):
                continue
            args = (*e.args[:place], Literal(arg.type, True, None), *e.args[place + 1 :])
            given, literals = table.with_columns(replace(e, args=args, nullable=True), f"s{len(tried)}")
            if any(
                value.value is None for value in literals.values()
            ):  # else the warehouse takes a literal alone there
                tried.append(
                    Tried(Row(function, f"{row.text}, null at {place}", None), e, table.tolerant(given), literals)
                )
        if len(tried) >= 20:
            break
    assert tried, "no row to try it with"
    judged = [_judged(t.row, t.e, found, "columns") for t, found in _values(tried, opened)]
    assert len(judged) == len(tried)
    return judged


@pytest.mark.parametrize("function", STRICT)
def test_a_strict_function_of_a_null_is_null(opened: Opened, function: str) -> None:
    """The proofs take it that a column holds a value where a strict function of it does."""
    judging.settle(opened.warehouse.name, _strict(opened, function))


@pytest.fixture(scope="module")
def scope(opened: Opened) -> dict[str, Expression]:
    return table.relation(_COLUMNS, [_day(row) for row in _VALUES], opened, "measured")


def _over_the_relation(rows: list[Row], scope: Scope, opened: Opened, by: str | None = None) -> Iterator[Any]:
    """Each row with its expression and what that is in each row of the relation."""
    relation = sa.table("measured", *(sa.column(c) for c in _COLUMNS))
    for alone in (False, True):  # what must raise would take the others with it
        chosen = [(row, table.expression(row.text, scope)) for row in rows if (row.expected == table.REFUSED) == alone]
        for some in ([one] for one in chosen) if alone else (chosen,):
            said, elements = [], []
            for row, e in some:
                try:
                    elements.append(table.element(e, relation, opened))
                except ValueError as error:
                    yield row, e, [error]
                else:
                    said.append((row, e))
            for (row, e), found in zip(said, table.values(opened, elements, relation, by), strict=True):
                yield row, e, found


def _aggregates(opened: Opened, scope: dict[str, Expression], function: str) -> list[Judged]:
    inside = Scope({}, "the table", aggregated=Scope(scope, "the table"))
    rows = AGGREGATES[function]
    judged = [_judged(row, e, one, "aggregate") for row, e, (one,) in _over_the_relation(rows, inside, opened)]
    assert len(judged) == len(rows)
    return judged


@pytest.mark.parametrize("function", sorted(AGGREGATES))
def test_aggregates(opened: Opened, scope: dict[str, Expression], function: str, update_golden: bool) -> None:
    judged = _aggregates(opened, scope, function)
    judging.settle(opened.warehouse.name, judged)
    judging.record(opened.warehouse.name, "aggregates", function, judged, update=update_golden)


def _windows(opened: Opened, scope: dict[str, Expression], function: str) -> list[Judged]:
    judged: list[Judged] = []
    rows = WINDOWS[function]
    for row, e, found in _over_the_relation(rows, Scope(scope, "the table"), opened, "id"):
        if len(found) != len(row.expected):
            judged.append(Judged(row, "window", f"{row.text}: {found}"))
            continue
        each = [
            _judged(Row(row.function, row.text, expected), e, value, "window").wrong
            for value, expected in zip(found, row.expected, strict=True)
        ]
        judged.append(Judged(row, "window", next(filter(None, each), None)))
    assert len(judged) == len(rows)
    return judged


@pytest.mark.parametrize("function", sorted(WINDOWS))
def test_windows(opened: Opened, scope: dict[str, Expression], function: str, update_golden: bool) -> None:
    judged = _windows(opened, scope, function)
    judging.settle(opened.warehouse.name, judged)
    judging.record(opened.warehouse.name, "windows", function, judged, update=update_golden)


# What Postgres refuses, and no list of rows is kept for: here DuckDB says what it is.
_OVER_A_LIST = """
arg_max(word, n) over (partition by grp)
arg_min(id, n) over (partition by flag)
arg_max(n, rate) over (order by id)
median(n) over (partition by grp)
median(rate) over (order by id rows between 1 preceding and current row)
count(distinct n) over (partition by grp)
min(distinct n) over (partition by grp)
string_agg(distinct grp, ',' order by grp desc) over (partition by flag)
string_agg(word, ',' order by n desc, id) over (order by id)
"""


@pytest.mark.engines
def test_an_aggregate_over_a_window_that_is_taken_of_a_list(request: pytest.FixtureRequest) -> None:
    rows = [Row("", text, None) for text in _OVER_A_LIST.strip().splitlines()]
    found = []
    for name in ("duckdb", "spark"):
        with OPENERS[name](request) as opened:
            columns = table.relation(_COLUMNS, [_day(row) for row in _VALUES], opened, "measured")
            computed = _over_the_relation(rows, Scope(columns, "the table"), opened, "id")
            found.append({row.text: values for row, _, values in computed})
    assert found[0] == found[1]


def test_every_function_has_rows() -> None:
    assert functions().keys() - SCALARS.keys() - AGGREGATES.keys() - WINDOWS.keys() == set()


def test_no_rows_for_functions_that_are_not_there() -> None:
    assert (SCALARS.keys() | AGGREGATES.keys() | WINDOWS.keys()) - functions().keys() == set()


def test_examples_of_the_catalogue(opened: Opened) -> None:
    """Each reads, and one that says `expression = value` is true."""
    examples = [function.example for function in functions().values() if function.kind == "scalar"]
    read = [table.expression(example, NOWHERE) for example in examples]
    found = table.values(opened, [table.element(table.tolerant(e), None, opened) for e in read])
    wrong = []
    for example, e, (value,) in zip(examples, read, found, strict=True):
        if isinstance(value, Exception) or (e.type == BOOLEAN and value is not True):
            wrong.append(f"{example} is {value!r}")
    assert not wrong, "\n".join(wrong)
    assert sum(e.type == BOOLEAN for e in read) > 80


def _stand(opened: Opened, elements: Mapping[str, Any], source: Any) -> dict[str, str]:
    """The type of the column that a table made of each element has, by the element's text; where there can be no such
    table, the error."""
    name = f"typed_{next(_NUMBERS)}"
    select = sa.select(*(element.label(f"v{index}") for index, element in enumerate(elements.values())))
    text = (select if source is None else select.select_from(source)).compile(
        dialect=opened.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    try:
        with opened.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE {name} AS {text}")
    except sa.exc.DBAPIError as error:
        texts, middle = list(elements), len(elements) // 2
        if not middle:
            return {texts[0]: str(error)}
        halves = ({one: elements[one] for one in half} for half in (texts[:middle], texts[middle:]))
        return {one: found for half in halves for one, found in _stand(opened, half, source).items()}
    with opened.engine.begin() as connection:
        schema = str(connection.exec_driver_sql("SELECT current_schema()").scalar_one())
        types = opened.warehouse.columns(connection, schema, name)
    return {one: types[f"v{index}"] for index, one in enumerate(elements)}


# Of columns: a decimal that passes through a function must not lose its digits.
_PASSED = """
nullif(amount, 1.00), coalesce(amount, amount), greatest(amount, amount), least(amount, 1.00), abs(amount), -(amount)
case when flag then amount end, case when flag then amount else 0 end, if(flag, amount, amount), round(amount, 1)
lag(amount) over (order by id), lead(amount, 2) over (order by id), first_value(amount) over (order by id)
last_value(amount) over (order by id), min(amount) over (), max(amount) over (partition by grp), amount * 2
sum(amount) over (order by id), amount + amount, floor(amount), cast(amount as decimal(20,4)), any_value(amount) over ()
coalesce(lag(amount) over (order by id), amount), case when flag then max(amount) over () end, 1.50, -12.5
"""


def _cases(inside: Scope) -> Iterator[tuple[str, Expression]]:
    """One expression for each function and type of result."""
    seen = set()
    for rows, scope in ((AGGREGATES, Scope({}, "the table", aggregated=inside)), (WINDOWS, inside), (SCALARS, NOWHERE)):
        for row in (row for listed in rows.values() for row in listed):
            if row.expected == table.REFUSED or "current_date" in row.text or "now()" in row.text:
                continue
            e = table.tolerant(table.expression(row.text, scope))
            if (row.function, scope is NOWHERE, e.type) not in seen and not table.has_typed_null(e):
                seen.add((row.function, scope is NOWHERE, e.type))
                yield row.text, e
    for text in re.split(r", (?![^(]*\))|\n", _PASSED.strip()):
        yield text, table.expression(text, inside)
    for text in (
        "arg_max(amount, n)",
        "arg_min(amount, id)",
        "any_value(amount)",
        "max(abs(amount))",
        "sum(amount) / 2",
    ):
        yield text, table.expression(text, Scope({}, "the table", aggregated=inside))


def test_a_table_has_the_types_of_the_plan(opened: Opened, scope: dict[str, Expression]) -> None:
    """A decimal keeps its digits: an aggregate of Postgres forgets them, unless it is told."""
    relation = sa.table("measured", *(sa.column(c) for c in _COLUMNS))
    planned: dict[str, Type] = {}
    groups: dict[tuple[bool, bool], dict[str, Any]] = {}
    differing = {text for rows in judging.listed(opened.warehouse.name).values() for text, _ in rows}
    for text, e in _cases(Scope(scope, "the table")):
        if e.type in (NULL, UNKNOWN) or text in differing:
            continue
        planned[text] = e.type
        # A table of rows, or of the one row of an aggregate; with a table beneath it, or without.
        aggregates = any(isinstance(n, Call) and n.function.kind == "aggregate" and n.window is None for n in walk(e))
        group = groups.setdefault((aggregates, bool(references(e))), {})
        group[text] = table.element(e, relation, opened)
    nulls = {str(t): table.constants([Literal(t, True, None)], opened)[0] for t in set(planned.values())}
    wanted = _stand(opened, nulls, None)
    found: dict[str, str] = {}
    for (_, read), elements in groups.items():
        for start in range(0, len(elements), _TOGETHER):
            part = dict(list(elements.items())[start : start + _TOGETHER])
            found |= _stand(opened, part, relation if read else None)
    assert found.keys() == planned.keys()
    wrong = [
        f"{text}: {found[text]}, and {t} is {wanted[str(t)]}"
        for text, t in planned.items()
        if found[text] != wanted[str(t)]
    ]
    assert not wrong, "\n".join(wrong)
