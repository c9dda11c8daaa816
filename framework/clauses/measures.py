"""Checks of one figure of a whole relation: an aggregate of a column within bounds, or the age of its newest value."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from framework.assertion import MeasureTest, Place
from framework.clauses.values import WRONG_COLUMN
from framework.draft import Draft
from framework.expressions.catalogue import function
from framework.expressions.tree import Call
from framework.expressions.typed import CLOCK, call, cast
from framework.expressions.types import INTEGER, TIMESTAMP
from framework.model import FreshnessModel, Model, Name
from framework.quantity import Number
from framework.relation import Column


class FigureBounds(Model):
    column: Name
    min: Number | None = Field(None, description="No less than this.")
    max: Number | None = Field(None, description="No more than this.")

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if self.min is None and self.max is None:
            raise PydanticCustomError("no_bound", "bounds need `min` or `max`")
        return self


def figure(draft: Draft, aggregate: str, bounds: FigureBounds, place: Place) -> MeasureTest | None:
    """An aggregate of a column of numbers, within the bounds."""
    column = draft.find(bounds.column, *place, "column")
    if column is None or not _fits(draft, column, place, column.type.is_number, "a number"):
        return None
    return MeasureTest(call(aggregate, draft.reference(column.name)), bounds.min, bounds.max)


def age(draft: Draft, model: FreshnessModel, place: Place) -> MeasureTest | None:
    """The seconds from the newest value to the run's start; a relation without one is older than any bound."""
    column = draft.find(model.column, *place, "column")
    if column is None or not _fits(draft, column, place, column.type.is_moment, "a date or a timestamp"):
        return None
    newest = cast(call("max", draft.reference(column.name)), TIMESTAMP)
    seconds = Call(INTEGER, True, function("date_diff"), (newest, CLOCK["now"]), ("second",))
    late, stale = (None if d is None else d.seconds for d in (model.warn_after, model.error_after))
    return MeasureTest(seconds, None, stale, late, required=True)


def _fits(draft: Draft, column: Column, place: Place, fits: bool, wanted: str) -> bool:
    if not fits:
        message = f"`{column.name}` is {column.type}, and `{place[-1]}` wants {wanted}"
        draft.findings.error(WRONG_COLUMN, (*draft.place, *place, "column"), message)
    return fits
