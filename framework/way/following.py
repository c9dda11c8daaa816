"""Which relations the way of a row leads through, and by what its rows are known in each.

It begins where the key stands and goes down: a relation that copies the columns of the key is known by them, and
another by its own key, in the rows that a stage makes of rows that are followed. Then it goes up, to what the first
relations are made of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, FromClause, Select

from framework.algebra import BUCKET, Group, Query, Read, read_by
from framework.algebra import Select as SelectText
from framework.compile.rows import Rowset, lower_query
from framework.compile.stages import Stages
from framework.ddl import column_of
from framework.lineage.edges import RelationLineage
from framework.lineage.tracing import trace
from framework.plan import Plan, SourcePlan, StagePlan
from framework.relation import Column, Relation
from framework.way.marking import CAME, FOLLOWED, Marked, before_group, driving, marked
from framework.way.trails import Trail, any_of

Trails = dict[str, list[Trail]]


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
        if not key or computed is None:
            return None
        came_out = [computed.followed]
        if BUCKET in computed.names:
            came_out.append(column_of(computed.rows, BUCKET) == sa.literal_column("'out'"))
        select = sa.select(*(column_of(computed.rows, name) for name in key)).where(*came_out)
        return Trail(key, key, self._cte(select, stage.name))

    def _go_up(self, stage: StagePlan) -> None:
        own = self.own.get(stage.name) if stage.name in self.starts or stage.name in self.up else None
        for name in driving(stage.query) if own else ():
            above = self.plans[name]
            if name in self.down or name in self.up or not own:
                continue
            back = {copy.lower(): column for column, copy in _copies(self.lineage[stage.name], name).items()}
            names = {c.name.lower(): c.name for c in above.relation.columns}
            back = {copy: names.get(column, column) for copy, column in back.items()}
            found = [trail.through(back) for trail in own]
            if all(trail is not None for trail in found):
                self.up[name] = [trail for trail in found if trail is not None]
            elif isinstance(above, StagePlan) and (made_of := self._made_of(stage, above)) is not None:
                self.up[name] = [made_of]
            if name in self.up:
                self.own[name] = self.up[name]

    def _made_of(self, stage: StagePlan, above: StagePlan) -> Trail | None:
        """The rows of a relation that those which are followed were made of, by their key."""
        key = _key(above.relation)
        came = self.came(stage)
        if not key or came is None:
            return None
        columns = (column_of(came.rows, CAME + name).label(name) for name in key)
        return Trail(key, key, self._cte(sa.select(*columns).where(came.followed), f"{stage.name}_made_of"))

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
        return self._compute(stage, query, self._columns_in(query))

    def _columns_in(self, query: Query) -> tuple[Column, ...]:
        """Of the one relation that a query reads, the columns that are asked for as they came in: all of a source, for
        there is nothing above it, and of a stage the key that its rows are known by."""
        if not isinstance(query.input, Read):
            return ()
        above = self.plans[query.input.relation]
        if isinstance(above, SourcePlan):
            return above.relation.columns
        key = _key(above.relation) if above.name in self.up or above.name not in self.down else ()
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
            return Computed(made, rows, rowset.names, any_of(own, rows, stage.relation, self.lowering))
        return Computed(made, rows, rowset.names, column_of(rows, FOLLOWED).is_(sa.true()))

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


def _key(relation: Relation) -> tuple[str, ...]:
    """The columns of the key that a relation is known by, or of its smallest."""
    key = relation.primary or min(relation.keys, key=lambda k: (len(k), sorted(k)), default=frozenset())
    return tuple(name for name in relation.names if name in key)
