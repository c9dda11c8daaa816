"""Rows while steps change them: what their columns are known as, and what holds of those that stay."""

from collections.abc import Iterable

from framework.dependencies.adding import parts
from framework.dependencies.known import NOTHING, Attribute, Attributes, Fact, Known, Part, Parts, of_row
from framework.expressions.tree import (
    Call,
    Expression,
    Function,
    Literal,
    Reference,
    calls_native,
    has_window,
    references,
    transform,
)

Figures = frozenset[str]
_STRICT = frozenset(["/", "cast", "try_cast"])  # null where an argument is, though it may be null elsewhere
# May hold a value where an argument is null. `strict` is held against the warehouses: tests/conformance.
_UNSTRICT = frozenset(["and", "or", "if", "case", "hash_key", "between", "concat_ws", "split_part"])


class Rows:
    """What is known, while steps change it."""

    def __init__(self, known: Known) -> None:
        self.row = known.row
        self.columns = dict(known.columns)
        self.facts = list(known.facts)
        self.sure = set(known.sure)
        self.holds = dict(known.holds)
        self.parts = dict(known.parts)
        self.constants = dict(known.constants)
        self.numbers = set(known.numbers)
        self.figures: Figures = frozenset()
        self.present = dict(known.present)

    def known(self) -> Known:
        return Known(
            self.row,
            dict(self.columns),
            tuple(self.facts),
            frozenset(self.sure),
            dict(self.holds),
            dict(self.parts),
            dict(self.constants),
            frozenset(self.numbers),
            dict(self.present),
        )

    # -- columns

    def column(self, name: str) -> Attribute:
        """A column by name; one of a source without a contract is made when it is first asked for."""
        found = self.columns.get(name.lower())
        if found is None:
            found = self.columns[name.lower()] = Attribute(name)
        return found

    def attributes(self, names: Iterable[str]) -> Attributes:
        return frozenset(map(self.column, names))

    def adding(self, name: str) -> Parts:
        return self.figures_of(self.column(name))

    def figures_of(self, column: Attribute) -> Parts:
        """How a column adds up; one of which nothing else is known is a figure of the row in hand."""
        return self.parts.get(column, of_row(self.row, column))

    def value(self, name: str, e: Expression) -> Attribute:
        """What a column with this value is known as: a name more for a column, or something new."""
        if isinstance(e, Reference) and e.qualifier is None and name.lower() not in self.figures:
            return self.column(e.name)
        made = Attribute(name)
        if isinstance(e, Literal):
            if e.value is None:
                self.facts.append(Fact(NOTHING, frozenset([made])))
            else:
                self.constants[made] = e
        elif has_window(e):
            self._windowed(made, e)
        elif not calls_native(e):
            self.facts.append(Fact(self.attributes(references(e)), frozenset([made])))
            self.facts += [Fact(frozenset([made]), self.attributes([name])) for name in _told_by(e)]
        if not e.nullable:
            self.sure.add(made)
        held = _held(e)
        if held:
            self.holds[made] = self.attributes(held)
        if isinstance(e, Call) and e.function.name == "if":
            self._defaulted(made, e)
        if name.lower() in self.figures:
            self.parts[made] = of_row(self.row, made)
        else:
            found = self._parts(e)
            self.parts[made] = frozenset(p if p.column is not None else Part(p.per, p.where, made) for p in found)
        return made

    def _parts(self, e: Expression) -> Parts:
        """How the value adds up; a number of the row that is computed inside it is known by a name of its own."""
        numbers: dict[str, Attribute] = {}

        def named(n: Expression) -> Expression:
            if n is e or not isinstance(n, Call) or n.window is None or n.function.name != "row_number":
                return n
            name = f"_row_number_{len(numbers)}"
            self._windowed(numbers.setdefault(name, Attribute("row_number")), n)
            return Reference(n.type, n.nullable, name)

        def adding(name: str) -> Parts:
            return frozenset([Part(frozenset([self.row]))]) if name in numbers else self.adding(name)

        def attributes(names: Iterable[str]) -> Attributes:
            return frozenset(numbers.get(n) or self.column(n) for n in names)

        return parts(transform(e, named), adding, self.row, attributes, lambda given: self.known().closure(given))

    def _defaulted(self, made: Attribute, e: Call) -> None:
        """A taken column with a value where no row matched tells what was taken, beside whether one did."""
        match e.args:
            case (Reference(name=matched, qualifier=None), Reference(name=taken, qualifier=None), _) if (
                matched.lower() in self.present
            ):
                given = frozenset([made, self.column(matched)])
                self.facts.append(Fact(given, frozenset([self.column(taken)])))

    def _windowed(self, made: Attribute, e: Expression) -> None:
        if not isinstance(e, Call) or e.window is None:
            return
        within = self.attributes(n for p in e.window.partition for n in references(p))
        if e.function.name == "row_number":
            self.facts.append(Fact(within | {made}, frozenset([self.row])))
            self.numbers.add(made)
        elif not e.window.order and e.function.kind == "aggregate":
            self.facts.append(Fact(within, frozenset([made])))

    def key(self, names: Iterable[str], *beside: Attribute) -> None:
        """What was told: one row has the values of these columns, within those that share `beside`."""
        self.facts.append(Fact(self.attributes(names) | frozenset(beside), frozenset([self.row])))

    def nothing(self, name: str) -> None:
        """No more is known of what determines what: rows of another kind stand among them."""
        before, row = self.known(), Attribute(f"row of {name}", name)
        for column in self.columns.values():  # each of them was a row as it came in, or is one of its own
            found = before.adding(column)
            own = (p if before.repeats(p) else Part(frozenset([row]), p.where, p.column) for p in found)
            self.parts[column] = frozenset(own)
        self.row, self.facts = row, []
        self.constants, self.sure = {}, set()

    # -- rows that leave

    def without(self, when: Expression) -> None:
        """The rows for which `when` is true are gone."""
        if not isinstance(when, Call):
            return
        match when.function.name, when.args:
            case "or", args:
                for arg in args:
                    self.without(arg)
            case "is null", (Reference(name=name, qualifier=None),):
                self.sure.add(self.column(name))
            case "is not true", (kept,):
                self.only(kept)
            case "not", (Reference(nullable=False, name=name, qualifier=None) as kept,):
                self.only(kept)
            case ">", (Reference(name=name, qualifier=None), Literal(value=1)) if (
                self.columns.get(name.lower()) in self.numbers & self.sure
            ):
                self.facts.append(Fact(NOTHING, frozenset([self.column(name)])))

    def only(self, kept: Expression) -> None:
        """The rows for which `kept` is not true are gone."""
        if isinstance(kept, Reference) and kept.qualifier is None:
            self.sure.add(self.present.get(kept.name.lower(), self.column(kept.name)))
        if not isinstance(kept, Call):
            return
        self.sure |= self.attributes(_held(kept))
        match kept.function.name, kept.args:
            case "and", args:
                for arg in args:
                    self.only(arg)
            case "is true", (inner,):
                self.only(inner)
            case "is not null", (inner,):
                self.sure |= self.attributes(_held(inner))
            case (("=" | "is not distinct from"), (one, other)):
                self._equal(one, other)
            case (("<" | "<="), (Reference(name=name, qualifier=None), Literal(value=value))):
                number = self.columns.get(name.lower()) in self.numbers
                if number and value == (2 if kept.function.name == "<" else 1):
                    self.facts.append(Fact(NOTHING, frozenset([self.column(name)])))

    def _equal(self, one: Expression, other: Expression) -> None:
        """Each side determines the other: what it reads gives the value that a column has."""
        for left, right in ((one, other), (other, one)) if alike(one, other) else ():
            if isinstance(left, Reference) and left.qualifier is None and _plain(right):
                self.facts.append(Fact(self.attributes(references(right)), frozenset([self.column(left.name)])))
                if isinstance(right, Literal) and right.value is not None and right.type.name == left.type.name:
                    self.constants[self.column(left.name)] = right

    def settle(self, own: Attributes) -> None:
        """The row is about to be another one: what is a figure of the row in hand says so."""
        for attribute in own:
            self.parts.setdefault(attribute, of_row(self.row, attribute))


