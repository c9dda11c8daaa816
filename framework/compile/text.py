"""A program as files that people read: one per relation, each statement under a line that says what it is for."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from framework.compile.layout import laid_out
from framework.compile.program import FirstPublication, Program, SetAudit, SourceProgram, StageProgram

_ESCAPING = ("databricks", "snowflake")  # where a backslash in a text escapes what follows


def texts(program: Program, dialect: sa.Dialect) -> dict[str, str]:
    """The SQL by relation, in the order of the program. Variables stand as `:name`; the dialect is changed for that."""
    name_variables(dialect)
    found = {s.source.name: _joined(_source(s), dialect) for s in program.sources}
    return found | {s.stage.name: _joined(_stage(s), dialect) for s in program.stages}


def candidate(program: StageProgram, dialect: sa.Dialect) -> str:
    """The statement that makes a stage. Variables stand as `:name`; the dialect is changed for that."""
    name_variables(dialect)
    return _text(program.build, dialect)


def name_variables(dialect: sa.Dialect) -> None:
    """Makes a dialect write variables as `:name`, whatever its driver takes."""
    dialect.paramstyle, dialect.positional = "named", False
    dialect.identifier_preparer._double_percents = False


def _joined(statements: Iterator[tuple[str, Any]], dialect: sa.Dialect) -> str:
    return "\n\n".join(f"-- {title}\n{_text(statement, dialect)};" for title, statement in statements)


def _text(statement: Any, dialect: sa.Dialect) -> str:
    return laid_out(str(statement.compile(dialect=dialect)), escapes=dialect.name in _ESCAPING)


def _source(program: SourceProgram) -> Iterator[tuple[str, Any]]:
    if program.audit.select is not None:
        yield f"source {program.source.name}: one scan for what a row decides", program.audit.select
    if program.holding is not None and program.holding.unreadable is not None:
        yield (
            f"source {program.source.name}: rows with an unreadable value, where there are any",
            (program.holding.unreadable),
        )
    for audit in program.sets:
        yield from _search(f"source {program.source.name}", audit)


def _stage(program: StageProgram) -> Iterator[tuple[str, Any]]:
    name = program.stage.name
    folded = [a.stage.name for a in program.accounts[:-1]]
    on_the_way = f", with {', '.join(folded)} computed on the way" if folded else ""
    yield f"stage {name}: the candidate, beside what stands{on_the_way}", program.build
    for index in program.indexes:
        yield f"stage {name}: an index of it", index
    if program.holding is not None:
        yield (
            f"stage {name}: what a person has discarded leaves quarantine, where there is any",
            program.holding.discard,
        )
    for account in program.accounts:
        for relation, select in account.inputs:
            yield f"stage {account.stage.name}: what comes in from {relation}", select
        if account.before is not None:
            yield f"stage {account.stage.name}: what becomes of the rows before they are grouped", account.before.select
        for joined, select in account.unused:
            yield f"stage {account.stage.name}: rows of {joined} that no row used", select
    yield f"stage {name}: one scan for the ledger and the checks", program.audit.select
    for audit in program.sets:
        yield from _search(f"stage {name}", audit)
    for statement in program.holding.remember if program.holding is not None else ():
        yield f"stage {name}: which run first held each row", statement
    for view in program.views:
        yield f"stage {name}: shown as {view.table.name}", view
    if program.publish is not None:
        yield from _first(name, program.publish.first)
        yield f"publish {name}: the table, where there is none yet", program.publish.create
        for index in program.publish.indexes:
            yield f"publish {name}: an index of it, where it is new", index
        yield f"publish {name}: inserted, updated, unchanged, deleted", program.publish.changes
        if program.publish.held is not None:
            yield f"publish {name}: the rows held back", program.publish.held
        for statement in program.publish.apply:
            yield f"publish {name}: what makes it stand", statement


def _first(name: str, first: FirstPublication | None) -> Iterator[tuple[str, Any]]:
    """A candidate that becomes the table, in place of all that follows."""
    if first is not None:
        leave = () if first.leave is None else (first.leave,)
        for statement in (*leave, *first.strip, first.rename):
            yield f"publish {name}: the candidate becomes the table, where there is none yet", statement


def _search(of: str, audit: SetAudit) -> Iterator[tuple[str, Any]]:
    if audit.none is not None:
        yield f"{of}: {audit.assertion.name}, whether a row can fail", audit.none
    yield f"{of}: {audit.assertion.name}", audit.select
