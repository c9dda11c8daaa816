"""The JSON Schema of a pipeline file, made from the models, so that editors complete what `load` accepts."""

from typing import Any

from pydantic.json_schema import models_json_schema

import framework.load
from framework.model import Check, Model, PipelineModel, Stage

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def pipeline_schema() -> dict[str, Any]:
    """Kinds and checks each with the clauses that they know."""
    assert framework.load  # importing it registers the kinds and checks
    classes: list[type[Model]] = [PipelineModel, Stage, Check, *Stage.registry.values(), *Check.registry.values()]
    refs, schema = models_json_schema([(c, "validation") for c in classes], by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    name = {c: refs[(c, "validation")]["$ref"].rpartition("/")[2] for c in classes}
    for kind, stage in sorted(Stage.registry.items()):
        definitions[name[stage]]["properties"]["kind"] = {"const": kind}
    definitions[name[Stage]] = _stage({k: name[c] for k, c in sorted(Stage.registry.items())})
    definitions[name[Check]] = {
        "description": "A check: its name with its arguments.",
        "anyOf": [{"$ref": f"#/$defs/{name[c]}"} for _, c in sorted(Check.registry.items())],
    }
    top = definitions.pop(name[PipelineModel])
    top["patternProperties"] = {"^x-": True}
    return {"$schema": DRAFT, "title": "A pipeline", **_pruned(top, "title"), "$defs": _named(definitions)}


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
