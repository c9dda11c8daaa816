"""What is held back, across runs: which run first held a row, and what a person has discarded.

A row is known again by its content: the hash of all its columns, in the stage that holds it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from framework.algebra import BUCKET, REASONS
from framework.compile.tables import FRAMEWORK_SCHEMA
from framework.ddl import table
from framework.expressions import types as t
from framework.expressions.lowering import Lowering, lower
from framework.expressions.tree import Expression, Reference
from framework.expressions.typed import call, cast
from framework.plan import StagePlan

HELD = ("rejected", "quarantined", "quarantined with its group")
DISCARDED = "discarded"
CONTENT, FIRST_RUN, STAGE = "_content", "_run_id", "_stage"
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

    def program(self, candidate: sa.TableClause) -> HoldingProgram:
        discard = (
            sa.update(candidate)
            .values({BUCKET: sa.literal_column(f"'{DISCARDED}'")})
            .where(self._is_held(candidate), self._content(candidate).in_(self._discards()))
        )
        gone = candidate.alias("gone")
        reasons = sa.join(gone, DISCARDS, self._content(gone) == DISCARDS.c.content)
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
        reasons = [rows.c[REASONS]] if REASONS in self.names else []
        columns = [rows.c[n] for n in self.stage.relation.names]
        held = sa.select(*columns, rows.c[BUCKET], *reasons, self._content(rows).label(CONTENT))
        inner = held.select_from(rows).where(self._is_held(rows)).cte("held_back")
        known = HELD_ROWS.alias("known")
        matched = sa.and_(known.c.stage == self._name(), known.c.content == inner.c[CONTENT])
        return sa.select(*inner.c, self._name().label(STAGE), known.c.run_id.label(FIRST_RUN)).select_from(
            sa.join(inner, known, matched, isouter=True)
        )

    def _remember(self, candidate: FromClause) -> tuple[Any, ...]:
        held = candidate.alias("held_back")
        content = sa.select(self._content(held).label("content")).select_from(held).where(self._is_held(held))
        now = content.distinct().subquery("now")
        forget = sa.delete(HELD_ROWS).where(
            HELD_ROWS.c.stage == self._name(), HELD_ROWS.c.content.not_in(sa.select(now.c.content))
        )
        known = HELD_ROWS.alias("known")
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
        return rows.c[BUCKET].in_([sa.literal_column(f"'{b}'") for b in HELD])

    def _content(self, rows: FromClause) -> ColumnElement[Any]:
        """Hashed for the rows in hand alone: a double or a json by its text, as `hash_key` refuses them."""
        values = (_hashable(Reference(c.type, c.nullable, c.name)) for c in self.stage.relation.columns)
        return lower(call("hash_key", *values), lambda r: rows.c[r.name], self.lowering)


def _hashable(column: Reference) -> Expression:
    return cast(column, t.STRING) if column.type.name in ("double", "json", "unknown") else column
