"""Copies of a pipeline that differ in one thing, as text."""

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """YAML 1.2's words: `on` is a key of lookups and no truth value."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def all_tables(text: str) -> str:
    """Each stage that is not published is a table of its own."""
    pipeline = yaml.load(text, _Loader)
    for stage in pipeline["stages"].values():
        if stage["kind"] != "publish":
            stage["materialized"] = "table"
    return yaml.safe_dump(pipeline, sort_keys=False)


def without_checks(text: str) -> str:
    """Without the checks that hold no row back, so that the same rows are published."""
    pipeline = yaml.load(text, _Loader)
    for relation in (*pipeline["sources"].values(), *pipeline["stages"].values()):
        kept: list[Any] = [c for c in relation.pop("checks", []) if c.get("on_fail") == "quarantine"]
        if kept:
            relation["checks"] = kept
    return yaml.safe_dump(pipeline, sort_keys=False)


def many_stages(count: int) -> str:
    """A pipeline of `count` stages of ten columns, in chains of five over one source.

    A chain cleans ten columns, computes over them with a lookup, sums by five of them, and names what
    came out twice anew.
    """
    source: dict[str, Any] = {"path": "rows.csv", "key": ["id"], "columns": {"id": "string"}}
    source["columns"] |= {f"c{n}": "string" for n in range(1, 5)} | {f"n{n}": "integer" for n in range(1, 6)}
    names = {"path": "names.csv", "key": ["code"], "columns": {"code": "string", "name": "string"}}
    stages: dict[str, Any] = {}
    for number in range(count):
        chain, step = divmod(number, 5)
        stages[f"s{chain}_{step}"] = _STEPS[step](f"s{chain}_{step - 1}")
    return yaml.safe_dump(
        {"pipeline": "many", "sources": {"rows": source, "names": names}, "stages": stages}, sort_keys=False
    )


def _cleaned(_: str) -> dict[str, Any]:
    texts = {f"c{n}": f"nullif(lower(trim(c{n})), '')" for n in range(1, 5)}
    numbers = {f"n{n}": f"coalesce(n{n}, 0)" for n in range(1, 5)}
    return {"kind": "normalize", "from": "rows", "key": ["id"], "columns": {"id": "trim(id)", **texts, **numbers}}


def _enriched(before: str) -> dict[str, Any]:
    return {
        "kind": "enrich",
        "from": before,
        "lookup": {"names": {"on": {"c1": "code"}, "take": ["name"]}},
        "columns": {"total": "n1 + n2 + n3 + n4"},
        "checks": [{"range": {"column": "total", "min": 0}, "on_fail": "warn"}],
    }


def _summed(before: str) -> dict[str, Any]:
    measures = {f"n{n}": f"sum(n{n})" for n in range(1, 5)} | {"row_count": "count(id)"}
    return {"kind": "aggregate", "from": before, "by": ["c1", "c2", "c3", "c4", "name"], "measures": measures}


def _named(before: str) -> dict[str, Any]:
    texts = {f"c{n}": f"coalesce(c{n}, 'none')" for n in range(1, 5)} | {"name": "upper(name)"}
    numbers: dict[str, str] = {f"n{n}": f"n{n} * 2" for n in range(1, 5)} | {"row_count": "row_count"}
    key = ["c1", "c2", "c3", "c4", "name"]
    return {"kind": "normalize", "from": before, "key": key, "columns": {**texts, **numbers}}


_STEPS = (_cleaned, _enriched, _summed, _named, _named)
