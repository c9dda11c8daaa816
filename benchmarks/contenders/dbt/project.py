"""Tables and checks as a project of dbt with DuckDB: a model each, the tests in the properties of its schema."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.contenders.tables import (
    Accepted,
    Check,
    NoResult,
    NoRow,
    NotEmpty,
    NotNull,
    Related,
    Tables,
    Unique,
)

# As many as the machine that the results are from has cores.
THREADS = 2

# Nothing is sent while it is measured.
ENVIRONMENT = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


def write(tables: Tables, folder: Path, database: str = "run.duckdb") -> None:
    """Into a folder that is empty; `dbt build` in it makes everything in `database`."""
    shutil.copytree(Path(__file__).with_name("macros"), folder / "macros")
    _yaml(folder / "dbt_project.yml", _project(tables))
    output = {"type": "duckdb", "path": database, "threads": THREADS, "settings": {"preserve_insertion_order": False}}
    _yaml(folder / "profiles.yml", {"benchmark": {"target": "dev", "outputs": {"dev": output}}})
    models: dict[str, list[Any]] = {}
    for name, table in tables.tables.items():
        schema, _, short = name.partition(".")
        config = f"materialized='{'table' if table.stored else 'view'}', schema='{schema}', alias='{short}'"
        path = folder / "models" / schema / f"{_model(name)}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{{{{ config({config}) }}}}\n{tables.renamed(table.query, _reference)}\n", encoding="utf-8")
        models.setdefault(schema, []).append({"name": _model(name), **_tests(short, table.checks)})
        _singular(tables, table.checks, folder / "tests")
    for schema, found in models.items():
        _yaml(folder / "models" / schema / "properties.yml", {"models": found})
    _yaml(folder / "models" / "sources.yml", {"sources": [{"name": "raw", "tables": _sources(tables)}]})


def _project(tables: Tables) -> dict[str, Any]:
    return {
        "name": "benchmark",
        "profile": "benchmark",
        "flags": {"send_anonymous_usage_stats": False},
        "on-run-start": [f"CREATE OR REPLACE MACRO {of} AS {body}" for of, body in tables.macros.items()],
    }


def _sources(tables: Tables) -> list[dict[str, Any]]:
    found = []
    for name, source in tables.sources.items():
        columns = [{"name": column, "data_type": kind} for column, kind in source.columns.items()]
        placed = {"config": {"meta": {"external_location": source.rows}}} if source.rows else {}
        found.append({"name": name, "columns": columns, **placed, **_tests(f"raw_{name}", source.checks)})
    return found


def _tests(model: str, checks: Sequence[Check]) -> dict[str, Any]:
    found = [test for check in checks if (test := _test(model, check))]
    return {"data_tests": found} if found else {}


def _test(model: str, check: Check) -> dict[str, Any] | None:
    """A check as a generic test. None for a query, which is a test by itself."""
    named: dict[str, Any] = {"config": {"severity": "warn"}} if check.warn else {}
    match check:
        case NotNull(column):
            return {"not_null": named | {"arguments": {"column_name": column}}}
        case Accepted(column, values):
            return {"accepted_values": named | {"arguments": {"column_name": column, "values": list(values)}}}
        case NoRow(name, condition):
            return {"no_row": named | {"name": f"{model}_{name}", "arguments": {"condition": condition}}}
        case Unique([column]):
            return {"unique": named | {"arguments": {"column_name": column}}}
        case Unique(columns):
            return {"unique_together": named | {"arguments": {"columns": list(columns)}}}
        case Related(column, to):
            related = {"column_name": column, "to": f"ref('{_model(to)}')", "field": column}
            return {"relationships": named | {"arguments": related}}
        case NotEmpty():
            return {"not_empty": named}
        case NoResult():
            return None


def _singular(tables: Tables, checks: Sequence[Check], folder: Path) -> None:
    for check in checks:
        if isinstance(check, NoResult):
            folder.mkdir(exist_ok=True)
            severity = "{{ config(severity='warn') }}\n" if check.warn else ""
            text = severity + tables.renamed(check.query, _reference)
            (folder / f"{check.name}.sql").write_text(f"{text}\n", encoding="utf-8")


def _model(name: str) -> str:
    """The names of models are unique among all schemas."""
    return name.replace(".", "__")


def _reference(name: str) -> str:
    schema, _, short = name.partition(".")
    return f"{{{{ source('raw', '{short}') }}}}" if schema == "raw" else f"{{{{ ref('{_model(name)}') }}}}"


def _yaml(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
