"""Checks: what all of them may say, and the class that an item of `checks` asks for."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from framework.assertion import Expectation, OnFail, Place, Test
from framework.column_check import Below
from framework.draft import Draft
from framework.model.part import Model, pick
from framework.model.values import Expr
from framework.quantity import Share


class Check(Model):
    """A check: its name with its arguments, and what all checks may say.

    A subclass is declared with `name="not_null"` and has a field of that name for its arguments.
    """

    registry: ClassVar[dict[str, type["Check"]]] = {}
    check_name: ClassVar[str] = ""

    name: str | None = Field(None, description="What results are known by.")
    description: str | None = None
    on_fail: OnFail = Field("stop", description="stop the run, quarantine the failing rows, or warn.")
    where: Expr | None = Field(None, description="Only rows for which this holds are checked.")
    mostly: Share = Field(None, description="The share of the rows judged that must pass: 0.95, say.")

    @classmethod
    def __pydantic_init_subclass__(cls, *, check: str = "", **_: Any) -> None:
        if not check:
            return
        if check in Check.registry:
            raise ValueError(f"two checks are named {check}")
        cls.check_name = check
        Check.registry[check] = cls

    def resolve(self, draft: Draft, place: Place) -> Test | None:
        """What is counted; None, with findings, where a name is wrong. `place` leads to the check's arguments."""
        raise NotImplementedError

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        """The arguments of a check that stands below a column, with the column in them."""
        message = f"`{cls.check_name}` is no check of one column"
        raise PydanticCustomError("no_column_check", "{message}", {"message": message, "check": cls.check_name})

    def expectation(self) -> Expectation | None:
        """The official expectation of Great Expectations that means the same, where there is one."""
        return None

    def reads(self) -> Iterable[tuple[str, Place]]:
        """The other relations that the check names, with the path below the check."""
        return ()

    def label(self) -> str:
        """The name that results carry where the author gave none."""
        raise NotImplementedError


def check_of(value: Any) -> Any:
    return _chosen(value).model_validate(value)


def _chosen(value: Any) -> type[Check]:
    """The class of the check that an item names."""
    if not isinstance(value, Mapping):
        raise PydanticCustomError(
            "unknown_check",
            "{message}",
            {
                "message": "a check is a mapping: its name with its arguments",
                "known": tuple(sorted(Check.registry)),
            },
        )
    shared = Check.model_fields
    named = [key for key in value if key not in shared]
    known = [key for key in named if key in Check.registry]
    if len(known) > 1:
        raise PydanticCustomError(
            "two_checks",
            "{message}",
            {"message": f"two checks in one item: `{known[0]}` and `{known[1]}`; begin each with a dash"},
        )
    name = (known or named or [None])[0]
    pick(Check.registry, "check", name)
    return Check.registry[str(name)]


def _column_check(value: Any) -> Any:
    """`not_null`, or a mapping: the check's name with its arguments, but for the column."""
    column, item = (value.column, value.item) if isinstance(value, Below) else ("", value)
    body = {item: None} if isinstance(item, str) else item
    check = _chosen(body)
    name = check.check_name
    return check.model_validate({**body, name: check.of_column(column, body[name])})


AnyCheck = Annotated[Check, BeforeValidator(check_of)]
Checks = tuple[AnyCheck, ...]
ColumnChecks = Annotated[
    tuple[Annotated[Check, BeforeValidator(_column_check)], ...],
    Field(description="What must hold of the column: not_null, {range: {min: 0}}, ..."),
]
PlacedCheck = tuple[Place, Check]  # the path to it below the stage or the source
