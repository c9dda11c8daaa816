"""`join` and `lookup`: another relation beside the row, and what becomes of a row without a match."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeGuard

from pydantic import BeforeValidator, Discriminator, Field, StrictBool, Tag
from pydantic_core import PydanticCustomError

from framework.algebra import Derive, Divert, Join, Query
from framework.assertion import Place
from framework.clauses.columns import condition
from framework.clauses.values import mismatch
from framework.dependencies import Rows
from framework.diagnostics import Code, suggest
from framework.draft import Draft
from framework.expressions import types as t
from framework.expressions.parser import parse
from framework.expressions.strictness import either
from framework.expressions.syntax import SyntaxProblem
from framework.expressions.tree import (
    TRUE,
    Call,
    Expression,
    Reference,
    Variable,
    calls_native,
    operands,
    transform,
    walk,
)
from framework.expressions.tree import Literal as TreeLiteral
from framework.expressions.typed import Scope, call, cast, literal
from framework.expressions.types import BOOLEAN, widen
from framework.model import Expr, Frozen, ListOrMapping, Model, Name, shape
from framework.readable import Readable
from framework.relation import Column, Key, Relation, classified, shown

FAN_OUT = Code("F301", "a join that multiplies rows")
UNMATCHED_TYPES = Code("F213", "a join of columns of different types")
TAKEN_TWICE = Code("F214", "a taken name that the relation has already")
NO_PERIOD = Code("F215", "`as_of` a relation without `valid`")
WRONG_MISSING = Code("F216", "`missing` that the join cannot have")
UNUSED_CLAUSE = Code("F217", "a clause that this join cannot have")
UNKNOWN_RIGHT = Code("F218", "unknown column of the other side of a join")

JoinKind = Literal["inner", "left", "full", "semi", "anti"]
On = ListOrMapping[Name]
Take = ListOrMapping[Expr]
Missing = Annotated[
    Annotated[Literal["keep", "drop", "quarantine", "fail"], Tag("word")] | Annotated[Frozen[Any], Tag("mapping")],
    Discriminator(shape),
]


def _no_drop(value: Any) -> Any:
    if value == "drop":
        message = (
            "a lookup never drops rows; join in a stage of kind assemble, where an inner join drops rows without a"
        )
        raise PydanticCustomError("no_drop", "{message}", {"message": f"{message} match"})
    return value


MissingOfLookup = Annotated[
    Annotated[Literal["keep", "quarantine", "fail"], Tag("word")] | Annotated[Frozen[Any], Tag("mapping")],
    Discriminator(shape),
    BeforeValidator(_no_drop),
]


class LookupModel(Model):
    """One row of another relation at most, beside each row."""

    relation: Name | None = Field(None, description="The relation, where the lookup has a name of its own.")
    on: On = Field(description="Columns equal on both sides: a name, a list, or {left: right}.")
    take: Take = Field((), description="What comes over: a list, or {new: old-or-expression}.")
    as_of: Name | None = Field(None, description="The column whose moment picks the period of a relation with `valid`.")
    missing: MissingOfLookup = Field(
        "keep", description="keep, quarantine, fail, or default values, for a row without a match."
    )


class JoinModel(Model):
    """Another relation joined: inner unless `type` says otherwise."""

    relation: Name | None = Field(None, description="The relation, where the join has a name of its own.")
    type: JoinKind = "inner"
    on: On = Field(description="Columns equal on both sides: a name, a list, or {left: right}.")
    take: Take = Field((), description="What comes over: a list, or {new: old-or-expression}.")
    where: Expr | None = Field(None, description="More conditions of a match; right-hand columns as name.column.")
    missing: Missing | None = Field(None, description="drop (inner), keep (left), quarantine, fail, or default values.")
    fan_out: StrictBool = Field(False, description="Let a row match several rows.")


def written(models: Iterable[LookupModel | JoinModel]) -> Iterator[tuple[str, str]]:
    """What is taken as an expression, each with the column that it gives."""
    for model in models:
        if isinstance(model.take, Mapping):
            yield from model.take.items()


@dataclass(frozen=True, slots=True)
class _Side:
    """The right side of a join while it is resolved."""

    name: str
    readable: Readable
    place: Place
    variables: Mapping[str, Variable]
    where: Expression | None = None  # what a match must meet beside `on`

    @property
    def relation(self) -> Relation:
        return self.readable.relation

    def find(self, draft: Draft, name: str, *path: str | int) -> Column | None:
        column = self.relation.column(name)
        if column is None and self.relation.open:
            type_ = t.STRING if self.readable.text else t.UNKNOWN
            return Column(name, type_, classification=self.relation.classification)
        if column is None:
            draft.findings.error(
                UNKNOWN_RIGHT,
                (*draft.place, *self.place, *path),
                f"no column `{name}` in `{self.relation.name}`",
                suggest(name, self.relation.names),
            )
        return column

    def is_key(self, names: Key) -> bool:
        """Whether one of the rows at most that can match has the values of these columns."""
        rows = Rows(self.readable.known)
        for part in () if self.where is None else operands(self.where, "and"):
            if all(n.qualifier == self.name for n in walk(part) if isinstance(n, Reference)):
                rows.only(transform(part, lambda n: replace(n, qualifier=None) if isinstance(n, Reference) else n))
        return rows.known().is_key(names)

    @property
    def open(self) -> t.Type | None:
        """The type of columns that nobody declared."""
        if not self.relation.open:
            return None
        return t.STRING if self.readable.text else t.UNKNOWN

    def reference(self, column: Column) -> Reference:
        return Reference(column.type, column.nullable, column.name, self.name)

    def scope(self, draft: Draft, place: str) -> Scope:
        columns: dict[str, Expression] = {c.name.lower(): self.reference(c) for c in self.relation.columns}
        return Scope(columns, place, self.open, self.variables, windows=False, native=draft.native)

    def query(self) -> Query:
        """The right rows; one with an unreadable value matches nothing."""
        flags = [Reference(BOOLEAN, False, flag) for flag in self.readable.flags.values()]
        unreadable = either(*flags)
        query = self.readable.query
        steps = query.steps if unreadable is None else (*query.steps, Divert(unreadable, "unreadable"))
        return Query(query.input, steps, query.output)


def lookup(draft: Draft, name: str, model: LookupModel, place: Place) -> None:
    """A many-to-one left join; never more rows."""
    side = _side(draft, name, model.relation, place)
    if side is None:
        _take_unknown(draft, model.take)
        return
    on, rights, pairs = _on(draft, side, model.on)
    if model.as_of is not None:
        moment = _as_of(draft, side, model.as_of)
        on = on if moment is None else call("and", on, moment)
    if len(pairs) == len(model.on):
        _refuse_fan_out(draft, side, rights, as_of=model.as_of is not None)
    _left(draft, side, on, pairs, model.take, model.missing)


def join(draft: Draft, name: str, model: JoinModel, place: Place) -> None:
    side = _side(draft, name, model.relation, place)
    if side is None:
        _take_unknown(draft, model.take)
        return
    on, rights, pairs = _on(draft, side, model.on)
    if model.where is not None:
        where = _where(draft, side, model.where)
        on = call("and", on, where)
        if model.type != "full":
            rights |= frozenset(_one_value(where))
            side = replace(side, where=where)
    if model.type in ("semi", "anti"):
        _exists(draft, side, model, on, pairs)
        return
    if not model.fan_out and len(pairs) == len(model.on):
        _refuse_fan_out(draft, side, rights, as_of=False, help=_fan_out_help(side))
    if model.type == "full":
        _full(draft, side, model, on, pairs, rights)
        return
    missing = model.missing if model.missing is not None else "drop" if model.type == "inner" else "keep"
    if (missing == "drop" and model.type == "left") or (missing == "keep" and model.type == "inner"):
        draft.findings.error(
            WRONG_MISSING,
            (*draft.place, *place, "missing"),
            f"an {model.type} join cannot `{missing}`" if model.type == "inner" else f"a left join cannot `{missing}`",
            "write type: left to keep rows without a match" if model.type == "inner" else "write type: inner",
        )
    if model.type == "inner":
        lefts = [left for left, _ in pairs if draft.columns[left.lower()].nullable]
        draft.divert(either(*(call("is null", draft.reference(left)) for left in lefts)), "no key")
        draft.not_null([left for left, _ in pairs])
    multiplies = model.fan_out and not side.is_key(rights)
    _left(draft, side, on, pairs, model.take, missing, multiplies=multiplies)


# -- the parts of a join


def _side(draft: Draft, name: str, relation: str | None, place: Place) -> _Side | None:
    path: Place = (*draft.place, *place)
    readable = draft.readable(relation or name, (*path, "relation") if relation else path, key=relation is None)
    return None if readable is None else _Side(name, readable, place, draft.variables)


def _take_unknown(draft: Draft, take: Take) -> None:
    """After an unknown relation its columns are unknown too, and say nothing more."""
    for name, _, _ in _taken(take):
        draft.add(Column(name, t.UNKNOWN))


def _taken(take: Take) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Each new name, its expression, and the path to it."""
    if isinstance(take, Mapping):
        for name, text in take.items():
            yield name, text if text is not None else name, ("take", name)
    else:
        for index, name in enumerate(take):
            yield name, f'"{name}"', ("take", index)


