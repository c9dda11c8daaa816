"""A source that is another pipeline's published stage: what it is follows from that pipeline's plan."""

from dataclasses import replace

from framework.diagnostics import Code, suggest
from framework.draft import Draft
from framework.model import SourceModel
from framework.plan import Plan, Published, StagePlan

UNKNOWN_STAGE = Code("F133", "a stage that the other pipeline does not have")
NOT_PUBLISHED = Code("F134", "a stage of another pipeline that is not published")
ONE_NAME = Code("F135", "two pipelines of one name")


def find(draft: Draft, model: SourceModel, name: str, plan: Plan) -> StagePlan | None:
    """The stage that a source of the pipeline `name` reads; None, with a finding, where it cannot be read."""
    if plan.name == name:
        message = f"`{plan.path}` is a pipeline of the same name, `{name}`"
        help = "a target knows pipelines by their names: give one of them another"
        draft.findings.error(ONE_NAME, (*draft.place, "pipeline"), message, help)
        return None
    place = (*draft.place, "stage")
    stages = {stage.name: stage for stage in plan.stages}
    published = [stage.name for stage in plan.stages if stage.publication is not None]
    stage = stages.get(model.stage or "")
    if stage is None:
        message, help = f"`{plan.path}` has no stage `{model.stage}`", suggest(model.stage or "", published or stages)
        draft.findings.error(UNKNOWN_STAGE, place, message, help)
    elif stage.publication is None:
        message = f"`{stage.name}` of `{plan.path}` is of kind {stage.kind}; only a published stage can be read"
        listed = f"read one that is published ({', '.join(published)}), or " if published else ""
        help = f"{listed}add a stage of kind publish there: {{kind: publish, from: {stage.name}}}"
        draft.findings.error(NOT_PUBLISHED, place, message, help)
        return None
    return stage


def published(source: str, plan: Plan, stage: StagePlan) -> Published:
    """The stage as the source stands for it."""
    assert stage.publication is not None
    relation = replace(stage.relation, name=source)
    return Published(plan.name, plan.path, stage.name, stage.layer, stage.publication.mode, relation)
