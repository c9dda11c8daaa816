"""Plan -> the lineage of each relation: one pass over the steps of each stage.

The row in hand is followed: for each column, also those of the framework's own, what it is made of in terms of the
relations that are read. What a `Divert`, a `Hold`, a `Group` or a join decides is collected beside it.
"""

from collections.abc import Iterable, Iterator, Mapping

from framework.algebra import Derive, Divert, Group, Hold, Join, Query, Read, Repeat, Select, Step, Union
from framework.assertion import HeldTest
from framework.expressions.origins import (
    AGGREGATED,
    DERIVED,
    DIRECT,
    FILTERED,
    KINDS,
    UNKNOWN,
    Deciders,
    Made,
    Origin,
    add,
)
from framework.expressions.origins import filtering as filters
from framework.expressions.tree import Call, Expression, Reference, children
from framework.lineage.edges import ColumnLineage, Edge, RelationLineage
from framework.plan import Plan, SourcePlan, StagePlan
from framework.relation import Relation

SOURCE = "source"


def trace(plan: Plan) -> tuple[RelationLineage, ...]:
    """The lineage of every source and stage, in the plan's order."""
    tracer = _Tracer(plan)
    stages = [tracer.stage(stage) for stage in plan.stages]
    return (*(tracer.source(source) for source in plan.sources), *stages)


class _Row:
    """The row in hand. `relation` is whose columns the names are that no step has made."""

    __slots__ = ("columns", "deciders", "names", "relation", "rows")

    def __init__(self, relation: str | None = None, names: dict[str, str] | None = None) -> None:
        self.relation, self.names = relation, {} if names is None else names
        self.columns: dict[str, Made] = {}
        self.rows: Made = {} if relation is None else {Origin(relation, None): DIRECT}
        self.deciders = Deciders()

    def made(self, name: str) -> Made:
        lowered = name.lower()
        found = self.columns.get(lowered)
        if found is None:
            if self.relation is None:
                raise KeyError(name)
            found = self.columns[lowered] = {Origin(self.relation, self.names.setdefault(lowered, name)): DIRECT}
        return found

    def derive(self, name: str, made: Made) -> None:
        self.columns[name.lower()] = made


