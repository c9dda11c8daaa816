"""The escape hatch: one `select`, parsed, so that its inputs and columns are still known.

```yaml
top_members:
  kind: sql
  key: [member_id]
  sql: |
    select member_id, sum(paid) as paid
    from claims_enriched
    group by member_id
```
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from framework.algebra import Select
from framework.assertion import Place
from framework.clauses.columns import TWICE
from framework.clauses.outcome import close, finish
from framework.dependencies import Rows, selected
from framework.diagnostics import Code
from framework.draft import Draft
from framework.expressions.syntax import Span
from framework.expressions.tree import Variable
from framework.expressions.typed import CLOCK, Problem, unknown_variable
from framework.expressions.types import Type
from framework.model import Limited, Names
from framework.plan import Layer, StagePlan
from framework.relation import Column

WRONG_SELECT = Code("F236", "not a select that can be read")
UNREPEATABLE = Code("F277", "what would not be the same in a second run, in a stage of kind sql")
UNREADABLE_IN_SQL = Code("F237", "a source whose values may be unreadable, read by a stage of kind sql")


class Sql(Limited, kind="sql"):
    """One `select` in DuckDB's dialect, rendered for the warehouse. The declared key is measured if not proved.

    `now()`, `current_date` and their like are the run's start.
    """

    sql: str = Field(description="The select; relations are named as elsewhere.")
    key: Names = Field(description="What there is one row per; measured on every run where it does not follow.")
    layer_: Layer = Field("intermediate", alias="layer", description="Which schema it stands in.")

    layer: ClassVar[Layer] = "intermediate"

    def inputs(self) -> Iterator[tuple[str, Place]]:
        from framework.expressions.select import SelectProblem, tables

        try:
            found = tables(self.sql)
        except SelectProblem:
            return
        for table in found:
            yield table.name, ("sql",)

    def written(self) -> Iterator[tuple[str, str]]:
        from framework.expressions.select.tracing import written

        yield from written(self.sql)

    def resolve(self, draft: Draft) -> StagePlan:
        from framework.expressions.select import SelectProblem, columns, placeholders, tables, unrepeatable

        place = (*draft.place, "sql")
        try:
            for problem in unrepeatable(self.sql):
                draft.findings.problem(Problem(UNREPEATABLE, problem.message, problem.span, problem.help), place)
            readable = [self._readable(draft, table.name, table.span) for table in tables(self.sql)]
            sound = all(readable)
            relations = {
                table.name: [(c.name, c.type) for c in draft.readables[table.name].relation.columns]
                for table in tables(self.sql)
                if table.name in draft.readables
            }
            variables = (*self._variables(draft, placeholders(self.sql)), *self._clock())
            types = {n: v.type for n, v in variables}
            found = columns(self.sql, relations, types) if sound else ()
            if found:
                self._follow(draft, relations, types)
        except SelectProblem as problem:
            found, variables = (), ()
            draft.findings.problem(Problem(WRONG_SELECT, problem.message, problem.span, problem.help), place)
        filled = draft.rows.known().filled(())
        for name, type_ in found:
            if name.lower() in draft.columns:
                draft.findings.error(
                    TWICE,
                    (*draft.place, "sql"),
                    f"two columns of stage `{draft.name}` are named `{name.lower()}`",
                    "names are matched without regard to case: give one of them another name",
                )
            draft.add(Column(name, type_, draft.rows.column(name) not in filled))
        draft.input = Select(self.sql, tuple(name for name, _ in self.inputs()), variables)
        names = [c.name for c in draft.columns.values()]
        if not found:
            draft.lost = True
            return finish(draft, self, names, layer=self.layer_)
        key = tuple(c.name for c in (draft.find(n, "key", i) for i, n in enumerate(self.key)) if c is not None)
        assertions = close(draft, self, names)
        measured = not draft.is_key(key)
        return finish(draft, self, names, key=key, measured=measured, layer=self.layer_, assertions=assertions)

    def _follow(
        self, draft: Draft, relations: Mapping[str, Sequence[tuple[str, Type]]], variables: Mapping[str, Type]
    ) -> None:
        """What is known of the rows that come out, as far as it can be told what the select does."""
        from framework.expressions.select.describing import described

        if any(draft.readables[name].lost for name in relations):
            return
        term = described(self.sql, relations, variables)
        if term is not None:
            draft.rows = Rows(selected(term, lambda name: draft.readables[name].known, draft.name))

    def _variables(self, draft: Draft, named: Iterable[tuple[str, Span]]) -> tuple[tuple[str, Variable], ...]:
        """The variables by the names that stand in the select; an unknown one is reported."""
        found: list[tuple[str, Variable]] = []
        for name, span in named:
            if name in draft.variables:
                found.append((name, draft.variables[name]))
            else:
                draft.findings.problem(unknown_variable(name, draft.variables, span), (*draft.place, "sql"))
        return tuple(found)

    def _clock(self) -> Iterator[tuple[str, Variable]]:
        """The moments of the run's clock that the select asks for, each by the name that stands for it."""
        from framework.expressions.select import clock, clocked

        for name in sorted(clock(self.sql)):
            yield clocked(name), CLOCK[name]

    def _readable(self, draft: Draft, name: str, span: tuple[int, int]) -> bool:
        readable = draft.readables.get(name)
        if readable is None:
            return draft.readable(name, (*draft.place, "sql"), span=span) is not None
        if readable.flags:
            draft.findings.problem(
                Problem(
                    UNREADABLE_IN_SQL,
                    f"a select cannot hold back what is unreadable in `{name}`",
                    span,
                    f"read `{name}` in a normalize stage first",
                ),
                (*draft.place, "sql"),
            )
            return False
        return True