def _on(draft: Draft, side: _Side, on: On) -> tuple[Expression, Key, list[tuple[str, str]]]:
    """The equalities, the right columns in them, and the pairs of names."""
    result: Expression | None = None
    pairs: list[tuple[str, str]] = []
    given = (
        [(left, right, left) for left, right in on.items()]
        if isinstance(on, Mapping)
        else [(name, name, index) for index, name in enumerate(on)]
    )
    for left_name, right_name, step in given:
        left = draft.find(left_name, *side.place, "on", step, key=isinstance(on, Mapping))
        right = side.find(draft, right_name, "on", step)
        if left is None or right is None:
            continue
        if widen(left.type, right.type) is None:
            draft.findings.error(
                UNMATCHED_TYPES,
                (*draft.place, *side.place, "on", step),
                f"`{left.name}` is {left.type}, and `{right.name}` of `{side.relation.name}` is {right.type}",
                "convert one of them in the stage that makes it",
            )
        pairs.append((left.name, right.name))
        equal = call("=", draft.reference(left.name), side.reference(right))
        result = equal if result is None else call("and", result, equal)
    return result or TRUE, frozenset(right for _, right in pairs), pairs


def _as_of(draft: Draft, side: _Side, name: str) -> Expression | None:
    """The right row's period holds the moment: start <= moment < end, a null end being open."""
    period, column = side.relation.period, draft.find(name, *side.place, "as_of")
    place = (*draft.place, *side.place, "as_of")
    if period is None:
        if side.relation.name in draft.findings.doubtful:
            return None  # its `valid` may be what is wrong there
        draft.findings.error(
            NO_PERIOD,
            place,
            f"`{side.relation.name}` has no `valid`, so `as_of` cannot pick a row of it",
            "declare valid: {from: ..., to: ...} on it",
        )
        return None
    if column is None:
        return None
    start, end = side.relation.column(period.start), side.relation.column(period.end)
    if start is None or end is None:
        return None
    if not (start.type.is_moment or start.type == t.UNKNOWN):
        message = f"the periods of `{side.relation.name}` are of type {start.type}, and `as_of` picks by a moment"
        help = "convert their ends to date or timestamp in the stage that makes them, or join on both with `where`"
        draft.findings.error(UNMATCHED_TYPES, place, message, help)
        return None
    if t.UNKNOWN not in (column.type, start.type) and column.type != start.type:
        draft.findings.error(
            UNMATCHED_TYPES,
            place,
            f"`{column.name}` is {column.type}, and the periods of `{side.relation.name}` are {start.type}",
            f"give both one type: cast(... as {start.type}) or cast(... as {column.type})",
        )
    moment = draft.reference(column.name)
    begun = call("<=", side.reference(start), moment)
    # No `or` for the open end: an engine would compare every pair of rows.
    ended = call("<", moment, call("period_end", side.reference(end)))
    return call("and", begun, ended)


