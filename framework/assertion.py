"""A check once its names are found: what is counted, and what happens when the count is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from framework.algebra import Query, Step, expressions
from framework.expressions.tree import Expression

OnFail = Literal["stop", "quarantine", "warn"]
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class RowTest:
    """Judged row by row: `failing` is true where a row fails; null passes. Where none fails, the columns of
    `present` hold a value in every row. `judged` is true where a row holds what is looked at; None where every row
    does."""

    failing: Expression
    present: tuple[str, ...] = ()
    judged: Expression | None = None


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
    every bound. With a `trend`, its bounds are those of the runs before. A bound that is `above` or `below` is itself
    out of bounds. The bounds are numbers, but for a figure that is a day or a text.
    """

    value: Expression
    minimum: Any
    maximum: Any
    warning: int | None = None
    required: bool = False
    trend: Trend | None = None
    above: bool = False
    below: bool = False


@dataclass(frozen=True, slots=True)
class Marking:
    """How the failing rows are told one by one: steps that every row goes through, and what is then true of them."""

    steps: tuple[Step, ...]
    failing: Expression


@dataclass(frozen=True, slots=True)
class SetTest:
    """A query over the relation whose rows are the failures; `count` sums them up where a row stands for many.

    `marking` finds the same rows where they stand. `shares`: each row is judged, so that a share of them may fail,
    and `judged` is true where it is; None where every row is. `among` says the same as `failing` for counting, where
    that is cheaper. `repeated`: the rows that fail are those of groups of more than one. Where none fails, the columns
    of `key` are a candidate key.
    """

    failing: Query
    count: str | None = None
    marking: Marking | None = None
    shares: bool = False
    key: tuple[str, ...] = ()
    judged: Expression | None = None
    among: "Among | None" = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Among:
    """Rows of which those for which the condition is true fail."""

    rows: Query
    condition: Expression


@dataclass(frozen=True, slots=True)
class HeldTest:
    """Judged while the stage is built: the rows whose reasons hold the assertion's name. `test` says what fails, where
    a check says it."""

    test: "RowTest | SetTest | None" = None


@dataclass(frozen=True, slots=True)
class ProvedTest:
    """Holds by the plan: nothing is counted."""


@dataclass(frozen=True, slots=True)
class NativeTest:
    """Judged by Great Expectations itself, on the rows as they stand before anything is published. `shares`: each row
    is judged, so that a share of them may fail."""

    shares: bool = False


Test = RowTest | MeasureTest | SetTest | HeldTest | ProvedTest | NativeTest


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a check is called by Great Expectations: the type of an expectation and its arguments, without `mostly`
    and conditions."""

    type: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Assertion:
    """`name` is what results are known by; `place` is where the check stands in the pipeline's text.

    `mostly` is the least share of the rows judged that must pass; None for all of them.
    `arguments` are what the author wrote; None for a check that the framework makes itself. `expectation` is the
    official expectation that means the same, where there is one.
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
    expectation: Expectation | None = field(default=None, compare=False)

    @property
    def judged(self) -> Expression | None:
        """True of a row that is looked at, `where` aside; None where that is every one."""
        test = self.test.test if isinstance(self.test, HeldTest) else self.test
        return test.judged if self.judges_rows and isinstance(test, RowTest | SetTest) else None

    @property
    def judges_rows(self) -> bool:
        """Whether each row by itself passes or fails, so that they can be counted."""
        if isinstance(self.test, HeldTest):
            return isinstance(self.test.test, RowTest)
        return isinstance(self.test, RowTest) or (isinstance(self.test, SetTest) and self.test.shares)


def frugal(assertion: Assertion) -> Assertion:
    """The assertion without what is counted beside its verdict."""
    test = assertion.test
    if isinstance(test, HeldTest):
        return replace(assertion, test=HeldTest())
    if assertion.mostly is None and isinstance(test, RowTest | SetTest) and test.judged is not None:
        return replace(assertion, test=replace(test, judged=None))
    return assertion


def judged_by(assertion: Assertion) -> Iterator[Expression]:
    """Every expression that an assertion is judged by."""
    if assertion.where is not None:
        yield assertion.where
    match assertion.test:
        case RowTest(failing=failing, judged=judged):
            yield failing
            if judged is not None:
                yield judged
        case MeasureTest(value=value):
            yield value
        case SetTest(failing=query):
            yield from expressions(query)
