"""More columns beside each row, never more rows.

```yaml
claims_enriched:
  kind: enrich
  from: claims
  lookup:
    plans: {on: {plan_id: Id}, take: {plan_name: NAME}, missing: {plan_name: UNKNOWN}}
    eligibility: {on: member_id, as_of: service_at, take: {eligible_plan_id: plan_id}}
  columns:
    month: date_trunc('month', service_date)
```
"""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from framework.assertion import Place
from framework.clauses import columns as columns_clause
from framework.clauses import joins
from framework.clauses.outcome import close, finish, following_key, needs_columns
from framework.draft import Draft
from framework.model import Columns, Frozen, Name, Names, Stage, ValidModel
from framework.plan import Layer, StagePlan


class Enrich(Stage, kind="enrich"):
    """Many-to-one lookups and computed columns. All input and taken columns come out, and `columns`."""

    layer: ClassVar[Layer] = "intermediate"

    from_: Name = Field(alias="from", description="The source or stage it reads.")
    lookup: Frozen[joins.LookupModel] = Field(
        default_factory=dict, description="Lookups, in order; each named for its relation."
    )
    key: Names | None = Field(None, description="Only where one of the key's columns is computed; measured.")
    valid: ValidModel | None = None
    columns: Columns = Field(default_factory=dict)

    def inputs(self) -> Iterator[tuple[str, Place]]:
        yield self.from_, ("from",)

    def written(self) -> Iterator[tuple[str, str]]:
        yield from joins.written(self.lookup.values())
        yield from super().written()

    def reads(self) -> Iterator[tuple[str, Place]]:
        for name, model in self.lookup.items():
            yield (
                (model.relation or name),
                (("lookup", name, "relation") if model.relation else ("lookup", name)),
            )

    def resolve(self, draft: Draft) -> StagePlan:
        draft.read(self.from_, (*draft.place, "from"))
        needs_columns(draft, "an enrich stage")
        for name, model in self.lookup.items():
            joins.lookup(draft, name, model, ("lookup", name))
        columns_clause.derive(draft, self.columns, converts=False)
        draft.windows()
        names = [c.name for c in draft.columns.values()]
        key, measured = following_key(draft, self.key, names)
        assertions = close(draft, self, names)
        return finish(draft, self, names, key=key, measured=measured, valid=self.valid, assertions=assertions)
