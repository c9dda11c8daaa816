"""A source before anything is built: found, held against its contract, judged."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from framework import files as source_files
from framework.compile.program import SourceProgram
from framework.execute import drift
from framework.execute.checking import Judged, judged, set_figures
from framework.execute.session import Session, Stopped
from framework.execute.settings import Settings
from framework.plan import SourcePlan
from framework.run import Status
from framework.warehouse import CONTRACT, MISSING_FILE, Files, SourceProblem


def read(session: Session, program: SourceProgram, settings: Settings) -> tuple[Judged, str]:
    """The judgement of a source, and the version of what it read. Raises Stopped."""
    source = program.source
    session.doing = f"source `{source.name}`"
    try:
        with session.transaction():
            version = _load(session, source, settings)
            extra = drift.extra_columns(session, source, settings)
            drift.refuse(source, extra)
            audited = () if program.audit.select is None else session.row(program.audit.select)
            sets = set_figures(session, program.sets)
    except SourceProblem as problem:
        raise _stopped(source, problem) from None
    except DBAPIError as error:
        unreadable = source_files.unreadable(error.orig) if isinstance(error.orig, Exception) else None
        if unreadable is None:
            raise
        raise _stopped(source, unreadable) from None
    found = judged(source.name, source.assertions, program.audit, audited, sets, settings)
    place = settings.places.get(source.name, {}).get(drift.EXTRA_COLUMNS, "")
    notes = (drift.said(source, extra),) if extra else ()
    return replace(found, results=(*drift.result(source, extra, place), *found.results), notes=notes), version


def _stopped(source: SourcePlan, problem: SourceProblem) -> Stopped:
    status: Status = "failed" if problem.code is CONTRACT else "refused"
    return Stopped(status, f"source `{source.name}`: {problem.args[0]}", problem.help, problem.code.id)


def _load(session: Session, source: SourcePlan, settings: Settings) -> str:
    if source.path is not None:
        paths = source_files.find(source.path, settings.root)
        files = Files(source.name, paths, source.format or "csv", source.declared)
        session.warehouse.load(session.connection, settings.schemas["raw"], files)
        return _version(paths)
    schema, _, name = source_files.expand_variables(source.table or "").rpartition(".")
    if schema:
        _check_columns(source, session.columns(schema, name))
    return source.table or ""


def version(source: SourcePlan, root: Path) -> str:
    """What a source is made of, as it is recorded: its files, or its table. Raises SourceProblem."""
    return source.table or "" if source.path is None else _version(source_files.find(source.path, root))


def _version(paths: Iterable[Path]) -> str:
    found = ((path, path.stat()) for path in paths)
    return "; ".join(f"{path.name} {stat.st_size} bytes {int(stat.st_mtime)}" for path, stat in found)


def _check_columns(source: SourcePlan, found: Mapping[str, str]) -> None:
    """Raises SourceProblem where a table is not as the contract says."""
    if not found:
        raise SourceProblem(MISSING_FILE, f"no table {source.table}")
    known = {name.lower(): kind for name, kind in found.items()}
    for name, wanted in (source.declared or {}).items():
        if name.lower() not in known:
            raise SourceProblem(CONTRACT, f"{source.table} has no column `{name}`", "mend the contract")
        source_files.check_type(source.name, name, wanted, known[name.lower()])
