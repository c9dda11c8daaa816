"""A text must fit a pattern.

```yaml
checks:
  - matches: {column: provider_npi, pattern: "^[0-9]{10}$"}
```
"""

from typing import Any

from framework.assertion import Expectation, Place, RowTest
from framework.clauses.texts import fits, searched
from framework.clauses.values import there
from framework.column_check import with_column
from framework.draft import Draft
from framework.expressions.typed import call
from framework.model import Check, Model, Name


class Pattern(Model):
    column: Name
    pattern: str


class Matches(Check, check="matches"):
    """The RE2 pattern is found in the text; write ^ and $ to fit all of it. Null passes."""

    matches: Pattern

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments, "pattern")

    def label(self) -> str:
        return f"matches({self.matches.column})"

    def expectation(self) -> Expectation:
        arguments = {"column": self.matches.column, "regex": self.matches.pattern}
        return Expectation("expect_column_values_to_match_regex", arguments)

    def resolve(self, draft: Draft, place: Place) -> RowTest | None:
        column = searched(draft, self.matches.column, place)
        found = None if column is None else fits(draft, column, self.matches.pattern, (*place, "pattern"))
        return None if column is None or found is None else RowTest(call("not", found), judged=there(column))
