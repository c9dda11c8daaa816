"""What a source's contract says beside names and types: values that repeat per group, and who may see a column."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from framework.algebra import Divert, Group, Query, Read, preceded
from framework.assertion import Assertion, SetTest
from framework.clauses.values import IDLE, WRONG_COLUMN
from framework.draft import Draft
from framework.expressions.catalogue import function
from framework.expressions.strictness import either
from framework.expressions.tree import Call, Expression, Reference
from framework.expressions.typed import call, literal
from framework.expressions.types import BOOLEAN, INTEGER
from framework.files.finding import OBJECT_STORE, object_store
from framework.model import SourceModel
from framework.relation import Column, Dependency


def columns(model: SourceModel) -> tuple[Column, ...]:
    """The declared columns; the source's classification is that of each which has none of its own."""
    return tuple(
        Column(name, c.type, True, c.classification or model.classification, c.description)
        for name, c in (model.columns or {}).items()
    )


def refuse_object_store(draft: Draft, model: SourceModel) -> None:
    store = None if model.path is None else object_store(model.path)
    if store is not None:
        help = "copy the files to a disk that the run sees, or load them into a table and write `table`"
        message = f"`{store}://` is an object store, and this version reads files of a disk"
        draft.findings.error(OBJECT_STORE, (*draft.place, "path"), message, help)


# -- per


def dependencies(draft: Draft, model: SourceModel) -> tuple[Dependency, ...]:
    """The columns that have one value per group; what cannot be one is reported."""
    found = []
    for name, declared in (model.columns or {}).items():
        if declared.per is None:
            continue
        path = ("columns", name, "per")
        if any(other.lower() == name.lower() for other in declared.per):
            message, help = f"`{name}` has one value per itself: this says nothing", "name what it repeats within"
            draft.findings.error(IDLE, (*draft.place, *path), message, help)
            continue
        per = [draft.find(other, *path, index) for index, other in enumerate(declared.per)]
        known = [c for c in per if c is not None]
        if len(known) == len(per) and _compared(draft, [draft.columns[name.lower()], *known], name):
            found.append(Dependency(name, tuple(c.name for c in known)))
    return tuple(found)


def _compared(draft: Draft, found: list[Column], name: str) -> bool:
    bad = next((c for c in found if c.type.name == "json"), None)
    if bad is not None:
        message = f"`{bad.name}` is json, and `per` wants values that can be compared"
        draft.findings.error(WRONG_COLUMN, (*draft.place, "columns", name, "per"), message)
    return bad is None


def dependency_assertions(draft: Draft, found: tuple[Dependency, ...], flags: Mapping[str, str]) -> Iterator[Assertion]:
    """One for each: the rows of groups that hold two values. Rows that cannot be read go nowhere, and count for none.

    `flags` are the names of what is true where a column could not be read.
    """
    for one in found:
        name = f"per({one.column} by {', '.join(one.per)})"
        unreadable = _unreadable((one.column, *one.per), flags)
        test = _differing(draft, one, unreadable)
        yield Assertion(name, "per", test, "stop", (*draft.place, "columns", one.column, "per"))


def of_readable(relation: str, assertion: Assertion, names: Iterable[str], flags: Mapping[str, str]) -> Assertion:
    """The assertion of a key or of periods without the rows of which one of these columns cannot be read.

    What could not be read is null by then: two such keys would be one, and such an end an open one.
    """
    unreadable = _unreadable(names, flags)
    if unreadable is None or not isinstance(assertion.test, SetTest):
        return assertion
    failing = preceded(assertion.test.failing, relation, Divert(unreadable, "unreadable"))
    return replace(assertion, test=replace(assertion.test, failing=failing))


def _unreadable(names: Iterable[str], flags: Mapping[str, str]) -> Expression | None:
    return either(*(Reference(BOOLEAN, False, flags[name]) for name in names if name in flags))


def _differing(draft: Draft, one: Dependency, unreadable: Expression | None) -> SetTest:
    value = draft.reference(one.column)
    by = tuple((f"_k{i}", draft.reference(name)) for i, name in enumerate(one.per))
    rows = Call(INTEGER, False, function("count"), ())
    filled = Call(INTEGER, False, function("count"), (value,))
    values = replace(filled, distinct=True)
    group = Group(by, (("_rows_", rows), ("_filled", filled), ("_values", values)))
    count, held, different = (Reference(INTEGER, False, n) for n in ("_rows_", "_filled", "_values"))
    # A null is a value beside those that are counted.
    no_null = either(call("=", different, literal(0)), call("=", held, count))
    assert no_null is not None
    one_value = call("and", call("<", different, literal(2)), no_null)
    steps = (*(() if unreadable is None else (Divert(unreadable, "unreadable"),)), group, Divert(one_value, "alike"))
    return SetTest(Query(Read(draft.name), steps, ("_rows_",)), count="_rows_")
