"""A value as the YAML of a test writes it; so is it shown as well, and can be copied."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from framework.yaml_source.spelling import spelt


def written(value: Any) -> str:
    """On one line; text is quoted where it would be read as something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return spelt(value.isoformat(" "))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return row(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(item) for item in value)}]"
    return str(value) if isinstance(value, int | float) else spelt(str(value))


def row(values: Mapping[str, Any]) -> str:
    """A row as a mapping in braces."""
    return f"{{{', '.join(entries(values))}}}"


def entries(values: Mapping[str, Any]) -> Iterator[str]:
    """The pairs of a mapping in braces."""
    return (f"{spelt(name)}: {written(value)}" for name, value in values.items())
