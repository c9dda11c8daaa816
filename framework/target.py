"""A target opened: its warehouse, its engine, its settings with their variables; and what is wrong without them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

import framework.warehouses
from framework import plugins
from framework.diagnostics import Diagnostic, Location, PipelineError, suggest
from framework.files.variables import expand_variables
from framework.loggers import quiet
from framework.project import UNKNOWN_TARGET, Project, TargetModel
from framework.shape import MISSING_KEY, WRONG_VALUE
from framework.warehouse import UNKNOWN_WAREHOUSE, Refusal, SourceProblem, TargetSetting, Unreachable, Warehouse

# Of the drivers: what they say of an error holds statements, addresses and tracebacks.
_LOGGERS = ("sqlalchemy", "psycopg", "snowflake", "databricks", "urllib3", "py4j", "pyspark")


@dataclass(frozen=True, slots=True)
class Target:
    """`place` is what a message calls it: its name, and where it is."""

    name: str
    place: str
    warehouse: Warehouse
    engine: sa.Engine


def warehouse(name: str, place: Location | None = None) -> Warehouse:
    """A warehouse by name, which stands at a place. Raises PipelineError for an unknown one."""
    known = plugins.names(framework.warehouses)
    if name not in known:
        raise PipelineError(Diagnostic(UNKNOWN_WAREHOUSE, f"no warehouse `{name}`", place, suggest(name, known)))
    module = plugins.load(framework.warehouses, name)
    found = next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Warehouse) and getattr(value, "name", None) == name
    )
    return found()


def warehouse_of(project: Project, name: str | None) -> Warehouse:
    """The warehouse of a target, or of the default one. Raises PipelineError."""
    chosen, model = project.target(name)
    return warehouse(model.warehouse, project.at("targets", chosen, "warehouse"))


@contextmanager
def opened(project: Project, name: str | None, *, reading: bool = False) -> Iterator[Target]:
    """A target with its engine, closed afterwards; `reading` changes nothing. Raises Unreachable, PipelineError."""
    chosen, model = project.target(name)
    found = warehouse_of(project, name)
    if wrong := tuple(_wrong_settings(project, chosen, model, found)):
        raise PipelineError(*wrong)
    place = f"target `{chosen}`"
    try:
        settings = {key: expand_variables(str(value)) for key, value in model.settings.items()}
    except SourceProblem as problem:
        raise Unreachable(Refusal(f"{place}: {problem}", problem.help), problem.code) from None
    for key, value in settings.items():  # what a variable holds may not be shown
        if not _fits(found.settings[key], value):
            message, help = _FORMS[found.settings[key].shape]
            raise Unreachable(Refusal(f"{place}: {message} for `{key}`", help))
    with quiet(*_LOGGERS):
        try:
            place = f"{place} ({found.address(settings, project.root).namespace})"
            engine = found.connect(settings, project.root, reading=reading)
        except Unreachable as error:
            raise _told(error, place) from None
        try:
            yield Target(chosen, place, found, engine)
        finally:
            engine.dispose()


@contextmanager
def connected(target: Target) -> Iterator[sa.Connection]:
    """A connection of a target, closed afterwards. Raises Unreachable for what the driver refuses meanwhile."""
    try:
        with target.engine.connect() as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        raise _told(Unreachable(target.warehouse.refusal(error)), target.place) from None


def _told(error: Unreachable, place: str) -> Unreachable:
    return Unreachable(replace(error.refusal, message=f"{place}: {error.refusal.message}"), error.code)


# -- mistakes that are seen before a target is opened

_FORMS: Mapping[str, tuple[str, str | None]] = {
    "text": ("text is expected", None),
    "a whole number": ("a whole number from 1 is expected", "write 4"),
    "a size": ("a size is expected", "write 4GB, or 500MB"),
}
_WRITTEN = {
    "a whole number": re.compile(r"[0-9]*[1-9][0-9]*"),
    "a size": re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+) *([KMGT](i?B)?|B|bytes?)", re.IGNORECASE),
}


def mistakes(project: Project) -> tuple[Diagnostic, ...]:
    """What is wrong with the targets of framework.yaml, as far as no variable of the environment is needed."""
    found: list[Diagnostic] = []
    if project.document is not None and "default_target" in project.document.data:
        try:
            project.target(None)
        except PipelineError as error:
            found += error.diagnostics
    for name, model in project.model.targets.items():
        try:
            known = warehouse_of(project, name)
        except PipelineError as error:
            found += error.diagnostics
        else:
            found += _wrong_settings(project, name, model, known)
    return tuple(found)


def _wrong_settings(project: Project, name: str, model: TargetModel, known: Warehouse) -> Iterator[Diagnostic]:
    for key, value in model.settings.items():
        setting = known.settings.get(key)
        if setting is None:
            at = project.at("targets", name, key, key=True)
            message = f"target `{name}` has no setting `{key}`"
            yield Diagnostic(UNKNOWN_TARGET, message, at, suggest(key, known.settings))
        elif not ("${" in str(value) or _fits(setting, value)):
            message, help = _FORMS[setting.shape]
            yield Diagnostic(WRONG_VALUE, message, project.at("targets", name, key, key=value is None), help)
    for key, setting in known.settings.items():
        if setting.required and key not in model.settings:
            at = project.at("targets", name, key=True)
            help = f"write `{key}: ...`: {setting.said[0].lower()}{setting.said[1:].rstrip('.')}"
            yield Diagnostic(MISSING_KEY, f"`{key}` is missing in `{name}`", at, help)


def _fits(setting: TargetSetting, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return False
    return setting.shape == "text" or _WRITTEN[setting.shape].fullmatch(str(value).strip()) is not None
