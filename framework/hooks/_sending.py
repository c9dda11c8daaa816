"""What hooks send to others: beside the run, for so long and no longer, and without a word in any log."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from warnings import filterwarnings


class Sender:
    """Makes calls one after another in a thread of its own. One that fails is counted, and what it raises forgotten: it
    may hold an address.

    Whoever closes it waits for what is left to do, and no longer than he likes: the thread is a daemon, and does not
    keep the process.
    """

    def __init__(self, *loggers: str) -> None:
        self._loggers = loggers
        self._waiting: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self.asked = self.done = 0

    def send(self, call: Callable[[], object]) -> None:
        """`call` has done it unless it raises, or gives back False."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="sender", daemon=True)
            self._thread.start()
        self.asked += 1
        self._waiting.put(call)

    def close(self, seconds: float) -> int:
        """How many of the calls were not done by then."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(max(seconds, 0.0))
        return self.asked - self.done

    def _run(self) -> None:
        with quiet(*self._loggers):
            while (call := self._waiting.get()) is not None:
                try:
                    self.done += call() is not False
                except BaseException:  # sys.exit() of what is called is a failure too
                    continue


def failures(senders: list[Sender], seconds: float) -> list[int]:
    """How many calls each of several senders has not done once all have been waited for."""
    end = monotonic() + seconds
    return [sender.close(end - monotonic()) for sender in senders]


_LOCK = Lock()
_USERS: Counter[str] = Counter()
_HEARD: dict[str, bool] = {}
_NOTHING = logging.NullHandler()


@contextmanager
def quiet(*names: str) -> Iterator[None]:
    """Keeps what loggers, and those below them, say from being printed: they name addresses, with what stands in them.
    Handlers that somebody gave to one of them hear it still."""
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
