"""What hooks send to others: beside the run, for so long and no longer, and without a word in any log."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from time import monotonic

from framework.loggers import quiet


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
