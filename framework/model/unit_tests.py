"""Unit tests: made rows for what a stage reads, and the rows that must come out."""

from collections.abc import Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from framework.model.part import Model
from framework.model.values import Frozen, Name

Row = Annotated[Mapping[str, Any], AfterValidator(lambda row: MappingProxyType(dict(row)))]
Rows = tuple[Row, ...]


def _moment(value: Any) -> datetime:
    """A date is the moment at which it begins."""
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        message = 'a moment is expected; write 2014-01-31, or without an offset "2014-01-31 06:00:00"'
        raise PydanticCustomError("no_moment", "{message}", {"message": message})
    return found


class ExpectModel(Model):
    """What a stage gives: the rows that come out, and those that it holds back."""

    rows: Rows | None = Field(
        None, description="The rows that come out, in any order; without it they are not compared."
    )
    quarantined: Rows | None = Field(
        None, description="The rows held back, in any order; `_reasons` and `_bucket` may be among their columns."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.rows is None and self.quarantined is None:
            raise PydanticCustomError("nothing_expected", "nothing is expected; write `rows` or `quarantined`")
        return self


class UnitTestModel(Model):
    """A unit test of one stage."""

    stage: Name = Field(description="The stage that is tested.")
    description: str | None = None
    given: Frozen[Rows] = Field(
        default_factory=dict,
        description="By relation, its rows; relations not given are empty, and columns not given null.",
    )
    vars: Frozen[Any] = Field(
        default_factory=dict, description="Values of variables, and of interval_start and interval_end, for this test."
    )
    as_of: Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)] | None = Field(
        None, description="What current_date and now() are; a stage that uses them needs it."
    )
    expect: Annotated[
        ExpectModel,
        BeforeValidator(
            lambda v: {"rows": v} if isinstance(v, list | tuple) else v, json_schema_input_type=Rows | ExpectModel
        ),
    ] = Field(description="The rows that come out; only the columns named are compared.")


class UnitTestsModel(Model):
    """A file of unit tests of one pipeline."""

    pipeline: str = Field(min_length=1, description="The file of the pipeline, relative to the project.")
    description: str | None = None
    tests: Annotated[Frozen[UnitTestModel], Field(min_length=1)]
