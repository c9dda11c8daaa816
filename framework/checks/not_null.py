"""A value must be there.

```yaml
checks:
  - not_null: [claim_id]
  - not_null: [member_id, provider_id]
    on_fail: quarantine
```
"""

from typing import Any

from pydantic import Field

from framework.assertion import Expectation, Place, ProvedTest, RowTest
from framework.column_check import column_alone
from framework.draft import Draft
from framework.expressions.strictness import either
from framework.expressions.typed import call
from framework.model import Check, Names


class NotNull(Check, check="not_null"):
    """Every column named has a value in every row."""

    not_null: Names = Field(min_length=1)

    def label(self) -> str:
        return f"not_null({', '.join(self.not_null)})"

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return column_alone(column, arguments)

    def expectation(self) -> Expectation | None:
        if len(self.not_null) > 1:
            return None  # which GX says column by column
        return Expectation("expect_column_values_to_not_be_null", {"column": self.not_null[0]})

    def resolve(self, draft: Draft, place: Place) -> RowTest | ProvedTest | None:
        found = [draft.find(name, *place, index) for index, name in enumerate(self.not_null)]
        names = tuple(c.name for c in found if c is not None)
        if len(names) < len(found):
            return None
        nulls = either(*(call("is null", draft.reference(c.name)) for c in found if c is not None and c.nullable))
        return ProvedTest() if nulls is None else RowTest(nulls, names)
