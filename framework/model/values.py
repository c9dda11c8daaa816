"""The values that stand in a file: names, types, expressions, tags."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from framework.expressions.types import ALL_NAMES, TYPE_PATTERN, Type, parse_type

Value = TypeVar("Value")
Classification = Literal["phi", "none"]


def expression_text(value: Any) -> Any:
    """A scalar of YAML as the text of an expression: `paid: 0` means the number, `flag: true` the boolean."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"date '{value.isoformat()}'"
    return value


def _type(value: Any) -> Any:
    found = parse_type(value) if isinstance(value, str) else None
    if found is None:
        shown = f"`{value}` is no type" if isinstance(value, str) else "this is no type"
        raise PydanticCustomError("unknown_type", "{message}", {"message": shown, "known": ALL_NAMES})
    return found


def _any_case(pattern: str) -> str:
    """A pattern of small letters as one of letters, for JSON Schema knows no flags."""
    return re.sub(r"(?<!\\)[a-z]", lambda found: f"[{found[0].upper()}{found[0]}]", pattern)


def _name(value: str) -> str:
    if value.startswith("_"):
        raise PydanticCustomError("reserved_name", "names that begin with an underscore are the framework's own")
    return value


def _tag(value: str) -> str:
    if not value or any(char.isspace() or char in ",+:" for char in value):
        raise PydanticCustomError("wrong_tag", "a tag is one word without `,`, `+` and `:`; --select could not name it")
    return value


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """A column that is named twice says no more than once, and is most likely meant to be another."""
    seen: set[str] = set()
    wrong = []
    for index, name in enumerate(names):
        if name.lower() in seen:
            message = f"`{name}` stands here twice; leave one out, or name the column that is meant"
            error = PydanticCustomError("named_twice", "{message}", {"message": message})
            wrong.append(InitErrorDetails(type=error, loc=(index,), input=name))
        seen.add(name.lower())
    if wrong:
        raise ValidationError.from_exception_data("Names", wrong)
    return names


def _freeze(value: Mapping[str, Value]) -> Mapping[str, Value]:
    return MappingProxyType(dict(value))


def refuse_one_end(start: str, end: str) -> None:
    """Raises where a period begins and ends in one column: it has no day."""
    if start.lower() == end.lower():
        message = f"`from` and `to` are one column, and a period from `{start}` to `{end}` is empty; name where it ends"
        raise PydanticCustomError("one_end", "{message}", {"message": message})


def one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Expr = Annotated[str, BeforeValidator(expression_text, json_schema_input_type=str | int | float | bool)]
Name = Annotated[str, Field(min_length=1), AfterValidator(_name)]
Relations = Annotated[tuple[Name, ...], BeforeValidator(one_or_many, json_schema_input_type=str | tuple[str, ...])]
Names = Annotated[Relations, AfterValidator(_distinct)]
# As editors complete and mark it: the names, and whatever else is one, for capitals and blanks are free.
TypeText = Annotated[
    str,
    WithJsonSchema({"anyOf": [{"enum": list(ALL_NAMES)}, {"type": "string", "pattern": _any_case(TYPE_PATTERN)}]}),
]
TypeName = Annotated[
    Type,
    BeforeValidator(_type, json_schema_input_type=TypeText),
    Field(description="string integer decimal(p,s) double boolean date timestamp json"),
]
Orders = Annotated[tuple[Expr, ...], BeforeValidator(one_or_many, json_schema_input_type=str | tuple[str, ...])]
Tags = Annotated[
    tuple[Annotated[str, AfterValidator(_tag)], ...],
    BeforeValidator(one_or_many, json_schema_input_type=str | tuple[str, ...]),
    Field(description="Words to select it by: --select tag:word."),
]
Frozen = Annotated[Mapping[Name, Value], AfterValidator(_freeze)]


def shape(value: Any) -> str:
    """Which form of a clause stands here, so that only its own mistakes are reported."""
    if isinstance(value, Mapping):
        return "mapping"
    return "word" if isinstance(value, str) else "list"


ListOrMapping = Annotated[
    Annotated[Names, Tag("list")] | Annotated[Frozen[Value], Tag("mapping")],
    Discriminator(lambda value: "mapping" if isinstance(value, Mapping) else "list"),
]
