"""A project with one target, whichever warehouse it is on, run through the command line and read through the seam."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from framework.cli import main
from framework.target import warehouse


class Anywhere:
    """`settings` are those of the target, its `warehouse` among them."""

    def __init__(self, root: Path, settings: Mapping[str, str], capture: pytest.CaptureFixture[str]) -> None:
        self.root, self.settings, self.capture = root, settings, capture
        self.warehouse = warehouse(settings["warehouse"])
        self.targets(t=settings)

    def targets(self, **targets: Mapping[str, str]) -> None:
        """Writes framework.yaml; `t` is the target that is used."""
        told = {"project": "shop", "default_target": "t", "targets": targets}
        (self.root / "framework.yaml").write_text(json.dumps(told), encoding="utf-8")

    def run(self, moment: str = "2024-01-01", *options: str) -> tuple[int, str]:
        """A run of shop.yaml: its exit code, and what it said."""
        code = main(["run", "shop.yaml", "--as-of", moment, "--debug", *options])
        said = self.capture.readouterr()
        return code, said.out + said.err

    def good(self, moment: str = "2024-01-01", *options: str) -> str:
        code, said = self.run(moment, *options)
        assert code == 0, said
        return said

    @contextmanager
    def connected(self) -> Iterator[sa.Connection]:
        settings = {name: value for name, value in self.settings.items() if name != "warehouse"}
        engine = self.warehouse.connect(settings, self.root)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def rows(self, connection: sa.Connection, schema: str, name: str) -> list[tuple[str, ...]]:
        """The rows of a relation, as text; null is a dash."""
        columns: list[sa.ColumnElement[Any]] = [sa.column(c) for c in self.warehouse.columns(connection, schema, name)]
        texts = [sa.func.coalesce(sa.cast(column, sa.Text), "-") for column in columns]
        found = connection.execute(sa.select(*texts).select_from(sa.table(name, schema=schema)))
        return sorted(tuple(str(value) for value in row) for row in found)


def target(name: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings of a target on a warehouse, fresh and empty."""
    if name == "duckdb":
        return {"warehouse": "duckdb", "database": "test.duckdb"}
    if name == "postgres":
        return {"warehouse": "postgres", "url": str(request.getfixturevalue("postgres_database"))}
    found: dict[str, str] = request.getfixturevalue(f"{name}_target")
    return found
