"""A candidate beside what stands: which rows share a key, and which of those differ."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from framework.algebra import BUCKET
from framework.compile.tables import Tables
from framework.ddl import CreateTableAs, Storage, column_of
from framework.dml import Merge, Overwrite, When
from framework.expressions.lowering import Lowering, conversion, lower
from framework.expressions.tree import Reference
from framework.expressions.typed import call
from framework.plan import HISTORY, IS_DELETED, Publication, StagePlan

ONE: ColumnElement[Any] = sa.literal_column("1")
ZERO: ColumnElement[Any] = sa.literal_column("0")
TRUE: ColumnElement[Any] = sa.literal_column("TRUE")
FALSE: ColumnElement[Any] = sa.literal_column("FALSE")
_NEARLY = ("0.999999999", "1.000000001")  # of another value, whatever its sign
NEVER: ColumnElement[Any] = sa.literal_column("1 = 0")


class Matching(ABC):
    """A mode of publishing, and the words to write one in. A side is a table or a select with the stage's columns.

    `verdict` says whether the candidate's rows carry the bucket that they ended in; `order_by` how rows are to lie.
    """

    def __init__(
        self, stage: StagePlan, tables: Tables, lowering: Lowering, order_by: Sequence[str], *, verdict: bool
    ) -> None:
        assert stage.publication is not None
        self.stage, self.lowering, self.order_by, self.verdict = stage, lowering, order_by, verdict
        self.publication: Publication = stage.publication
        self.names = stage.relation.names
        self.live, self.candidate, self.next = tables.live(stage), tables.candidate(stage), tables.next(stage)

    @abstractmethod
    def changes(self) -> Select[Any]:
        """inserted, updated, unchanged, deleted: each counted by a predicate of its own."""

    @abstractmethod
    def apply(self) -> Iterator[Any]:
        """The statements that make the table what `after` shows."""

    @abstractmethod
    def after(self, standing: Mapping[str, str], now: datetime) -> Any:
        """The table after this run: the candidate, and what stands and is not replaced by it.

        `standing` are the columns of the table that stands, each under the name that it has there; none where there
        is no such table. `now` is the run's clock: a view cannot hold a variable.
        """

    @abstractmethod
    def at_once(self) -> Any:
        """What `apply` does, in one statement, for a warehouse where no two are one transaction. Done a second time it
        changes nothing."""

    def ahead(self) -> Select[Any] | None:
        """How many rows stand for a moment after the run's clock, where a run may not write before them."""
        return None

    # -- sides

    def candidates(self, *, unknown: bool = True) -> Select[Any]:
        """The candidate's rows that are to stand, the framework's own unknown row among them if asked for."""
        select = sa.select(*(self.candidate.c[n] for n in self.names)).select_from(self.candidate)
        if not self.verdict:
            return select
        buckets = ("out", "unknown") if unknown else ("out",)
        return select.where(self.candidate.c[BUCKET].in_([sa.literal_column(f"'{b}'") for b in buckets]))

    def insert(self, rows: Select[Any]) -> Any:
        return sa.insert(self.live).from_select(list(self.names), self._laid(rows))

    def overwritten(self) -> Overwrite:
        """The candidate's rows in the place of all that stand."""
        return Overwrite(self.live, self.names, self._laid(self.candidates()))

    def anew(self, storage: Storage) -> CreateTableAs:
        """The table made again of the candidate's rows."""
        return CreateTableAs(self.live, self._laid(self.candidates()), replaces=True, storage=storage)

    def _laid(self, rows: Select[Any]) -> Select[Any]:
        """Rows in the order in which they are to lie."""
        return rows.order_by(*(rows.selected_columns[n] for n in self.order_by)) if self.order_by else rows

    def missing(self, new: FromClause) -> Select[Any]:
        """The new rows whose key no row has that stands."""
        standing = self.live.alias("standing")
        there = exists(standing, new, self.same_key(new, standing))
        return sa.select(*(new.c[n] for n in self.names)).select_from(new).where(~there)

    def standing(self, columns: Mapping[str, str] | None = None) -> Select[Any]:
        """The rows that stand; `columns` are those that their table has by now, all of the stage's if not given."""
        if columns is None:
            return sa.select(*(self.live.c[n] for n in self.names))
        shown = (self._stands(n, columns[n]) if n in columns else self.gained(n) for n in self.names)
        return sa.select(*shown).select_from(self.live)

    def _stands(self, name: str, written: str) -> ColumnElement[Any]:
        """A column of the table that stands, which may be written there in another case."""
        return self.live.c[name] if name == written else column_of(self.live, written).label(name)

    def fills(self, name: str) -> bool:
        """Whether a column that the table gains is not null in the rows that stand."""
        return name == self.publication.surrogate_key or (name == IS_DELETED and name in self.publication.kept)

    def gained(self, name: str) -> ColumnElement[Any]:
        """What a row that stands holds in a column that its table has not had: null, but in our own columns."""
        if name == self.publication.surrogate_key:
            return self.hash(self.live, self.publication.row_key).label(name)
        column = self.stage.relation.column(name)
        assert column is not None
        return conversion(FALSE if self.fills(name) else sa.null(), column.type, self.lowering).label(name)

    def merged(self, new: FromClause, on: ColumnElement[bool], *whens: When) -> Merge:
        """The new rows beside those that stand. What no key of a row that stands has is inserted."""
        return Merge(self.live, new, on, (*whens, When("new", self.valued(new))))

    def valued(self, new: FromClause) -> dict[str, Any]:
        """Every column as a new row has it."""
        return {name: new.c[name] for name in self.names}

    # -- counts

    def compared(self, new: FromClause, standing: Select[Any], deleted: ColumnElement[Any]) -> Select[Any]:
        """The figures of `changes`: the new rows beside those that stand; `deleted` is a figure by itself."""
        old = standing.add_columns(ONE.label("_stands")).cte("standing")
        stands, differ = old.c["_stands"].is_not(None), self.differ(new, old)
        return sa.select(
            _counted(~stands).label("inserted"),
            _counted(sa.and_(stands, differ)).label("updated"),
            _counted(sa.and_(stands, ~differ)).label("unchanged"),
            deleted.label("deleted"),
        ).select_from(sa.join(new, old, self.same_key(new, old), isouter=True))

    def how_many(self, *conditions: ColumnElement[Any]) -> ColumnElement[Any]:
        """How many rows of the table meet the conditions."""
        return sa.select(sa.func.count()).select_from(self.live).where(*conditions).scalar_subquery()

    def counted(self) -> list[ColumnElement[Any]]:
        """Which rows of the table the ledger's changes are about."""
        return []

    # -- conditions

    def same_key(self, one: FromClause, other: FromClause) -> ColumnElement[bool]:
        """Key equality is GROUP BY's. A hash joins where no column of the key is sure to hold a value."""
        surrogate = self.publication.surrogate_key
        # With history the stored hash is of a row, not of a key.
        if surrogate is not None and self.publication.mode != "history":
            return one.c[surrogate] == other.c[surrogate]
        columns = [self.stage.relation.column(name) for name in self.publication.key]
        parts: list[ColumnElement[Any]] = []
        for column in columns:
            assert column is not None
            pair = one.c[column.name], other.c[column.name]
            parts.append(pair[0].is_not_distinct_from(pair[1]) if column.nullable else pair[0] == pair[1])
        if not parts:
            return sa.literal_column("1 = 1")  # the empty key: one row at most
        if all(c is not None and c.nullable for c in columns):
            parts.insert(0, self.hash(one, self.publication.key) == self.hash(other, self.publication.key))
        return sa.and_(*parts)

    def hash(self, side: FromClause, names: Sequence[str]) -> ColumnElement[Any]:
        columns = (self.stage.relation.column(name) for name in names)
        references = (Reference(c.type, c.nullable, c.name) for c in columns if c is not None)
        return lower(call("hash_key", *references), lambda r: side.c[r.name], self.lowering)

    def differ(self, one: FromClause, other: FromClause) -> ColumnElement[bool]:
        """Whether rows of one key differ in what the author makes of them."""
        publication = self.publication
        ours = {*publication.key, publication.surrogate_key, *(HISTORY if publication.mode == "history" else ())}
        compared = [n for n in self.names if n not in ours]
        return sa.or_(*(self._distinct(one.c[n], other.c[n]) for n in compared)) if compared else NEVER

    def _distinct(self, one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[bool]:
        """Null equals null. Doubles that are nearly equal are equal: a sum depends on the order of its rows."""
        distinct = one.is_distinct_from(other)
        column = self.stage.relation.column(str(one.key))
        if column is None or column.type.name != "double":
            return distinct
        bounds = [other * sa.literal_column(factor) for factor in _NEARLY]
        near = one.between(sa.func.least(*bounds), sa.func.greatest(*bounds))
        return sa.and_(distinct, ~sa.func.coalesce(near, FALSE))

    def not_unknown(self, side: FromClause) -> list[ColumnElement[Any]]:
        """The unknown row stands outside the ledger."""
        if not self.publication.unknown:
            return []
        candidate = self.candidate.alias("unknown_row")
        is_unknown = candidate.c[BUCKET] == sa.literal_column("'unknown'")
        return [~exists(candidate, side, is_unknown, self.same_key(candidate, side))]


def exists(rows: FromClause, side: FromClause, *conditions: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether one of the rows meets the conditions beside a row of the side."""
    return sa.exists(sa.select(ONE).select_from(rows).where(*conditions).correlate(side))


def _counted(condition: ColumnElement[Any]) -> ColumnElement[Any]:
    return sa.func.count(sa.case((condition, ONE)))
