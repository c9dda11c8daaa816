"""`unpivot` and `expand`: one row becomes several, before anything else is computed."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from framework.algebra import Derive, Divert, Repeat
from framework.clauses.joins import TAKEN_TWICE
from framework.diagnostics import Code
from framework.draft import Draft
from framework.expressions import types as t
from framework.expressions.strictness import either
from framework.expressions.tree import Expression, Reference
from framework.expressions.typed import CLOCK, call, cast, literal
from framework.model import Model, Name, Names, refuse_one_end
from framework.relation import Column

NOT_A_MOMENT = Code("F246", "periods of what is no moment")
UNLIKE = Code("F247", "columns of different types made values of one")

Every = Literal["day", "week", "month", "quarter", "year"]
_DIGITS = 3  # of a column's number in the list of those that hold a value


class UnpivotModel(Model):
    """Columns that become rows: one for each that holds a value."""

    columns: Names = Field(min_length=1, description="The columns that become rows.")
    name: Name = Field(description="The column that says which of them a row is of.")
    value: Name = Field(description="The column that holds its value.")


class ExpandModel(Model):
    """One row per calendar period that a span touches."""

    as_: Name = Field(alias="as", description="The column with the first day of the period.")
    from_: Name = Field(alias="from", description="Where the span begins.")
    to: Name = Field(description="Where it ends, exclusive; a null is open, and ends at the run's start.")
    every: Every = Field("month", description="day, week, month, quarter or year.")

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        refuse_one_end(self.from_, self.to)
        return self


def unpivot(draft: Draft, model: UnpivotModel) -> None:
    if not _unpivot(draft, model):
        _lost(draft, model.name, model.value)


def expand(draft: Draft, model: ExpandModel) -> Expression | None:
    """The rows come out with `as`; those whose span cannot be read are rejected.

    Where their groups go with them they stay, each once, until the columns are computed that say which those are:
    what is returned is true of them, None where there can be none.
    """
    unread = draft.unreadable(model.from_, model.to)
    if not draft.group:
        draft.divert(unread, "rejected")
        unread = None
    if unread is not None:
        name = draft.own("spanless")
        draft.step(Derive(((name, unread),), "expand"))
        unread = Reference(t.BOOLEAN, False, name)
    if not _expand(draft, model, unread):
        _lost(draft, model.as_)
    return unread


def _lost(draft: Draft, *names: str) -> None:
    """After a mistake the columns that were to be are unknown, and say nothing more."""
    for name in names:
        if name.lower() not in draft.columns:
            draft.add(Column(name, t.UNKNOWN))


def _unpivot(draft: Draft, model: UnpivotModel) -> bool:
    found = [draft.find(name, "unpivot", "columns", i) for i, name in enumerate(model.columns)]
    columns = [c for c in found if c is not None]
    if len(columns) < len(found):
        return False
    if not _new(draft, model.name, "unpivot", "name") or not _new(draft, model.value, "unpivot", "value", model.name):
        return False
    if not _alike(draft, columns):
        return False
    present = [_present(draft, column) for column in columns]
    numbers = [f"{i:0{_DIGITS}}" for i in range(len(columns))]
    # The numbers of the columns that hold a value, one after another: the row of each finds its own by its place.
    marks = [call("if", p, literal(number), literal("")) for p, number in zip(present, numbers, strict=True)]
    draft.step(Derive((("_present", call("concat", *marks)),), "unpivot"))
    listed = Reference(t.STRING, False, "_present")
    before = draft.rows.row
    draft.step(Repeat(_many(present), "_place"))
    place = Reference(t.INTEGER, True, "_place")
    draft.step(Divert(call("is null", place), "no value"))
    start = call("+", call("*", place, literal(_DIGITS)), literal(1))
    draft.step(Derive((("_column", call("substring", listed, start, literal(_DIGITS))),), "unpivot"))
    column = Reference(t.STRING, True, "_column")
    names = [part for c, n in zip(columns, numbers, strict=True) for part in (_is(column, n), literal(c.name))]
    values = [part for c, n in zip(columns, numbers, strict=True) for part in (_is(column, n), draft.reference(c.name))]
    draft.derive(model.name, call("case", *names), label="unpivot")
    draft.derive(model.value, call("case", *values), label="unpivot")
    draft.not_null([model.name])
    draft.rows.key([model.name], before)
    return True


def _many(conditions: Sequence[Expression]) -> Expression:
    """How many of them hold."""
    count: Expression = literal(0)
    for condition in conditions:
        count = call("+", count, call("if", condition, literal(1), literal(0)))
    return count


def _is(column: Expression, number: str) -> Expression:
    return call("=", column, literal(number))


def _present(draft: Draft, column: Column) -> Expression:
    """Whether the column holds a value, or a text that could not be read as one."""
    given = call("is not null", draft.reference(column.name))
    return either(given, draft.unreadable(column.name)) or given


def _alike(draft: Draft, columns: Sequence[Column]) -> bool:
    for index, column in enumerate(columns):
        if t.widen(columns[0].type, column.type) is None:
            draft.findings.error(
                UNLIKE,
                (*draft.place, "unpivot", "columns", index),
                f"`{column.name}` is {column.type}, and `{columns[0].name}` is {columns[0].type}",
                "columns of one type become the values of one column",
            )
            return False
    return True


def _expand(draft: Draft, model: ExpandModel, unread: Expression | None) -> bool:
    start = draft.find(model.from_, "expand", "from")
    end = draft.find(model.to, "expand", "to")
    if start is None or end is None or not _new(draft, model.as_, "expand", "as"):
        return False
    for column, clause in ((start, "from"), (end, "to")):
        if not column.type.is_moment:
            draft.findings.error(
                NOT_A_MOMENT,
                (*draft.place, "expand", clause),
                f"`{column.name}` is {column.type}, and a span is of dates or timestamps",
                "convert it in the contract or in a stage before",
            )
            return False
    if t.UNKNOWN not in (start.type, end.type) and start.type != end.type:
        draft.findings.error(
            NOT_A_MOMENT,
            (*draft.place, "expand", "to"),
            f"`{end.name}` is {end.type}, and `{start.name}` is {start.type}",
            "give both one type",
        )
        return False
    draft.step(Derive((("_until", _until(draft, end)),), "expand"))
    until = Reference(end.type, False, "_until")
    touched = _touched(draft.reference(start.name), until, model.every)
    before = draft.rows.row
    draft.step(Repeat(touched if unread is None else call("if", unread, literal(0), touched), "_place"))
    place = Reference(t.INTEGER, True, "_place")
    empty = call("is null", place)
    draft.step(Divert(empty if unread is None else call("and", empty, call("not", unread)), "no period"))
    draft.step(Derive((("_period", _trunc(draft.reference(start.name), model.every)),), "expand"))
    first = Reference(start.type, True, "_period")
    day = call("date_add", first, place, options=(model.every,))
    draft.derive(model.as_, cast(day, t.DATE), label="expand")
    draft.not_null([model.as_, start.name])
    draft.rows.key([model.as_], before)
    return True


def _until(draft: Draft, end: Column) -> Expression:
    now: Expression = CLOCK["current_date"] if end.type == t.DATE else CLOCK["now"]
    return call("coalesce", draft.reference(end.name), now)


def _trunc(moment: Expression, every: str) -> Expression:
    return call("date_trunc", moment, options=(every,))


def _touched(start: Expression, until: Expression, every: str) -> Expression:
    """How many periods [start, until) touches: the one of `until` only where the span goes into it."""
    between = call("date_diff", start, until, options=(every,))
    into = call("if", call("<", _trunc(until, every), until), literal(1), literal(0))
    whole = call("+", between, into)
    return call("if", call("<", start, until), whole, literal(0))


def _new(draft: Draft, name: str, clause: str, key: str, *beside: str) -> bool:
    """Whether no column has the name, nor one `beside` that the clause makes too."""
    if name.lower() not in (*draft.columns, *(other.lower() for other in beside)):
        return True
    draft.findings.error(
        TAKEN_TWICE,
        (*draft.place, clause, key),
        f"stage `{draft.name}` has a column `{name}` already",
        "give it another name",
    )
    return False
