"""The one scan of stored rows: how many ended where, what money they hold, and every check that a row decides."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from framework.algebra import BUCKET, REASONS, ROWS
from framework.assertion import Assertion, HeldTest, MeasureTest, RowTest, SetTest
from framework.compile.folding import Member
from framework.compile.holding import DISCARDED, JUDGED
from framework.compile.program import Audit, Figure, FigureKind
from framework.compile.tables import ADDED
from framework.ddl import column_of
from framework.expressions import types as t
from framework.expressions.lowering import Lowering, conversion, lower
from framework.expressions.strictness import every
from framework.expressions.tree import Call, Expression, Reference, transform
from framework.expressions.typed import call, literal

_MONEY = t.decimal(38, 10)  # wide enough for whatever is summed; the text of a sum does not depend on it
_ROWS_OF_GROUP = Reference(t.INTEGER, True, ROWS)


class Scan:
    """`verdict` says whether the rows carry the bucket that they ended in; `names` are the stored columns."""

    def __init__(self, source: FromClause, lowering: Lowering, verdict: bool, names: Sequence[str] = ()) -> None:
        self.source, self.lowering, self.verdict = source, lowering, verdict
        self.names = frozenset(names)
        self.relation, self.unknown = "", False
        self.figures: list[Figure] = []
        self.columns: list[ColumnElement[Any]] = []

    def audit(self) -> Audit:
        if not self.columns:
            return Audit(None, ())
        return Audit(sa.select(*self.columns).select_from(self.source), tuple(self.figures))

    # -- what is asked

    def stored(self, member: Member) -> None:
        """The figures of the stage whose rows these are."""
        self.relation = member.stage.name
        self.unknown = member.stage.publication is not None and bool(member.stage.publication.unknown)
        if ADDED in self.names:
            self._added(member.stage.balance)
        self._grouped(member)
        money = dict(zip(member.stage.balance, member.stage.balance, strict=True))
        discarded = (DISCARDED,) if member.stage.query.holds else ()
        for bucket in (*member.buckets, *discarded, "out"):
            self.bucket(bucket, money)
        for assertion in member.stage.assertions:
            self.judge(assertion)

    def folded(self, member: Member, ended: Sequence[str]) -> None:
        """The figures of a stage computed on the way; rows in the buckets `ended` had gone before it."""
        self.relation = member.stage.name
        self._grouped(member)
        for name, bucket in member.buckets.items():
            here = self._ended(bucket)
            self._count("rows", name, name, here)
            for balance, column in member.money.items():
                self._sum(balance, name, call("case", here, Reference(_MONEY, True, column)))
        out = self._not_in(*ended, *member.buckets.values(), "unknown")
        self._out_of(member, out)
        for name, column in member.money.items():
            value = Reference(_MONEY, True, column)
            self._sum(name, "out", value if member.grouped or out is None else call("case", out, value))
        for assertion in member.stage.assertions:
            if isinstance(assertion.test, MeasureTest):
                self._out_of(member, out, assertion)
            elif isinstance(assertion.test, RowTest):
                self._travelled(member, "failing", assertion.name, member.failing[assertion.name], out)
                if assertion.name in member.judged:
                    self._travelled(member, "judged", assertion.name, member.judged[assertion.name], out)
                if assertion.name in member.seen:
                    self._travelled(member, "seen", assertion.name, member.seen[assertion.name], out)

    def bucket(self, bucket: str, money: Mapping[str, str]) -> None:
        """The rows that ended in a bucket, and the sums of their money columns, each by its balance column."""
        here = self._in(bucket)
        self._count("rows", bucket, bucket, here)
        for name, column in money.items():
            value = Reference(_MONEY, True, column)
            self._sum(name, bucket, value if here is None else call("case", here, value))

    def memo(self, name: str, condition: Expression) -> None:
        """The rows for which a condition is true, wherever they ended."""
        self._count("memo", name, "out", condition)

    def judge(self, assertion: Assertion) -> None:
        test = assertion.test
        if isinstance(test, HeldTest):
            named = call("contains", Reference(t.STRING, True, REASONS), literal(json.dumps(assertion.name)))
            self._count("failing", assertion.name, "out", every(self._in("quarantined"), named))
            if assertion.judges_rows:
                self._looked_at(assertion, self._in(*JUDGED))
        elif isinstance(test, RowTest):
            self._count("failing", assertion.name, "out", every(self._in("out"), assertion.where, test.failing))
            self._looked_at(assertion, self._in("out"))
        elif isinstance(test, SetTest) and test.shares:
            self._looked_at(assertion, self._shown(), whole=not self.unknown)
        elif isinstance(test, MeasureTest):
            kept = every(self._in("out"), assertion.where)
            value = over(test.value, kept)
            element = self._lower(value)
            if value.type == t.DOUBLE:
                element = sa.type_coerce(conversion(element, t.DOUBLE, self.lowering), sa.types.NULLTYPE)
            self._add(Figure(self.relation, "measure", assertion.name), element)

    # -- how it is counted

    def _looked_at(self, assertion: Assertion, here: Expression | None, *, whole: bool = True) -> None:
        """How many rows were judged, and of how many, where it is not all of those that came out."""
        if assertion.where is not None or assertion.judged is not None or not whole:
            self._count("judged", assertion.name, "out", every(here, assertion.where, assertion.judged))
        if assertion.judged is not None and (assertion.where is not None or not whole):
            self._count("seen", assertion.name, "out", every(here, assertion.where))

    def _added(self, money: Sequence[str]) -> None:
        """Rows that a join made beyond one for each that came in."""
        here = Reference(t.BOOLEAN, True, ADDED)
        self._count("rows", "added", "added", here)
        for name in money:
            self._sum(name, "added", call("case", here, Reference(_MONEY, True, name)))

    def _grouped(self, member: Member) -> None:
        """The rows that the member's own group was made of, and their money."""
        if ROWS in self.names and not member.grouped and member.groups:
            self._total("rows", "grouped", "grouped", _ROWS_OF_GROUP)
            for name, column in member.grouped_money.items():
                self._sum(name, "grouped", Reference(_MONEY, True, column))

    def _travelled(self, member: Member, kind: FigureKind, subject: str, column: str, out: Expression | None) -> None:
        """The rows for which a hidden column is true, or the sum of what groups have counted of them."""
        here = Reference(t.BOOLEAN, True, column)
        if member.grouped:
            self._total(kind, subject, "out", replace(here, type=t.INTEGER))
        else:
            self._count(kind, subject, "out", every(out, here))

    def _out_of(self, member: Member, out: Expression | None, assertion: Assertion | None = None) -> None:
        """The rows that came out of a folded stage; the same figure for a check of their number."""
        kind: FigureKind = "rows" if assertion is None else "measure"
        subject = "out" if assertion is None else assertion.name
        if member.grouped:
            self._total(kind, subject, "out", _ROWS_OF_GROUP)
        else:
            self._count(kind, subject, "out", out)

    def _add(self, figure: Figure, column: ColumnElement[Any]) -> None:
        self.figures.append(figure)
        self.columns.append(column.label(f"f{len(self.figures)}"))

    def _count(self, kind: FigureKind, subject: str, bucket: str, condition: Expression | None) -> None:
        counted = call("count") if condition is None else call("count", _typed(call("case", condition, literal(1))))
        self._add(Figure(self.relation, kind, subject, bucket), self._lower(counted))

    def _total(self, kind: FigureKind, subject: str, bucket: str, column: Expression) -> None:
        """A sum over the rows that groups were made of, zero where there is no group."""
        total = sa.func.coalesce(self._lower(call("sum", column)), sa.literal_column("0"))
        self._add(Figure(self.relation, kind, subject, bucket), total)

    def _sum(self, name: str, bucket: str, value: Expression) -> None:
        total = call("sum", replace(value, type=_MONEY))
        self._add(Figure(self.relation, "money", name, bucket), self._lower(total))

    def _in(self, *buckets: str) -> Expression | None:
        return self._ended(*buckets) if self.verdict else None

    def _ended(self, *buckets: str) -> Expression:
        column = Reference(t.STRING, False, BUCKET)
        return call("=" if len(buckets) == 1 else "in", column, *map(literal, buckets))

    def _shown(self) -> Expression | None:
        """The rows that those who read the stage will see, the framework's own unknown row among them."""
        out = self._in("out")
        return call("or", out, self._in("unknown") or out) if out is not None and self.unknown else out

    def _not_in(self, *buckets: str) -> Expression | None:
        if not self.verdict:
            return None
        return call("not", call("in", Reference(t.STRING, False, BUCKET), *map(literal, buckets)))

    def _lower(self, expression: Expression) -> ColumnElement[Any]:
        """The figure as the driver gives it: a result processor of SQLAlchemy's would make a float of money."""
        element = lower(expression, lambda reference: column_of(self.source, reference.name), self.lowering)
        return sa.type_coerce(element, sa.types.NULLTYPE)


def over(value: Expression, kept: Expression | None) -> Expression:
    """A figure of the rows for which a condition holds."""
    return value if kept is None else transform(value, lambda e: _only(e, kept))


def _only(e: Expression, kept: Expression) -> Expression:
    """An aggregate over the rows for which a condition holds."""
    if isinstance(e, Call) and e.function.kind == "aggregate":
        return replace(e, filter=every(e.filter, kept))
    return e


def _typed(e: Expression) -> Expression:
    return replace(e, type=t.INTEGER)
