"""A query of the algebra as one SELECT: steps become levels, levels become common table expressions.

A level is a FROM with columns over it. A column that is used again starts a new level, so that no text
is repeated: inlining would double it at each use.

With `verdict`, no row leaves: it carries the bucket it ended in. Without, rows that are diverted are
gone, as in a WHERE.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, FromClause, Select

from framework import algebra
from framework.algebra import BUCKET, REASONS, ROWS, Derive, Divert, Group, Hold, Join, Query, Repeat
from framework.compile.operations import Column, Operation, makes, needed, operations, reads
from framework.compile.tables import ADDED
from framework.ddl import column_of
from framework.expressions import types as t
from framework.expressions.branches import PASSING, branches, levelled
from framework.expressions.lowering import Lowering, Scalar, calls, conversion, lower, sql_type
from framework.expressions.strictness import either
from framework.expressions.tree import (
    Call,
    Expression,
    Literal,
    Reference,
    has_window,
    operands,
    references,
    transform,
    walk,
)
from framework.expressions.typed import call, literal

Read = Callable[[str, Iterable[str]], FromClause]


_ARGUMENTS = 50
TIMES = "_times"  # how often a row is repeated
LEFT = "_left"  # stands in each row of the left side of a full join, or numbers the rows that a join multiplies


@dataclass(frozen=True, slots=True)
class Rowset:
    """A select, and the names of the columns it gives."""

    select: Select[Any]
    names: tuple[str, ...]


def lower_query(
    query: Query, read: Read, lowering: Lowering, *, verdict: bool, taken: set[str] | None = None
) -> Rowset:
    """The rows of a query; `read` gives the table of a relation with the columns asked for. The names `taken` are those
    that levels have in the same statement, to which those of this query come."""
    return _Levels(query, read, lowering, verdict, set() if taken is None else taken).rowset()


class _Levels:
    def __init__(self, query: Query, read: Read, lowering: Lowering, verdict: bool, taken: set[str]) -> None:
        self.query, self.read, self.lowering, self.verdict = query, read, lowering, verdict
        self.taken = taken
        self.operations = operations(query)
        self.needed = needed(self.operations, query.output)
        self.at = 0
        self.columns: dict[str, ColumnElement[Any]] = {}
        self.names: dict[str, str] = {}
        self.computed: set[str] = set()
        self.conditions: list[ColumnElement[Any]] = []
        self.diverts: list[tuple[ColumnElement[Any], str]] = []
        self.reasons: list[tuple[str, ColumnElement[Any]]] = []
        self.label = "input_rows"
        self.inputs: list[CTE] = []
        self.source: FromClause = self._input()

    def rowset(self) -> Rowset:
        grouped = max((i for i, op in enumerate(self.operations) if isinstance(op, Group)), default=-1)
        verdict = self.verdict
        for index, operation in enumerate(self.operations):
            self.at = index
            # Rows that leave before a group are not stored with it: they are counted by a query of their own.
            self.verdict = verdict and index > grouped
            self._operate(operation)
        self.verdict = verdict
        self.at = len(self.operations)
        extra = [n for n in (ROWS, ADDED) if n in self.columns]
        return self._selected([*self.query.output, *extra])

    # -- input

    def _input(self) -> FromClause:
        match self.query.input:
            case algebra.Read(relation=name):
                table = self.read(name, sorted(self._unmade()))
                alias = table.alias(self._name(name))
                self._adopt(alias, table.c.keys())
                return alias
            case algebra.Union(branches=branches):
                rowsets = [self._branch(branch) for branch in branches]
                union = sa.union_all(*(r.select for r in rowsets)).cte(self._name("branches"))
                self._adopt(union, rowsets[0].names)
                return union
            case algebra.Select():
                return self._authored(self.query.input)

    def _authored(self, select: algebra.Select) -> FromClause:
        """An author's own select; the relations it names are common table expressions of those names."""
        from framework.expressions.select import mark, rendered

        types = {name: variable.type for name, variable in select.variables}
        # A colon would be taken for a bound parameter.
        text = rendered(select.text, self.lowering.select_dialect, types).replace(":", "\\:")
        places = {mark(name): f":{variable.name}" for name, variable in select.variables}
        # Each as a whole word: one name may begin with another.
        text = re.sub(r"\w+", lambda word: places.get(word[0], word[0]), text)
        binds = (sa.bindparam(variable.name, type_=sql_type(variable.type)) for _, variable in select.variables)
        columns: list[ColumnElement[Any]] = [sa.column(name) for name in self.query.output]
        authored = sa.text(text).bindparams(*binds).columns(*columns).subquery("authored")
        self.inputs = [self._input_rows(name) for name in select.inputs]
        self._adopt(authored, self.query.output)
        return authored

    def _input_rows(self, name: str) -> CTE:
        table = self.read(name, ()).alias(f"{name}_read")
        self.taken.add(name)
        return sa.select(*table.c).select_from(table).cte(name)

    def _branch(self, branch: algebra.Branch) -> Rowset:
        steps = (*branch.relation.steps, Derive(branch.columns, "branch"))
        query = Query(branch.relation.input, steps, tuple(name for name, _ in branch.columns))
        return _Levels(query, self.read, self.lowering, False, self.taken).rowset()

    def _unmade(self) -> set[str]:
        """The columns that operations read and that none before them made: those of the input."""
        made: set[str] = set()
        wanted: set[str] = set()
        for operation in self.operations:
            wanted |= {n for n in reads(operation) if n not in made}
            made |= makes(operation)
        return {n for n in wanted | {o for o in self.query.output if o not in made} if not n.startswith("_")}

    def _adopt(self, source: FromClause, names: Iterable[str]) -> None:
        self.columns = {name.lower(): column_of(source, name) for name in names}
        self.names = {name.lower(): name for name in names}
        self.computed = set()

    def _name(self, label: str) -> str:
        """A name for a level that no other has."""
        name, number = label, 2
        while name in self.taken:
            name, number = f"{label}_{number}", number + 1
        self.taken.add(name)
        return name

    # -- levels

    def _push(self, *extra: tuple[str, ColumnElement[Any]]) -> None:
        """What is pending becomes a level of its own."""
        wanted = self.needed[self.at] - {name.lower() for name, _ in extra}
        names = [n for lowered, n in self.names.items() if lowered in wanted]
        rowset = self._selected(names, *extra, final=False)
        select = rowset.select
        if self.computed and self.lowering.pulls_up:
            select = select.offset(sa.literal_column("0"))
        level = select.cte(self._name(self.label))
        self.source, self.conditions, self.diverts, self.reasons = level, [], [], []
        self._adopt(level, rowset.names)

    def _selected(self, names: Sequence[str], *extra: tuple[str, ColumnElement[Any]], final: bool = True) -> Rowset:
        chosen = [(name, self.columns[name.lower()]) for name in dict.fromkeys(names) if name not in (BUCKET, REASONS)]
        chosen += extra
        if self.verdict or BUCKET in self.columns:
            bucket = self._bucket(final)
            if bucket is not None:
                chosen.append((BUCKET, bucket))
            reasons = self._reasons()
            if reasons is not None:
                chosen.append((REASONS, reasons))
        # A query that needs no column still needs one to be a select.
        chosen = chosen or [("_one", sa.literal_column("1"))]
        select = sa.select(*(c.label(n) if c.key != n else c for n, c in chosen)).select_from(self.source)
        for condition in self.conditions:
            select = select.where(condition)
        if final and self.inputs:
            select = select.add_cte(*self.inputs)
        return Rowset(select, tuple(name for name, _ in chosen))

    def _bucket(self, final: bool) -> ColumnElement[Any] | None:
        before = self.columns.get(BUCKET)
        if not self.diverts:
            if before is None or not final:
                return before if not final else None
            return sa.func.coalesce(before, sa.literal_column("'out'"))
        whens = [(before.is_not(None), before)] if before is not None else []
        cases = [
            *whens,
            *((condition, sa.literal_column(f"'{bucket}'")) for condition, bucket in self.diverts),
        ]
        return sa.case(*cases, else_=sa.literal_column("'out'") if final else sa.null())

    def _reasons(self) -> ColumnElement[Any] | None:
        before = self.columns.get(REASONS)
        if not self.reasons:
            return before
        texts = [call("case", _place(i), literal(json.dumps(name))) for i, (name, _) in enumerate(self.reasons)]
        listed = call("||", call("||", literal("["), _listed(texts)), literal("]"))
        # Most rows fail nothing: to put the list together costs more than to ask, and nulls cost nothing to write.
        held = either(*(_place(i) for i in range(len(self.reasons))))
        listed = listed if held is None else call("case", held, listed)
        failing = {f"_r{i}": element for i, (_, element) in enumerate(self.reasons)}
        reasons = lower(listed, lambda reference: failing[reference.name], self.lowering)
        # A row that was held before is not judged again.
        return reasons if before is None else sa.case((self.columns[BUCKET].is_not(None), before), else_=reasons)

    # -- operations

    def _operate(self, operation: Operation) -> None:
        match operation:
            case Divert():
                self._divert(operation)
            case Hold():
                self._hold(operation)
            case Join():
                self._join(operation)
            case Group():
                self._group(operation)
            case Repeat():
                self._repeat(operation)
            case Column():
                self._derive(operation.name, operation.value, operation.reads)
                self.label = operation.label

    def _settle(self, names: Iterable[str]) -> None:
        """A level of its own for columns that are used, if they are computed."""
        if any(name.lower() in self.computed for name in names):
            self._push()

    def _lower(self, expression: Expression) -> ColumnElement[Any]:
        return lower(expression, self._column, self.lowering)

    def _column(self, reference: Reference) -> ColumnElement[Any]:
        return self.columns[reference.name.lower()]

    def _derive(self, name: str, expression: Expression, reads: Iterable[str]) -> None:
        if isinstance(expression, Reference):
            self._set(name, self._column(expression), computed=expression.name.lower() in self.computed)
            return
        self._settle(reads)
        if has_window(expression):
            if self.diverts:
                self._push()
            if BUCKET in self.columns:
                expression = transform(expression, _within_bucket)
        element = self._lower(expression)
        if not self._exact(expression) and expression.type not in (t.UNKNOWN, t.NULL):
            element = conversion(element, expression.type, self.lowering)
        self._set(name, element, computed=True)

    def _set(self, name: str, element: ColumnElement[Any], *, computed: bool) -> None:
        lowered = name.lower()
        self.columns[lowered], self.names[lowered] = element, name
        (self.computed.add if computed else self.computed.discard)(lowered)

    def _divert(self, step: Divert) -> None:
        self._settle(references(step.when))
        if self.verdict:
            self.diverts.append((self._lower(step.when), step.bucket))
        else:
            self.conditions.append(self._condition(step.when))
        self.label = {"filtered": "filtered", "superseded": "ranked"}.get(step.bucket, self.label)

    def _condition(self, when: Expression) -> ColumnElement[Any]:
        """What must hold for a row to stay, as one of the conditions of a WHERE."""
        return lower(_opposite(when), self._column, self.lowering, beside=True)

    def _hold(self, step: Hold) -> None:
        for _, failing in step.reasons:
            self._settle(references(failing))
        if not self.verdict:
            self.conditions += [self._condition(failing) for _, failing in step.reasons]
            return
        lowered = self._judged(step)
        self.reasons += lowered
        self.diverts += [(failing, "quarantined") for _, failing in lowered]
        self.label = "verdict"

    def _judged(self, step: Hold) -> list[tuple[str, ColumnElement[Any]]]:
        """The bucket and the list of reasons both ask for each reason: what calls a function is calculated before."""
        called = {f"_held_{i}": e for i, (_, e) in enumerate(step.reasons) if calls(e)}
        if called:
            self._push(*((flag, self._lower(failing)) for flag, failing in called.items()))
        flags = [f"_held_{i}" for i in range(len(step.reasons))]
        return [
            (name, column_of(self.source, flag) if flag in called else self._lower(failing))
            for flag, (name, failing) in zip(flags, step.reasons, strict=True)
        ]

    def _group(self, step: Group) -> None:
        if self.computed:
            self._push()
        by = [(name, self._lower(value)) for name, value in step.by]
        measures = [(name, self._measure(value)) for name, value in step.measures]
        counted = (ROWS, conversion(sa.literal_column("COUNT(*)"), t.INTEGER, self.lowering))
        select = sa.select(*(c.label(n) for n, c in (*by, *measures, counted))).select_from(self.source)
        for condition in self.conditions:
            select = select.where(condition)
        if by:
            select = select.group_by(*(c for _, c in by))
        level = select.cte(self._name("grouped"))
        self.source, self.conditions = level, []
        self._adopt(level, [n for n, _ in (*by, *measures, counted)])

    def _measure(self, value: Expression) -> ColumnElement[Any]:
        element = self._lower(value)
        if self._exact(value) or value.type in (t.UNKNOWN, t.NULL):
            return element
        return conversion(element, value.type, self.lowering)

    def _repeat(self, step: Repeat) -> None:
        self._settle(references(step.times))
        if self.diverts or self.conditions:
            self._push()
        times: ColumnElement[Any] = sa.func.coalesce(self._lower(step.times), sa.literal_column("0"))
        if BUCKET in self.columns:
            times = sa.case((self.columns[BUCKET].is_(None), times), else_=sa.literal_column("1"))
        self._push((TIMES, times))
        times = self.columns[TIMES]
        least = sa.case((times < sa.literal_column("1"), sa.literal_column("1")), else_=times)
        if self.lowering.numbers:
            numbers = sa.text(self.lowering.numbers).columns(sa.column("number")).subquery(self._name("numbers"))
            self.source = sa.join(self.source, numbers, numbers.c.number < least)
            number: ColumnElement[Any] = numbers.c.number
        else:
            before, after = self.lowering.series.split("{0}")
            number = Scalar((before, least, after), sa.BigInteger())
        self._push((step.index, number), (TIMES, times))
        number, times = self.columns[step.index.lower()], self.columns[TIMES]
        self._set(ADDED, self._or_before(number > sa.literal_column("0")), computed=True)
        self._set(step.index, sa.case((times >= sa.literal_column("1"), number)), computed=True)

    def _exact(self, value: Expression) -> bool:
        return is_exact(value, self.lowering)

    # -- joins

    def _join(self, step: Join) -> None:
        if self.diverts or self.conditions or self.reasons or any(n.lower() in self.computed for n in reads(step)):
            self._push()
        if step.multiplies:
            self._number_left()
        elif step.type == "full":
            self._mark_left()
        right = self._right(step)
        on = lower(step.on, self._both(step, right), self.lowering)
        present = self._present(step, right)
        if step.type == "exists":
            exists = sa.exists(sa.select(sa.literal_column("1")).select_from(right).where(on))
            self._set(step.matched, exists, computed=False)
            return
        if step.type == "full":
            self._full(step, right, on, present)
            return
        self.source = sa.join(self.source, right, on, isouter=True)
        self._take(step, right, present)
        if step.multiplies:
            self._mark_added()

    def _mark_left(self) -> None:
        """A full join needs to know which rows came from the left."""
        self._push((LEFT, sa.literal_column("1")))

    def _full(self, step: Join, right: FromClause, on: ColumnElement[Any], present: ColumnElement[Any]) -> None:
        origin = self.columns[LEFT]
        added: ColumnElement[Any] = origin.is_(None)
        if step.multiplies:
            added = sa.or_(added, _is_repeated(origin))
        added = self._or_before(added)
        self.source = sa.join(self.source, right, on, full=True)
        self._take(step, right, present)
        for name, value in step.coalesced:
            element = lower(value, self._both(step, right), self.lowering)
            if not self._exact(value) and value.type not in (t.UNKNOWN, t.NULL):
                element = conversion(element, value.type, self.lowering)
            self._set(name, element, computed=True)
        self._set(ADDED, added, computed=step.multiplies)

    def _number_left(self) -> None:
        """Rows that a join multiplies are told apart by a number: they need have no key."""
        order: ColumnElement[Any] | None = sa.literal_column("1") if self.lowering.ranks_by_order else None
        self._push((LEFT, sa.func.row_number().over(order_by=order)))

    def _mark_added(self) -> None:
        """Of the rows that one left row became, all but one are added."""
        self._set(ADDED, self._or_before(_is_repeated(self.columns[LEFT])), computed=True)

    def _or_before(self, added: ColumnElement[Any]) -> ColumnElement[Any]:
        """A row that an earlier join added stays added."""
        before = self.columns.get(ADDED)
        return added if before is None else sa.or_(added, sa.func.coalesce(before, sa.literal_column("FALSE")))

    def _right(self, step: Join) -> FromClause:
        """The right side: a table as it stands, or a select of what the join uses."""
        used = [
            *dict.fromkeys(
                n.name
                for e in (step.on, *(v for _, v in step.take))
                for n in walk(e)
                if isinstance(n, Reference) and n.qualifier == step.alias
            )
        ]
        query = step.right
        alias = self._name(step.alias)
        compared = _compared(step) is not None
        if not query.steps and isinstance(query.input, algebra.Read) and used and compared:
            return self.read(query.input.relation, used).alias(alias)
        right = _Levels(replace(query, output=tuple(used)), self.read, self.lowering, False, self.taken).rowset()
        select = right.select if compared else right.select.add_columns(sa.literal_column("1").label("_present"))
        return select.cte(alias)

    def _both(self, step: Join, right: FromClause) -> Callable[[Reference], ColumnElement[Any]]:
        def found(reference: Reference) -> ColumnElement[Any]:
            return column_of(right, reference.name) if reference.qualifier == step.alias else self._column(reference)

        return found

    def _present(self, step: Join, right: FromClause) -> ColumnElement[Any]:
        """True where a right row matched."""
        return column_of(right, _compared(step) or "_present").is_not(None)

    def _take(self, step: Join, right: FromClause, present: ColumnElement[Any]) -> None:
        both = self._both(step, right)
        for name, value in step.take:
            element = lower(value, both, self.lowering)
            if not isinstance(value, Reference):
                if not self._exact(value) and value.type not in (t.UNKNOWN, t.NULL):
                    element = conversion(element, value.type, self.lowering)
                element = sa.case((present, element))
            self._set(name, element, computed=not isinstance(value, Reference))
        self._set(step.matched, present, computed=False)


