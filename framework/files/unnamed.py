"""Temporary files without a name: what they hold is patient data, and is gone with the process however that ends."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HANDLES = ("/proc/self/fd", "/dev/fd")


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A file open for writing and reading, and a path by which this process alone can open it."""

    file: BinaryIO
    path: Path


@contextmanager
def unnamed() -> Iterator[Unnamed]:
    """A temporary file; where the system has no paths for open files, one with a name in a folder of our own."""
    folder = next((f for f in _HANDLES if os.path.isdir(f)), None)
    if folder is not None:
        with tempfile.TemporaryFile() as file:
            yield Unnamed(file, Path(folder) / str(file.fileno()))
        return
    with tempfile.TemporaryDirectory(prefix="framework-") as named:
        path = Path(named) / "rows"
        with path.open("w+b") as file:
            yield Unnamed(file, path)
