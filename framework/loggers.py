"""The loggers of packages that others have written: what they say may hold an address, or the value of a cell."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from warnings import filterwarnings

_LOCK = Lock()
_USERS: Counter[str] = Counter()
_HEARD: dict[str, bool] = {}
_NOTHING = logging.NullHandler()


@contextmanager
def quiet(*names: str) -> Iterator[None]:
    """Keeps what loggers, and those below them, say from being printed. Handlers that somebody gave to one of them hear
    it still."""
    # It names the host, whatever logs do. A warning is no logger's, and cannot be told whose it is.
    filterwarnings("ignore", message="Unverified HTTPS request")
    with _LOCK:
        for name in names:
            if not _USERS[name]:
                logger = logging.getLogger(name)
                _HEARD[name], logger.propagate = logger.propagate, False
                logger.addHandler(_NOTHING)  # without one the last resort of logging would print
            _USERS[name] += 1
    try:
        yield
    finally:
        with _LOCK:
            for name in names:
                _USERS[name] -= 1
                if not _USERS[name]:
                    logger = logging.getLogger(name)
                    logger.propagate = _HEARD[name]
                    logger.removeHandler(_NOTHING)
