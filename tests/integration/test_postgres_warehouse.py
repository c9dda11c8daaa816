"""The Postgres target: how it connects, refuses, and keeps two runs apart."""

import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from framework.warehouse import Unreachable
from framework.warehouses.postgres import Postgres

SECRET = "hunter2-secret"


def _refused(url: str) -> str:
    with pytest.raises(Unreachable) as refused:
        Postgres().connect({"url": url}, Path())
    shown = f"{refused.value.refusal.message} {refused.value.refusal.help}"
    assert SECRET not in shown
    return shown


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"postgresql://me:{SECRET}@127.0.0.1:1/db", "no Postgres server answers"),
        (f"postgresql://me:{SECRET}@no-such-host.invalid/db", "host of `url` is unknown"),
        (f"mysql://me:{SECRET}@localhost/db", "not one of Postgres"),
        (f"postgresql://me:{SECRET}@localhost:port/db", "no address"),
        (SECRET, "no address"),
        (f"postgresql://me:one@{SECRET}@localhost/db", "one @ too many"),
        (f"postgresql://me:one@{SECRET}/two@localhost/db", "one @ too many"),
        ("postgresql://me@account:secret@127.0.0.1:1/db", "no Postgres server answers"),
    ],
)
def test_an_address_that_leads_nowhere(url: str, message: str) -> None:
    assert message in _refused(url)


def test_no_address() -> None:
    with pytest.raises(Unreachable, match="needs a `url`"):
        Postgres().connect({}, Path())


def test_a_database_that_is_not_there(postgres_database: str) -> None:
    url = sa.make_url(postgres_database).set(database="no_such_database")
    assert "database does not exist" in _refused(url.render_as_string(hide_password=False))


def test_a_user_that_is_not_there(postgres_database: str) -> None:
    url = sa.make_url(postgres_database).set(username="nobody_here", password=SECRET)
    assert "Postgres refused the" in _refused(url.render_as_string(hide_password=False))


def test_a_database_of_ascii_letters(postgres_database: str) -> None:
    url = sa.make_url(postgres_database)
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"{url.database}_ascii"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        try:
            assert "ASCII" in _refused(url.set(database=name).render_as_string(hide_password=False))
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def test_the_session(postgres_database: str) -> None:
    engine = Postgres().connect({"url": postgres_database}, Path())
    with engine.connect() as connection:
        connection.rollback()
        shown = {
            n: connection.exec_driver_sql(f"SHOW {n}").scalar()
            for n in ("TimeZone", "jit", "standard_conforming_strings", "DateStyle")
        }
    engine.dispose()
    assert shown == {"TimeZone": "UTC", "jit": "off", "standard_conforming_strings": "on", "DateStyle": "ISO, YMD"}


def test_a_bound_value_in_a_new_table(postgres_database: str) -> None:
    """The server takes no parameters in CREATE TABLE AS; the client writes them in."""
    engine = Postgres().connect({"url": postgres_database}, Path())
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t AS SELECT :v AS v, '100%' AS p"), {"v": "it's \\ 100%"})
        assert connection.execute(sa.text("SELECT v, p FROM t")).one() == ("it's \\ 100%", "100%")
    engine.dispose()


def test_one_run_at_a_time(postgres_database: str) -> None:
    warehouse = Postgres()
    engine = warehouse.connect({"url": postgres_database}, Path())
    with engine.connect() as first, engine.connect() as second:
        with warehouse.exclusive(first, ["claims"]) as free:
            assert not free.lacking
            assert not first.in_transaction()
            with warehouse.exclusive(second, ["members", "claims"]) as other:
                assert other.lacking == ("claims",)
                with warehouse.exclusive(first, ["members"]) as again:  # of which nothing is kept
                    assert not again.lacking
            with warehouse.exclusive(second, ["members"]) as other:
                assert not other.lacking
        with warehouse.exclusive(second, ["claims"]) as free:
            assert not free.lacking
    engine.dispose()


