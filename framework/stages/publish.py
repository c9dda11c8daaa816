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

from pydantic import Field

from framework.assertion import Place
from framework.clauses import columns as columns_clause
from framework.clauses import references as references_clause
from framework.clauses import storage
from framework.clauses.outcome import DECLARE, DROPPED_COLUMN, KEY_NEEDED, close, finish, needs_columns
from framework.clauses.values import mismatch
from framework.diagnostics import Code, suggest
from framework.draft import Draft
from framework.expressions.tree import FALSE, TRUE, Expression
from framework.expressions.typed import CLOCK, call, cast, literal
from framework.expressions.types import TIMESTAMP
from framework.model import Columns, Expr, Frozen, Limited, Name, Names
from framework.plan import (
    BEGINNING,
    IS_CURRENT,
    IS_DELETED,
    VALID_FROM,
    VALID_TO,
    Deletes,
    Layer,
    Mode,
    Publication,
    StagePlan,
)
from framework.relation import Column, Period, Relation

WRONG_UNKNOWN = Code("F228", "an unknown row that does not fit")
UNHASHABLE = Code("F229", "a key that cannot be hashed")
OWN_COLUMN = Code("F260", "a column that publishing adds, and that is there already")
NO_DELETES = Code("F262", "`deletes` for a mode that has none")

# What the candidate's rows hold in the columns that publishing keeps; the unknown row's are beside them.
_KEPT: Mapping[str, Expression] = {
    VALID_FROM: CLOCK["now"],
    VALID_TO: cast(literal(None), TIMESTAMP),
    IS_CURRENT: TRUE,
    IS_DELETED: FALSE,
}
_UNKNOWN: Mapping[str, Any] = {VALID_FROM: BEGINNING, IS_CURRENT: True, IS_DELETED: False}


