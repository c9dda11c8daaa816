"""A stage while its clauses are read: the row in hand, its columns, keys and unreadable values.

Each clause adds steps and changes what is known. What determines what is followed step by step (`rows`), so that a
key stays proved under new names.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from framework.algebra import RANK, Derive, Divert, Group, Hold, Input, Query, Read, Step
from framework.assertion import OnFail, RowTest, SetTest
from framework.dependencies import Attribute, Attributes, Known, Rows, take
from framework.diagnostics import Code, suggest
from framework.expressions import types as t
from framework.expressions.catalogue import function
from framework.expressions.ordering import named, repeatable
from framework.expressions.strictness import converts, derivation, either
from framework.expressions.syntax import Node, Span, SyntaxProblem
from framework.expressions.tree import (
    Call,
    Expression,
    Ordering,
    Reference,
    Variable,
    Window,
    has_window,
    references,
    transform,
)
from framework.expressions.typed import SYNTAX, Problem, Scope, call, literal, typed_node
from framework.findings import Findings, Place
from framework.readable import Readable
from framework.relation import Column, Key, Period, Relation, classified, minimal
from framework.window import Waiting

UNKNOWN_RELATION = Code("F202", "unknown source or stage")
UNKNOWN_NAME = Code("F208", "unknown column named by a clause")


@dataclass(frozen=True, slots=True)
class Held:
    """A reason to hold a row back, judged while the stage is built."""

    name: str
    failing: Expression
    on_fail: OnFail
    place: Place
    unreadable: bool = False
    where: Expression | None = None
    test: RowTest | SetTest | None = None


class Draft:
    """`place` is where the stage stands in the text; `steps` is what it computes so far."""

    def __init__(
        self,
        name: str,
        place: Place,
        readables: Mapping[str, Readable],
        findings: Findings,
        variables: Mapping[str, Variable],
    ) -> None:
        self.name, self.place = name, place
        self.readables, self.findings, self.variables = readables, findings, variables
        self.input: Input = Read("")
        self.steps: list[Step] = []
        self.columns: dict[str, Column] = {}
        self.rows = Rows(Known(Attribute(f"row of {name}", name)))
        self.primary: Attributes | None = None  # the key by which what came in is known
        self.told: list[tuple[str, ...]] = []  # the keys that checks measure
        self.asked: set[Attribute] = set()  # columns that hold a value because checks see to it
        self.figures: frozenset[str] = frozenset()  # columns that are meant once for each row, in lower case
        self.summing: list[tuple[Step, Known]] = []  # the steps that may add something up, with the rows before them
        self.flags: dict[str, Expression] = {}
        self.held: list[Held] = []
        self.group: tuple[str, ...] = ()  # what goes with a row that is held back
        self.bad_groups: list[Expression] = []  # true in a row whose group had one that was rejected
        self.on_unreadable: OnFail = "stop"  # in normalize, quarantine
        self.waiting = Waiting()
        self.open: t.Type | None = None
        self.classification: str | None = None  # of the columns that nobody declared
        # An input was not found, so that its columns pass unchecked; `whole`: they do not come out.
        self.lost = False
        self.whole = False
        self.period: Period | None = None
        self.native: str | None = None  # the warehouse whose own functions may be called
        self._own = count(1)

    # -- what is read

    def readable(self, name: str, place: Place, *, key: bool = False, span: Span | None = None) -> Readable | None:
        """A source or stage by name; an unknown one is reported, with `key` under the place's key.

        `span` is where the name stands in a longer text at the place.
        """
        if name in self.findings.doubtful:
            self.findings.doubtful.add(self.name)
        found = self.readables.get(name)
        if found is None:
            known = [n for n in (*self.findings.names("sources"), *self.findings.names("stages")) if n != self.name]
            message = f"stage `{self.name}` reads itself" if name == self.name else f"no source or stage `{name}`"
            help = suggest(name, known)
            if span is not None:
                self.findings.problem(Problem(UNKNOWN_RELATION, message, span, help), place)
            else:
                (self.findings.key_error if key else self.findings.error)(UNKNOWN_RELATION, place, message, help)
        return found

    def read(self, name: str, place: Place) -> bool:
        """Starts from a relation's rows. False, with a finding, where there is none."""
        found = self.readable(name, place)
        if found is None:
            self.open, self.lost = t.UNKNOWN, True
            return False
        self.input, self.steps = found.query.input, list(found.query.steps)
        self.rows = Rows(found.known)
        for column in found.relation.columns:
            self.add(column)
        self.flags = {c.lower(): Reference(t.BOOLEAN, False, flag) for c, flag in found.flags.items()}
        for column in found.relation.columns:
            flag = self.flags.get(column.name.lower())
            if flag is not None:
                reason = f"unreadable({column.name} as {column.type})"
                self.held.append(Held(reason, flag, "quarantine", (*self.place, "from"), True))
        if found.relation.primary is not None:
            self.primary = self.rows.attributes(found.relation.primary)
        self.period = found.relation.period
        if found.relation.open:
            self.open = t.STRING if found.text else t.UNKNOWN
            self.classification = found.relation.classification
            self.lost = found.lost or name in self.findings.names("stages")  # only an unknown input leaves it open
        return True

    def add(self, column: Column) -> None:
        """A column that is there beside those that steps make."""
        self.columns[column.name.lower()] = column
        self.rows.column(column.name)

    def own(self, name: str) -> str:
        """A name for a column of the framework's own that no other step makes."""
        return f"_{name}_{next(self._own)}"

    # -- names and expressions

    @property
    def shown(self) -> str:
        """What it is, as messages say it: a source's checks are read in a draft as well."""
        return f"{'source' if self.place[0] == 'sources' else 'stage'} `{self.name}`"

    def reference(self, name: str) -> Reference:
        column = self.columns[name.lower()]
        return Reference(column.type, column.nullable, column.name)

    def scope(
        self, place: str | None = None, *, windows: bool = True, aggregate_help: str = "", window_help: str = ""
    ) -> Scope:
        scope = Scope(
            {name: self.reference(name) for name in self.columns},
            place or self.shown,
            open=self.open,
            variables=self.variables,
            windows=windows,
            aggregate_help=aggregate_help,
            native=self.native,
        )
        return replace(scope, window_help=window_help) if window_help else scope

    def expression(self, text: str, *path: str | int, scope: Scope | None = None) -> Expression:
        return self.findings.expression(text, (*self.place, *path), scope or self.scope())

    def node(self, node: Node, path: Sequence[str | int], scope: Scope) -> Expression:
        expression, problems = typed_node(node, scope)
        for problem in problems:
            self.findings.problem(problem, (*self.place, *path))
        return expression

    def unparsed(self, problem: SyntaxProblem, path: Sequence[str | int]) -> None:
        """Reports a text that is no expression."""
        found = Problem(SYNTAX, problem.message, problem.span, problem.help)
        self.findings.problem(found, (*self.place, *path))

    def find(self, name: str, *path: str | int, key: bool = False) -> Column | None:
        """A column that a clause names; an unknown one is reported, with `key` under the path's key."""
        column = self.columns.get(name.lower())
        if column is None and self.open is not None:
            column = Column(name, self.open, classification=self.classification)
            self.add(column)
        elif column is None:
            report = self.findings.key_error if key else self.findings.error
            report(
                UNKNOWN_NAME,
                (*self.place, *path),
                f"no column `{name}` in {self.shown}",
                suggest(name, [c.name for c in self.columns.values()]),
            )
        return column

    # -- steps

    def derive(
        self, name: str, value: Expression, *, label: str = "computed", attributes: Column | None = None
    ) -> None:
        """A new or replaced column. What cannot be read becomes null, with a flag beside it."""
        if self.open is not None and has_window(value):
            for read in sorted(references(value)):
                self.find(read)  # an order is made total by what a source without a contract is known to have
        is_late = has_window(value) or any(r.lower() in self.waiting.names for r in references(value))
        total = has_window(value) and bool(self.proved(self._unwindowed()))
        if total:
            value = transform(value, self.repeatable)
        steps: tuple[tuple[str, Expression], ...] = ((name, value),)
        if isinstance(value, Reference):
            flag = self.flags.get(value.name.lower())
        else:
            steps = derivation(name, value, self._flags())
            flag = self._flag(name, value) if len(steps) > 1 else None
        nullable, classification = dict(steps)[name].nullable, self.classified(value)
        column = Column(name, value.type, nullable, classification)
        if attributes is not None:
            column = replace(
                column,
                description=attributes.description,
                classification=attributes.classification or column.classification,
            )
        step = Derive(steps, label)
        if is_late:
            self.waiting.add(name, step, total=total)
        else:
            kept = self.waiting.keep(self.reference(name)) if name.lower() in self.columns else None
            for each in (kept, step):
                if each is not None:
                    self.step(each)
        self.columns[name.lower()] = column
        self.flags.pop(name.lower(), None)
        if flag is not None:
            self.flags[name.lower()] = flag

    def windows(self) -> None:
        """Computes the window columns, over the rows that are left by now."""
        for step in self.waiting.steps(lambda: self.total((), self._unwindowed())):
            self.step(step)

    def _unwindowed(self) -> list[str]:
        return [c.name for name, c in self.columns.items() if name not in self.waiting.names]

    def repeatable(self, e: Expression) -> Expression:
        """A call with its orders made total, so that a rerun gives the same rows."""
        return repeatable(e, lambda order: self.total(order, self._unwindowed()))

    def _flags(self) -> Mapping[str, Expression]:
        return {self.columns[name].name: flag for name, flag in self.flags.items() if name in self.columns}

    def _flag(self, name: str, value: Expression) -> Expression:
        """The flag of a column that can fail; what was unreadable in a source is held back for that already."""
        reference = Reference(t.BOOLEAN, False, f"_failed_{name}")
        if converts(value):
            place = (*self.place, "columns", name)
            self.held.append(Held(f"unreadable({name} as {value.type})", reference, self.on_unreadable, place, True))
        return reference

    def classified(self, value: Expression) -> str | None:
        """A column made of a classified one carries its classification."""
        read = (self.columns.get(name.lower()) for name in sorted(references(value)))
        return classified(c.classification for c in read if c is not None)

    def step(self, step: Step) -> None:
        """Neighbouring derivations of one label become one step."""
        self._follow(step)
        last = self.steps[-1] if self.steps else None
        if isinstance(step, Derive) and isinstance(last, Derive) and last.label == step.label:
            self.steps[-1] = Derive((*last.columns, *step.columns), step.label)
        else:
            self.steps.append(step)

    def _follow(self, step: Step) -> None:
        """What is known of the rows after it; before what adds something up it is kept, for the proofs."""
        self.rows.figures = self.figures
        parts = [Derive((c,), step.label) for c in step.columns] if isinstance(step, Derive) else [step]
        for part in parts:
            if isinstance(part, Group) or (isinstance(part, Derive) and has_window(part.columns[0][1])):
                self.summing.append((part, self.rows.known()))
            take(self.rows, part, lambda name: self.readables[name].known, self.name)

    def divert(self, when: Expression | None, bucket: str) -> None:
        if when is not None:
            self.step(Divert(when, bucket))

    def unreadable(self, *names: str) -> Expression | None:
        """True where one of these columns could not be read; None where that cannot be."""
        return either(*(self.flags.get(name.lower()) for name in names))

    def not_null(self, names: Iterable[str]) -> None:
        """What was asked of the rows before: these columns hold a value in every row that goes on."""
        for name in names:
            self.columns[name.lower()] = replace(self.columns[name.lower()], nullable=False)
            self.rows.sure.add(self.rows.column(name))

    def tell_key(self, names: Iterable[str]) -> None:
        """A key that a run measures, or holds the rows to."""
        self.told.append(tuple(names))
        self.rows.key(self.told[-1])

    def rank(self, partition: Sequence[str], order: Sequence[Ordering], output: Sequence[str], bucket: str) -> None:
        """Rows past the first of each partition end in `bucket`; the order is made total by all columns."""
        total = self.total(order, output, without=partition)
        window = Window(tuple(self.reference(n) for n in partition), total)
        number = Call(t.INTEGER, False, function("row_number"), (), window=window)
        self.step(Derive(((RANK, number),), "ranked"))
        self.step(Divert(call(">", Reference(t.INTEGER, False, RANK), literal(1)), bucket))

    def total(
        self, order: Sequence[Ordering], names: Sequence[str], *, without: Sequence[str] = ()
    ) -> tuple[Ordering, ...]:
        """The order with what is needed to make it total: the key where one is known, otherwise every column.

        Rows alike in every column may differ in what could not be read: the readable one comes first.
        """
        given, known = named(tuple(order)), [] if without else self.proved(names)
        rest = sorted(known[0]) if known else []
        if not known or any(n.lower() in self.flags for n in rest):  # many keys may be unreadable, and are null then
            known, rest = [], [*rest, *(n for n in names if n not in rest)]
        rest = [n for n in rest if n.lower() not in given and n not in without]
        readable = () if known else (h.failing for h in self.held if isinstance(h.failing, Reference))
        return (*order, *(Ordering(self.reference(n)) for n in rest), *map(Ordering, readable))

    def missing(self, name: str, failing: Expression, on_fail: OnFail, path: Place) -> None:
        """A row that must not pass for want of a match; it is judged with the row checks."""
        self.held.append(Held(name, failing, on_fail, (*self.place, *path)))

    def hold(self, held: Iterable[Held]) -> None:
        """Quarantines the rows that fail."""
        self.step(Hold(tuple((h.name, h.failing) for h in held)))

    def over(self, relation: Relation) -> "Draft":
        """A draft that starts from this stage's own outcome: what its checks see."""
        draft = Draft(self.name, self.place, self.readables, self.findings, self.variables)
        draft.native = self.native
        draft.input = Read(relation.name)
        draft.rows, draft.primary = Rows(self.rows.known()), self.primary
        for column in relation.columns:
            draft.add(column)
        draft.open = t.UNKNOWN if relation.open else None
        return draft

    def learn(self, outcome: "Draft") -> None:
        """What the checks of the outcome say of every row that goes on: columns with a value, and keys."""
        before = set(self.rows.sure)
        self.not_null(c.name for c in outcome.columns.values() if not c.nullable and c.name.lower() in self.columns)
        self.asked |= self.rows.sure - before
        for names in outcome.told:
            if all(name.lower() in self.columns for name in names):
                self.tell_key(names)

    # -- the outcome

    def proved(self, names: Iterable[str]) -> list[Key]:
        """The candidate keys that these columns hold: the one known by, then the smallest first."""
        known, given = self.rows.known(), self._given(names)
        found = [frozenset(given[a] for a in key) for key in known.keys(frozenset(given))]
        keys = sorted(found, key=lambda k: (len(k), sorted(k)))
        by = self._known_by(known, given)
        return keys if by is None else [by, *(k for k in keys if k != by)]

    def is_key(self, names: Iterable[str]) -> bool:
        """Whether at most one row can have the values of these columns."""
        return self.rows.known().is_key(names)

    def _given(self, names: Iterable[str]) -> dict[Attribute, str]:
        """What columns are known as, each with the first of its names."""
        return {self.rows.column(n): self.columns[n.lower()].name for n in reversed(list(names))}

    def _known_by(self, known: Known, given: Mapping[Attribute, str]) -> Key | None:
        """The key by which what came in is known, while it is a key of the row in hand."""
        if self.primary is None or not self.primary <= given.keys() or known.row not in known.closure(self.primary):
            return None
        return frozenset(given[a] for a in self.primary)

    def relation(self, names: Sequence[str], period: Period | None = None) -> Relation:
        columns = tuple(self.columns[n.lower()] for n in names)
        keys = minimal(frozenset(self.proved(names)))
        lost = self.lost and not self.whole
        return Relation(self.name, columns, keys, period, lost, self._known_by(self.rows.known(), self._given(names)))

    def query(self, names: Sequence[str]) -> Query:
        return Query(self.input, tuple(self.steps), tuple(self.columns[n.lower()].name for n in names))
