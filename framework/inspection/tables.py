"""A table of the warehouse: its columns, and their types."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from framework.expressions.types import Type
from framework.files.contract import fits, language_type
from framework.files.variables import expand_variables
from framework.inspection.files import TWICE
from framework.inspection.report import Seen, Sight
from framework.inspection.texts import decimal
from framework.warehouse import MISSING_FILE, SourceProblem, Warehouse

_WITHOUT_DIGITS = "NUMERIC"  # of Postgres: each value has digits of its own


def look(connection: sa.Connection, warehouse: Warehouse, table: str, declared: Mapping[str, Type] | None) -> Sight:
    """Raises SourceProblem where there is no such table."""
    schema, _, name = expand_variables(table).rpartition(".")
    schemas = [schema] if schema else _search_path(connection)
    found, place = next(((c, s) for s in schemas if (c := warehouse.columns(connection, s, name))), ({}, ""))
    if not found:
        raise SourceProblem(MISSING_FILE, f"no table {table}")
    wanted = {n.lower(): type_ for n, type_ in (declared or {}).items()}
    measured = [n for n, kind in found.items() if kind.upper() == _WITHOUT_DIGITS and n.lower() not in wanted]
    digits = _digits(connection, sa.table(name, *map(sa.column, measured), schema=place), measured)
    return Sight(tuple(_columns(found, wanted, digits)))


def _columns(found: Mapping[str, str], wanted: Mapping[str, Type], digits: Mapping[str, Type | None]) -> Iterator[Seen]:
    lowered = [name.lower() for name in found]
    for name, kind in found.items():
        type_, declared = digits.get(name) or language_type(kind), wanted.get(name.lower())
        twice = lowered.count(name.lower()) > 1
        fitting = declared is None or fits(declared, kind)
        if kind.upper() == _WITHOUT_DIGITS and fitting and declared is not None:
            type_ = declared
        yield Seen(name, None if twice else type_, kind, fits=fitting, note=TWICE if twice else "")


def _search_path(connection: sa.Connection) -> list[str]:
    """The schemas in which a name without one is looked for, in order."""
    return [str(schema) for (schema,) in connection.exec_driver_sql("SELECT unnest(current_schemas(true))")]


def _digits(connection: sa.Connection, table: Any, names: Iterable[str]) -> dict[str, Type | None]:
    """The decimals that columns without digits of their own fit into."""
    figures = []
    for name in names:
        whole = sa.func.length(sa.cast(sa.func.trunc(sa.func.abs(table.c[name])), sa.Text()))
        figures += [sa.func.max(whole), sa.func.max(sa.func.scale(table.c[name]))]
    if not figures:
        return {}
    found = iter(connection.execute(sa.select(*figures).select_from(table)).one())
    return {name: decimal(int(next(found) or 0), int(next(found) or 0)) for name in names}
