"""The JSON Schemas of pipelines, suites and files of tests, made from the models for editors to complete."""

import json
from inspect import cleandoc
from typing import Any

from pydantic.json_schema import models_json_schema
from pydantic_core import PydanticCustomError

import framework.resolve
import framework.warehouses
from framework import expectations, plugins
from framework.diagnostics import CODES
from framework.expectations.official import Official
from framework.expressions.catalogue import functions
from framework.expressions.tree import Function
from framework.model import Check, ColumnModel, DeclaredColumn, Model, PipelineModel, Stage, UnitTestsModel
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
        properties["native"] = {**properties["native"], **_native()}
        properties["allow"] = {**properties["allow"], **_allow()}
    definitions["Warehouse"] = {"description": Stage.model_fields["warehouse"].description, **_warehouses()}
    definitions[name[Stage]] = _stage({k: (name[c], c) for k, c in sorted(Stage.registry.items())})
    definitions["Expectation"] = _expectation(definitions, name)
    definitions[name[Check]] = _check([*_checks(name), name[UseItem]])
    below = _column_check(definitions, {n: name[c] for n, c in Check.registry.items()})
    definitions["ColumnCheck"] = {**below, "anyOf": [*below["anyOf"], {"$ref": f"#/$defs/{name[UseItem]}"}]}
    for model in (ColumnModel, DeclaredColumn):
        definitions[model.__name__]["properties"]["checks"]["items"] = {"$ref": "#/$defs/ColumnCheck"}
    return _document("A pipeline", definitions.pop(name[PipelineModel]), definitions)


def suite_schema() -> dict[str, Any]:
    """The checks, in which a parameter can stand for any value."""
    definitions, name = _definitions([SuiteModel])
    opened: set[str] = set()
    for check in Check.registry.values():
        definitions[name[check]] = _open_to_parameters(definitions[name[check]], definitions, opened)
    definitions["Expectation"] = _expectation(definitions, name)
    definitions[name[Check]] = _check(_checks(name))
    return _document("A suite of checks", definitions.pop(name[SuiteModel]), definitions)


def tests_schema() -> dict[str, Any]:
    """Unit tests in a file of their own."""
    top = UnitTestsModel.model_json_schema(by_alias=True)
    definitions = top.pop("$defs")
    return _document("Unit tests", top, definitions)


def _definitions(classes: list[type[Model]]) -> tuple[dict[str, Any], dict[type[Model], str]]:
    """The schemas of these models and of every check, by name; and the name of each."""
    assert framework.resolve  # importing it registers the kinds, the checks and the codes of proofs
    expectations.load_all()
    classes = [*classes, Check, *Check.registry.values()]
    refs, schema = models_json_schema([(c, "validation") for c in classes], by_alias=True)
    return schema["$defs"], {c: refs[(c, "validation")]["$ref"].rpartition("/")[2] for c in classes}


def _document(title: str, top: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    top["patternProperties"] = {"^x-": True}
    definitions = {name: _with_expressions(body) for name, body in definitions.items()}
    definitions["Expression"] = _expression()
    return {"$schema": DRAFT, "title": title, **_lean(top), "$defs": _named(top, definitions)}


def _checks(name: dict[type[Model], str]) -> list[str]:
    """The checks by the names of their definitions: all official expectations have one."""
    return [*(name[c] for _, c in sorted(Check.registry.items()) if not issubclass(c, Official)), "Expectation"]


def _expectation(definitions: dict[str, Any], name: dict[type[Model], str]) -> dict[str, Any]:
    """Every official expectation in one definition, for they differ in their arguments alone."""
    official = {check: c for check, c in sorted(Check.registry.items()) if issubclass(c, Official)}
    said = {check: definitions[name[c]]["properties"] for check, c in official.items()}
    shared = {key: next(iter(said.values()))[key] for key in Check.model_fields}
    named = {check: {"description": _doc(c), **said[check][check]} for check, c in official.items()}
    return {
        "description": "An expectation of Great Expectations, under its official name.",
        **_object({**shared, **named}),
        "not": {"propertyNames": {"enum": list(shared)}},
    }


def _doc(model: type[Model]) -> str:
    return " ".join(cleandoc(model.__doc__ or "").split())


def _check(names: list[str]) -> dict[str, Any]:
    return {
        "description": "A check: its name with its arguments.",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in names],
    }


