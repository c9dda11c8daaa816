"""Which stages are stored, which are views, and which are computed by their one reader on the way.

Writing a table is most of what a run costs. A stage that only one other reads, and that no row leaves but for a
bucket of the ledger, need not be written: its steps stand before its reader's own. The reader's rows then carry the
buckets of both, and hidden columns carry what the ledger and the checks of the folded stage want to know.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from framework.algebra import Derive, Divert, Group, Hold, Join, Query, Read, Repeat, Step, read_by
from framework.assertion import Assertion, MeasureTest, ProvedTest, RowTest, SetTest
from framework.clauses.materialized import why_stored
from framework.expressions import types as t
from framework.expressions.strictness import every
from framework.expressions.tree import Call, Expression, Reference
from framework.expressions.typed import call, literal
from framework.plan import Plan, StagePlan
from framework.relation import Relation

Form = Literal["table", "view", "folded"]


def forms(plan: Plan, chosen: Iterable[StagePlan]) -> dict[str, Form]:
    """How each chosen stage stands."""
    stages = {stage.name: stage for stage in chosen}
    readers = _readers(plan)
    found: dict[str, Form] = {}
    for stage in stages.values():
        if stage.materialized == "view":
            found[stage.name] = "view"
        elif stage.materialized == "auto" and _folds(stage, stages, readers, found, plan):
            found[stage.name] = "folded"
        else:
            found[stage.name] = "table"
    return found


def _readers(plan: Plan) -> dict[str, list[tuple[str, bool]]]:
    """Who reads each relation, and whether as the rows that it goes on with."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for stage in plan.stages:
        main = stage.query.input.relation if isinstance(stage.query.input, Read) else None
        beside = frozenset[str]().union(
            *(read_by(step.right) for step in stage.query.steps if isinstance(step, Join)),
            *(read_by(a.test.failing) for a in stage.assertions if isinstance(a.test, SetTest)),
        )
        for name in (read_by(stage.query) | beside) - {stage.name}:
            found.setdefault(name, []).append((stage.name, name == main and name not in beside))
    for source in plan.sources:
        for name in _compared(source.assertions) - {source.name}:
            found.setdefault(name, []).append((source.name, False))
    return found


def _compared(assertions: Iterable[Assertion]) -> frozenset[str]:
    return frozenset[str]().union(*(read_by(a.test.failing) for a in assertions if isinstance(a.test, SetTest)))


def _folds(
    stage: StagePlan,
    stages: Mapping[str, StagePlan],
    readers: Mapping[str, list[tuple[str, bool]]],
    found: Mapping[str, Form],
    plan: Plan,
) -> bool:
    """Whether the stage's one reader can compute it on the way, and still count what became of its rows."""
    reading = readers.get(stage.name, [])
    if len(reading) != 1 or not reading[0][1] or reading[0][0] not in stages:
        return False
    if stage.settings:
        return False  # who says how a table is kept wants one
    published = {s.name for s in plan.stages if s.publication is not None}
    sources = {s.name for s in plan.sources}
    # What will be published is read under another name while the run is under way.
    if stage.publication is not None or published & read_by(stage.query):
        return False
    if why_stored(stage.query, sources) is not None:
        return False
    if not isinstance(stage.query.input, Read) or any(_adds(step) for step in stage.query.steps):
        return False
    reader = stages[reading[0][0]]
    # Among rows that the reader adds, those that came out of the stage could not be told.
    if any(_adds(step) for step in reader.query.steps):
        return False
    if not all(_can_travel(a, reader) for a in stage.assertions):
        return False
    before = _folded_before(stage, stages, found)
    return _counts_survive([*before, stage], reader)


def _adds(step: Step) -> bool:
    return isinstance(step, Repeat) or (isinstance(step, Join) and (step.multiplies or step.type == "full"))


def _can_travel(assertion: Assertion, reader: StagePlan) -> bool:
    """Whether a check of the folded stage can be judged in the reader's scan."""
    if isinstance(assertion.test, RowTest | ProvedTest):
        return True
    whole = isinstance(assertion.test, MeasureTest) and isinstance(assertion.test.value, Call)
    return whole and assertion.where is None and assertion.test.value == call("count")  # type: ignore[union-attr]


