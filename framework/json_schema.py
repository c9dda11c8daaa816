"""The JSON Schemas of pipelines and suites, made from the models, so that editors complete what is accepted."""

import json
from typing import Any

from pydantic.json_schema import models_json_schema
from pydantic_core import PydanticCustomError

import framework.load
import framework.warehouses
from framework import plugins
from framework.model import Check, ColumnModel, DeclaredColumn, Model, PipelineModel, Stage
from framework.suites.model import SuiteModel, UseItem
from framework.target import warehouse
from framework.warehouse import PERCENT, TableSetting

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def pipeline_schema() -> dict[str, Any]:
    """Kinds and checks each with the clauses that they know; a suite can be used wherever a check stands."""
    classes: list[type[Model]] = [PipelineModel, Stage, UseItem, *Stage.registry.values()]
    definitions, name = _definitions(classes)
    for kind, stage in sorted(Stage.registry.items()):
        properties = definitions[name[stage]]["properties"]
        properties["kind"] = {"const": kind}
        properties["warehouse"] = {"$ref": "#/$defs/Warehouse"}
    definitions["Warehouse"] = {"description": Stage.model_fields["warehouse"].description, **_warehouses()}
    definitions[name[Stage]] = _stage({k: name[c] for k, c in sorted(Stage.registry.items())})
    definitions[name[Check]] = _check([*_checks(name), name[UseItem]])
    below = _column_check(definitions, {n: name[c] for n, c in Check.registry.items()})
    definitions["ColumnCheck"] = {**below, "anyOf": [*below["anyOf"], {"$ref": f"#/$defs/{name[UseItem]}"}]}
    for model in (ColumnModel, DeclaredColumn):
        definitions[model.__name__]["properties"]["checks"]["items"] = {"$ref": "#/$defs/ColumnCheck"}
    return _document("A pipeline", definitions.pop(name[PipelineModel]), definitions)


def suite_schema() -> dict[str, Any]:
    """The checks, in which a parameter can stand for any value."""
    definitions, name = _definitions([SuiteModel])
    for check in Check.registry.values():
        definitions[name[check]] = _open_to_parameters(definitions[name[check]], definitions)
    definitions[name[Check]] = _check(_checks(name))
    return _document("A suite of checks", definitions.pop(name[SuiteModel]), definitions)


def _definitions(classes: list[type[Model]]) -> tuple[dict[str, Any], dict[type[Model], str]]:
    """The schemas of these models and of every check, by name; and the name of each."""
    assert framework.load  # importing it registers the kinds and checks
    classes = [*classes, Check, *Check.registry.values()]
    refs, schema = models_json_schema([(c, "validation") for c in classes], by_alias=True)
    return schema["$defs"], {c: refs[(c, "validation")]["$ref"].rpartition("/")[2] for c in classes}


def _document(title: str, top: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    top["patternProperties"] = {"^x-": True}
    return {"$schema": DRAFT, "title": title, **_pruned(top, "title"), "$defs": _named(top, definitions)}


def _checks(name: dict[type[Model], str]) -> list[str]:
    return [name[c] for _, c in sorted(Check.registry.items())]


def _check(names: list[str]) -> dict[str, Any]:
    return {
        "description": "A check: its name with its arguments.",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in names],
    }


_PARAMETER = {"type": "string", "pattern": r"^\$[A-Za-z]\w*$"}


def _open_to_parameters(model: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A model whose values may be `$name`; the models of its arguments are changed with it."""
    properties = {}
    for key, schema in model["properties"].items():
        reference = schema.get("$ref", "").rpartition("/")[2]
        if reference:
            definitions[reference] = _open_to_parameters(definitions[reference], definitions)
        kinds = [s.get("type") for s in schema.get("anyOf", [schema])]
        plain = reference or "string" in kinds or (kinds == [None] and "anyOf" not in schema)
        properties[key] = schema if plain and "enum" not in schema else _or_parameter(schema)
    return {**model, "properties": properties}


def _or_parameter(schema: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in said}
    return {"anyOf": [*rest.get("anyOf", [rest]), _PARAMETER], **said}


def _stage(kinds: dict[str, str]) -> dict[str, Any]:
    return {
        "description": "A stage; its kind says which clauses it has.",
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(kinds)}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{name}"},
            }
            for kind, name in kinds.items()
        ],
    }


def _column_check(definitions: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """A check below a column: a word, or its arguments without the column."""
    words: list[str] = []
    properties: dict[str, Any] = {n: definitions[names["not_null"]]["properties"][n] for n in Check.model_fields}
    for check, model in sorted(Check.registry.items()):
        arguments = definitions[names[check]]["properties"][check]
        try:
            alone = model.of_column("column", None)
        except PydanticCustomError:
            continue
        if isinstance(alone, list):
            words.append(check)
            properties[check] = {"type": "null"}
            continue
        body = dict(definitions[arguments["$ref"].rpartition("/")[2]])
        body["properties"] = {key: value for key, value in body["properties"].items() if key not in _OF_COLUMNS}
        body["required"] = [key for key in body.get("required", ()) if key not in _OF_COLUMNS]
        short = [body["properties"][key] for key, value in alone.items() if key != "column" and value is None]
        properties[check] = {"anyOf": [body, *short]} if short else body
    mapping = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"description": "A check of the column that it stands below.", "anyOf": [{"enum": words}, mapping]}


_OF_COLUMNS = ("column", "columns")


def _named(top: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that something refers to, by name."""
    text = json.dumps([top, definitions])
    used = {name: body for name, body in sorted(definitions.items()) if f'"#/$defs/{name}"' in text}
    return {name: _pruned(body, "title") for name, body in used.items()}


def _warehouses() -> dict[str, Any]:
    """What a stage may say of its tables, by warehouse."""
    known = {name: warehouse(name).table_settings for name in plugins.names(framework.warehouses)}
    return _object(
        {name: _object({key: _setting(s) for key, s in settings.items()}) for name, settings in known.items()}
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _setting(setting: TableSetting) -> dict[str, Any]:
    columns = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    shapes: dict[str, dict[str, Any]] = {
        "columns": {"anyOf": [{"type": "string"}, columns]},
        "lists of columns": {"type": "array", "items": columns, "minItems": 1},
        "true or false": {"type": "boolean"},
        "a percentage": {"type": "integer", "minimum": PERCENT[0], "maximum": PERCENT[-1]},
    }
    return {"description": setting.said, **shapes[setting.shape]}


def _pruned(schema: Any, key: str) -> Any:
    """Without pydantic's titles, which say a name a second time. A property may be called title: it is a mapping."""
    if isinstance(schema, dict):
        return {k: _pruned(v, key) for k, v in schema.items() if k != key or not isinstance(v, str)}
    return [_pruned(item, key) for item in schema] if isinstance(schema, list) else schema
