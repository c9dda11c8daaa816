"""How a candidate is applied to the published table, by its mode: touching only the rows that change."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from framework.algebra import BUCKET
from framework.compile.history import History
from framework.compile.matching import NEVER, TRUE, ZERO, Matching, exists
from framework.compile.program import FirstPublication, PublishProgram
from framework.compile.tables import Tables
from framework.ddl import PLAIN, CreateIndex, CreateTableAs, CreateView, DropColumn, RenameTable, Storage
from framework.dml import When
from framework.plan import IS_DELETED, Mode, StagePlan
from framework.warehouse import Warehouse


def publishing(
    stage: StagePlan, tables: Tables, warehouse: Warehouse, storage: Storage, names: Sequence[str], *, verdict: bool
) -> PublishProgram:
    """The statements that make a candidate stand; `names` are the columns that it has."""
    assert stage.publication is not None
    mode = _MODES[stage.publication.mode](stage, tables, warehouse.lowering, storage.order_by, verdict=verdict)
    live = mode.live
    empty = sa.select(*(mode.candidate.c[n] for n in mode.names)).where(NEVER)
    return PublishProgram(
        CreateTableAs(live, empty, empty=True, storage=storage),
        tuple(CreateIndex(live, columns) for columns in storage.indexes),
        mode.changes(),
        tuple(mode.apply()) if warehouse.transactions else (mode.at_once(),),
        lambda standing, now: CreateView(mode.next, mode.after(standing, now)),
        {name: sa.update(live).values({name: mode.gained(name)}) for name in mode.names if mode.fills(name)},
        mode.ahead(),
        lambda standing: _rebuilt(mode, standing),
        (sa.delete(live), mode.insert(mode.candidates())) if warehouse.transactions else (mode.overwritten(),),
        sa.select(mode.how_many(*mode.not_unknown(live), *mode.counted())),
        first=_first(mode, storage, names, warehouse),
        anew=None if warehouse.transactional_ddl else mode.anew(storage),
    )


def _first(mode: Matching, storage: Storage, names: Sequence[str], warehouse: Warehouse) -> FirstPublication | None:
    """Not where the table is kept otherwise than a candidate, nor where its unknown row is known by the candidate."""
    hidden = tuple(name for name in names if name not in mode.names)
    keeps = bool(hidden) and not warehouse.dropped_columns_go
    if storage != PLAIN or mode.publication.unknown or keeps or not warehouse.transactional_ddl:
        return None
    candidate = mode.candidate
    left = sa.delete(candidate).where(candidate.c[BUCKET] != sa.literal_column("'out'")) if mode.verdict else None
    inserted = sa.func.count().label("inserted")
    figures = inserted, ZERO.label("updated"), ZERO.label("unchanged"), ZERO.label("deleted")
    changes = sa.select(*figures).select_from(candidate)
    strip = tuple(DropColumn(candidate, name) for name in hidden)
    return FirstPublication(left, strip, changes, RenameTable(candidate, mode.stage.name))


def _rebuilt(mode: Matching, standing: Collection[str]) -> Select[Any]:
    """What a full refresh does, in rows: all that stood are gone. `standing` are the columns that stay as they are."""
    new = mode.candidates(unknown=False).subquery("candidate")
    known = {*mode.publication.key, mode.publication.surrogate_key} - {None}
    kept = mode.not_unknown(mode.live) if known <= set(standing) else []
    return sa.select(
        sa.select(sa.func.count()).select_from(new).scalar_subquery().label("inserted"),
        ZERO.label("updated"),
        ZERO.label("unchanged"),
        mode.how_many(*kept).label("deleted"),
    )


class _Replaced(Matching):
    """The table is what the candidate is."""

    def changes(self) -> Select[Any]:
        if not self.publication.key:
            # Without a key no row is another one changed; the empty key is that of the one row there is.
            return self._only_row() if frozenset() in self.stage.relation.keys else _rebuilt(self, ())
        new = self.candidates(unknown=False).cte("candidate")
        gone = ~exists(new, self.live, self.same_key(new, self.live))
        return self.compared(new, self.standing(), self.how_many(gone, *self.not_unknown(self.live)))

    def _only_row(self) -> Select[Any]:
        """Where several rows stand, made before there was the key, the first takes the change and the others go."""
        first = self.standing().limit(1)
        new = self.candidates().cte("candidate")
        gone = self.how_many() - sa.select(sa.func.count()).select_from(new).scalar_subquery()
        return self.compared(new, first, sa.case((gone > ZERO, gone), else_=ZERO))

    def apply(self) -> Iterator[Any]:
        yield sa.delete(self.live)
        yield self.insert(self.candidates())

    def at_once(self) -> Any:
        return self.overwritten()

    def after(self, standing: Mapping[str, str], now: datetime) -> Any:
        return self.candidates()


class _Upserted(Matching):
    """New keys are inserted and changed rows replaced; `deletes` says what becomes of keys that are gone."""

    def changes(self) -> Select[Any]:
        new, deletes = self.candidates(unknown=False).cte("candidate"), self.publication.deletes
        deleted: ColumnElement[Any] = ZERO
        if deletes != "keep":
            flagged = [~self.live.c[IS_DELETED]] if deletes == "flag" else []
            gone = ~exists(new, self.live, self.same_key(new, self.live))
            deleted = self.how_many(*flagged, gone, *self.not_unknown(self.live))
        return self.compared(new, self.standing(), deleted)

    def apply(self) -> Iterator[Any]:
        live, new, deletes = self.live, self.candidates().subquery("candidate"), self.publication.deletes
        same, differ = self.same_key(new, live), self.differ(new, live)
        if deletes == "remove":
            yield sa.delete(live).where(~exists(new, live, same, ~differ))
        else:
            yield sa.delete(live).where(exists(new, live, same, differ))
        if deletes == "flag":
            yield sa.update(live).values({IS_DELETED: TRUE}).where(~live.c[IS_DELETED], ~exists(new, live, same))
        yield self.insert(self.missing(new))

    def at_once(self) -> Any:
        live, new, deletes = self.live, self.candidates().subquery("candidate"), self.publication.deletes
        whens = [When("matched", self.valued(new), self.differ(new, live))]
        if deletes == "remove":
            whens.append(When("gone", None))
        elif deletes == "flag":
            whens.append(When("gone", {IS_DELETED: TRUE}, ~live.c[IS_DELETED]))
        return self.merged(new, self.same_key(new, live), *whens)

    def after(self, standing: Mapping[str, str], now: datetime) -> Any:
        deletes = self.publication.deletes
        if deletes == "remove" or not standing:
            return self.candidates()
        new, old = self.candidates().subquery("candidate"), self.standing(standing).subquery("standing")
        shown: Mapping[str, Any] = {IS_DELETED: TRUE.label(IS_DELETED)} if deletes == "flag" else {}
        kept = sa.select(*(shown.get(n, old.c[n]) for n in self.names)).where(
            ~exists(new, old, self.same_key(new, old))
        )
        return sa.union_all(self.candidates(), kept)


class _Appended(Matching):
    """New keys are inserted; a row that stands is never touched, but for the unknown one, which is the framework's."""

    def changes(self) -> Select[Any]:
        return self.compared(self.candidates(unknown=False).cte("candidate"), self.standing(), ZERO)

    def differ(self, one: FromClause, other: FromClause) -> ColumnElement[bool]:
        return NEVER

    def apply(self) -> Iterator[Any]:
        if self.publication.unknown:
            yield sa.delete(self.live).where(*(~c for c in self.not_unknown(self.live)))
        yield self.insert(self.missing(self.candidates().subquery("candidate")))

    def at_once(self) -> Any:
        rows = self.candidates()
        if not self.publication.unknown:
            new = rows.subquery("candidate")
            return self.merged(new, self.same_key(new, self.live))
        is_unknown = (self.candidate.c[BUCKET] == sa.literal_column("'unknown'")).label("_unknown")
        new = rows.add_columns(is_unknown).subquery("candidate")
        return self.merged(new, self.same_key(new, self.live), When("matched", self.valued(new), new.c["_unknown"]))

    def after(self, standing: Mapping[str, str], now: datetime) -> Any:
        if not standing:
            return self.candidates()
        old = self.standing(standing).subquery("standing")
        kept = sa.select(*(old.c[n] for n in self.names)).where(*self.not_unknown(old))
        new = self.candidates(unknown=False).subquery("candidate")
        there = exists(old, new, self.same_key(new, old))
        rows = [kept, sa.select(*(new.c[n] for n in self.names)).where(~there)]
        if self.publication.unknown:
            unknown = self.candidate.c[BUCKET] == sa.literal_column("'unknown'")
            rows.append(sa.select(*(self.candidate.c[n] for n in self.names)).where(unknown))
        return sa.union_all(*rows)


_MODES: Mapping[Mode, type[Matching]] = {
    "replace": _Replaced,
    "upsert": _Upserted,
    "append": _Appended,
    "history": History,
}
