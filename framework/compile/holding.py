"""What is held back, across runs: which run first held a row, and what a person has discarded.

A row is known again by its content: the hash of all its columns, in the stage that holds it. It is stored with the
rows that are held, so that it is calculated once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from framework.algebra import BUCKET, REASONS
from framework.compile.rows import Rowset
from framework.compile.tables import CONTENT
from framework.ddl import FRAMEWORK_SCHEMA, column_of, table
from framework.expressions import types as t
from framework.expressions.lowering import Lowering, lower
from framework.expressions.tree import Expression, Reference
from framework.expressions.typed import call, cast
from framework.plan import StagePlan

HELD = ("rejected", "quarantined", "quarantined with its group")
JUDGED = ("out", *HELD[1:])  # where the rows end that checks which hold rows have seen
DISCARDED = "discarded"
FIRST_RUN, STAGE = "_run_id", "_stage"
THIS_RUN = "this_run"  # bound by every run

HELD_ROWS = table(FRAMEWORK_SCHEMA, "held", "stage", "content", "run_id")
DISCARDS = table(FRAMEWORK_SCHEMA, "discards", "stage", "content", "reason", "discarded_at")


@dataclass(frozen=True, slots=True)
class HoldingProgram:
    """`discard` moves what a person has discarded out of quarantine; `discarded` counts it by reason; `remember`
    keeps which run first held each row, and forgets the rows that are not held any more."""

    discard: sa.Update
    discarded: Select[Any]
    remember: tuple[Any, ...]


class Holding:
    """Statements about the held rows of one stage, as `rows` has them; `names` are the columns of `rows`."""

    def __init__(self, stage: StagePlan, lowering: Lowering, names: Collection[str]) -> None:
        self.stage, self.lowering, self.names = stage, lowering, names

    def known(self, judged: Rowset) -> Rowset:
        """The rows with a verdict, and the content of those that are held."""
        select = judged.select
        if self.lowering.pulls_up:
            select = select.offset(sa.literal_column("0"))
        rows = select.cte("_judged")  # a name that no author can give
        content = sa.case((self._is_held(rows), self._hash(rows)))
        chosen = sa.select(*(column_of(rows, n) for n in judged.names), content.label(CONTENT)).select_from(rows)
        return Rowset(chosen, (*judged.names, CONTENT))

    def program(self, candidate: sa.TableClause) -> HoldingProgram:
        discard = (
            sa.update(candidate)
            .values({BUCKET: sa.literal_column(f"'{DISCARDED}'")})
            .where(self._is_held(candidate), candidate.c[CONTENT].in_(self._discards()))
        )
        gone = candidate.alias("gone")
        reasons = sa.join(gone, DISCARDS, gone.c[CONTENT] == DISCARDS.c.content)
        discarded: Select[Any] = (
            sa.select(DISCARDS.c.reason, sa.func.count())
            .select_from(reasons)
            .where(gone.c[BUCKET] == sa.literal_column(f"'{DISCARDED}'"), DISCARDS.c.stage == self._name())
            .group_by(DISCARDS.c.reason)
            .order_by(DISCARDS.c.reason)
        )
        return HoldingProgram(discard, discarded, self._remember(candidate))

    def shown(self, rows: FromClause) -> Select[Any]:
        """The rows held back: why, by which stage, since which run."""
        listed = sa.func.coalesce(rows.c[REASONS], sa.literal_column("'[]'")).label(REASONS)
        reasons = [listed] if REASONS in self.names else []
        columns = [rows.c[n] for n in self.stage.relation.names]
        columns += [rows.c[BUCKET], *reasons, rows.c[CONTENT], self._name().label(STAGE)]
        known = HELD_ROWS.alias("_known")
        matched = sa.and_(known.c.stage == self._name(), known.c.content == rows.c[CONTENT])
        held = sa.select(*columns, known.c.run_id.label(FIRST_RUN))
        return held.select_from(sa.join(rows, known, matched, isouter=True)).where(self._is_held(rows))

    def _remember(self, candidate: FromClause) -> tuple[Any, ...]:
        held = candidate.alias("held_back")
        content = sa.select(held.c[CONTENT].label("content")).select_from(held).where(self._is_held(held))
        now = content.distinct().subquery("now")
        forget = sa.delete(HELD_ROWS).where(
            HELD_ROWS.c.stage == self._name(), HELD_ROWS.c.content.not_in(sa.select(now.c.content))
        )
        known = HELD_ROWS.alias("_known")
        there: Select[Any] = sa.select(sa.literal_column("1")).select_from(known)
        there = there.where(known.c.stage == self._name(), known.c.content == now.c.content).correlate(now)
        run = sa.bindparam(THIS_RUN, type_=sa.Text())
        new = sa.select(self._name(), now.c.content, run).select_from(now).where(~sa.exists(there))
        return forget, sa.insert(HELD_ROWS).from_select(["stage", "content", "run_id"], new)

    def _discards(self) -> Select[Any]:
        return sa.select(DISCARDS.c.content).where(DISCARDS.c.stage == self._name())

    def _name(self) -> ColumnElement[Any]:
        escaped = self.stage.name.replace("'", "''")
        return sa.literal_column(f"'{escaped}'")

    def _is_held(self, rows: FromClause) -> ColumnElement[bool]:
        return column_of(rows, BUCKET).in_([sa.literal_column(f"'{b}'") for b in HELD])

    def _hash(self, rows: FromClause) -> ColumnElement[Any]:
        """A double or a json by its text, as `hash_key` refuses them."""
        values = (_hashable(Reference(c.type, c.nullable, c.name)) for c in self.stage.relation.columns)
        return lower(call("hash_key", *values), lambda r: column_of(rows, r.name), self.lowering)


def _hashable(column: Reference) -> Expression:
    return cast(column, t.STRING) if column.type.name in ("double", "json", "unknown") else column
