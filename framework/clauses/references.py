"""`references`: the surrogate key of a dimension beside each row of a fact, or a check alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import BeforeValidator, Field

from framework.algebra import Join
from framework.assertion import Assertion
from framework.clauses import checks
from framework.diagnostics import Code
from framework.draft import Draft, Held
from framework.expressions.tree import Expression, Literal, Reference
from framework.expressions.typed import call, cast, literal
from framework.expressions.types import BOOLEAN, STRING, UNKNOWN, widen
from framework.model import Model, Name
from framework.plan import Publication, ReferencePlan
from framework.relation import Column, classified

NO_SURROGATE = Code("F226", "a reference to a stage without a surrogate key")
WRONG_REFERENCE = Code("F227", "a reference that cannot be followed")
KEEPS_HISTORY = Code("F261", "a reference to a table that keeps history")


class ReferenceModel(Model):
    """The dimension a column refers to; `as` names the added key where one dimension is referred to twice."""

    to: Name
    as_: Name | None = Field(None, alias="as")


AnyReference = Annotated[
    ReferenceModel,
    BeforeValidator(lambda v: {"to": v} if isinstance(v, str) else v, json_schema_input_type=str | ReferenceModel),
]


def follow(
    draft: Draft, references: Mapping[str, ReferenceModel]
) -> tuple[list[str], list[ReferencePlan], list[Assertion]]:
    """The names of the keys added, how each was found, and what must hold of the references that only check."""
    added: list[str] = []
    plans: list[ReferencePlan] = []
    checked: list[Assertion] = []
    for name, model in references.items():
        column = draft.find(name, "references", name, key=True)
        relation, _, target = model.to.partition(".")
        to = (*draft.place, "references", name, "to")
        readable = draft.readable(relation, to, span=(0, len(relation)))
        if column is None or readable is None:
            continue
        if target:
            checked += _checked(draft, column, relation, target)
            continue
        plan = _followed(draft, column, model)
        if plan is not None:
            plans.append(plan)
            added.append(plan.key)
            if plan.unknown and relation in draft.findings.names("sources"):
                # The unknown row that stands may be another than the one that its pipeline's file says now.
                checked += _found(draft, plan)
    return added, plans, checked


def _checked(draft: Draft, column: Column, relation: str, target: str) -> list[Assertion]:
    place = (*draft.place, "references", column.name)
    path = ("references", column.name)
    test = checks.orphans(draft, [(column.name, path)], relation, [target], (*path, "to"), key=True)
    label = f"references({column.name} -> {relation}.{target})"
    return [] if test is None else [Assertion(label, "relationship", test, "stop", place)]


def _found(draft: Draft, plan: ReferencePlan) -> list[Assertion]:
    """That each key which was added is one of the dimension's."""
    surrogate = draft.readables[plan.dimension].publication
    assert surrogate is not None
    assert surrogate.surrogate_key is not None
    path = ("references", plan.column)
    columns = [(plan.key, path)]
    test = checks.orphans(draft, columns, plan.dimension, [surrogate.surrogate_key], (*path, "to"), key=True)
    label = f"references({plan.column} -> {plan.dimension})"
    return [] if test is None else [Assertion(label, "relationship", test, "stop", (*draft.place, *path))]


def _followed(draft: Draft, column: Column, model: ReferenceModel) -> ReferencePlan | None:
    """Joins the dimension, and takes its surrogate key or that of its unknown row."""
    path = (*draft.place, "references", column.name, "to")
    publication = draft.readables[model.to].publication
    if draft.readables[model.to].lost:
        draft.open, draft.lost = UNKNOWN, True
        return None
    if publication is None or publication.surrogate_key is None:
        draft.findings.error(
            NO_SURROGATE,
            path,
            f"`{model.to}` has no surrogate key to refer to",
            "refer to a publish stage that has a `surrogate_key`"
            if publication is None
            else f"give `{model.to}` a `surrogate_key`",
        )
        return None
    name = model.as_ or publication.surrogate_key
    if not publication.key and model.to in draft.findings.doubtful:
        draft.add(Column(name, STRING))
        return None  # its key is what is wrong there
    target = _target(draft, column, model.to, publication)
    if target is None:
        return None
    if name.lower() in draft.columns:
        draft.findings.error(
            WRONG_REFERENCE,
            path,
            f"`{draft.name}` has a column `{name}` already",
            f"name the key: {column.name}: {{to: {model.to}, as: ...}}",
        )
        return None
    _join(draft, column, target, model.to, publication, name)
    return ReferencePlan(column.name, model.to, target.name, name, bool(publication.unknown))


def _target(draft: Draft, column: Column, dimension: str, publication: Publication) -> Column | None:
    """The dimension's key; None, with a finding, where the column cannot be held against it."""
    path = (*draft.place, "references", column.name, "to")
    key = publication.key[0] if len(publication.key) == 1 else None
    target = None if key is None else draft.readables[dimension].relation.column(key)
    if target is None:
        what = f"the key of `{dimension}` is not one column"
        alone = f"{column.name}: {dimension}.{next(iter(publication.key), 'column')}"
        draft.findings.error(WRONG_REFERENCE, path, what, f"write {alone} to check it and add no key")
        return None
    if publication.mode == "history":
        draft.findings.error(
            KEEPS_HISTORY,
            path,
            f"`{dimension}` keeps history, and `{column.name}` alone does not say which of its rows is meant",
            "take the key in an enrich stage before: "
            f"lookup: {{{dimension}: {{on: {{{column.name}: {target.name}}}, as_of: ..., "
            f"take: [{publication.surrogate_key}]}}}}",
        )
        return None
    if widen(target.type, column.type) is None:
        what = f"`{column.name}` is {column.type}, and `{target.name}` of `{dimension}` is {target.type}"
        draft.findings.error(WRONG_REFERENCE, path, what, "convert one of them in the stage that makes it")
        return None
    return target


def _join(draft: Draft, column: Column, target: Column, dimension: str, publication: Publication, name: str) -> None:
    alias, matched = f"{dimension}_by_{column.name}", f"_matched_{name}"
    on = call("=", draft.reference(column.name), Reference(target.type, target.nullable, target.name, alias))
    key = Reference(STRING, False, publication.surrogate_key or "", alias)
    draft.step(Join(draft.readables[dimension].query, alias, "left", on, ((f"_{name}", key),), matched))
    found = Reference(BOOLEAN, False, matched)
    taken: Expression = Reference(STRING, True, f"_{name}")
    if publication.unknown:
        value = publication.unknown.get(target.name)
        unknown: Expression = cast(literal(value), target.type) if value is not None else Literal(UNKNOWN, True, None)
        taken = call("if", found, Reference(STRING, False, f"_{name}"), call("hash_key", unknown))
    else:
        label = f"references({column.name} -> {dimension})"
        draft.held.append(Held(label, call("not", found), "stop", (*draft.place, "references", column.name)))
    draft.derive(name, taken, label="keys")
    of = draft.readables[dimension].relation.column(publication.surrogate_key or "")
    if of is not None:  # a hash of what it is a key of: whoever may not see that may not see this
        made = draft.columns[name.lower()]
        draft.columns[name.lower()] = replace(made, classification=classified([of.classification]))
