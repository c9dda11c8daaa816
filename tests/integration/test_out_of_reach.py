"""A warehouse that cannot be reached, that refuses, or that is lost in the middle: exit code 4, the variable or the
place named and no secret, what is published as it was, and a next run that goes well."""

import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import stand_ins
from conftest import ENGINES
from sqlalchemy.engine import make_url

from framework.warehouses import _lease, snowflake
from integration.shop import FIRST, SECOND, Rows, Shop

SECRET = "hunter2-secret"
AT_ONCE = 30  # seconds for a run to say that nobody answers
Settings = Mapping[str, str]


def shop_on(name: str, request: pytest.FixtureRequest) -> Shop:
    """A shop on a warehouse, which has run once."""
    root = request.getfixturevalue("tmp_path")
    request.getfixturevalue("monkeypatch").chdir(root)
    if name == "duckdb":
        settings = {"warehouse": "duckdb", "database": "test.duckdb"}
    elif name == "postgres":
        settings = {"warehouse": "postgres", "url": request.getfixturevalue("postgres_database")}
    else:
        settings = request.getfixturevalue(f"{name}_target")
    shop = Shop(root, settings, request.getfixturevalue("capsys"))
    shop.given(FIRST)
    shop.good("2024-01-01")
    shop.given(SECOND)
    return shop


