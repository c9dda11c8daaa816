"""The JSON Schemas of pipelines and suites, made from the models, so that editors complete what is accepted."""

from typing import Any

from pydantic.json_schema import models_json_schema

import framework.load
from framework.model import Check, Model, PipelineModel, Stage
from framework.suites.model import SuiteModel, UseItem

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def pipeline_schema() -> dict[str, Any]:
    """Kinds and checks each with the clauses that they know; a suite can be used wherever a check stands."""
    classes: list[type[Model]] = [PipelineModel, Stage, UseItem, *Stage.registry.values()]
    definitions, name = _definitions(classes)
    for kind, stage in sorted(Stage.registry.items()):
        definitions[name[stage]]["properties"]["kind"] = {"const": kind}
    definitions[name[Stage]] = _stage({k: name[c] for k, c in sorted(Stage.registry.items())})
    definitions[name[Check]] = _check([*_checks(name), name[UseItem]])
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
    return {"$schema": DRAFT, "title": title, **_pruned(top, "title"), "$defs": _named(definitions)}


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


def _named(definitions: dict[str, Any]) -> dict[str, Any]:
    return {name: _pruned(definition, "title") for name, definition in sorted(definitions.items())}


def _pruned(schema: Any, key: str) -> Any:
    """Without pydantic's titles, which say a name a second time. A property may be called title: it is a mapping."""
    if isinstance(schema, dict):
        return {k: _pruned(v, key) for k, v in schema.items() if k != key or not isinstance(v, str)}
    return [_pruned(item, key) for item in schema] if isinstance(schema, list) else schema
