"""A value must be one of a list.

```yaml
checks:
  - accepted_values: {column: TYPE, values: [CHARGE, PAYMENT]}
```
"""

from typing import Any

from pydantic import Field

from framework.assertion import Expectation, Place, RowTest
from framework.clauses.values import listed
from framework.column_check import with_column
from framework.draft import Draft
from framework.expressions.typed import call
from framework.model import Check, Model, Name


class Values(Model):
    column: Name
    values: tuple[Any, ...] = Field(min_length=1)


class AcceptedValues(Check, check="accepted_values"):
    """The column holds one of these values; null passes."""

    accepted_values: Values

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments, "values")

    def label(self) -> str:
        return f"accepted_values({self.accepted_values.column})"

    def expectation(self) -> Expectation:
        arguments = {"column": self.accepted_values.column, "value_set": list(self.accepted_values.values)}
        return Expectation("expect_column_values_to_be_in_set", arguments)

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        found = listed(draft, self.accepted_values.column, self.accepted_values.values, place)
        return None if found is None else RowTest(call("not", found[1]))
