"""Queries that judge: the fused scan of rows that are not stored, and each search that no shared scan can make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import FromClause, Select

from framework.algebra import Derive, Group
from framework.assertion import Assertion, SetTest
from framework.compile.program import Audit, SetAudit
from framework.compile.rows import Read, lower_query
from framework.compile.scan import Scan
from framework.ddl import column_of
from framework.expressions.lowering import Lowering, lower
from framework.expressions.tree import Expression
from framework.expressions.typed import call, literal

NOTHING_MORE: Mapping[str, Expression] = {}


def fused(
    source: FromClause, relation: str, buckets: Sequence[str], money: Mapping[str, str], lowering: Lowering
) -> Audit:
    """One select over rows with a verdict: rows and money by bucket."""
    scan = Scan(source, lowering, True)
    scan.relation = relation
    for bucket in buckets:
        scan.bucket(bucket, money)
    return scan.audit()


def judged(
    source: FromClause,
    relation: str,
    assertions: Iterable[Assertion],
    lowering: Lowering,
    counted: Mapping[str, Expression] = NOTHING_MORE,
) -> Audit:
    """One select over rows without a verdict: how many, how many of them for which each condition of `counted` is true,
    and every check that a row or an aggregate decides."""
    scan = Scan(source, lowering, False)
    scan.relation = relation
    scan.bucket("out", {})
    for name, condition in counted.items():
        scan.memo(name, condition)
    for assertion in assertions:
        scan.judge(assertion)
    return scan.audit()


def set_audits(assertions: Iterable[Assertion], read: Read, lowering: Lowering) -> tuple[SetAudit, ...]:
    """The assertions that need a query of their own; `read` gives the relation under judgement."""
    found = []
    for assertion in assertions:
        if isinstance(assertion.test, SetTest):
            none = _no_repetition(assertion.test, read, lowering)
            found.append(SetAudit(assertion, _failures(assertion.test, read, lowering), none))
    return tuple(found)


def _no_repetition(test: SetTest, read: Read, lowering: Lowering) -> Select[Any] | None:
    """How many more rows there are than hashes of what groups them. None where the warehouse has no hash that costs
    less than the groups."""
    if not test.repeated or not lowering.hash:
        return None
    at = next(i for i, step in enumerate(test.failing.steps) if isinstance(step, Group))
    group = test.failing.steps[at]
    assert isinstance(group, Group)
    names = tuple(name for name, _ in group.by)
    query = replace(test.failing, steps=(*test.failing.steps[:at], Derive(group.by, "grouped")), output=names)
    rows = lower_query(query, read, lowering, verdict=False).select.cte("grouped")
    # No hash is null, and rows that are alike have one.
    hashed = getattr(sa.func, lowering.hash)(*(column_of(rows, name) for name in names))
    return sa.select((sa.func.count() - sa.func.count(hashed.distinct())).label("repeated")).select_from(rows)


def _failures(test: SetTest, read: Read, lowering: Lowering) -> Select[Any]:
    if test.among is not None:
        among = lower_query(test.among.rows, read, lowering, verdict=False).select.cte("among")
        condition = call("case", test.among.condition, literal(1))
        counted = lower(call("count", condition), lambda reference: column_of(among, reference.name), lowering)
        return sa.select(counted.label("failing_rows")).select_from(among)
    failing = lower_query(test.failing, read, lowering, verdict=False).select.cte("failing")
    if test.count is None:
        return sa.select(sa.func.count().label("failing_rows")).select_from(failing)
    total = sa.func.coalesce(sa.func.sum(failing.c[test.count]), sa.literal_column("0"))
    return sa.select(total.label("failing_rows")).select_from(failing)
