"""What stands in a target, as it is recorded there."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from framework.changes import Definition, from_texts
from framework.ddl import FRAMEWORK_SCHEMA
from framework.standing.tables import COMMITS, DISCARDS, HELD, SOURCES, STAGES
from framework.warehouse import Warehouse


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


def held(connection: sa.Connection) -> frozenset[str]:
    """The stages of which rows are held back."""
    return frozenset(connection.execute(sa.select(HELD.c.stage).distinct()).scalars())


def discarding(connection: sa.Connection) -> frozenset[str]:
    """The stages of which rows have been discarded."""
    return frozenset(connection.execute(sa.select(DISCARDS.c.stage).distinct()).scalars())


def stands(connection: sa.Connection, run_id: str) -> bool:
    """Whether a run has published."""
    select = sa.select(sa.func.count()).select_from(COMMITS).where(COMMITS.c.run_id == run_id)
    return bool(connection.execute(select).scalar_one())
