"""Made rows for a stage: scenarios, each with a row of every relation that it reads, which belong together.

No value comes from data. A column has the values that it is compared with, and words of its own name otherwise.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from framework.algebra import Derive, Divert, Group, Hold, Join, Repeat, Select
from framework.assertion import RowTest
from framework.expressions import types as t
from framework.expressions.tree import Call, Expression, Literal, Reference, walk
from framework.plan import Plan, SourcePlan, StagePlan
from framework.relation import Relation
from framework.unit_tests import relevant
from framework.unit_tests.goals import Goal
from framework.unit_tests.sampling import npi
from framework.unit_tests.solving import DAY, UNREADABLE, Place, Solver, Values, merged, spelled, step
from framework.unit_tests.tracing import Traced, Tracer, equalities, others, root

Row = dict[str, Any]
Scenario = Mapping[str, Row]  # by relation, its row

# What shows that a column of a relation without a contract is a number.
_CALCULATING = frozenset(["+", "-", "*", "/", "mod", "power", "abs", "round", "sum", "avg", "negate"])
_MONTH = 31  # days between the columns of a row that hold moments
_AFFIXES = re.compile(r"_?(id|key|code|no|number)$")
_PARSERS = re.compile(r"(try_)?parse_(date|timestamp|decimal|integer)")


@dataclass(frozen=True, slots=True)
class Form:
    """How the values of one column are made."""

    type: t.Type
    upper: bool = False
    made: Callable[[int], Any] | None = None
    known: tuple[Any, ...] = ()


class Maker:
    """Scenarios for one stage of a plan."""

    def __init__(self, plan: Plan, stage: StagePlan, solver: Solver) -> None:
        self.stage, self.solver, self.tracer = stage, solver, Tracer(plan)
        names = relevant.read(plan, (stage.name,))
        known: tuple[SourcePlan | StagePlan, ...] = (*plan.sources, *plan.stages)
        first = getattr(stage.query.input, "relation", None)
        self.relations = {r.name: r for r in sorted(known, key=lambda r: r.name != first) if r.name in names}
        self.traced = list(self.tracer.steps(stage.query))
        self.joins = {each.step.alias: each for each in self.traced if isinstance(each.step, Join)}
        self.classes = self._classes()
        self.seen = list(self._expressions())
        self.forms = {
            (name, column): self._form((name, column), type_)
            for name, relation in self.relations.items()
            for column, type_ in self._columns(name, relation.relation).items()
        }
        self.together = frozenset(self._together())
        self.usual = self._usual()

    # -- what the columns are

    def _columns(self, name: str, relation: Relation) -> dict[str, t.Type]:
        """The columns of a relation; of one without a contract, those that the stage names."""
        found = {column.name: column.type for column in relation.columns}
        if relation.open:
            asked = (n for e in self._expressions() for n in walk(e) if isinstance(n, Reference))
            found |= {n.name: n.type for n in asked if n.qualifier == name and n.name not in found}
        return found

    def _expressions(self) -> Iterator[Expression]:
        """Every expression of the stage, over the columns that are given."""
        for traced in self.traced:
            for e in _of_step(traced):
                yield traced.seen(e)
        yield from self._failing()

    def _failing(self) -> Iterator[Expression]:
        """What no row may be, by the checks of the relations that are given, and of the stage."""
        for name, relation in self.relations.items():
            yield from _checked(relation, self.tracer.given(name))
        yield from _checked(self.stage, self.tracer.outcome(self.stage.query))

    def _classes(self) -> dict[Place, Place]:
        """Columns that are joined share their values: each with the one that stands for all of them."""
        found: dict[Place, Place] = {}

        def first(place: Place) -> Place:
            while found.setdefault(place, place) != place:
                place = found[place]
            return place

        for traced in self.joins.values():
            assert isinstance(traced.step, Join)
            for one, other in equalities(traced.step.on):
                left, right = root(traced.seen(one)), root(traced.seen(other))
                if left is not None and right is not None:
                    found[first(left)] = first(right)
        if isinstance(self.stage.query.input, Select):  # its joins are not known here: by their names
            by_name: dict[str, Place] = {}
            for name, relation in self.relations.items():
                for column in relation.relation.columns:
                    place = by_name.setdefault(column.name.lower(), (name, column.name))
                    found[first((name, column.name))] = first(place)
        return {place: first(place) for place in found}

    def _form(self, place: Place, type_: t.Type) -> Form:
        alike = {place, *(p for p, f in self.classes.items() if f == self.classes.get(place))}
        upper, made, known = False, None, list[Any]()
        for e in self.seen:
            for node in walk(e):
                if not isinstance(node, Call) or not node.args or root(node.args[0]) not in alike:
                    continue
                name = node.function.name
                upper = upper or name == "upper"
                if _PARSERS.fullmatch(name):
                    made = _parsed(name, node.options)
                elif name in ("cast", "try_cast") and type_ == t.STRING and node.args[0].type == t.STRING:
                    made = _cast(node.type)
                elif name == "npi_valid":
                    made = npi
                elif name == "normalize_ndc":
                    made = lambda k: f"{k:011d}"  # noqa: E731  # one of several
                elif type_ == t.UNKNOWN and name in _CALCULATING:
                    type_ = t.INTEGER
                elif name in ("=", "in", "is not distinct from"):
                    known += [a.value for a in node.args[1:] if isinstance(a, Literal) and a.value not in (None, "")]
        return Form(type_, upper, made, tuple(dict.fromkeys(known)))

    # -- rows

    def value(self, place: Place, number: int) -> Any:
        """The value of a column in the scenario of this number."""
        form = self.forms[place]
        shared = place in self.classes or place[1] in self._key(place[0])
        if form.made is not None:
            return form.made(number)
        if place in self.classes and form.type.is_number and form.type != t.UNKNOWN:
            return number  # whichever type it has on the other side
        if form.known and not shared:
            return form.known[0]
        stem = self.classes.get(place, place)[1]
        if form.type.name in ("string", "unknown"):
            word = f"{_AFFIXES.sub('', stem.lower()) or stem.lower()}_{number}"
            return word.upper() if form.upper else word
        later = self._moments(place[0]).index(place[1]) if form.type.is_moment and form.type != t.UNKNOWN else 0
        return _plain(form.type, number, DAY + timedelta(days=number - 1 if shared else _MONTH * later))

    def _moments(self, relation: str) -> list[str]:
        """The columns of a relation that hold a moment: the later ones are taken to be later."""
        return [column for (name, column), form in self.forms.items() if name == relation and form.type.is_moment]

    def _together(self) -> Iterator[Place]:
        """Columns that rows must share to be in one group, or in one window."""
        for traced in self.traced:
            by = [e for _, e in traced.step.by] if isinstance(traced.step, Group) else []
            windows = (n.window for e in _of_step(traced) for n in walk(e) if isinstance(n, Call))
            for e in (*by, *(e for window in windows if window is not None for e in window.partition)):
                for node in walk(traced.seen(e)):
                    if isinstance(node, Reference) and node.qualifier is not None:
                        yield node.qualifier, node.name

    def _key(self, relation: str) -> frozenset[str]:
        keys = self.relations[relation].relation.keys
        return min(keys, key=lambda k: (len(k), sorted(k)), default=frozenset())

    def scenario(self, number: int, values: Values, without: Iterable[str] = ()) -> Scenario:
        """A row of each relation, with these values in the place of the usual ones."""
        own = {**self.usual, **values}
        for place in values:
            for other, stands in self.classes.items():
                if place in self.classes and stands == self.classes[place] and other not in values:
                    own[other] = values[place]
        rows: dict[str, Row] = {}
        for place in self.forms:
            name, column = place
            if name not in without:
                rows.setdefault(name, {})[column] = own[place] if place in own else self.value(place, number)
        return rows

    def _usual(self) -> Values:
        """Values with which no row of a relation fails a check of it, and a row of the stage comes out."""
        found: Values = {}
        for condition in self._failing():
            found = self._with(found, condition, False)
        for traced in self.traced:
            if isinstance(traced.step, Join):
                for condition in others(traced.step.on):
                    found = self._with(found, traced.seen(condition), True)
            elif isinstance(traced.step, Divert):
                found = self._with(found, traced.seen(traced.step.when), False)
            elif isinstance(traced.step, Hold):
                for _, failing in traced.step.reasons:
                    found = self._with(found, traced.seen(failing), False)
        return self._known(found)

    def _with(self, found: Values, condition: Expression, wanted: bool) -> Values:
        """The values with those that a condition asks for, where they can stand beside each other."""
        for way in self.solver.met(condition, wanted):
            shared = any(place in self.classes for place in way)
            if shared or any(p not in self.forms or value in (None, UNREADABLE) for p, value in way.items()):
                continue
            both = merged((found, way))
            if both is not None:
                return both
        return found

    # -- scenarios

    def scenarios(self, goals: Iterable[Goal]) -> list[Scenario]:
        """Plain ones first; then those that may reach a goal, or end a row otherwise than by coming out."""
        found = [self.scenario(1, {}), self.scenario(2, {}), self._twin(1)]
        for goal in goals:
            if goal.without is not None:
                found += self._unmatched(goal.without, len(found) + 1)
            for values in self.solver.reached(goal.conditions) if goal.conditions else ():
                found.append(self.scenario(len(found) + 1, self._known(values)))
        for traced in self.traced:
            for condition in _ends(traced):
                for values in self.solver.met(traced.seen(condition)):
                    found.append(self.scenario(len(found) + 1, self._known(values)))
                    if isinstance(traced.step, Hold) and "quarantined with its group" in self.stage.query.buckets:
                        found.append(self._beside(found[-1], len(found) + 1))
        if self.main is not None:
            found.append(self._bare(len(found) + 1))
            if len(self.relations) > 1:
                found.append(self.scenario(len(found) + 1, {}, (self.main,)))
        return [scenario for scenario in found if scenario]

    def _known(self, values: Values) -> Values:
        """The values of the columns that are given, each as its column has it."""
        known = ((place, value, self.forms[place].type) for place, value in values.items() if place in self.forms)
        return {p: v if v is None or told != t.STRING or isinstance(v, str) else spelled(v, ()) for p, v, told in known}

    @property
    def main(self) -> str | None:
        source = self.stage.query.input
        return getattr(source, "relation", None)

    def _unmatched(self, alias: str, number: int) -> list[Scenario]:
        """A row without one in the relation that it is joined with, or with one that is of another time."""
        traced = self.joins[alias]
        assert isinstance(traced.step, Join)
        name = getattr(traced.step.right.input, "relation", None)
        found = [self.scenario(number, {}, () if name is None or name == self.main else (name,))]
        for condition in others(traced.step.on):
            for values in self.solver.met(traced.seen(condition), False)[:2]:
                found.append(self.scenario(number + len(found), self._known(values)))
        return found

    def _bare(self, number: int) -> Scenario:
        """A row with nothing but its key."""
        assert self.main is not None
        rows, key = self.scenario(number, {}), self._key(self.main)
        row = rows.get(self.main, {})
        return {**rows, self.main: {column: value if column in key else None for column, value in row.items()}}

    def _beside(self, held: Scenario, number: int) -> Scenario:
        """A sound row that is in one group with a row that is held back."""
        rows = {name: dict(row) for name, row in self.scenario(number, {}).items()}
        for name, column in self.together:
            if name in rows and name in held:
                rows[name][column] = held[name][column]
        return rows

    def _twin(self, number: int) -> Scenario:
        """A second row of the same key, later and larger: what is grouped, ranked or deduplicated has two of them."""
        rows = self.scenario(number, {})
        if self.main is None or self.main not in rows:
            return {}

        def later(column: str, value: Any) -> Any:
            steps = isinstance(value, int | Decimal | date) and not isinstance(value, bool)
            kept = column in key and (self.main, column) not in self.classes and not self.together
            return step(value, 1) if steps and not kept and (self.main, column) not in self.together else value

        key = self._key(self.main)
        return {self.main: {column: later(column, value) for column, value in rows[self.main].items()}}


def _checked(relation: SourcePlan | StagePlan, columns: Mapping[str, Expression]) -> Iterator[Expression]:
    over = Traced(Derive(()), columns)
    for assertion in relation.assertions:
        if isinstance(assertion.test, RowTest) and assertion.where is None:
            yield over.seen(assertion.test.failing)


def _of_step(traced: Traced) -> Sequence[Expression]:
    match traced.step:
        case Derive(columns=columns):
            return [e for _, e in columns]
        case Divert(when=when):
            return [when]
        case Hold(reasons=reasons):
            return [e for _, e in reasons]
        case Join(on=on, take=take):
            return [on, *(e for _, e in take)]
        case Group(by=by, measures=measures):
            return [e for _, e in (*by, *measures)]
        case Repeat(times=times):
            return [times]


def _ends(traced: Traced) -> Iterator[Expression]:
    """The conditions for which a row ends at a step."""
    match traced.step:
        case Divert(when=when):
            yield when
        case Hold(reasons=reasons):
            yield from (failing for _, failing in reasons)


def _parsed(name: str, options: Sequence[str]) -> Callable[[int], Any]:
    kind = name.rpartition("_")[2]
    formats = [option.strip("'") for option in options]
    if kind in ("date", "timestamp"):
        moment = datetime(DAY.year, DAY.month, DAY.day, 8)
        return lambda k: spelled(DAY if kind == "date" else moment, formats)
    return lambda k: str(10 * k) if kind == "integer" else f"{10 * k}.00"


def _cast(type_: t.Type) -> Callable[[int], Any]:
    """Texts that a cast can read."""
    return lambda k: str(spelled(_plain(type_, k, DAY), ())).lower() if type_ not in (t.STRING, t.JSON) else "1"


def _plain(type_: t.Type, number: int, day: date) -> Any:
    """The value of a type in the scenario of a number."""
    if type_.name == "decimal":
        most = 10 ** (type_.precision - type_.scale) - 1
        return Decimal(min(10 * number, most)).quantize(Decimal(1).scaleb(-type_.scale))
    values: dict[str, Any] = {
        "integer": number,
        "double": Decimal(number) + Decimal("0.5"),
        "boolean": True,
        "date": day,
        "timestamp": datetime(day.year, day.month, day.day, 8),
        "json": "{}",
    }
    return values.get(type_.name)
