"""The last clauses of every stage: checks, key and what comes out."""

from collections.abc import Sequence

from framework.algebra import Query
from framework.assertion import Assertion, Place
from framework.clauses import checks
from framework.clauses.materialized import why_stored
from framework.diagnostics import Code
from framework.draft import Draft
from framework.model import Stage, ValidModel
from framework.plan import Layer, Publication, StagePlan
from framework.relation import shown

KEY_FOLLOWS = Code("F302", "a key declared where it follows from the inputs")
KEY_NEEDED = Code("F303", "a key that the inputs do not give")
DECLARE = "declare key: [...]; it is measured on every run"
NO_VIEW = Code("F245", "a stage that cannot be a view")
OPEN_INPUT = Code("F219", "a stage that needs declared columns")


def close(draft: Draft, stage: Stage, names: Sequence[str]) -> tuple[Assertion, ...]:
    """Holds back the rows that a check quarantines; the assertions of the rest."""
    outcome = draft.over(draft.relation(names))
    held, assertions = checks.resolve(outcome, stage.checks, holding=True)
    for column in outcome.columns.values():
        if not column.nullable:
            draft.not_null([column.name])
    all_held = draft.hold(held)
    return (*checks.held_assertions(all_held, stage.checks), *assertions)


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
    """The resolved stage. A `measured` key is proved by a query of every run."""
    found = draft.over(draft.relation(names))
    proved = draft.proved(names)
    by = key if key is not None else sorted(proved[0]) if proved else ()
    period = None if found.open else checks.period(found, valid, by)
    relation = draft.relation(names, period)
    if publication is not None:
        relation = relation.varying()  # it may hold rows of earlier runs, and the unknown row
    if key is not None:
        relation = relation.with_key(frozenset(key))
        if measured:
            assertions = (*assertions, checks.key_assertion(relation, key, (*draft.place, "key")))
    if period is not None:
        assertions = (*assertions, checks.period_assertion(relation, period, (*draft.place, "valid")))
    query = draft.query(names)
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
        stage.native,
        description=stage.description,
        owner=stage.owner,
        classification=stage.classification,
    )


def _check_view(draft: Draft, stage: Stage, query: Query) -> None:
    if stage.materialized != "view":
        return
    published = "a published table is a table" if stage.kind == "publish" else None
    why = published or why_stored(query, draft.findings.names("sources"))
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
            "declare the source's `columns`, or read it in a normalize stage first",
        )
