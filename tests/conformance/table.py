"""The table of calls and their values, and how a call is computed on a warehouse.

`rows/*.yaml` hold, by function, lines of `expression => value`; the value is a literal of the language, or
`refused` where the warehouse must raise. In windows it is a list, a value for each row of the relation.
Characters that cannot be seen are written as their pictures.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from conftest import Opened

from framework.compile.rows import is_exact
from framework.ddl import CreateTableAs
from framework.expressions.lowering import conversion, lower
from framework.expressions.strictness import outcome
from framework.expressions.tree import Call, Expression, Literal, Reference, children, transform
from framework.expressions.typed import Scope, typed
from framework.expressions.types import NULL, UNKNOWN, Type, parse_type

FOLDER = Path(__file__).parent / "rows"
REFUSED = "refused"
_NUMBERS = count()
STARTED = datetime(2024, 2, 29, 23, 59, 58, 123456)
PICTURES = {"␉": "\t", "␊": "\n", "␍": "\r", "␌": "\f", "⍽": "\u00a0"}
_PYTHON: dict[str, type] = {
    "string": str,
    "integer": int,
    "decimal": Decimal,
    "double": float,
    "boolean": bool,
    "date": date,
    "timestamp": datetime,
    "json": str,
}
# Arguments that stay literals: DuckDB takes no other, or a pattern from a column is taken as it stands.
_LITERAL = {"regexp_matches": 1, "regexp_replace": 1, "regexp_extract": 1, "string_agg": 1, "native": 0}


@dataclass(frozen=True, slots=True)
class Row:
    """One call and what it must give."""

    function: str
    text: str
    expected: Any

    def __str__(self) -> str:
        return self.text


def rows(kind: str) -> dict[str, list[Row]]:
    """The rows by function: of the file `scalars*.yaml`, `aggregates.yaml` or `windows.yaml`."""
    found: dict[str, list[Row]] = {}
    for path in sorted(FOLDER.glob(f"{kind}*.yaml")):
        for function, lines in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            found.setdefault(str(function), []).extend(_row(str(function), line) for line in lines.splitlines())
    return found


def _row(function: str, line: str) -> Row:
    for picture, char in PICTURES.items():
        line = line.replace(picture, char)
    text, arrow, value = line.rpartition(" => ")
    assert arrow, f"no `=>` in: {line}"
    return Row(function, text, _value(value.strip()))


def _value(text: str) -> Any:
    if text == REFUSED:
        return REFUSED
    if text.startswith("["):
        return [_value(part.strip()) for part in text[1:-1].split(";")]
    literal = expression(text, Scope({}, "the table"))
    assert isinstance(literal, Literal), f"no literal: {text}"
    return literal.value


def expression(text: str, scope: Scope) -> Expression:
    found, problems = typed(text, scope)
    wrong = [problem.message for problem in problems if problem.severity == "error"]
    assert not wrong, f"{text}: {wrong[0]}"
    return found


def relation(columns: Mapping[str, str], values: list[list[Any]], opened: Opened, name: str) -> dict[str, Expression]:
    """A table with these rows, and its columns as expressions."""
    types = {c: _type(t) for c, t in columns.items()}
    selects = [
        constants([Literal(t, v is None, _parsed(v, t)) for v, t in zip(row, types.values(), strict=True)], opened)
        for row in values
    ]
    create(opened, name, list(columns), selects)
    return {c: Reference(t, True, c) for c, t in types.items()}


def _type(text: str) -> Type:
    found = parse_type(text)
    assert found is not None, text
    return found


def _parsed(value: Any, t: Type) -> Any:
    return Decimal(str(value)) if t.name == "decimal" and value is not None else value


def constants(literals: Iterable[Literal], opened: Opened) -> list[Any]:
    lowering = opened.warehouse.lowering
    return [conversion(lower(v, no_column, lowering), v.type, lowering) for v in literals]


def create(opened: Opened, name: str, columns: list[str], values: list[list[Any]]) -> None:
    selects = [sa.select(*(v.label(c) for c, v in zip(columns, row, strict=True))) for row in values]
    union = sa.union_all(*selects) if len(selects) > 1 else selects[0]
    with opened.engine.begin() as connection:
        connection.execute(CreateTableAs(sa.table(name), union))


def no_column(reference: Reference) -> Any:
    raise TypeError(f"no column: {reference.name}")


def with_columns(e: Expression, name: str) -> tuple[Expression, dict[str, Literal]]:
    """The expression with its literals as columns of a table, so that nothing can be folded."""
    found: dict[str, Literal] = {}
    fixed = {id(a) for n in _nodes(e) if isinstance(n, Call) for a in n.args[_LITERAL.get(n.function.name, 99) :]}

    def change(node: Expression) -> Expression:
        if not isinstance(node, Literal) or node.type in (NULL, UNKNOWN) or id(node) in fixed:
            return node
        column = f"{name}_{len(found)}"
        found[column] = node
        return Reference(node.type, True, column)

    return transform(e, change), found


def _nodes(e: Expression) -> Iterator[Expression]:
    yield e
    for child in children(e):
        yield from _nodes(child)


def called(e: Expression) -> set[str]:
    """The functions that an expression calls."""
    return {n.function.name for n in _nodes(e) if isinstance(n, Call)}


def element(e: Expression, table: Any, opened: Opened) -> Any:
    """What stands in a SELECT for an expression, cast as the compiler casts it."""
    lowering = opened.warehouse.lowering
    found = lower(e, no_column if table is None else lambda r: table.c[r.name], lowering)
    if not is_exact(e, lowering) and e.type not in (NULL, UNKNOWN):
        found = conversion(found, e.type, lowering)
    # The text of a json is compared, not what a driver makes of it.
    return sa.type_coerce(found, sa.Text()) if e.type.name == "json" else found


def tolerant(e: Expression) -> Expression:
    """The value as the stages compute it: null where a strict conversion refuses."""
    return outcome(e, {}).value


def computed(opened: Opened, select: Any) -> list[Any]:
    """The rows of a select, with the run's clock bound; an exception is a value of its own."""
    clock = {"run_started_at": STARTED, "run_date": STARTED.date()}
    with opened.engine.connect() as connection:
        try:
            return list(connection.execute(select, clock).fetchall())
        except sa.exc.DBAPIError as error:
            return [(error,)]


