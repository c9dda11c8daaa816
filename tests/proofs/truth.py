"""What the plan knows of rows, held against the rows themselves: a wrong proof must not outlive them."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from framework.dependencies import Known
from framework.load import load
from framework.plan import Plan
from framework.resolve import resolve


def untrue(pipeline: Path, database: Path) -> list[str]:
    """What is known of a stage and does not hold of its rows as they stand in a DuckDB database."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return untrue_in(resolve(load(pipeline)), connection)


def untrue_in(plan: Plan, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The same of tables by the names of the stages, in whatever schemas."""
    schemas = dict(connection.execute("SELECT table_name, table_schema FROM information_schema.tables").fetchall())
    return [
        f"{stage.name}: {claim}"
        for stage in plan.stages
        if stage.name in schemas
        for claim, query in claims(stage.known, f'"{schemas[stage.name]}"."{stage.name}"')
        if connection.execute(query).fetchall() != [(0,)]
    ]


def claims(known: Known, table: str) -> Iterator[tuple[str, str]]:
    """Each thing that is known of columns, with a query that counts what speaks against it."""
    names = {attribute: name for name, attribute in known.columns.items()}
    for attribute in known.filled(()) & names.keys():
        yield f"{names[attribute]} is never null", f'SELECT count(*) FROM {table} WHERE "{names[attribute]}" IS NULL'
    for attribute in known.constants.keys() & names.keys():
        column = names[attribute]
        query = f'SELECT greatest(count(*) - 1, 0) FROM (SELECT DISTINCT "{column}" FROM {table})'
        yield f"{column} is one value", query
    for fact in known.facts:
        if not (fact.given | fact.where) <= names.keys():
            continue
        given = ", ".join(f'"{n}"' for n in sorted(names[a] for a in fact.given)) or "1"
        where = " AND ".join(f'"{names[a]}" IS NOT NULL' for a in fact.where) or "true"
        among = f"(FROM {table} WHERE {where})"
        if known.row in fact.found:
            yield (
                f"{given} is a key",
                f"SELECT count(*) FROM (SELECT 1 FROM {among} GROUP BY {given} HAVING count(*) > 1)",
            )
        for attribute in fact.found & names.keys():
            column = names[attribute]
            pairs = f'SELECT DISTINCT {given}, "{column}" AS "_found" FROM {among}'
            yield (
                f"{given} determines {column} where {where}",
                f"SELECT (SELECT count(*) FROM ({pairs})) - "
                f"(SELECT count(*) FROM (SELECT DISTINCT {given} FROM {among}))",
            )
