"""A condition must hold.

```yaml
checks:
  - expression: paid <= allowed
    on_fail: warn
```
"""

from framework.assertion import Place, RowTest
from framework.clauses.columns import whole_condition
from framework.clauses.values import IDLE
from framework.draft import Draft
from framework.expressions.tree import Reference, Variable, walk
from framework.expressions.typed import call
from framework.expressions.types import UNKNOWN
from framework.model import Check, Expr


class ExpressionCheck(Check, check="expression"):
    """The condition is true in every row; where it is null the row passes."""

    expression: Expr

    def label(self) -> str:
        return f"expression({self.expression})"

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        condition = whole_condition(draft, self.expression, place)
        if not any(isinstance(e, Reference | Variable) or e.type == UNKNOWN for e in walk(condition)):
            message = "the condition names no column, and is the same for every row"
            draft.findings.error(IDLE, (*draft.place, *place), message, "name the column that it is about")
            return None
        return RowTest(call("not", condition))
