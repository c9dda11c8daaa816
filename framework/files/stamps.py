"""By what a file of a source is known again."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from framework.warehouse import MISSING_FILE, SourceProblem

Stamps = Mapping[str, tuple[int, int]]  # by path from the project's folder: bytes, and nanoseconds since 1970


def stamps(paths: Iterable[Path], root: Path) -> Stamps:
    """Raises SourceProblem for a file that is there no more."""
    found = {}
    for path in paths:
        name = (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
        try:
            stat = path.stat()
        except OSError:
            help = "run again when nobody moves files"
            raise SourceProblem(MISSING_FILE, f"the file {name} went while the run began", help) from None
        found[name] = (stat.st_size, stat.st_mtime_ns)
    return found


def as_version(found: Stamps) -> str:
    """The files as text, for records."""
    return "; ".join(f"{name} {size} bytes {changed}" for name, (size, changed) in found.items())
