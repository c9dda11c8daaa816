"""What a plan becomes for one warehouse: statements, in the order in which they run. Data, no connection."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.sql.selectable import FromClause, Select, TableClause

from framework.assertion import Assertion
from framework.compile.holding import HoldingProgram
from framework.ddl import CreateIndex, CreateTableAs, CreateView, DropColumn, RenameTable
from framework.plan import Plan, SourcePlan, StagePlan

Statement = Any  # an SQLAlchemy element that can be executed


FigureKind = Literal["rows", "memo", "money", "failing", "judged", "seen", "measure"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a fused scan of a relation's rows.

    `subject` is a bucket, the name of a memo, a balance column in it, or an assertion's name. Of the rows `seen`, those
    of its `where`, an assertion has `judged` the ones that hold what it looks at.
    """

    relation: str
    kind: FigureKind
    subject: str
    bucket: str = "out"


@dataclass(frozen=True, slots=True)
class Audit:
    """One scan of a relation: a column per figure, in order. None where there is nothing to count."""

    select: Select[Any] | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class SetAudit:
    """A query of its own for an assertion that no shared scan can judge: one number, the failing rows. `none` is a
    cheaper one, where the warehouse has it: when it says 0, no row fails."""

    assertion: Assertion
    select: Select[Any]
    none: Select[Any] | None = None


@dataclass(frozen=True, slots=True)
class SourceHolding:
    """What of a source could not be read: `malformed` the lines that a load left out, which `counted` counts, and
    `unreadable` the rows with a value that is not of its type. None where every value is a text."""

    table: TableClause
    malformed: Select[Any]
    counted: Select[Any]
    unreadable: Select[Any] | None


@dataclass(frozen=True, slots=True)
class SourceProgram:
    """`holding` is of files alone: a table of the warehouse has no lines. `asked` are the columns that are read."""

    source: SourcePlan
    table: FromClause
    audit: Audit
    sets: tuple[SetAudit, ...] = ()
    holding: SourceHolding | None = None
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstPublication:
    """How a candidate becomes the table where none stands, with no row written twice.

    The rows that do not come out leave it, then the columns that no reader sees; then it takes the name. `changes`
    counts what is left: inserted, updated, unchanged, deleted.
    """

    leave: Statement | None
    strip: tuple[DropColumn, ...]
    changes: Select[Any]
    rename: RenameTable


@dataclass(frozen=True, slots=True)
class PublishProgram:
    """How a candidate becomes what stands.

    `create` makes the empty table where there is none, and `indexes` then go with it. `changes` counts inserted,
    updated, unchanged and deleted rows before `apply` makes them so, inside the run's one publishing transaction.
    `next` shows the table as it will be, to stages that read it, given the columns of the one that stands, each under
    the name that it has there, and the run's clock. `filled` are the columns that a table which gains them has a value
    in from the start. `ahead` counts the rows that stand for a moment after the run's clock; None where the mode has
    no moments.

    A full refresh makes the table what the candidate is: `rebuilt` counts, given the columns that stay as they are,
    and `rebuild` does it. `counted` says how many rows stand, the unknown row left out. `held` keeps the rows that were
    held back, for the candidate goes once it has served. `first` is how it is done where no table stands, None where
    the table is kept otherwise than the candidate. `anew` makes the table again in one statement, where a warehouse
    commits each that changes what tables are like.
    """

    create: CreateTableAs
    indexes: tuple[CreateIndex, ...]
    changes: Select[Any]
    apply: tuple[Statement, ...]
    next: Callable[[Mapping[str, str], datetime], CreateView]
    filled: Mapping[str, Statement]
    ahead: Select[Any] | None
    rebuilt: Callable[[Collection[str]], Select[Any]]
    rebuild: tuple[Statement, ...]
    counted: Select[Any]
    held: CreateTableAs | None = None
    first: FirstPublication | None = None
    anew: CreateTableAs | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One ledger line of a program, beside what the scan of the stored rows tells.

    `inputs` count what came in, a select for each input, by name: rows, then the money of the columns `carried`; empty
    where the rows came out of the account before. `before` counts by bucket the rows that left before a group.
    `scanned` are inputs whose rows the scan of the source has counted. `unused` count, by the name of each join, the
    rows of its right side that no row used; empty where that was not asked for.
    """

    stage: StagePlan
    carried: tuple[str, ...]
    inputs: tuple[tuple[str, Select[Any]], ...]
    before: Audit | None = None
    scanned: tuple[str, ...] = ()
    unused: tuple[tuple[str, Select[Any]], ...] = ()


@dataclass(frozen=True, slots=True)
class StageProgram:
    """`build` makes the candidate, of the stage and of those folded into it: `accounts` has each, the stage last.
    `audit` and `sets` judge the candidate. `views` show the stored rows once they have their place. `reads` are
    the relations that must stand before."""

    stage: StagePlan
    build: CreateTableAs | CreateView
    accounts: tuple[Account, ...]
    audit: Audit
    sets: tuple[SetAudit, ...]
    views: tuple[CreateView, ...] = ()
    publish: PublishProgram | None = None
    holding: HoldingProgram | None = None
    reads: frozenset[str] = frozenset()
    indexes: tuple[CreateIndex, ...] = ()

    @property
    def stored(self) -> bool:
        return isinstance(self.build, CreateTableAs)


@dataclass(frozen=True, slots=True)
class Program:
    """`stages` are in order. Every statement is for the one `warehouse`."""

    plan: Plan
    warehouse: str
    sources: tuple[SourceProgram, ...]
    stages: tuple[StageProgram, ...]
    schemas: tuple[str, ...] = field(default=())

    @property
    def selected(self) -> frozenset[str]:
        """The stages of this run, those folded into others among them."""
        return frozenset(account.stage.name for stage in self.stages for account in stage.accounts)
