"""A first test of a stage: made rows, as few as reach what many of them reach, and what the stage makes of them.

Rows are tried on the DuckDB in memory, with what is to be reached computed beside them. What no row reaches is said.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from framework.algebra import BUCKET, REASONS
from framework.compile.holding import HELD
from framework.compile.rows import Rowset, lower_query
from framework.compile.stages import Stages
from framework.compile.tables import ADDED, DEFAULT_SCHEMAS, Tables
from framework.ddl import CreateTableAs, CreateView, table
from framework.diagnostics import Code, Diagnostic, PipelineError
from framework.execute.session import Session, Stopped
from framework.expressions import types as t
from framework.expressions.typed import CLOCK, INTERVAL
from framework.model import UnitTestModel
from framework.plan import Plan, StagePlan
from framework.unit_tests import relevant
from framework.unit_tests.case import Case, Table
from framework.unit_tests.goals import Watched, watched
from framework.unit_tests.making import Maker, Row, Scenario
from framework.unit_tests.proving import prove
from framework.unit_tests.running import Bench, Found
from framework.unit_tests.solving import Solver
from framework.unit_tests.tracing import Tracer
from framework.unit_tests.written import written
from framework.yaml_source import parse

NOT_DRAFTED = Code("F116", "a first test that cannot be written")

MOMENT = datetime(2024, 1, 31)
_INTERVAL = {"interval_start": date(2024, 1, 1), "interval_end": date(2024, 2, 1)}
_OWN = "_number"  # of a row, among all that were made


@dataclass(frozen=True, slots=True)
class Draft:
    """A test as the YAML will say it. `expected` and `held` are None where nothing is compared, `missed` what no row
    reaches."""

    stage: str
    given: Mapping[str, tuple[Row, ...]]
    expected: tuple[Row, ...]
    held: tuple[Row, ...]
    as_of: date | None
    vars: Mapping[str, Any]
    missed: tuple[str, ...]


def draft(stage: StagePlan, plan: Plan, bench: Bench) -> Draft:
    """A first test of a stage. Raises PipelineError where none can be made."""
    if stage.native not in (None, "duckdb"):
        message = f"`{stage.name}` calls functions of {stage.native}, and unit tests run on DuckDB"
        raise PipelineError(Diagnostic(NOT_DRAFTED, message))
    try:
        return _draft(stage, plan, bench)
    except Stopped as stopped:
        raise PipelineError(Diagnostic(NOT_DRAFTED, stopped.message, None, stopped.help)) from None


def _draft(stage: StagePlan, plan: Plan, bench: Bench) -> Draft:
    needed = relevant.bound(plan, (stage.name,))
    as_of = MOMENT.date() if needed & {variable.name for variable in CLOCK.values()} else None
    values = {name: _INTERVAL[name] for name in INTERVAL if name in needed}
    made = _Drafting(stage, plan, bench, as_of, values)
    given, missed = made.rows()
    found = bench.rows(made.case(given), plan)
    columns = [c.name for c in stage.relation.columns]
    if stage.publication is not None and stage.publication.surrogate_key in columns:
        columns.remove(stage.publication.surrogate_key)  # a hash says nothing to who reads the test
    out = tuple(_row(row, columns) for row in found if row.get(BUCKET, "out") == "out")
    known = stage.relation.primary or frozenset()
    key = [name for name in columns if name in known] or columns
    held = tuple(_held(row, key) for row in found if row.get(BUCKET) in HELD)
    return Draft(stage.name, given, _sorted(out), _sorted(held), as_of, values, missed)


def _sorted(rows: Iterable[Row]) -> tuple[Row, ...]:
    """In an order that is the same each time, whichever way the rows came."""
    return tuple(sorted(rows, key=written))


def _row(row: Found, columns: Iterable[str]) -> Row:
    return {name: row[name] for name in columns}


def _held(row: Found, columns: Iterable[str]) -> Row:
    """A held row with why it is held."""
    reasons = parse(f"reasons: {row.get(REASONS) or 'null'}", "").data["reasons"]
    return {**_row(row, columns), BUCKET: row[BUCKET], REASONS: reasons}


def passing(body: Sequence[str], name: str, plan: Plan, bench: Bench) -> None:
    """Runs a test as its lines say it. Raises PipelineError where it does not pass."""
    document = parse("\n".join(["tests:", *(f"  {line}" for line in body)]), "a first test")
    test = UnitTestModel.model_validate(document.data["tests"][name])
    cases, wrong = prove({name: test}, plan, document)
    if wrong:
        raise PipelineError(*wrong)
    if bench.run(cases[0], plan).status != "passed":
        message = f"`{test.stage}` does not give the same rows each time"
        raise PipelineError(Diagnostic(NOT_DRAFTED, message, None, "write the test by hand"))


class _Drafting:
    def __init__(
        self, stage: StagePlan, plan: Plan, bench: Bench, as_of: date | None, values: Mapping[str, Any]
    ) -> None:
        self.stage, self.plan, self.bench = stage, plan, bench
        self.as_of, self.values = as_of, values
        self.cut = relevant.cut(plan, (stage.name,))
        self.watches = watched(stage.query, Tracer(plan))
        self.bound = self._bound()

    def _bound(self) -> dict[str, Any]:
        case = self.case({})
        return {"run_started_at": case.moment, "run_date": case.moment.date(), **case.bound}

    def case(self, given: Mapping[str, Sequence[Row]]) -> Case:
        """The rows as a test that expects nothing. Raises PipelineError where they are no rows of their relations."""
        model: dict[str, Any] = {"stage": self.stage.name, "given": given, "expect": [], "vars": self.values}
        if self.as_of is not None:
            model["as_of"] = self.as_of
        text = f"tests: {written({'first': model})}\n"
        document = parse(text, "a first test")
        tests = {"first": UnitTestModel.model_validate(document.data["tests"]["first"])}
        cases, wrong = prove(tests, self.plan, document)
        if wrong:
            raise PipelineError(*wrong)
        return cases[0]

    def rows(self) -> tuple[dict[str, tuple[Row, ...]], tuple[str, ...]]:
        """As few rows as reach what all of them reach, by relation; and what is not reached."""
        goals = [goal for watch in self.watches for goal in watch.goals]
        maker = Maker(self.plan, self.stage, Solver(self.bound))
        pool = _Pool(self._possible(maker.scenarios(goals)))
        if not pool.rows:
            message = f"no rows could be made with which `{self.stage.name}` runs"
            raise PipelineError(Diagnostic(NOT_DRAFTED, message, None, "write the test by hand"))
        with _Trial(self, pool).open() as trial:
            reached = trial.reached(pool.numbers)
            # A row that comes out says more than one that does not.
            kept = _fewest(pool, frozenset((n, out) for n, out in reached if out or (n, True) not in reached), trial)
        return pool.chosen(kept), tuple(dict.fromkeys(self._missed({name for name, _ in reached})))

    def _missed(self, names: Collection[str]) -> Iterator[str]:
        for part, watch in enumerate(self.watches):
            yield from (goal.label for goal in watch.goals if _named(part, goal.name) not in names)
            ends = [bucket for bucket in watch.query.buckets if _named(part, bucket) not in names]
            yield from ("a row that comes out" if b == "out" else f"a row that ends as {b}" for b in ends)

    def _possible(self, scenarios: Sequence[Scenario]) -> Sequence[Scenario]:
        """Those that can stand in their relations, and with which the stage does not stop."""
        fitting = [scenario for scenario in scenarios if self._fits(scenario)]
        return fitting if self._runs(_Pool(fitting).all) else [s for s in fitting if self._runs(_single(s))]

    def _fits(self, scenario: Scenario) -> bool:
        try:
            self.case(_single(scenario))
        except PipelineError:
            return False
        return True

    def _runs(self, given: Mapping[str, Sequence[Row]]) -> bool:
        try:
            self.bench.rows(self.case(given), self.plan)
        except Stopped:
            return False
        return True


def _single(scenario: Scenario) -> dict[str, list[Row]]:
    return {name: [row] for name, row in scenario.items()}


class _Pool:
    """All rows that were made, each once, with a number."""

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self.rows: list[tuple[str, Row]] = []
        self.scenarios: list[frozenset[int]] = []
        known: dict[str, int] = {}
        for scenario in scenarios:
            numbers = set()
            for name, row in scenario.items():
                key = f"{name} {written(row)}"
                if key not in known:
                    known[key] = len(self.rows)
                    self.rows.append((name, row))
                numbers.add(known[key])
            self.scenarios.append(frozenset(numbers))

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(range(len(self.rows)))

    @property
    def all(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for name, row in self.rows:
            found.setdefault(name, []).append(row)
        return found

    def chosen(self, numbers: Collection[int]) -> dict[str, tuple[Row, ...]]:
        """The rows of these numbers by relation; a column in which all of them are null is left out."""
        found: dict[str, list[Row]] = {}
        for number in sorted(numbers):
            name, row = self.rows[number]
            found.setdefault(name, []).append(row)
        return {name: tuple(_filled(rows)) for name, rows in found.items()}


def _filled(rows: Sequence[Row]) -> Iterator[Row]:
    names = [name for name in rows[0] if any(row.get(name) is not None for row in rows)]
    for row in rows:
        yield {name: row[name] for name in names if row.get(name) is not None}


Reached = frozenset[tuple[str, bool]]  # a goal, and whether a row that comes out reaches it


def _fewest(pool: _Pool, wanted: Reached, trial: "_Trial") -> frozenset[int]:
    """Rows that reach all that is wanted, and without any of which something would not be reached."""
    first, *more = pool.scenarios  # with which all is as it should be, as far as that can be made

    def enough(others: Sequence[frozenset[int]]) -> bool:
        return trial.reached(first.union(*others)) >= wanted

    # Those at the end are barest: they go first where they can. Then many at once, as most are of no use.
    for size, least in ((1, len(more) - 3), (16, 0), (4, 0), (1, 0)):
        for end in range(len(more), max(0, least), -size):
            fewer = [*more[: max(0, end - size)], *more[end:]]
            if enough(fewer):
                more = fewer
    kept = first.union(*more)
    for number in sorted(kept - first, reverse=True):
        if trial.reached(kept - {number}) >= wanted:
            kept -= {number}
    return kept


class _Trial:
    """All made rows in tables, of which some are shown under the names of their relations."""

    def __init__(self, made: _Drafting, pool: _Pool) -> None:
        self.made, self.pool, self.bench = made, pool, made.bench
        self.alive = table(None, "_alive", _OWN)
        tables = Tables(made.cut, DEFAULT_SCHEMAS, frozenset())
        self.tables = tables
        stages = Stages(made.cut, tables, self.bench.warehouse, {})
        lowering = self.bench.warehouse.lowering
        self.selects: list[tuple[Watched, Rowset]] = [
            (watch, lower_query(watch.query, stages.read, lowering, verdict=watch.query.diverts))
            for watch in made.watches
        ]
        self.session = Session(self.bench.connection, self.bench.warehouse, made.bound)
        self.known: dict[frozenset[int], Reached] = {}

    @contextmanager
    def open(self) -> Iterator["_Trial"]:
        with self.session.explained(), self.bench.undone():
            self.session.begins(f"stage `{self.made.stage.name}`")
            none: sa.ColumnElement[bool] = sa.literal_column("FALSE")
            self.session.do(CreateTableAs(self.alive, sa.select(sa.literal_column("0").label(_OWN)).where(none)))
            for name in relevant.read(self.made.plan, (self.made.stage.name,)):
                self._put(name)
            yield self

    def _put(self, name: str) -> None:
        """The made rows of a relation in a table beside it, and a view with those that are alive in its place."""
        numbers = [n for n, (relation, _) in enumerate(self.pool.rows) if relation == name]
        case = self.made.case({name: [self.pool.rows[n][1] for n in numbers]})
        given = case.given[name]
        rows = tuple((*row, n) for row, n in zip(given.rows, numbers, strict=True))
        made = Table({**given.columns, _OWN: t.INTEGER}, rows)
        place = self.bench.put(self.session, self.tables, self.made.cut, name, made, called=f"{name}__made")
        shown = sa.select(*(place.c[column] for column in given.columns)).where(
            place.c[_OWN].in_(sa.select(self.alive.c[_OWN]))
        )
        self.session.do(CreateView(table(place.schema, name, *given.columns), shown))

    def reached(self, numbers: frozenset[int]) -> Reached:
        """What the rows of these numbers reach."""
        if numbers not in self.known:
            connection = self.session.connection
            connection.execute(sa.delete(self.alive))
            if numbers:
                connection.execute(sa.insert(self.alive).values([{_OWN: number} for number in sorted(numbers)]))
            self.known[numbers] = frozenset(
                reached
                for part, (watch, rowset) in enumerate(self.selects)
                for row in self.session.do(rowset.select)
                for reached in _reached(part, watch, row._mapping)
            )
        return self.known[numbers]


def _reached(part: int, watch: Watched, row: Found) -> Iterator[tuple[str, bool]]:
    bucket = row.get(BUCKET, "out")
    yield _named(part, bucket), bucket == "out"
    if row.get(ADDED):
        yield _named(part, ADDED), bucket == "out"
    for goal in watch.goals:
        if row[goal.name]:
            yield _named(part, goal.name), bucket == "out"


def _named(part: int, name: str) -> str:
    """A goal or a bucket of one part of the stage: of its rows, or of the groups that are made of them."""
    return f"{part} {name}"
