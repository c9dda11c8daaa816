"""What stands in a target: recorded in the target itself, in the transaction that publishes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from framework.compile.tables import FRAMEWORK_SCHEMA
from framework.ddl import CreateSchema
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

# Which pipeline builds each stage, published or not.
STAGES = sa.Table(
    "stages",
    METADATA,
    sa.Column("stage", sa.String(200), primary_key=True),
    sa.Column("pipeline", sa.String(200), nullable=False),
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


def prepare(connection: sa.Connection) -> None:
    """Makes the framework's own schema and tables where they are missing."""
    connection.execute(CreateSchema(FRAMEWORK_SCHEMA))
    for table in (COMMITS, STAGES, PUBLISHING, HELD, DISCARDS):
        connection.execute(CreateTable(table, if_not_exists=True))
    if connection.execute(sa.select(sa.func.count()).select_from(PUBLISHING)).scalar_one() == 0:
        connection.execute(PUBLISHING.insert().values(run_id=""))


def owners(connection: sa.Connection) -> dict[str, str]:
    """Which pipeline each stage of the target belongs to, by stage."""
    built = connection.execute(sa.select(STAGES.c.stage, STAGES.c.pipeline))
    found = dict(row._tuple() for row in built)
    published = connection.execute(sa.select(COMMITS.c.stage, COMMITS.c.pipeline).order_by(COMMITS.c.committed_at))
    return found | dict(row._tuple() for row in published)


@dataclass(frozen=True, slots=True)
class Standing:
    """`owners` are the pipelines that stages belong to; `relations` the tables and views, by schema."""

    owners: Mapping[str, str]
    relations: Mapping[str, Mapping[str, str]]


def look(connection: sa.Connection, warehouse: Warehouse, schemas: Iterable[str]) -> Standing:
    """What stands in a target, one that no run has prepared yet included."""
    relations = {schema: warehouse.relations(connection, schema) for schema in {*schemas, FRAMEWORK_SCHEMA}}
    prepared = COMMITS.name in relations[FRAMEWORK_SCHEMA]
    return Standing(owners(connection) if prepared else {}, relations)


def claim(connection: sa.Connection, pipeline: str, stage: str) -> None:
    """From here on the stage is the pipeline's: its rows are about to stand."""
    known = connection.execute(sa.select(STAGES.c.pipeline).where(STAGES.c.stage == stage)).scalars().all()
    if not known:
        connection.execute(STAGES.insert().values(stage=stage, pipeline=pipeline))


def release(connection: sa.Connection, pipeline: str, stages: Iterable[str]) -> None:
    """The pipeline has these stages and no others any more; what it has published stays its own."""
    connection.execute(STAGES.delete().where(STAGES.c.pipeline == pipeline, STAGES.c.stage.not_in(list(stages))))


@dataclass(frozen=True, slots=True)
class Record:
    """What a publishing transaction says of itself; `inputs` are the versions of the sources read."""

    pipeline: str
    run_id: str
    at: datetime
    inputs: Mapping[str, str]


def record(connection: sa.Connection, run: Record, stages: Iterable[dict[str, object]]) -> None:
    """One commit for each stage, replacing what the pipeline's stage had: only the latest stands."""
    for stage in stages:
        of_stage = COMMITS.delete().where(COMMITS.c.pipeline == run.pipeline, COMMITS.c.stage == stage["stage"])
        connection.execute(of_stage)
        commit = {"pipeline": run.pipeline, "run_id": run.run_id, "committed_at": run.at, **stage}
        connection.execute(COMMITS.insert().values(commit))


def discarding(connection: sa.Connection) -> frozenset[str]:
    """The stages of which rows have been discarded."""
    return frozenset(connection.execute(sa.select(DISCARDS.c.stage).distinct()).scalars())


def stands(connection: sa.Connection, run_id: str) -> bool:
    """Whether a run has published."""
    select = sa.select(sa.func.count()).select_from(COMMITS).where(COMMITS.c.run_id == run_id)
    return bool(connection.execute(select).scalar_one())