def _where(draft: Draft, side: _Side, text: str) -> Expression:
    try:
        node = parse(text)
    except SyntaxProblem as problem:
        draft.unparsed(problem, (*side.place, "where"))
        return TRUE
    left = draft.scope(windows=False)
    qualified = {side.name.lower(): side.scope(draft, f"`{side.relation.name}`")}
    scope = Scope(left.columns, left.place, left.open, left.variables, qualified, windows=False, native=draft.native)
    return condition(draft, node, (*side.place, "where"), scope)


def _one_value(where: Expression) -> Iterator[str]:
    """The right columns that can have one value alone for each left row."""
    for part in operands(where, "and"):
        if not (isinstance(part, Call) and part.function.name == "="):
            continue
        for one, other in (part.args, part.args[::-1]):
            # One value may equal several of a type that tells more apart.
            alike = one.type == other.type or (one.type.is_exact and other.type.is_exact)
            one = _shifted(one) if one.type.is_exact else one
            if _is_right(one) and alike and not calls_native(other) and not any(map(_is_right, walk(other))):
                yield one.name


def _shifted(e: Expression) -> Expression:
    """What a written number is added to, or taken from."""
    if isinstance(e, Call) and e.function.name in ("+", "-") and len(e.args) == 2:
        one, other = e.args
        return one if isinstance(other, TreeLiteral) else other if isinstance(one, TreeLiteral) else e
    return e


