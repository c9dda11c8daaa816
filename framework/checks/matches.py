"""A text must fit a pattern.

```yaml
checks:
  - matches: {column: provider_npi, pattern: "^[0-9]{10}$"}
```
"""

from typing import Any

from framework.assertion import Expectation, Place, RowTest
from framework.clauses.values import IDLE, WRONG_COLUMN, there
from framework.column_check import with_column
from framework.draft import Draft
from framework.expressions.pattern import PatternProblem, read
from framework.expressions.typed import BAD_PATTERN, Problem, call, literal
from framework.expressions.types import STRING, UNKNOWN
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
        column = draft.find(self.matches.column, *place, "column")
        if column is None:
            return None
        if column.type not in (STRING, UNKNOWN):
            draft.findings.error(
                WRONG_COLUMN,
                (*draft.place, *place, "column"),
                f"`{column.name}` is {column.type}, and a pattern fits text",
                f"write an expression: regexp_matches(cast({column.name} as string), '...')",
            )
            return None
        if not self.matches.pattern:
            message, help = (
                "an empty pattern is found in every text",
                "write what must be found, or leave the check out",
            )
            draft.findings.error(IDLE, (*draft.place, *place, "pattern"), message, help)
            return None
        try:
            read(self.matches.pattern)
        except PatternProblem as problem:
            found = Problem(BAD_PATTERN, problem.message, problem.span, problem.help)
            draft.findings.problem(found, (*draft.place, *place, "pattern"))
            return None
        reference = draft.reference(column.name)
        fits = call("regexp_matches", reference, literal(self.matches.pattern))
        draft.findings.note_call(fits, (*draft.place, *place, "pattern"))
        return RowTest(call("not", fits), judged=there(reference))
