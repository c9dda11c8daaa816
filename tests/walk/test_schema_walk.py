"""A clause that parses and does nothing is a defect: every property of the JSON Schema is set, and something changes.

That is in the manifest, in the SQL of one of the four warehouses, or in what is said.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

import pytest
import yaml

from framework import yaml_source
from framework.artifacts import manifest
from framework.compile import compile_plan
from framework.compile.text import texts
from framework.diagnostics import PipelineError
from framework.json_schema import pipeline_schema
from framework.load import load
from framework.model import Check, Stage
from framework.resolve import resolve
from framework.target import warehouse
from framework.unit_tests.proving import prove

HERE = Path(__file__).parent


class _Dumper(yaml.SafeDumper):
    """Aliases would be followed, and a decimal has a form."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(Decimal, lambda d, v: d.represent_scalar("tag:yaml.org,2002:float", format(v, "f")))
ROOT = HERE.parents[1]
WALK = yaml_source.read(HERE / "properties.yaml").data
MODELS: Mapping[str, Any] = WALK["models"]
KINDS = {model.__name__ for model in Stage.registry.values()}
CHECKS = {model.__name__ for model in Check.registry.values()}


def said() -> Iterator[tuple[str, str]]:
    """Every property of the schema with the model that has it."""
    schema = pipeline_schema()
    yield from (("Pipeline", name) for name in schema["properties"])
    for model, definition in schema["$defs"].items():
        yield from ((model, name) for name in definition.get("properties", {}))


PROPERTIES = sorted(said())


def changed(model: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The pipeline before and after the property is set."""
    entry = MODELS[model]
    shared = WALK["stage"] if model in KINDS else WALK["check"] if model in CHECKS else {}
    value = entry["properties"][name] if name in entry["properties"] else shared[name]
    place = entry.get("at", ["stages", "lines", "checks", 0])
    around = entry.get("around", {})
    if isinstance(value, Mapping) and "at" in value:
        place, around, value = value["at"], value.get("around", {}), value["value"]
    base = entry.get("base", entry.get("check"))
    before = copy.deepcopy(below(place) if base is None or place != entry.get("at", place) else base)
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, Mapping) for v in value):
        forms = [{**_apart(before, value), **form} for form in value]
    elif isinstance(value, list) and len(value) == 2 and value[0] is None:
        forms = [before, {**before, name: value[1]}]
    else:
        adds = name in ("sources", "stages")
        forms = [before, {**before, name: {**before[name], **value} if adds else value}]
    return written(place, around, forms[0]), written(place, around, forms[1])


def _apart(before: Mapping[str, Any], forms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What both forms have in common."""
    told = {key for form in forms for key in form}
    return {key: value for key, value in before.items() if key not in told}


def below(place: Sequence[str | int]) -> Any:
    found: Any = WALK["pipeline"]
    for part in place:
        found = found[part]
    return found


def written(place: Sequence[str | int], around: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """The base pipeline with the value at a place."""
    whole = copy.deepcopy(WALK["pipeline"])
    for section, parts in around.items():
        for name, part in parts.items():
            whole[section][name] |= copy.deepcopy(part)
    if not place:
        return {**value}
    here = whole
    for part, following in pairwise(place):
        if isinstance(here, dict) and here.get(part) is None:
            here[part] = [{}] if following == 0 else {}
        here = here[part]
    here[place[-1]] = value
    return {**whole}


def seen(pipeline: Mapping[str, Any], folder: Path) -> Iterator[Any]:
    """All that tells what a pipeline is and does, what is told soonest first."""
    path = folder / "walk.yaml"
    path.write_text(yaml.dump(pipeline, Dumper=_Dumper, sort_keys=False, allow_unicode=True), encoding="utf-8")
    try:
        loaded = load(path, ROOT)
        plan = resolve(loaded)
    except PipelineError as error:
        yield [(d.code.id, d.message) for d in error.diagnostics]
        return
    yield [(d.code.id, d.message) for d in plan.warnings]
    yield {**manifest(plan), "path": ""}
    cases, wrong = prove(loaded.model.tests, plan, loaded.document)
    yield [*(repr(replace(case, at=None)) for case in cases), *(d.message for d in wrong)]  # type: ignore[arg-type]  # no case has a place, so that two are compared by what they say
    for name in ("duckdb", "postgres", "snowflake", "databricks", "spark"):
        chosen = warehouse(name)
        try:
            yield texts(compile_plan(plan, chosen), chosen.dialect())
        except PipelineError as error:
            yield [d.message for d in error.diagnostics]


def test_the_base_pipeline_is_sound(tmp_path: Path) -> None:
    assert next(seen(WALK["pipeline"], tmp_path)) == []


@pytest.mark.parametrize(("model", "name"), PROPERTIES, ids=lambda part: str(part))
def test_a_property_does_something(model: str, name: str, tmp_path: Path) -> None:
    before, after = changed(model, name)
    pairs = zip_longest(seen(before, tmp_path), seen(after, tmp_path))
    assert any(one != other for one, other in pairs)


def test_nothing_is_told_of_what_is_not_there() -> None:
    told = {(model, name) for model, entry in MODELS.items() for name in entry["properties"]}
    assert told <= set(PROPERTIES)
