"""A value must not be one of a list.

```yaml
checks:
  - not_accepted_values: {column: status, values: [VOID]}
```
"""

from typing import Any

from pydantic import Field

from framework.assertion import Expectation, Place, RowTest
from framework.clauses.values import listed
from framework.column_check import with_column
from framework.draft import Draft
from framework.model import Check, Model, Name


class Values(Model):
    column: Name
    values: tuple[Any, ...] = Field(min_length=1)


class NotAcceptedValues(Check, check="not_accepted_values"):
    """The column holds none of these values; null passes."""

    not_accepted_values: Values

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments, "values")

    def label(self) -> str:
        return f"not_accepted_values({self.not_accepted_values.column})"

    def expectation(self) -> Expectation:
        arguments = {"column": self.not_accepted_values.column, "value_set": list(self.not_accepted_values.values)}
        return Expectation("expect_column_values_to_not_be_in_set", arguments)

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        found = listed(draft, self.not_accepted_values.column, self.not_accepted_values.values, place)
        return None if found is None else RowTest(found[1])
