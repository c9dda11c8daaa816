"""Relations put together: joined, or one after another.

```yaml
claims:
  kind: assemble
  from: claim_lines
  join:
    claim_headers: {on: claim_id, take: [member_id, service_date], missing: quarantine}
```
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from framework.algebra import Branch, Union
from framework.assertion import Place
from framework.clauses import columns as columns_clause
from framework.clauses import joins
from framework.clauses.joins import TAKEN_TWICE
from framework.clauses.outcome import DECLARE, close, finish, following_key, needs_columns
from framework.dependencies import Attribute, Known, united
from framework.diagnostics import Code
from framework.draft import Draft
from framework.expressions.tree import Expression, Reference
from framework.expressions.tree import Literal as Value
from framework.expressions.typed import cast
from framework.expressions.types import NULL, STRING, UNKNOWN, Type, widen
from framework.model import Columns, Expr, Frozen, Limited, Name, Names, Relations, ValidModel
from framework.plan import Layer, StagePlan
from framework.relation import Column, classified

MISSING_IN_BRANCH = Code("F220", "a column that not every branch of a union has")
UNLIKE_BRANCHES = Code("F221", "a column of different types in the branches of a union")
UNREADABLE_BRANCH = Code("F222", "a source whose values may be unreadable, read where rows cannot be held back")


_SHOWN = 6  # columns that a message names


@dataclass(frozen=True, slots=True)
class _Branch:
    """A relation of a union, with its place in the list."""

    index: int
    name: str
    draft: Draft


class Assemble(Limited, kind="assemble"):
    """Joins of any type, or a union by name. All input and taken columns come out, and `columns`."""

    layer: ClassVar[Layer] = "intermediate"

    from_: Name | None = Field(None, alias="from")
    join: Frozen[joins.JoinModel] | None = Field(None, description="Joins, in order; each named for its relation.")
    union: Relations | None = Field(None, description="Relations one after another, by the names of their columns.")
    tag: Name | None = Field(None, description="A column that holds the branch's name, and joins the key.")
    fill: Literal["null"] | None = Field(None, description="null: a column that a branch has not is null there.")
    where: Expr | None = Field(None, description="Rows for which it is not true are filtered.")
    key: Names | None = Field(None, description="Only where it does not follow from the inputs; measured.")
    valid: ValidModel | None = None
    columns: Columns = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.join is None) == (self.union is None):
            raise PydanticCustomError("one_form", "an assemble stage has either `join` or `union`")
        if self.join is not None and self.from_ is None:
            raise PydanticCustomError("no_from", "a stage that joins needs `from`")
        if self.union is not None and self.from_ is not None:
            raise PydanticCustomError("two_inputs", "a union names its inputs under `union`, and has no `from`")
        if self.join is not None and (self.tag is not None or self.fills):
            raise PydanticCustomError("union_only", "`tag` and `fill` belong to a union")
        return self

    def inputs(self) -> Iterator[tuple[str, Place]]:
        if self.from_ is not None:
            yield self.from_, ("from",)
        for index, name in enumerate(self.union or ()):
            yield name, ("union", index)

    def written(self) -> Iterator[tuple[str, str]]:
        yield from joins.written((self.join or {}).values())
        yield from super().written()

    def reads(self) -> Iterator[tuple[str, Place]]:
        for name, model in (self.join or {}).items():
            yield (model.relation or name), (("join", name, "relation") if model.relation else ("join", name))

    def resolve(self, draft: Draft) -> StagePlan:
        if self.union is not None:
            self._unite(draft, self.union)
        else:
            draft.read(self.from_ or "", (*draft.place, "from"))
            needs_columns(draft, "an assemble stage")
            for name, model in (self.join or {}).items():
                joins.join(draft, name, model, ("join", name))
        columns_clause.derive(draft, self.columns, converts=False)
        names = [c.name for c in draft.columns.values()]
        if self.where is not None:
            early, late = columns_clause.where(draft, self.where, "where")
            columns_clause.keep(draft, early)
            draft.windows()
            columns_clause.keep(draft, late)
        draft.windows()
        help = DECLARE if self.union is None or self.tag else f"{DECLARE}; or write tag: name, to add the branch to it"
        key, measured = following_key(draft, self.key, names, help)
        assertions = close(draft, self, names)
        return finish(draft, self, names, key=key, measured=measured, valid=self.valid, assertions=assertions)

    # -- union

    @property
    def fills(self) -> bool:
        """`fill: null` is YAML's null: that the clause stands there is what counts."""
        return "fill" in self.model_fields_set

    def _unite(self, draft: Draft, names: Sequence[str]) -> None:
        branches: list[_Branch] = []
        for index, name in enumerate(names):
            branch = Draft(draft.name, draft.place, draft.readables, draft.findings, draft.variables)
            if branch.read(name, (*draft.place, "union", index)):
                needs_columns(branch, "a union", ("union", index))
                if branch.flags:
                    draft.findings.error(
                        UNREADABLE_BRANCH,
                        (*draft.place, "union", index),
                        f"a union cannot hold back what is unreadable in `{name}`",
                        f"read `{name}` in a normalize stage first",
                    )
            draft.lost = draft.lost or branch.lost
            if not branch.lost:
                branches.append(_Branch(index, name, branch))
        draft.open = UNKNOWN if draft.lost else None
        outputs = self._outputs(draft, branches)
        found = [(each, tuple(self._values(each.draft, each.name, outputs))) for each in branches]
        draft.input = Union(
            tuple(Branch(each.draft.query([c.name for c in each.draft.columns.values()]), v) for each, v in found)
        )
        if not draft.lost:
            draft.rows = united([_known(each.draft, values) for each, values in found], draft.name)
        for column in outputs.values():
            draft.add(column)
        if self.tag is not None and self.tag.lower() in draft.columns:
            message = f"the branches have a column `{self.tag}` already"
            draft.findings.error(TAKEN_TWICE, (*draft.place, "tag"), message, "give the tag another name")
        elif self.tag is not None:
            draft.add(Column(self.tag, STRING, False))

    def _outputs(self, draft: Draft, branches: Sequence["_Branch"]) -> dict[str, Column]:
        """Every column of every branch, its types widened."""
        outputs: dict[str, Column] = {}
        origins: dict[str, str] = {}
        for each in branches:
            for name, column in each.draft.columns.items():
                known = outputs.get(name)
                outputs[name] = column if known is None else self._widened(draft, known, origins[name], column, each)
                origins.setdefault(name, each.name)
        for each in branches:
            lacking = [c.name for name, c in outputs.items() if name not in each.draft.columns]
            if lacking and not self.fills:
                shown = ", ".join(f"`{name}`" for name in lacking[:_SHOWN])
                more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
                draft.findings.error(
                    MISSING_IN_BRANCH,
                    (*draft.place, "union", each.index),
                    f"`{each.name}` has no {shown}{more}, as another branch has",
                    "write fill: null to have null there",
                )
        for name, column in list(outputs.items()):
            nullable = any(name not in b.draft.columns or b.draft.columns[name].nullable for b in branches)
            outputs[name] = Column(column.name, column.type, nullable, column.classification, column.description)
        return outputs

    def _widened(self, draft: Draft, one: Column, origin: str, other: Column, branch: "_Branch") -> Column:
        wide: Type | None = widen(one.type, other.type)
        if wide is None:
            draft.findings.error(
                UNLIKE_BRANCHES,
                (*draft.place, "union", branch.index),
                f"`{one.name}` is {other.type} in `{branch.name}`, and {one.type} in `{origin}`",
                "convert it in the stage that makes it",
            )
        word = classified((one.classification, other.classification))
        return Column(one.name, wide or one.type, True, word, one.description)

    def _values(self, branch: Draft, name: str, outputs: dict[str, Column]) -> Iterator[tuple[str, Expression]]:
        for lowered, column in outputs.items():
            own = branch.columns.get(lowered)
            value: Expression = Value(NULL, True, None) if own is None else Reference(own.type, own.nullable, own.name)
            yield column.name, cast(value, column.type)
        if self.tag is not None:
            yield self.tag, Value(STRING, False, name)


def _known(branch: Draft, values: Iterable[tuple[str, Expression]]) -> tuple[Known, dict[str, Attribute]]:
    """What is known of a branch, with what the columns of the union are known as there."""
    columns = {name.lower(): branch.rows.value(name, value) for name, value in values}
    return branch.rows.known(), columns
