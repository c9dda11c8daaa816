"""No two rows may share these values.

```yaml
checks:
  - unique: [claim_id, line_number]
```
"""

from framework.assertion import Place, SetTest
from framework.clauses.checks import duplicates
from framework.draft import Draft
from framework.model import Check, Names


class Unique(Check, check="unique"):
    """No two rows share the values of these columns; null equals null."""

    unique: Names

    def label(self) -> str:
        return f"unique({', '.join(self.unique)})"

    def resolve(self, draft: Draft, place: Place) -> SetTest | None:
        found = [draft.find(name, *place, index) for index, name in enumerate(self.unique)]
        if any(column is None for column in found):
            return None
        return duplicates(draft.name, [draft.reference(c.name) for c in found if c is not None])
