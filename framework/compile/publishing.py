"""How a candidate is applied to the published table: by key, touching only the rows that change."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from framework.algebra import BUCKET
from framework.compile.program import PublishProgram, Statement
from framework.compile.tables import Tables
from framework.ddl import CreateTableAs, CreateView
from framework.expressions.lowering import Lowering, conversion, lower
from framework.expressions.tree import Reference
from framework.expressions.typed import call
from framework.plan import Publication, StagePlan


def publishing(stage: StagePlan, tables: Tables, lowering: Lowering, *, verdict: bool) -> PublishProgram:
    """The statements that make a candidate stand."""
    return _Publishing(stage, tables, lowering, verdict).program()


class _Publishing:
    def __init__(self, stage: StagePlan, tables: Tables, lowering: Lowering, verdict: bool) -> None:
        assert stage.publication is not None
        self.stage, self.tables, self.lowering, self.verdict = stage, tables, lowering, verdict
        self.publication: Publication = stage.publication
        self.names = stage.relation.names

    def program(self) -> PublishProgram:
        stage, tables = self.stage, self.tables
        live, candidate = tables.live(stage), tables.candidate(stage)
        empty = sa.select(*(candidate.c[n] for n in self.names)).where(sa.literal_column("1 = 0"))
        return PublishProgram(
            CreateTableAs(live, empty, empty=True),
            self._changes(),
            tuple(self._apply()),
            lambda standing: CreateView(tables.next(stage), self._next(standing)),
        )

    # -- which rows

    def _candidates(self, names: Sequence[str], *, unknown: bool = True) -> Select[Any]:
        """The candidate's rows that are to stand, the framework's own unknown row among them if asked for."""
        candidate = self.tables.candidate(self.stage)
        select = sa.select(*(candidate.c[n] for n in names)).select_from(candidate)
        if not self.verdict:
            return select
        buckets = ("out", "unknown") if unknown else ("out",)
        return select.where(candidate.c[BUCKET].in_([sa.literal_column(f"'{b}'") for b in buckets]))

    def _same_key(self, one: FromClause, other: FromClause) -> ColumnElement[bool]:
        """Key equality is GROUP BY's. A hash joins where no column of the key is sure to hold a value."""
        surrogate = self.publication.surrogate_key
        if surrogate is not None:
            return one.c[surrogate] == other.c[surrogate]
        columns = [self.stage.relation.column(name) for name in self.publication.key]
        parts: list[ColumnElement[Any]] = []
        for column in columns:
            assert column is not None
            pair = one.c[column.name], other.c[column.name]
            parts.append(pair[0].is_not_distinct_from(pair[1]) if column.nullable else pair[0] == pair[1])
        if all(c is not None and c.nullable for c in columns):
            parts.insert(0, self._hash(one) == self._hash(other))
        return sa.and_(*parts)

    def _hash(self, side: FromClause) -> ColumnElement[Any]:
        columns = (self.stage.relation.column(name) for name in self.publication.key)
        references = (Reference(c.type, c.nullable, c.name) for c in columns if c is not None)
        return lower(call("hash_key", *references), lambda r: side.c[r.name], self.lowering)

    def _differ(self, one: FromClause, other: FromClause) -> ColumnElement[bool]:
        compared = [n for n in self.names if n not in self.publication.key and n != self.publication.surrogate_key]
        if not compared:
            return sa.literal_column("1 = 0")
        return sa.or_(*(one.c[n].is_distinct_from(other.c[n]) for n in compared))

    # -- statements

    def _changes(self) -> Select[Any]:
        """inserted, updated, unchanged, deleted: each counted by a predicate of its own."""
        replaces = self.publication.mode == "replace"
        live = self.tables.live(self.stage)
        if not self.publication.key:
            candidate = self._candidates((), unknown=False).with_only_columns(sa.func.count()).scalar_subquery()
            gone = sa.select(sa.func.count()).select_from(live).scalar_subquery()
            zero: ColumnElement[Any] = sa.literal_column("0")
            return sa.select(
                candidate.label("inserted"),
                zero.label("updated"),
                zero.label("unchanged"),
                gone.label("deleted"),
            )
        new = self._candidates(self.names, unknown=False).cte("candidate")
        old = sa.select(*(live.c[n] for n in self.names), sa.literal_column("1").label("_stands")).cte("standing")
        join = sa.join(new, old, self._same_key(new, old), isouter=True)
        stands = old.c["_stands"].is_not(None)
        differ = self._differ(new, old)
        deleted: ColumnElement[Any] = sa.literal_column("0")
        if replaces:
            absent = ~sa.exists(sa.select(sa.literal_column("1")).where(self._same_key(new, live)).select_from(new))
            kept = self._not_unknown(live)
            deleted = sa.select(sa.func.count()).select_from(live).where(absent, *kept).scalar_subquery()
        return sa.select(
            sa.func.count(sa.case((~stands, sa.literal_column("1")))).label("inserted"),
            sa.func.count(sa.case((sa.and_(stands, differ), sa.literal_column("1")))).label("updated"),
            sa.func.count(sa.case((sa.and_(stands, ~differ), sa.literal_column("1")))).label("unchanged"),
            deleted.label("deleted"),
        ).select_from(join)

    def _not_unknown(self, live: FromClause) -> list[ColumnElement[Any]]:
        """The unknown row stands outside the ledger."""
        if not self.publication.unknown:
            return []
        candidate = self.tables.candidate(self.stage).alias("unknown_row")
        row: Select[Any] = sa.select(sa.literal_column("1")).select_from(candidate)
        is_unknown = candidate.c[BUCKET] == sa.literal_column("'unknown'")
        return [~sa.exists(row.where(is_unknown, self._same_key(candidate, live)))]

    def _apply(self) -> list[Statement]:
        live = self.tables.live(self.stage)
        if self.publication.mode == "replace":
            every = sa.insert(live).from_select(list(self.names), self._candidates(self.names))
            return [sa.delete(live), every]
        new = self._candidates(self.names).subquery("candidate")
        changed: Select[Any] = sa.select(sa.literal_column("1")).select_from(new)
        changed = changed.where(self._same_key(new, live), self._differ(new, live)).correlate(live)
        standing = self.tables.live(self.stage).alias("standing")
        new = self._candidates(self.names).subquery("candidate")
        there: Select[Any] = sa.select(sa.literal_column("1")).select_from(standing)
        there = there.where(self._same_key(new, standing)).correlate(new)
        missing = sa.select(*(new.c[n] for n in self.names)).select_from(new).where(~sa.exists(there))
        return [
            sa.delete(live).where(sa.exists(changed)),
            sa.insert(live).from_select(list(self.names), missing),
        ]

    def _next(self, standing: Collection[str]) -> Any:
        """The table after this run: the candidate, and what stands and is not replaced by it.

        `standing` are the columns of the table that stands, none where there is no such table: one that it
        does not have yet is null in its rows.
        """
        if self.publication.mode == "replace" or not standing:
            return self._candidates(self.names)
        live = self.tables.live(self.stage)
        new = self._candidates(self.names).subquery("candidate")
        same: Select[Any] = (
            sa.select(sa.literal_column("1")).select_from(new).where(self._same_key(new, live)).correlate(live)
        )
        columns = (live.c[n] if n in standing else self._null(n) for n in self.names)
        kept = sa.select(*columns).select_from(live).where(~sa.exists(same))
        return sa.union_all(self._candidates(self.names), kept)

    def _null(self, name: str) -> ColumnElement[Any]:
        column = self.stage.relation.column(name)
        assert column is not None
        return conversion(sa.null(), column.type, self.lowering).label(name)
