"""A target opened: its warehouse, its engine, its settings with their variables."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

import framework.warehouses
from framework import plugins
from framework.diagnostics import Diagnostic, PipelineError, suggest
from framework.files.variables import expand_variables
from framework.project import Project
from framework.warehouse import UNKNOWN_WAREHOUSE, Refusal, SourceProblem, Unreachable, Warehouse


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    warehouse: Warehouse
    engine: sa.Engine


def warehouse(name: str) -> Warehouse:
    """A warehouse by name. Raises PipelineError for an unknown one."""
    known = plugins.names(framework.warehouses)
    if name not in known:
        raise PipelineError(Diagnostic(UNKNOWN_WAREHOUSE, f"no warehouse `{name}`", None, suggest(name, known)))
    module = plugins.load(framework.warehouses, name)
    found = next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Warehouse) and getattr(value, "name", None) == name
    )
    return found()


@contextmanager
def opened(project: Project, name: str | None, *, reading: bool = False) -> Iterator[Target]:
    """A target with its engine, closed afterwards; `reading` changes nothing. Raises Unreachable, PipelineError."""
    chosen, model = project.target(name)
    found = warehouse(model.warehouse)
    unknown = [s for s in model.settings if s not in found.settings]
    if unknown:
        raise PipelineError(*(project.unknown_setting(chosen, s, found.settings) for s in unknown))
    try:
        settings = {key: expand_variables(str(value)) for key, value in model.settings.items()}
    except SourceProblem as problem:
        raise Unreachable(Refusal(f"target `{chosen}`: {problem}", problem.help)) from None
    engine = found.connect(settings, project.root, reading=reading)
    try:
        yield Target(chosen, found, engine)
    finally:
        engine.dispose()
