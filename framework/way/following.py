"""Which relations the way of a row leads through, and by what its rows are known in each.

It begins where the key stands and goes down: a relation that copies the columns of the key is known by them, and
another by its own key, in the rows that a stage makes of rows that are followed. Then it goes up, to what the first
relations are made of.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, FromClause, Select

from framework.algebra import BUCKET, Divert, Group, Hold, Query, Read, Union, read_by
from framework.algebra import Select as SelectText
from framework.compile.rows import Rowset, lower_query
from framework.compile.stages import Stages
from framework.ddl import column_of
from framework.expressions.lowering import lower
from framework.expressions.tree import Literal, Reference
from framework.lineage.edges import RelationLineage
from framework.lineage.tracing import trace
from framework.plan import Plan, SourcePlan, StagePlan
from framework.relation import Column, Relation
from framework.way.marking import CAME, FOLLOWED, Marked, before_group, driving, marked
from framework.way.trails import Trail, any_of

Trails = dict[str, list[Trail]]
ONE: ColumnElement[Any] = sa.literal_column("1").label("_one")


@dataclass(frozen=True, slots=True)
class Computed:
    """The rows of a stage as it computes them from what stands, `followed` those that are on the way."""

    marked: Marked
    rows: CTE
    names: tuple[str, ...]
    followed: ColumnElement[bool]


class Following:
    """`starts` are the relations in which the key is looked for; they have all its columns."""

    def __init__(self, plan: Plan, stages: Stages, key: Sequence[str], starts: Iterable[str]) -> None:
        self.plan, self.stages, self.key = plan, stages, tuple(key)
        self.lowering = stages.lowering
        self.starts = frozenset(starts)
        self.lineage = {relation.name: relation for relation in trace(plan)}
        relations: tuple[SourcePlan | StagePlan, ...] = (*plan.sources, *plan.stages)
        self.plans = {relation.name: relation for relation in relations}
        self.down: Trails = {}  # what the rows of a relation are known by, from the start on
        self.up: Trails = {}  # and of those above it
        self.own: Trails = {}  # of these, what can be told of a row that its stage has made
        self._taken: set[str] = set()
        self._computed: dict[str, Computed] = {}
        self._came: dict[str, Computed] = {}
        for source in plan.sources:
            if source.name in self.starts:
                self.down[source.name] = [self._given(source.relation)]
        for stage in plan.stages:
            self._go_down(stage)
        for stage in reversed(plan.stages):
            self._go_up(stage)

    # -- what a relation's rows are known by

    def trails(self, name: str) -> list[Trail]:
        return self.down.get(name) or self.up.get(name) or []

    def holds(self, name: str, side: FromClause) -> ColumnElement[bool]:
        """Whether a row of a relation, as it stands, is on the way."""
        return any_of(self.trails(name), side, self.plans[name].relation, self.lowering)

    def _given(self, relation: Relation) -> Trail:
        columns = (relation.column(name) for name in self.key)
        return Trail(tuple(c.name for c in columns if c is not None), self.key)

    def _go_down(self, stage: StagePlan) -> None:
        if stage.name in self.starts:
            self.own[stage.name] = self.down[stage.name] = [self._given(stage.relation)]
            return
        inputs = self._leading(stage)
        if not inputs:
            return
        copied = {
            name: [t.through(_copies(self.lineage[stage.name], name)) for t in self.down[name]] for name in inputs
        }
        found = [trail for trails in copied.values() for trail in trails if trail is not None]
        self.own[stage.name] = list(dict.fromkeys(found))
        if all(trail is not None for trails in copied.values() for trail in trails):
            self.down[stage.name] = self.own[stage.name]
            return
        self.own[stage.name] = []
        made = self._made(stage)
        if made is not None:
            self.down[stage.name] = [made]

    def _leading(self, stage: StagePlan) -> list[str]:
        """The followed relations that lead to a stage: those that it is made of, or else those that it joins."""
        first = [name for name in driving(stage.query) if name in self.down]
        return first or [name for name in sorted(read_by(stage.query)) if name in self.down]

    def _made(self, stage: StagePlan) -> Trail | None:
        """The rows that a stage makes of those that are followed, by their key."""
        key = _key(stage.relation)
        computed = self.computed(stage)
        if key is None or computed is None:
            return None
        came_out = [computed.followed]
        if BUCKET in computed.names:
            came_out.append(column_of(computed.rows, BUCKET) == sa.literal_column("'out'"))
        columns = [column_of(computed.rows, name) for name in key]
        return Trail(key, key, self._cte(sa.select(*(columns or [ONE])).where(*came_out), stage.name))

    def _go_up(self, stage: StagePlan) -> None:
        """What a stage's followed rows were made of; a relation may have come in through several."""
        own = self.own.get(stage.name) if stage.name in self.starts or stage.name in self.up else None
        for name in _above(stage.query) if own else ():
            if name in self.down or not own:
                continue
            above = self.plans[name]
            found = [] if self._leaves(stage.query) else [trail.through(self._back(stage, above)) for trail in own]
            if found and all(trail is not None for trail in found):
                trails = [trail for trail in found if trail is not None]
            elif isinstance(above, StagePlan) and (made_of := self._made_of(stage, above)) is not None:
                trails = [made_of]
            else:
                continue
            self.own[name] = self.up[name] = list(dict.fromkeys([*self.up.get(name, []), *trails]))

    def _leaves(self, query: Query) -> bool:
        """Whether rows with the values of a group may be none of it."""
        at = next((i for i, step in enumerate(query.steps) if isinstance(step, Group)), 0)
        return any(isinstance(step, Divert | Hold) for step in query.steps[:at])

    def _back(self, stage: StagePlan, above: SourcePlan | StagePlan) -> dict[str, str]:
        """By the lower-case name of a stage's column, the column above that it is a copy of."""
        names = {c.name.lower(): c.name for c in above.relation.columns}
        copies = _copies(self.lineage[stage.name], above.name)
        return {copy.lower(): names.get(column, column) for column, copy in copies.items()}

    def _made_of(self, stage: StagePlan, above: StagePlan) -> Trail | None:
        """The rows of a relation that those which are followed were made of, by their key."""
        key = _key(above.relation)
        if key and isinstance(stage.query.input, Union):
            return self._of_branch(stage, above, key)
        came = self.came(stage)
        if not key or came is None:
            return None
        stayed = [came.followed]
        if BUCKET in came.names and came is not self._computed.get(stage.name):  # of a group, those that are in it
            stayed.append(column_of(came.rows, BUCKET) == sa.literal_column("'out'"))
        columns = (column_of(came.rows, CAME + name).label(name) for name in key)
        return Trail(key, key, self._cte(sa.select(*columns).where(*stayed), f"{stage.name}_made_of"))

    def _of_branch(self, stage: StagePlan, above: StagePlan, key: tuple[str, ...]) -> Trail | None:
        """The rows of one input of a union, where the union has copies of their key."""
        copies = _copies(self.lineage[stage.name], above.name)
        if not all(name.lower() in copies for name in key):
            return None
        rows = self.stages.tables.live(stage).alias(self._name(f"{stage.name}_stands"))
        columns = (column_of(rows, copies[name.lower()]).label(name) for name in key)
        select = sa.select(*columns).select_from(rows).where(self.holds(stage.name, rows))
        for name, value in _told_apart(stage.query, above.name):
            told = lower(value, self._no_column, self.lowering)
            select = select.where(column_of(rows, name) == told)
        return Trail(key, key, self._cte(select, f"{stage.name}_of_{above.name}"))

    def _no_column(self, reference: Reference) -> Any:
        raise TypeError(f"a constant refers to {reference.name}")

    def _cte(self, select: Select[Any], name: str) -> Any:
        return select.distinct().cte(self._name(f"followed_{name}"))

    def _name(self, label: str) -> str:
        name, number = label, 2
        while name in self._taken:
            name, number = f"{label}_{number}", number + 1
        self._taken.add(name)
        return name

    # -- the rows of a stage, computed once more

    def computed(self, stage: StagePlan) -> Computed | None:
        """None of a stage whose select an author wrote."""
        if isinstance(stage.query.input, SelectText):
            return None
        if stage.name not in self._computed:
            self._computed[stage.name] = self._compute(stage, stage.query, self._columns_in(stage.query))
        return self._computed[stage.name]

    def came(self, stage: StagePlan) -> Computed | None:
        """The rows of a stage's one input, beside the rows, or the group's values, that were made of them."""
        if not isinstance(stage.query.input, Read):
            return None
        query = before_group(stage.query)
        if query is stage.query:
            return self.computed(stage)
        if stage.name not in self._came:
            self._came[stage.name] = self._compute(stage, query, self._columns_in(query))
        return self._came[stage.name]

    def _columns_in(self, query: Query) -> tuple[Column, ...]:
        """Of the one relation that a query reads, the columns that are asked for as they came in: all of a source, for
        there is nothing above it, and of a stage the key that its rows are known by."""
        if not isinstance(query.input, Read):
            return ()
        above = self.plans[query.input.relation]
        if isinstance(above, SourcePlan):
            return above.relation.columns
        key = () if above.name in self.down else _key(above.relation) or ()
        return tuple(c for c in above.relation.columns if c.name in key)

    def _compute(self, stage: StagePlan, query: Query, came: tuple[Column, ...]) -> Computed:
        """A group says how many of its rows are on the way, and a row that copies no key whether it is itself."""
        own = self.own.get(stage.name, [])
        groups = any(isinstance(step, Group) for step in query.steps)
        down = stage.name not in self.up
        followed = frozenset(self._leading(stage)) if down and (groups or not own) else frozenset[str]()
        made = marked(query, followed, came)
        rowset: Rowset = lower_query(made.query, self._read, self.lowering, verdict=True, taken=self._taken)
        rows = rowset.select.cte(self._name(f"{stage.name}_computed"))
        if own:
            told = [trail if set(trail.columns) <= set(rowset.names) else self._grouped(stage, trail) for trail in own]
            return Computed(made, rows, rowset.names, any_of(told, rows, stage.relation, self.lowering))
        return Computed(made, rows, rowset.names, column_of(rows, FOLLOWED).is_(sa.true()))

    def _grouped(self, stage: StagePlan, trail: Trail) -> Trail:
        """The same groups by what they are grouped by: the rows before do not have what is measured of them."""
        by = tuple(name for step in stage.query.steps if isinstance(step, Group) for name, _ in step.by)
        rows = self.stages.tables.live(stage).alias(self._name(f"{stage.name}_stands"))
        columns = [column_of(rows, name) for name in by]
        select = sa.select(*(columns or [ONE])).select_from(rows)
        held = select.where(trail.holds(rows, stage.relation, self.lowering))
        return Trail(by, by, self._cte(held, f"{stage.name}_groups"))

    def _read(self, name: str, columns: Iterable[str]) -> FromClause:
        table = self.stages.read(name, columns)
        if name not in self.down:
            return table
        side = table.alias(self._name(f"{name}_stands"))
        mark = any_of(self.down[name], side, self.plans[name].relation, self.lowering)
        return sa.select(*side.c, mark.label(FOLLOWED)).select_from(side).subquery(name)


