"""What stands in a target and in the way of a run: plain data in, refusals out."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from framework.plan import Plan, Publication, Published, SourcePlan, StagePlan, reads
from framework.relation import Relation, shown
from framework.selection import sources_read
from framework.standing import Making, Recorded, Standing, loaded_as


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a run that would build `stage`, or read a source of that name, is refused, and what to do about it."""

    stage: str
    message: str
    help: str


def obstacles(
    plan: Plan, selected: Collection[str], schemas: Mapping[str, str], standing: Standing
) -> Iterator[Obstacle]:
    """Everything that keeps the selected stages from being built in this target."""
    read_by_them = sources_read(plan, selected)
    for source in plan.sources:
        if source.published is not None and source.name in read_by_them:
            yield from _unpublished(source.name, source.published, schemas, standing)
        if source.path is not None and source.name in read_by_them:
            yield from _spelt(source.name, schemas["raw"], standing)
            yield from _foreign(source.name, schemas["raw"], standing)
            yield from _loaded(plan, source, standing)
    for stage in plan.stages:
        if stage.name in selected:
            yield from _spelt(stage.name, schemas[stage.layer], standing)
            yield from _owned(plan, stage, standing)
            yield from _published(stage, schemas, standing)
            continue
        read = reads(stage)
        reader = next((s.name for s in plan.stages if s.name in selected and stage.name in reads(s)), None)
        if reader is not None:
            yield from _owned(plan, stage, standing)
            yield from _unfit(stage, reader, schemas, standing)
        if _is_computed(stage, schemas, standing):
            below = (s for s in plan.stages if s.name in selected and s.name in read)
            yield from (o for s in below for o in _altered(s, stage, standing))


def _spelt(name: str, schema: str, standing: Standing) -> Iterator[Obstacle]:
    """Of two names that differ in case alone, such a warehouse has one table."""
    stands = standing.otherwise(schema, name)
    if stands is not None:
        message = f"`{name}` stands in this target as `{stands}`, and names that differ in case alone are one here"
        yield Obstacle(name, message, f"write `{stands}`, or drop what stands yourself once nobody reads it")


RENAME = "rename one of them, or run this pipeline against another target"


def _owned(plan: Plan, stage: StagePlan, standing: Standing) -> Iterator[Obstacle]:
    """A stage belongs to one pipeline of a target: two would build over each other's rows."""
    owner = standing.owners.get(stage.name, plan.name)
    if owner != plan.name:
        message = f"stage `{stage.name}` stands in this target already, from pipeline `{owner}`"
        yield Obstacle(stage.name, message, RENAME)
    loaders = [pipeline for pipeline in standing.loaded.get(stage.name, ()) if pipeline != plan.name]
    if loaders:
        message = f"`{stage.name}` is a source of pipeline `{loaders[0]}` in this target, loaded under that name"
        yield Obstacle(stage.name, message, RENAME)


def _foreign(source: str, raw: str, standing: Standing) -> Iterator[Obstacle]:
    """Loading files takes the place of what has the source's name: that must be files that were loaded before."""
    if standing.sourced is not None and source not in standing.sourced and standing.kind(raw, source) is not None:
        message = f"`{raw}.{source}` stands in this target, and no pipeline has loaded it there"
        help = "rename the source, or drop what stands yourself once nobody reads it"
        yield Obstacle(source, message, help)


def _loaded(plan: Plan, source: SourcePlan, standing: Standing) -> Iterator[Obstacle]:
    """Files are loaded under the name of their source: two pipelines may load the same there, and nothing else. One of
    them may change it; then the others follow."""
    owner = standing.owners.get(source.name, plan.name)
    if owner != plan.name:
        message = f"source `{source.name}` has the name of a stage that stands in this target, from pipeline `{owner}`"
        yield Obstacle(source.name, message, RENAME)
    recorded = standing.loaded.get(source.name, {})
    for pipeline, loaded in sorted(recorded.items()):
        if pipeline != plan.name and loaded not in (loaded_as(source), recorded.get(plan.name)):
            message = f"pipeline `{pipeline}` loads other files, or the same in another way, as `{source.name}`"
            help = "give both sources one path, format and contract, or rename one of them"
            yield Obstacle(source.name, message, help)


