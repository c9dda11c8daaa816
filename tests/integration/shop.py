"""A shop with a published table of each mode, on a target of any warehouse, read back by the warehouse's own driver."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from framework import standing
from integration.anywhere import Anywhere

PIPELINE = """
pipeline: shop
sources:
  raw_members: {path: members.csv, key: [id], columns: {id: string, city: string}}
  raw_sales: {path: sales.csv, key: [sale], columns: {sale: string, member: string, amount: "decimal(18,2)"}}
stages:
  dim_member: {kind: publish, from: raw_members, key: [id], mode: history, deletes: flag}
  fct_sales: {kind: publish, from: raw_sales, mode: upsert, deletes: remove}
  all_sales: {kind: publish, from: raw_sales, mode: append}
  sales_now: {kind: publish, from: raw_sales, mode: replace}
"""
TABLES = ("dim_member", "fct_sales", "all_sales", "sales_now")
FIRST = {"members": "a,Bonn\nb,Köln", "sales": "1,a,1.00\n2,b,2.00\n3,a,3.00"}
SECOND = {"members": "a,Rom\nc,Paris", "sales": "1,a,1.50\n3,a,3.00\n4,c,4.00"}
Rows = Mapping[str, list[tuple[str, ...]]]


class Shop(Anywhere):
    def __init__(self, root: Path, settings: Mapping[str, str], capture: pytest.CaptureFixture[str]) -> None:
        super().__init__(root, settings, capture)
        self.deliveries = 0
        (root / "shop.yaml").write_text(PIPELINE, encoding="utf-8")

    def given(self, data: Mapping[str, str]) -> None:
        """Files of long ago, each delivery later than the one before: they are trusted, however fast a test is."""
        self.deliveries += 1
        for name, header in (("members", "id,city"), ("sales", "sale,member,amount")):
            path = self.root / f"{name}.csv"
            path.write_text(f"{header}\n{data[name]}\n", encoding="utf-8")
            os.utime(path, (1_700_000_000 + self.deliveries,) * 2)

    def published(self) -> Rows:
        with self.connected() as connection:
            return {name: self.rows(connection, "marts", name) for name in TABLES}

    def commits(self) -> set[str]:
        with self.connected() as connection:
            return {str(run) for run in connection.execute(sa.select(standing.COMMITS.c.run_id)).scalars()}
