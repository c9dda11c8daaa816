"""By what others know a target: host, port and database, and nothing that is a secret."""

from pathlib import Path

import pytest

from framework.target import warehouse
from framework.warehouse import Address


@pytest.mark.parametrize(
    ("url", "namespace", "database"),
    [
        ("postgresql://u:secret@db.example:5433/claims", "postgres://db.example:5433", "claims"),
        ("postgres://DB.Example/claims", "postgres://db.example:5432", "claims"),
        ("postgresql+psycopg://u:secret@10.0.0.1/claims?sslmode=require", "postgres://10.0.0.1:5432", "claims"),
        ("postgresql://u:secret@[::1]:6000/claims", "postgres://[::1]:6000", "claims"),
        ("postgresql://u@/claims?host=/var/run/postgresql", "postgres://localhost:5432", "claims"),
        ("postgresql://u@/claims?host=one:5001,two:5002", "postgres://one:5001", "claims"),
        ("postgresql://u@/claims?host=one:5001&host=two:5002", "postgres://one:5001", "claims"),
        ("postgresql://u@/claims?host=one&port=5009", "postgres://one:5009", "claims"),
        ("postgresql:///claims", "postgres://localhost:5432", "claims"),
        ("postgresql://analyst:secret@db.example", "postgres://db.example:5432", "analyst"),
        ("postgresql://db.example", "postgres://db.example:5432", "postgres"),
    ],
)
def test_of_postgres(url: str, namespace: str, database: str) -> None:
    found = warehouse("postgres").address({"url": url}, Path())
    assert found == Address(namespace, database, "public")
    assert "secret" not in repr(found)


def test_of_duckdb(tmp_path: Path) -> None:
    duckdb = warehouse("duckdb")
    folder = tmp_path.resolve()
    assert duckdb.address({"database": "a/b.duckdb"}, tmp_path) == Address(f"duckdb://{folder}/a/b.duckdb", "b", "main")
    assert duckdb.address({}, tmp_path) == Address("duckdb://:memory:", "memory", "main")
