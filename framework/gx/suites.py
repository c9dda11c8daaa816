"""The checks of a plan as the suites of Great Expectations: plain data, of which only its hook and its export make
objects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from framework.assertion import Assertion, MeasureTest, NativeTest, OnFail
from framework.compile.searches import Search, Searches
from framework.expressions.tree import Expression
from framework.plan import Plan, SourcePlan, StagePlan, relations
from framework.run import TrendResult

UNEXPECTED_ROWS = "unexpected_rows_expectation"
# What a failure means to GX. Rows that are quarantined are no failure of the run, and not as they should be.
SEVERITY: Mapping[OnFail, str] = {"stop": "critical", "warn": "warning", "quarantine": "warning"}


@dataclass(frozen=True, slots=True)
class Expected:
    """A check as an expectation. `search` has the rows that fail, where they can be asked for: the query of an
    UnexpectedRowsExpectation, which a check is that has no name of its own there. `arguments` are JSON."""

    relation: str
    assertion: Assertion
    type: str
    arguments: Mapping[str, Any]
    search: Search | None

    @property
    def severity(self) -> str:
        return SEVERITY[self.assertion.on_fail]

    @property
    def native(self) -> bool:
        """Whether only GX can judge it."""
        return isinstance(self.assertion.test, NativeTest)

    @property
    def meta(self) -> dict[str, Any]:
        """What the framework calls it."""
        return {"relation": self.relation, "check": self.assertion.check, "name": self.assertion.name}


@dataclass(frozen=True, slots=True)
class Suite:
    """What is expected of the rows of a relation, or of those for which the condition of `where` holds."""

    name: str
    relation: SourcePlan | StagePlan
    where: str | None
    condition: Expression | None
    expectations: tuple[Expected, ...]

    @property
    def meta(self) -> dict[str, str]:
        """What it is of."""
        return {"relation": self.relation.name, **({} if self.where is None else {"where": self.where})}


def suites(
    plan: Plan, searches: Searches, names: Iterable[str], trends: Mapping[tuple[str, str], TrendResult]
) -> Iterator[Suite]:
    """The suites of relations, in the plan's order. `trends` are the figures that a run has held against their history,
    by relation and check: without them nothing is expected of such a figure."""
    wanted = frozenset(names)
    for relation in relations(plan):
        if relation.name not in wanted:
            continue
        found: dict[str | None, list[Expected]] = {}
        for assertion in relation.assertions:
            expected = _expected(relation, assertion, searches, trends.get((relation.name, assertion.name)))
            if expected is not None:
                found.setdefault(_where(assertion), []).append(expected)
        taken = {known.name.lower() for known in relations(plan)}
        for where, expectations in found.items():
            name = relation.name if where is None else _free(f"{relation.name}_where", taken)
            condition = expectations[0].assertion.where
            yield Suite(name, relation, where, condition, tuple(expectations))


def _free(name: str, taken: set[str]) -> str:
    """A name that no relation has, nor another suite: with a number at its end."""
    found = next(f"{name}_{number}" for number in count(1) if f"{name}_{number}".lower() not in taken)
    taken.add(found.lower())
    return found


def _where(assertion: Assertion) -> str | None:
    return None if assertion.where is None else str((assertion.arguments or {}).get("where", ""))


def _expected(
    relation: SourcePlan | StagePlan, assertion: Assertion, searches: Searches, trend: TrendResult | None
) -> Expected | None:
    """None for a figure of which nothing is known to be expected."""
    official, bounds = assertion.expectation, None
    if isinstance(assertion.test, MeasureTest) and assertion.test.trend is not None:
        if trend is None or trend.low is None or trend.high is None:
            return None
        bounds = trend.low, trend.high
    mostly = {} if assertion.mostly is None else {"mostly": float(assertion.mostly)}
    if official is not None and not _judges_a_null(relation, assertion):
        return Expected(relation.name, assertion, official.type, as_json({**official.arguments, **mostly}), None)
    search = searches.failing(relation, assertion, bounds)
    return Expected(relation.name, assertion, UNEXPECTED_ROWS, {}, search)


def _judges_a_null(relation: SourcePlan | StagePlan, assertion: Assertion) -> bool:
    """Whether a null is judged that the expectation leaves out: `unique` and a key take null for equal to null."""
    if assertion.check != "unique" or assertion.expectation is None:
        return False
    column = relation.relation.column(str(assertion.expectation.arguments.get("column", "")))
    return column is not None and column.nullable


def as_json(value: Any) -> Any:
    """An author's value as JSON has it: a decimal is a number, a date is text."""
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value
