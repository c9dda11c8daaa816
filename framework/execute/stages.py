"""One stage: its candidate built, counted and judged, then put in its place."""

import time
from dataclasses import dataclass

from framework import standing
from framework.compile.program import StageProgram
from framework.compile.tables import Tables
from framework.ddl import RenameTable
from framework.execute.checking import Judged, judged, refuse_faults, set_figures
from framework.execute.publishing import standing_columns
from framework.execute.session import Session
from framework.execute.settings import Progress, Settings
from framework.ledger import line
from framework.run import StageResult, StageStatus


@dataclass(frozen=True, slots=True)
class Built:
    """A stage's result, and the judgement of its candidate."""

    result: StageResult
    judged: Judged


def build(session: Session, program: StageProgram, tables: Tables, settings: Settings, progress: Progress) -> Built:
    """The candidate beside what stands, counted and judged. Raises Stopped where the ledger does not close."""
    stage = program.stage
    session.doing = f"stage `{stage.name}`"
    progress(stage.name, "building")
    begun = time.monotonic()
    schema = tables.schema(stage)
    with session.transaction():
        session.drop(schema, f"{stage.name}__new", f"{stage.name}__next")
        session.do(program.build)
        session.warehouse.filled(session.connection, schema, f"{stage.name}__new")
    progress(stage.name, "checking")
    with session.transaction():
        audited = session.row(program.audit.select)
        before = None if program.before is None else session.row(program.before.select)
        inputs = [session.row(select) for select in program.inputs]
        sets = set_figures(session, program.sets)
    account = line(program, inputs, before, audited)
    refuse_faults(account)
    found = judged(stage.name, stage.assertions, program.audit, audited, sets, settings)
    seconds = round(time.monotonic() - begun, 3)
    status: StageStatus = "built" if found.passed else "failed"
    return Built(StageResult(stage.name, stage.kind, status, seconds, account.rows_out, account), found)


def place(session: Session, program: StageProgram, tables: Tables, pipeline: str) -> None:
    """A stage takes its place at once; a published one shows what it will be to those that read it."""
    stage = program.stage
    schema = tables.schema(stage)
    with session.transaction():
        standing.claim(session.connection, pipeline, stage.name)
        if program.publish is not None:
            session.do(program.publish.next(standing_columns(session, stage, tables)))
            if program.publish.held is not None:
                session.replace(program.publish.held)
            return
        for view in program.views:
            session.drop(view.table.schema or schema, view.table.name)
        session.drop(schema, f"{stage.name}__rows")
        session.do(RenameTable(tables.candidate(stage), f"{stage.name}__rows"))
        for view in program.views:
            session.do(view)
