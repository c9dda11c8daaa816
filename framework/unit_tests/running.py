"""One unit test on a DuckDB in memory: rows given to the relations of a plan, stages built, what comes out compared.

The statements are those that `compile` makes of the stages for a run. Each test has a transaction that is rolled back.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.sql.selectable import FromClause

from framework.algebra import BUCKET, REASONS
from framework.compile import compile_plan
from framework.compile.holding import HELD, THIS_RUN
from framework.compile.program import Program, StageProgram
from framework.compile.tables import DEFAULT_SCHEMAS, Tables
from framework.ddl import CreateSchema, CreateTableAs, table
from framework.execute.session import Session, Stopped
from framework.expressions import types as t
from framework.expressions.lowering import conversion
from framework.plan import Plan
from framework.target import warehouse
from framework.unit_tests import relevant
from framework.unit_tests.case import Case, Row, Table
from framework.unit_tests.comparing import Comparison, compare
from framework.warehouse import Warehouse

Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a test. `stopped` is why the stage gave no rows; `buckets` count the rows that it judged, and
    `reasons` those that it holds back, by what they fail."""

    case: Case
    seconds: float
    comparisons: tuple[Comparison, ...] = ()
    buckets: Mapping[str, int] | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    stopped: str | None = None
    help: str | None = None

    @property
    def status(self) -> Literal["passed", "failed"]:
        differing = any(comparison.differences for comparison in self.comparisons)
        return "failed" if differing or self.stopped is not None else "passed"


@contextmanager
def bench() -> Iterator["Bench"]:
    """A DuckDB in memory on which tests run one after another."""
    duckdb = warehouse("duckdb")
    # Rows are few: to hand them to threads takes longer than to work them off.
    engine = duckdb.connect({"database": ":memory:", "threads": "1"}, Path())
    try:
        with engine.connect() as connection:
            with connection.begin():
                for schema in DEFAULT_SCHEMAS.values():
                    connection.execute(CreateSchema(schema))
            yield Bench(duckdb, connection)
    finally:
        engine.dispose()


