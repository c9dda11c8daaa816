"""No two rows may share these values.

```yaml
checks:
  - unique: [claim_id]
  - unique: [claim_id, line_number]
```
"""

from typing import Any

from pydantic import Field

from framework.assertion import Expectation, Place, ProvedTest, SetTest
from framework.clauses.checks import expected_unique, unrepeated
from framework.column_check import column_alone
from framework.draft import Draft
from framework.model import Check, Names


class Unique(Check, check="unique"):
    """No two rows share the values of these columns; null equals null."""

    unique: Names = Field(min_length=1)

    def label(self) -> str:
        return f"unique({', '.join(self.unique)})"

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return column_alone(column, arguments)

    def expectation(self) -> Expectation:
        return expected_unique(self.unique)

    def resolve(self, draft: Draft, place: Place) -> SetTest | ProvedTest | None:
        found = [draft.find(name, *place, index) for index, name in enumerate(self.unique)]
        names = tuple(c.name for c in found if c is not None)
        if len(names) < len(found):
            return None
        return unrepeated(draft, names)
