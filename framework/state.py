"""History beside the warehouse: runs, what their sources gave, stages and checks, in SQLite or any SQLAlchemy URL.

It is a record, never a source of truth: what stands is said by the target itself (`standing.py`).
Losing this store loses trends and nothing else.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from framework import trends
from framework.ddl import AddColumn
from framework.run import NOTHING_ASKED, Asked, Incident, Previous, Run, Status
from framework.warehouse import Refusal, Unreachable
from framework.warehouses._postgres_address import NO_DRIVER, with_driver

METADATA = sa.MetaData()

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("pipeline", sa.String(200), nullable=False),
    sa.Column("target", sa.String(200), nullable=False),
    sa.Column("started_at", sa.DateTime, nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("message", sa.Text),
    sa.Column("asked", sa.Text),
)
# What each source gave: the rows read, the lines left out, and the rows with a value that cannot be read.
SOURCES = sa.Table(
    "sources",
    METADATA,
    sa.Column("run_id", sa.String(32), sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("source", sa.String(200), primary_key=True),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("rows_out", sa.BigInteger),
    sa.Column("malformed", sa.BigInteger),
    sa.Column("unreadable", sa.BigInteger),
)
STAGES = sa.Table(
    "stages",
    METADATA,
    sa.Column("run_id", sa.String(32), sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("stage", sa.String(200), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("seconds", sa.Float),
    sa.Column("rows_out", sa.BigInteger),
    sa.Column("ledger", sa.Text),
)
CHECKS = sa.Table(
    "checks",
    METADATA,
    sa.Column("run_id", sa.String(32), sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("relation", sa.String(200), primary_key=True),
    sa.Column("name", sa.String(400), primary_key=True),
    sa.Column("kind", sa.String(60), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("failing", sa.BigInteger),
    sa.Column("judged", sa.BigInteger),
    sa.Column("figure", sa.Float),  # of a check of a figure's own history
)


class History:
    """Past runs. Raises Unreachable when the store cannot be opened."""

    def __init__(self, url: str, root: Path) -> None:
        try:
            self.engine = sa.create_engine(_placed(url, root))
            METADATA.create_all(self.engine)
            with self.engine.begin() as connection:
                _complete(connection)
        except ModuleNotFoundError as error:
            raise Unreachable(_no_driver(error)) from None
        except (SQLAlchemyError, OSError, ValueError) as error:
            # The address may hold a password, in whatever place it was written: it is not repeated.
            message = f"the state store cannot be opened ({type(error).__name__})"
            raise Unreachable(Refusal(message, "see `state:` of framework.yaml, an SQLAlchemy URL")) from None

    def begin(
        self, run_id: str, pipeline: str, target: str, started_at: datetime, asked: Asked = NOTHING_ASKED
    ) -> None:
        row = {"run_id": run_id, "pipeline": pipeline, "target": target, "started_at": started_at}
        words = json.dumps(asdict(asked), default=datetime.isoformat)
        with self.engine.begin() as connection:
            connection.execute(RUNS.insert().values({**row, "status": "running", "asked": words}))

    def end(self, run: Run) -> None:
        """What became of a run; earlier runs that never said so were killed, for only one runs at a time."""
        sources = [
            {
                "run_id": run.run_id,
                "source": s.name,
                "status": s.status,
                "seconds": s.seconds,
                "rows_out": s.rows,
                "malformed": s.ledger.buckets.get("malformed", 0),
                "unreadable": s.ledger.memos.get("unreadable", 0),
            }
            for s in run.sources
        ]
        stages = [
            {
                "run_id": run.run_id,
                "stage": s.name,
                "kind": s.kind,
                "status": s.status,
                "seconds": s.seconds,
                "rows_out": s.rows,
                "ledger": None if s.ledger is None else json.dumps(asdict(s.ledger), default=str),
            }
            for s in run.stages
        ]
        checks = [
            {
                "run_id": run.run_id,
                "relation": c.relation,
                "name": c.name,
                "kind": c.check,
                "status": c.status,
                "failing": c.failing,
                "judged": c.judged,
                "figure": None if c.trend is None else c.trend.figure,
            }
            for c in run.checks
        ]
        with self.engine.begin() as connection:
            connection.execute(
                RUNS.update()
                .where(RUNS.c.run_id == run.run_id)
                .values(status=run.status, seconds=run.seconds, message=run.message)
            )
            if run.status in _ALONE:
                connection.execute(_killed_before(run))
            for table, rows in ((SOURCES, sources), (STAGES, stages), (CHECKS, checks)):
                if rows:
                    connection.execute(table.insert(), rows)

    def runs(self, limit: int, pipeline: str | None = None) -> list[dict[str, Any]]:
        """The latest runs, newest first."""
        select = sa.select(RUNS).order_by(RUNS.c.started_at.desc(), RUNS.c.run_id).limit(limit)
        if pipeline is not None:
            select = select.where(RUNS.c.pipeline == pipeline)
        return [_told(row) for row in self._rows(select)]

    def run(self, run_id: str) -> dict[str, Any] | None:
        """One run with its sources, stages and checks; the id may be cut as long as it names one run."""
        found = list(self._rows(sa.select(RUNS).where(RUNS.c.run_id.startswith(run_id, autoescape=True)).limit(2)))
        if len(found) != 1:
            return None
        whole = found[0]["run_id"]
        return {
            **_told(found[0]),
            "sources": list(self._rows(sa.select(SOURCES).where(SOURCES.c.run_id == whole))),
            "stages": list(self._rows(sa.select(STAGES).where(STAGES.c.run_id == whole))),
            "checks": list(self._rows(sa.select(CHECKS).where(CHECKS.c.run_id == whole))),
        }

    def previous(self, pipeline: str, target: str) -> Previous | None:
        """The latest run of a pipeline on a target that came to an end."""
        of = RUNS.c.pipeline == pipeline, RUNS.c.target == target, RUNS.c.status.in_(get_args(Status))
        select = sa.select(RUNS.c.run_id, RUNS.c.status).where(*of)
        latest = next(self._rows(select.order_by(RUNS.c.started_at.desc(), RUNS.c.run_id.desc()).limit(1)), None)
        if latest is None:
            return None
        wrong = CHECKS.c.run_id == latest["run_id"], CHECKS.c.status.in_(("failed", "warned", "error"))
        found = self._rows(sa.select(CHECKS.c.relation, CHECKS.c.name).where(*wrong))
        return Previous(latest["status"], frozenset((row["relation"], row["name"]) for row in found))

    def incident(self, pipeline: str, target: str, asked: Asked = NOTHING_ASKED) -> Incident:
        """What has gone wrong since it last went well, as far as the latest runs tell."""
        of = RUNS.c.pipeline == pipeline, RUNS.c.target == target, RUNS.c.status.in_(_ENDED)
        select = sa.select(RUNS.c.run_id, RUNS.c.status, RUNS.c.asked).where(*of)
        latest = self._rows(select.order_by(RUNS.c.started_at.desc(), RUNS.c.run_id.desc()).limit(_LATEST))
        runs = [row for row in latest if _selected(row["asked"]) == (asked.select, asked.exclude)]
        failing = [row["run_id"] for row in takewhile(lambda row: row["status"] != "ok", runs)]
        good = [row["run_id"] for row in runs if row["status"] == "ok"]
        failed = self._wrong(failing, "failed", "error")
        warned = self._wrong(good, "warned", "error")
        warning = [*takewhile(lambda run_id: run_id in warned, good)]
        return Incident(
            frozenset().union(*failed.values()) if failing else None,
            frozenset().union(*(warned[run_id] for run_id in warning)) if warning else None,
        )

    def _wrong(self, run_ids: Sequence[str], *statuses: str) -> dict[str, set[tuple[str, str]]]:
        """By run, the checks with these results; runs without one are left out."""
        of = CHECKS.c.run_id.in_(run_ids), CHECKS.c.status.in_(statuses)
        found: dict[str, set[tuple[str, str]]] = {}
        for row in self._rows(sa.select(CHECKS.c.run_id, CHECKS.c.relation, CHECKS.c.name).where(*of)):
            found.setdefault(row["run_id"], set()).add((row["relation"], row["name"]))
        return found

    def figures(self, pipeline: str, target: str) -> dict[tuple[str, str], list[float]]:
        """By relation and check, the figures of the latest good runs of a pipeline on a target, the oldest first."""
        good = RUNS.c.pipeline == pipeline, RUNS.c.target == target, RUNS.c.status == "ok"
        select = (
            sa.select(CHECKS.c.relation, CHECKS.c.name, CHECKS.c.figure)
            .join(RUNS, RUNS.c.run_id == CHECKS.c.run_id)
            .where(*good, CHECKS.c.figure.is_not(None))
            .order_by(RUNS.c.started_at.desc(), RUNS.c.run_id.desc())
        )
        found: dict[tuple[str, str], list[float]] = {}
        for row in self._rows(select):
            figures = found.setdefault((row["relation"], row["name"]), [])
            if len(figures) < trends.MOST:
                figures.append(row["figure"])
        return {check: figures[::-1] for check, figures in found.items()}

    def results(self, relation: str, limit: int, pipeline: str | None = None) -> list[dict[str, Any]]:
        """The results of a relation's checks in the latest runs, newest first."""
        latest = sa.select(RUNS.c.run_id, RUNS.c.started_at, RUNS.c.pipeline, RUNS.c.target)
        latest = latest.where(RUNS.c.run_id.in_(sa.select(CHECKS.c.run_id).where(CHECKS.c.relation == relation)))
        if pipeline is not None:
            latest = latest.where(RUNS.c.pipeline == pipeline)
        runs = latest.order_by(RUNS.c.started_at.desc(), RUNS.c.run_id).limit(limit).subquery("latest")
        columns = [c for c in CHECKS.c if c.name not in ("run_id", "relation")]
        select = sa.select(runs, *columns).join(CHECKS, runs.c.run_id == CHECKS.c.run_id)
        select = select.where(CHECKS.c.relation == relation)
        return list(self._rows(select.order_by(CHECKS.c.name, runs.c.started_at.desc(), runs.c.run_id)))

    def _rows(self, select: sa.Select[Any]) -> Iterator[dict[str, Any]]:
        with self.engine.connect() as connection:
            for row in connection.execute(select):
                yield dict(row._mapping)

    def close(self) -> None:
        self.engine.dispose()