def _folded_before(stage: StagePlan, stages: Mapping[str, StagePlan], found: Mapping[str, Form]) -> list[StagePlan]:
    """The stages folded into this one, the first of them first."""
    chain: list[StagePlan] = []
    here = stage
    while isinstance(here.query.input, Read) and found.get(here.query.input.relation) == "folded":
        here = stages[here.query.input.relation]
        chain.insert(0, here)
    return chain


def _counts_survive(chain: Sequence[StagePlan], reader: StagePlan) -> bool:
    """After a group the rows before it are known by their number alone: none of them may have left."""
    steps = [step for stage in chain for step in stage.query.steps]
    groups = _groups(steps)
    if not _groups(reader.query.steps):
        return len(groups) <= 1
    at = next(i for i, s in enumerate(reader.query.steps) if isinstance(s, Group))
    return not groups and not any(isinstance(s, Divert) for s in (*steps, *reader.query.steps[:at]))


def _groups(steps: Iterable[Step]) -> list[Group]:
    return [s for s in steps if isinstance(s, Group)]


# -- a reader with what is folded into it


@dataclass(frozen=True, slots=True)
class Member:
    """A stage of a chain, and where the stored rows hold what its ledger line and its checks want to know.

    `buckets` are the names of its buckets among the stored rows. `grouped` where a later member groups: then the
    columns are sums over the rows of a group. `failing`, `judged`, `seen` and `money` name the columns, by the
    assertion and by the balance column. `carried` are the balance columns that come in, with what they are called
    there.
    """

    stage: StagePlan
    buckets: Mapping[str, str]
    carried: Mapping[str, str]
    grouped: bool = False
    failing: Mapping[str, str] = field(default_factory=dict)
    judged: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    money: Mapping[str, str] = field(default_factory=dict)
    grouped_money: Mapping[str, str] = field(default_factory=dict)

    @property
    def groups(self) -> bool:
        return any(isinstance(s, Group) for s in self.stage.query.steps)


@dataclass(frozen=True, slots=True)
class Chain:
    """A stored stage and those folded into it, in order, the stored one last, as one query.

    `hidden` are columns of the stored rows that no reader sees, with their types.
    """

    query: Query
    members: tuple[Member, ...]
    hidden: Mapping[str, t.Type]


def chain(
    stage: StagePlan, stages: Mapping[str, StagePlan], found: Mapping[str, Form], relations: Mapping[str, Relation]
) -> Chain:
    """The stage's query with the steps of what is folded into it before its own."""
    return _Chaining([*_folded_before(stage, stages, found), stage], relations).chain()


