"""Program x connection -> Run: candidates beside what stands, judged, and put in place as a set."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from framework import files as source_files
from framework import standing
from framework.algebra import read_by
from framework.audit import judge, stops
from framework.compile.program import Program, SourceProgram, StageProgram
from framework.compile.tables import Tables
from framework.ddl import AddColumn, CreateSchema, DropRelation, RenameTable
from framework.diagnostics import Code
from framework.ledger import line, published
from framework.plan import SourcePlan, StagePlan
from framework.run import Changes, CheckResult, LedgerLine, Run, StageResult, Status
from framework.warehouse import CONTRACT, MISSING_FILE, UNREACHABLE, Files, SourceProblem, Warehouse

OPEN_LEDGER = Code("F599", "a ledger that does not close")

Progress = Callable[[str, str], None]  # what is worked on, and what is being done with it


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one run: its id and clock, the project's folder, the target's name, the places of checks."""

    run_id: str
    started_at: datetime
    root: Path
    target: str
    schemas: Mapping[str, str]
    places: Mapping[str, Mapping[str, str]]


def new_run_id(now: datetime) -> str:
    """Sorts by time, and is told apart from the run of another process in the same second."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def clock(as_of: datetime | None = None) -> datetime:
    """The moment that every statement of a run takes for now: UTC, without zone."""
    return as_of or datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def execute(program: Program, warehouse: Warehouse, engine: sa.Engine, settings: Settings, progress: Progress) -> Run:
    """Runs a program to its end; whatever happens is in the Run, never an exception of a driver."""
    execution = _Execution(program, warehouse, engine, settings, progress)
    return execution.run()


class _Stopped(Exception):  # carries a result, not a fault
    """The run cannot go on; `status` says whose fault that is."""

    def __init__(self, status: Status, message: str, help: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.help, self.code = status, message, help, code


class _Execution:
    def __init__(
        self, program: Program, warehouse: Warehouse, engine: sa.Engine, settings: Settings, progress: Progress
    ) -> None:
        self.program, self.warehouse, self.engine = program, warehouse, engine
        self.settings, self.progress = settings, progress
        self.tables = Tables(program.plan, settings.schemas)
        self.stages: list[StageResult] = []
        self.checks: list[CheckResult] = []
        self.failed: set[str] = set()
        self.versions: dict[str, str] = {}
        self.doing = "connecting"
        self.publishing = False  # whether the publishing transaction has begun
        self.moment = {"run_started_at": settings.started_at, "run_date": settings.started_at.date()}

    def run(self) -> Run:
        begun = time.monotonic()
        status: Status = "ok"
        message = help = code = None
        try:
            with self.engine.connect() as connection:
                self._run(connection)
            if self.failed:
                status, message = "failed", self._summary()
        except _Stopped as stopped:
            status, message, help, code = stopped.status, stopped.message, stopped.help, stopped.code
        except KeyboardInterrupt:
            status, message = "interrupted", self._interrupted()
        except RuntimeError as error:
            # DuckDB says so when Ctrl-C comes while it works.
            if not isinstance(error.__cause__, KeyboardInterrupt):
                raise
            status, message = "interrupted", self._interrupted()
        except DBAPIError as error:
            refusal = self.warehouse.refusal(error.orig if isinstance(error.orig, Exception) else error)
            status, code = "refused", UNREACHABLE.id
            message, help = f"{self.doing}: {refusal.message}", refusal.help
        except SQLAlchemyError as error:
            status, code, message = "refused", UNREACHABLE.id, f"{self.doing}: {type(error).__name__}"
        plan, settings = self.program.plan, self.settings
        return Run(
            settings.run_id,
            plan.name,
            settings.target,
            self.program.warehouse,
            settings.started_at,
            round(time.monotonic() - begun, 3),
            status,
            (*self.stages, *self._unreached()),
            tuple(self.checks),
            message,
            help,
            code,
        )

    def _run(self, connection: sa.Connection) -> None:
        with self.warehouse.exclusive(connection, self.program.plan.name) as free:
            if not free:
                message = f"another run of `{self.program.plan.name}` is under way on this target"
                raise _Stopped("refused", message, "wait for it to end", UNREACHABLE.id)
            self._prepare(connection)
            for source in self.program.sources:
                self._source(connection, source)
            if not self.failed:
                for stage in self.program.stages:
                    self._stage(connection, stage)
            if not self.failed:
                self._publish(connection)
                self._clear(connection)

    def _summary(self) -> str:
        bad = [c for c in self.checks if c.status == "failed"]
        count = f"{len(bad)} check failed" if len(bad) == 1 else f"{len(bad)} checks failed"
        return f"{count}; nothing was published, and every published table is what it was"

    def _interrupted(self) -> str:
        """Ctrl-C can be heard of when the commit is done already: the target knows what stands."""
        if self.publishing:
            try:
                with self.engine.connect() as connection:
                    if standing.stands(connection, self.settings.run_id):
                        return "interrupted, after every table was published"
            except (SQLAlchemyError, RuntimeError):
                return f"interrupted while publishing; `{standing.COMMITS.fullname}` of the target says what stands"
        return "interrupted; every published table is what it was"

    def _unreached(self) -> Iterable[StageResult]:
        done = {s.name for s in self.stages}
        for stage in self.program.plan.stages:
            if stage.name not in done:
                yield StageResult(stage.name, stage.kind, "skipped", 0.0)

    # -- statements

    def _do(self, connection: sa.Connection, statement: Any) -> Any:
        compiled = statement.compile(dialect=connection.dialect)
        wanted = {name: value for name, value in self.moment.items() if name in compiled.binds}
        return connection.execute(statement, wanted) if wanted else connection.execute(statement)

    def _row(self, connection: sa.Connection, select: Any) -> Sequence[Any]:
        row: Sequence[Any] = self._do(connection, select).one()
        return row

    # -- before anything is built

    def _prepare(self, connection: sa.Connection) -> None:
        self.doing = "preparing the target"
        with connection.begin():
            for schema in self.program.schemas:
                connection.execute(CreateSchema(schema))
            standing.prepare(connection)
            self._claim(connection)
            self._keep_published(connection)

    def _claim(self, connection: sa.Connection) -> None:
        """A stage belongs to one pipeline of a target: two would build over each other's rows."""
        name = self.program.plan.name
        owners = standing.owners(connection)
        for stage in self.program.plan.stages:
            owner = owners.get(stage.name, name)
            if owner != name:
                raise _Stopped(
                    "refused",
                    f"stage `{stage.name}` stands in this target already, from pipeline `{owner}`",
                    "rename one of them, or run this pipeline against another target",
                    UNREACHABLE.id,
                )
        standing.release(connection, name, [stage.name for stage in self.program.plan.stages])

    def _keep_published(self, connection: sa.Connection) -> None:
        """A stage that is no longer published would take the place of its table before the run is judged."""
        kinds = {schema: self.warehouse.relations(connection, schema) for schema in self.program.schemas}
        for stage in self.program.plan.stages:
            if stage.publication is None and kinds[self.tables.schema(stage)].get(stage.name) == "TABLE":
                raise _Stopped(
                    "refused",
                    f"`{stage.name}` stands as a published table, and the pipeline makes it {stage.kind}",
                    "rename the stage, or drop the table yourself once nobody reads it",
                    UNREACHABLE.id,
                )

    def _source(self, connection: sa.Connection, program: SourceProgram) -> None:
        source = program.source
        self.doing = f"source `{source.name}`"
        self.progress(source.name, "reading")
        try:
            with connection.begin():
                self._load(connection, source)
                audited = [] if program.audit.select is None else self._row(connection, program.audit.select)
                sets = [self._set(connection, audit) for audit in program.sets]
        except SourceProblem as problem:
            status: Status = "failed" if problem.code.id == "F504" else "refused"
            raise _Stopped(
                status, f"source `{source.name}`: {problem.args[0]}", problem.help, problem.code.id
            ) from None
        except DBAPIError as error:
            unreadable = source_files.unreadable(error.orig) if isinstance(error.orig, Exception) else None
            if unreadable is None:
                raise
            message = f"source `{source.name}`: {unreadable.args[0]}"
            raise _Stopped("refused", message, unreadable.help, unreadable.code.id) from None
        self._judged(source.name, source.assertions, program.audit, audited, sets)

    def _load(self, connection: sa.Connection, source: SourcePlan) -> None:
        if source.path is not None:
            paths = source_files.find(source.path, self.settings.root)
            self.versions[source.name] = "; ".join(_version(path) for path in paths)
            files = Files(source.name, paths, source.format or "csv", source.declared)
            self.warehouse.load(connection, self.settings.schemas["raw"], files)
            return
        schema, _, name = source_files.expand_variables(source.table or "").rpartition(".")
        self.versions[source.name] = source.table or ""
        found = self.warehouse.columns(connection, schema or "main", name) if schema else None
        if found is not None:
            _check_columns(source, found)

    # -- stages

    def _stage(self, connection: sa.Connection, program: StageProgram) -> None:
        stage = program.stage
        if set(stage.inputs) & self.failed or self._reads_failed(program):
            self.failed.add(stage.name)
            self.stages.append(StageResult(stage.name, stage.kind, "skipped", 0.0))
            return
        self.doing = f"stage `{stage.name}`"
        self.progress(stage.name, "building")
        begun = time.monotonic()
        schema = self.tables.schema(stage)
        with connection.begin():
            self._drop(connection, schema, f"{stage.name}__new", f"{stage.name}__next")
            self._do(connection, program.build)
            self.warehouse.filled(connection, schema, f"{stage.name}__new")
        self.progress(stage.name, "checking")
        with connection.begin():
            audited = self._row(connection, program.audit.select)
            before = None if program.before is None else self._row(connection, program.before.select)
            inputs = [self._row(connection, select) for select in program.inputs]
            sets = [self._set(connection, audit) for audit in program.sets]
        account = line(program, inputs, before, audited)
        self._refuse_faults(account)
        passed = self._judged(stage.name, stage.assertions, program.audit, audited, sets)
        if passed:
            self._place(connection, program)
        rows = sum(account.grouped.values()) if account.grouped is not None else account.buckets.get("out", 0)
        if account.grouped is not None:
            rows = account.grouped.get("out", rows)
        seconds = round(time.monotonic() - begun, 3)
        self.stages.append(StageResult(stage.name, stage.kind, "built" if passed else "failed", seconds, rows, account))

    def _reads_failed(self, program: StageProgram) -> bool:
        return bool(read_by(program.stage.query) & self.failed)

    def _refuse_faults(self, account: LedgerLine) -> None:
        if account.faults:
            message = f"the ledger of `{account.stage}` does not close: {'; '.join(account.faults)}"
            raise _Stopped("broken", message, "this is a fault of the framework; nothing was published", OPEN_LEDGER.id)

    def _set(self, connection: sa.Connection, audit: Any) -> tuple[Any, int, str]:
        count = int(self._row(connection, audit.select)[0] or 0)
        text = str(audit.select.compile(dialect=connection.dialect)) if count else ""
        return audit, count, text

    def _judged(self, relation: str, assertions: Any, audit: Any, audited: Sequence[Any], sets: Any) -> bool:
        results = judge(relation, assertions, audit, audited, sets, self.settings.places.get(relation, {}))
        self.checks += results
        if stops(results):
            self.failed.add(relation)
        return relation not in self.failed

    def _place(self, connection: sa.Connection, program: StageProgram) -> None:
        """A stage takes its place at once; a published one shows what it will be to those that read it."""
        stage = program.stage
        schema = self.tables.schema(stage)
        with connection.begin():
            standing.claim(connection, self.program.plan.name, stage.name)
            if program.publish is not None:
                self._do(connection, program.publish.next(self._standing(connection, stage)))
                if program.publish.held is not None:
                    self._replace(connection, program.publish.held)
                return
            for view in program.views:
                self._drop(connection, view.table.schema or schema, view.table.name)
            self._drop(connection, schema, f"{stage.name}__rows")
            connection.execute(RenameTable(self.tables.candidate(stage), f"{stage.name}__rows"))
            for view in program.views:
                self._do(connection, view)

    def _replace(self, connection: sa.Connection, statement: Any) -> None:
        self._drop(connection, statement.table.schema, statement.table.name)
        self._do(connection, statement)

    def _drop(self, connection: sa.Connection, schema: str, *names: str) -> None:
        """Drops relations, views first, whatever they are now."""
        kinds = self.warehouse.relations(connection, schema)
        for name in sorted((n for n in names if n in kinds), key=lambda n: kinds[n] != "VIEW"):
            connection.execute(DropRelation(sa.table(name, schema=schema), kinds[name]))

    # -- publishing

    def _publish(self, connection: sa.Connection) -> None:
        """Every published table at once, with the record of what stands, or none."""
        programs = [p for p in self.program.stages if p.publish is not None]
        if not programs:
            return
        self.doing = "publishing"
        self.progress("", "publishing")
        # Where a new column cannot be taken back, it is there before the publishing transaction, null in every row.
        if not self.warehouse.transactional_ddl:
            with connection.begin():
                for program in programs:
                    self._fit(connection, program)
        changes: dict[str, Changes] = {}
        self.publishing = True
        with connection.begin():
            connection.execute(standing.PUBLISHING.update().values(run_id=self.settings.run_id))
            for program in programs:
                if self.warehouse.transactional_ddl:
                    self._fit(connection, program)
                changes[program.stage.name] = self._apply(connection, program)
            standing.record(
                connection,
                self.program.plan.name,
                self.settings.run_id,
                clock(),
                [self._commit(p, connection) for p in programs],
            )
        self.stages = [self._settled(s, changes.get(s.name)) for s in self.stages]

    def _standing(self, connection: sa.Connection, stage: StagePlan) -> Mapping[str, str]:
        """The columns of the published table, empty where there is none; refuses what it would lose or retype."""
        schema = self.tables.schema(stage)
        if self.warehouse.relations(connection, schema).get(stage.name) != "TABLE":
            return {}
        live = self.warehouse.columns(connection, schema, stage.name)
        new = self.warehouse.columns(connection, schema, f"{stage.name}__new")
        lost = [name for name in live if name not in stage.relation.names]
        if lost:
            raise _Stopped(
                "refused",
                f"`{stage.name}` stands with a column `{lost[0]}` that the pipeline no longer has",
                "give the column back, or drop the table yourself once nobody reads it",
                UNREACHABLE.id,
            )
        for name in stage.relation.names:
            if live.get(name, new[name]) != new[name]:
                raise _Stopped(
                    "refused",
                    f"`{stage.name}` stands with `{name}` as {live[name]}, and the pipeline makes it {new[name]}",
                    "keep the type, or publish under a new name",
                    UNREACHABLE.id,
                )
        return live

    def _fit(self, connection: sa.Connection, program: StageProgram) -> None:
        """A published table that gains a column gets it."""
        stage = program.stage
        live = self._standing(connection, stage)
        if not live:
            return
        new = self.warehouse.columns(connection, self.tables.schema(stage), f"{stage.name}__new")
        for name in stage.relation.names:
            if name not in live:
                connection.execute(AddColumn(self.tables.live(stage), name, new[name]))

    def _apply(self, connection: sa.Connection, program: StageProgram) -> Changes:
        publish = program.publish
        assert publish is not None
        self.doing = f"publishing `{program.stage.name}`"
        self._unview(connection, program.stage)
        connection.execute(publish.create)
        changes = Changes(*(int(n) for n in self._row(connection, publish.changes)))
        account = next(s.ledger for s in self.stages if s.name == program.stage.name)
        if account is not None:
            self._refuse_faults(published(account, changes))
        for statement in publish.apply:
            connection.execute(statement)
        return changes

    def _unview(self, connection: sa.Connection, stage: StagePlan) -> None:
        """Until now the stage was of another kind, a view over its rows."""
        schema, held = self.tables.schema(stage), self.tables.quarantine(stage)
        if self.warehouse.relations(connection, schema).get(stage.name) != "VIEW":
            return
        if self.warehouse.relations(connection, held.schema or schema).get(held.name) == "VIEW":
            self._drop(connection, held.schema or schema, held.name)
        self._drop(connection, schema, stage.name, f"{stage.name}__rows")

    def _commit(self, program: StageProgram, connection: sa.Connection) -> dict[str, object]:
        text = str(program.build.compile(dialect=connection.dialect))
        result = next(s for s in self.stages if s.name == program.stage.name)
        return {
            "stage": program.stage.name,
            "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
            "inputs": json.dumps(self.versions, sort_keys=True),
            "rows_out": result.rows or 0,
        }

    def _settled(self, result: StageResult, changes: Changes | None) -> StageResult:
        if changes is None or result.ledger is None:
            return result
        return replace(result, status="published", ledger=published(result.ledger, changes))

    def _clear(self, connection: sa.Connection) -> None:
        """Candidates have served; a failure to drop one is no failure of the run."""
        self.doing = "clearing up"
        with suppress(SQLAlchemyError), connection.begin():
            for program in self.program.stages:
                schema = self.tables.schema(program.stage)
                self._drop(connection, schema, f"{program.stage.name}__new", f"{program.stage.name}__next")


def _version(path: Path) -> str:
    found = path.stat()
    return f"{path.name} {found.st_size} bytes {int(found.st_mtime)}"


def _check_columns(source: SourcePlan, found: Mapping[str, str]) -> None:
    """Raises SourceProblem where a table is not as the contract says."""
    if not found:
        raise SourceProblem(MISSING_FILE, f"no table {source.table}")
    known = {name.lower(): kind for name, kind in found.items()}
    for name, wanted in (source.declared or {}).items():
        if name.lower() not in known:
            raise SourceProblem(CONTRACT, f"{source.table} has no column `{name}`", "mend the contract")
        source_files.check_type(source.name, name, wanted, known[name.lower()])
