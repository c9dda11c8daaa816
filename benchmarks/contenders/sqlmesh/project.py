"""Tables and checks as a project of SQLMesh with DuckDB: a model each, its audits in its header."""

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
TASKS = 2

# Nothing is sent while it is measured.
ENVIRONMENT = {"DO_NOT_TRACK": "1", "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1"}


def write(tables: Tables, folder: Path, database: str = "run.duckdb") -> None:
    """Into a folder that is empty; `sqlmesh plan --auto-apply --no-prompts` in it makes everything in `database`."""
    _yaml(folder / "config.yaml", _config(tables, database))
    external = []
    for name, source in tables.sources.items():
        if source.rows is None:
            external.append({"name": f"raw.{name}", "columns": dict(source.columns)})
            continue
        query = f"SELECT {', '.join(f'{c}::{kind}' for c, kind in source.columns.items())} FROM {source.rows}"
        _model(folder, f"raw.{name}", "VIEW", query, source.checks)
    if external:
        _yaml(folder / "external_models.yaml", external)
    for name, table in tables.tables.items():
        _model(folder, name, "FULL" if table.stored else "VIEW", table.query, table.checks)


def _config(tables: Tables, database: str) -> dict[str, Any]:
    settings = {"preserve_insertion_order": False}
    connection = {"type": "duckdb", "database": database, "concurrent_tasks": TASKS, "connector_config": settings}
    return {
        "gateways": {"local": {"connection": connection}},
        "model_defaults": {"dialect": "duckdb", "start": "2020-01-01"},
        "disable_anonymized_analytics": True,
        "before_all": [f"CREATE OR REPLACE MACRO {of} AS {body}" for of, body in tables.macros.items()],
    }


def _model(folder: Path, name: str, kind: str, query: str, checks: Sequence[Check]) -> None:
    schema, _, short = name.partition(".")
    for check in checks:
        if isinstance(check, Related | NoResult):
            _own_audit(folder / "audits", name, check)
    audits = "".join(f",\n    {_audit(check)}" for check in checks).removeprefix(",\n")
    others = sorted({check.to for check in checks if isinstance(check, Related)})
    depends = f",\n  depends_on ({', '.join(others)})" if others else ""  # not read from audits
    header = f"  name {name},\n  kind {kind}{depends}" + (f",\n  audits (\n{audits}\n  )" if audits else "")
    path = folder / "models" / schema / f"{short}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"MODEL (\n{header}\n);\n{query}\n", encoding="utf-8")


def _own_audit(folder: Path, of: str, check: Related | NoResult) -> None:
    """An audit that SQLMesh does not have: a table given as an argument would not be found where it is stored."""
    if isinstance(check, Related):
        query = (
            f"SELECT child.{check.column} FROM @this_model AS child ANTI JOIN {check.to} AS parent "
            f"ON child.{check.column} = parent.{check.column} WHERE child.{check.column} IS NOT NULL"
        )
    else:
        query = check.query.replace(of, "@this_model")
    folder.mkdir(exist_ok=True)
    text = f"AUDIT (\n  name {_audit_name(check)},\n  dialect duckdb\n);\n{query}\n"
    (folder / f"{_audit_name(check)}.sql").write_text(text, encoding="utf-8")


def _audit_name(check: Related | NoResult) -> str:
    return check.name if isinstance(check, NoResult) else f"{check.column}_in_{check.to.replace('.', '_')}"


def _audit(check: Check) -> str:
    """The call of an audit; `blocking := false` reports and goes on."""
    match check:
        case NotNull(column):
            audit, arguments = "not_null", [f"columns := ({column})"]
        case Accepted(column, values):
            among = ", ".join(f"'{value}'" for value in values)
            audit, arguments = "accepted_values", [f"column := {column}", f"is_in := ({among})"]
        case NoRow(_, condition):
            audit, arguments = "forall", [f"criteria := (NOT ({condition}))"]
        case Unique(columns):
            audit, arguments = "unique_combination_of_columns", [f"columns := ({', '.join(columns)})"]
        case NotEmpty():
            audit, arguments = "number_of_rows", ["threshold := 0"]
        case Related() | NoResult():
            audit, arguments = _audit_name(check), []
    if check.warn:
        arguments.append("blocking := false")
    return f"{audit}({', '.join(arguments)})" if arguments else audit


def _yaml(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
