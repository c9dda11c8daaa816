"""What a source holds that its contract does not name."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from framework.execute.session import Session
from framework.files.contract import extra, missing
from framework.files.header import columns, refuse_untitled
from framework.files.variables import expand_variables
from framework.plan import Plan, SourcePlan
from framework.run import CheckResult, CheckStatus
from framework.warehouse import CONTRACT, Files, SourceProblem

EXTRA_COLUMNS = "extra_columns"
_SHOWN = 12


def extra_columns(session: Session, source: SourcePlan, files: Files | None) -> tuple[str, ...]:
    """The columns of the files or the table that the contract does not name, in order; none of an open source."""
    if source.declared is None or source.extra_columns == "allow":
        return ()
    found = extra(source.declared, names(session.connection, source, files))
    return tuple({name.lower(): name for name in found}.values())


def names(connection: sa.Connection, source: SourcePlan, files: Files | None) -> Iterable[str]:
    """The columns of the files or the table, as they are written there. Raises SourceProblem."""
    if files is not None:
        for path in files.paths:
            yield from columns(path, files)
        return
    schema, _, name = expand_variables(source.table or "").rpartition(".")
    table = sa.table(name, schema=schema or None)
    nothing = sa.select(sa.text("*")).select_from(table).where(sa.literal_column("1 = 0"))
    yield from connection.execute(nothing).keys()


def spellings(engine: sa.Engine, plan: Plan) -> dict[str, dict[str, str]]:
    """By source, the names of its table's columns as they stand, by lower case.

    A table that cannot be looked at has none: the run says why, when it reads the source.
    """
    found: dict[str, dict[str, str]] = {}
    for source in plan.sources:
        if source.table is None:
            continue
        try:
            with engine.connect() as connection:
                for name in names(connection, source, None):
                    found.setdefault(source.name, {}).setdefault(name.lower(), name)
        except (SQLAlchemyError, SourceProblem):
            found.pop(source.name, None)
    return found


def refuse_lacking(session: Session, source: SourcePlan, files: Files | None, asked: Collection[str]) -> None:
    """Raises SourceProblem where a source without a contract does not have a column that is read."""
    if source.declared is not None or source.published is not None:
        return
    there = tuple(names(session.connection, source, files))
    lacking = missing(asked, there)
    if lacking:
        if files is not None:
            refuse_untitled(files.paths[0], files, there, asked)
        what = f"{'no column' if len(lacking) == 1 else 'none of the columns'} {listed(lacking)}"
        message = f"the source has {what}, and {'it is' if len(lacking) == 1 else 'they are'} read"
        raise SourceProblem(CONTRACT, message, f"it has: {listed(dict.fromkeys(there))}")


def listed(names: Iterable[str]) -> str:
    """Names as messages show them, the first few of many."""
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + more


def said(source: SourcePlan, names: tuple[str, ...]) -> str:
    what = "a column" if len(names) == 1 else f"{len(names)} columns"
    return f"source `{source.name}` has {what} that its contract does not name: {listed(names)}"


def refuse(source: SourcePlan, names: tuple[str, ...]) -> None:
    """Raises SourceProblem where columns stand that the contract neither names nor allows."""
    if names and source.extra_columns == "error":
        what = "a column" if len(names) == 1 else f"{len(names)} columns"
        message = f"{what} that the contract does not name: {listed(names)}"
        raise SourceProblem(CONTRACT, message, "declare them under `columns`, or write extra_columns: warn")


def result(source: SourcePlan, names: tuple[str, ...], place: str) -> tuple[CheckResult, ...]:
    """What was found, as a check; none where the contract allows every column."""
    if source.declared is None or source.extra_columns == "allow":
        return ()
    on_fail = "stop" if source.extra_columns == "error" else "warn"
    status: CheckStatus = "warned" if names else "passed"
    return (CheckResult(source.name, EXTRA_COLUMNS, EXTRA_COLUMNS, on_fail, status, len(names), place),)
