"""A check once its names are found: what is counted, and what happens when the count is wrong."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from framework.algebra import Query
from framework.expressions.tree import Expression

OnFail = Literal["stop", "quarantine", "warn"]
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class RowTest:
    """Judged row by row: `failing` is true where a row fails; null passes."""

    failing: Expression


@dataclass(frozen=True, slots=True)
class MeasureTest:
    """One figure of the whole relation, an aggregate, within bounds (either may be None)."""

    value: Expression
    minimum: Decimal | int | None
    maximum: Decimal | int | None


@dataclass(frozen=True, slots=True)
class SetTest:
    """A query over the relation whose rows are the failures; `count` sums them up where a row stands for many."""

    failing: Query
    count: str | None = None


@dataclass(frozen=True, slots=True)
class HeldTest:
    """Judged while the stage is built: the rows whose reasons hold the assertion's name."""


Test = RowTest | MeasureTest | SetTest | HeldTest


@dataclass(frozen=True, slots=True)
class Assertion:
    """`name` is what results are known by; `place` is where the check stands in the pipeline's text."""

    name: str
    check: str
    test: Test
    on_fail: OnFail
    place: Place
    where: Expression | None = None
    description: str | None = None
