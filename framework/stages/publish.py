"""The facts and dimensions that others read; they move together, when every check of the run has passed.

```yaml
dim_member:
  kind: publish
  from: members
  columns: {member_id: lower(trim(Id)), gender: GENDER}
  mode: upsert
  key: [member_id]
  surrogate_key: member_key
  unknown: {member_id: UNKNOWN}
```
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from framework.algebra import Join
from framework.assertion import Assertion, Place
from framework.clauses import checks
from framework.clauses import columns as columns_clause
from framework.clauses.outcome import DECLARE, KEY_NEEDED, close, finish, needs_columns
from framework.clauses.values import mismatch
from framework.diagnostics import Code, suggest
from framework.draft import Draft, Held
from framework.expressions.tree import Expression, Literal, Reference
from framework.expressions.typed import call, cast, literal
from framework.expressions.types import BOOLEAN, STRING, UNKNOWN, widen
from framework.model import Columns, Expr, Frozen, Limited, Model, Name, Names
from framework.plan import Layer, Mode, Publication, ReferencePlan, StagePlan
from framework.relation import Column

NO_SURROGATE = Code("F226", "a reference to a stage without a surrogate key")
WRONG_REFERENCE = Code("F227", "a reference that cannot be followed")
WRONG_UNKNOWN = Code("F228", "an unknown row that does not fit")
UNHASHABLE = Code("F229", "a key that cannot be hashed")


class ReferenceModel(Model):
    """The dimension a column refers to; `as` names the added key where one dimension is referred to twice."""

    to: Name
    as_: Name | None = Field(None, alias="as")


Reference_ = Annotated[
    ReferenceModel,
    BeforeValidator(lambda v: {"to": v} if isinstance(v, str) else v, json_schema_input_type=str | ReferenceModel),
]


class Publish(Limited, kind="publish"):
    """A published table: `upsert` by key, or `replace` of all rows."""

    layer: ClassVar[Layer] = "marts"

    from_: Name = Field(alias="from", description="The source or stage it reads.")
    where: Expr | None = Field(None, description="Rows for which it is not true are filtered.")
    columns: Columns | None = Field(None, description="The whole output; without it all input columns come out.")
    mode: Mode = Field("upsert", description="upsert by key, or replace all rows.")
    key: Names | None = Field(None, description="Defaults to the input's key.")
    surrogate_key: Name | None = Field(None, description="A column with a hash of the key, equal on every warehouse.")
    unknown: Frozen[Any] | None = Field(None, description="The row that facts without a known member point to.")
    references: Frozen[Reference_] = Field(
        default_factory=dict,
        description="{column: dimension} adds its surrogate key; {column: relation.column} checks.",
    )

    def inputs(self) -> Iterator[tuple[str, Place]]:
        yield self.from_, ("from",)

    def reads(self) -> Iterator[tuple[str, Place]]:
        for name, model in self.references.items():
            yield model.to.partition(".")[0], ("references", name)

    def resolve(self, draft: Draft) -> StagePlan:
        draft.read(self.from_, (*draft.place, "from"))
        draft.whole = self.columns is not None
        if self.columns is None:
            needs_columns(draft, "a publish stage without `columns`")
            names = [c.name for c in draft.columns.values()]
        else:
            names = columns_clause.derive(draft, self.columns, converts=False)
        if self.where is not None:
            early, late = columns_clause.where(draft, self.where, "where")
            columns_clause.keep(draft, early)
            draft.windows()
            columns_clause.keep(draft, late)
        draft.windows()
        key, measured = self._key(draft, names)
        added, references, followed = self._references(draft)
        surrogate = self._surrogate(draft, key)
        names = [*surrogate, *added, *names]
        if self.unknown:
            draft.keys = frozenset()  # the unknown row may repeat a key that holds of the rows that came in
        assertions = (*close(draft, self, names), *followed)
        if self.unknown:
            self._admit_unknown(draft, names)
        publication = Publication(
            self.mode,
            key,
            self.surrogate_key,
            self._unknown(draft, key, names),
            tuple(references),
        )
        # An input row that has the unknown row's key would be a second one of it, however well the key is proved.
        measured = measured or bool(self.unknown)
        return finish(
            draft,
            self,
            names,
            key=key or None,
            measured=measured,
            publication=publication,
            assertions=assertions,
        )

    def _key(self, draft: Draft, names: Sequence[str]) -> tuple[tuple[str, ...], bool]:
        outcome = draft.over(draft.relation(names))
        if outcome.open is not None:
            return (), False
        proved = draft.proved(names)
        if self.key is None:
            needed = self.mode == "upsert" or self.surrogate_key is not None
            if not proved and needed and draft.name not in draft.findings.doubtful:
                draft.findings.key_error(
                    KEY_NEEDED,
                    draft.place,
                    f"what is one row of `{draft.name}` does not follow from `{self.from_}`",
                    DECLARE,
                )
            return (tuple(n for n in names if n in proved[0]), False) if proved else ((), False)
        found = [outcome.find(name, "key", index) for index, name in enumerate(self.key)]
        key = tuple(c.name for c in found if c is not None)
        return key, not any(k <= frozenset(key) for k in proved)

    def _surrogate(self, draft: Draft, key: Sequence[str]) -> list[str]:
        if self.surrogate_key is None or not key:
            return []
        for name in key:
            if draft.columns[name.lower()].type.name in ("double", "json"):
                draft.findings.key_error(
                    UNHASHABLE,
                    (*draft.place, "surrogate_key"),
                    f"`{name}` is {draft.columns[name.lower()].type}, which has no canonical text to hash",
                    "make it a decimal or a string",
                )
        draft.derive(self.surrogate_key, call("hash_key", *(draft.reference(n) for n in key)), label="keys")
        draft.keys |= {draft.identify([self.surrogate_key])}
        return [self.surrogate_key]

    def _unknown(self, draft: Draft, key: Sequence[str], names: Sequence[str]) -> Mapping[str, Any]:
        """The framework's own row: the values given, null elsewhere, and the hash of its key."""
        if self.unknown is None:
            return {}
        place = (*draft.place, "unknown")
        known = {n.lower(): n for n in names}
        for name, value in self.unknown.items():
            column = draft.columns.get(name.lower())
            if draft.lost and not draft.whole:
                continue
            if name.lower() not in known or column is None:
                draft.findings.key_error(
                    WRONG_UNKNOWN,
                    (*place, name),
                    f"`{draft.name}` has no column `{name}`",
                    suggest(name, names),
                )
                continue
            wrong = mismatch(value, column.type)
            if wrong is not None:
                draft.findings.error(WRONG_UNKNOWN, (*place, name), *wrong)
        missing = [n for n in key if n.lower() not in {u.lower() for u, v in self.unknown.items() if v is not None}]
        if missing:
            help = f"write unknown: {{{missing[0]}: ...}}"
            draft.findings.key_error(
                WRONG_UNKNOWN, place, f"the unknown row needs a value for its key: `{missing[0]}`", help
            )
        return {known[n.lower()]: v for n, v in self.unknown.items() if n.lower() in known}

    def _admit_unknown(self, draft: Draft, names: Sequence[str]) -> None:
        """Others read the unknown row too: it is null where it has no value, and has a surrogate key of its own."""
        given = {n.lower() for n, v in (self.unknown or {}).items() if v is not None}
        if self.surrogate_key is not None and self.surrogate_key in names:
            draft.keys |= {draft.identify([self.surrogate_key])}
            given.add(self.surrogate_key.lower())
        for name in names:
            if name.lower() not in given:
                draft.columns[name.lower()] = replace(draft.columns[name.lower()], nullable=True)

    # -- references

    def _references(self, draft: Draft) -> tuple[list[str], list[ReferencePlan], list[Assertion]]:
        added: list[str] = []
        plans: list[ReferencePlan] = []
        followed: list[Assertion] = []
        for name, model in self.references.items():
            column = draft.find(name, "references", name, key=True)
            relation, _, target = model.to.partition(".")
            to = (*draft.place, "references", name, "to")
            readable = draft.readable(relation, to, span=(0, len(relation)))
            if column is None or readable is None:
                continue
            if target:
                followed += self._checked(draft, column, relation, target)
                continue
            plan = self._followed(draft, column, model)
            if plan is not None:
                plans.append(plan)
                added.append(plan.key)
        return added, plans, followed

    def _checked(self, draft: Draft, column: Column, relation: str, target: str) -> list[Assertion]:
        place = (*draft.place, "references", column.name)
        path = ("references", column.name)
        test = checks.orphans(draft, [(column.name, path)], relation, [target], (*path, "to"), key=True)
        label = f"references({column.name} -> {relation}.{target})"
        return [] if test is None else [Assertion(label, "relationship", test, "stop", place)]

    def _followed(self, draft: Draft, column: Column, model: ReferenceModel) -> ReferencePlan | None:
        """Joins the dimension, and takes its surrogate key or that of its unknown row."""
        path = (*draft.place, "references", column.name, "to")
        readable = draft.readables[model.to]
        publication = readable.publication
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
        if not publication.key and model.to in draft.findings.doubtful:
            draft.add(Column(model.as_ or publication.surrogate_key, STRING))
            return None  # its key is what is wrong there
        target = readable.relation.column(publication.key[0]) if len(publication.key) == 1 else None
        if target is None:
            what = f"the key of `{model.to}` is not one column"
            alone = f"{column.name}: {model.to}.{next(iter(publication.key), 'column')}"
            draft.findings.error(WRONG_REFERENCE, path, what, f"write {alone} to check it and add no key")
            return None
        if widen(target.type, column.type) is None:
            what = f"`{column.name}` is {column.type}, and `{target.name}` of `{model.to}` is {target.type}"
            draft.findings.error(WRONG_REFERENCE, path, what, "convert one of them in the stage that makes it")
            return None
        name = model.as_ or publication.surrogate_key
        if name.lower() in draft.columns:
            draft.findings.error(
                WRONG_REFERENCE,
                path,
                f"`{draft.name}` has a column `{name}` already",
                f"name the key: {column.name}: {{to: {model.to}, as: ...}}",
            )
            return None
        self._join(draft, column, target, model.to, publication, name)
        unknown = bool(publication.unknown)
        return ReferencePlan(column.name, model.to, target.name, name, unknown)

    def _join(
        self,
        draft: Draft,
        column: Column,
        target: Column,
        dimension: str,
        publication: Publication,
        name: str,
    ) -> None:
        alias, matched = f"{dimension}_by_{column.name}", f"_matched_{name}"
        on = call("=", draft.reference(column.name), Reference(target.type, target.nullable, target.name, alias))
        key = Reference(STRING, False, publication.surrogate_key or "", alias)
        draft.step(Join(draft.readables[dimension].query, alias, "left", on, ((f"_{name}", key),), matched))
        found = Reference(BOOLEAN, False, matched)
        taken: Expression = Reference(STRING, True, f"_{name}")
        if publication.unknown:
            value = publication.unknown.get(target.name)
            unknown: Expression = (
                cast(literal(value), target.type) if value is not None else Literal(UNKNOWN, True, None)
            )
            taken = call("if", found, Reference(STRING, False, f"_{name}"), call("hash_key", unknown))
        else:
            label = f"references({column.name} -> {dimension})"
            draft.held.append(Held(label, call("not", found), "stop", (*draft.place, "references", column.name)))
        draft.derive(name, taken, label="keys")