def test_a_broken_transaction_gives_the_right_back(postgres_database: str) -> None:
    warehouse = Postgres()
    engine = warehouse.connect({"url": postgres_database}, Path())
    with engine.connect() as first, engine.connect() as second:
        with (
            pytest.raises(sa.exc.DBAPIError),
            first.begin(),
            warehouse.exclusive(first, ["claims"]),
            warehouse.exclusive(first, ["members"]),
        ):
            first.exec_driver_sql("SELECT 1/0")
        for name in ("claims", "members"):
            with warehouse.exclusive(second, [name]) as free:
                assert not free.lacking
    engine.dispose()


_LOCKS = "FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"


def test_the_right_stands_as_long_as_its_own_session(postgres_database: str) -> None:
    """It outlives the connection that a run works on, and a server that ends idle sessions."""
    warehouse = Postgres()
    engine = warehouse.connect({"url": postgres_database}, Path())
    name = sa.make_url(postgres_database).database
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET idle_session_timeout = '300ms'")
    engine.dispose()
    with engine.connect() as first, warehouse.exclusive(first, ["claims", "source raw.a"]) as hold:
        with pytest.raises(sa.exc.DBAPIError):
            first.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        time.sleep(1)
        assert hold.stands()
        with engine.connect() as second:
            with warehouse.exclusive(second, ["claims"]) as other:
                assert other.lacking == ("claims",)
            assert second.exec_driver_sql(f"SELECT count(*) {_LOCKS}").scalar_one() == 2
            second.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {_LOCKS}")
        assert [hold.stands() for _ in range(3)] == [False, False, False]
        with engine.connect() as second, warehouse.exclusive(second, ["claims"]) as other:
            assert not other.lacking
            assert not hold.stands()
    engine.dispose()


def test_refusals_show_no_value(postgres_database: str) -> None:
    warehouse = Postgres()
    engine = warehouse.connect({"url": postgres_database}, Path())
    statements = {
        f"SELECT CAST('{SECRET}' AS integer)": "invalid text representation",
        "SELECT 9223372036854775807 + 1": "out of range",
        f'SELECT * FROM "{SECRET}"': "table does not exist",
        "SELECT pg_cancel_backend(pg_backend_pid())": "cancelled",
    }
    for statement, message in statements.items():
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as refused:
            connection.exec_driver_sql(statement)
        for error in (refused.value, refused.value.orig):
            assert isinstance(error, Exception)
            refusal = warehouse.refusal(error)
            assert message in refusal.message
            assert SECRET not in f"{refusal.message} {refusal.help}"
    engine.dispose()


def test_a_missing_right_is_named_by_its_kind(postgres_database: str) -> None:
    warehouse = Postgres()
    engine = warehouse.connect({"url": postgres_database}, Path())
    role = f"reader_{sa.make_url(postgres_database).database}"[:60]
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role}")
        connection.exec_driver_sql("CREATE SCHEMA hidden")
        connection.exec_driver_sql("CREATE TABLE public.mine (a int)")
        connection.exec_driver_sql("CREATE TABLE hidden.t (a int)")
    found = []
    for statement in ("SELECT * FROM public.mine", "SELECT * FROM hidden.t", "DROP TABLE public.mine"):
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SET ROLE {role}")
            with pytest.raises(sa.exc.DBAPIError) as refused:
                connection.exec_driver_sql(statement)
        found.append(warehouse.refusal(refused.value).message)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP ROLE {role}")
    engine.dispose()
    assert "right on a table" in found[0]
    assert "right on a schema" in found[1]
    assert "own a table" in found[2]


def test_a_lost_connection(postgres_database: str) -> None:
    warehouse = Postgres()
    engine = warehouse.connect({"url": postgres_database}, Path())
    with engine.connect() as connection, pytest.raises((sa.exc.DBAPIError, psycopg.Error)) as lost:
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    assert "connection to Postgres was lost" in warehouse.refusal(lost.value).message
    engine.dispose()
