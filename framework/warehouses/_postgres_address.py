"""The address of a Postgres server as users write it, and the driver that is meant by it."""

import sqlalchemy as sa

from framework.warehouse import Address, Refusal

NO_DRIVER = Refusal("the Postgres driver is not installed", "pip install 'framework-pipelines[postgres]'")
_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


def with_driver(url: sa.URL) -> sa.URL | None:
    """The address with our driver in it; None for one of another database, or with another driver."""
    return url.set(drivername="postgresql+psycopg") if url.drivername in _SCHEMES else None


def placed(url: sa.URL) -> Address:
    """Host, port and database; of several hosts the first. A socket is a server of this machine."""
    told = {key: value if isinstance(value, str) else value[0] for key, value in url.query.items()}
    host, _, port = (url.host or "", "", "") if url.host else told.get("host", "").partition(",")[0].partition(":")
    port = str(url.port or port or told.get("port", "").partition(",")[0] or 5432)
    host = "localhost" if not host or host.startswith("/") else f"[{host}]" if ":" in host else host
    database = url.database or told.get("dbname") or url.username or "postgres"
    return Address(f"postgres://{host.lower()}:{port}", database, "public")
