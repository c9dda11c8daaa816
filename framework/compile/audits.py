"""The fused scan of a relation: rows and money by bucket, and every check that a row or an aggregate decides."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from framework.algebra import BUCKET, REASONS, ROWS, Divert
from framework.assertion import Assertion, HeldTest, MeasureTest, RowTest, SetTest
from framework.compile.program import Audit, Figure, SetAudit
from framework.compile.rows import Read, lower_query
from framework.compile.tables import ADDED
from framework.ddl import column_of
from framework.expressions import types as t
from framework.expressions.lowering import Lowering, lower
from framework.expressions.tree import Call, Expression, Reference
from framework.expressions.typed import call, literal

_MONEY = t.decimal(38, 10)  # wide enough for whatever is summed; the text of a sum does not depend on it


@dataclass(frozen=True, slots=True)
class Figures:
    """What the stored rows carry beside their verdict: rows that a join added, rows that a group was made of."""

    added: bool = False
    grouped: bool = False


NO_FIGURES = Figures()


def fused(
    source: FromClause,
    buckets: Sequence[str] | None,
    money: Sequence[str],
    assertions: Iterable[Assertion],
    lowering: Lowering,
    extra: Figures = NO_FIGURES,
) -> Audit:
    """One select over `source`. `buckets` are counted apart; None where the rows carry no verdict."""
    scan = _Scan(source, lowering, buckets is not None)
    if extra.added:
        scan.added(money)
    if extra.grouped:
        grouped = sa.func.sum(column_of(source, ROWS))
        scan.add(Figure("rows", "grouped", "grouped"), sa.func.coalesce(grouped, sa.literal_column("0")))
    for bucket in buckets or ("out",):
        scan.rows(bucket)
        for name in money:
            scan.money(name, bucket)
    for assertion in assertions:
        scan.judge(assertion)
    return scan.audit()


class _Scan:
    def __init__(self, source: FromClause, lowering: Lowering, verdict: bool) -> None:
        self.source, self.lowering, self.verdict = source, lowering, verdict
        self.figures: list[Figure] = []
        self.columns: list[ColumnElement[Any]] = []

    def add(self, figure: Figure, column: ColumnElement[Any]) -> None:
        self.figures.append(figure)
        self.columns.append(column.label(f"f{len(self.figures)}"))

    def audit(self) -> Audit:
        if not self.columns:
            return Audit(None, ())
        return Audit(sa.select(*self.columns).select_from(self.source), tuple(self.figures))

    def added(self, money: Sequence[str]) -> None:
        """Rows that a join made beyond one for each that came in."""
        here = Reference(t.BOOLEAN, True, ADDED)
        self.add(Figure("rows", "added", "added"), self._lower(_count(here)))
        for name in money:
            value = replace_type(call("case", here, Reference(_MONEY, True, name)), _MONEY)
            self.add(Figure("money", name, "added"), self._lower(call("sum", value)))

    def rows(self, bucket: str) -> None:
        self.add(Figure("rows", bucket, bucket), self._lower(_count(self._in(bucket))))

    def money(self, name: str, bucket: str) -> None:
        column = Reference(_MONEY, True, name)
        here = self._in(bucket)
        value = column if here is None else call("case", here, column)
        self.add(Figure("money", name, bucket), self._lower(call("sum", replace_type(value, column.type))))

    def judge(self, assertion: Assertion) -> None:
        test = assertion.test
        if isinstance(test, HeldTest):
            named = call("contains", Reference(t.STRING, True, REASONS), literal(json.dumps(assertion.name)))
            self._failing(assertion, _all(self._in("quarantined"), named))
        elif isinstance(test, RowTest):
            self._failing(assertion, _all(self._in("out"), assertion.where, test.failing))
        elif isinstance(test, MeasureTest):
            kept = _all(self._in("out"), assertion.where)
            value = test.value
            if kept is not None and isinstance(value, Call):
                value = replace(value, filter=kept)
            self.add(Figure("measure", assertion.name), self._lower(value))

    def _failing(self, assertion: Assertion, failing: Expression | None) -> None:
        self.add(Figure("failing", assertion.name), self._lower(_count(failing)))

    def _in(self, bucket: str) -> Expression | None:
        if not self.verdict:
            return None
        return call("=", Reference(t.STRING, False, BUCKET), literal(bucket))

    def _lower(self, expression: Expression) -> ColumnElement[Any]:
        """The figure as the driver gives it: a result processor of SQLAlchemy's would make a float of money."""
        element = lower(expression, lambda reference: column_of(self.source, reference.name), self.lowering)
        return sa.type_coerce(element, sa.types.NULLTYPE)


def replace_type(e: Expression, type_: t.Type) -> Expression:
    return replace(e, type=type_)


def _count(condition: Expression | None) -> Expression:
    if condition is None:
        return call("count")
    return call("count", replace_type(call("case", condition, literal(1)), t.INTEGER))


def _all(*conditions: Expression | None) -> Expression | None:
    result: Expression | None = None
    for condition in conditions:
        if condition is not None:
            result = condition if result is None else call("and", result, condition)
    return result


def set_audits(assertions: Iterable[Assertion], read: Read, lowering: Lowering) -> tuple[SetAudit, ...]:
    """The assertions that need a query of their own; `read` gives the relation under judgement."""
    found = []
    for assertion in assertions:
        if isinstance(assertion.test, SetTest):
            found.append(SetAudit(assertion, _failures(assertion, assertion.test, read, lowering)))
    return tuple(found)


def _failures(assertion: Assertion, test: SetTest, read: Read, lowering: Lowering) -> Select[Any]:
    query = test.failing
    if assertion.where is not None:
        outside = Divert(call("is not true", assertion.where), "elsewhere")
        query = replace(query, steps=(outside, *query.steps))
    failing = lower_query(query, read, lowering, verdict=False).select.cte("failing")
    if test.count is None:
        return sa.select(sa.func.count().label("failing_rows")).select_from(failing)
    total = sa.func.coalesce(sa.func.sum(column_of(failing, test.count)), sa.literal_column("0"))
    return sa.select(total.label("failing_rows")).select_from(failing)
