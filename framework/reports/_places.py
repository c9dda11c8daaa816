"""Where a finding is, for readers who do not share our working directory."""

import os
from pathlib import Path


def from_root(path: str) -> str:
    """The path with `/` from the root of the checkout, or of the working directory where GitHub has made none.

    A step may work in a folder of the checkout, and notes are placed by the path from its root. A file beyond it keeps
    its whole path.
    """
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    whole = Path(path).resolve()
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()
