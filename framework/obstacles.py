"""What stands in a target and in the way of a run: plain data in, refusals out."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from framework.plan import Plan, StagePlan, reads
from framework.standing import Standing


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a run that would build `stage` is refused, and what to do about it."""

    stage: str
    message: str
    help: str


def obstacles(
    plan: Plan, selected: Collection[str], schemas: Mapping[str, str], standing: Standing
) -> Iterator[Obstacle]:
    """Everything that keeps the selected stages from being built in this target."""
    stages = {stage.name: stage for stage in plan.stages}
    read = {name: stage.name for stage in plan.stages if stage.name in selected for name in reads(stage)}
    for stage in plan.stages:
        if stage.name in selected:
            yield from _owned(plan, stage, standing)
            yield from _published(stage, schemas, standing)
        elif stage.name in read:
            yield from _owned(plan, stage, standing)
            yield from _missing(stages[stage.name], read[stage.name], schemas, standing)


def _owned(plan: Plan, stage: StagePlan, standing: Standing) -> Iterator[Obstacle]:
    """A stage belongs to one pipeline of a target: two would build over each other's rows."""
    owner = standing.owners.get(stage.name, plan.name)
    if owner != plan.name:
        message = f"stage `{stage.name}` stands in this target already, from pipeline `{owner}`"
        yield Obstacle(stage.name, message, "rename one of them, or run this pipeline against another target")


def _published(stage: StagePlan, schemas: Mapping[str, str], standing: Standing) -> Iterator[Obstacle]:
    """A stage that is no longer published would take the place of its table before the run is judged."""
    if stage.publication is None and standing.relations[schemas[stage.layer]].get(stage.name) == "TABLE":
        message = f"`{stage.name}` stands as a published table, and the pipeline makes it {stage.kind}"
        yield Obstacle(stage.name, message, "rename the stage, or drop the table yourself once nobody reads it")


def _missing(stage: StagePlan, reader: str, schemas: Mapping[str, str], standing: Standing) -> Iterator[Obstacle]:
    """What is not selected is read as it stands."""
    if stage.name not in standing.relations[schemas[stage.layer]]:
        message = f"`{reader}` reads `{stage.name}`, which is not selected and does not stand in this target"
        yield Obstacle(reader, message, f"select what it is made of as well: --select +{reader}")
