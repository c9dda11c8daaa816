"""Ctrl-C during a run: what the warehouse is doing is stopped at once, and the end of the run is not disturbed.

Python hears of a signal between two of its own instructions, and a statement of a warehouse can be one instruction that
takes an hour. So a thread waits for the byte that the interpreter writes the moment a signal comes.
"""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread, current_thread, main_thread
from types import FrameType
from typing import Self

_AGAIN = 0.2  # seconds: the statement may have begun a moment after it was to be stopped
_ENDED = 5  # seconds that a last attempt to stop something may take


class Interruption:
    """The first Ctrl-C raises KeyboardInterrupt, and no other does; `came` says that there was one.

    None does after the body of `stops`: what is left to do is short, and is done to its end. After one that came the
    signal stays ignored, for the command is over; who goes on listens again. Where somebody else listens to the signal,
    or the run is not in the main thread, nothing is changed.
    """

    def __init__(self) -> None:
        self.came = False
        self._raises = True
        self._stop: Callable[[], None] | None = None
        self._over = Event()

    def __enter__(self) -> Self:
        self._listens = current_thread() is main_thread() and (
            signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._listens:
            self._heard, self._told = socket.socketpair()
            self._told.setblocking(False)
            self._before = signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
            self._thread = Thread(target=self._watch, name="interruption", daemon=True)
            self._thread.start()
            signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: object) -> None:
        if not self._listens:
            return
        self._over.set()
        signal.set_wakeup_fd(self._before)
        self._told.close()
        self._thread.join(_ENDED)
        self._heard.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN if self.came else signal.default_int_handler)

    @contextmanager
    def stops(self, stop: Callable[[], None]) -> Iterator[None]:
        """`stop` is called, by another thread, as long as an interrupted body goes on. Raises KeyboardInterrupt."""
        self._stop = stop
        try:
            yield
        finally:
            self._raises, self._stop = False, None

    @contextmanager
    def listens_again(self) -> Iterator[None]:
        """A Ctrl-C in the body raises KeyboardInterrupt, after one that came as well: somebody else's code may wait
        there for ever."""
        if not (self._listens and self.came):
            yield
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _interrupted(self, _: int, __: FrameType | None) -> None:
        first, self.came = not self.came, True
        if first and self._raises:
            raise KeyboardInterrupt

    def _watch(self) -> None:
        while sent := self._heard.recv(1):
            if sent[0] != signal.SIGINT:
                continue
            while not self._over.is_set():
                if (stop := self._stop) is not None:
                    stop()
                self._over.wait(_AGAIN)
