"""A pipeline in, edges out: every case of this folder. What must come out is derived from the rules by hand.

A case has `sources` (read from parquet unless it says another path), `stages` and `vars`, and for each relation that it
expects all columns and `rows`: the edges, in order, as `kind relation.column (reasons)`, without a column for rows.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from framework import yaml_source
from framework.lineage.edges import Edge
from framework.lineage.tracing import trace
from framework.load import load
from framework.model import Stage
from framework.resolve import resolve

HERE = Path(__file__).parent
# What stands with a stage and has no part in what its columns are made of.
ASIDE = {"kind", "description", "owner", "classification", "tags", "allow", "warehouse", "materialized", "native"}


def cases() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in sorted(HERE.glob("*.yaml")):
        for name, data in yaml_source.read(path).data["cases"].items():
            yield f"{path.stem}-{name}", data


CASES = dict(cases())


def pipeline(data: Mapping[str, Any], folder: Path) -> Path:
    sources = {
        name: source if "path" in source or "pipeline" in source else {"path": f"{name}.parquet", **source}
        for name, source in data["sources"].items()
    }
    whole = {"pipeline": "case", "vars": data.get("vars", {}), "sources": sources, "stages": data["stages"]}
    path = folder / "case.yaml"
    path.write_text(json.dumps(whole, default=lambda v: float(v) if isinstance(v, Decimal) else str(v)))  # json is yaml
    return path


def shown(edge: Edge) -> str:
    origin = edge.origin
    column = "" if origin.column is None else f".{origin.column}"
    reasons = f" ({', '.join(edge.reasons)})" if edge.reasons else ""
    return f"{edge.kind} {origin.relation}{column}{reasons}"


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, tmp_path: Path) -> None:
    data = CASES[name]
    found = {relation.name: relation for relation in trace(resolve(load(pipeline(data, tmp_path), tmp_path)))}
    given = {
        name: {
            "columns": {column.name: [shown(edge) for edge in column.edges] for column in found[name].columns},
            "rows": [shown(edge) for edge in found[name].rows],
        }
        for name in data["expect"]
    }
    assert given == data["expect"]


@pytest.mark.parametrize("kind", sorted(Stage.registry))
def test_every_clause_has_a_case(kind: str) -> None:
    stages = [stage for data in CASES.values() for stage in data["stages"].values() if stage["kind"] == kind]
    used = {clause for stage in stages for clause in stage}
    assert sorted(set(Stage.registry[kind].keys()) - used - ASIDE) == []
