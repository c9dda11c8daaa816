"""The files of a source, by its path."""

import glob
import re
from pathlib import Path

from framework.diagnostics import Code
from framework.files.variables import expand_variables
from framework.warehouse import MISSING_FILE, SourceProblem

OBJECT_STORE = Code("F275", "files of an object store")

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def object_store(path: str) -> str | None:
    """The scheme of an address (`s3`, `https`) in the place of a path; None for a path."""
    found = _ADDRESS.match(path)
    return None if found is None else found[1].lower()


def find(path: str, root: Path) -> tuple[Path, ...]:
    """The files of a path or a glob, sorted; relative ones from the project's folder. Raises SourceProblem."""
    path = expand_variables(path)
    store = object_store(path)
    if store is not None:
        help = "copy the files to a disk that the run sees, or load them into a table and write `table`"
        raise SourceProblem(OBJECT_STORE, f"`{store}://` is an object store; this version reads files of a disk", help)
    pattern = str(Path(glob.escape(str(root))) / path)
    if glob.has_magic(pattern):
        found = tuple(Path(name) for name in sorted(glob.glob(pattern, recursive=True)) if Path(name).is_file())
    else:
        found = (root / path,) if (root / path).is_file() else ()
    if not found:
        help = "a relative path starts at the folder of framework.yaml, or where the command runs if there is none"
        raise SourceProblem(MISSING_FILE, f"no file at {path}", help)
    return found
