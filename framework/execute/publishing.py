"""Every published table at once, with the record of what stands, or none."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from framework import standing
from framework.compile.program import PublishProgram, StageProgram
from framework.compile.tables import Tables
from framework.ddl import PLAIN
from framework.execute.checking import refuse_faults
from framework.execute.fitting import Standing, fit, found, made, respell
from framework.execute.session import Session
from framework.execute.settings import Settings
from framework.ledger import grown, published
from framework.plan import StagePlan
from framework.run import Changes, LedgerLine, StageResult


class Publishing:
    """The one transaction in which a run's published tables change. `results` are the stages' so far; `notes` are for
    the end of the run."""

    def __init__(
        self,
        session: Session,
        programs: Sequence[StageProgram],
        tables: Tables,
        settings: Settings,
        results: Mapping[str, StageResult],
    ) -> None:
        self.session, self.programs, self.tables, self.results = session, programs, tables, results
        self.anew = settings.full_refresh
        self.notes: list[str] = []

    def publish(
        self,
        pipeline: str,
        run_id: str,
        placed: Mapping[str, standing.Placed],
        sources: Sequence[standing.Placed],
        sure: Callable[[], None],
    ) -> dict[str, StageResult]:
        """The results of the published stages, each `placed` as it will stand. `sources` are what they were made of.

        `sure` is called once no other run can publish. Raises Stopped, as that may, before anything has changed.
        """
        session = self.session
        # Where a new column cannot be taken back, it is there before the publishing transaction, null in every row.
        if not session.warehouse.transactional_ddl:
            with session.transaction():
                for program in self.programs:
                    fit(session, program, self.tables, found(session, program.stage, self.tables))
        begun = frozenset(program.stage.name for program in self.programs if self._stripped(program))
        results: dict[str, StageResult] = {}
        with session.transaction():
            session.do(standing.PUBLISHING.update().values(run_id=run_id))
            sure()
            for program in self.programs:
                result = results[program.stage.name] = self._one(program, first=program.stage.name in begun)
                standing.commit(session.connection, pipeline, placed[program.stage.name], result.rows)
            standing.keep_sources(session.connection, pipeline, sources)
        return results

    def _stripped(self, program: StageProgram) -> bool:
        """Strips a candidate that becomes the table itself to what readers see; false where it stays a candidate."""
        assert program.publish is not None
        session, first, schema = self.session, program.publish.first, self.tables.schema(program.stage)
        if first is None:
            return False
        session.doing = f"publishing `{program.stage.name}`"
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

    def _one(self, program: StageProgram, *, first: bool) -> StageResult:
        assert program.publish is not None
        self.session.doing = f"publishing `{program.stage.name}`"
        self._unview(program.stage)
        stands = found(self.session, program.stage, self.tables)
        if not self.anew:
            stands = respell(self.session, program.stage, self.tables, stands)
        before = self._counted(program.publish) if stands.columns and not self.anew else 0
        how = self._begin if first else self._rebuild if self.anew else self._apply
        account = how(program, program.publish, stands)
        refuse_faults(self._made(program, account, self._counted(program.publish) - before))
        return replace(self.results[program.stage.name], status="published", ledger=account)

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

    def _begin(self, program: StageProgram, publish: PublishProgram, stands: Standing) -> LedgerLine:
        """The candidate takes the table's name."""
        assert publish.first is not None
        account = self._account(program.stage, publish.first.changes)
        self.session.do(publish.first.rename)
        standing.keep_making(self.session.connection, program.stage.name, made(program))
        return account

    def _apply(self, program: StageProgram, publish: PublishProgram, stands: Standing) -> LedgerLine:
        """The rows that differ from those that stand."""
        if not stands.columns:
            self._create(publish)
        elif self.session.warehouse.transactional_ddl:
            fit(self.session, program, self.tables, stands)
        known = stands.known_by(program.stage)
        account = self._account(program.stage, publish.changes if known else publish.rebuilt(stands.kept))
        for statement in publish.apply if self._changes(program.stage, account) else ():
            self.session.do(statement)
        making = made(program)
        if stands.columns:
            was = PLAIN if stands.making is None else stands.making.storage
            if was != making.storage:
                self.notes.append(
                    f"`{program.stage.name}` lies as it did; --full-refresh stores it as the pipeline says"
                )
            making = replace(making, storage=was)
        standing.keep_making(self.session.connection, program.stage.name, making)
        return account

    def _changes(self, stage: StagePlan, account: LedgerLine) -> bool:
        """Whether the table is to be written at all. The unknown row is not among the rows that are counted."""
        assert stage.publication is not None
        done = account.changes
        return done is None or bool(stage.publication.unknown or done.inserted or done.updated or done.deleted)

    def _rebuild(self, program: StageProgram, publish: PublishProgram, stands: Standing) -> LedgerLine:
        """Every row anew. A table that is to be as it was keeps its place, with its grants and what depends on it."""
        if not stands.columns:
            self._create(publish)
        account = self._account(program.stage, publish.rebuilt(stands.kept))
        making = made(program)
        if stands.columns and not (stands.same and stands.making == making):
            self.session.drop(self.tables.schema(program.stage), program.stage.name)
            self._create(publish)
        for statement in publish.rebuild:
            self.session.do(statement)
        standing.keep_making(self.session.connection, program.stage.name, making)
        return account

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
    session.doing = "clearing up"
    with suppress(SQLAlchemyError), session.transaction():
        for program in programs:
            name = program.stage.name
            session.drop(tables.schema(program.stage), f"{name}__new", f"{name}__next")
