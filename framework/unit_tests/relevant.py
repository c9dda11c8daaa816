"""What of a plan a unit test is about: the stages that run, and the relations that stand in for all the rest."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from framework.algebra import Query, Read, expressions, read_by
from framework.expressions.tree import variables
from framework.plan import Plan, SourcePlan, StagePlan

TEXT = ("csv", "tsv", "jsonl")


def computed(plan: Plan, stage: str, given: Collection[str]) -> tuple[str, ...]:
    """The stages that run, in order: the one under test, and between it and what is given, those that it is made of."""
    stages = {s.name: s for s in plan.stages}
    made: dict[str, bool] = {}

    def made_of_given(name: str) -> bool:
        if name not in made:
            reads = read_by(stages[name].query) if name in stages else frozenset[str]()
            made[name] = any(read in given or made_of_given(read) for read in reads)
        return made[name]

    found, waiting = {stage}, [stage]
    while waiting:
        for name in read_by(stages[waiting.pop()].query) - found:
            if name in stages and name not in given and made_of_given(name):
                found.add(name)
                waiting.append(name)
    return tuple(s.name for s in plan.stages if s.name in found)


def read(plan: Plan, run: Collection[str]) -> tuple[str, ...]:
    """The relations that stages read and that none of them is, in the order of the plan."""
    names = frozenset[str]().union(*(read_by(s.query) for s in plan.stages if s.name in run)) - set(run)
    known: tuple[SourcePlan | StagePlan, ...] = (*plan.sources, *plan.stages)
    return tuple(relation.name for relation in known if relation.name in names)


def above(plan: Plan, stage: str) -> frozenset[str]:
    """All that a stage is made of, at any distance."""
    stages = {s.name: s for s in plan.stages}
    found: set[str] = set()
    waiting = [stage]
    while waiting:
        name = waiting.pop()
        new = (read_by(stages[name].query) if name in stages else frozenset[str]()) - found
        found |= new
        waiting += new
    return frozenset(found)


def bound(plan: Plan, run: Collection[str]) -> frozenset[str]:
    """The names that must be bound before the stages can run."""
    return frozenset[str]().union(*_bound(plan, run))


def _bound(plan: Plan, run: Collection[str]) -> Iterator[frozenset[str]]:
    for stage in plan.stages:
        if stage.name in run:
            yield from (variables(e) for e in expressions(stage.query))


def is_text(source: SourcePlan) -> bool:
    """Whether a source gives text, to be converted by whoever reads it."""
    return source.path is not None and source.format in TEXT


def cut(plan: Plan, run: Collection[str]) -> Plan:
    """The plan of these stages alone, and of what they read: nothing is checked, and each source stands in a table."""
    kept = {*run, *read(plan, run)}

    def source(s: SourcePlan) -> SourcePlan:
        return replace(s, path=s.path or "", table=None, published=None, csv=None, flags={}, assertions=())

    def stage(s: StagePlan) -> StagePlan:
        query = s.query if s.name in run else Query(Read(s.name))  # its rows are there
        return replace(s, query=query, assertions=(), balance=())

    return replace(
        plan,
        sources=tuple(source(s) for s in plan.sources if s.name in kept),
        stages=tuple(stage(s) for s in plan.stages if s.name in kept),
        doubtful=tuple(call for call in plan.doubtful if call.relation in run),
    )
