"""A run that is killed at a chosen moment: `python killed.py PIPELINE NUMBER PHASE`.

Statements and commits of every connection are counted. At the one of that number the process is killed before it,
after it, or a random few milliseconds into it. With the number 0 the run ends as it will, and a line for each goes
to the file `moments`.
"""

import os
import random
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from framework.cli import main

PIPELINE, NUMBER, PHASE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
SEEN: list[str] = []


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def moment(text: str) -> None:
    SEEN.append(" ".join(text.split())[:90])
    if len(SEEN) == NUMBER and PHASE == "before":
        die()
    if len(SEEN) == NUMBER and PHASE == "during":
        threading.Timer(random.Random(NUMBER).uniform(0.0005, 0.01), die).start()


PUBLISHING: list[Any] = []  # the connection that publishes: others look after locks meanwhile


@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def before(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
    if "UPDATE _framework.publishing" in statement:
        PUBLISHING.append(connection)
    moment(statement)


@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def after(*_: Any) -> None:
    if len(SEEN) == NUMBER and PHASE == "after":
        die()


@sa.event.listens_for(sa.Engine, "commit")
def commit(connection: Any) -> None:
    moment("COMMIT of what is published" if connection in PUBLISHING else "COMMIT")


code = main(["run", PIPELINE, "--output", "json"])
if NUMBER == 0:
    Path("moments").write_text("\n".join(SEEN), encoding="utf-8")
sys.exit(code)
