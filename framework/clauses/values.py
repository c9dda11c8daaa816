"""Values that checks compare columns with."""

from collections.abc import Sequence
from typing import Any

from framework.assertion import Place
from framework.diagnostics import Code
from framework.draft import Draft
from framework.expressions.tree import Expression
from framework.expressions.typed import call, literal
from framework.expressions.types import widen

WRONG_VALUE = Code("F403", "a check's value of another type than its column")


def given(draft: Draft, column: Expression, value: Any, *path: str | int) -> Expression | None:
    """A value of the YAML as an expression comparable with the column."""
    expression = literal(value)
    if widen(expression.type, column.type) is None:
        draft.findings.error(
            WRONG_VALUE, (*draft.place, *path), f"the column is {column.type}, and this is {expression.type}"
        )
        return None
    return expression


def listed(draft: Draft, name: str, values: Sequence[Any], place: Place) -> Expression | None:
    """Whether the column holds one of the values."""
    column = draft.find(name, *place, "column")
    if column is None:
        return None
    reference = draft.reference(column.name)
    items = [given(draft, reference, value, *place, "values", i) for i, value in enumerate(values)]
    if not items or any(item is None for item in items):
        return None
    return call("in", reference, *(item for item in items if item is not None))
