"""Great Expectations without its voice: it does not call home, and what it would log may hold a value."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from io import StringIO

from framework import loggers
from framework.warehouse import Refusal, Unreachable


def refuse_without(what: str) -> None:
    """Raises Unreachable where Great Expectations is not installed."""
    if find_spec("great_expectations") is None:
        message = f"{what} needs Great Expectations, which is not installed"
        raise Unreachable(Refusal(message, "pip install 'framework-pipelines[gx]'"))


@contextmanager
def quiet() -> Iterator[None]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with loggers.quiet("great_expectations"), warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")  # of its own age, and of pandas'
        yield