class _Tracer:
    def __init__(self, plan: Plan) -> None:
        relations: tuple[SourcePlan | StagePlan, ...] = (*plan.sources, *plan.stages)
        self.sources = {source.name: source for source in plan.sources}
        self.relations: dict[str, Relation] = {r.name: r.relation for r in relations}
        # The names of columns as they are declared; those of a source without a contract as they are first used.
        self.names = {r.name: {n.lower(): n for n in r.relation.names} for r in relations}

    # -- relations

    def source(self, source: SourcePlan) -> RelationLineage:
        """A row whose declared value cannot be read reaches no stage's output, whichever column it stands in."""
        deciders = Deciders()
        deciders.add({Origin(source.name, column): DIRECT for column in source.flags}, "unreadable")
        columns = tuple(ColumnLineage(name) for name in self.names[source.name].values())
        return RelationLineage(source.name, SOURCE, columns, self._rows({}, deciders))

    def stage(self, stage: StagePlan) -> RelationLineage:
        row = self._query(stage.query, _stopping(stage))
        names = stage.relation.names
        made = {name: row.made(name) for name in names}
        _standing(stage, made, row.deciders)
        columns = (ColumnLineage(name, self._edges(made[name], row.rows)) for name in names)
        return RelationLineage(stage.name, stage.kind, tuple(columns), self._rows(row.rows, row.deciders))

    def _edges(self, made: Made, rows: Made) -> tuple[Edge, ...]:
        """What only filters is `on`, the match of what was taken; the rows that all are made of go without saying."""
        told = {*rows, *_with_rows(made)}
        values = [Edge(origin, KINDS[kind]) for origin, kind in made.items() if kind != FILTERED]
        matched = [origin for origin, kind in made.items() if kind == FILTERED and origin not in told]
        return (*values, *(Edge(origin, KINDS[FILTERED], ("on",)) for origin in matched))

    def _rows(self, rows: Made, deciders: Deciders) -> tuple[Edge, ...]:
        found = [Edge(origin, KINDS[kind]) for origin, kind in rows.items()]
        told = {*rows, *_with_rows(origin for origin, _ in deciders.found)}
        for (origin, kind), reasons in deciders.found.items():
            if origin not in told or kind != FILTERED:
                found.append(Edge(origin, KINDS[kind], tuple(reasons)))
        return tuple(found)

    # -- queries

    def _query(self, query: Query, stopping: frozenset[str] = frozenset()) -> _Row:
        row = self._input(query)
        for step in query.steps:
            self._step(step, row, stopping)
        return row

    def _input(self, query: Query) -> _Row:
        match query.input:
            case Read(relation=name):
                return self._read(name, query.steps)
            case Union(branches=branches):
                row = _Row()
                for branch in branches:
                    inner = self._query(branch.relation)
                    for name, value in branch.columns:
                        made = self.expression(_unwidened(value), inner)
                        add(row.columns.setdefault(name.lower(), {}), made)
                    add(row.rows, inner.rows)
                    row.deciders.merge(inner.deciders)
                return row
            case Select():
                return self._select(query.input, query.output)

    def _read(self, name: str, steps: tuple[Step, ...]) -> _Row:
        row = _Row(name, self.names[name])
        source = self.sources.get(name)
        for flag in () if source is None else source.flags.values():
            row.derive(flag, {Origin(name, None): FILTERED})
        return row

    def _select(self, select: Select, names: Iterable[str]) -> _Row:
        from framework.expressions.select.tracing import trace

        known = {name: [(c.name, c.type) for c in self.relations[name].columns] for name in select.inputs}
        traced = trace(select.text, known, {name: variable.type for name, variable in select.variables})
        row = _Row()
        row.rows = traced.rows
        row.columns = {name.lower(): dict.fromkeys(traced.rows, UNKNOWN) for name in names}
        row.columns |= {name.lower(): self._named(made) for name, made in traced.columns.items()}
        for (origin, kind), reasons in traced.deciders.found.items():
            row.deciders.add(self._named({origin: kind}), *reasons)
        return row

    def _named(self, made: Made) -> Made:
        """Columns of a source without a contract as they are first used."""
        return {
            Origin(relation, column and self.names[relation].setdefault(column.lower(), column)): kind
            for (relation, column), kind in made.items()
        }

    # -- steps

    def _step(self, step: Step, row: _Row, stopping: frozenset[str]) -> None:
        match step:
            case Derive(columns=columns):
                if not self._is_typing(step, row):
                    for name, value in columns:
                        row.derive(name, self.expression(value, row))
            case Divert(when=when, bucket=bucket):
                row.deciders.add(self.expression(when, row), bucket)
            case Hold(reasons=reasons):
                for name, failing in reasons:
                    if name not in stopping:
                        row.deciders.add(self.expression(failing, row), "quarantined")
            case Repeat(times=times, index=index):
                made = self.expression(times, row)
                row.deciders.add(made, "repeated")
                row.derive(index, made)
            case Group():
                self._group(step, row)
            case Join():
                self._join(step, row)

    def _is_typing(self, step: Derive, row: _Row) -> bool:
        """Whether it makes a source's text what the contract says: a column of a source is of its declared type."""
        source = self.sources.get(row.relation or "")
        return source is not None and any(step is typing for typing in source.query.steps)

    def _group(self, step: Group, row: _Row) -> None:
        columns: dict[str, Made] = {}
        for name, value in step.by:
            columns[name.lower()] = self.expression(value, row)
        by = filters(columns.values())
        for name, value in step.measures:
            columns[name.lower()] = self.expression(value, row)
        row.deciders.add(by, "by")
        row.columns, row.relation = columns, None
        row.rows = dict.fromkeys(row.rows, AGGREGATED)

    def _join(self, step: Join, row: _Row) -> None:
        right = self._query(step.right)
        on = filters([self.expression(step.on, row, right), right.deciders.filtering()])
        add(on, filters([right.rows]))  # `on: []` asks whether there is a row at all
        taken = {name: self.expression(value, row, right) for name, value in step.take}
        both = {name: self.expression(value, row, right) for name, value in step.coalesced}
        for name, made in (taken | both).items():
            add(made, on)
            row.derive(name, made)
        row.derive(step.matched, on)
        if step.type == "full":
            add(row.rows, right.rows)
        if step.type == "full" or step.multiplies:
            row.deciders.add(on, "on")

    # -- expressions

    def expression(self, e: Expression, row: _Row, right: _Row | None = None) -> Made:
        """What an expression over the row in hand, and the right side of a join, is made of."""
        if isinstance(e, Reference):
            side = row if e.qualifier is None or right is None else right
            return dict(side.made(e.name))
        made: Made = {}
        self._add(e, DIRECT, row, right, made)
        return made

    def _add(self, e: Expression, at_least: int, row: _Row, right: _Row | None, into: Made) -> bool:
        """Whether it reads anything of the rows."""
        if isinstance(e, Reference):
            side = row if e.qualifier is None or right is None else right
            add(into, side.made(e.name), at_least)
            return True
        if not isinstance(e, Call):
            return False
        aggregates = e.window is not None or e.function.kind != "scalar"
        level = AGGREGATED if aggregates else max(at_least, DERIVED)
        reads = False
        for child in children(e):
            reads = self._add(child, level, row, right, into) or reads
        if aggregates and not reads:  # `count(*)` is made of rows, whatever they hold
            add(into, row.rows, AGGREGATED)
        return reads or aggregates


def _with_rows(origins: Iterable[Origin]) -> Iterator[Origin]:
    """The rows that go without saying, because a column of theirs is told of."""
    return (Origin(origin.relation, None) for origin in origins if origin.column is not None)


def _stopping(stage: StagePlan) -> frozenset[str]:
    """What stops the stage holds no row back."""
    held = (a for a in stage.assertions if isinstance(a.test, HeldTest))
    return frozenset(a.name for a in held if a.on_fail == "stop")


def _standing(stage: StagePlan, made: Mapping[str, Made], deciders: Deciders) -> None:
    """What decides which rows of earlier runs stand beside those of this one."""
    publication = stage.publication
    if publication is None or not publication.remembers:
        return
    deciders.add(filters(made[name] for name in publication.key if name in made), "key")
    if publication.mode == "history":
        deciders.add(filters(made.values()), "history")


def _unwidened(e: Expression) -> Expression:
    """A column of a branch that the union only widens."""
    if isinstance(e, Call) and e.function.name == "cast" and isinstance(e.args[0], Reference):
        return e.args[0]
    return e
