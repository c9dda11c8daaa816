"""What stands in a target: recorded in the target itself, in the transaction that puts it there or publishes it."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.schema import CreateTable

from framework.changes import Definition, as_texts, from_texts
from framework.ddl import FRAMEWORK_SCHEMA, AddColumn, Storage
from framework.dml import written
from framework.plan import Mode, Plan, SourcePlan
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
    for table in (COMMITS, STAGES, SOURCES, TABLES, PREPARED, PUBLISHING, HELD, DISCARDS):
        if table.name not in there:
            connection.execute(CreateTable(table, if_not_exists=True))
    for table in (COMMITS, STAGES, SOURCES):  # which an earlier version may have made with fewer
        if table.name in there:
            _widen(connection, table)
    if PUBLISHING.name not in there or not _any(connection, PUBLISHING):
        _add(connection, PUBLISHING, run_id="")


def _widen(connection: sa.Connection, table: sa.Table) -> None:
    nothing = sa.select(sa.text("*")).select_from(table).where(sa.literal_column("1 = 0"))
    stands = set(connection.execute(nothing).keys())
    for column in table.c:
        if column.name not in stands:
            type_name = column.type.compile(connection.dialect)
            connection.execute(AddColumn(sa.table(table.name, schema=table.schema), column.name, type_name))


def _add(connection: sa.Connection, table: sa.Table, **values: Any) -> None:
    """A row with every column named: Iceberg takes no other."""
    connection.execute(_rows_of(table, [values]))


def _rows_of(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> sa.Insert:
    return table.insert().values([dict.fromkeys(table.c.keys()) | dict(row) for row in rows])


# -- what there is


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of a relation; no definition where an earlier version, or a claim alone, left it.

    `inputs` are the versions of the sources that it was made of.
    """

    pipeline: str
    definition: Definition | None
    run_id: str | None
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Commit:
    """The run that last published a stage of a pipeline, and the fingerprint of what it published."""

    pipeline: str
    run_id: str
    fingerprint: str

    @property
    def version(self) -> str:
        """As it is recorded of a source that is read as it was published."""
        return f"run {self.run_id} sql {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class Standing:
    """`relations` are the tables and views by schema, `owners` the pipelines that stages belong to.

    `stages` and `sources` are what was recorded of them, the sources of one pipeline; `committed` the versions of
    sources that its published tables were made of, the latest commit last. `commits` are those of every pipeline, by
    stage. `loaded` says of every source of files which pipelines load it, and as what. `tells_case`: names that differ
    in case are not one here. `sourced` are the sources that any pipeline has ever loaded, None where that was not kept.
    """

    relations: Mapping[str, Mapping[str, str]]
    owners: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, Recorded] = field(default_factory=dict)
    sources: Mapping[str, Recorded] = field(default_factory=dict)
    committed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    commits: Mapping[str, Commit] = field(default_factory=dict)
    loaded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tells_case: bool = False
    sourced: frozenset[str] | None = frozenset()

    def kind(self, schema: str, name: str) -> str | None:
        """TABLE or VIEW; None where nothing stands under the name."""
        return self.relations.get(schema, {}).get(name)

    def otherwise(self, schema: str, name: str) -> str | None:
        """What stands under the name, and is written there in another case."""
        if self.tells_case or name in (there := self.relations.get(schema, {})):
            return None
        return next((stands for stands in there if stands.lower() == name.lower()), None)


def look(connection: sa.Connection, warehouse: Warehouse, schemas: Iterable[str], pipeline: str) -> Standing:
    """What stands in a target, one that no run has prepared yet included."""
    relations = {schema: warehouse.relations(connection, schema) for schema in {*schemas, FRAMEWORK_SCHEMA}}
    ours = relations[FRAMEWORK_SCHEMA]
    if COMMITS.name not in ours:
        return Standing(relations, tells_case=warehouse.tells_case)
    stages = {row["stage"]: _recorded(row) for row in _rows(connection, STAGES)}
    found = _rows(connection, SOURCES) if SOURCES.name in ours else []
    sources = {row["source"]: _recorded(row) for row in found if row["pipeline"] == pipeline and row["run_id"]}
    loaded: dict[str, dict[str, str]] = {}
    for row in found:
        if row["loaded_as"]:
            loaded.setdefault(row["source"], {})[row["pipeline"]] = row["loaded_as"]
    commits = sorted(_rows(connection, COMMITS), key=lambda row: str(row["committed_at"]))
    owners = {name: stage.pipeline for name, stage in stages.items()}
    owners |= {row["stage"]: row["pipeline"] for row in commits}
    committed = {row["stage"]: json.loads(row["inputs"]) for row in commits if row["pipeline"] == pipeline}
    latest = {row["stage"]: Commit(row["pipeline"], row["run_id"], row["fingerprint"]) for row in commits}
    sourced = frozenset(row["source"] for row in found) if SOURCES.name in ours else None
    return Standing(relations, owners, stages, sources, committed, latest, loaded, warehouse.tells_case, sourced)


