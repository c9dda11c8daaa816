"""Laws of selections, on plans of any shape."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from framework.algebra import Query, Read, Select
from framework.diagnostics import PipelineError
from framework.plan import Plan, SourcePlan, StagePlan, reads
from framework.relation import Relation
from framework.selection import selected

KINDS = ("normalize", "enrich", "aggregate")
TAGS = ("daily", "finance")


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A few sources and stages; each stage reads some of what stands before it."""
    names = [f"r{i}" for i in range(draw(st.integers(1, 3)))]
    sources = [SourcePlan(n, Relation(n, ()), Query(Read(n)), f"{n}.csv", None, "csv", None) for n in names]
    stages: list[StagePlan] = []
    for index in range(draw(st.integers(1, 8))):
        name = f"s{index}"
        inputs = tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)))
        kind, tags = draw(st.sampled_from(KINDS)), tuple(draw(st.lists(st.sampled_from(TAGS), unique=True)))
        query = Query(Select("", inputs))
        stages.append(StagePlan(name, kind, "staging", Relation(name, ()), query, inputs, tags=tags))
        names.append(name)
    return Plan("p", "p.yaml", tuple(sources), tuple(stages))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Plan, list[str]]:
    """A plan, and words that name something in it."""
    plan = draw(plans())
    known = [s.name for s in plan.sources] + [s.name for s in plan.stages]
    known += [f"kind:{s.kind}" for s in plan.stages] + [f"tag:{tag}" for s in plan.stages for tag in s.tags]
    above = st.sampled_from(("", "+", "1+", "2+"))
    below = st.sampled_from(("", "+", "+1", "+2"))
    word = st.builds("{}{}{}".format, above, st.sampled_from(sorted(set(known))), below)
    return plan, draw(st.lists(word, min_size=2, max_size=4))


def found(plan: Plan, select: str, exclude: str | None = None) -> frozenset[str]:
    """What is selected, nothing included."""
    try:
        return selected(plan, [select], [] if exclude is None else [exclude])
    except PipelineError as refused:
        if refused.diagnostics[0].message != "no stage is selected":
            raise
        return frozenset()


@given(cases())
def test_a_blank_is_union_and_a_comma_is_intersection(case: tuple[Plan, list[str]]) -> None:
    plan, words = case
    each = [found(plan, word) for word in words]
    assert found(plan, " ".join(words)) == frozenset.union(*each)
    assert found(plan, ",".join(words)) == frozenset.intersection(*each)
    assert found(plan, f"{words[0]},{words[1]} {words[-1]}") == (each[0] & each[1]) | each[-1]


@given(cases())
def test_what_is_excluded_is_taken_away(case: tuple[Plan, list[str]]) -> None:
    plan, (one, other, *_) = case
    assert found(plan, one, other) == found(plan, one) - found(plan, other)


@given(plans())
def test_above_and_below_are_each_others_opposite(plan: Plan) -> None:
    names = [stage.name for stage in plan.stages]
    for one in names:
        assert one in found(plan, f"+{one}")
        assert one in found(plan, f"{one}+")
        for other in names:
            assert (other in found(plan, f"+{one}")) == (one in found(plan, f"{other}+"))


@given(plans())
def test_more_steps_reach_no_less_and_all_steps_everything(plan: Plan) -> None:
    for stage in plan.stages:
        reached = [found(plan, f"{n}+{stage.name}") for n in range(len(plan.stages) + 1)]
        assert reached[0] == {stage.name}
        assert all(less <= more for less, more in pairwise(reached))
        assert reached[-1] == found(plan, f"+{stage.name}")


@given(plans())
def test_what_is_above_lacks_nothing_that_it_reads(plan: Plan) -> None:
    stages = {stage.name for stage in plan.stages}
    for stage in plan.stages:
        above = found(plan, f"+{stage.name}")
        assert all(reads(plan.stage(name)) & stages <= above for name in above)


@given(plans())
def test_a_source_means_its_readers(plan: Plan) -> None:
    for source in plan.sources:
        readers = {stage.name for stage in plan.stages if source.name in reads(stage)}
        assert found(plan, source.name) == readers
        assert found(plan, f"{source.name}+") == frozenset().union(*(found(plan, f"{name}+") for name in readers))
