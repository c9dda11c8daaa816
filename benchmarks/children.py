"""The memory of a process together with that of its children while they run."""

import contextlib
import itertools
import threading
from pathlib import Path

_PROC = Path("/proc")
_SECONDS = 0.05


class Watch:
    """Looks at what a launcher started while the `with` lasts; `peak_mib` is the most that it had at a time.

    That is a process with its children; pages that they share count once. 0 for a process without children, of
    which the system keeps the peak itself, and on systems without /proc.
    """

    def __init__(self, launcher: int) -> None:
        self.peak_mib = 0.0
        self._launcher = launcher
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_SECONDS):
            started = _children(self._launcher)
            if len(started) > 1:
                self.peak_mib = max(self.peak_mib, sum(_kilobytes(process) for process in started) / 1024)


def _children(process: int) -> list[int]:
    """All of them, with those of children."""
    found: list[int] = []
    for parent in itertools.chain([process], found):
        for path in _PROC.glob(f"{parent}/task/*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in path.read_text().split()]
    return found


def _kilobytes(process: int) -> int:
    """The share of memory that is a process's own; 0 if it has ended meanwhile."""
    with contextlib.suppress(OSError):
        for line in (_PROC / str(process) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