def _is_repeated(left: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a row is another one of those that one left row became."""
    number = sa.func.row_number().over(partition_by=left, order_by=left)
    repeated: ColumnElement[bool] = number > sa.literal_column("1")
    return repeated


def _compared(step: Join) -> str | None:
    """A column of the right side that `=` has compared in every match, so that it is null in none."""
    for part in operands(step.on, "and"):
        if isinstance(part, Call) and part.function.name == "=":
            for side in part.args:
                if isinstance(side, Reference) and side.qualifier == step.alias:
                    return side.name
    return None


def _listed(texts: Sequence[Expression]) -> Expression:
    """Those that are not null, with commas between them; a function has so many arguments at most (Postgres 100)."""
    while len(texts) > _ARGUMENTS:
        parts = (texts[i : i + _ARGUMENTS] for i in range(0, len(texts), _ARGUMENTS))
        texts = [call("nullif", call("concat_ws", literal(","), *part), literal("")) for part in parts]
    return call("concat_ws", literal(","), *texts)


def _place(index: int) -> Reference:
    return Reference(t.BOOLEAN, False, f"_r{index}")


def _within_bucket(e: Expression) -> Expression:
    """A window sees the rows that are still in hand, and not those that have ended."""
    if not isinstance(e, Call) or e.window is None:
        return e
    here = call("is null", Reference(t.STRING, True, BUCKET))
    return replace(e, window=replace(e.window, partition=(*e.window.partition, here)))


def _opposite(when: Expression) -> Expression:
    """What must hold for a row to stay."""
    if isinstance(when, Call) and when.function.name in ("is not true", "not"):
        return when.args[0]
    return call("is not true", when)


# -- types

_EXACT = frozenset(["current_date", "now", "count", "row_number", "rank", "dense_rank"])


def is_exact(e: Expression, lowering: Lowering) -> bool:
    """Whether SQL gives the expression just the type the plan says, on this warehouse."""
    forgotten = lowering.forgets_digits and e.type.name == "decimal"
    if isinstance(e, Literal):
        return e.type not in (t.INTEGER, t.DOUBLE, t.NULL) and not forgotten
    if not isinstance(e, Call):
        return True
    e = levelled(e)
    name = e.function.name
    if forgotten and (e.function.kind != "scalar" or (name == "case" and len(e.args) % 2 == 0)):
        return False
    if name in PASSING:
        return all(v.type == e.type and is_exact(v, lowering) for v in branches(e))
    if e.type in (t.STRING, t.BOOLEAN) or name in _EXACT:
        return True
    template = lowering.template(e)
    return template.startswith(("CAST(", "TRY_CAST(")) and template.endswith("AS {type})")
