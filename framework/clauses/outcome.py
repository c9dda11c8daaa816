"""The last clauses of every stage: checks, key and what comes out."""

from collections.abc import Sequence

from framework.algebra import RANK, Derive, Query, read_by
from framework.assertion import Assertion, Place
from framework.clauses import checks, columns, groups
from framework.clauses.materialized import why_stored
from framework.diagnostics import Code
from framework.draft import Draft, Held
from framework.expressions.catalogue import function
from framework.expressions.strictness import either
from framework.expressions.tree import FALSE, Call, Reference, Window, references
from framework.expressions.typed import call, literal
from framework.expressions.types import BOOLEAN, INTEGER
from framework.model import Limited, LimitModel, Stage, ValidModel
from framework.plan import Layer, Publication, StagePlan
from framework.relation import shown

KEY_FOLLOWS = Code("F302", "a key declared where it follows from the inputs")
KEY_NEEDED = Code("F303", "a key that the inputs do not give")
DECLARE = "declare key: [...]; it is measured on every run"
DROPPED_COLUMN = Code("F248", "a column that is dropped and needed")
NOTHING_HELD = Code("F249", "a group for rows that nothing holds back")
NO_VIEW = Code("F245", "a stage that cannot be a view")
OPEN_INPUT = Code("F219", "a stage that needs declared columns")


def close(draft: Draft, stage: Stage, names: Sequence[str]) -> tuple[Assertion, ...]:
    """Holds back the rows that a check quarantines, alone or with their groups; the assertions of the rest.

    Checks that judge rows together judge those that are left when each has been judged by itself.
    """
    outcome = draft.over(draft.relation(names))
    checked = checks.resolve(outcome, stage.placed_checks, holding=True, groups=stage.quarantine is not None)
    alone = (*draft.held, *checked.held)
    group = _group(draft, stage, (*alone, *checked.grouped))
    _hold(draft, alone, group, "_in_bad_group")
    for step in outcome.steps:
        draft.step(step)
    _hold(draft, checked.grouped, group, "_in_group_found_bad")
    draft.learn(outcome)
    if isinstance(stage, Limited) and stage.limit is not None:
        _limit(draft, stage.limit, names)
    return (*checks.held_assertions((*alone, *checked.grouped), stage.placed_checks), *checked.assertions)


def _group(draft: Draft, stage: Stage, held: Sequence[Held]) -> list[Reference]:
    """The columns of the group that goes with a row; none where a row goes alone."""
    if stage.quarantine is None:
        return []
    found = [draft.find(name, "quarantine", "with", i) for i, name in enumerate(stage.quarantine.with_)]
    if not held and all(check.on_fail != "quarantine" for _, check in stage.placed_checks):
        draft.findings.error(
            NOTHING_HELD,
            (*draft.place, "quarantine"),
            f"no check of stage `{draft.name}` quarantines, and nothing it reads can be unreadable",
            "write on_fail: quarantine on a check, or leave `quarantine` out",
        )
    return [draft.reference(c.name) for c in found if c is not None]


def _hold(draft: Draft, held: Sequence[Held], group: Sequence[Reference], mark: str) -> None:
    """Quarantines the rows that fail, and what is in a group with them; `mark` is a column that no other step makes."""
    if not held:
        return
    if group:
        groups.mark(draft, either(*(h.failing for h in held)) or FALSE, group, mark)
    draft.hold(held)
    if group:
        draft.divert(either(Reference(BOOLEAN, True, mark), *draft.bad_groups), "quarantined with its group")


def _limit(draft: Draft, model: LimitModel, names: Sequence[str]) -> None:
    orders = columns.orders(draft, model.order_by, "limit", "order_by")
    needed = {name for order in orders for name in references(order.key) if name.lower() in draft.columns}
    draft.divert(draft.unreadable(*sorted(needed)), "rejected")
    number = Call(INTEGER, False, function("row_number"), (), window=Window((), draft.total(orders, names)))
    draft.step(Derive(((RANK, number),), "ranked"))
    draft.divert(call(">", Reference(INTEGER, False, RANK), literal(model.rows)), "over the limit")