def _published(stage: StagePlan, schemas: Mapping[str, str], standing: Standing) -> Iterator[Obstacle]:
    """A stage that is no longer published would take the place of its table before the run is judged."""
    if stage.publication is None and standing.kind(schemas[stage.layer], stage.name) == "TABLE":
        message = f"`{stage.name}` stands as a published table, and the pipeline makes it {stage.kind}"
        yield Obstacle(stage.name, message, "rename the stage, or drop the table yourself once nobody reads it")


# -- published tables that stand

ANEW = "run once with --full-refresh, which makes every published table of the run anew"


@dataclass(frozen=True, slots=True)
class Live:
    """A published table that stands: the names of its columns, and how it was made, None where that is not known."""

    columns: Collection[str]
    making: Making | None


def unfitting(
    plan: Plan, selected: Collection[str], live: Mapping[str, Live], standing: Standing
) -> Iterator[Obstacle]:
    """Published tables that would lose a column, have it of another type, or know their rows by another key.

    The types compared are the pipeline's, so that nothing need be built; a run compares those of its candidates.
    """
    for stage in plan.stages:
        if stage.publication is not None and stage.name in selected and stage.name in live:
            stands = live[stage.name]
            yield from _narrowed(stage, stands.columns, standing.stages.get(stage.name))
            yield from rekeyed(stage, stands.columns, stands.making)


def _narrowed(stage: StagePlan, live: Collection[str], recorded: Recorded | None) -> Iterator[Obstacle]:
    definition = None if recorded is None else recorded.definition
    stood = {} if definition is None else {column.name.lower(): column.type for column in definition.columns}
    planned = {column.name.lower(): str(column.type) for column in stage.relation.columns}
    for name in live:
        kind = planned.get(name.lower())
        if kind is None:
            message = f"`{stage.name}` stands with a column `{name}` that the pipeline no longer has"
            yield Obstacle(stage.name, message, f"give the column back, or {ANEW}")
        elif stood.get(name.lower(), kind) != kind:
            was = stood[name.lower()]
            message = f"`{stage.name}` stands with `{name}` as {was}, and the pipeline makes it {kind}"
            yield Obstacle(stage.name, message, f"keep the type, or {ANEW}; a type that only widens is no exception")


def rekeyed(stage: StagePlan, live: Collection[str], was: Making | None) -> Iterator[Obstacle]:
    """Rows of earlier runs stay: they must be known by the same key as the new ones."""
    publication = stage.publication
    if publication is None or not publication.remembers:
        return
    stands = {name.lower() for name in live}
    gained = [name for name in publication.row_key if name.lower() not in stands]
    if gained:
        yield Obstacle(stage.name, f"`{stage.name}` stands without `{gained[0]}`, which is part of its key now", ANEW)
    elif was is None:
        return
    elif not of_one_key(was, publication):
        message = (
            f"`{stage.name}` stands with one row per {shown(was.key)}, and the pipeline makes one per "
            f"{shown(publication.key)}"
        )
        yield Obstacle(stage.name, message, f"keep the key, or {ANEW}")
    elif publication.surrogate_key is not None and _hashed_anew(was, publication.surrogate_key.lower(), stands):
        message = f"`{stage.name}` stands with a column `{publication.surrogate_key}` that is no hash of its key"
        yield Obstacle(stage.name, message, f"name the surrogate key otherwise, or {ANEW}")
    elif "history" in (was.mode, publication.mode) and was.mode != publication.mode:
        message = f"`{stage.name}` stands in mode {was.mode}, and the mode is {publication.mode} now"
        yield Obstacle(stage.name, message, ANEW)


def of_one_key(was: Making, publication: Publication) -> bool:
    """Whether the rows that stand are known by the key that the new ones have."""
    return [name.lower() for name in was.key] == [name.lower() for name in publication.key]


def _hashed_anew(was: Making, surrogate_key: str, stands: Collection[str]) -> bool:
    """Whether a column that stands, and was no hash, is to be the surrogate key."""
    return (was.surrogate_key or "").lower() != surrogate_key and surrogate_key in stands


