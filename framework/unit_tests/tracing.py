"""What the columns of a stage are made of: each as an expression over the columns of the relations that are given."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeGuard

from framework.algebra import Derive, Group, Join, Query, Read, Repeat, Select, Step, Union, expressions
from framework.expressions import types as t
from framework.expressions.tree import Call, Expression, Reference, operands, transform, walk
from framework.plan import Plan
from framework.unit_tests import relevant
from framework.unit_tests.solving import Place

_LARGEST = 400  # nodes of an expression that is still looked into

Columns = dict[str, Expression]


@dataclass(frozen=True, slots=True)
class Traced:
    """A step with what its expressions can name: columns of the row that comes to it, and of a join's right side."""

    step: Step
    columns: Mapping[str, Expression]
    right: Mapping[str, Expression] = field(default_factory=dict)

    def seen(self, e: Expression) -> Expression:
        """An expression of the step over the columns that are given."""
        return _over(e, self.columns, self.right)


class Tracer:
    """The relations of a plan as they are given."""

    def __init__(self, plan: Plan) -> None:
        self.relations = {source.name: source.relation for source in plan.sources}
        self.relations |= {stage.name: stage.relation for stage in plan.stages}
        self.texts = {source.name for source in plan.sources if relevant.is_text(source)}

    def given(self, name: str) -> Columns:
        """The columns of a relation as they stand in it."""
        return {c.name.lower(): self.column(name, c.name, c.type) for c in self.relations[name].columns}

    def column(self, relation: str, name: str, type_: t.Type) -> Reference:
        return Reference(t.STRING if relation in self.texts else type_, True, name, relation)

    def steps(self, query: Query) -> Iterator[Traced]:
        """The steps of a query in turn."""
        columns = self._input(query)
        for step in query.steps:
            right = self._right(step) if isinstance(step, Join) else {}
            traced = Traced(step, dict(columns), right)
            yield traced
            columns = _after(traced)

    def outcome(self, query: Query) -> Columns:
        """The columns that a query ends with."""
        columns = self._input(query)
        for traced in self.steps(query):
            columns = _after(traced)
        return columns

    def _right(self, join: Join) -> Columns:
        """The columns of a join's right side."""
        columns, source = self.outcome(join.right), join.right.input
        if isinstance(source, Read):
            named = (n for e in (join.on, *(e for _, e in join.take)) for n in walk(e) if isinstance(n, Reference))
            columns = self._asked(source.relation, (n for n in named if n.qualifier == join.alias)) | columns
        return columns

    def _asked(self, name: str, references: Iterable[Reference]) -> Columns:
        """Columns of a relation without a contract are those that are named."""
        if not self.relations[name].open:
            return {}
        own = (r for r in references if not r.name.startswith("_"))
        return {r.name.lower(): self.column(name, r.name, r.type) for r in own}

    def _input(self, query: Query) -> Columns:
        match query.input:
            case Read(relation=name):
                named = (n for e in expressions(query) for n in walk(e) if isinstance(n, Reference))
                return self.given(name) | self._asked(name, (n for n in named if n.qualifier is None))
            case Union(branches=branches):
                inside = self.outcome(branches[0].relation)
                return {name.lower(): _over(value, inside, {}) for name, value in branches[0].columns}
            case Select():
                return {}


def _after(traced: Traced) -> Columns:
    columns = dict(traced.columns)
    match traced.step:
        case Derive(columns=made):
            for name, value in made:
                columns[name.lower()] = _over(value, columns, {}, name)
        case Join(take=take, matched=matched, coalesced=coalesced):
            for name, value in take:
                columns[name.lower()] = _over(value, columns, traced.right, name)
            for name, value in coalesced:
                columns[name.lower()] = _over(value, traced.columns, traced.right, name)
            columns[matched.lower()] = Reference(t.BOOLEAN, False, matched)
        case Group(by=by, measures=measures):
            columns = {name.lower(): _over(value, traced.columns, {}, name) for name, value in by}
            columns |= {name.lower(): Reference(value.type, True, name) for name, value in measures}
        case Repeat(index=index):
            columns[index.lower()] = Reference(t.INTEGER, True, index)
    return columns


def _over(
    e: Expression, columns: Mapping[str, Expression], right: Mapping[str, Expression], name: str = ""
) -> Expression:
    def replaced(node: Expression) -> Expression:
        if not isinstance(node, Reference):
            return node
        return (columns if node.qualifier is None else right).get(node.name.lower(), node)

    found = transform(e, replaced)
    large = len(list(islice(walk(found), _LARGEST))) == _LARGEST
    return Reference(e.type, True, name or "_") if large else found


def root(e: Expression) -> Place | None:
    """The one given column that an expression is made of."""
    places = {(n.qualifier, n.name) for n in walk(e) if isinstance(n, Reference)}
    if len(places) != 1:
        return None
    relation, name = places.pop()
    return None if relation is None else (relation, name)


def equalities(e: Expression) -> Iterator[tuple[Expression, Expression]]:
    """The sides of each `=` that holds where the condition does."""
    for part in operands(e, "and"):
        if _is_equality(part):
            yield part.args[0], part.args[1]


def others(e: Expression) -> Iterator[Expression]:
    """The conditions beside those."""
    return (part for part in operands(e, "and") if not _is_equality(part))


def _is_equality(e: Expression) -> TypeGuard[Call]:
    return isinstance(e, Call) and e.function.name in ("=", "is not distinct from")
