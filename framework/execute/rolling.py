"""Publishing on a warehouse where no two statements are one transaction: written down, done one by one, struck out.

Until all is done readers can see some tables as they will be and others as they were. A run that is cut off there is
finished by the next, before it does anything else: no statement does more when it is done again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from framework import standing
from framework.execute.session import Session, refused


@contextmanager
def prepared(
    session: Session, pipeline: str, run_id: str, statements: Sequence[Any]
) -> Iterator[Callable[[int], None]]:
    """Gives what does the next so many of the statements; without an error all are done at the end."""
    texts = [session.literal(statement) for statement in statements]
    with session.transaction():
        standing.prepare_publication(session.connection, pipeline, run_id, texts)
    waiting = iter(texts)

    def do(count: int) -> None:
        for _ in range(count):
            _do(session, next(waiting))

    yield do
    with session.transaction():
        standing.publication_done(session.connection, pipeline)


def finish(session: Session, pipeline: str) -> str | None:
    """Finishes what a run of the pipeline was cut off in; its id, or None where there is nothing to finish."""
    session.doing = "finishing what an earlier run began to publish"
    with session.transaction():
        found = standing.prepared(session.connection, session.warehouse, pipeline)
    if found is None:
        return None
    run_id, texts = found
    for text in texts:
        _do(session, text)
    with session.transaction():
        standing.publication_done(session.connection, pipeline)
    return run_id


def refuse_unfinished(session: Session, pipelines: Sequence[str]) -> None:
    """Raises Stopped where one of the pipelines was cut off while it published: its tables may not agree."""
    with session.transaction():
        for pipeline in pipelines:
            if standing.prepared(session.connection, session.warehouse, pipeline) is not None:
                what = f"pipeline `{pipeline}`, whose tables this one reads, was cut off while it published"
                raise refused(what, f"run `{pipeline}` first: it finishes that")


def _do(session: Session, text: str) -> None:
    with session.transaction():
        session.connection.exec_driver_sql(text)
