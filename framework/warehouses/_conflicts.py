"""Statements that lost a race: another changed the table while they worked. Such a statement has done nothing, and is
done again after a pause.

Delta: docs.databricks.com/aws/en/error-messages (delta-concurrent-append-error-class and those beside it), and
docs.delta.io (io.delta.exceptions). Iceberg: apache/iceberg, CommitFailedException, MergingSnapshotProducer and
SparkCopyOnWriteScan. One that has perhaps been committed (CommitStateUnknownException) is none of them.
"""

import random
import re
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

_PAUSES = (0.2, 0.5, 1, 2, 4, 8)  # seconds; the half of it, up to all of it
_LOST = re.compile(
    r"\[DELTA_(CONCURRENT_(APPEND|DELETE_DELETE|DELETE_READ)|PROTOCOL_CHANGED)\b"
    r"|\b(Concurrent(Append|DeleteDelete|DeleteRead|Write)|MetadataChanged|ProtocolChanged)Exception\b"
    r"|org\.apache\.iceberg\.exceptions\.(CommitFailedException|ValidationException\W+Found (new )?conflicting )"
    r"|the table has been concurrently modified\. Row-level operation scan snapshot"
)
LOST = "CONCURRENT_CHANGE"


def lost(text: str) -> bool:
    """Whether an error of such a text is of a statement that lost a race."""
    return f"[{LOST}]" in text or (_LOST.search(text) is not None and "CommitStateUnknownException" not in text)


def patient(engine: sa.Engine, execute: Callable[[Any, str, Any, Any], None]) -> None:
    """Has an engine do again what lost a race. `execute` does a statement: by a cursor, its parameters, and the context
    that SQLAlchemy has for it."""

    @sa.event.listens_for(engine, "do_execute")
    def _execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        for pause in (*_PAUSES, None):
            try:
                execute(cursor, statement, parameters, context)
                break
            except Exception as error:
                if pause is None or not lost(str(error)):
                    raise
            time.sleep(pause * random.uniform(0.5, 1))
        return True
