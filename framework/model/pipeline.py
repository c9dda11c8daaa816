"""A pipeline file, and its variables."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from framework.model.part import Model
from framework.model.sources import SourceModel
from framework.model.stages import AnyStage
from framework.model.unit_tests import UnitTestModel
from framework.model.values import Frozen, Name, Names, TypeName


class VariableModel(Model):
    """A variable: its value, or a mapping with more."""

    value: Any = Field(description="What it is where a run is given nothing else.")
    type: TypeName | None = Field(None, description="Where it is wider than the value as it is written.")
    description: str | None = None


Variable = Annotated[
    VariableModel,
    BeforeValidator(
        lambda v: v if isinstance(v, Mapping) else {"value": v},
        json_schema_input_type=str | int | float | bool | VariableModel,
    ),
]


class PipelineModel(Model):
    """A pipeline file."""

    pipeline: Name = Field(description="The pipeline's name.")
    description: str | None = None
    owner: str | None = None
    schedule: str | None = Field(None, description="When it runs, as cron writes it; read by orchestrator exports.")
    balance: Names = Field((), description="Money carried beside row counts in the ledger.")
    vars: Frozen[Variable] = Field(
        default_factory=dict, description="Values that expressions name as :name, and --var replaces for a run."
    )
    sources: Frozen[SourceModel] = Field(default_factory=dict)
    stages: Annotated[Frozen[AnyStage], Field(min_length=1)]
    tests: Frozen[UnitTestModel] = Field(default_factory=dict, description="Unit tests of the stages, by name.")
