"""A run's results: data that is printed, kept and exported, never a cell value in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

Status = Literal["ok", "failed", "refused", "broken", "interrupted"]
# A folded stage is not stored: its one reader computes it on the way.
StageStatus = Literal["built", "folded", "published", "failed", "skipped"]
SourceStatus = Literal["read", "failed"]
# `error`: it could not be judged. `pending`: it is judged before anything is published, and the run did not come to it.
CheckStatus = Literal["passed", "proved", "failed", "warned", "quarantined", "error", "pending"]


@dataclass(frozen=True, slots=True)
class TrendResult:
    """A figure beside its history: how many runs `before` had one, and the bounds in which they let it be expected;
    None where these were too few."""

    figure: float
    before: int
    low: float | None = None
    high: float | None = None

    @property
    def holds(self) -> bool:
        return self.low is None or self.high is None or self.low <= self.figure <= self.high


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found, in counts. A `proved` one holds by the plan, and nothing was counted.

    `failing` counts rows, of `reconcile` groups; None for a check of one figure. `judged` counts the rows that a check
    of single rows looked at, and `mostly` is the least share of them that must pass. `query` finds the rows, where a
    query can. `trend` is of a check of a figure's own history. `missing` counts the rows beside those judged that hold
    nothing to judge. `figure` is what a check of one figure found: it may be a cell's value, and is for hooks that
    judge by it, never printed or kept. `error` says why a check could not be judged.
    """

    relation: str
    name: str
    check: str
    on_fail: str
    status: CheckStatus
    failing: int | None
    place: str
    query: str | None = None
    judged: int | None = None
    mostly: float | None = None
    trend: TrendResult | None = None
    missing: int | None = None
    figure: Any = field(default=None, repr=False)
    error: str | None = None

    @property
    def stops(self) -> bool:
        """Whether it must keep the run from publishing."""
        return self.status == "failed" or (self.status == "error" and self.on_fail != "warn")


_BETTER_FIRST = ("pending", "passed", "proved", "warned", "quarantined", "error", "failed")


def joined(results: Iterable[CheckResult], more: Iterable[CheckResult]) -> list[CheckResult]:
    """Results with those of others: of two for one check the worse. What nobody has judged is in error."""
    found = {(result.relation, result.name): result for result in results}
    for result in more:
        key = (result.relation, result.name)
        if key not in found or _worse(result, found[key]):
            found[key] = result
    return [_judged(result) for result in found.values()]


def _worse(one: CheckResult, other: CheckResult) -> bool:
    return _BETTER_FIRST.index(one.status) > _BETTER_FIRST.index(other.status)


def _judged(result: CheckResult) -> CheckResult:
    return replace(result, status="error", error="nobody judged it") if result.status == "pending" else result


@dataclass(frozen=True, slots=True)
class Money:
    """A balance column on the ledger's line: what came in, what each bucket holds."""

    column: str
    came_in: Decimal | None
    added: Decimal
    buckets: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Changes:
    """What publishing did to the table, in rows."""

    inserted: int
    updated: int
    unchanged: int
    deleted: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """The account of a stage, or of a source, whose kind is `source`.

    `rows_in` + `added` = the buckets' rows, `out` among them.

    An aggregate has two: rows in = the buckets before the group, `grouped` among them; groups = the buckets
    after it. `discards` are the rows of that bucket by the reason given. `faults` are the equations that do not hold.
    `memos` count rows beside the account, whatever bucket they are in: those of a source that are `unreadable`; as
    `unused <join>` those of a joined relation that no row used, where a run was asked to count them.
    """

    stage: str
    kind: str
    rows_in: int
    added: int
    buckets: dict[str, int]
    money: tuple[Money, ...] = ()
    grouped: dict[str, int] | None = None
    changes: Changes | None = None
    open: bool = False
    discards: dict[str, int] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    memos: dict[str, int] = field(default_factory=dict)

    @property
    def rows_out(self) -> int:
        return (self.buckets if self.grouped is None else self.grouped).get("out", 0)


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What was read of a source; `rows` without the malformed lines."""

    name: str
    status: SourceStatus
    seconds: float
    rows: int
    ledger: LedgerLine


@dataclass(frozen=True, slots=True)
class StageResult:
    name: str
    kind: str
    status: StageStatus
    seconds: float
    rows: int | None = None
    ledger: LedgerLine | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked of the pipeline: names of variables, never their values."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    interval: tuple[datetime, datetime] | None = None


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class Previous:
    """How the run before ended, of the same pipeline on the same target: its status, and the checks, by relation and
    name, that it found wrong."""

    status: Status
    unsound: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Incident:
    """What has gone wrong since it last went well, in the runs before that selected the same stages.

    `failed` are the checks, by relation and name, that kept a run from publishing since the last good run; None where
    none has failed since. `warned` are those that warned in a good run since the last one in which none did; None where
    none has. A run that was interrupted neither begins nor ends anything.
    """

    failed: frozenset[tuple[str, str]] | None = None
    warned: frozenset[tuple[str, str]] | None = None


NO_INCIDENT = Incident()


@dataclass(frozen=True, slots=True)
class Run:
    """`message` says in one sentence why a run is not ok; `help` what to do. `notes` are for whoever reads on."""

    run_id: str
    pipeline: str
    target: str
    warehouse: str
    started_at: datetime
    seconds: float
    status: Status
    stages: tuple[StageResult, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    message: str | None = None
    help: str | None = None
    code: str | None = None
    notes: tuple[str, ...] = ()
    asked: Asked = NOTHING_ASKED
    sources: tuple[SourceResult, ...] = ()

    @property
    def exit_code(self) -> int:
        return {"ok": 0, "failed": 1, "broken": 3, "refused": 4, "interrupted": 130}[self.status]

    @property
    def quarantined(self) -> int:
        """Rows held back in this run."""
        held = ("rejected", "quarantined", "quarantined with its group")
        return sum(s.ledger.buckets.get(b, 0) for s in self.stages if s.ledger is not None for b in held)
