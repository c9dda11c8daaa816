"""A stored stage, with the stages folded into it, as statements."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select, TableClause

from framework.algebra import BUCKET, REASONS, ROWS, Group, Query
from framework.algebra import Select as SelectText
from framework.compile.audits import fused, set_audits
from framework.compile.folding import Chain, Form, Member, chain, leaves_before_group
from framework.compile.holding import Holding
from framework.compile.program import Account, Audit, StageProgram
from framework.compile.publishing import publishing
from framework.compile.rows import Rowset, lower_query
from framework.compile.scan import Scan
from framework.compile.tables import ADDED, CONTENT, Tables
from framework.compile.unused import Unused, unused
from framework.ddl import PLAIN, CreateIndex, CreateTableAs, CreateView, Storage, column_of
from framework.expressions import types as t
from framework.expressions.lowering import conversion, lower
from framework.expressions.tree import Literal, Reference
from framework.expressions.typed import call, cast, literal
from framework.plan import Plan, StagePlan, reads
from framework.warehouse import Warehouse


class Stages:
    """Compiles the stages of a plan. `forms` say how each stands; `memos` whether rows that no row used are counted."""

    def __init__(
        self, plan: Plan, tables: Tables, warehouse: Warehouse, forms: Mapping[str, Form], *, memos: bool = False
    ) -> None:
        self.plan, self.tables, self.forms, self.memos = plan, tables, forms, memos
        self.warehouse, self.lowering = warehouse, warehouse.lowering
        self.stages = {stage.name: stage for stage in plan.stages}
        self.sources = {source.name: source for source in plan.sources}
        self.asked: dict[str, dict[str, None]] = {}  # of each source, the columns that are read
        self.relations = {s.name: s.relation for s in plan.sources} | {s.name: s.relation for s in plan.stages}

    def read(self, name: str, columns: Iterable[str]) -> FromClause:
        """The table of a relation; of an open source, with the columns asked for."""
        stage = self.stages.get(name)
        if stage is not None:
            return self.tables.read(stage)
        source = self.sources[name]
        asked = dict.fromkeys((*source.relation.names, *columns))
        self.asked.setdefault(name, {}).update(asked)
        return self.tables.source(source, *asked)

    def reading(self, stage: StagePlan, candidate: FromClause) -> Callable[[str, Iterable[str]], FromClause]:
        """As `read`, but the stage itself is its candidate."""

        def read(name: str, columns: Iterable[str]) -> FromClause:
            return candidate if name == stage.name else self.read(name, columns)

        return read

    def program(self, stage: StagePlan) -> StageProgram:
        found = chain(stage, self.stages, self.forms, self.relations)
        rowset = self._rows(stage, found.query)
        verdict = BUCKET in rowset.names
        holds = stage.query.holds and verdict
        if holds:
            rowset = Holding(stage, self.lowering, rowset.names).known(rowset)
        names = rowset.names
        select: Any = rowset.select
        if stage.publication is not None and stage.publication.unknown:
            select, names = self._with_unknown(stage, rowset, found), tuple(dict.fromkeys((*names, BUCKET)))
            verdict = True
        candidate = self.tables.candidate(stage, *found.hidden)
        stored = sa.table(candidate.name, *(sa.column(n) for n in names), schema=candidate.schema).alias(stage.name)
        publish, storage = None, self._storage(stage)
        if stage.publication is not None:
            publish = publishing(stage, self.tables, self.warehouse, storage, names, verdict=verdict)
            storage = PLAIN  # the candidate goes once it has served
            if holds:
                held = Holding(stage, self.lowering, names).shown(candidate.alias(stage.name))
                publish = replace(publish, held=CreateTableAs(self.tables.quarantine(stage), held))
        is_view = self.forms[stage.name] == "view"
        own = set_audits(stage.assertions, self.reading(stage, self._out(stage, stored, verdict)), self.lowering)
        members = {m.stage.name for m in found.members}
        read = frozenset[str]().union(*(reads(m.stage) for m in found.members))
        return StageProgram(
            stage,
            CreateView(candidate, select) if is_view else _table(candidate, select, storage),
            tuple(self._account(m, found.members[:i]) for i, m in enumerate(found.members)),
            self._audit(found, stored, verdict, names),
            own,
            tuple(self._views(found, verdict, names)),
            publish,
            Holding(stage, self.lowering, names).program(candidate) if holds else None,
            read - members,
            tuple(CreateIndex(candidate, columns) for columns in storage.indexes),
        )

    def _storage(self, stage: StagePlan) -> Storage:
        partition_by = () if stage.publication is None else stage.publication.partition_by
        return self.warehouse.storage(stage.settings.get(self.warehouse.name, {}), partition_by)

    # -- rows

    def _rows(self, stage: StagePlan, query: Query) -> Rowset:
        rowset = lower_query(query, self.read, self.lowering, verdict=query.diverts)
        return self._as_planned(stage, rowset) if isinstance(query.input, SelectText) else rowset

    def _as_planned(self, stage: StagePlan, rowset: Rowset) -> Rowset:
        """An author's select gives what types the warehouse likes, as Postgres does for the sum of integers."""
        rows = rowset.select.subquery("selected")
        chosen: list[Any] = []
        for name in rowset.names:
            column = stage.relation.column(name)
            if column is None or column.type in (t.NULL, t.UNKNOWN):
                chosen.append(column_of(rows, name))
            else:
                chosen.append(conversion(column_of(rows, name), column.type, self.lowering).label(name))
        return Rowset(sa.select(*chosen).select_from(rows), rowset.names)

    def _with_unknown(self, stage: StagePlan, rowset: Rowset, found: Chain) -> Any:
        """The rows, and the framework's own row that facts without a match refer to."""
        publication = stage.publication
        assert publication is not None
        rows = rowset.select
        if BUCKET not in rowset.names:
            rows = rows.add_columns(sa.literal_column("'out'").label(BUCKET))
        hidden = {REASONS: t.STRING, CONTENT: t.STRING, ROWS: t.INTEGER, ADDED: t.BOOLEAN, **found.hidden}
        hidden |= {column.name: column.type for column in stage.dropped}
        values = []
        for name in dict.fromkeys((*rowset.names, BUCKET)):
            column = stage.relation.column(name)
            if name == BUCKET:
                element: Any = sa.literal_column("'unknown'")
            elif name == publication.surrogate_key:
                key = (self._unknown_value(stage, k) for k in publication.row_key)
                element = lower(call("hash_key", *key), self._no_column, self.lowering)
            elif column is None:
                element = conversion(sa.null(), hidden[name], self.lowering)
            else:
                value = self._unknown_value(stage, name)
                element = conversion(lower(value, self._no_column, self.lowering), column.type, self.lowering)
            values.append(element.label(name))
        return sa.union_all(rows, sa.select(*values))

    def _unknown_value(self, stage: StagePlan, name: str) -> Any:
        assert stage.publication is not None
        column = stage.relation.column(name)
        value = stage.publication.unknown.get(name)
        if value is None or column is None:
            return Literal(t.NULL, True, None)
        return cast(literal(value), column.type)

    def _no_column(self, reference: Reference) -> Any:
        raise TypeError(f"a constant refers to {reference.name}")

    # -- what is counted

    def _audit(self, found: Chain, stored: FromClause, verdict: bool, names: Sequence[str]) -> Audit:
        """One scan of the stored rows, for the stage and for those folded into it."""
        scan = Scan(stored, self.lowering, verdict, names)
        *folded, last = found.members
        ended: list[str] = []
        for member in folded:
            scan.folded(member, ended)
            ended += member.buckets.values()
        scan.stored(last)
        return scan.audit()

    def _out(self, stage: StagePlan, stored: FromClause, verdict: bool) -> FromClause:
        """The candidate as those who read the stage will see it; the unknown row is judged with it."""
        if not verdict:
            return stored
        select = sa.select(*(column_of(stored, c.name) for c in stage.columns)).select_from(stored)
        shown: list[ColumnElement[Any]] = [sa.literal_column("'out'"), sa.literal_column("'unknown'")]
        return select.where(column_of(stored, BUCKET).in_(shown)).subquery(stage.name)

    def _account(self, member: Member, before: Sequence[Member]) -> Account:
        """What the ledger counts beside the stored rows. What comes into a later member came out of the one before."""
        inputs = () if before else member.stage.inputs
        scanned = () if member.carried else tuple(name for name in inputs if self._is_scanned(name))
        # A relation that is united with itself comes in twice.
        counted = tuple(self._inputs(member, (name for name in inputs if name not in scanned)))
        return Account(
            member.stage, tuple(member.carried), counted, self._before(member), scanned, self._unused(member, before)
        )

    def _unused(self, member: Member, before: Sequence[Member]) -> Unused:
        """The rows of joined relations that no row used, where they are to be counted."""
        if not self.memos:
            return ()
        earlier = [m.stage for m in before]
        taken_in = (*earlier, member.stage)[0].query.input
        return unused(member.stage, earlier, taken_in, self.read, self.lowering)

    def _is_scanned(self, name: str) -> bool:
        """Whether an input is files, which a run reads once more where they are counted once more."""
        return name in self.sources and self.sources[name].path is not None

    def _inputs(self, member: Member, inputs: Iterable[str]) -> Iterable[tuple[str, Select[Any]]]:
        """Rows of each input, and the money that comes in with them."""
        for name in inputs:
            table = self.read(name, ()).alias(name)
            sums = []
            for index, balance in enumerate(member.carried):
                column = self.relations[name].column(balance)
                assert column is not None
                total = sa.func.coalesce(sa.func.sum(column_of(table, column.name)), sa.literal_column("0"))
                sums.append(total.label(f"money_{index}"))
            yield name, sa.select(sa.func.count().label("rows_in"), *sums).select_from(table)

    def _before(self, member: Member) -> Audit | None:
        """What becomes of the rows before a group, where they can end there: counted by a query of its own."""
        stage = member.stage
        if not leaves_before_group(stage.query):
            return None
        steps = stage.query.steps
        at = next(i for i, s in enumerate(steps) if isinstance(s, Group))
        query = Query(stage.query.input, steps[:at], tuple(member.carried.values()))
        rowset = lower_query(query, self.read, self.lowering, verdict=True)
        return fused(rowset.select.cte("before_group"), stage.name, query.buckets, member.carried, self.lowering)

    # -- views

    def _views(self, found: Chain, verdict: bool, names: Sequence[str]) -> Iterable[CreateView]:
        """The stored rows that came out, what was held back, and the folded stages as they would be."""
        *folded, last = found.members
        for member in folded:
            yield self._computed(member.stage)
        stage = last.stage
        if stage.publication is not None:
            return
        if self.forms[stage.name] == "view":
            yield self._computed(stage)
            return
        rows = self.tables.rows(stage, *found.hidden).alias(stage.name)
        shown: Select[Any] = sa.select(*(column_of(rows, n) for n in stage.relation.names)).select_from(rows)
        if verdict:
            shown = shown.where(column_of(rows, BUCKET) == sa.literal_column("'out'"))
        yield CreateView(self.tables.live(stage), shown)
        if stage.query.holds and verdict:
            yield CreateView(self.tables.quarantine(stage), Holding(stage, self.lowering, names).shown(rows))

    def _computed(self, stage: StagePlan) -> CreateView:
        rowset = lower_query(stage.query, self.read, self.lowering, verdict=False)
        select: Select[Any] = rowset.select
        if rowset.names != stage.relation.names:
            rows = select.subquery("computed")
            select = sa.select(*(column_of(rows, n) for n in stage.relation.names))
        return CreateView(self.tables.live(stage), select)


def _table(table: TableClause, rows: Any, storage: Storage) -> CreateTableAs:
    """The rows as a table, in the order in which they are to lie."""
    if storage.order_by:
        rows = rows.order_by(*(sa.column(name) for name in storage.order_by))
    return CreateTableAs(table, rows, storage=storage)
