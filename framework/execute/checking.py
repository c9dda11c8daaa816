"""The figures of a relation's scans, judged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from framework.assertion import Assertion
from framework.audit import judge, stops
from framework.compile.program import Audit, SetAudit
from framework.diagnostics import Code
from framework.execute.session import Session, Stopped
from framework.execute.settings import Settings
from framework.run import CheckResult, LedgerLine

OPEN_LEDGER = Code("F599", "a ledger that does not close")

SetFigure = tuple[SetAudit, int, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """`passed` is false where a result must keep the run from publishing. `notes` are for whoever reads on."""

    results: tuple[CheckResult, ...]
    passed: bool
    notes: tuple[str, ...] = ()


def set_figures(session: Session, audits: Iterable[SetAudit]) -> list[SetFigure]:
    """Each query's count of failing rows, and its text where there are any."""
    figures: list[SetFigure] = []
    for audit in audits:
        none = audit.none is not None and session.row(audit.none)[0] == 0
        count = 0 if none else int(session.row(audit.select)[0] or 0)
        figures.append((audit, count, session.text(audit.select) if count else ""))
    return figures


def judged(
    relation: str,
    assertions: Iterable[Assertion],
    audit: Audit,
    audited: Sequence[Any],
    sets: Iterable[SetFigure],
    settings: Settings,
) -> Judged:
    results = judge(
        relation, assertions, audit, audited, sets, settings.places.get(relation, {}), settings.before(relation)
    )
    return Judged(results, not stops(results))


def refuse_faults(account: LedgerLine) -> None:
    """Raises Stopped where a row or an amount is not accounted for."""
    if account.faults:
        message = f"the ledger of `{account.stage}` does not close: {'; '.join(account.faults)}"
        raise Stopped("broken", message, "this is a fault of the framework; nothing was published", OPEN_LEDGER.id)
