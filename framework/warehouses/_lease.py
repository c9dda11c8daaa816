"""The right to names on a warehouse without locks that outlive a statement: rows that say who has them, and how long.

Time is the warehouse's own. A run renews its lease while it works; the lease of one that was killed runs out.
"""

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from framework.ddl import FRAMEWORK_SCHEMA, CreateSchema
from framework.dml import written
from framework.warehouse import Hold, Warehouse

SECONDS = 120  # after which a lease that nobody has renewed is another's to take
_FRESH = 1 / 6  # of that time after a renewal nobody else can have taken it

_METADATA = sa.MetaData(schema=FRAMEWORK_SCHEMA)
LEASES = sa.Table(
    "leases",
    _METADATA,
    sa.Column("name", sa.String(500), nullable=False),
    sa.Column("holder", sa.String(32), nullable=False),
    sa.Column("ends", sa.BigInteger, nullable=False),
)


class _Leases:
    """One run's leases of names. `now` is the warehouse's text for the seconds since 1970."""

    def __init__(self, engine: sa.Engine, names: Sequence[str], now: str) -> None:
        self.engine, self.names, self.holder = engine, list(names), uuid.uuid4().hex
        self.now: sa.ColumnElement[int] = sa.literal_column(now)
        self.mine = LEASES.c.name.in_(written(names))
        self.ended = threading.Event()
        self.renewed: tuple[float, float] | None = None  # when it was last seen to be ours, by both clocks

    def prepare(self, warehouse: Warehouse, connection: sa.Connection) -> None:
        """A row for each name, where there is none yet."""
        if LEASES.name not in warehouse.relations(connection, FRAMEWORK_SCHEMA):
            for schema in warehouse.lacking(connection, [FRAMEWORK_SCHEMA]):
                connection.execute(CreateSchema(schema))
            connection.execute(CreateTable(LEASES, if_not_exists=True))
        known = set(connection.execute(sa.select(LEASES.c.name).where(self.mine)).scalars())
        for name in (name for name in self.names if name not in known):
            connection.execute(LEASES.insert().values(name=name, holder="", ends=0))

    def extend(self, connection: sa.Connection, condition: sa.ColumnElement[bool]) -> None:
        update = sa.update(LEASES).where(self.mine, condition)
        connection.execute(update.values(holder=self.holder, ends=self.now + SECONDS))

    def lacking(self, connection: sa.Connection) -> tuple[str, ...]:
        """The names that are not ours."""
        select = sa.select(LEASES.c.name, LEASES.c.holder).where(self.mine)
        rows = connection.execute(select.where(LEASES.c.ends > self.now)).all()
        ours = {name for name, holder in rows if holder == self.holder}
        others = {name for name, holder in rows if holder != self.holder}
        return tuple(name for name in self.names if name in others or name not in ours)

    def taken(self, warehouse: Warehouse) -> tuple[str, ...]:
        """Takes the names that nobody has; those that are lacking."""
        with self.engine.connect() as connection:
            with connection.begin():
                self.prepare(warehouse, connection)
            return self.renewing(connection, LEASES.c.ends < self.now)

    def renewing(self, connection: sa.Connection, condition: sa.ColumnElement[bool]) -> tuple[str, ...]:
        """Extends the leases that meet the condition; the names that are lacking afterwards."""
        begun = _clocks()
        with connection.begin():
            self.extend(connection, condition)
        with connection.begin():
            lacking = self.lacking(connection)
        self.renewed = None if lacking else begun
        return lacking

    def renew(self) -> bool:
        with self.engine.connect() as connection:
            return not self.renewing(connection, sa.and_(LEASES.c.holder == self.holder, LEASES.c.ends > self.now))

    def stands(self) -> bool:
        """Whether the names are ours, and will be for a while yet. One that has just been renewed is not asked for."""
        if (renewed := self.renewed) is not None:
            # Of the two clocks one goes on while a machine sleeps, and one while its time is set back.
            past = max(now - then for now, then in zip(_clocks(), renewed, strict=True))
            if past < SECONDS * _FRESH:
                return True
        return self.renew()

    def keep(self) -> None:
        """Renews the leases until they are given back. A failure is seen by `stands`, when it matters."""
        while not self.ended.wait(SECONDS / 4):
            with suppress(Exception):
                self.renew()

    def give_back(self) -> None:
        with suppress(Exception), self.engine.connect() as connection, connection.begin():
            connection.execute(sa.update(LEASES).where(LEASES.c.holder == self.holder).values(ends=0))


def _clocks() -> tuple[float, float]:
    return time.time(), time.monotonic()


@contextmanager
def held(warehouse: Warehouse, connection: sa.Connection, names: Sequence[str], now: str) -> Iterator[Hold]:
    """Holds the right to names, on connections of its own."""
    leases = _Leases(connection.engine, names, now)
    if lacking := leases.taken(warehouse):
        leases.give_back()
        yield Hold(lacking)
        return
    keeper = threading.Thread(target=leases.keep, daemon=True, name="framework-leases")
    keeper.start()
    try:
        yield Hold(stands=leases.stands)
    finally:
        leases.ended.set()
        keeper.join()
        leases.give_back()