def committed(connection: sa.Connection, stage: str) -> Commit | None:
    """The latest commit of a stage; None where none stands."""
    wanted = sa.select(COMMITS.c.pipeline, COMMITS.c.run_id, COMMITS.c.fingerprint).where(COMMITS.c.stage == stage)
    found = connection.execute(wanted.order_by(COMMITS.c.committed_at.desc())).first()
    return None if found is None else Commit(*found)


def _rows(connection: sa.Connection, table: sa.Table) -> list[dict[str, Any]]:
    """All rows, with the columns that the table has: an earlier version may have made it."""
    found = connection.execute(sa.select(sa.text("*")).select_from(table)).mappings()
    return [dict.fromkeys(table.c.keys()) | dict(row) for row in found]


def _recorded(row: Mapping[str, Any]) -> Recorded:
    return Recorded(row["pipeline"], from_texts(row), row["run_id"], json.loads(row["inputs"] or "{}"))


# -- what changes


@dataclass(frozen=True, slots=True)
class Placed:
    """A relation that takes its place: what it is, by which run, of which versions of sources."""

    name: str
    definition: Definition
    run_id: str
    at: datetime
    inputs: Mapping[str, str]

    def row(self) -> dict[str, Any]:
        inputs = json.dumps(dict(self.inputs), sort_keys=True)
        return {**as_texts(self.definition), "run_id": self.run_id, "placed_at": self.at, "inputs": inputs}


def claim(connection: sa.Connection, pipeline: str, stage: str) -> None:
    """From here on the stage is the pipeline's: its rows are about to stand."""
    if not _any(connection, STAGES, STAGES.c.stage == stage):
        _add(connection, STAGES, stage=stage, pipeline=pipeline)


def place(connection: sa.Connection, stage: Placed) -> None:
    """The stage, which is claimed, stands as it is defined now."""
    connection.execute(STAGES.update().where(STAGES.c.stage == stage.name).values(stage.row()))


def claim_sources(connection: sa.Connection, pipeline: str, sources: Iterable[SourcePlan]) -> None:
    """From here on the files of these sources stand under their names; a table of the warehouse stands by itself.

    What other pipelines have loaded otherwise there stands no longer.
    """
    rows = connection.execute(sa.select(SOURCES.c.pipeline, SOURCES.c.source, SOURCES.c.loaded_as)).all()
    known = {(str(row[0]), str(row[1])): row[2] for row in rows}
    for source in sources:
        loaded, name = loaded_as(source), source.name
        if (pipeline, name) not in known:
            _add(connection, SOURCES, pipeline=pipeline, source=name, loaded_as=loaded)
        elif known[pipeline, name] != loaded:
            mine = SOURCES.c.pipeline == pipeline, SOURCES.c.source == name
            connection.execute(SOURCES.update().where(*mine).values(loaded_as=loaded))
        others = {other for (who, what), other in known.items() if what == name and who != pipeline}
        if loaded is not None and others - {None, loaded}:
            gone = SOURCES.c.source == name, SOURCES.c.pipeline != pipeline, SOURCES.c.loaded_as != loaded
            connection.execute(SOURCES.update().where(*gone).values(loaded_as=None))


def loaded_as(source: SourcePlan) -> str | None:
    """What the rows under a source's name are: two pipelines may load the same there. None where nothing is loaded."""
    if source.path is None:
        return None
    csv = None if source.csv is None else asdict(source.csv)
    declared = None if source.declared is None else {name: str(type_) for name, type_ in source.declared.items()}
    text = json.dumps([source.path, source.format, csv, declared])
    return hashlib.sha256(text.encode()).hexdigest()


def release(connection: sa.Connection, plan: Plan) -> None:
    """The pipeline has these sources and stages and no others any more; what it has published stays its own."""
    published = sa.select(COMMITS.c.stage).where(COMMITS.c.pipeline == plan.name)
    stages = STAGES.c.stage.not_in(written(s.name for s in plan.stages)), STAGES.c.stage.not_in(published)
    gone = STAGES.c.pipeline == plan.name, *stages
    if _any(connection, STAGES, *gone):
        connection.execute(STAGES.delete().where(*gone))
    # What was loaded stays, and is known for ours.
    nothing = {c.name: None for c in SOURCES.c if not c.primary_key}
    unread = SOURCES.c.pipeline == plan.name, SOURCES.c.source.not_in(written(s.name for s in plan.sources))
    if _any(connection, SOURCES, *unread, sa.or_(SOURCES.c.run_id.is_not(None), SOURCES.c.loaded_as.is_not(None))):
        connection.execute(SOURCES.update().where(*unread).values(nothing))


