"""Plan x warehouse -> Program: SQLAlchemy statements, stage by stage; pure and offline."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from framework.algebra import BUCKET, REASONS, ROWS, Derive, Group, Query, read_by
from framework.algebra import Select as SelectText
from framework.assertion import RowTest, SetTest
from framework.compile.audits import Figures, fused, set_audits
from framework.compile.program import Audit, Program, SourceProgram, StageProgram
from framework.compile.publishing import publishing
from framework.compile.rows import Rowset, lower_query
from framework.compile.tables import ADDED, DEFAULT_SCHEMAS, FRAMEWORK_SCHEMA, Tables
from framework.ddl import CreateTableAs, CreateView, column_of
from framework.diagnostics import Code, Diagnostic, PipelineError
from framework.expressions.lowering import Lowering, conversion, lower
from framework.expressions.tree import Expression, Literal, Reference
from framework.expressions.typed import call, cast, literal
from framework.expressions.types import NULL, STRING, UNKNOWN
from framework.plan import Plan, SourcePlan, StagePlan
from framework.warehouse import Warehouse

CANNOT_SAY = Code("F506", "what a warehouse cannot say")

HELD = ("rejected", "quarantined")


def compile_plan(plan: Plan, warehouse: Warehouse, schemas: Mapping[str, str] = DEFAULT_SCHEMAS) -> Program:
    """The statements of a plan for one warehouse. Raises PipelineError for what the warehouse cannot say."""
    tables = Tables(plan, schemas)
    compiling = _Compiling(plan, tables, warehouse.lowering)
    used = {tables.schema(stage) for stage in plan.stages}
    used |= {schemas["quarantine"] for stage in plan.stages if stage.query.holds}
    used |= {schemas["raw"] for source in plan.sources if source.table is None}
    read = _read_by(plan)
    refused: list[Diagnostic] = []
    sources = _each(compiling.source, [s for s in plan.sources if s.name in read], warehouse.name, refused)
    stages = _each(compiling.stage, plan.stages, warehouse.name, refused)
    if refused:
        raise PipelineError(*refused)
    return Program(plan, warehouse.name, sources, stages, (*sorted(used), FRAMEWORK_SCHEMA))


Planned = TypeVar("Planned", SourcePlan, StagePlan)
Compiled = TypeVar("Compiled")


def _each(
    compiling: Callable[[Planned], Compiled], relations: Iterable[Planned], warehouse: str, refused: list[Diagnostic]
) -> tuple[Compiled, ...]:
    """Every relation compiled; what the warehouse cannot say (a letter of a format, a pattern) is refused by name."""
    found: list[Compiled] = []
    for relation in relations:
        try:
            found.append(compiling(relation))
        except ValueError as error:
            refused.append(Diagnostic(CANNOT_SAY, f"`{relation.name}` on {warehouse}: {error}"))
    return tuple(found)


def _read_by(plan: Plan) -> set[str]:
    """The relations that stages and checks read: a source that nothing reads is not loaded."""
    found = {name for stage in plan.stages for name in read_by(stage.query)}
    for name, assertions in [
        *((s.name, s.assertions) for s in plan.sources),
        *((s.name, s.assertions) for s in plan.stages),
    ]:
        for assertion in assertions:
            if isinstance(assertion.test, SetTest):
                found |= read_by(assertion.test.failing) - {name}
    return found


class _Compiling:
    def __init__(self, plan: Plan, tables: Tables, lowering: Lowering) -> None:
        self.plan, self.tables, self.lowering = plan, tables, lowering
        self.stages = {stage.name: stage for stage in plan.stages}
        self.sources = {source.name: source for source in plan.sources}

    def read(self, name: str, columns: Iterable[str]) -> FromClause:
        """The table of a relation; of an open source, with the columns asked for."""
        stage = self.stages.get(name)
        if stage is not None:
            return self.tables.read(stage)
        source = self.sources[name]
        return self.tables.source(source, *(dict.fromkeys((*source.relation.names, *columns))))

    def reading(self, stage: StagePlan, candidate: FromClause) -> Callable[[str, Iterable[str]], FromClause]:
        """As `read`, but the stage itself is its candidate."""

        def read(name: str, columns: Iterable[str]) -> FromClause:
            return candidate if name == stage.name else self.read(name, columns)

        return read

    # -- sources

    def source(self, source: SourcePlan) -> SourceProgram:
        rows: FromClause = self.tables.source(source)
        measured = [a for a in source.assertions if isinstance(a.test, RowTest)]
        if measured:
            query = replace(source.query, output=source.relation.names)
            rows = lower_query(query, self.read, self.lowering, verdict=False).select.cte(f"{source.name}_typed")
        audit = fused(rows, None, (), source.assertions, self.lowering)
        return SourceProgram(
            source, self.tables.source(source), audit, set_audits(source.assertions, self.read, self.lowering)
        )

    # -- stages

    def stage(self, stage: StagePlan) -> StageProgram:
        rowset = self._rows(stage)
        verdict = BUCKET in rowset.names
        names = rowset.names
        select: Any = rowset.select
        if stage.publication is not None and stage.publication.unknown:
            select, names = self._with_unknown(stage, rowset), tuple(dict.fromkeys((*names, BUCKET)))
            verdict = True
        candidate = self.tables.candidate(stage)
        stored = sa.table(candidate.name, *(sa.column(n) for n in names), schema=candidate.schema).alias(stage.name)
        publish = None
        if stage.publication is not None:
            publish = publishing(stage, self.tables, self.lowering, verdict=verdict)
            if stage.query.holds and verdict:
                held = self._held(stage, candidate.alias(stage.name), names)
                publish = replace(publish, held=CreateTableAs(self.tables.quarantine(stage), held))
        return StageProgram(
            stage,
            CreateTableAs(candidate, select),
            tuple(self._inputs(stage)),
            self._audit(stage, stored, verdict, names),
            set_audits(stage.assertions, self.reading(stage, self._out(stage, stored, verdict)), self.lowering),
            self._before(stage),
            tuple(self._views(stage, verdict, names)),
            publish,
        )

    def _rows(self, stage: StagePlan) -> Rowset:
        rowset = lower_query(stage.query, self.read, self.lowering, verdict=stage.query.diverts)
        return self._as_planned(stage, rowset) if isinstance(stage.query.input, SelectText) else rowset

    def _as_planned(self, stage: StagePlan, rowset: Rowset) -> Rowset:
        """An author's select gives what types the warehouse likes, as Postgres does for the sum of integers."""
        rows = rowset.select.subquery("selected")
        chosen: list[Any] = []
        for name in rowset.names:
            column = stage.relation.column(name)
            if column is None or column.type in (NULL, UNKNOWN):
                chosen.append(column_of(rows, name))
            else:
                chosen.append(conversion(column_of(rows, name), column.type, self.lowering).label(name))
        return Rowset(sa.select(*chosen).select_from(rows), rowset.names)

    def _with_unknown(self, stage: StagePlan, rowset: Rowset) -> Any:
        """The rows, and the framework's own row that facts without a match refer to."""
        publication = stage.publication
        assert publication is not None
        rows = rowset.select
        if BUCKET not in rowset.names:
            rows = rows.add_columns(sa.literal_column("'out'").label(BUCKET))
        values = []
        for name in dict.fromkeys((*rowset.names, BUCKET)):
            column = stage.relation.column(name)
            if name == BUCKET:
                element: Any = sa.literal_column("'unknown'")
            elif name == publication.surrogate_key:
                key = (self._unknown_value(stage, k) for k in publication.key)
                element = lower(call("hash_key", *key), self._no_column, self.lowering)
            elif column is None:
                element = conversion(sa.null(), STRING, self.lowering)
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
            return Literal(NULL, True, None)
        return cast(literal(value), column.type)

    def _no_column(self, reference: Reference) -> Any:
        raise TypeError(f"a constant refers to {reference.name}")

    def _audit(self, stage: StagePlan, stored: FromClause, verdict: bool, names: Collection[str]) -> Audit:
        grouped = any(isinstance(s, Group) for s in stage.query.steps)
        buckets = (_after_group(stage.query) if grouped else stage.query.buckets) if verdict else None
        figures = Figures(ADDED in names, ROWS in names)
        return fused(stored, buckets, stage.balance, stage.assertions, self.lowering, figures)

    def _out(self, stage: StagePlan, stored: FromClause, verdict: bool) -> FromClause:
        """The candidate as those who read the stage will see it; the unknown row is judged with it."""
        if not verdict:
            return stored
        select = sa.select(*(column_of(stored, n) for n in stage.relation.names)).select_from(stored)
        shown: list[ColumnElement[Any]] = [sa.literal_column("'out'"), sa.literal_column("'unknown'")]
        return select.where(column_of(stored, BUCKET).in_(shown)).subquery(stage.name)

    # -- the ledger

    def _inputs(self, stage: StagePlan) -> Iterable[Select[Any]]:
        """Rows of each input and, where the input is a stage that has it, its money."""
        for name in stage.inputs:
            table = self.read(name, ()).alias(name)
            counted = sa.func.count().label("rows_in")
            carried = self._carried(stage, name)
            sums = [self._sum(table, carried.get(m), i) for i, m in enumerate(stage.balance)] if carried else []
            yield sa.select(counted, *sums).select_from(table)

    def _carried(self, stage: StagePlan, name: str) -> dict[str, str]:
        """The money that comes in, with the column of the input that holds it.

        What the stage computes itself is a new account: in normalize every balance column, and those that it
        reads from text.
        """
        given = self.stages.get(name) or self.sources[name]
        if stage.kind == "normalize":
            return {}
        computed = {
            n.lower() for s in stage.query.steps if isinstance(s, Derive) for n, e in s.columns if not _is(n, e)
        }
        columns = {m: given.relation.column(m) for m in stage.balance if m.lower() not in computed}
        return {m: c.name for m, c in columns.items() if c is not None and c.type.is_number}

    def _sum(self, table: FromClause, name: str | None, index: int) -> Any:
        """Null where the input has no such column, and zero where it has one without a value."""
        total = sa.func.coalesce(sa.func.sum(column_of(table, name)), sa.literal_column("0")) if name else sa.null()
        return total.label(f"money_{index}")

    def _before(self, stage: StagePlan) -> Audit | None:
        """What becomes of the rows before a group: counted by a query of its own."""
        steps = stage.query.steps
        at = next((i for i, s in enumerate(steps) if isinstance(s, Group)), None)
        if at is None:
            return None
        money = [m for name in stage.inputs for m in self._carried(stage, name).values()]
        query = Query(stage.query.input, steps[:at], tuple(money))
        rowset = lower_query(query, self.read, self.lowering, verdict=True)
        rows = rowset.select.cte("before_group")
        return fused(rows, query.buckets if BUCKET in rowset.names else None, money, (), self.lowering)

    # -- views

    def _views(self, stage: StagePlan, verdict: bool, names: Iterable[str]) -> Iterable[CreateView]:
        if stage.publication is not None:
            return
        rows = self.tables.rows(stage).alias(stage.name)
        shown: Select[Any] = sa.select(*(column_of(rows, n) for n in stage.relation.names)).select_from(rows)
        if verdict:
            shown = shown.where(column_of(rows, BUCKET) == sa.literal_column("'out'"))
        yield CreateView(self.tables.live(stage), shown)
        if stage.query.holds and verdict:
            yield CreateView(self.tables.quarantine(stage), self._held(stage, rows, names))

    def _held(self, stage: StagePlan, rows: FromClause, names: Iterable[str]) -> Select[Any]:
        """The rows held back, with why."""
        reasons = [column_of(rows, REASONS)] if REASONS in names else []
        bucket = column_of(rows, BUCKET)
        held: Select[Any] = sa.select(*(column_of(rows, n) for n in stage.relation.names), bucket, *reasons)
        return held.select_from(rows).where(bucket.in_([sa.literal_column(f"'{b}'") for b in HELD]))


def _is(name: str, value: Expression) -> bool:
    """Whether a column only passes through."""
    return isinstance(value, Reference) and value.name.lower() == name.lower()


def _after_group(query: Query) -> tuple[str, ...]:
    at = max(i for i, s in enumerate(query.steps) if isinstance(s, Group))
    return Query(query.input, query.steps[at + 1 :]).buckets
