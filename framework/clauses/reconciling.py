"""A figure held against another relation's, group by group."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from framework.algebra import Branch, Divert, Group, Query, Read, Union
from framework.assertion import Place, SetTest
from framework.clauses.checks import UNKNOWN_TARGET
from framework.clauses.values import WRONG_VALUE
from framework.diagnostics import suggest
from framework.draft import Draft
from framework.expressions import types as t
from framework.expressions.strictness import either
from framework.expressions.tree import TRUE, Expression, Literal, Reference
from framework.expressions.typed import Scope, call, cast, literal
from framework.model import Expr, ListOrMapping, Model, Name
from framework.quantity import Number
from framework.readable import Readable
from framework.relation import Column

# A double is no more exact than the order in which it was summed.
RELATIVE = 1e-9

Pair = tuple[Column, Column, t.Type]  # a column of `by` here and there, and the type of both


class Comparison(Model):
    measure: Expr = Field(description="An aggregate over the rows here.")
    with_: Name = Field(alias="with", description="The other source or stage.")
    with_measure: Expr | None = Field(None, description="An aggregate over its rows; without it `measure` itself.")
    by: ListOrMapping[Name] = Field((), description="One comparison for each: names, or {here: there}.")
    tolerance: Annotated[Number, Field(ge=0)] | None = Field(
        None, description="How far the two may lie apart; without it doubles 1e-9 of the larger, all else not at all."
    )


def reconciled(draft: Draft, model: Comparison, place: Place, with_: str = "with") -> SetTest | None:
    """The groups whose figures differ; the other relation is named under `with_`."""
    if model.with_ == draft.name:
        message, help = f"`{model.with_}` is compared with itself", "compare two measures in an aggregate stage"
        draft.findings.error(UNKNOWN_TARGET, (*draft.place, *place, with_), message, help)
        return None
    other = draft.readable(model.with_, (*draft.place, *place, with_))
    if other is None:
        return None
    before = len(draft.findings.errors)
    pairs = list(_pairs(draft, other, model.by, (*place, "by")))
    here = _measure(draft, model.measure, (*place, "measure"), draft.scope(windows=False))
    word = "measure" if model.with_measure is None else "with_measure"
    there = _measure(draft, model.with_measure or model.measure, (*place, word), _scope(other))
    type_ = _type(draft, model, here, there, place)
    if len(draft.findings.errors) > before or type_ is None:
        return None
    groups = (
        _side(Query(Read(draft.name)), [(one, wide) for one, _, wide in pairs], cast(here, type_), here=True),
        _side(other.query, [(one, wide) for _, one, wide in pairs], cast(there, type_), here=False),
    )
    return SetTest(Query(Union(groups), _compared(len(pairs), type_, model.tolerance), ("_first",)))


# -- what is compared


def _scope(other: Readable) -> Scope:
    relation = other.relation
    columns: dict[str, Expression] = {c.name.lower(): Reference(c.type, c.nullable, c.name) for c in relation.columns}
    return Scope(columns, f"`{relation.name}`", _open(other), windows=False)


def _open(other: Readable) -> t.Type | None:
    """The type of columns that nobody declared."""
    if not other.relation.open:
        return None
    return t.STRING if other.text else t.UNKNOWN


def _measure(draft: Draft, text: str, path: Place, inside: Scope) -> Expression:
    scope = Scope({}, f"a measure of {inside.place}", None, draft.variables, aggregated=inside, windows=False)
    return draft.findings.expression(text, (*draft.place, *path), scope)


def _pairs(draft: Draft, other: Readable, by: ListOrMapping[Name], path: Place) -> Iterator[Pair]:
    named: list[tuple[str, str, str | int]] = []
    if isinstance(by, Mapping):
        named += [(here, there, here) for here, there in by.items()]
    else:
        named += [(name, name, index) for index, name in enumerate(by)]
    for here, there, step in named:
        left = draft.find(here, *path, step, key=isinstance(by, Mapping))
        right = other.relation.column(there)
        if right is None and other.relation.open:
            right = Column(there, _open(other) or t.UNKNOWN)
        place = (*draft.place, *path, step)
        if right is None:
            message = f"no column `{there}` in `{other.relation.name}`"
            draft.findings.error(UNKNOWN_TARGET, place, message, suggest(there, other.relation.names))
        if left is None or right is None:
            continue
        type_ = t.widen(left.type, right.type)
        if type_ is None:
            message = f"`{left.name}` is {left.type}, and `{right.name}` of `{other.relation.name}` is {right.type}"
            draft.findings.error(WRONG_VALUE, place, message, "convert one of them in the stage that makes it")
            continue
        yield left, right, type_


def _type(draft: Draft, model: Comparison, here: Expression, there: Expression, place: Place) -> t.Type | None:
    """The one type of both measures; None, with a finding, where they cannot be compared."""
    type_ = t.widen(here.type, there.type)
    if type_ is None or type_.name == "json":
        message = f"the measure is {here.type} here, and {there.type} in `{model.with_}`"
        draft.findings.error(WRONG_VALUE, (*draft.place, *place), message, "write measures of one type")
        return None
    if model.tolerance is not None and not type_.is_number:
        message = f"the measures are {type_}, and have no tolerance"
        draft.findings.error(WRONG_VALUE, (*draft.place, *place, "tolerance"), message, "leave `tolerance` out")
        return None
    return type_


# -- how


def _side(query: Query, by: list[tuple[Column, t.Type]], measure: Expression, *, here: bool) -> Branch:
    """The groups of one relation: their keys, the measure in the column of its side, and which side it is."""
    keys = [(f"_g{i}", Reference(column.type, column.nullable, column.name)) for i, (column, _) in enumerate(by)]
    group = Group(tuple(keys), (("_m", measure),))
    value: Expression = Reference(measure.type, True, "_m")
    nothing: Expression = Literal(measure.type, True, None)
    shared = [(f"_k{i}", cast(Reference(column.type, True, f"_g{i}"), type_)) for i, (column, type_) in enumerate(by)]
    columns = (
        *shared,
        ("_here", value if here else nothing),
        ("_there", nothing if here else value),
        ("_side", literal(1 if here else 2)),
    )
    return Branch(Query(query.input, (*query.steps, group)), columns)


def _compared(keys: int, type_: t.Type, tolerance: Number | None) -> tuple[Group, Divert]:
    """Both sides of a group in one row; those that agree are left out.

    An outer join would not do: no engine joins fully where null must equal null.
    """
    by = tuple((f"_k{i}", Reference(t.UNKNOWN, True, f"_k{i}")) for i in range(keys))
    side = Reference(t.INTEGER, False, "_side")
    one_of = "bool_or" if type_ == t.BOOLEAN else "max"
    sides = tuple((name, call(one_of, Reference(type_, True, name))) for name in ("_here", "_there"))
    group = Group(by, (*sides, ("_first", call("min", side)), ("_last", call("max", side))))
    first, last = (Reference(t.INTEGER, False, name) for name in ("_first", "_last"))
    failing = either(call("=", first, last), _differ(type_, tolerance)) or TRUE
    return group, Divert(call("is not true", failing), "agreed")


def _differ(type_: t.Type, tolerance: Number | None) -> Expression:
    here, there = Reference(type_, True, "_here"), Reference(type_, True, "_there")
    unlike = call("is distinct from", here, there)
    if tolerance is None and type_ != t.DOUBLE:
        return unlike
    allowed: Expression = literal(RELATIVE if tolerance is None else tolerance)
    if tolerance is None:
        allowed = call("*", allowed, call("greatest", call("abs", here), call("abs", there)))
    apart = call(">", call("abs", call("-", here, there)), allowed)
    nulls = either(call("is null", here), call("is null", there)) or TRUE
    return call("and", unlike, either(nulls, apart) or TRUE)