def stands(shop: Shop) -> tuple[Rows, set[str]]:
    return shop.published(), shop.commits()


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What loggers of drivers say would be printed where nobody listens to them."""
    yield
    assert [record.name for record in caplog.get_records("call")] == []


def refused(shop: Shop, code: int, said: str, *named: str, error: str = "F501") -> None:
    """As it must be told: with its code and its place, and without a traceback or a secret, wherever it is kept."""
    assert code == 4, said
    assert error in said
    assert "help:" in said
    assert "Traceback" not in said
    for words in named:
        assert words in said
    kept = [p for folder in ("target", ".framework") for p in (shop.root / folder).rglob("*") if p.is_file()]
    for text in (said.encode(), *(path.read_bytes() for path in kept)):
        assert SECRET.encode() not in text
    with closing(sqlite3.connect(shop.root / ".framework" / "state.db")) as state:
        [(status, message)] = state.execute("SELECT status, message FROM runs ORDER BY started_at DESC LIMIT 1")
    assert status == "refused"
    assert all(words in message for words in named)


def goes_on(shop: Shop, before: tuple[Rows, set[str]]) -> None:
    """Nothing has been published, and the next run does."""
    assert stands(shop) == before
    shop.good("2024-02-01")
    assert shop.published() != before[0]


# -- a target that is never opened


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_url(settings: Settings, **parts: Any) -> Settings:
    url = make_url(settings["url"]).set(**{"password": SECRET, **parts})
    return {**settings, "url": url.render_as_string(hide_password=False)}


LAKEHOUSE = {"warehouse": "databricks", "host": "localhost", "http_path": "/x", "catalog": "c", "token": SECRET}


@dataclass(frozen=True)
class Away:
    """How a target is out of reach: what the settings of one that is there become, and what is named."""

    what: str
    warehouse: str
    settings: Callable[[Settings], Settings]
    named: tuple[str, ...]
    error: str = "F501"

    @property
    def shop(self) -> str:
        """The warehouse of the shop beside it: there is no Databricks here."""
        return "duckdb" if self.warehouse == "databricks" else self.warehouse

    @property
    def case(self) -> Any:
        needed = self.warehouse in (*ENGINES, "databricks")
        name = f"{self.what} on {self.warehouse}"
        return pytest.param(self, marks=pytest.mark.engines if needed else (), id=name)


def _missing(warehouse: str, setting: str, base: Settings | None = None) -> Away:
    named = ("target `away`", "SURELY_NOT_SET")
    return Away("a variable", warehouse, lambda of: {**(base or of), setting: "${SURELY_NOT_SET}"}, named, "F505")


AWAY = [
    _missing("duckdb", "database"),
    _missing("postgres", "url"),
    _missing("snowflake", "password"),
    _missing("spark", "catalog"),
    _missing("databricks", "token", LAKEHOUSE),
    Away(
        "no server",
        "postgres",
        lambda of: with_url(of, host="127.0.0.1", port=free_port()),
        ("target `away` (postgres://127.0.0.1:", "no Postgres server answers"),
    ),
    Away(
        "no server",
        "snowflake",
        lambda of: {**of, "password": SECRET, "port": str(free_port())},
        ("target `away` (snowflake://fakesnow)", "Snowflake does not answer"),
    ),
    Away(
        "no server",
        "databricks",
        lambda _: {**LAKEHOUSE, "host": f"127.0.0.1:{free_port()}"},
        ("target `away` (databricks://127.0.0.1:", "Databricks does not answer"),
    ),
    Away(
        "no password",
        "snowflake",
        lambda of: {**of, "password": SECRET},
        ("target `away` (snowflake://fakesnow)", "Snowflake refused the user"),
    ),
    Away(
        "no database",
        "duckdb",
        lambda of: {**of, "database": "shop.yaml"},
        ("target `away` (duckdb://", "shop.yaml)", "not a DuckDB database"),
    ),
    Away(
        "no database",
        "postgres",
        lambda of: with_url(of, database="nowhere_at_all"),
        ("target `away` (postgres://", "the database does not exist"),
    ),
    Away(
        "no catalog",
        "spark",
        lambda of: {**of, "catalog": "nowhere"},
        ("target `away` (spark://localhost)", "the catalog does not exist"),
    ),
]


@pytest.mark.parametrize("away", [away.case for away in AWAY])
def test_a_target_that_is_not_opened(away: Away, request: pytest.FixtureRequest) -> None:
    shop = shop_on(away.shop, request)
    before = stands(shop)
    shop.targets(t=shop.settings, away=away.settings(shop.settings))
    begun = time.monotonic()
    code, said = shop.run("2024-02-01", "--target", "away")
    assert time.monotonic() - begun < AT_ONCE
    refused(shop, code, said, *away.named, error=away.error)
    goes_on(shop, before)


def test_a_file_that_another_process_has(request: pytest.FixtureRequest) -> None:
    shop = shop_on("duckdb", request)
    before = stands(shop)
    hold = "import duckdb, sys; c = duckdb.connect('test.duckdb'); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        code, said = shop.run("2024-02-01")
        other.communicate()
    refused(shop, code, said, "target `t` (duckdb://", "test.duckdb)", "in use by another process")
    goes_on(shop, before)


# -- rights, on Postgres


def as_owner(url: str, *statements: str) -> list[Any]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(plain, autocommit=True)) as connection:
        found = [connection.execute(statement.encode()) for statement in statements]
        return [cursor.fetchone() if cursor.description else None for cursor in found]


@pytest.fixture
def guest(postgres_database: str) -> Iterator[str]:
    """The name of a user with a password, who has no right to anything."""
    name = f"guest_{make_url(postgres_database).database}"[:60]
    as_owner(postgres_database, f"CREATE ROLE {name} LOGIN PASSWORD 'its own'")
    yield name
    as_owner(postgres_database, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@contextmanager
def asked_for_a_password(url: str, user: str) -> Iterator[None]:
    """The server asks a user for a password; where it trusts whoever comes, it is told to for as long."""
    try:
        with closing(psycopg.connect(with_url({"url": url}, drivername="postgresql", username=user)["url"])):
            trusts = True
    except psycopg.OperationalError:
        trusts = False
    if not trusts:
        yield
        return
    [(path,), (rules,)] = as_owner(url, "SHOW hba_file", "SELECT pg_read_file(current_setting('hba_file'))")
    asks = "".join(f"{kind} all {user} {place} scram-sha-256\n" for kind, place in HOW_TO_COME)
    try:
        _rules(url, path, asks + rules)
        yield
    finally:
        _rules(url, path, rules)


HOW_TO_COME = (("local", ""), ("host", "127.0.0.1/32"), ("host", "::1/128"))


def _rules(url: str, path: str, rules: str) -> None:
    quoted = ", ".join(f"'{line.replace(chr(39), chr(39) * 2)}'" for line in rules.splitlines() if line.strip())
    lines = f"SELECT unnest(ARRAY[{quoted}])"
    # A delimiter that no line has: they are written as they are.
    as_owner(url, f"COPY ({lines}) TO '{path}' (FORMAT text, DELIMITER E'\\x01')", "SELECT pg_reload_conf()")
    time.sleep(0.5)


def test_a_wrong_password(request: pytest.FixtureRequest, guest: str) -> None:
    shop = shop_on("postgres", request)
    before = stands(shop)
    shop.targets(t=shop.settings, away=with_url(shop.settings, username=guest))
    with asked_for_a_password(shop.settings["url"], guest):
        code, said = shop.run("2024-02-01", "--target", "away")
    refused(shop, code, said, "target `away` (postgres://", "Postgres refused the password")
    assert guest not in said
    goes_on(shop, before)


def test_a_schema_without_rights(request: pytest.FixtureRequest, guest: str) -> None:
    shop = shop_on("postgres", request)
    before = stands(shop)
    url, database = shop.settings["url"], make_url(shop.settings["url"]).database
    as_owner(url, f'GRANT ALL ON DATABASE "{database}" TO {guest}')
    shop.targets(t=shop.settings, away=with_url(shop.settings, username=guest, password="its own"))
    code, said = shop.run("2024-02-01", "--target", "away")
    refused(shop, code, said, "target `away` (postgres://", "lacks a right on a schema")
    goes_on(shop, before)


# -- a connection that is lost


@dataclass
class Cut:
    """Ends the session at statements that begin like this, so many times."""

    url: str
    begins: str
    times: int = 1
    also: str | None = None  # what is done to the server at the same moment

    @contextmanager
    def armed(self) -> Iterator[None]:
        sa.event.listen(sa.Engine, "before_cursor_execute", self._end)
        try:
            yield
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", self._end)

    def _end(self, connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        if self.times and statement.startswith(self.begins):
            self.times -= 1
            process = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]  # it is open
            as_owner(self.url, *([self.also] if self.also else []), f"SELECT pg_terminate_backend({process})")


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize(
    ("begins", "note"),
    [
        ("CREATE TABLE marts.fct_sales__new", "the connection was lost while stage `fct_sales` was built"),
        ('TRUNCATE "raw"."raw_sales"', "the connection was lost while source `raw_sales` was read"),
    ],
)
def test_what_is_built_beside_what_stands_is_built_again(
    request: pytest.FixtureRequest, begins: str, note: str, threads: str
) -> None:
    shop = shop_on("postgres", request)
    before = stands(shop)
    cut = Cut(shop.settings["url"], begins)
    with cut.armed():
        code, said = shop.run("2024-02-01", "--threads", threads)
    assert cut.times == 0, "the run never came to the statement"
    assert code == 0, said
    assert f"note: {note}; that was done once more" in said
    assert shop.published() != before[0]


LOCKS = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"


@pytest.mark.parametrize(
    ("begins", "times", "also"),
    [
        ("CREATE TABLE marts.fct_sales__new", 2, None),
        ("CREATE TABLE marts.fct_sales__new", 1, LOCKS),
        ("INSERT INTO _framework.stages", 1, None),
    ],
    ids=["lost again", "lost with its locks", "lost while a stage takes its place"],
)
def test_a_connection_lost_in_the_middle(
    request: pytest.FixtureRequest, begins: str, times: int, also: str | None
) -> None:
    shop = shop_on("postgres", request)
    if begins.startswith("INSERT"):
        as_owner(shop.settings["url"], "DELETE FROM _framework.stages")
    before = stands(shop)
    cut = Cut(shop.settings["url"], begins, times, also)
    with cut.armed():
        code, said = shop.run("2024-02-01")
    assert cut.times == 0, "the run never came to the statement"
    refused(shop, code, said, "target `t` (postgres://", "stage `", "the connection to Postgres was lost")
    goes_on(shop, before)


@pytest.mark.parametrize(
    "begins", ["UPDATE _framework.publishing", "INSERT INTO marts.fct_sales", "INSERT INTO _framework.commits"]
)
def test_a_connection_lost_while_publishing(request: pytest.FixtureRequest, begins: str) -> None:
    shop = shop_on("postgres", request)
    before = stands(shop)
    cut = Cut(shop.settings["url"], begins)
    with cut.armed():
        code, said = shop.run("2024-02-01")
    assert cut.times == 0, "the run never came to the statement"
    refused(shop, code, said, "the connection to Postgres was lost: every published table is what it was")
    goes_on(shop, before)


def test_the_answer_to_the_commit_is_lost(request: pytest.FixtureRequest) -> None:
    """The session ends when the commit is done, before the run has heard of it."""
    shop = shop_on("postgres", request)
    before = stands(shop)
    url = shop.settings["url"]
    publishing: list[int] = []
    lost: list[int] = []

    def begun(connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE _framework.publishing") and not publishing:
            publishing.append(connection.connection.driver_connection.info.backend_pid)  # type: ignore[union-attr]

    def committing(connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if publishing and not lost and driver.info.backend_pid == publishing[0]:
            driver.execute("COMMIT")
            driver.execute("BEGIN")  # or the driver would send no commit
            as_owner(url, f"SELECT pg_terminate_backend({publishing[0]})")
            lost.extend(publishing)

    sa.event.listen(sa.Engine, "before_cursor_execute", begun)
    sa.event.listen(sa.Engine, "commit", committing)
    try:
        code, said = shop.run("2024-02-01")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", begun)
        sa.event.remove(sa.Engine, "commit", committing)
    assert lost, "the run never came to the commit"
    refused(shop, code, said, "the connection to Postgres was lost: after every table was published")
    assert shop.published() != before[0]
    assert shop.commits() != before[1]
    shop.good("2024-02-01")


@pytest.mark.engines
def test_an_answer_lost_where_nothing_is_a_transaction(request: pytest.FixtureRequest) -> None:
    """What is written down is done once more, and then stands once. Spark in this process cannot be lost: an error
    stands for it, behind a statement that is done."""
    from framework.warehouses import _spark_driver

    shop = shop_on("spark", request)
    begins = "MERGE INTO marts.fct_sales", "INSERT INTO _framework.tables", "INSERT INTO _framework.commits"
    for number, begin in enumerate((*begins, "INSERT INTO _framework.sources")):
        lost: list[str] = []

        def lose(connection: object, cursor: object, statement: str, *_: object) -> None:
            if statement.startswith(begin) and not lost:  # noqa: B023  (called in this round alone)
                lost.append(statement)  # noqa: B023  (as above)
                raise _spark_driver.OperationalError("[gone]")

        def tell(context: sa.engine.ExceptionContext) -> None:
            context.is_disconnect = "[gone]" in str(context.original_exception)

        shop.given(SECOND if number % 2 == 0 else FIRST)
        sa.event.listen(sa.Engine, "after_cursor_execute", lose)
        sa.event.listen(sa.Engine, "handle_error", tell)
        try:
            said = shop.good(f"2024-02-0{number + 1}")
        finally:
            sa.event.remove(sa.Engine, "after_cursor_execute", lose)
            sa.event.remove(sa.Engine, "handle_error", tell)
        assert lost, said
        with shop.connected() as connection:
            for table, key in (("tables", "stage"), ("commits", "stage"), ("sources", "source")):
                names = connection.execute(sa.text(f"SELECT {key} FROM _framework.{table}")).scalars().all()
                assert len(names) == len(set(names)) > 0, f"{table} after {begin}"


@pytest.mark.engines
def test_a_server_that_is_gone_in_the_middle(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of Snowflake, whose driver would ask for ever: the stand-in is killed while a stage is built."""
    if (reason := stand_ins.no_snowflake()) is not None:
        pytest.skip(reason)
    monkeypatch.setattr(snowflake, "_LOST_SECONDS", 3)
    monkeypatch.setattr(_lease, "SECONDS", 12)
    folder = tmp_path_factory.mktemp("databases")
    with stand_ins.snowflake_server(folder=folder) as server:
        target = stand_ins.new_snowflake_database(server.settings)
        monkeypatch.setattr(request, "getfixturevalue", _instead(request, "snowflake_target", target))
        shop = shop_on("snowflake", request)
        before = stands(shop)

        def kill(connection: object, cursor: object, statement: str, *_: object) -> None:
            if re.match("CREATE .*TABLE marts.fct_sales__new", statement):
                server.process.kill()
                server.process.wait()

        sa.event.listen(sa.Engine, "before_cursor_execute", kill)
        begun = time.monotonic()
        try:
            code, said = shop.run("2024-02-01")
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", kill)
        assert server.process.poll() is not None
    assert time.monotonic() - begun < AT_ONCE
    refused(
        shop, code, said, "target `t` (snowflake://fakesnow): stage `fct_sales`", "connection to Snowflake was lost"
    )
    with stand_ins.snowflake_server(int(target["port"]), folder):
        time.sleep(_lease.SECONDS)  # the lease that could not be given back
        goes_on(shop, before)


def _instead(request: pytest.FixtureRequest, name: str, value: Settings) -> Callable[[str], Any]:
    found = request.getfixturevalue
    return lambda wanted: value if wanted == name else found(wanted)
