"""The sources of a pipeline looked at, each by itself: what one of them lacks does not hide the others."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import sqlalchemy as sa

from framework.expressions.types import Type
from framework.inspection import files, tables
from framework.inspection.holding import held, opened
from framework.inspection.report import Sight, SourceReport
from framework.model import SourceModel
from framework.project import Project
from framework.target import Target
from framework.target import opened as target_opened
from framework.warehouse import SourceProblem, Unreachable

Progress = Callable[[str, str], None]


def look(
    sources: Mapping[str, SourceModel], without: Collection[str], here: Project, target: str | None, progress: Progress
) -> dict[str, SourceReport]:
    """A report for each source. Those `without` a contract have none, whatever their models say.

    The target is opened where a source is a table. Raises PipelineError for an unknown target.
    """
    here.target(target)
    found = {}
    with _target(here, target, needed=any(m.table is not None for m in sources.values())) as warehouse:
        for name, model in sources.items():
            progress(name, "looking at")
            declared = None if name in without else {n: c.type for n, c in (model.columns or {}).items()}
            report = SourceReport(name, model.path or model.table or "", declared is None, is_text=model.is_text)
            try:
                sight = _sight(name, model, declared, here, warehouse)
            except SourceProblem as problem:
                found[name] = replace(report, problem=problem)
            except Unreachable as error:
                found[name] = replace(report, problem=_unreachable(error))
            else:
                if declared is None:
                    found[name] = opened(report, sight)
                else:
                    found[name] = held(report, sight, declared, model.extra_columns)
    return found


@contextmanager
def _target(here: Project, name: str | None, *, needed: bool) -> Iterator[Target | SourceProblem | None]:
    """The target, or why it cannot be reached: the files can be looked at without it."""
    if not needed:
        yield None
        return
    with ExitStack() as stack:
        try:
            found: Target | SourceProblem = stack.enter_context(target_opened(here, name, reading=True))
        except Unreachable as error:
            found = _unreachable(error)
        yield found


def _sight(
    name: str,
    model: SourceModel,
    declared: Mapping[str, Type] | None,
    here: Project,
    target: Target | SourceProblem | None,
) -> Sight:
    """Raises SourceProblem, Unreachable."""
    if model.path is not None:
        return files.look(name, model.path, here.root, model.file_format or "csv", model.dialect, declared)
    if isinstance(target, SourceProblem):
        raise target
    assert target is not None
    assert model.table is not None
    try:
        # Each in a transaction of its own: one that fails takes no other along.
        with target.engine.connect() as connection:
            return tables.look(connection, target.warehouse, model.table, declared)
    except sa.exc.SQLAlchemyError as error:
        raise Unreachable(target.warehouse.refusal(error)) from None


def _unreachable(error: Unreachable) -> SourceProblem:
    return SourceProblem(error.code, error.refusal.message, error.refusal.help)
