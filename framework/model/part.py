"""What every part of a file is: frozen, with no key unknown; and a class that is chosen by a name."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic import ValidatorFunctionWrapHandler as Handler
from pydantic_core import InitErrorDetails, PydanticCustomError


class Model(BaseModel):
    """A part of a file: frozen, and an unknown key is an error that lists the known ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    def __init_subclass__(cls, **_: Any) -> None:
        """`kind=` and `check=` are for pydantic's hook of the same purpose, once the fields are known."""
        super().__init_subclass__()

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, value: Any, handler: Handler) -> Self:
        try:
            return handler(value)  # type: ignore[no-any-return]  # pydantic types the handler as Any
        except ValidationError as error:
            raise _with_known_keys(cls, error) from None

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        return tuple(f.alias or name for name, f in cls.model_fields.items())


def _with_known_keys(model: type[Model], error: ValidationError) -> ValidationError:
    """The same errors, those of an unknown key of this model with the keys it knows."""
    details = []
    for line in error.errors(include_url=False):
        context = dict(line.get("ctx") or {})
        kind, message = line["type"], line["msg"]
        if kind == "extra_forbidden" and len(line["loc"]) == 1:
            kind, context = "unknown_key", {"known": model.keys()}
        custom = PydanticCustomError(kind, "{message}", {**context, "message": message})
        details.append(InitErrorDetails(type=custom, loc=line["loc"], input=line["input"]))
    return ValidationError.from_exception_data(model.__name__, details)


def pick(registry: Mapping[str, type[Model]], what: str, name: Any) -> type[Model]:
    """A registered class by name; an unknown name lists the known ones."""
    if not isinstance(name, str) or name not in registry:
        message = f"unknown {what} `{name}`" if isinstance(name, str) else f"a {what} is expected"
        raise PydanticCustomError(
            f"unknown_{what}", "{message}", {"message": message, "known": tuple(sorted(registry))}
        )
    return registry[name]
