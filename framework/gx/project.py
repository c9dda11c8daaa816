"""A project of Great Expectations: a folder that it keeps its files in."""

from pathlib import Path
from typing import Any


def project(folder: Path) -> Any:
    """The project in a folder, made where there is none. It calls nobody, and shows no progress."""
    import great_expectations

    context: Any = great_expectations.get_context(mode="file", project_root_dir=str(folder))
    context.variables.progress_bars = {"globally": False}
    context.enable_analytics(False)
    context.variables.save()
    return context