# -- expressions


def alike(one: Expression, other: Expression) -> bool:
    """Whether what is equal to a value is one value: two integers that differ can be equal to one double."""
    return one.type.name == other.type.name or (one.type.is_exact and other.type.is_exact)


def _held(e: Expression) -> frozenset[str]:
    """The columns that hold a value wherever the expression does."""
    if isinstance(e, Reference):
        return frozenset([e.name]) if e.qualifier is None else frozenset()
    if not isinstance(e, Call) or e.window is not None or e.function.kind != "scalar":
        return frozenset()
    if strict(e.function):
        found = [_held(a) for a in (e.args[:1] if e.function.name == "in" else e.args)]
        return frozenset().union(*found)
    return frozenset()


def strict(function: Function) -> bool:
    """Whether a null in place of an argument gives null; of `in`, in place of the first."""
    if function.kind != "scalar" or function.name in _UNSTRICT:
        return False
    return function.name in _STRICT or function.nulls == "any"


def _told_by(e: Expression) -> Iterable[str]:
    """The columns that the value gives back: a hash of a key stands for the key, and the next number for the number."""
    if not isinstance(e, Call):
        return
    given: Iterable[Expression] = ()
    match e.function.name, e.args:
        case "hash_key", args:
            given = (a for a in args if a.type.name not in ("double", "json"))
        case (("+" | "-"), ((arg, Literal(value=value)) | (Literal(value=value), arg))):
            given = [arg] if e.type.is_exact and value is not None else []
    yield from (a.name for a in given if isinstance(a, Reference) and a.qualifier is None)


def _plain(e: Expression) -> bool:
    """Whether rows that share what it reads share its value."""
    return not has_window(e) and not calls_native(e)
