"""What is there in a target's schemas, as one session knows it: asked once, and kept up with what the session changes.

On a warehouse that is far away each question costs as much as a small stage.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from framework.ddl import CreateTableAs, CreateView, Ddl, DropRelation, RenameTable
from framework.warehouse import Warehouse


class Catalog:
    """Of other names than those that this session changes it can be out of date: a run holds the right to its own."""

    def __init__(self, warehouse: Warehouse, connection: sa.Connection) -> None:
        self.warehouse, self.connection = warehouse, connection
        self._relations: dict[str, dict[str, str]] = {}
        self._columns: dict[tuple[str, str], dict[str, str]] = {}

    def relations(self, schema: str) -> Mapping[str, str]:
        if schema not in self._relations:
            self._relations[schema] = self.warehouse.relations(self.connection, schema)
        return self._relations[schema]

    def columns(self, schema: str, name: str) -> Mapping[str, str]:
        if (schema, name) not in self._columns:
            self._columns[schema, name] = self.warehouse.columns(self.connection, schema, name)
        return self._columns[schema, name]

    def knows(self, relations: Mapping[str, Mapping[str, str]]) -> None:
        """Schemas that have just been asked for their relations."""
        self._relations |= {schema: dict(found) for schema, found in relations.items()}

    def forget(self, schema: str | None = None) -> None:
        """All of it, or of a schema, is asked for again: what was done is undone, or has been done by others."""
        self._relations = {s: r for s, r in self._relations.items() if schema not in (None, s)}
        self._columns = {key: c for key, c in self._columns.items() if schema not in (None, key[0])}

    def heard(self, statement: Any) -> None:
        """A statement has been done."""
        if not isinstance(statement, Ddl) or (table := getattr(statement, "table", None)) is None:
            return
        schema, name = table.schema or "", table.name
        there = self._relations.get(schema, {})
        self._columns.pop((schema, name), None)
        match statement:
            case CreateTableAs():
                there[name] = "TABLE"
            case CreateView():
                there[name] = "VIEW"
            case DropRelation():
                there.pop(name, None)
            case RenameTable(name=new) if name in there:
                there[new] = there.pop(name)
                self._columns.pop((schema, new), None)
