"""Where a finding is, for readers who do not share our working directory."""

from pathlib import Path


def from_root(path: str, root: str | None = None) -> str:
    """The path from the root of the checkout, by default the working directory, with `/`; of a file beyond it all."""
    above = Path(root) if root else Path.cwd()
    whole = Path(path).resolve()
    top = above.resolve()
    return (whole.relative_to(top) if whole.is_relative_to(top) else whole).as_posix()
