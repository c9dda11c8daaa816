"""`quarantine: {with: ...}`: what goes with a row that cannot stay, a claim and not one line."""

from collections.abc import Sequence

from framework.algebra import Derive
from framework.draft import Draft
from framework.expressions.catalogue import function
from framework.expressions.strictness import either
from framework.expressions.tree import Call, Expression, Reference, Window
from framework.expressions.typed import call
from framework.expressions.types import BOOLEAN


def reject(draft: Draft, when: Expression | None, *, unreadable: Expression | None = None) -> None:
    """Rows for which `when` is true are rejected. Those of them that are `unreadable`, all if it is not given, fail
    for their group; that is judged here, while they are in hand."""
    if when is None:
        return
    columns = [draft.columns.get(name.lower()) for name in draft.group]
    # A group that is computed of windows is not known yet: they see the rows that are left.
    known = [c for c in columns if c is not None and c.name.lower() not in draft.waiting.names]
    if known and len(known) == len(columns):
        failing = when if unreadable is None else call("and", when, unreadable)
        name = draft.own("rejected_with")
        mark(draft, failing, [draft.reference(c.name) for c in known], name)
        draft.bad_groups.append(Reference(BOOLEAN, True, name))
    draft.divert(when, "rejected")


def reject_keyless(draft: Draft, names: Sequence[str]) -> None:
    """Rows in which one of the columns of the key is null or unreadable are rejected."""
    nulls = [call("is null", draft.reference(n)) for n in names if draft.columns[n.lower()].nullable]
    unreadable = either(*draft.flags.values(), *(h.failing for h in draft.held if h.unreadable))
    when = either(*nulls, draft.unreadable(*names))
    if unreadable is None:
        draft.divert(when, "rejected")
    else:
        reject(draft, when, unreadable=unreadable)
    draft.not_null(names)


def mark(draft: Draft, failing: Expression, group: Sequence[Reference], name: str) -> None:
    """A column that says whether the row's group has a row that fails; one without a name is each row by itself."""
    fails = Reference(BOOLEAN, False, f"{name}_fails")
    draft.step(Derive(((fails.name, call("is true", failing)),), "groups"))
    anywhere = Call(BOOLEAN, True, function("bool_or"), (fails,), window=Window(tuple(group)))
    draft.step(Derive(((f"{name}_anywhere", anywhere),), "groups"))
    bad: Expression = Reference(BOOLEAN, True, f"{name}_anywhere")
    for column in group:
        bad = call("and", bad, call("is not null", column)) if column.nullable else bad
    draft.step(Derive(((name, bad),), "groups"))
