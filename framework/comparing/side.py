"""A target that is asked for a comparison: what stands of a stage there, and rows of statements, chunk by chunk."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import Select

from framework.comparing.buckets import Ranges
from framework.comparing.rows import Row, document, double
from framework.comparing.shape import Shape
from framework.comparing.statements import Statements
from framework.compile.tables import Tables
from framework.execute.session import Session
from framework.plan import StagePlan
from framework.relation import Column
from framework.target import Target

_CHUNK = 5_000  # rows that a driver hands over at a time
_READERS = {"double": double, "json": document}


@dataclass(frozen=True, slots=True)
class Sum:
    """Of a bucket: how many rows, and sums of the hashes of what they are known by, and of the whole of them."""

    rows: int
    keys: int
    whole: int


NO_ROWS = Sum(0, 0, 0)


class Side:
    """Raises Stopped for what the warehouse refuses."""

    def __init__(self, target: Target, connection: sa.Connection, tables: Tables) -> None:
        self.target, self.connection, self.tables = target, connection, tables
        self.name = target.name
        self.session = Session(connection, target.warehouse, {}, target.place)

    def columns(self, stage: StagePlan) -> dict[str, str] | None:
        """The columns that stand, each name by its lower case; None where nothing stands."""
        schema = self.tables.schema(stage)
        self.session.begins(f"`{stage.name}` in {self.name}", stage.name)
        with self.session.explained():
            if stage.name not in self.session.relations(schema):
                return None
            return {name.lower(): name for name in self.session.columns(schema, stage.name)}

    def asked(self, stage: StagePlan, shape: Shape, spelt: dict[str, str]) -> "Asked":
        statements = Statements(self.tables.live(stage), spelt, self.target.warehouse.lowering, shape)
        return Asked(self, statements)

    def all(self, select: Select[Any]) -> Sequence[Any]:
        with self.session.explained():
            return self.connection.execute(select).all()

    def stream(self, select: Select[Any]) -> Generator[Any, None, None]:
        """The rows of a statement, so many at a time in memory as the driver lets be."""
        with self.session.explained():
            options = {"stream_results": True, "yield_per": _CHUNK}
            with closing(self.connection.execute(select, execution_options=options)) as rows:
                yield from rows


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows of one stage in one target."""

    side: Side
    statements: Statements

    def count(self) -> int:
        return int(self.side.all(self.statements.count())[0][0])

    def sums(self, digits: int) -> dict[str, Sum]:
        found = self.side.all(self.statements.sums(digits))
        return {str(bucket): Sum(int(n), int(keys or 0), int(whole or 0)) for bucket, n, keys, whole in found}

    def columns(self, ranges: Ranges, digits: int) -> tuple[int, ...]:
        found = self.side.all(self.statements.columns(ranges, digits))[0]
        return tuple(int(total or 0) for total in found)

    def rows(self, parts: Sequence[Column], ranges: Ranges, digits: int) -> Generator[Row, None, None]:
        """Last of the parts is the hash of all others of the shape's, where these are not all."""
        rest = len(parts) < len(self.statements.shape.parts)
        return self._rows(self.statements.rows(parts, ranges, digits), parts, len(parts) + rest)

    def shown(self, keys: frozenset[str]) -> Generator[Row, None, None]:
        parts = self.statements.shape.parts
        return self._rows(self.statements.shown(keys), parts, len(parts))

    def _rows(self, select: Select[Any], parts: Sequence[Column], count: int) -> Generator[Row, None, None]:
        readers = [(2 + i, _READERS[c.type.name]) for i, c in enumerate(parts) if c.type.name in _READERS]
        end = 2 + count
        with closing(self.side.stream(select)) as rows:
            for row in rows:
                found = tuple(row)
                if readers:
                    read = list(found)
                    for i, reader in readers:
                        read[i] = reader(read[i])
                    found = tuple(read)
                yield Row(found[0], int(found[1]), found[2:end], found[end:])
