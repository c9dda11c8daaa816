"""What stands from now on: claims of names, relations that take their places, commits of published tables."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from framework.changes import Definition, as_texts
from framework.ddl import Storage
from framework.dml import written
from framework.plan import Mode, Plan, SourcePlan
from framework.standing.tables import COMMITS, SOURCES, STAGES, TABLES, add, any_of, rows_of


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
    if not any_of(connection, STAGES, STAGES.c.stage == stage):
        add(connection, STAGES, stage=stage, pipeline=pipeline)


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
            add(connection, SOURCES, pipeline=pipeline, source=name, loaded_as=loaded)
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
    if any_of(connection, STAGES, *gone):
        connection.execute(STAGES.delete().where(*gone))
    # What was loaded stays, and is known for ours.
    nothing = {c.name: None for c in SOURCES.c if not c.primary_key}
    unread = SOURCES.c.pipeline == plan.name, SOURCES.c.source.not_in(written(s.name for s in plan.sources))
    if any_of(connection, SOURCES, *unread, sa.or_(SOURCES.c.run_id.is_not(None), SOURCES.c.loaded_as.is_not(None))):
        connection.execute(SOURCES.update().where(*unread).values(nothing))


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
    text = connection.execute(select).scalars().first()
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
    yield rows_of(TABLES, [{"stage": name, "definition": text} for name, text in made])
    yield COMMITS.delete().where(COMMITS.c.pipeline == pipeline, COMMITS.c.stage.in_(written(names)))
    yield rows_of(COMMITS, [_commit(pipeline, stage) for stage in stages])


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
    yield rows_of(SOURCES, [{**row, **source.row()} for row, source in zip(told, placed, strict=True)])
