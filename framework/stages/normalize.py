"""One input made clean: renamed, converted, deduplicated; what cannot be read is quarantined.

```yaml
claim_lines:
  kind: normalize
  from: raw_lines
  where: TYPE in ('CHARGE', 'PAYMENT')
  key: [line_id]
  columns:
    line_id: lower(trim(ID))
    charged: {expr: parse_decimal(AMOUNT), type: "decimal(18,2)"}
  deduplicate: {order_by: received_at desc}
```
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from framework.assertion import Place
from framework.clauses import columns as columns_clause
from framework.clauses import groups, repeating
from framework.clauses.outcome import close, finish
from framework.clauses.repeating import ExpandModel, UnpivotModel
from framework.draft import Draft
from framework.expressions.tree import references
from framework.model import Columns, Expr, Limited, Model, Name, Names, Orders, ValidModel
from framework.plan import Layer, StagePlan


class Deduplicate(Model):
    """One row per key stays: the first in this order."""

    order_by: Orders = Field(min_length=1, description="Expressions, each with `desc` where the largest comes first.")


class Normalize(Limited, kind="normalize"):
    """One input; renames, cleans, converts, deduplicates. `columns` is the whole output."""

    layer: ClassVar[Layer] = "staging"

    from_: Name = Field(alias="from", description="The source or stage it reads.")
    unpivot: UnpivotModel | None = Field(None, description="Columns that become rows: {columns, name, value}.")
    expand: ExpandModel | None = Field(None, description="A row per calendar period of a span: {as, from, to, every}.")
    where: Expr | None = Field(None, description="Rows for which it is not true are filtered.")
    key: Names = Field(min_length=1, description="What there is one row per; a row with a null in it is rejected.")
    valid: ValidModel | None = None
    columns: Annotated[Columns, Field(min_length=1)]
    deduplicate: Deduplicate | None = None

    def inputs(self) -> tuple[tuple[str, Place], ...]:
        return ((self.from_, ("from",)),)

    def resolve(self, draft: Draft) -> StagePlan:
        draft.on_unreadable, draft.whole = "quarantine", True
        draft.read(self.from_, (*draft.place, "from"))
        if self.unpivot is not None:
            repeating.unpivot(draft, self.unpivot)
        spanless = None if self.expand is None else repeating.expand(draft, self.expand)
        names = columns_clause.derive(draft, self.columns, converts=True)
        groups.reject(draft, spanless)  # here, where the groups are known
        if self.where is not None:
            early, late = columns_clause.where(draft, self.where, "where")
            columns_clause.keep(draft, early)
            draft.windows()
            columns_clause.keep(draft, late)
        draft.windows()
        key = self._key(draft, names)
        groups.reject_keyless(draft, key)
        proved = draft.is_key(key)
        if self.deduplicate is not None and key:
            self._deduplicate(draft, self.deduplicate, key, names)
            proved = True
        assertions = close(draft, self, names)
        return finish(draft, self, names, key=key, measured=not proved, valid=self.valid, assertions=assertions)

    def _key(self, draft: Draft, names: Sequence[str]) -> tuple[str, ...]:
        """The key's columns, which are columns of the output."""
        outcome = draft.over(draft.relation(names))
        found = [outcome.find(name, "key", index) for index, name in enumerate(self.key)]
        return tuple(c.name for c in found if c is not None)

    def _deduplicate(self, draft: Draft, model: Deduplicate, key: Sequence[str], names: Sequence[str]) -> None:
        orders = columns_clause.orders(draft, model.order_by, "deduplicate", "order_by")
        needed = sorted({name for order in orders for name in references(order.key)})
        known = [name for name in needed if name.lower() in draft.columns]
        groups.reject(draft, draft.unreadable(*known))
        draft.rank(key, orders, [n for n in names if n not in key], "superseded")
