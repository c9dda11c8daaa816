"""Values that checks compare columns with."""

from collections.abc import Mapping, Sequence
from typing import Any

from framework.assertion import Place
from framework.diagnostics import Code
from framework.draft import Draft
from framework.expressions.tree import Expression
from framework.expressions.typed import call, literal
from framework.expressions.types import Type, widen

WRONG_VALUE = Code("F403", "a check's value of another type than its column")
WRONG_COLUMN = Code("F404", "a check for columns of another type")
IDLE = Code("F407", "a check that says nothing, or that nothing can pass")


def mismatch(value: Any, wanted: Type) -> tuple[str, str | None] | None:
    """Why a value of the YAML cannot stand in a column of this type, and how it is written; None where it can."""
    if isinstance(value, list | Mapping):
        return "a single value is expected", None
    found = literal(value).type
    if widen(found, wanted) is not None:
        return None
    words = {
        "string": 'quote it, "1": without quotes YAML makes a number, a date or a boolean of it',
        "date": "write a date as 2014-01-31",
        "timestamp": "write a date as 2014-01-31",
        "boolean": "write true or false",
    }
    return f"the column is {wanted}, and this is {found}", words.get(wanted.name, "write a number, without quotes")


def given(draft: Draft, column: Expression, value: Any, *path: str | int) -> Expression | None:
    """A value of the YAML as an expression comparable with the column."""
    wrong = mismatch(value, column.type)
    if wrong is not None:
        draft.findings.error(WRONG_VALUE, (*draft.place, *path), *wrong)
        return None
    return literal(value)


def there(column: Expression) -> Expression | None:
    """True where a column holds a value; None where it always does."""
    return call("is not null", column) if column.nullable else None


def listed(
    draft: Draft, name: str, values: Sequence[Any], place: Place, key: str = "values"
) -> tuple[Expression, Expression] | None:
    """The column, and whether it holds one of the values, which stand under `key`."""
    column = draft.find(name, *place, "column")
    if column is None:
        return None
    reference, items = draft.reference(column.name), []
    for index, value in enumerate(values):
        path = (*place, key, index)
        item = given(draft, reference, value, *path)
        if item is None:
            return None  # the others are most likely wrong in the same way
        if value is None:
            help = "leave it out: a null passes, and is refused by not_null"
            draft.findings.error(WRONG_VALUE, (*draft.place, *path), "null equals no value", help)
            return None
        items.append(item)
    return reference, call("in", reference, *items)