_PARAMETER = {"type": "string", "pattern": r"^\$[A-Za-z]\w*$"}


def _open_to_parameters(model: dict[str, Any], definitions: dict[str, Any], opened: set[str]) -> dict[str, Any]:
    """A model whose values may be `$name`; the models of its arguments, which `opened` names, are changed with it."""
    properties = {}
    for key, schema in model["properties"].items():
        reference = schema.get("$ref", "").rpartition("/")[2]
        if reference and reference not in opened:
            opened.add(reference)
            definitions[reference] = _open_to_parameters(definitions[reference], definitions, opened)
        kinds = [s.get("type") for s in schema.get("anyOf", [schema])]
        plain = reference or "string" in kinds or (kinds == [None] and "anyOf" not in schema)
        properties[key] = schema if plain and "enum" not in schema else _or_parameter(schema)
    return {**model, "properties": properties}


def _or_parameter(schema: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in said}
    return {"anyOf": [*rest.get("anyOf", [rest]), _PARAMETER], **said}


def _stage(kinds: dict[str, tuple[str, type[Stage]]]) -> dict[str, Any]:
    return {
        "description": "A stage; its kind says which clauses it has.",
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {
                "description": "What the stage does, which says what clauses it has.",
                "type": "string",
                "enum": list(kinds),
                "enumDescriptions": [cleandoc(kind.__doc__ or "").partition("\n")[0] for _, kind in kinds.values()],
            }
        },
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{name}"},
            }
            for kind, (name, _) in kinds.items()
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
        if not body["properties"]:  # the column is all that it says
            words.append(check)
            properties[check] = {"type": "null"}
            continue
        short = [body["properties"][key] for key, value in alone.items() if key != "column" and value is None]
        properties[check] = {"anyOf": [body, *short]} if short else body
    mapping = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"description": "A check of the column that it stands below.", "anyOf": [{"enum": words}, mapping]}


_OF_COLUMNS = ("column", "columns")


def _named(top: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that something refers to, by name."""
    text = json.dumps([top, definitions])
    used = {name: body for name, body in sorted(definitions.items()) if f'"#/$defs/{name}"' in text}
    return {name: _lean(body) for name, body in used.items()}


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


def _native() -> dict[str, Any]:
    return {"anyOf": [{"type": "string", "enum": list(plugins.names(framework.warehouses))}, {"type": "null"}]}


def _allow() -> dict[str, Any]:
    """The proofs that can be let pass, each with what it finds."""
    proofs = {id: {"type": "string", "description": code.title} for id, code in sorted(CODES.items()) if id[1] == "3"}
    return _object(proofs)


# -- expressions

_SCALARS = ("string", "integer", "number", "boolean")


def _with_expressions(schema: Any) -> Any:
    """A schema in which each place of an expression refers to one definition of them."""
    if isinstance(schema, list):
        return [_with_expressions(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    forms = schema.get("anyOf", [])
    if all({"type": kind} in forms for kind in _SCALARS):
        others = [form for form in forms if form.get("type") not in _SCALARS]
        return {**schema, "anyOf": [{"$ref": "#/$defs/Expression"}, *others]}
    return {key: _with_expressions(value) for key, value in schema.items()}


def _expression() -> dict[str, Any]:
    """An expression as YAML writes it. `defaultSnippets` are what the language server of YAML completes."""
    called = [function for name, function in sorted(functions().items()) if f"{name}(" in function.example]
    return {
        "description": "SQL's scalar syntax over the columns in scope, with the functions of the catalogue.",
        "anyOf": [
            {"type": "string", "defaultSnippets": [_snippet(function) for function in called]},
            *({"type": kind} for kind in _SCALARS[1:]),
        ],
    }


def _snippet(function: Function) -> dict[str, str]:
    window = " over (partition by $2 order by $3)" if function.kind == "window" else ""
    return {
        "label": f"{function.name}{function.signature}",
        "description": f"{function.summary} Example: {function.example}",
        "body": f"{function.name}($1){window}",
    }


# -- what is left out


def _lean(schema: Any) -> Any:
    """Without pydantic's titles, which say a name a second time, and defaults that hold nothing, which editors would
    fill in. A property may be called title or default: it is a mapping."""
    if isinstance(schema, list):
        return [_lean(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _lean(value) for key, value in schema.items() if not _says_nothing(key, value)}


def _says_nothing(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value in (None, [], ()))