def _any(connection: sa.Connection, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> bool:
    """Whether a row meets the conditions: where each statement that changes rows is dear, none is done in vain."""
    return bool(connection.execute(sa.select(sa.func.count()).select_from(table).where(*conditions)).scalar_one())


@dataclass(frozen=True, slots=True)
class Making:
    """What a published table was made by: its mode, what its rows are known by, and how they lie.

    `comments` are what is told of it, by column, of the table itself under the empty name.
    """

    mode: Mode
    key: tuple[str, ...]
    surrogate_key: str | None
    storage: Storage
    comments: Mapping[str, str] = field(default_factory=dict, compare=False)


_MAKING = TypeAdapter(Making)


def making(connection: sa.Connection, stage: str) -> Making | None:
    """How a published table was made; None where nothing is recorded of it."""
    select = sa.select(TABLES.c.definition).where(TABLES.c.stage == stage)
    text = connection.execute(select).scalar_one_or_none()
    return None if text is None else _MAKING.validate_json(text)


@dataclass(frozen=True, slots=True)
class Made:
    """A published stage as it takes its place, the rows that its candidate has, and how its table is made."""

    placed: Placed
    rows: int | None
    making: Making


def committing(pipeline: str, stages: Sequence[Made]) -> Iterator[Any]:
    """The statements by which published stages, which the run has claimed, stand; a commit takes the place of the one
    before: only the latest stands."""
    if not stages:
        return
    names = [stage.placed.name for stage in stages]
    for stage in stages:
        yield STAGES.update().where(STAGES.c.stage == stage.placed.name).values(stage.placed.row())
    yield TABLES.delete().where(TABLES.c.stage.in_(written(names)))
    made = ((stage.placed.name, _MAKING.dump_json(stage.making).decode()) for stage in stages)
    yield _rows_of(TABLES, [{"stage": name, "definition": text} for name, text in made])
    yield COMMITS.delete().where(COMMITS.c.pipeline == pipeline, COMMITS.c.stage.in_(written(names)))
    yield _rows_of(COMMITS, [_commit(pipeline, stage) for stage in stages])


def _commit(pipeline: str, stage: Made) -> dict[str, Any]:
    placed = stage.placed
    told = {"pipeline": pipeline, "stage": placed.name, "run_id": placed.run_id, "committed_at": placed.at}
    inputs = json.dumps(dict(placed.inputs), sort_keys=True)
    return {**told, "fingerprint": placed.definition.fingerprint, "inputs": inputs, "rows_out": stage.rows or 0}


def kept_sources(pipeline: str, sources: Mapping[str, str | None], placed: Sequence[Placed]) -> Iterator[Any]:
    """The statements by which a run has ended well with these sources, each loaded as it says."""
    if not placed:
        return
    yield SOURCES.delete().where(SOURCES.c.pipeline == pipeline, SOURCES.c.source.in_(written(s.name for s in placed)))
    told = ({"pipeline": pipeline, "source": source.name, "loaded_as": sources[source.name]} for source in placed)
    yield _rows_of(SOURCES, [{**row, **source.row()} for row, source in zip(told, placed, strict=True)])


def held(connection: sa.Connection) -> frozenset[str]:
    """The stages of which rows are held back."""
    return frozenset(connection.execute(sa.select(HELD.c.stage).distinct()).scalars())


def discarding(connection: sa.Connection) -> frozenset[str]:
    """The stages of which rows have been discarded."""
    return frozenset(connection.execute(sa.select(DISCARDS.c.stage).distinct()).scalars())


# -- publications without a transaction


def publication(pipeline: str, run_id: str, statements: Sequence[str]) -> sa.Insert:
    """The statement after which the others will be done, by this run or the next."""
    told = {"pipeline": pipeline, "run_id": run_id}
    return PREPARED.insert().values([{**told, "position": i, "statement": t} for i, t in enumerate(statements)])


def prepared(connection: sa.Connection, warehouse: Warehouse, pipeline: str) -> tuple[str, tuple[str, ...]] | None:
    """The run of a pipeline that was cut off while it published, and what it was to do; None where there is none."""
    if PREPARED.name not in warehouse.relations(connection, FRAMEWORK_SCHEMA):
        return None
    wanted = sa.select(PREPARED.c.run_id, PREPARED.c.statement).where(PREPARED.c.pipeline == pipeline)
    found = connection.execute(wanted.order_by(PREPARED.c.position)).all()
    return (str(found[0][0]), tuple(str(text) for _, text in found)) if found else None


def publication_done(connection: sa.Connection, pipeline: str, run_id: str) -> None:
    connection.execute(PREPARED.delete().where(PREPARED.c.pipeline == pipeline, PREPARED.c.run_id == run_id))


def stands(connection: sa.Connection, run_id: str) -> bool:
    """Whether a run has published."""
    select = sa.select(sa.func.count()).select_from(COMMITS).where(COMMITS.c.run_id == run_id)
    return bool(connection.execute(select).scalar_one())