# -- what other pipelines publish


def _unpublished(
    source: str, published: Published, schemas: Mapping[str, str], standing: Standing
) -> Iterator[Obstacle]:
    """The table must stand, by that pipeline's doing, and be what its file says now: the proofs rest on it."""
    stage, commit = published.stage, standing.commits.get(published.stage)
    about, help = f"source `{source}`: `{stage}` of pipeline `{published.pipeline}`", again(published)
    if commit is None or standing.kind(schemas[published.layer], stage) is None:
        yield Obstacle(source, f"{about} does not stand in this target", help)
    elif commit.pipeline != published.pipeline:
        message = f"{about} does not stand in this target: what stands is from pipeline `{commit.pipeline}`"
        yield Obstacle(source, message, "name that pipeline's file, or run this one against another target")
    else:
        recorded = standing.stages.get(stage)
        why = _why_unfit(published.relation, recorded)
        was = None if recorded is None or recorded.definition is None else recorded.definition.mode
        if why is None and published.relation.period is not None and was not in (None, published.mode):
            why = f"stands in mode {was}, and the pipeline makes it {published.mode}"
        if why is not None:
            yield Obstacle(source, f"{about} {why}", help)


def again(published: Published) -> str:
    """What brings a table of another pipeline to what that pipeline says."""
    return f"run that pipeline against this target: framework run {published.path}"


# -- what is not selected


def _unfit(stage: StagePlan, reader: str, schemas: Mapping[str, str], standing: Standing) -> Iterator[Obstacle]:
    """What is not selected is read as it stands: it must stand, and be what the plan takes it for."""
    stands = standing.kind(schemas[stage.layer], stage.name) is not None
    why = _why_unfit(stage.relation, standing.stages.get(stage.name)) if stands else "does not stand in this target"
    if why is not None:
        message = f"`{reader}` reads `{stage.name}`, which is not selected and {why}"
        yield Obstacle(reader, message, f"select what it is made of as well: --select +{reader}")


def _why_unfit(planned: Relation, recorded: Recorded | None) -> str | None:
    """What the proofs of the plan rest on and the relation as it stands does not keep."""
    definition = None if recorded is None else recorded.definition
    if definition is None:
        return None
    stood = {column.name.lower(): column for column in definition.columns}
    for column in planned.columns:
        was = stood.get(column.name.lower())
        if was is None:
            return f"stands without the column `{column.name}`"
        if was.name != column.name:
            return f"stands with a column `{was.name}`, which the pipeline writes `{column.name}`"
        if was.type != str(column.type):
            return f"stands with `{column.name}` as {was.type}, and the pipeline makes it {column.type}"
        if was.nullable and not column.nullable:
            return f"stands with nulls in `{column.name}`, for all that is known of it"
    keys = [frozenset(name.lower() for name in key) for key in definition.keys]
    for key in planned.keys:
        if not any(known <= {name.lower() for name in key} for known in keys):
            return "stands with another key than the pipeline gives it"
    return None


def _is_computed(stage: StagePlan, schemas: Mapping[str, str], standing: Standing) -> bool:
    """Whether a stage stands as a view over what it reads, with no rows of its own."""
    schema = schemas[stage.layer]
    return standing.kind(schema, stage.name) == "VIEW" and standing.kind(schema, f"{stage.name}__rows") is None


def _altered(stage: StagePlan, view: StagePlan, standing: Standing) -> Iterator[Obstacle]:
    """A view stays a view of what it was made over: columns may come behind those that stand, and none may go."""
    recorded = standing.stages.get(stage.name)
    definition = None if recorded is None else recorded.definition
    if definition is None:
        return
    stood = [(column.name, column.type) for column in definition.columns]
    planned = [(column.name, str(column.type)) for column in stage.relation.columns]
    if planned[: len(stood)] != stood:
        message = f"`{view.name}` is not selected and stands as a view over `{stage.name}`, whose columns change"
        yield Obstacle(stage.name, message, f"select what is made of it as well: --select {stage.name}+")
