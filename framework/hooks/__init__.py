"""Quality hooks: what hears of a run while it goes on. A file each here, or a class of a team's own.

```yaml
hooks: [great_expectations, my_package.hooks:Pager]
```
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from framework.expressions.tree import Expression
from framework.plan import Plan
from framework.project import Project
from framework.run import NO_INCIDENT, NOTHING_ASKED, Asked, CheckResult, Incident, Previous, Run, StageResult

if TYPE_CHECKING:  # `validate` looks at the names of hooks, and needs no warehouse
    import sqlalchemy as sa

    from framework.warehouse import Warehouse


class Veto(Exception):
    """Raised in `before_publish`: nothing is published. The message is shown, so that it must hold no cell value."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a run is: the plan that it follows, where and when. `started_at` is the run's clock, in UTC without zone.
    `root` is the project's folder. `previous` is None for the first run. `incident` is what has gone wrong before and
    not well since."""

    plan: Plan
    run_id: str
    target: str
    warehouse: str
    started_at: datetime
    root: Path
    asked: Asked = NOTHING_ASKED
    previous: Previous | None = None
    incident: Incident = NO_INCIDENT


class Selects(Protocol):
    def __call__(self, name: str, where: Expression | None = None, columns: Sequence[str] = ()) -> "sa.Select[Any]": ...


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that are about to be published, for hooks that look at them.

    `select` gives the rows of a relation of the run as a statement for `connection`, in some of its columns or in all;
    those of a published table as they will stand. `fetch` gives them, at most so many, with what a run binds bound.
    `engine` opens more connections, which see the same rows, but for DuckDB's, which has one. `selected` are the stages
    of the run. Nothing may be changed.
    """

    warehouse: "Warehouse"
    connection: "sa.Connection"
    engine: "sa.Engine"
    selected: frozenset[str]
    select: Selects
    fetch: Callable[[str, Expression | None, Sequence[str], int], list[tuple[Any, ...]]]


class Hook:
    """Hears of a run. Whatever a method raises, a `Veto` in `before_publish` aside, is a note of the run and no more.

    It is made once for a run, with the project that it belongs to. Where `evidence` is true, results say of every check
    how many rows it judged and how many held nothing to judge (`judged`, `missing`), which costs the scans a little.
    """

    evidence: ClassVar[bool] = False

    def __init__(self, project: Project) -> None:
        self.project = project

    def note(self, sentence: str) -> None:
        """Says something at the end of the run, where it is printed and kept: no cell value, no secret."""
        self.__dict__.setdefault("_said", []).append(sentence)

    def said(self) -> list[str]:
        """What is to be said and has not been yet."""
        found: list[str] = self.__dict__.pop("_said", [])
        return found

    def run_started(self, occasion: Occasion) -> None:
        """The run has begun; nothing is read yet."""

    def stage_built(self, occasion: Occasion, stage: StageResult, checks: Sequence[CheckResult]) -> None:
        """A stage is built and judged, and has its place where it passed. Stages that are built at once are told of
        one after another."""

    def before_publish(
        self, occasion: Occasion, checks: Sequence[CheckResult], rows: Rows
    ) -> Sequence[CheckResult] | None:
        """Everything is built and nothing has failed. `checks` are all results of the run so far.

        Results that are returned join them; one for a check that has a result already can only make it worse. One that
        is `failed`, or in `error` without `on_fail: warn`, keeps the run from publishing, as a `Veto` does.
        """

    def run_finished(self, occasion: Occasion, run: Run) -> None:
        """The run is over, however it ended, and what became of it is kept in the history. A run whose target cannot be
        opened is one that was refused: it begins and is over."""
