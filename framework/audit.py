"""Judges a relation: the figures of its fused scan and of its own queries become check results."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from framework.assertion import Assertion, HeldTest, MeasureTest, NativeTest, ProvedTest, Trend
from framework.compile.holding import JUDGED
from framework.compile.program import Audit, SetAudit
from framework.run import CheckResult, CheckStatus, TrendResult
from framework.trends import expected

TOLERANCE = 1e-9  # relative: a double is no more exact than the order in which it was summed


@dataclass(frozen=True, slots=True)
class _Figures:
    """What was counted: `found` by kind and subject, `sets` by the assertion's name with the query's text."""

    found: Mapping[tuple[str, str], Any]
    sets: Mapping[str, tuple[int, str]]

    def failing(self, assertion: Assertion) -> int:
        if assertion.name in self.sets:
            return self.sets[assertion.name][0]
        return int(self.found["failing", assertion.name] or 0)

    def judged(self, assertion: Assertion) -> int | None:
        """How many rows were judged; without a figure of its own all that were seen, where rows are judged at all."""
        own = self.found.get(("judged", assertion.name))
        return self.seen(assertion) if own is None else int(own)

    def seen(self, assertion: Assertion) -> int | None:
        """How many rows a check that judges rows was given."""
        if not assertion.judges_rows:
            return None
        kind = "seen" if assertion.judged is not None else "judged"
        own = self.found.get((kind, assertion.name))
        if own is not None:
            return int(own)
        buckets = JUDGED if isinstance(assertion.test, HeldTest) else ("out",)
        return sum(int(self.found.get(("rows", bucket)) or 0) for bucket in buckets)


def judge(
    relation: str,
    assertions: Iterable[Assertion],
    audit: Audit,
    audited: Sequence[Any],
    sets: Iterable[tuple[SetAudit, int, str]],
    places: Mapping[str, str],
    earlier: Mapping[str, Sequence[float]] | None = None,
) -> tuple[CheckResult, ...]:
    """A result for each assertion, in order. `sets` gives each query's count and its text. `earlier` has, by the name
    of an assertion with a trend, the figures of the runs before; with None no trend is judged."""
    found: dict[tuple[str, str], Any] = {
        (figure.kind, figure.subject): value
        for figure, value in zip(audit.figures, audited, strict=True)
        if figure.relation == relation
    }
    figures = _Figures(found, {audit.assertion.name: (count, text) for audit, count, text in sets})
    return tuple(_result(relation, a, figures, places.get(a.name, ""), earlier) for a in assertions)


def _result(
    relation: str,
    assertion: Assertion,
    figures: _Figures,
    place: str,
    earlier: Mapping[str, Sequence[float]] | None,
) -> CheckResult:
    failing = judged = seen = query = trend = figure = None
    match assertion.test:
        case ProvedTest():
            status: CheckStatus = "proved"
        case NativeTest():
            status = "pending"
        case MeasureTest(trend=Trend()):
            trend = _trend(assertion.test, figures.found["measure", assertion.name], assertion.name, earlier)
            status = _status(assertion, bad=trend is not None and not trend.holds)
        case MeasureTest():
            figure = figures.found["measure", assertion.name]
            status = _measured(assertion, assertion.test, figure)
        case _:
            failing, judged, seen = figures.failing(assertion), figures.judged(assertion), figures.seen(assertion)
            status = _status(assertion, bad=not _enough(assertion.mostly, failing, judged))
            if status != "passed" and assertion.name in figures.sets:
                query = figures.sets[assertion.name][1]
    mostly = None if assertion.mostly is None else float(assertion.mostly)
    return CheckResult(
        relation,
        assertion.name,
        assertion.check,
        assertion.on_fail,
        status,
        failing,
        place,
        query,
        judged,
        mostly,
        trend,
        None if seen is None or judged is None else seen - judged,
        figure,
    )


def _trend(
    test: MeasureTest, value: Any, name: str, earlier: Mapping[str, Sequence[float]] | None
) -> TrendResult | None:
    """The figure, and where the runs before let it be expected; None where there is no figure, or none is judged."""
    if value is None or earlier is None or test.trend is None:
        return None
    before = earlier.get(name, ())
    if len(before) < test.trend.after:
        return TrendResult(float(value), len(before))
    low, high = expected(before, test.trend.deviations)
    return TrendResult(float(value), len(before), low, high)


def _enough(mostly: Decimal | None, failing: int, judged: int | None) -> bool:
    """Whether as many rows pass as must."""
    if mostly is None or judged is None:
        return failing == 0
    return judged - failing >= mostly * judged


def _measured(assertion: Assertion, test: MeasureTest, value: Any) -> CheckStatus:
    if value is None:
        bounded = (test.minimum, test.maximum, test.warning) != (None, None, None)
        if not (test.required and bounded):
            return "passed"
        stale = (test.minimum, test.maximum) != (None, None)
        return _status(assertion, bad=True) if stale else "warned"
    if not (_within(test.minimum, value, test.above) and _within(value, test.maximum, test.below)):
        return _status(assertion, bad=True)
    return "passed" if _at_most(value, test.warning) else "warned"


def _within(one: Any, other: Any, strictly: bool) -> bool:
    """Whether one figure is no more than another, or less where the bound itself is out of bounds."""
    if strictly and one is not None and other is not None:
        return not _at_most(other, one)
    return _at_most(one, other)


def _at_most(one: Any, other: Any) -> bool:
    """Whether one figure is no more than another; a bound that is not there holds."""
    if one is None or other is None:
        return True
    if isinstance(one, float) or isinstance(other, float):
        return float(one) <= float(other) or math.isclose(one, other, rel_tol=TOLERANCE)
    return bool(one <= other)


def _status(assertion: Assertion, *, bad: bool) -> CheckStatus:
    if not bad:
        return "passed"
    if assertion.on_fail == "warn":
        return "warned"
    held = isinstance(assertion.test, HeldTest)
    return "quarantined" if held and assertion.on_fail == "quarantine" else "failed"


def stops(results: Iterable[CheckResult]) -> bool:
    """Whether one of the results must keep the run from publishing."""
    return any(result.stops for result in results)
