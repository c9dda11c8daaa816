"""A check once its names are found: what is counted, and what happens when the count is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from framework.algebra import Query, Step, expressions
from framework.expressions.tree import Expression

OnFail = Literal["stop", "quarantine", "warn"]
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class RowTest:
    """Judged row by row: `failing` is true where a row fails; null passes. Where none fails, the columns of
    `present` hold a value in every row."""

    failing: Expression
    present: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trend:
    """Bounds that come of the figure's own history: how many robust standard deviations it may lie off, once `after`
    runs have gone before."""

    deviations: float
    after: int


@dataclass(frozen=True, slots=True)
class MeasureTest:
    """One figure of the whole relation, made of aggregates, within bounds (either may be None).

    Past `warning` it warns, whatever `on_fail` says. Without a value it passes; where one is `required`, it is past
    every bound. With a `trend`, its bounds are those of the runs before.
    """

    value: Expression
    minimum: Decimal | int | None
    maximum: Decimal | int | None
    warning: int | None = None
    required: bool = False
    trend: Trend | None = None


@dataclass(frozen=True, slots=True)
class Marking:
    """How the failing rows are told one by one: steps that every row goes through, and what is then true of them."""

    steps: tuple[Step, ...]
    failing: Expression


@dataclass(frozen=True, slots=True)
class SetTest:
    """A query over the relation whose rows are the failures; `count` sums them up where a row stands for many.

    `marking` finds the same rows where they stand. `shares`: each row is judged, so that a share of them may fail.
    Where none fails, the columns of `key` are a candidate key.
    """

    failing: Query
    count: str | None = None
    marking: Marking | None = None
    shares: bool = False
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldTest:
    """Judged while the stage is built: the rows whose reasons hold the assertion's name."""


@dataclass(frozen=True, slots=True)
class ProvedTest:
    """Holds by the plan: nothing is counted."""


Test = RowTest | MeasureTest | SetTest | HeldTest | ProvedTest


@dataclass(frozen=True, slots=True)
class Assertion:
    """`name` is what results are known by; `place` is where the check stands in the pipeline's text.

    `mostly` is the least share of the rows judged that must pass; None for all of them.
    `arguments` are what the author wrote; None for a check that the framework makes itself.
    """

    name: str
    check: str
    test: Test
    on_fail: OnFail
    place: Place
    where: Expression | None = None
    description: str | None = None
    mostly: Decimal | None = None
    arguments: Mapping[str, Any] | None = field(default=None, compare=False)

    @property
    def judges_rows(self) -> bool:
        """Whether each row by itself passes or fails, so that they can be counted."""
        return isinstance(self.test, RowTest) or (isinstance(self.test, SetTest) and self.test.shares)


def judged_by(assertion: Assertion) -> Iterator[Expression]:
    """Every expression that an assertion is judged by."""
    if assertion.where is not None:
        yield assertion.where
    match assertion.test:
        case RowTest(failing=failing):
            yield failing
        case MeasureTest(value=value):
            yield value
        case SetTest(failing=query):
            yield from expressions(query)