class _Chaining:
    def __init__(self, stages: Sequence[StagePlan], relations: Mapping[str, Relation]) -> None:
        self.stages, self.relations = stages, relations
        self.steps: list[Step] = []
        self.hidden: dict[str, t.Type] = {}
        self.members: list[Member] = []

    def chain(self) -> Chain:
        *folded, last = self.stages
        for index, stage in enumerate(folded):
            self._take(stage, {b: f"{stage.name}.{b}" for b in stage.query.buckets})
            self._hide(stage, self.stages[index + 1 :])
        self._take(last, {})
        query = replace(last.query, input=self.stages[0].query.input, steps=tuple(self.steps))
        return Chain(replace(query, output=(*last.query.output, *self.hidden)), tuple(self.members), self.hidden)

    def _take(self, stage: StagePlan, names: Mapping[str, str]) -> None:
        """The stage's steps, its buckets renamed; a group sums up the hidden columns of the rows before it."""
        found = after_group(stage.query).buckets
        given = [self.relations[name] for name in stage.inputs if name in self.relations]
        self.members.append(Member(stage, {b: names.get(b, b) for b in found if b != "out"}, _carried(stage, given)))
        for step in stage.query.steps:
            if isinstance(step, Divert):
                step = replace(step, bucket=names.get(step.bucket, step.bucket))
            elif isinstance(step, Group):
                step = self._group(stage, step)
            self.steps.append(step)

    def _group(self, stage: StagePlan, step: Group) -> Group:
        *before, own = self.members
        sums: list[tuple[str, Expression]] = []
        for name, type_ in list(self.hidden.items()):
            column = Reference(type_, True, name)
            counts = type_ == t.BOOLEAN
            self.hidden[name] = t.INTEGER if counts else _total(type_)
            value = call("count", call("case", column, literal(1))) if counts else call("sum", column)
            sums.append((name, replace(value, type=self.hidden[name])))
        if not before and not leaves_before_group(stage.query):
            own = replace(own, grouped_money=self._money_before(stage, own, sums))
        self.members = [*(replace(m, grouped=True) for m in before), own]
        return replace(step, measures=(*step.measures, *sums))

    def _money_before(self, stage: StagePlan, own: Member, sums: list[tuple[str, Expression]]) -> dict[str, str]:
        """Sums of the money that is grouped, so that the rows need not be read a second time to know it."""
        found = {}
        for balance, column in own.carried.items():
            given = self.relations[stage.inputs[0]].column(column)
            assert given is not None
            name = f"_grouped_{stage.name}_{stage.balance.index(balance)}"  # what comes out may have one of its own
            self.hidden[name] = _total(given.type)
            total = call("sum", Reference(given.type, True, given.name))
            sums.append((name, replace(total, type=self.hidden[name])))
            found[balance] = name
        return found

    def _hide(self, stage: StagePlan, later: Sequence[StagePlan]) -> None:
        """Columns beside the folded stage's own, for what later steps would lose or change."""
        columns: list[tuple[str, Expression]] = []
        failing: dict[str, str] = {}
        judged: dict[str, str] = {}
        seen: dict[str, str] = {}
        money: dict[str, str] = {}
        for index, assertion in enumerate(stage.assertions):
            if isinstance(assertion.test, RowTest):
                where, looked_at = assertion.where, every(assertion.where, assertion.judged)
                wanted = [("check", every(where, assertion.test.failing), failing)]
                wanted += [] if looked_at is None else [("judged", looked_at, judged)]
                wanted += [] if where is None or assertion.judged is None else [("where", where, seen)]
                for word, value, names in wanted:
                    assert value is not None
                    name = names[assertion.name] = f"_{word}_{stage.name}_{index}"
                    columns.append((name, value))
                    self.hidden[name] = t.BOOLEAN
        for index, balance in enumerate(stage.balance):
            column = stage.relation.column(balance)
            assert column is not None
            money[balance] = column.name
            if not _keep(column.name, later):
                name = money[balance] = f"_money_{stage.name}_{index}"  # by number: a warehouse cuts long names
                columns.append((name, Reference(column.type, column.nullable, column.name)))
                self.hidden[name] = column.type
        if columns:
            self.steps.append(Derive(tuple(columns), "folded"))
        self.members[-1] = replace(self.members[-1], failing=failing, judged=judged, seen=seen, money=money)


def _keep(name: str, later: Sequence[StagePlan]) -> bool:
    """Whether the stored rows still hold the column as it is."""
    made: set[str] = set()
    for stage in later:
        for step in stage.query.steps:
            if isinstance(step, Group):
                return False
            if isinstance(step, Derive):
                made |= {n.lower() for n, _ in step.columns}
            elif isinstance(step, Join):
                made |= {n.lower() for n, _ in step.take}
    return name.lower() not in made and name in later[-1].query.output


def _total(type_: t.Type) -> t.Type:
    return t.decimal(t.MAX_PRECISION, type_.scale)


def _carried(stage: StagePlan, given: Sequence[Relation]) -> dict[str, str]:
    """The money that comes in, with the column of the input that holds it.

    What the stage computes itself is a new account: in normalize every balance column, and those that it
    reads from text.
    """
    if stage.kind == "normalize":
        return {}
    steps = (s for s in stage.query.steps if isinstance(s, Derive))
    computed = {name.lower() for s in steps for name, value in s.columns if not _is(name, value)}
    found = {}
    for balance in stage.balance:
        columns = [relation.column(balance) for relation in given]
        exact = [c for c in columns if c is not None and c.type.is_exact]
        if balance.lower() not in computed and exact and len(exact) == len(columns):
            found[balance] = exact[0].name
    return found


def _is(name: str, value: Expression) -> bool:
    """Whether a column only passes through."""
    return isinstance(value, Reference) and value.name.lower() == name.lower()


def after_group(query: Query) -> Query:
    """The part of a query after its group, or all of it."""
    at = max((i for i, s in enumerate(query.steps) if isinstance(s, Group)), default=-1)
    return replace(query, steps=query.steps[at + 1 :])


def leaves_before_group(query: Query) -> bool:
    """Whether a row can end before the group that it would be part of."""
    at = next((i for i, s in enumerate(query.steps) if isinstance(s, Group)), 0)
    return any(isinstance(s, Divert | Hold) for s in query.steps[:at])