def _is_right(e: Expression) -> TypeGuard[Reference]:
    return isinstance(e, Reference) and e.qualifier is not None


def _fan_out_help(side: _Side) -> str:
    keys = " or ".join(shown(key) for key in sorted(side.relation.keys, key=sorted) if key)
    name, period = side.relation.name, side.relation.period
    if period is not None:
        as_of = f"{shown(period.per)} in a lookup with as_of"
        keys = f"{keys}, or by {as_of}" if keys else as_of
    if keys:
        return f"one row of `{name}` is known by {keys}; join on that, aggregate `{name}` first, or say fan_out: true"
    return f"`{name}` has no key; make one row per key of it in a normalize or aggregate stage, or say fan_out: true"


def _refuse_fan_out(draft: Draft, side: _Side, rights: Key, *, as_of: bool, help: str | None = None) -> None:
    relation = side.relation
    if side.is_key(rights) or (relation.open and not relation.columns):
        return
    if not relation.keys and relation.name in draft.findings.doubtful:
        return  # its key may be what is wrong there
    if as_of and relation.period is not None and frozenset(relation.period.per) <= rights:
        return
    columns = ", ".join(f"`{name}`" for name in sorted(rights)) or "nothing"
    if help is None:
        help = _fan_out_help(side).replace(", or say fan_out: true", "")
    draft.findings.key_error(
        FAN_OUT,
        (*draft.place, *side.place),
        f"one row of `{draft.name}` can match many of `{relation.name}`: {columns} is no key of it",
        help,
    )


def _left(
    draft: Draft,
    side: _Side,
    on: Expression,
    pairs: list[tuple[str, str]],
    take: Take,
    missing: Any,
    *,
    multiplies: bool = False,
) -> list[tuple[str, Column]]:
    """A left join with what `missing` makes of a row without a match; the taken names with their right columns."""
    matched = f"_matched_{side.name}"
    # A null in `on` is neither quarantined nor does it fail: such a row stays, and nothing is taken.
    nullable = [draft.reference(left) for left, _ in pairs if draft.columns[left.lower()].nullable]
    values, origins = _take(draft, side, take)
    always = missing in ("drop", "quarantine", "fail")
    for name, value in values:
        sure = always and not nullable and not value.nullable
        draft.add(Column(name, value.type, not sure, _classification(side, value)))
    draft.step(Join(side.query(), side.name, "left", on, values, matched, multiplies=multiplies))
    found = Reference(BOOLEAN, False, matched)
    if missing == "drop":
        draft.divert(call("not", found), "unmatched")
    elif always:
        failing: Expression = call("not", found)
        if nullable:
            for left in nullable:
                failing = call("and", failing, call("is not null", left))
            # Judged here, for a column of the stage may replace one of `on`.
            draft.step(Derive(((f"_unmatched_{side.name}", failing),), "unmatched"))
            failing = Reference(BOOLEAN, False, f"_unmatched_{side.name}")
        draft.missing(f"missing({side.name})", failing, "stop" if missing == "fail" else "quarantine", side.place)
    elif isinstance(missing, Mapping):
        _defaults(draft, side, missing, dict(values), found)
    return origins


def _take(draft: Draft, side: _Side, take: Take) -> tuple[tuple[tuple[str, Expression], ...], list[tuple[str, Column]]]:
    scope = side.scope(draft, f"`{side.relation.name}`")
    values: list[tuple[str, Expression]] = []
    origins: list[tuple[str, Column]] = []
    for name, text, path in _taken(take):
        place = (*draft.place, *side.place, *path)
        if name.lower() in draft.columns or name.lower() in (n.lower() for n, _ in values):
            draft.findings.error(
                TAKEN_TWICE,
                place,
                f"stage `{draft.name}` has a column `{name}` already",
                "take it under a new name",
            )
            continue
        value = draft.findings.expression(text, place, scope)
        values.append((name, value))
        if isinstance(value, Reference):
            column = side.relation.column(value.name)
            if column is not None:
                origins.append((name, column))
    return tuple(values), origins


