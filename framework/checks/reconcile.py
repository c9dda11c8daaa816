"""A figure must be what another relation says it is.

```yaml
checks:
  - reconcile: {measure: sum(paid), with: claim_lines, by: [claim_id]}
  - reconcile: {measure: sum(paid), with: control, with_measure: max(total_paid), by: {month: period}, tolerance: 0.05}
```
"""

from collections.abc import Iterator

from framework.assertion import Place, SetTest
from framework.clauses.reconciling import Comparison, reconciled
from framework.draft import Draft
from framework.model import Check


class Reconcile(Check, check="reconcile"):
    """The measure here is that of the other relation, group by group. A group that only one of them has fails, and so
    does a measure that is null in one. In `by` null equals null. Results count groups; `where` is about rows here."""

    reconcile: Comparison

    def label(self) -> str:
        return f"reconcile({self.reconcile.measure} with {self.reconcile.with_})"

    def reads(self) -> Iterator[tuple[str, Place]]:
        yield self.reconcile.with_, ("reconcile", "with")

    def resolve(self, draft: Draft, place: Place) -> SetTest | None:
        return reconciled(draft, self.reconcile, place)
