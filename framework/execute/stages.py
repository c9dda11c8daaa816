"""One stage: its candidate built, counted and judged, then put in its place."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from framework import standing
from framework.compile.holding import HELD
from framework.compile.program import Account, StageProgram
from framework.compile.tables import Tables
from framework.execute.checking import SetFigure, judged, refuse_faults, set_figures
from framework.execute.fitting import show
from framework.execute.session import Session
from framework.execute.settings import Progress, Settings
from framework.ledger import Counts, lines
from framework.plan import Plan
from framework.run import CheckResult, LedgerLine, StageResult, StageStatus


@dataclass(frozen=True, slots=True)
class Known:
    """The names of stages, as they were when the run began: those that the pipeline has claimed, those of which rows
    are held back, and those of which a person has discarded some."""

    claimed: Collection[str] = ()
    held: Collection[str] = ()
    discarding: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Built:
    """The results of a stage and of those folded into it, the stage last, with all that was judged."""

    results: tuple[StageResult, ...]
    checks: tuple[CheckResult, ...]

    @property
    def passed(self) -> bool:
        return self.results[-1].status == "built"

    @property
    def holds(self) -> bool:
        """Whether the stage holds rows back."""
        account = self.results[-1].ledger
        assert account is not None
        rows = {**account.buckets, **(account.grouped or {})}
        return any(rows.get(bucket) for bucket in HELD)


def build(
    session: Session,
    program: StageProgram,
    tables: Tables,
    settings: Settings,
    progress: Progress,
    scanned: Mapping[str, int],
    known: Known,
) -> Built:
    """The candidate beside what stands, counted and judged; `scanned` are the rows of sources, as their scans counted
    them. Raises Stopped where the ledger does not close."""
    stage = program.stage
    session.begins(f"stage `{stage.name}`", stage.name)
    progress(stage.name, "building")
    begun = time.monotonic()
    schema = tables.schema(stage)
    with session.transaction():
        session.drop(schema, f"{stage.name}__new", f"{stage.name}__next")
        session.do(program.build)
        for index in program.indexes:
            session.do(index)
        if program.stored:
            session.warehouse.filled(session.connection, schema, f"{stage.name}__new")
        discards = _discard(session, program, known)
    progress(stage.name, "checking")
    with session.transaction():
        audited = session.row(program.audit.select)
        counted = [_counts(session, account, scanned) for account in program.accounts]
        sets = set_figures(session, program.sets)
    account_lines = lines(program, counted, audited)
    for account in account_lines:
        refuse_faults(account)
    account_lines = (*account_lines[:-1], replace(account_lines[-1], discards=discards))
    return _judged(program, account_lines, audited, sets, settings, round(time.monotonic() - begun, 3))


def _discard(session: Session, program: StageProgram, known: Known) -> dict[str, int]:
    """Takes what a person has discarded out of quarantine; the rows by the reason given."""
    if program.holding is None or program.stage.name not in known.discarding:
        return {}
    session.do(program.holding.discard)
    return {str(reason): int(count) for reason, count in session.do(program.holding.discarded)}


def _counts(session: Session, account: Account, scanned: Mapping[str, int]) -> Counts:
    before = None if account.before is None else tuple(session.row(account.before.select))
    counted = tuple(tuple(session.row(select)) for _, select in account.inputs)
    unused = {name: int(session.row(select)[0]) for name, select in account.unused}
    return Counts((*counted, *((scanned[name],) for name in account.scanned)), before, unused)


def _judged(
    program: StageProgram,
    account_lines: Sequence[LedgerLine],
    audited: Sequence[Any],
    sets: Sequence[SetFigure],
    settings: Settings,
    seconds: float,
) -> Built:
    """Each account's stage in turn; after one that failed, the next were computed of rows that are not to be."""
    results: list[StageResult] = []
    checks: list[CheckResult] = []
    sound = True
    for account, found in zip(program.accounts, account_lines, strict=True):
        stage, own = account.stage, account.stage is program.stage
        if not sound:
            results.append(StageResult(stage.name, stage.kind, "skipped", 0.0))
            continue
        judgement = judged(stage.name, stage.assertions, program.audit, audited, sets if own else (), settings)
        checks += judgement.results
        sound = judgement.passed
        status: StageStatus = ("built" if own else "folded") if sound else "failed"
        results.append(StageResult(stage.name, stage.kind, status, seconds if own else 0.0, found.rows_out, found))
    return Built(tuple(results), tuple(checks))


def place(
    session: Session,
    program: StageProgram,
    tables: Tables,
    settings: Settings,
    pipeline: str,
    placed: Sequence[standing.Placed],
    built: Built,
    known: Known,
) -> None:
    """A stage takes its place at once; a published one shows what it will be to those that read it."""
    stage = program.stage
    schema = tables.schema(stage)
    with session.transaction():
        for each in placed:
            if each.name not in known.claimed:
                standing.claim(session.connection, pipeline, each.name)
            if program.publish is None or each.name != stage.name:
                standing.place(session.connection, each)
        if program.holding is not None and (built.holds or stage.name in known.held):
            for statement in program.holding.remember:
                session.do(statement)
        if program.publish is not None:
            show(session, program, tables, settings)
        elif program.stored:
            session.rename(schema, f"{stage.name}__rows", f"{stage.name}__old")
            session.rename(schema, f"{stage.name}__new", f"{stage.name}__rows")
        for view in program.views:
            session.show(view, tables.names)
        _release(session, program, tables)
        _sweep(session, program, tables)


def mend(session: Session, plan: Plan, tables: Tables, found: standing.Standing) -> None:
    """A run that was cut off between two statements has left the stored rows of a stage under the name of old ones."""
    for stage in plan.stages:
        schema, rows, old = tables.schema(stage), f"{stage.name}__rows", f"{stage.name}__old"
        if found.kind(schema, old) == "TABLE" and found.kind(schema, rows) is None:
            session.rename(schema, old, rows)


def _release(session: Session, program: StageProgram, tables: Tables) -> None:
    """What stages held before, and cannot any more: it stands over rows that go."""
    held = [tables.quarantine(a.stage) for a in program.accounts if a.stage.publication is None]
    shown = {(view.table.schema, view.table.name) for view in program.views}
    gone = [table.name for table in held if (table.schema, table.name) not in shown]
    if gone:
        session.drop(held[0].schema or "", *gone)


def _sweep(session: Session, program: StageProgram, tables: Tables) -> None:
    """The rows that stood before, and those of a stage that is not stored any more."""
    *folded, own = (account.stage for account in program.accounts)
    for stage in folded:
        session.drop(tables.schema(stage), f"{stage.name}__rows")
    if program.publish is None:
        session.drop(tables.schema(own), f"{own.name}__old")
    if not program.stored:
        session.drop(tables.schema(own), f"{own.name}__new", f"{own.name}__rows")
