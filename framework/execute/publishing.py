"""Every published table at once, with the record of what stands, or none."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from framework import standing
from framework.compile.program import StageProgram
from framework.compile.tables import Tables
from framework.ddl import AddColumn
from framework.execute.checking import refuse_faults
from framework.execute.session import Session, refused
from framework.ledger import published
from framework.plan import StagePlan
from framework.run import Changes, StageResult


def standing_columns(session: Session, stage: StagePlan, tables: Tables) -> Mapping[str, str]:
    """The columns of the published table, empty where there is none; refuses what it would lose or retype."""
    schema = tables.schema(stage)
    if session.relations(schema).get(stage.name) != "TABLE":
        return {}
    live = session.columns(schema, stage.name)
    new = session.columns(schema, f"{stage.name}__new")
    lost = [name for name in live if name not in stage.relation.names]
    if lost:
        raise refused(
            f"`{stage.name}` stands with a column `{lost[0]}` that the pipeline no longer has",
            "give the column back, or drop the table yourself once nobody reads it",
        )
    for name in stage.relation.names:
        if live.get(name, new[name]) != new[name]:
            raise refused(
                f"`{stage.name}` stands with `{name}` as {live[name]}, and the pipeline makes it {new[name]}",
                "keep the type, or publish under a new name",
            )
    return live


class Publishing:
    """The one transaction in which a run's published tables change. `results` are the stages' so far."""

    def __init__(
        self, session: Session, programs: Sequence[StageProgram], tables: Tables, results: Mapping[str, StageResult]
    ) -> None:
        self.session, self.programs, self.tables, self.results = session, programs, tables, results

    def publish(
        self, pipeline: str, run_id: str, placed: Mapping[str, standing.Placed], sources: Sequence[standing.Placed]
    ) -> dict[str, StageResult]:
        """The results of the published stages, each `placed` as it will stand. `sources` are what they were made of.

        Raises Stopped before anything has changed.
        """
        session = self.session
        # Where a new column cannot be taken back, it is there before the publishing transaction, null in every row.
        if not session.warehouse.transactional_ddl:
            with session.transaction():
                for program in self.programs:
                    self._fit(program)
        found: dict[str, StageResult] = {}
        with session.transaction():
            session.do(standing.PUBLISHING.update().values(run_id=run_id))
            for program in self.programs:
                if session.warehouse.transactional_ddl:
                    self._fit(program)
                found[program.stage.name] = self._apply(program)
                standing.commit(
                    session.connection, pipeline, placed[program.stage.name], found[program.stage.name].rows
                )
            standing.keep_sources(session.connection, pipeline, sources)
        return found

    def _fit(self, program: StageProgram) -> None:
        """A published table that gains a column gets it."""
        stage = program.stage
        live = standing_columns(self.session, stage, self.tables)
        if not live:
            return
        new = self.session.columns(self.tables.schema(stage), f"{stage.name}__new")
        for name in stage.relation.names:
            if name not in live:
                self.session.do(AddColumn(self.tables.live(stage), name, new[name]))

    def _apply(self, program: StageProgram) -> StageResult:
        publish = program.publish
        assert publish is not None
        name = program.stage.name
        self.session.doing = f"publishing `{name}`"
        self._unview(program.stage)
        self.session.do(publish.create)
        changes = Changes(*(int(n) for n in self.session.row(publish.changes)))
        result = self.results[name]
        assert result.ledger is not None
        account = published(result.ledger, changes)
        refuse_faults(account)
        for statement in publish.apply:
            self.session.do(statement)
        return replace(result, status="published", ledger=account)

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
