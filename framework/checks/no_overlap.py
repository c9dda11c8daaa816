"""Periods must not overlap.

```yaml
checks:
  - no_overlap: {key: [member_id], from: starts, to: ends}
```
"""

from typing import Self

from pydantic import Field, model_validator

from framework.assertion import Place, SetTest
from framework.clauses.checks import of_one_kind, overlaps
from framework.draft import Draft
from framework.model import Check, Model, Name, Names, refuse_one_end


class Periods(Model):
    key: Names = Field(description="What the periods belong to; null equals null.")
    from_: Name = Field(alias="from", description="Where a period starts; a null fails.")
    to: Name = Field(description="Where it ends, itself no part of it; null is open.")

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        refuse_one_end(self.from_, self.to)
        return self


class NoOverlap(Check, check="no_overlap"):
    """No period is empty or turned round, and none reaches into the next one of its `key`; the earlier of two such
    periods is the one that fails. A null `from` fails: nobody can say what such a period reaches into. It is what
    `valid` checks."""

    no_overlap: Periods

    def label(self) -> str:
        return f"no_overlap({self.no_overlap.from_}, {self.no_overlap.to})"

    def resolve(self, draft: Draft, place: Place) -> SetTest | None:
        periods = self.no_overlap
        start, end = draft.find(periods.from_, *place, "from"), draft.find(periods.to, *place, "to")
        key = [draft.find(name, *place, "key", index) for index, name in enumerate(periods.key)]
        if start is None or end is None or any(column is None for column in key):
            return None
        if not of_one_kind(draft, start, end, place):
            return None
        per = [draft.reference(column.name) for column in key if column is not None]
        return overlaps(draft.name, draft.reference(start.name), draft.reference(end.name), per, draft.own("next"))
