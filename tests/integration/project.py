"""A project in a folder of its own, run through the command line and read back with plain drivers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import md5
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from framework.cli import main

REPOSITORY = Path(__file__).parents[2]
URL_VARIABLE = "INTEGRATION_PG_URL"

Row = tuple[Any, ...]
Rows = list[Row]


@dataclass(frozen=True)
class Outcome:
    """What a run gave back. `results` is target/run_results.json, empty where the run did not get so far."""

    code: int
    out: str
    err: str
    results: Mapping[str, Any]

    @property
    def said(self) -> str:
        return self.out + self.err

    def stage(self, name: str) -> Mapping[str, Any]:
        return next(s for s in self.results["stages"] if s["name"] == name)

    def changes(self, name: str) -> tuple[int, int, int, int]:
        """inserted, updated, unchanged, deleted."""
        found = self.stage(name)["ledger"]["changes"]
        return found["inserted"], found["updated"], found["unchanged"], found["deleted"]

    def check(self, relation: str, name: str) -> Mapping[str, Any]:
        return next(c for c in self.results["checks"] if (c["relation"], c["name"]) == (relation, name))


@dataclass
class Project:
    """`root` has a framework.yaml with one target; the tests' process stands in it."""

    root: Path
    warehouse: str
    url: str | None
    capture: pytest.CaptureFixture[str]

    # -- files

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def csv(self, name: str, header: str, *lines: str) -> Path:
        return self.write(name, "\n".join((header, *lines)) + "\n")

    # -- runs

    def run(self, pipeline: str | Path, *options: str) -> Outcome:
        results = self.root / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        self.capture.readouterr()
        code = main(["run", str(pipeline), *options])
        said = self.capture.readouterr()
        found = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
        return Outcome(code, said.out, said.err, found)

    def command(self, *words: str) -> Outcome:
        """A command that is no run."""
        self.capture.readouterr()
        code = main(list(words))
        said = self.capture.readouterr()
        return Outcome(code, said.out, said.err, {})

    def good(self, pipeline: str | Path, *options: str) -> Outcome:
        """A run that must end well; what it said otherwise is the assertion's message."""
        outcome = self.run(pipeline, *options)
        assert outcome.code == 0, outcome.said
        return outcome

    def start(self, pipeline: str | Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        """A run in a process of its own, its progress on stderr."""
        return subprocess.Popen(
            [sys.executable, "-m", "framework", "run", str(pipeline)],
            cwd=self.root,
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    # -- what stands

    def query(self, sql: str) -> Rows:
        """The rows of a query that both warehouses read alike."""
        if self.url is None:
            path = self.root / "test.duckdb"
            if not path.exists():
                return []
            with duckdb.connect(path) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                return connection.execute(sql).fetchall()
        with closing(psycopg.connect(self.url)) as postgres:
            return [tuple(row) for row in postgres.execute(sql.encode()).fetchall()]

    def execute(self, sql: str) -> None:
        """Changes the target behind the framework's back."""
        if self.url is None:
            with duckdb.connect(self.root / "test.duckdb") as connection:
                connection.execute(sql)
            return
        with closing(psycopg.connect(self.url, autocommit=True)) as postgres:
            postgres.execute(sql.encode())

    def rows(self, table: str, *columns: str) -> Rows:
        """The rows of a table, in an order that does not depend on the warehouse."""
        return ordered(self.query(f"SELECT {', '.join(columns) or '*'} FROM {table}"))

    def relations(self, schema: str) -> set[str]:
        found = self.query(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'")
        return {str(name) for (name,) in found}

    def columns(self, table: str) -> list[str]:
        schema, _, name = table.partition(".")
        found = self.query(
            "SELECT column_name FROM information_schema.columns "
            f"WHERE table_schema = '{schema}' AND table_name = '{name}' ORDER BY ordinal_position"
        )
        return [str(name) for (name,) in found]

    def published(self) -> dict[str, tuple[list[str], Rows]]:
        """Every published table in full: its columns and its rows."""
        recorded = self.query("SELECT stage FROM _framework.commits ORDER BY stage") if self.recorded else []
        names = [f"marts.{stage}" for (stage,) in recorded]
        return {name: (self.columns(name), self.rows(name)) for name in names}

    @property
    def recorded(self) -> bool:
        return "commits" in self.relations("_framework")

    def commits(self) -> Rows:
        wanted = "stage", "pipeline", "run_id", "fingerprint", "rows_out", "committed_at"
        return self.rows("_framework.commits", *wanted) if self.recorded else []

    def leftovers(self) -> set[str]:
        """Candidates of any layer."""
        layers = "staging", "intermediate", "marts", "quarantine"
        return {n for layer in layers for n in self.relations(layer) if n.endswith(("__new", "__next"))}


def ordered(rows: Iterable[Sequence[Any]]) -> Rows:
    """Rows of one shape, nulls last."""
    return sorted((tuple(r) for r in rows), key=lambda row: [(v is None, type(v).__name__, str(v)) for v in row])


def exactly(rows: Iterable[Sequence[Any]]) -> list[list[tuple[str, str]]]:
    """Rows with the type and the text of each value: 1.50 is not 1.5, and a float is no money."""
    return [[(type(v).__name__, str(v)) for v in row] for row in ordered(rows)]


def hash_key(*values: Any) -> str:
    """The language's hash of a key: each value as canonical text, before it its length; null is a dash."""
    return md5("".join(_canonical(v) for v in values).encode(), usedforsecurity=False).hexdigest()


def _canonical(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal | date):
        raise TypeError(f"no canonical text for {type(value).__name__} in these tests")
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return f"{len(text)}:{text}"
