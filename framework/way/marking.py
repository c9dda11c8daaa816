"""A stage's query whose rows say, beside what they hold, whether they are followed and what they came in as."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from framework.algebra import RANK, Branch, Derive, Divert, Group, Hold, Join, Query, Read, Step, Union
from framework.expressions import types as t
from framework.expressions.tree import FALSE, Expression, Reference
from framework.expressions.typed import call, literal
from framework.relation import Column

FOLLOWED = "_followed"  # whether one of the rows that a row is made of is followed
SUMMED = "_followed_rows"  # of the rows of a group, how many are followed
CAME = "_came_"  # before a column's name: what it was when the row came in

_MARK = Reference(t.BOOLEAN, True, FOLLOWED)


@dataclass(frozen=True, slots=True)
class Marked:
    """`query` puts out what the stage does, `came` under the names of the input's columns, `lookups` by the names of
    the joins, and FOLLOWED; `ranked` says whether versions are numbered, `summed` whether SUMMED tells of groups."""

    query: Query
    came: tuple[tuple[str, str], ...]
    lookups: tuple[tuple[str, str], ...]
    ranked: bool
    summed: bool


def driving(query: Query) -> tuple[str, ...]:
    """The relations whose rows the stage's rows are, or the groups of them; not those that are joined."""
    match query.input:
        case Read(relation=name):
            return (name,)
        case Union(branches=branches):
            return tuple(dict.fromkeys(name for branch in branches for name in driving(branch.relation)))
    return ()


def marked(query: Query, followed: Collection[str], came: Sequence[Column] = ()) -> Marked:
    """The query over relations of which those `followed` have a column FOLLOWED. `came` are columns of its one input.

    Where rows of a driving input are followed, those that are joined to others are not followed through them.
    """
    joined = not any(name in followed for name in driving(query))
    steps: list[Step] = []
    extra: list[str] = [FOLLOWED]
    copies = tuple((CAME + c.name, Reference(c.type, c.nullable, c.name)) for c in came)
    if copies:
        steps.append(Derive(copies, "came_in"))
        extra += [name for name, _ in copies]
    lookups: list[tuple[str, str]] = []
    ranked = grouped = False
    for step in query.steps:
        steps += _marked(step, followed, joined=joined)
        if isinstance(step, Join) and not step.alias.startswith("_"):
            lookups.append((step.alias, step.matched))
        elif isinstance(step, Group):
            grouped, ranked, lookups, extra = True, False, [], [FOLLOWED, SUMMED]
        ranked = ranked or (isinstance(step, Derive) and any(name == RANK for name, _ in step.columns))
    names = [*query.output, *extra, *(matched for _, matched in lookups), *([RANK] if ranked else [])]
    input, first = _input(query, followed)
    output = tuple(dict.fromkeys(names))
    kept = () if grouped else tuple((c.name, CAME + c.name) for c in came)
    return Marked(Query(input, (*first, *steps), output), kept, tuple(lookups), ranked, grouped and bool(followed))


def before_group(query: Query) -> Query:
    """The rows that a stage groups, with the values by which it does; the query itself where it groups none."""
    at = next((i for i, step in enumerate(query.steps) if isinstance(step, Group)), None)
    if at is None:
        return query
    group = query.steps[at]
    assert isinstance(group, Group)
    by = tuple(name for name, _ in group.by)
    return Query(query.input, (*query.steps[:at], Derive(group.by, "grouped_by")), by)


def _input(query: Query, followed: Collection[str]) -> tuple[Read | Union, tuple[Step, ...]]:
    match query.input:
        case Union(branches=branches):
            return Union(tuple(_branch(branch, followed) for branch in branches)), ()
        case Read(relation=name):
            return query.input, () if name in followed else (Derive(((FOLLOWED, FALSE),)),)
    raise TypeError("an author's select cannot be marked")


def _branch(branch: Branch, followed: Collection[str]) -> Branch:
    inner = marked(branch.relation, followed).query
    return Branch(inner, (*branch.columns, (FOLLOWED, _MARK)))


def _marked(step: Step, followed: Collection[str], *, joined: bool) -> Iterator[Step]:
    match step:
        case Join() if joined and step.type != "exists" and _carries(step.right, followed):
            name = f"{FOLLOWED}_{step.alias}"
            yield replace(step, take=(*step.take, (name, replace(_MARK, qualifier=step.alias))))
            yield Derive(((FOLLOWED, call("or", _sure(_MARK), _sure(Reference(t.BOOLEAN, True, name)))),))
        case Group(measures=measures):
            counted = call("count", call("case", _MARK, literal(1)))
            yield replace(step, measures=(*measures, (SUMMED, counted)))
            yield Derive(((FOLLOWED, call(">", Reference(t.INTEGER, False, SUMMED), literal(0))),))
        case _:
            yield step


def _carries(right: Query, followed: Collection[str]) -> bool:
    """Whether the rows of a right side are those of a relation that is followed."""
    plain = all(isinstance(step, Derive | Divert | Hold) for step in right.steps)
    return plain and isinstance(right.input, Read) and right.input.relation in followed


def _sure(mark: Expression) -> Expression:
    return call("coalesce", mark, FALSE)
