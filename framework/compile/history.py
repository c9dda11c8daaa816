"""`history`: a row for each period in which the others of its columns held; closed and opened, never overwritten."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from framework.compile.matching import FALSE, NEVER, ONE, TRUE, ZERO, Matching, exists
from framework.dml import When
from framework.expressions.lowering import lower
from framework.expressions.tree import Reference
from framework.expressions.typed import CLOCK, literal
from framework.plan import IS_CURRENT, VALID_FROM, VALID_TO


class History(Matching):
    """Each row of the candidate begins at the run's clock, and stands if it differs from the current one of its key.

    A row that began at this very moment, in an earlier run of the same clock, is replaced: its period would be empty.
    """

    @property
    def closes(self) -> bool:
        """Whether the current row of a key that is gone ends."""
        return self.publication.deletes != "keep"

    def changes(self) -> Select[Any]:
        new = self.candidates(unknown=False).cte("candidate")
        deleted: ColumnElement[Any] = ZERO
        if self.closes:
            gone = (self.live.c[IS_CURRENT], ~exists(new, self.live, self.same_key(new, self.live)))
            deleted = self.how_many(*gone, *self.not_unknown(self.live))
        current = sa.select(*(self.live.c[n] for n in self.names)).where(self.live.c[IS_CURRENT])
        return self.compared(new, current, deleted)

    def counted(self) -> list[ColumnElement[Any]]:
        return [self.live.c[IS_CURRENT]]

    def apply(self) -> Iterator[Any]:
        live, now = self.live, lower(CLOCK["now"], _no_column, self.lowering)
        new = self.candidates().subquery("candidate")
        current, same = live.c[IS_CURRENT], self.same_key(new, live)
        differs = exists(new, live, same, self.differ(new, live))
        began = exists(new, live, same, self.differ(new, live), new.c[VALID_FROM] == live.c[VALID_FROM])
        closed = sa.update(live).values({VALID_TO: now, IS_CURRENT: FALSE})
        yield sa.delete(live).where(current, began)
        yield closed.where(current, differs)
        if self.closes:
            gone = ~exists(new, live, same)
            yield sa.delete(live).where(current, live.c[VALID_FROM] == now, gone)
            yield closed.where(current, gone)
        standing = live.alias("standing")
        stands = exists(standing, new, standing.c[IS_CURRENT], self.same_key(new, standing))
        yield self.insert(sa.select(*(new.c[n] for n in self.names)).where(~stands))

    def at_once(self) -> Any:
        """A new row comes twice where it ends another: to close that one, and to be inserted."""
        live, now = self.live, lower(CLOCK["now"], _no_column, self.lowering)
        current = live.c[IS_CURRENT]
        one = self.candidates().subquery("new_row")
        ends = exists(
            live,
            one,
            current,
            self.same_key(one, live),
            self.differ(one, live),
            one.c[VALID_FROM] != live.c[VALID_FROM],
        )
        columns = [one.c[name] for name in self.names]
        looking = sa.select(*columns, TRUE.label("_looks"))
        opening = sa.select(*columns, FALSE.label("_looks")).where(ends)
        new = sa.union_all(looking, opening).subquery("candidate")
        differs = self.differ(new, live)
        closed = {VALID_TO: now, IS_CURRENT: FALSE}
        began = sa.and_(differs, new.c[VALID_FROM] == live.c[VALID_FROM])
        whens = [When("matched", self.valued(new), began), When("matched", closed, differs)]
        if self.closes:
            whens += [
                When("gone", None, sa.and_(current, live.c[VALID_FROM] == now)),
                When("gone", closed, current),
            ]
        on = sa.and_(new.c["_looks"], current, self.same_key(new, live))
        return self.merged(new, on, *whens)

    def after(self, standing: Mapping[str, str], now: datetime) -> Any:
        if not standing:
            return self.candidates()
        new = self.candidates().subquery("candidate")
        old = self.standing(standing).subquery("standing")
        same = sa.and_(old.c[IS_CURRENT], self.same_key(new, old))
        unchanged = exists(old, new, same, ~self.differ(new, old))
        opened = sa.select(*(new.c[n] for n in self.names)).where(~unchanged)
        return sa.union_all(self._earlier(old, lower(literal(now), _no_column, self.lowering)), opened)

    def _earlier(self, old: FromClause, now: ColumnElement[Any]) -> Select[Any]:
        """The rows that stand, those closed that the candidate ends, without those that began at this moment."""
        new = self.candidates().add_columns(ONE.label("_here")).subquery("candidate")
        current, here = old.c[IS_CURRENT], new.c["_here"].is_not(None)
        differs = sa.and_(current, here, self.differ(new, old))
        gone = sa.and_(current, ~here) if self.closes else NEVER
        empty = sa.or_(
            sa.and_(differs, old.c[VALID_FROM] == new.c[VALID_FROM]), sa.and_(gone, old.c[VALID_FROM] == now)
        )
        closed = sa.or_(differs, gone)
        shown = {
            VALID_TO: sa.case((closed, now), else_=old.c[VALID_TO]).label(VALID_TO),
            IS_CURRENT: sa.case((closed, FALSE), else_=current).label(IS_CURRENT),
        }
        # Whether the row is current stands in no condition of the join: DuckDB would compare every pair of rows.
        beside = sa.join(old, new, self.same_key(new, old), isouter=True)
        return sa.select(*(shown.get(n, old.c[n]) for n in self.names)).select_from(beside).where(~empty)

    def ahead(self) -> Select[Any]:
        now = lower(CLOCK["now"], _no_column, self.lowering)
        later = sa.or_(self.live.c[VALID_FROM] > now, self.live.c[VALID_TO] > now)
        return sa.select(sa.func.count()).select_from(self.live).where(later)


def _no_column(reference: Reference) -> Any:
    raise TypeError(f"a constant refers to {reference.name}")
