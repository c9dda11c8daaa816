"""A condition must hold.

```yaml
checks:
  - expression: paid <= allowed
    on_fail: warn
```
"""

from framework.assertion import Place, RowTest
from framework.clauses.columns import whole_condition
from framework.draft import Draft
from framework.expressions.typed import call
from framework.model import Check, Expr


class ExpressionCheck(Check, check="expression"):
    """The condition is true in every row; where it is null the row passes."""

    expression: Expr

    def label(self) -> str:
        return f"expression({self.expression})"

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        return RowTest(call("not", whole_condition(draft, self.expression, place)))
