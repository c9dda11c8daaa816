"""The files of a source, by its path."""

import glob
import re
from pathlib import Path

from framework.files.variables import expand_variables
from framework.warehouse import MISSING_FILE, SourceProblem

_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+)://")
REMOTE_HELP = "copy the files to a folder of this machine, or load them into the warehouse and name the table: `table:`"


def find(path: str, root: Path) -> tuple[Path, ...]:
    """The files of a path or a glob, sorted; relative ones from the project's folder. Raises SourceProblem."""
    path = expand_variables(path)
    scheme = remote(path)
    if scheme is not None:
        raise SourceProblem(MISSING_FILE, f"files at {scheme}:// are not read", REMOTE_HELP)
    pattern = str(Path(glob.escape(str(root))) / path)
    if glob.has_magic(pattern):
        found = tuple(Path(name) for name in sorted(glob.glob(pattern, recursive=True)) if Path(name).is_file())
    else:
        found = (root / path,) if (root / path).is_file() else ()
    if not found:
        help = "a relative path starts at the folder of framework.yaml, or where the command runs if there is none"
        raise SourceProblem(MISSING_FILE, f"no file at {path}", help)
    return found


def remote(path: str) -> str | None:
    """The scheme of an address (`s3`, `https`); None for a path of this machine."""
    match = _ADDRESS.match(path)
    return match[1].lower() if match else None
