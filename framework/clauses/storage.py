"""`partition_by` and `warehouse`: how the tables of a stage lie, and nothing that a reader sees."""

from collections.abc import Mapping, Sequence
from typing import Any

import framework.warehouses
from framework import plugins, target
from framework.assertion import Place
from framework.diagnostics import Code, suggest
from framework.draft import UNKNOWN_NAME
from framework.findings import Findings
from framework.plan import StagePlan
from framework.relation import Relation
from framework.warehouse import PERCENT, TableSetting

UNKNOWN_SETTING = Code("F263", "a setting that no warehouse has")
WRONG_SETTING = Code("F264", "a setting of a stage's tables that does not fit")

_FORMS = {
    "columns": ("a list of columns is expected", "write [a, b]"),
    "lists of columns": ("a list of lists of columns is expected", "write [[a, b]]: each list is one index"),
    "true or false": ("true or false is expected", None),
    "a percentage": (f"a whole number from {PERCENT[0]} to {PERCENT[-1]} is expected", None),
}


def columns(findings: Findings, relation: Relation, names: Sequence[str], place: Place) -> tuple[str, ...]:
    """The columns that order rows, under the names that the relation has; mistakes go to the findings."""
    found: list[str] = []
    for index, name in enumerate(names):
        at = (*place, index)
        column = relation.column(name)
        if column is None:
            if not relation.open:
                message = f"no column `{name}` in stage `{relation.name}`"
                findings.error(UNKNOWN_NAME, at, message, suggest(name, relation.names))
        elif column.type.name == "json":
            findings.error(WRONG_SETTING, at, f"`{name}` is json, which has no order", "leave it out")
        elif column.name in found:
            findings.error(WRONG_SETTING, at, f"`{name}` stands here twice", "leave one out")
        else:
            found.append(column.name)
    return tuple(found)


def settings(findings: Findings, plan: StagePlan, said: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a stage says of its tables, by warehouse; mistakes go to the findings."""
    found: dict[str, dict[str, Any]] = {}
    for name, values in said.items():
        place: Place = ("stages", plan.name, "warehouse", name)
        known = plugins.names(framework.warehouses)
        if name not in known:
            findings.key_error(UNKNOWN_SETTING, place, f"no warehouse `{name}`", suggest(name, known))
            continue
        found[name] = _of_warehouse(findings, plan, name, values)
    return found


def _of_warehouse(findings: Findings, plan: StagePlan, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    settings = target.warehouse(name).table_settings
    found: dict[str, Any] = {}
    for key, value in values.items():
        place: Place = ("stages", plan.name, "warehouse", name, key)
        setting = settings.get(key)
        if setting is None:
            message = f"tables on {name} have no setting `{key}`"
            findings.key_error(UNKNOWN_SETTING, place, message, suggest(key, settings))
            continue
        wrong = _misplaced(plan, key, setting, values)
        if wrong is not None:
            findings.key_error(WRONG_SETTING, place, *wrong)
            continue
        found[key] = _value(findings, plan.relation, setting, value, place)
    return found


def _misplaced(
    plan: StagePlan, key: str, setting: TableSetting, values: Mapping[str, Any]
) -> tuple[str, str | None] | None:
    """Why a setting cannot stand on this stage, or beside another, and what to do."""
    if plan.materialized == "view":
        return "a view has no table to keep", "leave one of `materialized: view` and `warehouse` out"
    if setting.besides in values:
        return f"`{key}` and `{setting.besides}` cannot both be", "leave one out"
    if setting.unpublished is not None and plan.publication is not None:
        return f"a published table cannot be `{key}`: {setting.unpublished}", "leave it out"
    return None


def _value(findings: Findings, relation: Relation, setting: TableSetting, value: Any, place: Place) -> Any:
    """A value of the shape that the setting has; columns under the names of the relation."""
    if setting.shape == "columns" and isinstance(value, str):
        value = [value]
    if not _fits(setting, value):
        findings.error(WRONG_SETTING, place, *_FORMS[setting.shape])
        return None
    if setting.shape == "columns":
        return columns(findings, relation, value, place)
    if setting.shape == "lists of columns":
        return tuple(columns(findings, relation, names, (*place, index)) for index, names in enumerate(value))
    return value


def _fits(setting: TableSetting, value: Any) -> bool:
    match setting.shape:
        case "columns":
            return _names(value)
        case "lists of columns":
            return isinstance(value, list | tuple) and bool(value) and all(_names(names) for names in value)
        case "true or false":
            return isinstance(value, bool)
        case "a percentage":
            return type(value) is int and value in PERCENT


def _names(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(name, str) for name in value)
