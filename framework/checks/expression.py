"""A condition must hold.

```yaml
checks:
  - expression: paid <= allowed
    on_fail: warn
```
"""

from framework.assertion import Place, RowTest
from framework.clauses.columns import NOT_A_CONDITION
from framework.draft import Draft
from framework.expressions.typed import call
from framework.expressions.types import BOOLEAN, NULL, UNKNOWN
from framework.model import Check, Expr


class ExpressionCheck(Check, check="expression"):
    """The condition is true in every row; where it is null the row passes."""

    expression: Expr

    def label(self) -> str:
        return f"expression({self.expression})"

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        condition = draft.expression(self.expression, *place, scope=draft.scope(windows=False))
        if condition.type not in (BOOLEAN, NULL, UNKNOWN):
            draft.findings.error(
                NOT_A_CONDITION,
                (*draft.place, *place),
                f"a condition is expected, and this is {condition.type}",
            )
            return None
        return RowTest(call("not", condition))
