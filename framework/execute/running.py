"""One run from its first statement to its last: the target made ready, sources, stages, publishing."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from framework import standing
from framework.algebra import read_by
from framework.changes import Definition
from framework.compile.definitions import definitions
from framework.compile.program import Program, StageProgram
from framework.compile.tables import Tables
from framework.ddl import CreateSchema
from framework.diagnostics import Code
from framework.execute import rolling, sources, stages
from framework.execute.hooking import hook_rows
from framework.execute.interruption import Interruption
from framework.execute.loading import Loads
from framework.execute.publishing import Publishing, Record, clear
from framework.execute.session import Session, Stopped, refused
from framework.execute.settings import Progress, Settings
from framework.hooks import Veto
from framework.listeners import Listeners
from framework.obstacles import obstacles
from framework.plan import StagePlan
from framework.run import CheckResult, Run, SourceResult, StageResult, Status, joined
from framework.warehouse import UNREACHABLE, Hold, Warehouse

VETO = Code("F507", "a hook that keeps a run from publishing")
T = TypeVar("T")


class Execution:
    """`failed` are the relations that a check keeps from being published, and the stages that read them."""

    def __init__(
        self,
        program: Program,
        warehouse: Warehouse,
        engine: sa.Engine,
        settings: Settings,
        progress: Progress,
        interruption: Interruption,
        listeners: Listeners,
    ) -> None:
        self.program, self.warehouse, self.engine = program, warehouse, engine
        self.settings, self.progress, self.interruption = settings, progress, interruption
        self.listeners = listeners
        self.tables = Tables(program.plan, settings.schemas, program.selected)
        self.sources: dict[str, SourceResult] = {}
        self.results: dict[str, StageResult] = {}
        self.checks: list[CheckResult] = []
        self.failed: set[str] = set()
        self.notes: list[str] = []
        self.definitions: Mapping[str, Definition] = {}
        self.stood: Mapping[str, standing.Recorded] = {}  # stages, when the run began
        self.known = stages.Known()
        self.loads: Loads = {}  # of each source, the files that were loaded before
        self.seen: Mapping[str, str] = {}  # of each source of another pipeline, the version that was held fit
        self.inputs: dict[str, Mapping[str, str]] = {}  # of each relation, the versions of sources it is made of
        self.hold = Hold()
        self.publishing = False  # whether the publishing transaction has begun
        self.placing = Lock()
        self.open: list[sa.Connection] = []  # on which statements may be running
        self.opening = Lock()

    def run(self) -> Run:
        begun = time.monotonic()
        status: Status = "ok"
        message = help = code = None
        try:
            with self.interruption.stops(self._stop), self._session() as session:
                self._run(session)
            if self.failed:
                status, message = "failed", self._summary()
        except Stopped as stopped:
            status, message, help, code = stopped.status, stopped.message, stopped.help, stopped.code
            half = not self.warehouse.transactions and status == "refused"
            if self.publishing and (stopped.lost or half):
                message = f"{message}: {self._outcome(lost=stopped.lost)}"
        except KeyboardInterrupt:
            status = "interrupted"
        except Exception as error:
            # DuckDB says so when Ctrl-C comes while it works; and a statement that is stopped may end in any error.
            if not (self.interruption.came or isinstance(error.__cause__, KeyboardInterrupt)):
                raise
            status = "interrupted"
        if self.interruption.came or status == "interrupted":
            status, message, help, code = "interrupted", self._outcome(), None, None
        plan, settings = self.program.plan, self.settings
        chosen = [stage for stage in plan.stages if stage.name in self.program.selected]
        return Run(
            settings.run_id,
            plan.name,
            settings.target,
            self.program.warehouse,
            settings.started_at,
            round(time.monotonic() - begun, 3),
            status,
            tuple(self.results.get(s.name) or _skipped(s.name, s.kind) for s in chosen),
            tuple(self.checks),
            message,
            help,
            code,
            tuple(self.notes),
            settings.asked,
            tuple(self.sources.values()),
        )

    @contextmanager
    def _session(self) -> Iterator[Session]:
        try:
            connection = self.engine.connect()
        except SQLAlchemyError as error:
            refusal = self.warehouse.refusal(error)
            message = f"{self.settings.place}: {refusal.message}"
            raise Stopped("refused", message, refusal.help, UNREACHABLE.id) from None
        with connection, self._stoppable(connection):
            tag = {"pipeline": self.program.plan.name, "run": self.settings.run_id}
            session = Session(connection, self.warehouse, self.settings.bound, self.settings.place, tag)
            with session.explained():
                yield session

    @contextmanager
    def _stoppable(self, connection: sa.Connection) -> Iterator[None]:
        with self.opening:
            self.open.append(connection)
        try:
            yield
        finally:
            with self.opening:
                self.open.remove(connection)

    def _stop(self) -> None:
        """Stops what every connection is doing; called by another thread."""
        with self.opening:
            for connection in self.open:
                with suppress(Exception):  # what it did has ended just now, or the server is gone
                    if not connection.invalidated:
                        self.warehouse.interrupt(connection.connection.driver_connection)

    def _run(self, session: Session) -> None:
        name = self.program.plan.name
        # Files are loaded under the name of their source: until a run has read them no other may load there.
        raw = self.settings.schemas["raw"]
        loaded = sorted(s.source.name for s in self.program.sources if s.source.path is not None)
        names = [name, *(f"source {raw}.{source}" for source in loaded)]
        with self.warehouse.exclusive(session.connection, names) as self.hold:
            if name in self.hold.lacking:
                help = "wait for it to end"
                if not self.warehouse.transactional_ddl:
                    help += "; a run that was killed keeps others out for two minutes"
                raise refused(f"another run of `{name}` is under way on this target", help)
            for source_name in self.hold.lacking:
                what = f"its source `{source_name.rpartition('.')[2]}`"
                message = f"a run of another pipeline is reading {what} on this target"
                raise refused(message, "wait for it to end; sources of one name take turns")
            self._prepare(session)
            for source in self.program.sources:
                self.progress(source.source.name, "reading")
                read = partial(sources.read, session, source, self.settings, self.loads)
                found = self._again(f"source `{source.source.name}` was read", read)
                self.inputs[source.source.name] = {source.source.name: found.version}
                self.sources[source.source.name] = found.result
                self.checks += found.checks
                self.notes += found.notes
                if found.result.status == "failed":
                    self.failed.add(source.source.name)
            if not self.failed:
                try:
                    self._stages(session)
                except Stopped as stopped:
                    if stopped.status == "broken":  # a ledger need not close over rows that changed on the way
                        with session.transaction():
                            self._refuse_moved(session)
                    raise
            if not self.failed:
                self._heard(session)
            if not self.failed:
                self._publish(session)
                clear(session, self.program.stages, self.tables)

    def _summary(self) -> str:
        said = []
        for status, words in (("failed", "failed"), ("error", "could not be judged")):
            bad = sum(c.stops and c.status == status for c in self.checks)
            said += [f"{bad} {'check' if bad == 1 else 'checks'} {words}"] if bad else []
        return f"{' and '.join(said)}; nothing was published, and every published table is what it was"

    def _outcome(self, *, lost: bool = False) -> str:
        """Ctrl-C can be heard of when the commit is done already, and its answer can be lost: the target knows what
        stands."""
        if self.publishing:
            try:
                with self.engine.connect() as connection:
                    if not self.warehouse.transactions and self._unfinished(connection):
                        return "while publishing; the next run finishes that"
                    if lost and self.warehouse.transactional_ddl:
                        # The commit can be under way still, and then has the row.
                        connection.execute(standing.PUBLISHING.update().values(run_id=self.settings.run_id))
                    if standing.stands(connection, self.settings.run_id):
                        return "after every table was published"
            except (SQLAlchemyError, RuntimeError):
                return f"while publishing; `{standing.COMMITS.fullname}` of the target says what stands"
        return "every published table is what it was"

    def _unfinished(self, connection: sa.Connection) -> bool:
        return standing.prepared(connection, self.warehouse, self.program.plan.name) is not None

    # -- before anything is built

    def _prepare(self, session: Session) -> None:
        if not self.warehouse.transactions:
            self._finish(session)
        session.begins("preparing the target")
        with session.transaction():
            self.warehouse.take_turns(session.connection)
            for schema in self.warehouse.lacking(session.connection, self.program.schemas):
                session.do(CreateSchema(schema))
            standing.prepare(session.connection, self.warehouse)
            plan, schemas, selected = self.program.plan, self.settings.schemas, self.program.selected
            found = standing.look(session.connection, self.warehouse, schemas.values(), plan.name)
            session.catalog.knows(found.relations)
            for obstacle in obstacles(plan, selected, schemas, found):
                raise refused(obstacle.message, obstacle.help)
            if not self.warehouse.transactional_ddl:
                stages.mend(session, plan, self.tables, found)
            standing.release(session.connection, plan)
            standing.claim_sources(session.connection, plan.name, (s.source for s in self.program.sources))
            claimed = [name for name, stage in found.stages.items() if stage.pipeline == plan.name]
            held, discarding = standing.held(session.connection), standing.discarding(session.connection)
            self.known = stages.Known(claimed, held, discarding)
            if self.warehouse.moves_files:
                self.loads = standing.loads(session.connection)
        names = {*selected, *(source.source.name for source in self.program.sources)}
        read = (program.source for program in self.program.sources)
        self.seen = {s.name: found.commits[s.published.stage].version for s in read if s.published is not None}
        self.stood, self.definitions = found.stages, definitions(plan, self.warehouse, schemas, names)

    def _finish(self, session: Session) -> None:
        """What an earlier run has left half done, on a warehouse without transactions, is done first."""
        with session.transaction():
            rolling.refuse_unfinished(session, self._read_pipelines())
        finished = rolling.finish(session, self.program.plan.name)
        if finished is not None:
            self.notes.append(f"run {finished} was cut off while it published; what it began was finished first")

    def _read_pipelines(self) -> list[str]:
        """The pipelines whose published tables this one reads."""
        published = (program.source.published for program in self.program.sources)
        return sorted({each.pipeline for each in published if each is not None})

    # -- stages

    def _stages(self, session: Session) -> None:
        """Every stage whose inputs are sound, several at once where that was asked for."""
        if self.settings.threads == 1:
            for program in self.program.stages:
                self._stage(session, program)
            return
        waiting = {p.stage.name: p for p in self.program.stages}
        running: dict[Future[None], str] = {}
        pool = ThreadPoolExecutor(self.settings.threads)
        try:
            while waiting or running:
                busy = waiting.keys() | set(running.values())
                for name in [n for n, p in waiting.items() if not p.reads & busy]:
                    running[pool.submit(self._beside, waiting.pop(name))] = name
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[done]
                    done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            session.catalog.forget()  # other sessions have made what stands now

    def _beside(self, program: StageProgram) -> None:
        """A stage on a connection of its own."""
        with self._session() as session:
            self._stage(session, program)

    def _again(self, what: str, attempt: Callable[[], T]) -> T:
        """What is done beside what stands is done once more where the connection was lost, as long as the names are
        ours: nobody else does it meanwhile."""
        try:
            return attempt()
        except DBAPIError as error:
            if self.interruption.came or not (error.connection_invalidated and self._holds()):
                raise
        done = attempt()
        self.notes.append(f"the connection was lost while {what}; that was done once more")
        return done

    def _holds(self) -> bool:
        with suppress(SQLAlchemyError):
            return self.hold.stands()
        return False

    def _stage(self, session: Session, program: StageProgram) -> None:
        members = [account.stage for account in program.accounts]
        if program.reads & self.failed or (self.failed and self.settings.fail_fast):
            for stage in members:
                self.failed.add(stage.name)
                self.results[stage.name] = _skipped(stage.name, stage.kind)
            return
        scanned = {name: source.rows for name, source in self.sources.items()}
        of_run = self.settings, self.progress, scanned, self.known
        build = partial(stages.build, session, program, self.tables, *of_run)
        built = self._again(f"stage `{program.stage.name}` was built", build)
        with self.placing:
            self.checks += built.checks
            if built.passed:
                placed = [self._placed(stage.name, self._inputs(stage)) for stage in members]
                name = self.program.plan.name
                stages.place(session, program, self.tables, self.settings, name, placed, built, self.known)
            self.failed |= {r.name for r in built.results if r.status in ("failed", "skipped")}
            self.results |= {r.name: r for r in built.results}
            for result in built.results:
                self.listeners.stage_built(result, [c for c in built.checks if c.relation == result.name])

    # -- hooks

    def _heard(self, session: Session) -> None:
        """What hooks say before anything is published. Raises Stopped where one of them forbids it."""
        session.begins("asking the hooks")
        try:
            with session.transaction():
                said = self.listeners.before_publish(
                    tuple(self.checks), lambda: hook_rows(session, self.program, self.engine, self.settings)
                )
        except Veto as veto:
            raise Stopped("failed", f"{veto}; nothing was published", None, VETO.id) from None
        self.checks = joined(self.checks, said)
        self.failed = {check.relation for check in self.checks if check.stops}
        for name in self.failed & self.results.keys():
            self.results[name] = replace(self.results[name], status="failed")

    # -- what stands

    def _placed(self, name: str, inputs: Mapping[str, str]) -> standing.Placed:
        now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        return standing.Placed(name, self.definitions[name], self.settings.run_id, now, inputs)

    def _inputs(self, stage: StagePlan) -> Mapping[str, str]:
        """The versions of sources that a stage is made of, by way of what stands where an input is not selected."""
        found: dict[str, str] = {}
        for name in read_by(stage.query):
            stood = self.stood.get(name)
            found |= self.inputs.get(name) or ({} if stood is None else stood.inputs)
        self.inputs[stage.name] = found
        return found

    def _refuse_moved(self, session: Session) -> None:
        """Raises Stopped where what was read is not what stands any more, or another run may be under way."""
        if not self.hold.stands():
            raise refused("the target was out of reach for so long that another run may have begun", "run it again")
        if not self.warehouse.transactions:
            rolling.refuse_unfinished(session, self._read_pipelines())
        sources.refuse_moved(session, (program.source for program in self.program.sources), self.seen)

    def _publish(self, session: Session) -> None:
        programs = [p for p in self.program.stages if p.publish is not None]
        placed = {p.stage.name: self._placed(p.stage.name, self.inputs[p.stage.name]) for p in programs}
        read = [source.source for source in self.program.sources]
        record = Record(
            self.program.plan.name,
            placed,
            [self._placed(source.name, self.inputs[source.name]) for source in read],
            {source.name: standing.loaded_as(source) for source in read},
        )
        session.begins("publishing")
        if programs:
            self.progress("", "publishing")
        self.publishing = True
        sure = partial(self._refuse_moved, session)
        publishing = Publishing(session, programs, self.tables, self.settings, self.results, record, sure)
        self.results |= publishing.publish()
        self.notes += publishing.notes


def _skipped(name: str, kind: str) -> StageResult:
    return StageResult(name, kind, "skipped", 0.0)