def _copies(lineage: RelationLineage, above: str) -> dict[str, str]:
    """By the lower-case name of a column of the relation above, the first column that is a copy of it."""
    found: dict[str, str] = {}
    for column in lineage.columns:
        direct = [e.origin for e in column.edges if e.kind == "direct" and e.origin.column is not None]
        for origin in direct:
            if origin.relation == above and origin.column is not None:
                found.setdefault(origin.column.lower(), column.name)
    return found


def _told_apart(query: Query, relation: str) -> Iterator[tuple[str, Literal]]:
    """What a branch says of its rows by itself, where one alone reads the relation."""
    branches = query.input.branches if isinstance(query.input, Union) else ()
    found = [branch for branch in branches if driving(branch.relation) == (relation,)]
    for name, value in found[0].columns if len(found) == 1 else ():
        if isinstance(value, Literal) and value.value is not None:
            yield name, value


def _above(query: Query) -> tuple[str, ...]:
    """The relations that a stage's rows are made of; of a select all that it names."""
    return query.input.inputs if isinstance(query.input, SelectText) else driving(query)


def _key(relation: Relation) -> tuple[str, ...] | None:
    """The columns of the key that a relation is known by, or of its smallest; none of a relation of one row."""
    key = min(relation.keys, key=lambda k: (len(k), sorted(k)), default=None)
    key = relation.primary if relation.primary is not None else key
    return None if key is None else tuple(name for name in relation.names if name in key)
