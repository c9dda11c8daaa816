"""The address of a Postgres server as users write it, and the driver that is meant by it."""

import sqlalchemy as sa

from framework.warehouse import Refusal

NO_DRIVER = Refusal("the Postgres driver is not installed", "pip install 'framework-pipelines[postgres]'")
_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


def with_driver(url: sa.URL) -> sa.URL | None:
    """The address with our driver in it; None for one of another database, or with another driver."""
    return url.set(drivername="postgresql+psycopg") if url.drivername in _SCHEMES else None
