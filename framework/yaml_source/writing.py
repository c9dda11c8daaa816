"""A file written anew, whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


class Changed(Exception):
    """The file is not what it was when it was read."""


def rewrite(path: Path, before: bytes, after: bytes) -> None:
    """`after` in the place of `before`, with the file's permissions; a link stays one. Raises Changed, OSError.

    Whoever reads the path finds one or the other, also where the machine stops in between.
    """
    path = path.resolve()
    if not os.access(path, os.W_OK):
        raise PermissionError(13, os.strerror(13))
    status = path.stat()
    handle, name = tempfile.mkstemp(prefix=".framework-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        with suppress(PermissionError):  # only the superuser gives files away
            os.chown(name, status.st_uid, status.st_gid)
        os.chmod(name, status.st_mode & 0o7777)
        if path.read_bytes() != before:
            raise Changed
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
