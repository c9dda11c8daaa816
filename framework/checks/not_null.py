"""A value must be there.

```yaml
checks:
  - not_null: [member_id, provider_id]
    on_fail: quarantine
```
"""

from framework.assertion import Place, RowTest
from framework.draft import Draft
from framework.expressions.strictness import either
from framework.expressions.tree import FALSE
from framework.expressions.typed import call
from framework.model import Check, Names


class NotNull(Check, check="not_null"):
    """Every column named has a value in every row."""

    not_null: Names

    def label(self) -> str:
        return f"not_null({', '.join(self.not_null)})"

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        found = [draft.find(name, *place, index) for index, name in enumerate(self.not_null)]
        names = [c.name for c in found if c is not None and c.nullable]
        return RowTest(either(*(call("is null", draft.reference(n)) for n in names)) or FALSE)