class Publish(Limited, kind="publish"):
    """A published table: rows upserted by key, replaced, appended, or kept with their history."""

    layer: ClassVar[Layer] = "marts"

    from_: Name = Field(alias="from", description="The source or stage it reads.")
    where: Expr | None = Field(None, description="Rows for which it is not true are filtered.")
    columns: Annotated[Columns, Field(min_length=1)] | None = Field(
        None, description="The whole output; without it all input columns come out."
    )
    mode: Mode = Field(
        "upsert",
        description="upsert by key, replace all rows, append the keys that are not there, or keep the history of each.",
    )
    key: Names | None = Field(None, description="Defaults to the input's key.")
    surrogate_key: Name | None = Field(None, description="A column with a hash of the key, equal on every warehouse.")
    unknown: Frozen[Any] | None = Field(None, description="The row that facts without a known member point to.")
    references: Frozen[references_clause.AnyReference] = Field(
        default_factory=dict,
        description="{column: dimension} adds its surrogate key; {column: relation.column} checks.",
    )
    deletes: Deletes | None = Field(
        None, description="What becomes of a key that the input has no longer: keep, remove or flag."
    )
    partition_by: Names = Field((), description="Columns that order the rows where they are stored.")

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
        added, plans, checked = references_clause.follow(draft, self.references)
        publication = Publication(self.mode, key, self.surrogate_key, {}, tuple(plans), self._deletes(draft))
        publication = replace(publication, unknown=self._unknown(draft, publication, names))
        names = self._own(draft, publication, [*added, *names])
        if self.unknown:
            draft.rows.nothing(draft.name)  # the unknown row may repeat a key that holds of the rows that came in
        assertions = (*close(draft, self, names), *checked)
        # An input row that has the unknown row's key would be a second one of it, however well the key is proved.
        measured = measured or bool(self.unknown)
        plan = finish(draft, self, names, key=key or None, measured=measured, assertions=assertions)
        partition_by = storage.columns(draft.findings, plan.relation, self.partition_by, (*draft.place, "partition_by"))
        return replace(
            plan,
            publication=replace(publication, partition_by=partition_by),
            relation=_standing(plan.relation, publication),
        )

    def _key(self, draft: Draft, names: Sequence[str]) -> tuple[tuple[str, ...], bool]:
        outcome = draft.over(draft.relation(names))
        if outcome.open is not None:
            return (), False
        dropped = {name.lower() for name in self.drop}
        # A column that is dropped is part of the key only where there is no key without it.
        proved = draft.proved([n for n in names if n.lower() not in dropped]) or draft.proved(names)
        if self.key is None:
            needed = self.mode != "replace" or self.surrogate_key is not None or self.unknown is not None
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

    def _deletes(self, draft: Draft) -> Deletes:
        if self.deletes is not None and self.mode not in ("upsert", "history"):
            draft.findings.key_error(
                NO_DELETES,
                (*draft.place, "deletes"),
                f"mode `{self.mode}` has no `deletes`",
                "replace removes what the input has no longer: leave it out"
                if self.mode == "replace"
                else "append never touches a row that stands: leave it out, or write mode: upsert",
            )
        return self.deletes or "keep"

    # -- the columns that publishing adds

    def _own(self, draft: Draft, publication: Publication, names: Sequence[str]) -> list[str]:
        """All columns of the table: its surrogate key, the author's, and those that publishing keeps."""
        surrogate = [self.surrogate_key] if self.surrogate_key is not None and publication.key else []
        taken = {name.lower() for name in names}
        for name in (*surrogate, *publication.kept):
            if name.lower() in taken:
                draft.findings.key_error(
                    OWN_COLUMN,
                    self._adding(draft, name, publication),
                    f"`{draft.name}` has a column `{name}` already",
                    "name the key otherwise" if name in surrogate else "give that column another name in `columns`",
                )
                return list(names)
        for index, name in enumerate(self.drop):
            if name.lower() in {n.lower() for n in (*surrogate, *publication.kept)}:
                message = f"`{name}` is a column that publishing adds"
                draft.findings.error(DROPPED_COLUMN, (*draft.place, "drop", index), message, "leave it in")
        for name in publication.kept:
            draft.derive(name, _KEPT[name], label="kept")
        if surrogate:
            self._surrogate(draft, publication)
        return [*surrogate, *names, *publication.kept]

    def _adding(self, draft: Draft, name: str, publication: Publication) -> Place:
        """The clause that adds a column."""
        if name not in publication.kept:
            return (*draft.place, "surrogate_key")
        return (*draft.place, "deletes" if name == IS_DELETED else "mode")

    def _surrogate(self, draft: Draft, publication: Publication) -> None:
        assert self.surrogate_key is not None
        for name in publication.key:
            if draft.columns[name.lower()].type.name in ("double", "json"):
                draft.findings.key_error(
                    UNHASHABLE,
                    (*draft.place, "surrogate_key"),
                    f"`{name}` is {draft.columns[name.lower()].type}, which has no canonical text to hash",
                    "make it a decimal or a string",
                )
        hashed = (draft.reference(n) for n in publication.row_key)
        draft.derive(self.surrogate_key, call("hash_key", *hashed), label="keys")
        draft.rows.key([self.surrogate_key])

    def _unknown(self, draft: Draft, publication: Publication, names: Sequence[str]) -> Mapping[str, Any]:
        """The framework's own row: the values given, null elsewhere, and the hash of its key."""
        if self.unknown is None:
            return {}
        place = (*draft.place, "unknown")
        known = {n.lower(): n for n in names}
        seen: set[str] = set()
        for name, value in self.unknown.items():
            if name.lower() in seen:
                draft.findings.key_error(
                    WRONG_UNKNOWN,
                    (*place, name),
                    f"two columns of the unknown row are named `{name.lower()}` but for their case",
                    "names are matched without regard to case: leave one of them out",
                )
                continue
            seen.add(name.lower())
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
        missing = [
            n for n in publication.key if n.lower() not in {u.lower() for u, v in self.unknown.items() if v is not None}
        ]
        if missing:
            help = f"write unknown: {{{missing[0]}: ...}}"
            draft.findings.key_error(
                WRONG_UNKNOWN, place, f"the unknown row needs a value for its key: `{missing[0]}`", help
            )
        given = {known[n.lower()]: v for n, v in self.unknown.items() if n.lower() in known}
        return given | {n: _UNKNOWN[n] for n in publication.kept if n in _UNKNOWN}


def _standing(relation: Relation, publication: Publication) -> Relation:
    """The table as its readers see it: beside the rows of a run stand those of earlier ones, and the unknown row.

    What a run proves of its rows is then no proof of the others: one of them may share what is a key of the input
    alone, and is null in a column that the table gained later, or that the unknown row has no value in.
    """
    if not publication.remembers and not publication.unknown:
        return relation
    sure = {*publication.row_key, publication.surrogate_key, *publication.kept} - {VALID_TO}
    keys = relation.keys
    if publication.remembers:
        keyed = bool(publication.key) or frozenset() in keys
        keys = frozenset({frozenset(publication.row_key)} if keyed else ())
    else:
        sure |= {name for name, value in publication.unknown.items() if value is not None}
    keys |= {frozenset({name}) for name in relation.names if name == publication.surrogate_key}

    def seen(column: Column) -> Column:
        return replace(column, nullable=column.nullable or column.name not in sure)

    period = Period(VALID_FROM, VALID_TO, publication.key) if publication.mode == "history" else None
    return replace(relation, columns=tuple(seen(c) for c in relation.columns), keys=keys, period=period)
