"""Every published table at once, with the record of what stands, or none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from framework import standing
from framework.compile.program import PublishProgram, StageProgram
from framework.compile.tables import Tables
from framework.ddl import PLAIN, Comment
from framework.execute import rolling
from framework.execute.checking import refuse_faults
from framework.execute.fitting import Standing, comments, fit, found, made, respell
from framework.execute.session import Session, Stopped
from framework.execute.settings import Settings
from framework.ledger import grown, published
from framework.plan import StagePlan
from framework.run import Changes, LedgerLine, StageResult
from framework.standing import Making


@dataclass(frozen=True, slots=True)
class _Step:
    """One table: what is to be done to it, and recorded of it. `before` are the rows that stand, of those counted.
    `comments` are made with it, where they can be taken back."""

    program: StageProgram
    account: LedgerLine
    statements: tuple[Any, ...]
    making: Making
    before: int
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What is written down of a publication: its stages, each placed as it will stand, and the sources that they are
    made of, with what each was loaded as."""

    pipeline: str
    stages: Mapping[str, standing.Placed]
    sources: Sequence[standing.Placed]
    loaded_as: Mapping[str, str | None]


class Publishing:
    """The one moment in which a run's published tables change: a transaction, or where a warehouse has none, a set of
    statements that the next run finishes. `results` are the stages' so far; `notes` are for the end of the run.

    `sure` is called once no other run can publish, and may raise Stopped.
    """

    def __init__(
        self,
        session: Session,
        programs: Sequence[StageProgram],
        tables: Tables,
        settings: Settings,
        results: Mapping[str, StageResult],
        record: Record,
        sure: Callable[[], None],
    ) -> None:
        self.session, self.programs, self.tables, self.results = session, programs, tables, results
        self.record, self.sure, self.run_id = record, sure, settings.run_id
        self.anew = settings.full_refresh
        self.ahead = not session.warehouse.transactional_ddl  # whether what changes tables is done before the moment
        self.notes: list[str] = []
        self.made: dict[str, LedgerLine | None] = {}  # what is done before the moment: a table, and its account

    def publish(self) -> dict[str, StageResult]:
        """The results of the published stages. Raises Stopped before anything has changed."""
        session = self.session
        if self.ahead:
            with session.transaction():
                self.sure()
            for program in self.programs:
                self._ahead(program)
        if not session.warehouse.transactions:
            return self._prepared()
        begun = frozenset(program.stage.name for program in self.programs if self._stripped(program))
        steps: list[_Step] = []
        results: dict[str, StageResult] = {}
        with session.transaction(of_rows=self.ahead):
            session.do(standing.PUBLISHING.update().values(run_id=self.run_id))
            self.sure()
            for program in self.programs:
                step = self._step(program, first=program.stage.name in begun)
                for statement in (*step.statements, *step.comments):
                    session.do(statement)
                results[program.stage.name] = self._result(step)
                steps.append(step)
            for statement in self._records(steps):
                session.do(statement)
            self.sure()
        return results

    # -- what a warehouse commits by itself is done before

    def _ahead(self, program: StageProgram) -> None:
        """A table that is new is made, empty; one that gains columns gets them, null in every row. One that a full
        refresh makes otherwise is made again, with its rows, in one statement."""
        publish, stage = program.publish, program.stage
        assert publish is not None
        session = self.session
        session.begins(f"publishing `{stage.name}`", stage.name)
        with session.transaction():
            self._unview(stage)
            stands = found(session, stage, self.tables)
            if not stands.columns:
                session.do(publish.create)
                self.made[stage.name] = None
            elif not self.anew:
                fit(session, program, self.tables, stands)
            elif not self._as_it_was(program, stands):
                self.made[stage.name] = self._account(stage, publish.rebuilt(stands.kept))
                session.do(publish.anew)
            for statement in comments(program, self.tables, None if stage.name in self.made else stands.making):
                session.do(statement)

    def _as_it_was(self, program: StageProgram, stands: Standing) -> bool:
        return stands.same and stands.making == made(program)

    # -- without a transaction

    def _prepared(self) -> dict[str, StageResult]:
        """All is counted before anything changes, and written down before it is done."""
        session = self.session
        with session.transaction():
            steps = [self._step(program, first=False) for program in self.programs]
            self.sure()
        changes = [(step.program.stage.name, statement) for step in steps for statement in step.statements]
        records, pipeline = [(None, record) for record in self._records(steps)], self.record.pipeline
        with rolling.prepared(session, pipeline, self.run_id, (*changes, *records), self.sure) as do:
            do(len(changes))
            try:
                with session.transaction():
                    results = {step.program.stage.name: self._result(step) for step in steps}
            except Stopped as stopped:
                rolling.struck_out(session, pipeline, self.run_id)
                help = "this is a fault of the framework: tables have changed; --full-refresh makes them again"
                raise Stopped(stopped.status, stopped.message, help, stopped.code) from None
            do(len(records))
        return results

    # -- one table

    def _stripped(self, program: StageProgram) -> bool:
        """Strips a candidate that becomes the table itself to what readers see; false where it stays a candidate."""
        assert program.publish is not None
        session, first, schema = self.session, program.publish.first, self.tables.schema(program.stage)
        if first is None:
            return False
        session.begins(f"publishing `{program.stage.name}`", program.stage.name)
        with session.transaction():
            if session.relations(schema).get(program.stage.name) == "TABLE":
                return False
            session.drop(schema, self.tables.next(program.stage).name)
            if first.leave is not None:
                session.do(first.leave)
        # By itself: DuckDB commits no rows that left a table in the transaction that changed its columns.
        with session.transaction():
            for statement in first.strip:
                session.do(statement)
        return True

    def _step(self, program: StageProgram, *, first: bool) -> _Step:
        """What is to be done. What changes the table itself is done here, where it can be taken back."""
        publish, stage = program.publish, program.stage
        assert publish is not None
        self.session.begins(f"publishing `{stage.name}`", stage.name)
        if not self.ahead:
            self._unview(stage)
        stands = found(self.session, stage, self.tables)
        if self.ahead and stage.name in self.made:
            again = self.made[stage.name]
            if again is not None:
                return _Step(program, again, (), made(program), 0)
            stands = replace(stands, columns={})
        elif not self.ahead and not self.anew:
            stands = respell(self.session, stage, self.tables, stands)
        before = self._counted(publish) if stands.columns and not self.anew else 0
        how = self._begin if first else self._rebuild if self.anew else self._apply
        account, statements, making = how(program, publish, stands)
        fresh = first or not stands.columns or (self.anew and not self._as_it_was(program, stands))
        told = () if self.ahead else tuple(comments(program, self.tables, None if fresh else stands.making))
        return _Step(program, account, statements, making, before, told)

    def _result(self, step: _Step) -> StageResult:
        """Raises Stopped where the table has not become what was counted."""
        name, publish = step.program.stage.name, step.program.publish
        assert publish is not None
        refuse_faults(self._made(step.program, step.account, self._counted(publish) - step.before))
        return replace(self.results[name], status="published", ledger=step.account)

    def _records(self, steps: Sequence[_Step]) -> Iterator[Any]:
        """What is written down once the tables have become what they are to be."""
        record = self.record
        names = [step.program.stage.name for step in steps]
        stages = [
            standing.Made(record.stages[name], self.results[name].rows, step.making)
            for name, step in zip(names, steps, strict=True)
        ]
        yield from standing.committing(record.pipeline, stages)
        yield from standing.kept_sources(record.pipeline, record.loaded_as, record.sources)

    def _counted(self, publish: PublishProgram) -> int:
        return int(self.session.row(publish.counted)[0])

    def _made(self, program: StageProgram, account: LedgerLine, growth: int) -> LedgerLine:
        """The line held against the table: what was counted before must be what has been done."""
        publication = program.stage.publication
        assert publication is not None
        assert account.changes is not None
        expected = grown(publication, account.changes, anew=self.anew)
        if growth == expected:
            return account
        return replace(account, faults=(f"the table was to grow by {expected} rows and grew by {growth}",))

    def _begin(
        self, program: StageProgram, publish: PublishProgram, stands: Standing
    ) -> tuple[LedgerLine, tuple[Any, ...], Making]:
        """The candidate takes the table's name."""
        assert publish.first is not None
        return self._account(program.stage, publish.first.changes), (publish.first.rename,), made(program)

    def _apply(
        self, program: StageProgram, publish: PublishProgram, stands: Standing
    ) -> tuple[LedgerLine, tuple[Any, ...], Making]:
        """The rows that differ from those that stand."""
        if not self.ahead:
            if stands.columns:
                fit(self.session, program, self.tables, stands)
            else:
                self._create(publish)
        known = stands.known_by(program.stage)
        account = self._account(program.stage, publish.changes if known else publish.rebuilt(stands.kept))
        making = made(program)
        if stands.columns and not (
            self.ahead and stands.making is None
        ):  # then an earlier run made it, and was cut off
            was = PLAIN if stands.making is None else stands.making.storage
            if was != making.storage:
                self.notes.append(
                    f"`{program.stage.name}` lies as it did; --full-refresh stores it as the pipeline says"
                )
            making = replace(making, storage=was)
        return account, publish.apply if self._changes(program.stage, account) else (), making

    def _changes(self, stage: StagePlan, account: LedgerLine) -> bool:
        """Whether the table is to be written at all. The unknown row is not among the rows that are counted."""
        assert stage.publication is not None
        done = account.changes
        return done is None or bool(stage.publication.unknown or done.inserted or done.updated or done.deleted)

    def _rebuild(
        self, program: StageProgram, publish: PublishProgram, stands: Standing
    ) -> tuple[LedgerLine, tuple[Any, ...], Making]:
        """Every row anew. A table that is to be as it was keeps its place, with its grants and what depends on it."""
        if not stands.columns and not self.ahead:
            self._create(publish)
        account = self._account(program.stage, publish.rebuilt(stands.kept))
        if stands.columns and not self.ahead and not self._as_it_was(program, stands):
            self.session.drop(self.tables.schema(program.stage), program.stage.name)
            self._create(publish)
        return account, publish.rebuild, made(program)

    def _create(self, publish: PublishProgram) -> None:
        for statement in (publish.create, *publish.indexes):
            self.session.do(statement)

    def _account(self, stage: StagePlan, changes: Any) -> LedgerLine:
        """The stage's line with what publishing is about to do. Raises Stopped where it does not close."""
        ledger = self.results[stage.name].ledger
        assert ledger is not None
        account = published(ledger, Changes(*(int(n) for n in self.session.row(changes))))
        refuse_faults(account)
        return account

    def _unview(self, stage: StagePlan) -> None:
        """Until now the stage was of another kind, a view over its rows."""
        schema, held = self.tables.schema(stage), self.tables.quarantine(stage)
        if self.session.relations(schema).get(stage.name) != "VIEW":
            return
        if self.session.relations(held.schema or schema).get(held.name) == "VIEW":
            self.session.drop(held.schema or schema, held.name)
        self.session.drop(schema, stage.name, f"{stage.name}__rows")


def clear(session: Session, programs: Sequence[StageProgram], tables: Tables) -> None:
    """Candidates have served; a failure to drop one is no failure of the run."""
    session.begins("clearing up")
    with suppress(SQLAlchemyError), session.transaction():
        for program in programs:
            name = program.stage.name
            session.drop(tables.schema(program.stage), f"{name}__new", f"{name}__next")
