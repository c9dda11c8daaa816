"""What one run is told beside its program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from framework.compile.holding import THIS_RUN
from framework.run import NOTHING_ASKED, Asked

Progress = Callable[[str, str], None]  # what is worked on, and what is being done with it


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one run: its id and clock, the project's folder, the target's name and place, the places of checks.

    `variables` are the values of the pipeline's variables by the names under which they are bound. `threads` is how
    many stages are built at once. `fail_fast` begins nothing more after a failure. `full_refresh` makes the published
    tables anew. `earlier` are the figures of the runs before, by relation and check, the oldest first.
    """

    run_id: str
    started_at: datetime
    root: Path
    target: str
    place: str
    schemas: Mapping[str, str]
    places: Mapping[str, Mapping[str, str]]
    variables: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1
    fail_fast: bool = False
    full_refresh: bool = False
    asked: Asked = NOTHING_ASKED
    earlier: Mapping[tuple[str, str], Sequence[float]] = field(default_factory=dict)

    def before(self, relation: str) -> Mapping[str, Sequence[float]] | None:
        """By the names of a relation's checks the figures of the runs before; None for the run of an interval, which
        sees other rows than these."""
        if self.asked.interval is not None:
            return None
        return {name: figures for (of, name), figures in self.earlier.items() if of == relation}

    @property
    def bound(self) -> dict[str, Any]:
        """What every statement of the run may name: the clock, bound once, and the variables."""
        clock = {"run_started_at": self.started_at, "run_date": self.started_at.date()}
        return {**clock, THIS_RUN: self.run_id, **self.variables}