def _complete(connection: sa.Connection) -> None:
    """A store that an earlier version made gets the columns that it lacks, null in every row."""
    for table in METADATA.sorted_tables:
        there = set(connection.execute(sa.select(sa.text("*")).select_from(table).limit(0)).keys())
        for column in table.c:
            if column.name not in there:
                type_name = column.type.compile(connection.dialect)
                connection.execute(AddColumn(sa.table(table.name), column.name, type_name))


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A run with what was asked of it as data; None for one of an earlier version."""
    return {**row, "asked": json.loads(row["asked"]) if row["asked"] else None}


def _selected(asked: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a run's --select and --exclude."""
    found = json.loads(asked) if asked else {}
    return tuple(found.get("select", ())), tuple(found.get("exclude", ()))


_ENDED = ("ok", "failed", "refused", "broken")  # of its own accord
_LATEST = 200  # how far back an incident is looked for

# A run that ends so has had the pipeline to itself; another may have been refused because of one under way.
_ALONE = ("ok", "failed")


def _killed_before(run: Run) -> sa.Update:
    begun = sa.select(RUNS.c.started_at).where(RUNS.c.run_id == run.run_id).scalar_subquery()
    of_the_same = RUNS.c.pipeline == run.pipeline, RUNS.c.target == run.target, RUNS.c.run_id != run.run_id
    return (
        RUNS.update()
        .where(*of_the_same, RUNS.c.status == "running", RUNS.c.started_at <= begun)
        .values(status="killed")
    )


@contextmanager
def history(url: str, root: Path) -> Iterator[History]:
    store = History(url, root)
    try:
        yield store
    finally:
        store.close()


def _no_driver(error: ModuleNotFoundError) -> Refusal:
    if error.name == "psycopg":
        return Refusal(f"the state store cannot be opened: {NO_DRIVER.message}", NO_DRIVER.help)
    message = f"the state store cannot be opened: the package {error.name} is not installed"
    return Refusal(message, "install it, or name another driver in `state:` of framework.yaml")


def _placed(url: str, root: Path) -> sa.URL:
    """A SQLite file relative to the project's folder, its own folder made; an address of Postgres as a target takes."""
    parsed = sa.engine.make_url(url)
    if (postgres := with_driver(parsed)) is not None:
        return postgres
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return parsed
    path = root / (parsed.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    return parsed.set(database=str(path))
