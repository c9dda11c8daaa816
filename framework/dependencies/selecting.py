"""What is known of the rows of a `select`: each of its terms as the step of the algebra that it is."""

from dataclasses import replace

from framework.algebra import Derive, Divert, Group, Join, Query, Read
from framework.dependencies.following import Readings, copied, take
from framework.dependencies.joining import join
from framework.dependencies.known import Attribute, Known
from framework.dependencies.rows import Rows
from framework.dependencies.uniting import united
from framework.expressions.catalogue import function
from framework.expressions.relational import (
    Columns,
    Computed,
    Distinct,
    Filtered,
    Grouped,
    Joined,
    Lost,
    Named,
    Projected,
    Scan,
    Term,
    United,
)
from framework.expressions.tree import Call, Expression, Reference, calls_native, has_window, operands, transform
from framework.expressions.types import BOOLEAN, UNKNOWN

# They have a value wherever their arguments have one.
_TOTAL = frozenset(["+", "-", "*", "negate", "=", "<>", "<", "<=", ">", ">=", "and", "or", "not", "in"])
_OF_GROUPS = frozenset(["sum", "min", "max", "avg"])
_RIGHT = "right"  # what qualifies the columns of the other side of a join


def selected(term: Term, readings: Readings, name: str) -> Known:
    """`readings` gives what is known of a relation, `name` is whose the rows are."""
    return _Selecting(readings, name).rows(term).known()


class _Selecting:
    def __init__(self, readings: Readings, name: str) -> None:
        self.readings, self.name = readings, name

    def rows(self, term: Term) -> Rows:
        match term:
            case Scan(relation=relation, columns=names):
                rows = Rows(self.readings(relation))
                rows.columns = {c.lower(): rows.column(c) for c in names}
            case Lost(columns=names):
                row = Attribute(f"row of {self.name}", self.name)
                rows = Rows(Known(row, {c.lower(): Attribute(c) for c in names}))
            case United(branches=branches):
                found = [self.rows(branch).known() for branch in branches]
                rows = united([(known, known.columns) for known in found], self.name)
            case Joined():
                rows = self._joined(term)
            case _:
                rows = self.rows(term.input)
                self._step(rows, term)
        return rows

    def _step(self, rows: Rows, term: Term) -> None:
        match term:
            case Named(names=names):
                rows.columns = {new.lower(): rows.column(old) for new, old in names}
            case Filtered(condition=condition):
                rows.only(condition)
            case Computed(columns=columns):
                for column in columns:
                    rows.figures = _of_the_row((column,))
                    take(rows, Derive(settled(rows, (column,))), self.readings, self.name)
            case Grouped(by=by, measures=measures):
                rows.figures = _of_the_row(by)
                group = Group(settled(rows, by), settled(rows, measures, grouped=bool(by)))
                take(rows, group, self.readings, self.name)
            case Projected(columns=columns):
                rows.figures = _of_the_row(columns)
                rows.columns = {n.lower(): rows.value(n, value) for n, value in settled(rows, columns)}
            case Distinct():
                take(rows, Group(tuple((c, _column(c)) for c in rows.columns), ()), self.readings, self.name)
        rows.figures = frozenset()

    def _joined(self, term: Joined) -> Rows:
        rows, other = self.rows(term.left), self.rows(term.right).known()
        right = Rows(copied(other, other.row.relation or self.name))
        on = transform(term.on, lambda e: _qualified(e, right))
        pairs = _pairs(on)
        matched = f"_matched_{len(rows.columns)}"
        step = Join(
            Query(Read(self.name)),
            _RIGHT,
            "exists" if term.type == "semi" else "full" if term.type == "full" else "left",
            on,
            () if term.type == "semi" else tuple((c, replace(_column(c), qualifier=_RIGHT)) for c in right.columns),
            matched,
            _coalesced(rows, pairs) if term.type == "full" else (),
            multiplies=not right.known().is_key(other for _, other in pairs),
        )
        join(rows, step, right, self.name)
        if term.type in ("inner", "semi"):
            here = Reference(BOOLEAN, False, matched)
            take(rows, Divert(Call(BOOLEAN, False, function("not"), (here,)), "filtered"), self.readings, self.name)
        if term.type == "inner":
            rows.only(term.on)
        elif term.type == "semi":
            rows.sure |= rows.attributes(one for one, _ in pairs)
        del rows.columns[matched]
        return rows


def _together(one: str, other: str) -> str:
    """The name, after a full join, of what either of two compared columns holds."""
    return f"coalesce({one}, {other})".lower()


def _coalesced(rows: Rows, pairs: list[tuple[str, str]]) -> Columns:
    """The compared columns of both sides as one, where each stands in one comparison alone."""
    lefts = [rows.column(one) for one, _ in pairs]
    if len(set(lefts)) < len(lefts):
        return ()
    found: list[tuple[str, Expression]] = []
    for (one, other), attribute in zip(pairs, lefts, strict=True):
        name = _together(one, other)
        rows.columns[name] = attribute
        found.append((name, _column(one)))
    return tuple(found)


def _column(name: str) -> Reference:
    return Reference(UNKNOWN, True, name)


def _qualified(e: Expression, right: Rows) -> Expression:
    return replace(e, qualifier=_RIGHT) if isinstance(e, Reference) and e.name.lower() in right.columns else e


def _pairs(on: Expression) -> list[tuple[str, str]]:
    """The columns that are compared, of the left side and of the right."""
    found = []
    for e in operands(on, "and"):
        match e:
            case Call(function=f, args=(Reference() as one, Reference() as other)) if f.name == "=":
                if (one.qualifier is None) != (other.qualifier is None):
                    left, right = (one, other) if one.qualifier is None else (other, one)
                    found.append((left.name, right.name))
    return found


def _of_the_row(columns: Columns) -> frozenset[str]:
    """What is made of other rows as well: how it adds up cannot be told, and the author cannot say it here."""
    return frozenset(n.lower() for n, e in columns if has_window(e) or calls_native(e))


def settled(rows: Rows, columns: Columns, *, grouped: bool = False) -> Columns:
    """The columns with what is known of where they hold a value; where rows are `grouped`, no group is empty."""
    filled = rows.known().filled(())

    def change(e: Expression) -> Expression:
        match e:
            case Reference(name=name):
                return replace(e, nullable=rows.column(name) not in filled)
            case Call(function=f, args=(Reference(name=one), Reference(name=other))) if f.name == "coalesce":
                either = next((t for t in (_together(one, other), _together(other, one)) if t in rows.columns), None)
                if either is not None:
                    return Reference(e.type, rows.columns[either] not in filled, either)
        if isinstance(e, Call) and e.window is None:
            match e.function.name:
                case "coalesce":
                    return replace(e, nullable=all(a.nullable for a in e.args))
                case "case":
                    return replace(e, nullable=any(a.nullable for a in (*e.args[1::2], e.args[-1])))
                case name if name in _TOTAL or (grouped and name in _OF_GROUPS):
                    return replace(e, nullable=any(a.nullable for a in e.args))
        return e

    return tuple((name, transform(value, change)) for name, value in columns)
