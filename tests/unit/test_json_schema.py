"""What editors complete and mark is what the language takes."""

import re
from typing import Any

import pytest

import framework
import framework.warehouses
from framework import plugins
from framework.diagnostics import CODES
from framework.expressions.catalogue import functions
from framework.expressions.types import parse_type
from framework.json_schema import pipeline_schema, suite_schema
from framework.model import Stage

plugins.load_below(framework)
DEFINITIONS: dict[str, Any] = pipeline_schema()["$defs"]
KINDS = sorted(model.__name__ for model in Stage.registry.values())
EXPRESSION = {"$ref": "#/$defs/Expression"}


def _accepts(forms: dict[str, Any], text: str) -> bool:
    words, pattern = (form for form in forms["anyOf"] if "$ref" not in form)
    return text in words["enum"] or re.search(pattern["pattern"], text) is not None


TYPES = ["string", "Integer", " date ", "TIMESTAMP", "json", "decimal(18,2)", "Decimal( 9 , 4 )", "decimal (3,0)"]
OTHERS = ["varchar", "int", "decimal", "decimal(18)", "strings", "a string", "decimal(18;2)", "", "numeric(18,2)"]


@pytest.mark.parametrize("text", [*TYPES, *OTHERS])
def test_a_type_is_marked_as_it_is_read(text: str) -> None:
    assert _accepts(DEFINITIONS["DeclaredColumn"]["properties"]["type"], text) == (parse_type(text) is not None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stage_can_let_pass_every_proof_and_nothing_else(kind: str) -> None:
    allowed = DEFINITIONS[kind]["properties"]["allow"]
    proofs = {id: code.title for id, code in CODES.items() if id.startswith("F3")}
    assert {id: schema["description"] for id, schema in allowed["properties"].items()} == proofs
    assert allowed["additionalProperties"] is False


@pytest.mark.parametrize("kind", KINDS)
def test_a_stage_names_the_warehouses_that_there_are(kind: str) -> None:
    words = DEFINITIONS[kind]["properties"]["native"]["anyOf"][0]["enum"]
    assert words == list(plugins.names(framework.warehouses))


def test_each_kind_is_described_where_it_is_chosen() -> None:
    kind = DEFINITIONS["Stage"]["properties"]["kind"]
    assert kind["enum"] == sorted(Stage.registry)
    assert len(kind["enumDescriptions"]) == len(kind["enum"])
    assert all(kind["enumDescriptions"])


def test_every_function_that_is_called_can_be_completed() -> None:
    snippets = DEFINITIONS["Expression"]["anyOf"][0]["defaultSnippets"]
    completed = {snippet["body"].partition("(")[0]: snippet["description"] for snippet in snippets}
    called = {name: function for name, function in functions().items() if name.isidentifier()}
    words = {"and", "between", "case", "current_date", "in", "like", "negate", "not", "or"}  # of the syntax
    assert set(completed) == set(called) - words
    assert all(text.startswith(called[name].summary) for name, text in completed.items())


@pytest.mark.parametrize("definitions", [DEFINITIONS, suite_schema()["$defs"]], ids=["pipeline", "suite"])
def test_every_expression_refers_to_the_one_definition(definitions: dict[str, Any]) -> None:
    text = str({name: body for name, body in definitions.items() if name != "Expression"})
    assert text.count(str(EXPRESSION)) > 10
    assert "{'type': 'string'}, {'type': 'integer'}, {'type': 'number'}, {'type': 'boolean'}" not in text


def test_no_default_says_nothing() -> None:
    assert "'default': None" not in str(pipeline_schema())
