"""Program x connection -> Run: candidates beside what stands, judged, and put in place as a set."""

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa

from framework.compile.program import Program
from framework.execute.interruption import Interruption
from framework.execute.running import Execution
from framework.execute.settings import Progress, Settings
from framework.listeners import NOBODY, Listeners
from framework.run import Run
from framework.warehouse import Warehouse

__all__ = ["Interruption", "Progress", "Settings", "clock", "execute", "new_run_id"]


def new_run_id(now: datetime) -> str:
    """Sorts by time, and is told apart from the run of another process in the same second."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def clock(as_of: datetime | None = None) -> datetime:
    """The moment that every statement of a run takes for now: UTC, without zone."""
    return as_of or datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def execute(
    program: Program,
    warehouse: Warehouse,
    engine: sa.Engine,
    settings: Settings,
    progress: Progress,
    interruption: Interruption,
    listeners: Listeners = NOBODY,
) -> Run:
    """Runs a program to its end; whatever happens is in the Run, never an exception of a driver."""
    return Execution(program, warehouse, engine, settings, progress, interruption, listeners).run()