def given(opened: Opened, literals: Mapping[str, Literal]) -> Any:
    """A table with a column for each literal, and one row."""
    name = f"given_{next(_NUMBERS)}"
    create(opened, name, list(literals), [constants(literals.values(), opened)])
    return sa.table(name, *(sa.column(c) for c in literals))


def values(opened: Opened, elements: Sequence[Any], relation: Any = None, by: str | None = None) -> list[list[Any]]:
    """What each element is in each row, in the order of the column `by`: of one select, as long as it can be computed.
    Where it cannot, of its halves, down to the elements that raise alone: for them, the exception."""
    if not elements:
        return []
    keys = [relation.c[by]] if by is not None else []
    select = sa.select(*keys, *(element.label(f"e{index}") for index, element in enumerate(elements)))
    rows = computed(opened, select if relation is None else select.select_from(relation))
    if rows and isinstance(rows[0][0], sa.exc.DBAPIError):
        middle = len(elements) // 2
        if not middle:
            return [[rows[0][0]]]
        halves = elements[:middle], elements[middle:]
        return [found for half in halves for found in values(opened, half, relation, by)]
    rows.sort(key=lambda row: row[0] if keys else 0)
    return [[row[len(keys) + index] for row in rows] for index in range(len(elements))]


def has_typed_null(e: Expression) -> bool:
    return any(isinstance(n, Literal) and n.value is None and n.type != NULL for n in _nodes(e))


def agrees(found: Any, expected: Any, t: Type) -> bool:
    """Whether a value is the expected one, in Python's type for the plan's type."""
    if expected == REFUSED:  # and not computed, and then unreadable to a driver
        return isinstance(found, sa.exc.DBAPIError) and not isinstance(
            getattr(found.orig, "__cause__", None), ValueError
        )
    if found is None or expected is None:
        return found is None and expected is None
    if t.name == "decimal" and t.scale == 0 and type(found) is int:
        found = Decimal(found)  # so the driver of Snowflake has it
    if t.name in _PYTHON and type(found) is not _PYTHON[t.name]:
        return False
    if isinstance(found, float):
        return abs(found - float(expected)) <= 1e-9 * max(abs(found), abs(float(expected)))
    return bool(found == expected)
