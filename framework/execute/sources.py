"""A source before anything is built: found, held against its contract, counted and judged."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from framework.compile.program import SourceHolding, SourceProgram
from framework.ddl import CreateTableAs
from framework.execute import drift
from framework.execute.checking import judged, refuse_faults, set_figures
from framework.execute.loading import Loading, Loads
from framework.execute.session import Session, Stopped, refused
from framework.execute.settings import Settings
from framework.files.contract import check_type, missing
from framework.files.finding import find
from framework.files.refusal import about_lines, unreadable
from framework.files.stamps import as_version, stamps
from framework.files.variables import expand_variables
from framework.ledger import source_line
from framework.obstacles import again
from framework.plan import USUAL, Published, SourcePlan
from framework.run import CheckResult, LedgerLine, SourceResult, SourceStatus, Status
from framework.standing import committed
from framework.warehouse import CONTRACT, MISSING_FILE, UNREACHABLE, Files, Loaded, MalformedLines, SourceProblem


@dataclass(frozen=True, slots=True)
class Read:
    """What a source gave, its checks, and the version of what was read."""

    result: SourceResult
    checks: tuple[CheckResult, ...]
    version: str
    notes: tuple[str, ...] = ()


def read(session: Session, program: SourceProgram, settings: Settings, loads: Loads) -> Read:
    """The judgement of a source. `loads` says by source which files were loaded before. Raises Stopped."""
    source = program.source
    session.begins(f"source `{source.name}`", source.name)
    try:
        files = _files(source, settings)
        loading = None if files is None else Loading(session, source, files, settings, loads)
        try:
            return _read(session, program, settings, loading, split=False)
        except MalformedLines:
            return _read(session, program, settings, loading, split=True)
        except DBAPIError as error:
            # DuckDB reads a csv where it stands, and meets a malformed line when it counts the rows.
            if files is None or not files.is_text or not about_lines(error.orig):
                raise
            return _read(session, program, settings, loading, split=True)
    except SourceProblem as problem:
        raise _stopped(source, problem) from None
    except DBAPIError as error:
        found = unreadable(error.orig)
        if found is None:
            raise
        raise _stopped(source, found) from None


def _read(
    session: Session, program: SourceProgram, settings: Settings, loading: Loading | None, *, split: bool
) -> Read:
    source, begun = program.source, time.monotonic()
    files = None if loading is None else loading.files
    with session.transaction():
        loaded = Loaded()
        if source.published is not None:
            read_as = _published(session, source.published, settings)
        elif loading is None:
            read_as = _table(session, source)
        else:
            read_as = as_version(loading.found)
            loaded = loading.load(split=split)
        drift.refuse_lacking(session, source, files, program.asked)
        extra = drift.extra_columns(session, source, files)
        drift.refuse(source, extra)
        audited = () if program.audit.select is None else session.row(program.audit.select)
        sets = set_figures(session, program.sets)
        holding = program.holding
        malformed = int(session.row(holding.counted)[0]) if holding is not None and loaded.malformed else 0
        account = source_line(program.audit, source.name, audited, loaded.records, malformed)
        refuse_faults(account)
        if holding is not None:
            _hold(session, holding, account)
    judgement = judged(source.name, source.assertions, program.audit, audited, sets, settings)
    seconds = round(time.monotonic() - begun, 3)
    status: SourceStatus = "read" if judgement.passed else "failed"
    place = settings.places.get(source.name, {}).get(drift.EXTRA_COLUMNS, "")
    checks = (*drift.result(source, extra, place), *judgement.results)
    notes = (drift.said(source, extra),) if extra else ()
    return Read(SourceResult(source.name, status, seconds, account.rows_out, account), checks, read_as, notes)


def _hold(session: Session, holding: SourceHolding, account: LedgerLine) -> None:
    """The quarantine of a source, where there is something to hold."""
    session.drop(holding.table.schema or "", holding.table.name)
    held = [holding.malformed] if account.buckets.get("malformed") else []
    if holding.unreadable is not None and account.memos:
        held.append(holding.unreadable)
    if held:
        rows = held[0] if len(held) == 1 else sa.union_all(*held)
        session.do(CreateTableAs(holding.table, rows))


def _stopped(source: SourcePlan, problem: SourceProblem) -> Stopped:
    status: Status = "failed" if problem.code is CONTRACT else "refused"
    return Stopped(status, f"source `{source.name}`: {problem.args[0]}", problem.help, problem.code.id)


def _files(source: SourcePlan, settings: Settings) -> Files | None:
    if source.path is None:
        return None
    paths = find(source.path, settings.root)
    return Files(source.name, paths, source.format or "csv", source.declared, source.csv or USUAL)


def _table(session: Session, source: SourcePlan) -> str:
    """The version of a table; it is named by itself. Raises SourceProblem where it is not as the contract says."""
    schema, _, name = expand_variables(source.table or "").rpartition(".")
    if schema:
        _check_columns(source, session.columns(schema, name))
    return source.table or ""


# -- what another pipeline publishes


def _published(session: Session, published: Published, settings: Settings) -> str:
    """The version that stands. Raises SourceProblem where the table is not as it was published."""
    schema, name = settings.schemas[published.layer], published.stage
    commit = committed(session.connection, name)
    lacking = missing(published.relation.names, session.columns(schema, name))
    if commit is None or lacking:
        what = f"stands without the column `{lacking[0]}`" if commit else "does not stand in this target any more"
        raise SourceProblem(UNREACHABLE, f"`{name}` of pipeline `{published.pipeline}` {what}", again(published))
    return commit.version


def refuse_moved(session: Session, sources: Iterable[SourcePlan], versions: Mapping[str, str]) -> None:
    """Raises Stopped where another pipeline has published anew what this run has read: its stages may not agree."""
    for source in sources:
        if source.published is None:
            continue
        commit = committed(session.connection, source.published.stage)
        if commit is None or commit.version != versions[source.name]:
            what = f"`{source.published.stage}` of pipeline `{source.published.pipeline}`"
            raise refused(f"source `{source.name}`: {what} was published again while this run read it", "run it again")


def version(source: SourcePlan, root: Path) -> str:
    """What a source is made of, as it is recorded: its files, or its table. Raises SourceProblem.

    What a source of another pipeline is made of is recorded in the target: see standing.Commit.
    """
    return source.table or "" if source.path is None else as_version(stamps(find(source.path, root), root))


def _check_columns(source: SourcePlan, found: Mapping[str, str]) -> None:
    """Raises SourceProblem where a table is not as the contract says."""
    if not found:
        raise SourceProblem(MISSING_FILE, f"no table {source.table}")
    known = {name.lower(): kind for name, kind in found.items()}
    for name, wanted in (source.declared or {}).items():
        if name.lower() not in known:
            raise SourceProblem(CONTRACT, f"{source.table} has no column `{name}`", "mend the contract")
        check_type(source.name, name, wanted, known[name.lower()])
