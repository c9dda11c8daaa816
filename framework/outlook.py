"""What a run would find otherwise than it stands, and what would stop it: plain data in, plain data out."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from framework.algebra import read_by
from framework.changes import Change, Definition, Files, changes, files
from framework.obstacles import Live, Obstacle, obstacles, unfitting
from framework.plan import Plan, SourcePlan, StagePlan
from framework.selection import below, sources_read
from framework.standing import Recorded, Standing

Status = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Version:
    """What a source is made of now; `problem` where that cannot be told."""

    text: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class SourceOutlook:
    """`changes` are those of the contract; `files` are held against those of the last commit."""

    name: str
    status: Status
    changes: tuple[Change, ...]
    touches: tuple[str, ...]
    files: Files
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class StageOutlook:
    """`touches` are the stages below a change of this one; `touched_by` what has changed above it."""

    name: str
    kind: str
    status: Status
    changes: tuple[Change, ...]
    touches: tuple[str, ...]
    touched_by: tuple[str, ...]
    publishes: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """A stage that stands, and that the pipeline no longer has."""

    name: str
    kind: str | None
    published: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """`unfinished` is the run that was cut off while it published, which a run would finish first."""

    sources: tuple[SourceOutlook, ...]
    stages: tuple[StageOutlook, ...]
    gone: tuple[Gone, ...]
    obstacles: tuple[Obstacle, ...]
    unfinished: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What stands in a target; `live` are its published tables, `unfinished` a run that was cut off in publishing."""

    schemas: Mapping[str, str]
    standing: Standing
    live: Mapping[str, Live]
    unfinished: str | None = None


def outlook(
    plan: Plan,
    selected: Collection[str],
    definitions: Mapping[str, Definition],
    versions: Mapping[str, Version],
    target: Target,
) -> Outlook:
    """What a run of the selected stages would do. `versions` are those of the files and tables that they read."""
    standing = target.standing
    read = sources_read(plan, selected)
    chosen = [stage for stage in plan.stages if stage.name in selected]
    committed = _committed(plan, standing)
    sources = {
        s.name: _source(s, definitions[s.name], standing, committed.get(s.name)) for s in plan.sources if s.name in read
    }
    stages = {s.name: _compared(definitions[s.name], _stood(s, target)) for s in chosen}
    otherwise = {name for name, (status, _) in (sources | stages).items() if status == "changed"}
    touches = {
        name: tuple(s.name for s in chosen if s.name in below(plan, [name])) if status != "unchanged" else ()
        for name, (status, _) in (sources | stages).items()
    }
    above = {s.name: tuple(n for n in touches if n in otherwise and s.name in touches[n]) for s in chosen}
    nothing = Version()
    return Outlook(
        tuple(
            SourceOutlook(
                name,
                status,
                found,
                touches[name],
                _files(committed.get(name), versions[name]) if name in versions else Files(),
                versions.get(name, nothing).problem,
            )
            for name, (status, found) in sources.items()
        ),
        tuple(
            StageOutlook(s.name, s.kind, *stages[s.name], touches[s.name], above[s.name], s.publication is not None)
            for s in chosen
        ),
        tuple(_gone(plan, standing)),
        (*obstacles(plan, selected, target.schemas, standing), *unfitting(plan, selected, target.live, standing)),
        target.unfinished,
    )


def _source(
    source: SourcePlan, definition: Definition, standing: Standing, committed: str | None
) -> tuple[Status, tuple[Change, ...]]:
    """Against its contract, and where another pipeline publishes it, against the commit that it was read at."""
    status, found = _compared(definition, standing.sources.get(source.name))
    commit = None if source.published is None else standing.commits.get(source.published.stage)
    if source.published is None or commit is None or committed in (None, commit.version):
        return status, found
    if any(change.what == "kind" for change in found):
        return status, found  # it was of files, or a table
    said = f"`{source.published.stage}` was published again by `{commit.pipeline}`, in run {commit.run_id}"
    return "changed", (*found, Change("published again", said))


def _files(committed: str | None, version: Version) -> Files:
    return Files() if version.problem is not None else files(committed, version.text)


def _stood(stage: StagePlan, target: Target) -> Recorded | None:
    """What was recorded of a stage, if anything stands under its name."""
    stands = target.standing.kind(target.schemas[stage.layer], stage.name) is not None
    return target.standing.stages.get(stage.name, _UNRECORDED) if stands else None


_UNRECORDED = Recorded("", None, None, {})
_UNKNOWN = Change("unrecorded", "what stands was made by an earlier version, which did not record what it was")


def _compared(definition: Definition, recorded: Recorded | None) -> tuple[Status, tuple[Change, ...]]:
    if recorded is None:
        return "new", ()
    if recorded.definition is None:
        return "changed", (_UNKNOWN,)
    found = changes(recorded.definition, definition)
    return ("changed" if found else "unchanged"), found


def _committed(plan: Plan, standing: Standing) -> dict[str, str]:
    """The latest committed version of each source; of a pipeline that publishes nothing, the latest built.

    Of a source that no published table is made of, as one that a check alone is held against, the latest good run's.
    """
    built = (recorded.inputs for recorded in standing.stages.values() if recorded.pipeline == plan.name)
    published = _published(plan)
    found = {n: r.inputs[n] for n, r in standing.sources.items() if n not in published and n in r.inputs}
    for inputs in standing.committed.values() or built:
        found |= inputs
    return found


def _published(plan: Plan) -> set[str]:
    """What is published, and what that is made of."""
    found = {stage.name for stage in plan.stages if stage.publication is not None}
    for stage in reversed(plan.stages):  # each comes after what it reads
        if stage.name in found:
            found |= read_by(stage.query)
    return found


def _gone(plan: Plan, standing: Standing) -> Iterator[Gone]:
    ours = {stage.name for stage in plan.stages}
    for name, owner in sorted(standing.owners.items()):
        kinds = {relations[name] for relations in standing.relations.values() if name in relations}
        if owner == plan.name and name not in ours and kinds:
            recorded = standing.stages.get(name)
            definition = None if recorded is None else recorded.definition
            yield Gone(name, None if definition is None else definition.kind, "TABLE" in kinds)
