"""Publishing on a warehouse where no two statements are one transaction: written down, done one by one, struck out.

Until all is done readers can see some tables as they will be and others as they were. A run that is cut off there is
finished by the next, before it does anything else: no statement does more when it is done again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy.exc import DBAPIError

from framework import standing
from framework.execute.session import Session, refused

Statement = tuple[str | None, Any]  # with the stage whose table it changes; None where it is a record


@contextmanager
def prepared(
    session: Session, pipeline: str, run_id: str, statements: Sequence[Statement], sure: Callable[[], None]
) -> Iterator[Callable[[int], None]]:
    """Gives what does the next so many of the statements, as long as `sure` does not raise Stopped.

    Without an error all are done at the end.
    """
    texts = [(stage, session.literal(statement)) for stage, statement in statements]
    with session.transaction():
        # As text: there can be more values in it than a statement may have parameters.
        rows = standing.publication(pipeline, run_id, [text for _, text in texts])
        session.connection.exec_driver_sql(session.literal(rows))
    waiting = iter(texts)

    def do(count: int) -> None:
        phase = list(islice(waiting, count))
        try:
            _surely(session, phase, sure)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # Whether the statement that was lost is done is not known. It is done again behind those before it: what
            # puts rows in comes after what takes them away.
            _surely(session, phase, sure)

    yield do
    struck_out(session, pipeline, run_id)


def struck_out(session: Session, pipeline: str, run_id: str) -> None:
    """The publication of a run is over."""
    with session.transaction():
        standing.publication_done(session.connection, pipeline, run_id)


def finish(session: Session, pipeline: str) -> str | None:
    """Finishes what a run of the pipeline was cut off in; its id, or None where there is nothing to finish."""
    session.begins("finishing what an earlier run began to publish")
    with session.transaction():
        found = standing.prepared(session.connection, session.warehouse, pipeline)
    if found is None:
        return None
    run_id, texts = found
    session.begins(f"finishing what run {run_id} began to publish, as `{standing.PREPARED.fullname}` has it")
    for text in texts:
        _do(session, text)
    struck_out(session, pipeline, run_id)
    return run_id


def refuse_unfinished(session: Session, pipelines: Sequence[str]) -> None:
    """Raises Stopped where one of the pipelines was cut off while it published: its tables may not agree."""
    for pipeline in pipelines:
        if standing.prepared(session.connection, session.warehouse, pipeline) is not None:
            what = f"pipeline `{pipeline}`, whose tables this one reads, is publishing, or was cut off while it did"
            raise refused(what, f"wait for its run to end, or run `{pipeline}`: it finishes that first")


def _surely(session: Session, texts: Sequence[tuple[str | None, str]], sure: Callable[[], None]) -> None:
    for stage, text in texts:
        session.begins("recording what is published" if stage is None else f"publishing `{stage}`", stage)
        with session.transaction():
            sure()
        _do(session, text)


def _do(session: Session, text: str) -> None:
    with session.transaction():
        session.connection.exec_driver_sql(text)
