"""Numbers, shares and lengths of time as an author writes them: `10.5`, `0.95`, `36 hours`."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator
from pydantic_core import PydanticCustomError

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
UNITS = (*SECONDS, "month", "quarter", "year")

_DURATION = re.compile(rf"([0-9]{{1,9}})\s*({'|'.join(UNITS)})s?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Duration:
    """`number` of a `unit`; units are those of `date_add`."""

    number: int
    unit: str

    def __str__(self) -> str:
        return f"{self.number} {self.unit}"

    @property
    def seconds(self) -> int | None:
        """How many seconds that is; None for a unit that is not always as long."""
        length = SECONDS.get(self.unit)
        return None if length is None else self.number * length


def parse_duration(text: str) -> Duration | None:
    """A whole number, not zero, and a unit; None for anything else."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        return None
    return Duration(int(match[1]), match[2].lower())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _number(value: Any) -> Any:
    if not _is_number(value):
        raise PydanticCustomError("number", "a number is expected; write it without quotes")
    return value


def _share(value: Any) -> Decimal | None:
    if not _is_number(value) or not 0 < value <= 1:
        raise PydanticCustomError("share", "a share is more than 0 and at most 1; write 0.95 for 95 of 100 rows")
    return None if value == 1 else Decimal(value)


def _duration(value: Any) -> Any:
    found = parse_duration(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("duration", "a length of time is expected; write it as 36 hours or 7 days")
    return found


Number = Annotated[int | Decimal, BeforeValidator(_number, json_schema_input_type=float)]
Share = Annotated[Decimal | None, BeforeValidator(_share, json_schema_input_type=float)]
Length = Annotated[Duration, PlainValidator(_duration, json_schema_input_type=str)]
