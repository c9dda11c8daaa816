"""The right to a name on a warehouse without locks that outlive a statement: a row that says who has it, and how long.

Time is the warehouse's own. A run renews its lease while it works; the lease of one that was killed runs out.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateTable

from framework.ddl import FRAMEWORK_SCHEMA, CreateSchema
from framework.warehouse import Hold

SECONDS = 120  # after which a lease that nobody has renewed is another's to take
_RENEW = SECONDS / 4

_METADATA = sa.MetaData(schema=FRAMEWORK_SCHEMA)
LEASES = sa.Table(
    "leases",
    _METADATA,
    sa.Column("name", sa.String(500), nullable=False),
    sa.Column("holder", sa.String(32), nullable=False),
    sa.Column("ends", sa.BigInteger, nullable=False),
)


class _Lease:
    """One run's lease of a name. `now` is the warehouse's text for the seconds since 1970."""

    def __init__(self, engine: sa.Engine, name: str, now: str) -> None:
        self.engine, self.name, self.holder = engine, name, uuid.uuid4().hex
        self.now: sa.ColumnElement[int] = sa.literal_column(now)
        self.ended = threading.Event()

    def taken(self) -> bool:
        with self.engine.connect() as connection:
            with connection.begin():
                connection.execute(CreateSchema(FRAMEWORK_SCHEMA))
            with connection.begin():
                connection.execute(CreateTable(LEASES, if_not_exists=True))
            with connection.begin():
                wanted = sa.select(sa.func.count()).select_from(LEASES).where(LEASES.c.name == self.name)
                if connection.execute(wanted).scalar_one() == 0:
                    connection.execute(LEASES.insert().values(name=self.name, holder="", ends=0))
            with connection.begin():
                connection.execute(self._extended(LEASES.c.ends < self.now))
        return self.stands()

    def _extended(self, condition: sa.ColumnElement[bool]) -> sa.Update:
        update = sa.update(LEASES).where(LEASES.c.name == self.name, condition)
        return update.values(holder=self.holder, ends=self.now + SECONDS)

    def stands(self) -> bool:
        """Whether the name is ours, and will be for a while yet."""
        with self.engine.connect() as connection:
            holder = sa.select(LEASES.c.holder).where(LEASES.c.name == self.name, LEASES.c.ends > self.now)
            return set(connection.execute(holder).scalars()) == {self.holder}

    def keep(self) -> None:
        """Renews the lease until it is given back. A failure is seen by `stands`, when it matters."""
        while not self.ended.wait(_RENEW):
            with suppress(SQLAlchemyError), self.engine.connect() as connection, connection.begin():
                connection.execute(self._extended(LEASES.c.holder == self.holder))

    def give_back(self) -> None:
        with suppress(SQLAlchemyError), self.engine.connect() as connection, connection.begin():
            mine = LEASES.c.name == self.name, LEASES.c.holder == self.holder
            connection.execute(sa.update(LEASES).where(*mine).values(ends=0))


@contextmanager
def held(connection: sa.Connection, name: str, now: str) -> Iterator[Hold | None]:
    """Holds the right to a name on connections of its own; None where another run has it."""
    lease = _Lease(connection.engine, name, now)
    if not lease.taken():
        yield None
        return
    keeper = threading.Thread(target=lease.keep, daemon=True, name="framework-lease")
    keeper.start()
    try:
        yield lease.stands
    finally:
        lease.ended.set()
        keeper.join()
        lease.give_back()
