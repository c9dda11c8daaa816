"""Files under `target/`: what a pipeline is, what a run did, the compiled SQL."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from framework.changes import arguments
from framework.dependencies import per_shown
from framework.lineage.edges import Edge, RelationLineage
from framework.lineage.tracing import trace
from framework.plan import Plan
from framework.printing import SCHEMA_VERSION, as_json, run_as_dict
from framework.relation import Key, Relation
from framework.run import Run

FOLDER = "target"


def write_results(run: Run, root: Path) -> Path:
    return _write(root / FOLDER / "run_results.json", as_json(run_as_dict(run)))


def write_manifest(plan: Plan, root: Path) -> Path:
    return _write(root / FOLDER / "manifest.json", as_json(manifest(plan)))


def manifest(plan: Plan) -> dict[str, Any]:
    """A plan as data: relations with their columns, keys, checks and lineage.

    The lineage of a column says by kind what it is made of, as `relation.column`, or as `relation` where it is made of
    rows, whatever they hold; `rows` of a relation says the same of its rows: what decides these decides every column.
    """
    lineage = {found.name: found for found in trace(plan)}
    return {
        "schema_version": SCHEMA_VERSION,
        "pipeline": plan.name,
        "path": plan.path,
        "description": plan.description,
        "owner": plan.owner,
        "schedule": plan.schedule,
        "variables": [{"name": v.name, "type": str(v.type), "description": v.description} for v in plan.variables],
        "sources": [
            {
                "name": s.name,
                "path": s.path,
                "table": s.table,
                "pipeline": None if s.published is None else s.published.pipeline,
                "pipeline_path": None if s.published is None else s.published.path,
                "stage": None if s.published is None else s.published.stage,
                "format": s.format,
                "description": s.description,
                "owner": s.owner,
                "classification": s.classification,
                "csv": None if s.csv is None else asdict(s.csv),
                "extra_columns": s.extra_columns,
                "tags": list(s.tags),
                "per": {d.column: list(d.per) for d in s.relation.dependencies},
                **_relation(s, lineage[s.name]),
            }
            for s in plan.sources
        ],
        "stages": [
            {
                "name": s.name,
                "kind": s.kind,
                "layer": s.layer,
                "inputs": list(s.inputs),
                "description": s.description,
                "owner": s.owner,
                "classification": s.classification,
                "tags": list(s.tags),
                "balance": list(s.balance),
                "mode": None if s.publication is None else s.publication.mode,
                **_relation(s, lineage[s.name]),
            }
            for s in plan.stages
        ],
    }


def _relation(found: Any, lineage: RelationLineage) -> dict[str, Any]:
    edges = {column.name: column.edges for column in lineage.columns}
    return {
        "columns": [
            {
                "name": c.name,
                "type": str(c.type),
                "nullable": c.nullable,
                "classification": c.classification,
                "description": c.description,
                # What it is one figure per; where it adds up several, of each.
                "per": [per_shown(part, found.known) for part in found.known.figures(c.name)],
                "lineage": _lineage(edges[c.name]),
            }
            for c in found.relation.columns
        ],
        "rows": _lineage(lineage.rows),
        "keys": sorted(sorted(key) for key in _keys(found.relation)),
        "checks": [
            {
                "name": a.name,
                "check": a.check,
                "on_fail": a.on_fail,
                "description": a.description,
                "arguments": arguments(a),
            }
            for a in found.assertions
        ],
    }


def _lineage(edges: Iterable[Edge]) -> dict[str, list[str]]:
    """Origins by kind. The name of a relation has no dot, so that the first one ends it."""
    found: dict[str, list[str]] = {}
    for edge in edges:
        relation, column = edge.origin.relation, edge.origin.column
        found.setdefault(edge.kind, []).append(relation if column is None else f"{relation}.{column}")
    return found


def _keys(relation: Relation) -> frozenset[Key]:
    return relation.keys if relation.primary is None else relation.keys | {relation.primary}


def write_compiled(warehouse: str, name: str, text: str, root: Path) -> Path:
    return _write(root / FOLDER / "compiled" / warehouse / f"{name}.sql", text)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")
    return path
