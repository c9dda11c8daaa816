"""What a first test of a stage is to reach: each branch of a `case`, each outcome of a join, each way a row can end.

A goal is a condition that is computed of the rows of the stage, as a column whose name begins with an underscore.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from framework.algebra import Branch, Derive, Group, Join, Query, Step, Union
from framework.expressions.tree import FALSE, TRUE, Call, Expression, Reference, children
from framework.expressions.typed import call
from framework.expressions.types import BOOLEAN
from framework.unit_tests.solving import CHOOSING, arms
from framework.unit_tests.tracing import Traced, Tracer

# What the framework derives, and no author has written.
_OURS = ("unpivot", "typed")

Conditions = tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """`label` says what is reached; `conditions` lead there, over the columns given, as far as they are known.

    `without` is the join whose relation must have no match.
    """

    name: str
    label: str
    conditions: Conditions = ()
    without: str | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """A query of which the goals are the columns."""

    query: Query
    goals: tuple[Goal, ...]


def watched(query: Query, tracer: Tracer) -> tuple[Watched, ...]:
    """The rows of a stage; where it groups, those that come to the groups, and then the groups."""
    found = _Watching(query, tracer)
    at = next((i for i, step in enumerate(query.steps) if isinstance(step, Group)), None)
    if at is None:
        return (found.watched(0, len(query.steps)),)
    before = found.watched(0, at + 1)
    after = _Watching(query, tracer).watched(at + 1, len(query.steps))
    return (before, after)


class _Watching:
    def __init__(self, query: Query, tracer: Tracer) -> None:
        self.query, self.traced = query, list(tracer.steps(query))
        self.goals: dict[str, Goal] = {}
        self.known: set[Expression] = set()

    def watched(self, begin: int, end: int) -> Watched:
        """The steps up to `end`, those from `begin` with goals. A group at the end is left out, but for its goals."""
        steps: list[Step] = []
        for index, traced in enumerate(self.traced[:end]):
            watching = index >= begin
            if watching and isinstance(traced.step, Group) and index == end - 1:
                steps += self._grouped(traced, traced.step)
            else:
                steps += self._step(traced) if watching else [traced.step]
        source = self.query.input
        if isinstance(source, Union) and begin == 0:
            source = self._branches(source)
        query = Query(source, tuple(steps), tuple(self.goals))
        return Watched(query, tuple(self.goals.values()))

    def _step(self, traced: Traced) -> list[Step]:
        match traced.step:
            case Derive() as derive:
                made: list[tuple[str, Expression]] = []
                for name, value in derive.columns:
                    if not name.startswith("_") and derive.label not in _OURS:
                        made += self._chosen(name, value, traced)
                    made.append((name, value))
                    traced = Traced(traced.step, {**traced.columns, name.lower(): traced.seen(value)}, traced.right)
                return [replace(derive, columns=tuple(made))]
            case Join() as join:
                return self._joined(traced, join)
        return [traced.step]

    def _joined(self, traced: Traced, join: Join) -> list[Step]:
        taken = [] if join.type == "exists" else [g for n, v in join.take for g in self._chosen(n, v, traced)]
        matched = Reference(BOOLEAN, False, join.matched)
        made = [self._goal(f"a row with a match in `{join.alias}`", matched, ())]
        made.append(self._goal(f"a row without a match in `{join.alias}`", call("not", matched), (), join.alias))
        return [replace(join, take=(*join.take, *taken)), Derive(tuple(made), "goals")]

    def _grouped(self, traced: Traced, group: Group) -> list[Step]:
        """The goals of what is grouped by, and of what is aggregated: of each row, before the group."""
        made: list[tuple[str, Expression]] = []
        for name, value in group.by:
            made += self._chosen(name, value, traced)
        for name, value in (m for m in group.measures if not m[0].startswith("_")):
            for aggregate in _aggregates(value):
                made += [g for arg in aggregate.args for g in self._chosen(name, arg, traced)]
                if aggregate.filter is not None:
                    for wanted, what in ((True, "a row that"), (False, "a row that does not")):
                        label = f"{what} passes the filter of `{name}`"
                        made += self._reaching(label, ((aggregate.filter, wanted),), traced)
        return [Derive(tuple(made), "goals")] if made else []

    def _branches(self, union: Union) -> Union:
        """A goal for each branch, which is a column of all of them."""
        marks = [self._goal(f"a row of branch {i + 1}", TRUE, ()) for i in range(len(union.branches))]
        branches = []
        for index, branch in enumerate(union.branches):
            own = tuple((name, TRUE if i == index else FALSE) for i, (name, _) in enumerate(marks))
            branches.append(Branch(branch.relation, (*branch.columns, *own)))
        return Union(tuple(branches))

    def _chosen(self, column: str, value: Expression, traced: Traced) -> Iterator[tuple[str, Expression]]:
        for conditions, label in _choices(value, ()):
            yield from self._reaching(f"{label} of `{column}`", conditions, traced)

    def _reaching(self, label: str, conditions: Conditions, traced: Traced) -> Iterator[tuple[str, Expression]]:
        if all(isinstance(c, Reference) and c.name.startswith("_") for c, _ in conditions):
            return  # what follows from the outcome of a join is that goal again
        whole: Expression = TRUE
        for condition, wanted in conditions:
            part = call("is true" if wanted else "is not true", condition)
            whole = part if whole is TRUE else call("and", whole, part)
        if whole not in self.known:
            self.known.add(whole)
            yield self._goal(label, whole, tuple((traced.seen(c), wanted) for c, wanted in conditions))

    def _goal(
        self, label: str, value: Expression, conditions: Conditions, without: str | None = None
    ) -> tuple[str, Expression]:
        name = f"_goal_{len(self.goals)}"
        self.goals[name] = Goal(name, label, conditions, without)
        return name, value


def _choices(e: Expression, path: Conditions) -> Iterator[tuple[Conditions, str]]:
    """Each branch of each choice in an expression, with all that leads there."""
    if isinstance(e, Call) and e.function.name in CHOOSING and e.window is None:
        for number, (conditions, value) in enumerate(arms(e), start=1):
            yield (*path, *conditions), f"branch {number} of the {e.function.name}"
            yield from _choices(value, (*path, *conditions))
        return
    for child in children(e):
        yield from _choices(child, path)


def _aggregates(e: Expression) -> Iterable[Call]:
    if isinstance(e, Call) and e.function.kind == "aggregate" and e.window is None:
        yield e
        return
    for child in children(e):
        yield from _aggregates(child)
