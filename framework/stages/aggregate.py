"""One row per group.

```yaml
claims_monthly:
  kind: aggregate
  from: claims_enriched
  by: [member_id, month]
  measures:
    claim_count: count(distinct claim_id)
    paid: sum(paid)
```
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from framework.algebra import Derive, Group
from framework.assertion import Place
from framework.clauses import columns as columns_clause
from framework.clauses.checks import held_assertions
from framework.clauses.outcome import close, finish
from framework.diagnostics import Code
from framework.draft import Draft, Held
from framework.expressions.strictness import derivation, either, groups, outcome, unread_rows
from framework.expressions.tree import Call, Expression, Reference, transform
from framework.expressions.typed import Scope, call, literal
from framework.expressions.types import BOOLEAN, UNKNOWN
from framework.model import Columns, Expr, Limited, ListOrMapping, Name
from framework.plan import Layer, StagePlan
from framework.relation import Column

# Of values that are there they give one, in a group that has a row.
_GIVING = frozenset(["sum", "avg", "min", "max", "any_value", "median", "bool_and", "bool_or"])

UNREADABLE_INPUT = Code("F224", "a source whose values may be unreadable, aggregated as it comes")
TWICE_IN_AGGREGATE = Code("F225", "a `by` column or a measure named like another")
NO_COLUMNS = Code("F276", "an aggregate without columns")


class Aggregate(Limited, kind="aggregate"):
    """`by` and `measures`. The key is `by`; an empty `by` gives one row."""

    layer: ClassVar[Layer] = "marts"

    from_: Name = Field(alias="from", description="The source or stage it reads.")
    where: Expr | None = Field(None, description="Rows for which it is not true are filtered.")
    by: ListOrMapping[Expr | None] = Field(description="What there is one row per: names, or {name: expression}.")
    measures: Columns = Field(default_factory=dict, description="Aggregates over the rows of each group.")
    having: Expr | None = Field(None, description="Groups for which it is not true are filtered.")

    def inputs(self) -> Iterator[tuple[str, Place]]:
        yield self.from_, ("from",)

    def resolve(self, draft: Draft) -> StagePlan:
        draft.whole = True
        draft.read(self.from_, (*draft.place, "from"))
        if draft.flags:
            draft.findings.error(
                UNREADABLE_INPUT,
                (*draft.place, "from"),
                f"an aggregate cannot hold back what is unreadable in `{self.from_}`",
                f"read `{self.from_}` in a normalize stage first",
            )
            draft.flags, draft.held = {}, []
        if self.where is not None:
            scope = draft.scope(windows=False, aggregate_help="write it in `having`, which judges the groups")
            early, _ = columns_clause.where(draft, self.where, "where", scope=scope)
            columns_clause.keep(draft, early)
        if not self.by and not self.measures:
            help = "write `measures`, or name columns in `by`"
            draft.findings.key_error(NO_COLUMNS, (*draft.place, "by"), f"`{draft.name}` would have no column", help)
        unread = _Unread(draft)
        by = self._by(draft, unread)
        measures = self._measures(draft, by, unread)
        kept, judged = self._having(draft, [*(c for c, _ in by), *(c for c, _ in measures)], unread)
        found = (*((c.name, value) for c, value in measures), *judged, *unread.measures)
        self._grouped(draft, Group(tuple((c.name, value) for c, value in by), found), by, [c for c, _ in measures])
        if unread.held:
            draft.hold(unread.held)
        columns_clause.keep(draft, kept, "having")
        names = [c.name for c in draft.columns.values()]
        key = tuple(c.name for c, _ in by)
        assertions = (*held_assertions(unread.held, ()), *close(draft, self, names))
        return finish(draft, self, names, key=key, assertions=assertions)

    def _by(self, draft: Draft, unread: "_Unread") -> list[tuple[Column, Expression]]:
        found: list[tuple[Column, Expression]] = []
        if isinstance(self.by, Mapping):
            for name, text in self.by.items():
                if name.lower() in (c.name.lower() for c, _ in found):
                    draft.findings.key_error(
                        TWICE_IN_AGGREGATE,
                        (*draft.place, "by", name),
                        f"two `by` columns of stage `{draft.name}` are named `{name.lower()}` but for their case",
                        "names are matched without regard to case: give one of them another name",
                    )
                    continue
                if text is None:
                    known = draft.find(name, "by", name, key=True)
                    value: Expression = draft.reference(name) if known else Reference(UNKNOWN, True, name)
                else:
                    value = draft.expression(text, "by", name, scope=draft.scope(windows=False))
                value = columns_clause.typed_as(draft, value, None, ("by", name), converts=False)
                grouped = self._computed(draft, name, value, unread)
                column = Column(name, value.type, grouped.nullable, draft.classified(value))
                found.append((column, grouped))
            return found
        for index, name in enumerate(self.by):
            given = draft.find(name, "by", index)
            if given is not None:
                found.append((given, draft.reference(name)))
        return found

    def _computed(self, draft: Draft, name: str, value: Expression, unread: "_Unread") -> Expression:
        """A computed `by` as a column of its own, so that it is computed once and grouped by name."""
        if isinstance(value, Reference):
            return value
        column = f"_by_{name}"
        steps = dict(derivation(column, value, {}))
        draft.step(Derive(tuple(steps.items()), "groups"))
        flag = f"_failed_{column}"
        if flag in steps:
            unread.add(name, value, rows=Reference(BOOLEAN, False, flag), path=("by", name))
        return Reference(value.type, steps[column].nullable, column)

    def _measures(
        self, draft: Draft, by: list[tuple[Column, Expression]], unread: "_Unread"
    ) -> list[tuple[Column, Expression]]:
        found: list[tuple[Column, Expression]] = []
        outside: dict[str, Expression] = {c.name.lower(): value for c, value in by}
        place = f"the measures of stage `{draft.name}`"
        inside = draft.scope(f"stage `{draft.name}`", windows=False)
        for name, model in self.measures.items():
            if name.lower() in outside:
                what = "`by` column" if name.lower() in {c.name.lower() for c, _ in by} else "measure"
                draft.findings.key_error(
                    TWICE_IN_AGGREGATE,
                    (*draft.place, "measures", name),
                    f"`{name}` is a {what} already",
                    "give the measure another name",
                )
                continue
            scope = Scope(
                outside,
                place,
                draft.open,
                draft.variables,
                aggregated=inside,
                windows=False,
                native=draft.native,
                declared=model.type,
            )
            text = model.expr if model.expr is not None else name
            value = draft.expression(text, "measures", name, *(() if model.expr is None else ("expr",)), scope=scope)
            value = columns_clause.typed_as(draft, value, model.type, ("measures", name), converts=False)
            value = transform(value, draft.repeatable)
            both = outcome(value, {})
            unread.add(name, value, rows=unread_rows(value), group=both.failed, path=("measures", name))
            value = _sure(both.value) if by else both.value
            classification = model.classification or draft.classified(value)
            found.append((Column(name, value.type, value.nullable, classification, model.description), value))
            outside[name.lower()] = value
        return found

    def _having(
        self, draft: Draft, columns: Sequence[Column], unread: "_Unread"
    ) -> tuple[Expression | None, list[tuple[str, Expression]]]:
        """The condition over the groups, and the measures that are made for it alone: the aggregates in it."""
        if self.having is None:
            return None, []
        scope = Scope(
            {c.name.lower(): Reference(c.type, c.nullable, c.name) for c in columns},
            f"`having` of stage `{draft.name}`",
            draft.open,
            draft.variables,
            aggregated=draft.scope(f"stage `{draft.name}`", windows=False),
            windows=False,
            native=draft.native,
        )
        kept, _ = columns_clause.where(draft, self.having, "having", scope=scope)
        if kept is None:
            return None, []
        kept = transform(kept, draft.repeatable)
        unread.add("having", kept, rows=unread_rows(kept), path=("having",), flag="_failed_in_having")
        judged: list[tuple[str, Expression]] = []

        def measured(e: Expression) -> Expression:
            if not groups(e):
                return e
            name = f"_having_{len(judged)}"
            judged.append((name, outcome(e, {}).value))
            return Reference(e.type, e.nullable, name)

        return transform(kept, measured), judged

    def _grouped(self, draft: Draft, group: Group, by: list[tuple[Column, Expression]], measures: list[Column]) -> None:
        """From here on the row is a group."""
        draft.step(group)
        draft.columns, draft.open = {}, None
        for column in (*(c for c, _ in by), *measures):
            draft.add(column)


class _Unread:
    """What a group is made of and could not be read. `measures` say of each group whether there is any, by the
    column that it went into; `held` is what the stage stops for."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.measures: list[tuple[str, Expression]] = []
        self.held: list[Held] = []

    def add(
        self,
        name: str,
        value: Expression,
        *,
        rows: Expression | None,
        path: Sequence[str],
        group: Expression | None = None,
        flag: str | None = None,
    ) -> None:
        """What is made by conversions that may fail: in a row of the group, or in what the group came to. `flag` names
        the measure that tells, `_failed_<name>` if not given."""
        any_row = None if rows is None else call("<", literal(0), call("count", call("case", rows, literal(1))))
        failed = either(any_row, group)
        if failed is None:
            return
        unread = Reference(BOOLEAN, False, flag or f"_failed_{name}")
        self.measures.append((unread.name, call("is true", failed)))
        place = (*self.draft.place, *path)
        self.held.append(Held(f"unreadable({name} as {value.type})", unread, "stop", place))


def _sure(value: Expression) -> Expression:
    """A measure of a group, which has a row: it holds a value where each of its rows has one."""
    if not isinstance(value, Call) or value.function.name not in _GIVING or value.filter is not None:
        return value
    return value if any(arg.nullable for arg in value.args) else replace(value, nullable=False)
