"""Checks of one figure of a whole relation: an aggregate of a column within bounds, or the age of its newest value."""

from pydantic import Field

from framework.assertion import MeasureTest, Place
from framework.clauses.bounds import Bounded
from framework.clauses.values import WRONG_COLUMN
from framework.draft import Draft
from framework.expressions.catalogue import function
from framework.expressions.tree import Call, Expression
from framework.expressions.typed import CLOCK, INEXACT, INEXACT_SUM, MONEY, NO_MONEY, call, cast
from framework.expressions.types import DOUBLE, INTEGER, TIMESTAMP
from framework.model import FreshnessModel, Name
from framework.quantity import Number
from framework.relation import Column


class FigureBounds(Bounded):
    column: Name
    min: Number | None = Field(None, description="No less than this.")
    max: Number | None = Field(None, description="No more than this.")


def figure(draft: Draft, aggregate: str, bounds: FigureBounds, place: Place) -> MeasureTest | None:
    """An aggregate of a column of numbers, within the bounds."""
    found = aggregated(draft, aggregate, bounds.column, place)
    return None if found is None else MeasureTest(found, bounds.min, bounds.max)


def aggregated(draft: Draft, aggregate: str, name: str, place: Place) -> Expression | None:
    """An aggregate of a column of numbers."""
    column = draft.find(name, *place, "column")
    if column is None or not _fits(draft, column, place, column.type.is_number, "a number"):
        return None
    if aggregate == "sum" and column.type == DOUBLE:
        help = f"{MONEY}: give `{column.name}` the type decimal(18,2) where it is read"
        if draft.place[0] == "stages":
            help += f"\n{NO_MONEY}"
        draft.findings.warn(INEXACT_SUM, (*draft.place, *place), INEXACT, help)
    return call(aggregate, draft.reference(column.name))


def distinct(value: Expression) -> Expression:
    """How many different values there are; null is none of them."""
    return Call(INTEGER, False, function("count"), (value,), distinct=True)


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
