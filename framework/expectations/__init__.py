"""The expectations of Great Expectations as checks, under their official names: a family in a file, found by import.

They are many, and making their models takes a tenth of a second: they are loaded where one is named.
"""

from collections.abc import Mapping
from typing import Any

from framework import plugins


def load_where_named(data: Any) -> None:
    """Makes the official checks known where the data of a file names one."""
    if _names_one(data):
        load_all()


def load_all() -> None:
    import framework.expectations

    plugins.load_all(framework.expectations)


def _names_one(data: Any) -> bool:
    if isinstance(data, Mapping):
        return any(str(key).startswith("expect_") or _names_one(value) for key, value in data.items())
    if isinstance(data, list | tuple):
        return any(_names_one(item) for item in data)
    return isinstance(data, str) and data.startswith("expect_")  # below a column it may be the word alone
