"""What a source holds that its contract does not name."""

from collections.abc import Iterable

import sqlalchemy as sa

from framework import files as source_files
from framework.execute.session import Session
from framework.execute.settings import Settings
from framework.plan import SourcePlan
from framework.run import CheckResult, CheckStatus
from framework.warehouse import CONTRACT, SourceProblem

EXTRA_COLUMNS = "extra_columns"
_SHOWN = 12


def extra_columns(session: Session, source: SourcePlan, settings: Settings) -> tuple[str, ...]:
    """The columns of the files or the table that the contract does not name, in order; none of an open source."""
    if source.declared is None or source.extra_columns == "allow":
        return ()
    declared = {name.lower() for name in source.declared}
    found = {name.lower(): name for name in _names(session, source, settings) if name.lower() not in declared}
    return tuple(found.values())


def _names(session: Session, source: SourcePlan, settings: Settings) -> Iterable[str]:
    if source.path is not None:
        for path in source_files.find(source.path, settings.root):
            yield from source_files.columns(path, source.format or "csv")
        return
    schema, _, name = source_files.expand_variables(source.table or "").rpartition(".")
    table = sa.table(name, schema=schema or None)
    nothing = sa.select(sa.text("*")).select_from(table).where(sa.literal_column("1 = 0"))
    yield from session.connection.execute(nothing).keys()


def listed(names: Iterable[str]) -> str:
    """Names as messages show them, the first few of many."""
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + more


def said(source: SourcePlan, extra: tuple[str, ...]) -> str:
    what = "a column" if len(extra) == 1 else f"{len(extra)} columns"
    return f"source `{source.name}` has {what} that its contract does not name: {listed(extra)}"


def refuse(source: SourcePlan, extra: tuple[str, ...]) -> None:
    """Raises SourceProblem where columns stand that the contract neither names nor allows."""
    if extra and source.extra_columns == "error":
        what = "a column" if len(extra) == 1 else f"{len(extra)} columns"
        message = f"{what} that the contract does not name: {listed(extra)}"
        raise SourceProblem(CONTRACT, message, "declare them under `columns`, or write extra_columns: warn")


def result(source: SourcePlan, extra: tuple[str, ...], place: str) -> tuple[CheckResult, ...]:
    """What was found, as a check; none where the contract allows every column."""
    if source.declared is None or source.extra_columns == "allow":
        return ()
    on_fail = "stop" if source.extra_columns == "error" else "warn"
    status: CheckStatus = "warned" if extra else "passed"
    return (CheckResult(source.name, EXTRA_COLUMNS, EXTRA_COLUMNS, on_fail, status, len(extra), place),)
