"""`checks`, `key` and `valid`: what must hold of a relation, as assertions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from framework.algebra import Derive, Divert, Group, Join, Query, Read, Step, preceded
from framework.assertion import (
    Among,
    Assertion,
    Expectation,
    HeldTest,
    Marking,
    NativeTest,
    Place,
    ProvedTest,
    RowTest,
    SetTest,
    Test,
)
from framework.clauses.columns import whole_condition
from framework.clauses.values import WRONG_VALUE, there
from framework.diagnostics import Code, suggest
from framework.draft import Draft, Held
from framework.expressions.catalogue import function
from framework.expressions.strictness import either, every
from framework.expressions.tree import TRUE, Call, Expression, Ordering, Reference, Window, transform
from framework.expressions.typed import Problem, call, literal
from framework.expressions.types import BOOLEAN, INTEGER, STRING, UNKNOWN, widen
from framework.model import Check, Model, PlacedCheck, ValidModel
from framework.relation import Column, Period, Relation

CANNOT_QUARANTINE = Code("F401", "a check that cannot quarantine")
UNKNOWN_TARGET = Code("F402", "a check against an unknown column")
UNIQUE_VALUES = "expect_column_values_to_be_unique"
NOT_MOSTLY = Code("F405", "`mostly` where it cannot be")


@dataclass(frozen=True, slots=True)
class Checked:
    """The checks of a relation. `held` rows are quarantined for what they are; `grouped` ones, of those that are left
    then, for what they are together. `assertions` are measured once the relation stands, or proved."""

    held: tuple[Held, ...]
    grouped: tuple[Held, ...]
    assertions: tuple[Assertion, ...]


def labelled(checks: Iterable[PlacedCheck]) -> list[tuple[Place, str, Check]]:
    """Each check with its place and the name its results carry; a repeated name is numbered."""
    seen: dict[str, int] = {}
    result = []
    for path, check in checks:
        label = check.name or check.label()
        seen[label] = seen.get(label, 0) + 1
        result.append((path, label if seen[label] == 1 else f"{label} #{seen[label]}", check))
    return result


def resolve(draft: Draft, checks: Iterable[PlacedCheck], *, holding: bool, groups: bool = False) -> Checked:
    """What is checked of the relation that the draft stands for.

    `holding`: rows can be quarantined; `groups`: checks of the whole relation can quarantine too, and their steps are
    left on the draft. What holds downstream for it (columns that are not null, candidate keys) the draft knows after.
    """
    held: list[Held] = []
    grouped: list[Held] = []
    assertions: list[Assertion] = []
    facts: list[Test] = []
    for path, label, check in labelled(checks):
        where = None if check.where is None else whole_condition(draft, check.where, (*path, "where"))
        test = check.resolve(draft, (*path, check.check_name))
        if test is None or not _can_be_mostly(draft, check, test, path):
            continue
        if isinstance(test, RowTest) and test.judged is None and test.failing.nullable:
            test = replace(test, judged=call("is not null", test.failing))
        place = (*draft.place, *(path or (check.check_name,)))  # a clause of its own has no item around it
        quarantines = check.on_fail == "quarantine" and not isinstance(test, ProvedTest)
        if not quarantines:
            test = _narrowed(test, draft.name, where)
            about = (where, check.description, check.mostly, _authored(check), check.expectation())
            assertions.append(Assertion(label, check.check_name, test, check.on_fail, place, *about))
        elif isinstance(test, RowTest) and holding:
            held.append(Held(label, _both(where, test.failing), "quarantine", place, where=where, test=test))
        elif isinstance(test, SetTest) and test.marking is not None and holding and groups:
            grouped.append(
                Held(label, _marked(draft, test.marking, where), "quarantine", place, where=where, test=test)
            )
        else:
            _refuse_quarantine(draft, check, test, path, holding=holding)
            continue
        if check.on_fail != "warn" and where is None and check.mostly is None:
            facts.append(test)
    _learn(draft, facts)
    return Checked(tuple(held), tuple(grouped), tuple(assertions))


def _narrowed(test: Test, relation: str, where: Expression | None) -> Test:
    """A query of its own over the rows for which the condition holds; other tests are told of it."""
    if where is None or not isinstance(test, SetTest):
        return test
    elsewhere = Divert(call("is not true", where), "elsewhere")
    return after(test, relation, elsewhere)


def after(test: SetTest, relation: str, *steps: Step) -> SetTest:
    """A search among the rows of a relation as they are after more steps."""
    among = test.among and replace(test.among, rows=preceded(test.among.rows, relation, *steps))
    return replace(test, failing=preceded(test.failing, relation, *steps), among=among)


def _both(where: Expression | None, failing: Expression) -> Expression:
    return failing if where is None else call("and", where, failing)


def _marked(draft: Draft, marking: Marking, where: Expression | None) -> Expression:
    """True where a row fails, once the draft has gone through the steps, which see the rows of `where` alone."""
    here: Expression | None = None
    if where is not None:
        name = draft.own("where")
        draft.step(Derive(((name, call("is true", where)),), "checked"))
        here = Reference(BOOLEAN, False, name)
    for step in marking.steps:
        if isinstance(step, Derive):
            step = replace(
                step, columns=tuple((n, transform(v, lambda e: _among(draft, e, here))) for n, v in step.columns)
            )
        draft.step(step)
    return _both(here, marking.failing)


def _among(draft: Draft, e: Expression, here: Expression | None) -> Expression:
    """A window of the rows that are judged, in an order that a rerun gives again."""
    if not isinstance(e, Call) or e.window is None:
        return e
    window = e.window if here is None else replace(e.window, partition=(*e.window.partition, here))
    return draft.repeatable(replace(e, window=window))


def _can_be_mostly(draft: Draft, check: Check, test: Test, path: Place) -> bool:
    if check.mostly is None:
        return True
    place = (*draft.place, *path, "mostly")
    if check.on_fail == "quarantine":
        message = "`mostly` lets rows pass that fail, and on_fail: quarantine takes every one of them"
        draft.findings.error(NOT_MOSTLY, place, message, "leave `mostly` out, or write on_fail: stop or on_fail: warn")
        return False
    if isinstance(test, RowTest | ProvedTest) or (isinstance(test, SetTest | NativeTest) and test.shares):
        return True
    message = f"`{check.check_name}` has no share of rows that pass: it judges the relation as a whole"
    draft.findings.error(NOT_MOSTLY, place, message, "leave `mostly` out, or write on_fail: warn")
    return False


def _refuse_quarantine(draft: Draft, check: Check, test: Test, path: Place, *, holding: bool) -> None:
    what = f"`{check.check_name}` judges the whole relation, and cannot quarantine rows"
    help = "write on_fail: stop or on_fail: warn"
    if not holding:
        what = "a source cannot quarantine rows"
        help += ", or check the stage that reads it"
    elif isinstance(test, NativeTest):
        what = f"`{check.check_name}` is judged by Great Expectations once the rows stand, and cannot quarantine them"
    elif isinstance(test, SetTest) and test.marking is not None:
        what = f"`{check.check_name}` judges rows together, and cannot quarantine one without its group"
        help = f"write quarantine: {{with: [...]}} on the stage; or {help.removeprefix('write ')}"
    draft.findings.error(CANNOT_QUARANTINE, (*draft.place, *path, "on_fail"), what, help)


def _learn(draft: Draft, facts: Iterable[Test]) -> None:
    """What every row that goes on has, because the run stops or the row is held back where it has not.

    Told once all checks are resolved: until then each judges rows that the others have not let pass.
    """
    for test in facts:
        if isinstance(test, RowTest):
            draft.not_null(test.present)
        elif isinstance(test, SetTest) and test.key:
            draft.tell_key(test.key)


def held_assertions(held: Iterable[Held], checks: Iterable[PlacedCheck]) -> tuple[Assertion, ...]:
    """What holds rows back, as results: counted while the stage is built."""
    known = {label: check for _, label, check in labelled(checks)}
    return tuple(_held_assertion(h, known.get(h.name)) for h in held)


def _held_assertion(held: Held, check: Check | None) -> Assertion:
    if check is None:
        return Assertion(held.name, held.name.partition("(")[0], HeldTest(), held.on_fail, held.place)
    about = (held.where, check.description, check.mostly, _authored(check), check.expectation())
    return Assertion(held.name, check.check_name, HeldTest(held.test), held.on_fail, held.place, *about)


def _authored(check: Check) -> Mapping[str, Any]:
    """What the author wrote of a check, but for its name and what comes of it."""
    said: Mapping[str, Any] = written(check)
    return {name: value for name, value in said.items() if name not in ("name", "description", "on_fail")}


def written(value: Any) -> Any:
    """What an author wrote, as plain data."""
    if isinstance(value, Model):
        return {name: written(getattr(value, name)) for name in sorted(value.model_fields_set)}
    return [written(item) for item in value] if isinstance(value, tuple) else value


def duplicates(relation: str, key: Sequence[Expression], judged: Expression | None = None) -> SetTest:
    """The groups of rows that share a key; null equals null. Where `judged` is given, of rows for which it is true."""
    by = tuple((f"_k{i}", column) for i, column in enumerate(key))
    count = Call(INTEGER, False, function("count"), ())
    many = call("<", Reference(INTEGER, False, "_n"), literal(2))
    before = () if judged is None else (Divert(call("is not true", judged), "not judged"),)
    steps = (*before, Group(by, (("_n", count),)), Divert(many, "single"))
    return SetTest(Query(Read(relation), steps, ("_n",)), count="_n", judged=judged, repeated=True)


def repeated(draft: Draft, key: Sequence[Expression], judged: Expression | None = None) -> Marking:
    """The same rows where they stand: each with how many share its key. Whether a row is `judged` hangs on its key."""
    name = draft.own("rows")
    count = Call(INTEGER, False, function("count"), (), window=Window(tuple(key)))
    many = call(">", Reference(INTEGER, False, name), literal(1))
    return Marking((Derive(((name, count),), "counted"),), every(judged, many) or many)


def unrepeated(draft: Draft, names: Sequence[str], judged: Expression | None = None) -> SetTest | ProvedTest:
    """No two rows share the values of these columns, null equal to null; or no two of those that are judged."""
    if draft.proved(names):
        return ProvedTest()
    key = [draft.reference(name) for name in names]
    marking = repeated(draft, key, judged)
    held = tuple(names) if judged is None else ()
    return replace(duplicates(draft.name, key, judged), marking=marking, shares=True, key=held)


def key_assertion(relation: Relation, key: Sequence[str], place: Place, *, proved: bool = False) -> Assertion:
    test = ProvedTest() if proved else duplicates(relation.name, [_reference(relation, name) for name in key])
    name = f"key({', '.join(key)})"
    return Assertion(name, "unique", test, "stop", place, expectation=expected_unique(key))


def expected_unique(columns: Sequence[str]) -> Expectation:
    """What Great Expectations calls rows that differ in some column; of one column alone it judges no null."""
    if len(columns) == 1:
        return Expectation(UNIQUE_VALUES, {"column": columns[0]})
    arguments = {"column_list": list(columns), "ignore_row_if": "never"}
    return Expectation("expect_compound_columns_to_be_unique", arguments)


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
    if not of_one_kind(draft, start, end, ("valid",)):
        return None
    names = (
        tuple(c.name for c in per if c)
        if model.per is not None
        else tuple(n for n in key if n.lower() != start.name.lower())
    )
    return Period(start.name, end.name, names)


def of_one_kind(draft: Draft, start: Column, end: Column, place: Place) -> bool:
    """Whether a period can go from one column to the other. Which moment of its day a date would be beside a
    timestamp is for the author to say."""
    found = {start.type.name, end.type.name}
    if widen(start.type, end.type) is not None and found != {"date", "timestamp"}:
        return True
    message = f"`{start.name}` is {start.type}, and `{end.name}` is {end.type}"
    help = "convert one of them in the stage that makes it"
    draft.findings.error(WRONG_VALUE, (*draft.place, *place, "to"), message, help)
    return False


def period_assertion(relation: Relation, found: Period, place: Place) -> Assertion:
    start, end = _reference(relation, found.start), _reference(relation, found.end)
    test = overlaps(relation.name, start, end, [_reference(relation, n) for n in found.per], "_next")
    return Assertion(f"valid({found.start}, {found.end})", "no_overlap", test, "stop", place)


def overlaps(relation: str, start: Reference, end: Reference, per: Sequence[Expression], following: str) -> SetTest:
    """The periods that are empty or turned round, or reach into the next of their `per`.

    `following` is a name for the column that holds where the next period starts.
    """
    window = Window(tuple(per), (Ordering(start), Ordering(end)))
    next_start = Reference(start.type, True, following)
    overlap = either(
        call("<", next_start, end),
        call("and", call("is null", end), call("is not null", next_start)),
    )
    failing = either(call("is null", start), call("not", call("<", start, end)), overlap)
    assert failing is not None
    lead = Call(start.type, True, function("lead"), (start,), window=window)
    return marked(relation, Marking((Derive(((following, lead),), "periods"),), failing), start.name)


def marked(
    relation: str, marking: Marking, output: str, *, shares: bool = False, judged: Expression | None = None
) -> SetTest:
    """The rows that a marking tells; `output` is one of their columns."""
    steps = (*marking.steps, Divert(call("is not true", marking.failing), "sound"))
    return SetTest(Query(Read(relation), steps, (output,)), marking=marking, shares=shares, judged=judged)


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
    matched = draft.own("found")
    on: Expression | None = None
    failing: Expression = call("not", Reference(BOOLEAN, False, matched))
    judged = every(*(there(draft.reference(left.name)) for left, _ in pairs))
    for left, right in pairs:
        equal = call("=", draft.reference(left.name), Reference(right.type, right.nullable, right.name, "_target"))
        on = equal if on is None else call("and", on, equal)
        if left.nullable:
            failing = call("and", call("is not null", draft.reference(left.name)), failing)
    join = Join(readable.query, "_target", "exists", on or TRUE, (), matched)
    test = marked(draft.name, Marking((join,), failing), pairs[0][0].name, shares=True, judged=judged)
    if judged is None:
        return test
    # DuckDB takes a condition beside NOT EXISTS for a strong one, and joins the wrong way round.
    unmatched = Divert(call("is not true", call("not", Reference(BOOLEAN, False, matched))), "sound")
    rows = Query(Read(draft.name), (join, unmatched), tuple(left.name for left, _ in pairs))
    return replace(test, among=Among(rows, judged))
