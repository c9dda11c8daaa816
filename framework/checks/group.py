"""A condition must hold of each group of rows.

```yaml
checks:
  - group: {by: [claim_id], having: count(distinct member_id) <= 1}
```
"""

from pydantic import Field

from framework.algebra import Divert, Group, Query, Read
from framework.assertion import Place, SetTest
from framework.clauses.columns import NOT_A_CONDITION
from framework.clauses.values import IDLE
from framework.draft import Draft
from framework.expressions.strictness import groups as aggregates
from framework.expressions.tree import Reference, walk
from framework.expressions.typed import COMPARE, Scope, call
from framework.expressions.types import BOOLEAN, NULL, UNKNOWN
from framework.model import Check, Expr, Model, Names


class Groups(Model):
    by: Names = Field(min_length=1, description="What the rows of a group share; null equals null.")
    having: Expr = Field(description="A condition over aggregates of its rows, and over what `by` names.")


class GroupCheck(Check, check="group"):
    """The condition is true of each group of rows; where it is null the group passes. Results count groups; `where` is
    about rows, and a group of which it leaves none is not judged."""

    group: Groups

    def label(self) -> str:
        return f"group({self.group.having} by {', '.join(self.group.by)})"

    def resolve(self, draft: Draft, place: Place) -> SetTest | None:
        before = len(draft.findings.errors)
        found = [draft.find(name, *place, "by", index) for index, name in enumerate(self.group.by)]
        by = {column.name: draft.reference(column.name) for column in found if column is not None}
        rows = draft.scope(windows=False)
        shared = {name.lower(): column for name, column in by.items()}
        group = Scope(shared, f"a group of {rows.place}", None, draft.variables, aggregated=rows, windows=False)
        at = (*draft.place, *place, "having")
        holds = draft.findings.expression(self.group.having, at, group)
        if holds.type not in (BOOLEAN, UNKNOWN, NULL):
            draft.findings.error(NOT_A_CONDITION, at, f"a condition is expected, and this is {holds.type}", COMPARE)
        elif not any(aggregates(e) or e.type == UNKNOWN for e in walk(holds)):
            message, help = "the condition aggregates no rows", "name what the rows have: count(*), sum(...), ..."
            draft.findings.error(IDLE, at, message, help)
        if len(draft.findings.errors) > before:
            return None
        failing = Reference(BOOLEAN, True, "_failing")
        keys = tuple((f"_k{i}", column) for i, column in enumerate(by.values()))
        steps = (Group(keys, (("_failing", call("not", holds)),)), Divert(call("is not true", failing), "sound"))
        return SetTest(Query(Read(draft.name), steps, ("_failing",)))
