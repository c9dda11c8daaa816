"""Connections to Postgres that are encrypted, and those that are not as they should be."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import Encrypted

from integration.anywhere import Anywhere

pytestmark = pytest.mark.engines

PIPELINE = """
pipeline: shop
sources:
  raw_sales: {path: sales.csv, columns: {id: string, amount: integer}}
stages:
  fct_sales: {kind: publish, from: raw_sales, key: [id], mode: replace}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Anywhere:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "sales.csv").write_text("id,amount\na,1\n", encoding="utf-8")
    return Anywhere(tmp_path, {"warehouse": "postgres", "url": "postgresql://127.0.0.1/none"}, capsys)


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_an_encrypted_connection(shop: Anywhere, encrypted_postgres: Encrypted, mode: str) -> None:
    url = f"{encrypted_postgres.url}?sslmode={mode}&sslrootcert={encrypted_postgres.certificate}"
    shop.settings = {"warehouse": "postgres", "url": url}
    shop.targets(t=shop.settings)
    shop.good()
    with shop.connected() as connection:
        encrypted = connection.execute(sa.text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
        assert encrypted.scalar_one() is True


@pytest.mark.parametrize(("mode", "said"), [("disable", "refused"), ("verify-full", "the encrypted connection failed")])
def test_a_connection_that_is_not_as_it_should_be(
    shop: Anywhere, encrypted_postgres: Encrypted, mode: str, said: str
) -> None:
    """One in the clear; and one whose certificate nobody vouches for."""
    shop.targets(t={"warehouse": "postgres", "url": f"{encrypted_postgres.url}?sslmode={mode}"})
    code, found = shop.run()
    assert code == 4
    assert said in found
    assert "target `t` (postgres://127.0.0.1:" in found
    assert "Traceback" not in found
