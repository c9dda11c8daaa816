"""Judges a relation: the figures of its fused scan and of its own queries become check results."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from framework.assertion import Assertion, HeldTest, MeasureTest
from framework.compile.program import Audit, SetAudit
from framework.run import CheckResult, CheckStatus


def judge(
    relation: str,
    assertions: Iterable[Assertion],
    audit: Audit,
    audited: Sequence[Any],
    sets: Iterable[tuple[SetAudit, int, str]],
    places: Mapping[str, str],
) -> tuple[CheckResult, ...]:
    """A result for each assertion, in order. `sets` gives each query's count and its text."""
    figures = {
        figure.subject: value
        for figure, value in zip(audit.figures, audited, strict=True)
        if figure.relation == relation and figure.kind in ("failing", "measure")
    }
    counted = {audit.assertion.name: (count, text) for audit, count, text in sets}
    return tuple(_result(relation, assertion, figures, counted, places) for assertion in assertions)


def _result(
    relation: str,
    assertion: Assertion,
    figures: Mapping[str, Any],
    counted: Mapping[str, tuple[int, str]],
    places: Mapping[str, str],
) -> CheckResult:
    query: str | None = None
    failing: int | None
    if isinstance(assertion.test, MeasureTest):
        failing, bad = None, not _within(assertion.test, figures[assertion.name])
    else:
        if assertion.name in counted:
            failing, query = counted[assertion.name]
        else:
            failing = int(figures[assertion.name] or 0)
        bad = failing > 0
    return CheckResult(
        relation,
        assertion.name,
        assertion.check,
        assertion.on_fail,
        _status(assertion, bad),
        failing,
        places.get(assertion.name, ""),
        query if bad else None,
    )


def _within(test: MeasureTest, value: Any) -> bool:
    if value is None:
        return True
    return (test.minimum is None or value >= test.minimum) and (test.maximum is None or value <= test.maximum)


def _status(assertion: Assertion, bad: bool) -> CheckStatus:
    if not bad:
        return "passed"
    if assertion.on_fail == "warn":
        return "warned"
    held = isinstance(assertion.test, HeldTest)
    return "quarantined" if held and assertion.on_fail == "quarantine" else "failed"


def stops(results: Iterable[CheckResult]) -> bool:
    """Whether one of the results must keep the run from publishing."""
    return any(result.status == "failed" for result in results)
