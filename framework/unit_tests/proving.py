"""Unit tests held against the plan: names found, values of the types of their columns; no warehouse."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from framework.algebra import BUCKET, REASONS
from framework.clauses.variables import HOW_WRITTEN
from framework.clauses.variables import fitted as fitted_variable
from framework.diagnostics import Code, Diagnostic, suggest
from framework.expressions import types as t
from framework.expressions.typed import CLOCK, INTERVAL, type_of_value
from framework.expressions.types import widen
from framework.findings import Findings, Place
from framework.model import Rows, UnitTestModel
from framework.plan import Plan, SourcePlan, StagePlan
from framework.relation import Relation
from framework.unit_tests import relevant
from framework.unit_tests.case import Case, Table
from framework.unit_tests.values import Unfit, as_text, typed
from framework.yaml_source import Text

UNKNOWN_STAGE = Code("F280", "a unit test of an unknown stage")
NOT_READ = Code("F281", "a unit test that gives what its stage does not read")
UNKNOWN_COLUMN = Code("F282", "a unit test with an unknown column")
WRONG_VALUE = Code("F283", "a value in a unit test of another type than its column")
UNEVEN = Code("F284", "expected rows of a unit test that name different columns")
NOT_BOUND = Code("F285", "a clock or a variable that a unit test must give, or cannot")
ELSEWHERE = Code("F288", "a unit test of a stage that does not run on DuckDB")

# Where no expression names the clock, some moment must still be bound.
_SOME_MOMENT = datetime(2000, 1, 1)
# What a held row has beside its columns.
_HELD: Mapping[str, t.Type] = {BUCKET: t.STRING, REASONS: t.JSON}

Converted = Callable[[Any, t.Type], Any]


def prove(
    tests: Mapping[str, UnitTestModel], plan: Plan, text: Text
) -> tuple[tuple[Case, ...], tuple[Diagnostic, ...]]:
    """The cases of the tests that a text holds under `tests`, and everything that is wrong with the others."""
    findings, cases = Findings(text), []
    for name, model in tests.items():
        before = len(findings.diagnostics)
        case = _Proving(name, model, plan, findings).case()
        if case is not None and len(findings.diagnostics) == before:
            cases.append(case)
    return tuple(cases), tuple(findings.diagnostics)


class _Proving:
    def __init__(self, name: str, model: UnitTestModel, plan: Plan, findings: Findings) -> None:
        self.name, self.model, self.plan, self.findings = name, model, plan, findings
        self.place: Place = ("tests", name)
        self.sources = {source.name: source for source in plan.sources}
        self.stages = {stage.name: stage for stage in plan.stages}

    def case(self) -> Case | None:
        model = self.model
        stage = self.stages.get(model.stage)
        if stage is None:
            what = "is a source" if model.stage in self.sources else "is no stage of the pipeline"
            message, help = f"`{model.stage}` {what}", suggest(model.stage, self.stages)
            self.findings.error(UNKNOWN_STAGE, (*self.place, "stage"), message, help)
            return None
        computed = relevant.computed(self.plan, stage.name, model.given.keys())
        read = relevant.read(self.plan, computed)
        self._refuse_unread(stage.name, read)
        self._refuse_elsewhere(computed)
        given = {name: self._given(name, rows) for name, rows in model.given.items() if name in read}
        rows, held = self._expected(stage)
        return Case(
            self.name,
            stage.name,
            self.findings.document.locate(self.place, key=True),
            computed,
            {name: given[name] if name in given else self._empty(name) for name in read},
            rows,
            held,
            model.as_of or _SOME_MOMENT,
            self._bound(stage.name, computed),
            _key(stage),
            model.description,
        )

    # -- what is given

    def _refuse_unread(self, stage: str, read: Sequence[str]) -> None:
        above = relevant.above(self.plan, stage)
        for name in self.model.given:
            place = (*self.place, "given", name)
            if name in read:
                continue
            if name in above:
                message = f"nothing reads the rows of `{name}`: what is made of them is given as well"
                help = "give the one or the other"
            elif name in self.sources or name in self.stages:
                message = f"`{stage}` does not read `{name}`"
                help = suggest("", above) or "give nothing: it reads no relation"
                if name == stage:
                    message, help = f"`{name}` is the stage that is tested", "write its rows under `expect`"
            else:
                message, help = f"there is no relation `{name}`", suggest(name, above)
            self.findings.key_error(NOT_READ, place, message, help)

    def _refuse_elsewhere(self, computed: Iterable[str]) -> None:
        for name in computed:
            native = self.stages[name].native
            if native not in (None, "duckdb"):
                message = f"`{name}` calls functions of {native}, and unit tests run on DuckDB"
                help = f"give the rows of `{name}`, and test what reads it" if name != self.model.stage else None
                self.findings.error(ELSEWHERE, (*self.place, "stage"), message, help)

    def _given(self, name: str, rows: Rows) -> Table:
        place = (*self.place, "given", name)
        source, relation = self.sources.get(name), self._relation(name)
        if source is not None and relevant.is_text(source):
            return self._table(relation, t.STRING, rows, place, as_text, dict.fromkeys(relation.names, t.STRING))
        return self._table(relation, t.UNKNOWN, rows, place, typed, {c.name: c.type for c in relation.columns})

    def _empty(self, name: str) -> Table:
        return self._given(name, ())

    def _relation(self, name: str) -> Relation:
        found: SourcePlan | StagePlan = self.sources[name] if name in self.sources else self.stages[name]
        return found.relation

    def _table(
        self,
        relation: Relation,
        undeclared: t.Type,
        rows: Rows,
        place: Place,
        converted: Converted,
        kept: Mapping[str, t.Type],
    ) -> Table:
        """The rows with a value in every column. `kept` are the types in which they stand."""
        columns = dict(kept)
        known = {name.lower(): name for name in columns}
        declared = {column.name.lower(): column for column in relation.columns}
        found = []
        for index, row in enumerate(rows):
            values: dict[str, Any] = {}
            for name, value in row.items():
                column = declared.get(name.lower())
                if column is None and not relation.open:
                    self._unknown_column(relation, relation.names, (*place, index, name))
                    continue
                own = known.setdefault(name.lower(), name)
                columns.setdefault(own, undeclared)
                if own in values:
                    self._twice(own, (*place, index, name))
                wanted = undeclared if column is None else column.type
                values[own] = self._converted(converted, value, wanted, (*place, index, name))
            found.append(values)
        types = {name: self._seen(name, told, rows, place) for name, told in columns.items()}
        return Table(types, tuple(tuple(row.get(name) for name in types) for row in found))

    def _seen(self, name: str, told: t.Type, rows: Rows, place: Place) -> t.Type:
        """The type of a column that nobody declared: that of the values which are given."""
        if told != t.UNKNOWN:
            return told
        found: t.Type = t.NULL
        for index, row in enumerate(rows):
            for written, value in row.items():
                if written.lower() != name.lower() or isinstance(value, list | Mapping):
                    continue
                wider = widen(found, type_of_value(value))
                if wider is None:
                    message = f"the values above are {found}, and this is {type_of_value(value)}"
                    self.findings.error(WRONG_VALUE, (*place, index, written), message, "a column has one type")
                    return t.UNKNOWN
                found = wider
        return found

    def _converted(self, converted: Converted, value: Any, wanted: t.Type, place: Place) -> Any:
        try:
            return converted(value, wanted)
        except Unfit as unfit:
            self.findings.error(WRONG_VALUE, place, unfit.message, unfit.help)
            return None

    def _unknown_column(self, relation: Relation, known: Iterable[str], place: Place) -> None:
        message = f"`{relation.name}` has no column `{place[-1]}`"
        self.findings.key_error(UNKNOWN_COLUMN, place, message, suggest(str(place[-1]), known))

    def _twice(self, name: str, place: Place) -> None:
        message = f"two columns of the row are named `{name}` but for their case"
        self.findings.key_error(UNKNOWN_COLUMN, place, message, "leave one of them out")

    # -- what is expected

    def _expected(self, stage: StagePlan) -> tuple[Table | None, Table | None]:
        model, place = self.model.expect, (*self.place, "expect")
        written = self.findings.document.data["tests"][self.name]["expect"]
        at = (*place, "rows") if isinstance(written, Mapping) else place
        columns = {c.name: c.type for c in stage.relation.columns}
        rows = None if model.rows is None else self._compared(stage, columns, model.rows, at)
        if model.quarantined is None:
            return rows, None
        return rows, self._compared(stage, {**columns, **_HELD}, model.quarantined, (*place, "quarantined"))

    def _compared(self, stage: StagePlan, columns: Mapping[str, t.Type], rows: Rows, place: Place) -> Table:
        """The rows with the columns that the first of them names, which each of them must name."""
        known = {name.lower(): name for name in columns}
        names: dict[str, t.Type] = {}
        found = []
        for index, row in enumerate(rows):
            values: dict[str, Any] = {}
            for name, value in row.items():
                if name.lower() not in known and not stage.relation.open:
                    self._unknown_column(stage.relation, columns, (*place, index, name))
                    continue
                column = known.get(name.lower(), name)
                if column in values:
                    self._twice(column, (*place, index, name))
                wanted = columns.get(column, t.UNKNOWN)
                values[column] = self._converted(
                    _listed if column == REASONS else typed, value, wanted, (*place, index, name)
                )
                names.setdefault(column, wanted)
            found.append(values)
        self._refuse_uneven(rows, found, place)
        if not rows:
            return Table(columns)  # so that a row that comes all the same is shown as it is
        return Table(names, tuple(tuple(values.get(name) for name in names) for values in found))

    def _refuse_uneven(self, rows: Rows, found: Sequence[Mapping[str, Any]], place: Place) -> None:
        """A column that a row leaves out would be compared in the others alone."""
        for index, (row, values) in enumerate(zip(rows, found, strict=True)):
            lacking = [name for name in found[0] if name not in values]
            more = [name for name in values if name not in found[0]]
            if not row:
                message, help = "a row that names no column says nothing", "write {column: value}"
            elif lacking:
                message = f"this row does not name `{lacking[0]}`, and the first one does"
                help = f"write `{lacking[0]}: null` where it is null: the columns named are compared in every row"
            elif more:
                message = f"this row names `{more[0]}`, and the first one does not"
                help = "each row names the same columns: they are compared in every row"
            else:
                continue
            self.findings.error(UNEVEN, (*place, index), message, help)

    # -- what is bound

    def _bound(self, stage: str, computed: Sequence[str]) -> Mapping[str, Any]:
        needed = relevant.bound(self.plan, computed)
        if self.model.as_of is None and needed & {variable.name for variable in CLOCK.values()}:
            message = f"`{stage}` uses the clock, and the test does not say what time it is"
            self.findings.key_error(NOT_BOUND, self.place, message, "write `as_of: 2014-01-31` beside `stage`")
        declared = {variable.name: variable for variable in self.plan.variables}
        types = {name: variable.type for name, variable in declared.items()} | dict.fromkeys(INTERVAL, t.TIMESTAMP)
        values: dict[str, Any] = {}
        for name, value in self.model.vars.items():
            place = (*self.place, "vars", name)
            if name not in types:
                self.findings.key_error(
                    NOT_BOUND, place, f"the pipeline has no variable `{name}`", suggest(name, types)
                )
                continue
            values[name] = fitted_variable(value, types[name])
            if values[name] is None:
                message = f"the variable `{name}` is {types[name]}, and this is none"
                self.findings.error(NOT_BOUND, place, message, HOW_WRITTEN.get(types[name].name))
        for name in sorted(needed & INTERVAL.keys() - values.keys()):
            message = f"`{stage}` names :{name}, and the test gives it no value"
            self.findings.key_error(
                NOT_BOUND, self.place, message, f"write `vars: {{{name}: 2014-01-31}}` beside `stage`"
            )
        found = {v.expression.name: values.get(name, v.value) for name, v in declared.items()}
        return found | {name: values[name] for name in INTERVAL if name in values}


def _listed(value: Any, wanted: t.Type) -> tuple[str, ...] | None:
    """The reasons for which a row is held, in an order that does not depend on them."""
    if value is None:
        return None
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise Unfit("reasons are a list of the names of checks", "write [not_null(member_id)]")
    return tuple(sorted(items))


def _key(stage: StagePlan) -> tuple[str, ...] | None:
    """The columns by which a row that differs is known to be the one that was expected."""
    relation = stage.relation
    key = relation.primary or min(relation.keys, key=lambda k: (len(k), sorted(k)), default=None)
    return None if key is None else tuple(sorted(key))
