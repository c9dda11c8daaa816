"""What all official expectations share: the class, and the arguments that come again."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Literal

from pydantic import Field, StrictBool, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from framework.assertion import Expectation, Place
from framework.clauses.bounds import Bounded
from framework.clauses.checks import written
from framework.clauses.values import WRONG_COLUMN
from framework.column_check import with_column
from framework.draft import Draft
from framework.expressions.strictness import either, every
from framework.expressions.tree import Expression
from framework.expressions.typed import call
from framework.expressions.types import DATE, STRING, TIMESTAMP, UNKNOWN, Type
from framework.model import Check, Model, Name, Names
from framework.relation import Column

# What Great Expectations takes among the arguments, and a check says beside them, or not at all.
_BESIDE = {
    "mostly": "`mostly` stands beside the check, not among its arguments; write {expect_...: {...}, mostly: 0.95}",
    "row_condition": "a check has no `row_condition`; write where: condition, beside the check",
    "condition_parser": "a check has no `condition_parser`; write where: condition, beside the check",
    "severity": "a check has no `severity`; write on_fail: stop, or on_fail: warn, beside the check",
    "description": "`description` stands beside the check, not among its arguments; write it there",
    "meta": "a check has no `meta`; write description: text, beside the check",
    "notes": "a check has no `notes`; write description: text, beside the check",
    "result_format": "what a run shows of a check is the framework's to say; leave `result_format` out",
    "catch_exceptions": "a fault of the warehouse ends the run; leave `catch_exceptions` out",
    "batch_id": "a check is of the relation that it stands in; leave `batch_id` out",
    "windows": "a figure is held against its own history by `anomaly`; leave `windows` out",
    "id": "a check is known by its name; write name: text, beside the check",
}


class Arguments(Model):
    """The arguments of an official expectation, under their official names."""

    @model_validator(mode="before")
    @classmethod
    def _beside(cls, value: Any) -> Any:
        lines = []
        for key in value if isinstance(value, Mapping) else ():
            if key in _BESIDE and key not in cls.model_fields:
                error = PydanticCustomError("not_beside", "{message}", {"message": _BESIDE[key]})
                lines.append(InitErrorDetails(type=error, loc=(key,), input=value[key]))
        if lines:
            raise ValidationError.from_exception_data(cls.__name__, lines)
        return value


class Official(Check):
    """An expectation of Great Expectations. A subclass has a field of its own name, with the arguments."""

    @property
    def arguments(self) -> Any:
        return getattr(self, self.check_name)

    @property
    def subject(self) -> tuple[str, ...]:
        """The names of what it is about, for the name that results carry."""
        named = [getattr(self.arguments, key, None) for key in ("column", "column_A", "column_B")]
        return (*(name for name in named if name), *getattr(self.arguments, "column_list", ()))

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        model = cls.model_fields[cls.check_name].annotation
        if model is None or "column" not in model.model_fields:
            return super().of_column(column, arguments)
        return with_column(column, arguments)

    def label(self) -> str:
        about = ", ".join(self.subject)
        return f"{self.check_name}({about})" if about else self.check_name

    def expectation(self) -> Expectation:
        return Expectation(self.check_name, written(self.arguments))


# -- arguments


class OfColumn(Arguments):
    column: Name


class Ends(Bounded, Arguments):
    """Two bounds, each of which may be out of bounds itself."""

    ends: ClassVar[tuple[str, str]] = ("min_value", "max_value")

    strict_min: StrictBool = Field(False, description="`min_value` itself is not allowed.")
    strict_max: StrictBool = Field(False, description="`max_value` itself is not allowed.")

    @property
    def open_ends(self) -> tuple[bool, bool]:
        return self.strict_min, self.strict_max


class ColumnEnds(Ends):
    """The bounds of a column's values, or of the smallest or the largest."""

    column: Name
    min_value: Any = Field(None, description="A number, a date, or a timestamp written as text.")
    max_value: Any = Field(None, description="A number, a date, or a timestamp written as text.")

    @field_validator("min_value", "max_value")
    @classmethod
    def _has_an_order(cls, value: Any) -> Any:
        if isinstance(value, bool) or isinstance(moment(value, TIMESTAMP), str | list | Mapping):
            message = 'a number, a date or a timestamp is expected; write 2014-01-31, or "2014-01-31 10:00:00"'
            raise PydanticCustomError("no_order", "{message}", {"message": message})
        return value


class ValueSet(OfColumn):
    value_set: tuple[Any, ...] = Field(min_length=1, description="Values of the column's type.")


class Pair(Arguments):
    """Two columns, and in which rows they are not compared."""

    column_A: Name
    column_B: Name
    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"] = Field(
        "both_values_are_missing", description="Which rows are not judged."
    )


class ColumnList(Arguments):
    """Several columns, and in which rows they are not compared."""

    column_list: Names = Field(min_length=2)
    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = Field(
        "all_values_are_missing", description="Which rows are not judged."
    )

    @field_validator("column_list", mode="before")
    @classmethod
    def _a_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise PydanticCustomError("one_column", "a list of columns is expected; write [a, b]")
        return value


# -- values


def moment(value: Any, wanted: Type) -> Any:
    """A text that says a day or a moment as one, where a column holds those: Great Expectations reads it so."""
    if wanted not in (DATE, TIMESTAMP, UNKNOWN) or not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value) if len(value) == len("2014-01-31") else _naive(datetime.fromisoformat(value))
    except ValueError:
        return value


def _naive(value: datetime) -> datetime:
    if value.tzinfo is not None:
        raise ValueError("a timestamp of the language has no zone")
    return value


def ordered(draft: Draft, name: str, place: Place) -> Column | None:
    """A column of what Great Expectations puts in order: it takes no texts for bounds."""
    column = draft.find(name, *place, "column")
    if column is None or column.type.is_number or column.type.is_moment:
        return column
    message = f"`{column.name}` is {column.type}, and `{place[-1]}` wants a number, a date or a timestamp"
    help = "write range: {column: ..., min: ..., max: ...}" if column.type == STRING else None
    draft.findings.error(WRONG_COLUMN, (*draft.place, *place, "column"), message, help)
    return None


def with_moments(arguments: Any, draft: Draft, column: str, *keys: str) -> Any:
    """The arguments with their texts read as moments, where the column holds those."""
    found = draft.columns.get(column.lower())
    if found is None:
        return arguments
    changed = {}
    for key in keys:
        value = getattr(arguments, key)
        many = isinstance(value, tuple)
        changed[key] = tuple(moment(v, found.type) for v in value) if many else moment(value, found.type)
    return arguments.model_copy(update=changed)


def judged_unless(ignore_row_if: str, columns: Sequence[Expression]) -> Expression | None:
    """Which rows are judged; None where every one is."""
    there = [call("is not null", column) for column in columns if column.nullable]
    if ignore_row_if in ("both_values_are_missing", "all_values_are_missing"):
        return either(*there) if len(there) == len(columns) else None
    return every(*there) if ignore_row_if in ("either_value_is_missing", "any_value_is_missing") else None
