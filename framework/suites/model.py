"""What a suite's file says, and what stands where one is used."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from framework.assertion import OnFail
from framework.model import Checks, Expr, Frozen, Model, Name


class SuiteModel(Model):
    """A suite: checks in which `$name` stands for a parameter."""

    suite: Name = Field(description="The suite's name; no two of a project share one.")
    description: str | None = None
    parameters: Frozen[Any] = Field(
        default_factory=dict, description="By name: a default, or nothing where a value must be given."
    )
    checks: Annotated[Checks, Field(min_length=1)]


class Use(Model):
    """A suite by name, with a value for each parameter that has no default."""

    suite: Name
    with_: Frozen[Any] = Field(default_factory=dict, alias="with", description="Parameters: a value, a list or a name.")


def _mapping(value: Any) -> Any:
    if isinstance(value, str):
        message = f"a mapping is expected; write use: {{suite: {value}}}"
        raise PydanticCustomError("no_mapping", "{message}", {"message": message})
    return value


class UseItem(Model):
    """The checks of a suite in the place of one check, and what is said of all of them."""

    use: Annotated[Use, BeforeValidator(_mapping, json_schema_input_type=Use)]
    name: str | None = Field(None, description="Stands before the name of each of its checks.")
    on_fail: OnFail | None = Field(None, description="In place of what its checks say.")
    where: Expr | None = Field(None, description="Beside what its checks say: a row is checked where both hold.")
