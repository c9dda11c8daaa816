"""What a good pipeline publishes, beside what plain SQL selects."""

import re
from collections.abc import Iterator
from decimal import Decimal
from math import isclose
from pathlib import Path
from typing import Any

import duckdb
from integration.project import Project, Rows, ordered
from proofs.truth import untrue

from framework import yaml_source

# What takes the place of a proof. A stage that makes rows of its own must say its key; no other need.
_SAID = re.compile(r"\ballow:|\bper: row\b|\bkey:")
NOW = "2024-03-10"  # for what counts up to the clock
_KEYED = frozenset(["normalize", "sql"])


def published(pipeline: Path) -> dict[str, str]:
    """The plain SQL of each stage that a pipeline publishes, from the file beside it.

    A file of several begins each with a line `-- name`.
    """
    text = pipeline.with_suffix(".sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- (\w+)\n", text, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True)) or {pipeline.stem: text}
    stages = yaml_source.read(pipeline).data["stages"]
    assert set(found) == {name for name, stage in stages.items() if stage["kind"] == "publish"}
    return found


def unexplained(pipeline: Path) -> list[str]:
    """The lines that let a proof pass, or say a key, without a reason on the line or on the one before."""
    lines = pipeline.read_text(encoding="utf-8").splitlines()
    kinds = {name: stage["kind"] for name, stage in yaml_source.read(pipeline).data["stages"].items()}
    found, stage = [], ""
    for number, line in enumerate(lines[lines.index("stages:") :], lines.index("stages:")):
        if named := re.match(r"  (\w+):", line):
            stage = named[1]
        said = _SAID.search(line)
        needed = said is not None and not (said[0] == "key:" and kinds[stage] in _KEYED)
        if needed and "#" not in line and "#" not in lines[number - 1]:
            found.append(line.strip())
    return found


def silent(project: Project, pipeline: Path) -> None:
    """Runs a pipeline: nothing may be said against it, and nothing be let pass without a reason."""
    assert unexplained(pipeline) == []
    outcome = project.good(pipeline, "--as-of", NOW)
    assert "warning" not in outcome.said, outcome.said
    assert re.search(r"\bF\d{3}\b", outcome.said) is None, outcome.said


def untrue_when_stored(project: Project, pipeline: Path) -> list[str]:
    """What is known of a stage and does not hold of its rows, where each stage is a table of its own."""
    text = pipeline.read_text(encoding="utf-8")
    assert "materialized:" not in text
    kind = re.compile(r"\bkind: (normalize|assemble|enrich|aggregate|sql)(,?)( *)")
    stored = kind.sub(lambda m: f"{m[0]}materialized: table, " if m[2] else f"{m[0]}\n    materialized: table", text)
    path = project.write(pipeline.name, stored)
    project.good(path, "--as-of", NOW)
    return untrue(path, project.root / "test.duckdb")


def assert_same(project: Project, table: str, schema: str, sql: str) -> None:
    """A published table has the rows of the select, which reads the tables of `schema`."""
    with duckdb.connect(str(project.root / "test.duckdb")) as connection:
        connection.execute(f"SET search_path = '{schema}'")
        wanted = connection.execute(sql)
        names = [name for name, *_ in wanted.description or ()]
        rows = ordered(map(_compared, wanted.fetchall()))
        columns = ", ".join(f'"{name}"' for name in names)
        found = ordered(map(_compared, connection.execute(f"SELECT {columns} FROM marts.{table}").fetchall()))
    assert rows, f"the plain SQL of {table} returns no rows"
    assert not all(value is None for row in rows for value in row), f"the plain SQL of {table} returns nothing"
    assert list(differences(found, rows)) == []


def _compared(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Decimals of any scale are equal by their value; the order of rows must not depend on the last digits."""
    return tuple(v.normalize() if isinstance(v, Decimal) else v for v in row)


def differences(found: Rows, wanted: Rows) -> Iterator[tuple[Any, Any]]:
    if len(found) != len(wanted):
        yield f"{len(found)} rows", f"{len(wanted)} rows"
    for one, other in zip(found, wanted, strict=False):
        if not all(_same(a, b) for a, b in zip(one, other, strict=True)):
            yield one, other


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-9)
    return type(one) is type(other) and bool(one == other)
