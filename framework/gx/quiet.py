"""Great Expectations without its voice: it does not call home, and what it would log may hold a value."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from io import StringIO

from framework.warehouse import Refusal, Unreachable


def refuse_without(what: str) -> None:
    """Raises Unreachable where Great Expectations is not installed."""
    if find_spec("great_expectations") is None:
        message = f"{what} needs Great Expectations, which is not installed"
        raise Unreachable(Refusal(message, "pip install 'framework-pipelines[gx]'"))


@contextmanager
def quiet() -> Iterator[None]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")  # of its own age, and of pandas'
        before = [(logger, logger.disabled) for logger in _loggers()]
        try:
            for logger, _ in before:
                logger.disabled = True
            yield
        finally:
            for logger, was in before:
                logger.disabled = was


def _loggers() -> list[logging.Logger]:
    """Those of all its modules: one that is disabled does not keep those below it from speaking."""
    import great_expectations

    name = great_expectations.__name__
    below = [known for known in logging.root.manager.loggerDict if known.startswith(f"{name}.")]
    return [logging.getLogger(known) for known in (name, *below)]