def finish(
    draft: Draft,
    stage: Stage,
    names: Sequence[str],
    *,
    key: Sequence[str] | None = None,
    measured: bool = False,
    valid: ValidModel | None = None,
    layer: Layer | None = None,
    publication: Publication | None = None,
    assertions: tuple[Assertion, ...] = (),
) -> StagePlan:
    """The resolved stage. A `measured` key is judged by a query of every run; another one is proved."""
    names, dropped = _dropped(draft, stage, names, key or ())
    found = draft.over(draft.relation(names))
    proved = draft.proved(names)
    by = key if key is not None else sorted(proved[0]) if proved else ()
    period = None if found.open else checks.period(found, valid, by)
    relation = draft.relation(names, period)
    if key is not None:
        relation = relation.with_key(frozenset(key))
        place = (*draft.place, "key")
        assertions = (*assertions, checks.key_assertion(relation, key, place, proved=not measured))
    if period is not None:
        assertions = (*assertions, checks.period_assertion(relation, period, (*draft.place, "valid")))
    query = draft.query([*names, *dropped])
    _check_view(draft, stage, query)
    return StagePlan(
        draft.name,
        stage.kind,
        layer or stage.layer,
        relation,
        query,
        tuple(name for name, _ in stage.inputs()),
        assertions,
        publication,
        stage.materialized,
        tuple(draft.columns[name.lower()] for name in dropped),
        stage.native,
        description=stage.description,
        owner=stage.owner,
        classification=stage.classification,
        tags=stage.tags,
    )


def _dropped(
    draft: Draft, stage: Stage, names: Sequence[str], key: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """The names that come out, and those that do not."""
    if not stage.drop:
        return names, ()
    outcome = draft.over(draft.relation(names))
    found = [outcome.find(name, "drop", index) for index, name in enumerate(stage.drop)]
    dropped = [c.name for c in found if c is not None]
    for index, name in enumerate(stage.drop):
        if name.lower() in (k.lower() for k in key):
            message = f"`{name}` is part of the key of `{draft.name}`"
            draft.findings.error(DROPPED_COLUMN, (*draft.place, "drop", index), message, "leave it in: a key comes out")
            return names, ()
    if dropped and len(set(dropped)) == len(names):
        message = f"`{draft.name}` would have no column left"
        draft.findings.key_error(DROPPED_COLUMN, (*draft.place, "drop"), message, "leave one of them in")
        return names, ()
    return [n for n in names if n not in dropped], dropped


def _check_view(draft: Draft, stage: Stage, query: Query) -> None:
    if stage.materialized != "view":
        return
    read = (draft.readables.get(name) for name in read_by(query))
    why = why_stored(query, draft.findings.names("sources"))
    if stage.kind == "publish":
        why = "a published table is a table"
    elif any(found is not None and found.publication is not None for found in read):
        why = "it reads a published stage, which stands under another name while the run is under way"
    if why is not None:
        message = f"`{draft.name}` cannot be a view: {why}"
        draft.findings.error(NO_VIEW, (*draft.place, "materialized"), message, "leave `materialized` out")


def following_key(
    draft: Draft, declared: Sequence[str] | None, names: Sequence[str], help: str = DECLARE
) -> tuple[tuple[str, ...] | None, bool]:
    """The key of a stage whose key follows from its inputs, and whether it must be measured."""
    if draft.lost:
        return None, False
    proved = draft.proved(names)
    if declared is None:
        if not proved and draft.open is None and draft.name not in draft.findings.doubtful:
            draft.findings.key_error(
                KEY_NEEDED,
                draft.place,
                f"what is one row of `{draft.name}` does not follow from its inputs",
                help,
            )
        return None, False
    found = [draft.find(name, "key", index) for index, name in enumerate(declared)]
    key = tuple(c.name for c in found if c is not None)
    if len(key) < len(declared):
        return None, False
    if any(k == frozenset(key) for k in proved):
        return key, False
    if proved:
        draft.findings.error(
            KEY_FOLLOWS,
            (*draft.place, "key"),
            f"the key of `{draft.name}` follows from its inputs: {shown(proved[0])}",
            "leave `key` out",
        )
        return None, False
    return key, True


def needs_columns(draft: Draft, what: str, path: Place = ("from",)) -> None:
    """Refuses an input without a contract where all of its columns come out."""
    if draft.open is not None and not draft.lost:
        draft.lost = True
        draft.findings.error(
            OPEN_INPUT,
            (*draft.place, *path),
            f"{what} passes on every column of its input, and this source declares none",
            "declare the source's `columns` (framework sources PIPELINE --write), or read it in a normalize stage",
        )