def _classification(side: _Side, value: Expression) -> str | None:
    read = [side.relation.column(node.name) for node in walk(value) if isinstance(node, Reference)]
    own = side.relation.classification  # of the columns of an open source
    return classified(own if c is None else c.classification for c in read)


def _defaults(
    draft: Draft,
    side: _Side,
    defaults: Mapping[str, Any],
    values: Mapping[str, Expression],
    found: Expression,
) -> None:
    """Default values stand where no row matched; a null of a matched row stays null."""
    if not defaults:
        draft.findings.error(
            WRONG_MISSING,
            (*draft.place, *side.place, "missing"),
            "there is no default value here",
            "write {column: value}, or leave `missing` out",
        )
    spelt = {name.lower(): name for name in values}
    for written, value in defaults.items():
        place = (*draft.place, *side.place, "missing", written)
        column = draft.columns.get(written.lower())
        name = spelt.pop(written.lower(), None)
        if name is None or column is None:
            twice = any(name.lower() == written.lower() for name in values)
            message = f"`{written}` has a default already" if twice else f"`{written}` is not taken here"
            draft.findings.key_error(WRONG_MISSING, place, message, None if twice else suggest(written, values))
            continue
        wrong = mismatch(value, column.type)
        if wrong is not None:
            draft.findings.error(WRONG_MISSING, place, *wrong)
            continue
        given = literal(value)
        taken = values[name]
        chosen = call("if", found, Reference(column.type, taken.nullable, column.name), cast(given, column.type))
        draft.derive(name, chosen, label=f"defaults of {side.name}")


def _exists(draft: Draft, side: _Side, model: JoinModel, on: Expression, pairs: list[tuple[str, str]]) -> None:
    """Semi and anti joins: whether a match is there; nothing is taken and no row added."""
    for clause, given in (
        ("take", bool(model.take)),
        ("missing", model.missing is not None),
        ("fan_out", model.fan_out),
    ):
        if given:
            draft.findings.key_error(
                UNUSED_CLAUSE,
                (*draft.place, *side.place, clause),
                f"{'an' if model.type == 'anti' else 'a'} {model.type} join has no `{clause}`",
                "it only keeps or drops rows: leave this out, or write type: inner or left",
            )
    matched = f"_matched_{side.name}"
    draft.step(Join(side.query(), side.name, "exists", on, (), matched))
    found = Reference(BOOLEAN, False, matched)
    if model.type == "anti":
        draft.divert(found, "matched")
        return
    nulls = (call("is null", draft.reference(left)) for left, _ in pairs if draft.columns[left.lower()].nullable)
    draft.divert(either(*nulls), "no key")
    draft.divert(call("not", found), "unmatched")
    draft.not_null([left for left, _ in pairs])


def _full(
    draft: Draft, side: _Side, model: JoinModel, on: Expression, pairs: list[tuple[str, str]], rights: Key
) -> None:
    """Rows of both sides; the `on` columns hold whichever side has them."""
    if model.missing is not None:
        draft.findings.key_error(
            UNUSED_CLAUSE,
            (*draft.place, *side.place, "missing"),
            "a full join keeps every row and has no `missing`",
            "leave it out, or write type: inner or left",
        )
    values, _ = _take(draft, side, model.take)
    both = {left.lower(): side.relation.column(right) for left, right in pairs}
    coalesced: list[tuple[str, Expression]] = []
    for name, column in list(draft.columns.items()):
        other, shared = both.get(name), column.type
        if other is not None:
            shared = widen(column.type, other.type) or column.type
            coalesced.append((column.name, call("coalesce", draft.reference(name), side.reference(other))))
        word = classified((column.classification, None if other is None else other.classification))
        draft.columns[name] = Column(column.name, shared, True, word, column.description)
    for name, value in values:
        draft.add(Column(name, value.type, True, _classification(side, value)))
    multiplies = model.fan_out and not side.is_key(rights)
    matched = f"_matched_{side.name}"
    draft.step(Join(side.query(), side.name, "full", on, values, matched, tuple(coalesced), multiplies=multiplies))
