"""`checks`, `key` and `valid`: what must hold of a relation, as assertions."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from framework.algebra import Derive, Divert, Group, Join, Query, Read, Step
from framework.assertion import Assertion, HeldTest, Place, RowTest, SetTest
from framework.clauses.columns import whole_condition
from framework.clauses.values import WRONG_VALUE
from framework.diagnostics import Code, suggest
from framework.draft import Draft, Held
from framework.expressions.catalogue import function
from framework.expressions.strictness import either
from framework.expressions.tree import Call, Expression, Ordering, Reference, Window, references
from framework.expressions.typed import Problem, call, literal
from framework.expressions.types import BOOLEAN, INTEGER, STRING, UNKNOWN, widen
from framework.model import Check, Checks, ValidModel
from framework.relation import Column, Period, Relation

CANNOT_QUARANTINE = Code("F401", "a check that cannot quarantine")
UNKNOWN_TARGET = Code("F402", "a check against an unknown column")


def labelled(checks: Checks) -> list[tuple[int, str, Check]]:
    """Each check with its position and the name its results carry; a repeated name is numbered."""
    seen: dict[str, int] = {}
    result = []
    for index, check in enumerate(checks):
        label = check.name or check.label()
        seen[label] = seen.get(label, 0) + 1
        result.append((index, label if seen[label] == 1 else f"{label} #{seen[label]}", check))
    return result


def resolve(draft: Draft, checks: Checks, *, holding: bool) -> tuple[list[Held], list[Assertion]]:
    """The row checks that quarantine, and everything else that is measured once the relation stands."""
    held: list[Held] = []
    assertions: list[Assertion] = []
    for index, label, check in labelled(checks):
        path: Place = ("checks", index)
        where = None if check.where is None else whole_condition(draft, check.where, (*path, "where"))
        test = check.resolve(draft, (*path, check.check_name))
        if test is None:
            continue
        place = (*draft.place, *path)
        if check.on_fail != "quarantine":
            assertions.append(Assertion(label, check.check_name, test, check.on_fail, place, where, check.description))
        elif isinstance(test, RowTest) and holding:
            held.append(Held(label, _where(test.failing, where), "quarantine", place))
            if check.check_name == "not_null" and where is None:
                draft.not_null(n for n in _names(test.failing))
        else:
            what = "a source" if not holding else f"`{check.check_name}` judges the whole relation, and"
            draft.findings.error(
                CANNOT_QUARANTINE,
                (*place, "on_fail"),
                f"{what} cannot quarantine rows",
                f"write on_fail: stop or on_fail: warn{'' if holding else ', or check the stage that reads it'}",
            )
    return held, assertions


def _where(failing: Expression, where: Expression | None) -> Expression:
    return failing if where is None else call("and", where, failing)


def _names(failing: Expression) -> Iterable[str]:
    return references(failing)


def held_assertions(held: Iterable[Held], checks: Checks) -> tuple[Assertion, ...]:
    """What holds rows back, as results: counted while the stage is built."""
    kinds = {label: check.check_name for _, label, check in labelled(checks)}
    return tuple(
        Assertion(h.name, kinds.get(h.name, h.name.partition("(")[0]), HeldTest(), h.on_fail, h.place) for h in held
    )


def duplicates(relation: str, key: Sequence[Expression]) -> SetTest:
    """The groups of rows that share a key; null equals null."""
    by = tuple((f"_k{i}", column) for i, column in enumerate(key))
    count = Call(INTEGER, False, function("count"), ())
    many = call("<", Reference(INTEGER, False, "_n"), literal(2))
    steps = (Group(by, (("_n", count),)), Divert(many, "single"))
    return SetTest(Query(Read(relation), steps, ("_n",)), count="_n")


def key_assertion(relation: Relation, key: Sequence[str], place: Place) -> Assertion:
    columns = [_reference(relation, name) for name in key]
    label = f"key({', '.join(key)})"
    return Assertion(label, "unique", duplicates(relation.name, columns), "stop", place)


def _reference(relation: Relation, name: str) -> Reference:
    column = relation.column(name)
    assert column is not None
    return Reference(column.type, column.nullable, column.name)


def period(draft: Draft, model: ValidModel | None, key: Sequence[str]) -> Period | None:
    """The declared periods; None, with findings, where a column is unknown."""
    if model is None:
        return None
    start, end = draft.find(model.from_, "valid", "from"), draft.find(model.to, "valid", "to")
    per = [draft.find(name, "valid", "per", i) for i, name in enumerate(model.per or ())]
    if start is None or end is None or any(column is None for column in per):
        return None
    names = (
        tuple(c.name for c in per if c)
        if model.per is not None
        else tuple(n for n in key if n.lower() != start.name.lower())
    )
    return Period(start.name, end.name, names)


def period_assertion(relation: Relation, found: Period, place: Place) -> Assertion:
    """No period is empty or turned round, and none reaches into the next of its `per`."""
    start, end = _reference(relation, found.start), _reference(relation, found.end)
    order = (Ordering(start), Ordering(end))
    window = Window(tuple(_reference(relation, n) for n in found.per), order)
    following = Call(start.type, True, function("lead"), (start,), window=window)
    following_start = replace(start, name="_next", nullable=True)
    empty = call("not", call("<", start, end))
    overlap = either(
        call("<", following_start, end),
        call("and", call("is null", end), call("is not null", following_start)),
    )
    failing = either(call("is null", start), empty, overlap)
    assert failing is not None
    steps = (
        Derive((("_start", start), ("_end", end), ("_next", following)), "periods"),
        Divert(call("is not true", failing), "sound"),
    )
    query = Query(Read(relation.name), steps, ("_start",))
    label = f"valid({found.start}, {found.end})"
    return Assertion(label, "no_overlap", SetTest(query), "stop", place)


def orphans(
    draft: Draft,
    columns: Sequence[tuple[str, Place]],
    relation: str,
    targets: Sequence[str],
    path: Place,
    *,
    key: bool = False,
) -> SetTest | None:
    """The rows whose columns, none of them null, have no match in another relation.

    Each column comes with the path of its name, with `key` the name is the path's key; `path` leads to
    the text `relation.target`.
    """
    found = [draft.find(name, *place, key=key) for name, place in columns]
    if relation == draft.name:
        message, help = f"`{relation}` is compared with itself", "compare it in a stage that reads it"
        draft.findings.error(UNKNOWN_TARGET, (*draft.place, *path), message, help)
        return None
    readable = draft.readable(relation, (*draft.place, *path), span=(0, len(relation)))
    if readable is None:
        return None
    rights: list[Column | None] = []
    for target in targets:
        right = readable.relation.column(target)
        if right is None and readable.relation.open:
            right = Column(target, STRING if readable.text else UNKNOWN)
        if right is None:
            help = suggest(target, readable.relation.names)
            start = len(relation) + 1
            problem = Problem(
                UNKNOWN_TARGET, f"no column `{target}` in `{relation}`", (start, start + len(target)), help
            )
            draft.findings.problem(problem, (*draft.place, *path))
        rights.append(right)
    pairs = [(left, right) for left, right in zip(found, rights, strict=True) if left and right]
    for left, right in pairs:
        if widen(left.type, right.type) is None:
            draft.findings.error(
                WRONG_VALUE,
                (*draft.place, *path),
                f"`{left.name}` is {left.type}, and `{right.name}` of `{relation}` is {right.type}",
                "convert one of them in the stage that makes it",
            )
            return None
    if len(pairs) < len(columns):
        return None
    equal = [
        call("=", Reference(a.type, a.nullable, a.name), Reference(b.type, b.nullable, b.name, "_target"))
        for a, b in pairs
    ]
    nulls = either(*(call("is null", Reference(a.type, a.nullable, a.name)) for a, _ in pairs if a.nullable))
    on: Expression = equal[0]
    for other in equal[1:]:
        on = call("and", on, other)
    join = Join(readable.query, "_target", "exists", on, (), "_found")
    steps: list[Step] = [] if nulls is None else [Divert(nulls, "null")]
    steps += [join, Divert(Reference(BOOLEAN, False, "_found"), "matched")]
    return SetTest(Query(Read(draft.name), tuple(steps), (pairs[0][0].name,)))