class Bench:
    def __init__(self, warehouse: Warehouse, connection: sa.Connection) -> None:
        self.warehouse, self.connection = warehouse, connection
        self.programs: dict[tuple[int, tuple[str, ...]], tuple[Plan, Program]] = {}

    def run(self, case: Case, plan: Plan) -> Outcome:
        """Runs a test of the plan. Raises PipelineError for what DuckDB cannot say."""
        begun = time.monotonic()
        try:
            rows = self.rows(case, plan)
        except Stopped as stopped:
            return Outcome(case, _since(begun), stopped=stopped.message, help=stopped.help)
        out = [row for row in rows if row.get(BUCKET, "out") == "out"]
        held = [row for row in rows if row.get(BUCKET) in HELD]
        comparisons = []
        if case.rows is not None:
            found = _compared(case.rows, out)
            comparisons.append(compare("rows", case.rows, found, case.key))
        if case.quarantined is not None:
            found = _compared(case.quarantined, held)
            comparisons.append(compare("quarantined", case.quarantined, found, case.key))
        buckets = Counter(str(row.get(BUCKET, "out")) for row in rows)
        reasons = Counter(reason for row in held for reason in _cell(REASONS, row.get(REASONS)) or ())
        return Outcome(case, _since(begun), tuple(comparisons), dict(buckets), dict(reasons))

    def rows(self, case: Case, plan: Plan) -> list[Found]:
        """The rows that the stage of a test makes of what is given, those that do not come out among them, where their
        bucket is told. Raises Stopped and PipelineError."""
        cut, program = self._program(plan, case.computed)
        bound = {"run_started_at": case.moment, "run_date": case.moment.date(), THIS_RUN: "test", **case.bound}
        session = Session(self.connection, self.warehouse, bound)
        with session.explained(), self.undone():
            session.begins("the given rows")
            tables = Tables(cut, DEFAULT_SCHEMAS, frozenset(case.computed))
            asked = {s.source.name: s.asked for s in program.sources}
            for name, given in case.given.items():
                self.put(session, tables, cut, name, given, asked.get(name, ()))
            for stage in program.stages:
                session.begins(f"stage `{stage.stage.name}`")
                session.do(stage.build)
                if stage.stage.name != case.stage:
                    self._place(session, stage, tables, case)
            session.begins(f"stage `{case.stage}`")
            candidate = program.stages[-1].build.table
            return [row._mapping for row in session.do(sa.select(sa.text("*")).select_from(candidate))]

    def _program(self, plan: Plan, computed: tuple[str, ...]) -> tuple[Plan, Program]:
        """Tests of one stage share what is compiled of it."""
        key = (id(plan), computed)
        if key not in self.programs:
            cut = relevant.cut(plan, computed)
            self.programs[key] = cut, compile_plan(cut, self.warehouse, DEFAULT_SCHEMAS, frozenset(computed))
        return self.programs[key]

    @contextmanager
    def undone(self) -> Iterator[None]:
        transaction = self.connection.begin()
        try:
            yield
        finally:
            transaction.rollback()

    def put(
        self,
        session: Session,
        tables: Tables,
        plan: Plan,
        name: str,
        given: Table,
        asked: tuple[str, ...] = (),
        *,
        called: str | None = None,
    ) -> sa.TableClause:
        """The rows as the relation of the plan, or beside it, where they are `called` otherwise; columns that are asked
        for and not given are null."""
        columns = {**dict.fromkeys(asked, t.UNKNOWN), **given.columns}
        known = {column.lower(): column for column in given.columns}
        columns = {column: told for column, told in columns.items() if known.get(column.lower(), column) == column}
        place = _place(tables, plan, name, tuple(columns))
        if called is not None:
            place = table(place.schema, called, *columns)
        empty = [self._null(told).label(column) for column, told in columns.items()]
        never: sa.ColumnElement[bool] = sa.literal_column("FALSE")
        session.connection.execute(
            CreateTableAs(place, sa.select(*(empty or [sa.literal_column("1").label("_one")])).where(never))
        )
        if given.rows:
            rows = [dict(zip(given.columns, row, strict=True)) for row in given.rows]
            session.connection.execute(sa.insert(place).values(rows if given.columns else [{"_one": 1} for _ in rows]))
        return place

    def _null(self, told: t.Type) -> Any:
        unknown = told in (t.UNKNOWN, t.NULL)
        return sa.literal_column("NULL") if unknown else conversion(sa.null(), told, self.warehouse.lowering)

    def _place(self, session: Session, program: StageProgram, tables: Tables, case: Case) -> None:
        """A stage that the one under test is made of, under the name by which that reads it."""
        stage = program.stage
        if program.publish is not None:
            session.do(program.publish.next({}, case.moment))
        elif program.stored:
            session.rename(tables.schema(stage), f"{stage.name}__new", f"{stage.name}__rows")
        for view in program.views:
            if view.table.schema != DEFAULT_SCHEMAS["quarantine"]:  # that is of what earlier runs held
                session.do(view)


def _place(tables: Tables, plan: Plan, name: str, columns: tuple[str, ...]) -> sa.TableClause:
    source = next((s for s in plan.sources if s.name == name), None)
    place: FromClause = tables.source(source) if source is not None else tables.live(plan.stage(name))
    assert isinstance(place, sa.TableClause)
    return table(place.schema, place.name, *(columns or ("_one",)))


def _compared(expected: Table, rows: list[Found]) -> list[Row]:
    """Of the rows found, the columns that are compared."""
    return [tuple(_cell(name, _of(row, name)) for name in expected.columns) for row in rows]


def _of(row: Found, name: str) -> Any:
    return row[name] if name in row else row.get(next((n for n in row if n.lower() == name.lower()), name))


def _cell(name: str, value: Any) -> Any:
    if name == REASONS:
        return tuple(sorted(json.loads(value))) if value is not None else None
    return value


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)
