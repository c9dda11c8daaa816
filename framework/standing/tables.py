"""The framework's own tables in a target, and how a row comes into one."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from framework.ddl import FRAMEWORK_SCHEMA, AddColumn
from framework.warehouse import Warehouse

METADATA = sa.MetaData(schema=FRAMEWORK_SCHEMA)

COMMITS = sa.Table(
    "commits",
    METADATA,
    sa.Column("pipeline", sa.String(200), nullable=False),
    sa.Column("run_id", sa.String(32), nullable=False),
    sa.Column("stage", sa.String(200), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("rows_out", sa.BigInteger, nullable=False),
    sa.Column("committed_at", sa.DateTime, nullable=False),
)


def _placed() -> list[sa.Column[Any]]:
    """What is recorded of a relation when it takes its place; all null of one that has only been claimed."""
    words = {"kind": 40, "mode": 20, "fingerprint": 64, "run_id": 32}
    return [
        *(sa.Column(name, sa.String(length)) for name, length in words.items()),
        *(sa.Column(name, sa.Text) for name in ("columns", "keys", "checks", "inputs")),
        sa.Column("placed_at", sa.DateTime),
    ]


# Which pipeline builds each stage, published or not, and what the stage was when it took its place.
STAGES = sa.Table(
    "stages",
    METADATA,
    sa.Column("stage", sa.String(200), primary_key=True),
    sa.Column("pipeline", sa.String(200), nullable=False),
    *_placed(),
)

# What the sources of a pipeline were in its last good run. Files are loaded under the name of their source, whichever
# pipeline loads them: `loaded_as` says how.
SOURCES = sa.Table(
    "sources",
    METADATA,
    sa.Column("pipeline", sa.String(200), primary_key=True),
    sa.Column("source", sa.String(200), primary_key=True),
    *_placed(),
    sa.Column("loaded_as", sa.String(64)),
)

# Which files stand in the table of each source, where the rows of files are moved into tables.
LOADS = sa.Table(
    "loads",
    METADATA,
    sa.Column("source", sa.String(200), primary_key=True),
    sa.Column("loaded_as", sa.String(64), nullable=False),
    sa.Column("files", sa.Text, nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False),
    sa.Column("malformed", sa.BigInteger, nullable=False),
    sa.Column("run_id", sa.String(32), nullable=False),
    sa.Column("loaded_at", sa.DateTime, nullable=False),
)

# How each published table was made: what cannot change under the rows that stand.
TABLES = sa.Table(
    "tables",
    METADATA,
    sa.Column("stage", sa.String(200), primary_key=True),
    sa.Column("definition", sa.Text, nullable=False),
)

# Of a publication on a warehouse without transactions, the statements that are to be done, in order.
PREPARED = sa.Table(
    "prepared",
    METADATA,
    sa.Column("pipeline", sa.String(200), nullable=False),
    sa.Column("run_id", sa.String(32), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("statement", sa.Text, nullable=False),
)

# Locked by each publishing transaction, so that two of them cannot interleave.
PUBLISHING = sa.Table("publishing", METADATA, sa.Column("run_id", sa.String(32), nullable=False))


# Which run first held each row that a stage holds back: a row is known by the hash of its columns.
HELD = sa.Table(
    "held",
    METADATA,
    sa.Column("stage", sa.String(200), nullable=False),
    sa.Column("content", sa.String(32), nullable=False),
    sa.Column("run_id", sa.String(32), nullable=False),
)

# What a person has decided to do without, and why.
DISCARDS = sa.Table(
    "discards",
    METADATA,
    sa.Column("stage", sa.String(200), nullable=False),
    sa.Column("content", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("discarded_at", sa.DateTime, nullable=False),
)


def prepare(connection: sa.Connection, warehouse: Warehouse) -> None:
    """Makes the framework's own tables, and their columns, where they are missing; its schema is there."""
    there = warehouse.relations(connection, FRAMEWORK_SCHEMA)
    for table in (COMMITS, STAGES, SOURCES, LOADS, TABLES, PREPARED, PUBLISHING, HELD, DISCARDS):
        if table.name not in there:
            connection.execute(CreateTable(table, if_not_exists=True))
    for table in (COMMITS, STAGES, SOURCES):  # which an earlier version may have made with fewer
        if table.name in there:
            _widen(connection, table)
    if PUBLISHING.name not in there or not any_of(connection, PUBLISHING):
        add(connection, PUBLISHING, run_id="")


def _widen(connection: sa.Connection, table: sa.Table) -> None:
    nothing = sa.select(sa.text("*")).select_from(table).where(sa.literal_column("1 = 0"))
    stands = set(connection.execute(nothing).keys())
    for column in table.c:
        if column.name not in stands:
            type_name = column.type.compile(connection.dialect)
            connection.execute(AddColumn(sa.table(table.name, schema=table.schema), column.name, type_name))


def add(connection: sa.Connection, table: sa.Table, **values: Any) -> None:
    """A row with every column named: Iceberg takes no other."""
    connection.execute(rows_of(table, [values]))


def rows_of(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    return table.insert().values([dict.fromkeys(table.c.keys()) | dict(row) for row in rows])


def any_of(connection: sa.Connection, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> bool:
    """Whether a row meets the conditions: where each statement that changes rows is dear, none is done in vain."""
    return bool(connection.execute(sa.select(sa.func.count()).select_from(table).where(*conditions)).scalar_one())
