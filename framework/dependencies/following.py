"""What is known of rows after each step of a query: the one place where a step's meaning for keys is told."""

from collections.abc import Callable, Iterable

from framework.algebra import Derive, Divert, Group, Hold, Join, Query, Read, Repeat, Step
from framework.dependencies.adding import CHOOSING
from framework.dependencies.joining import join
from framework.dependencies.known import Attribute, Attributes, Fact, Known, Part
from framework.dependencies.rows import Rows
from framework.expressions.tree import Call, Expression, Reference

Readings = Callable[[str], Known]  # what is known of a relation, by name


def take(rows: Rows, step: Step, known_of: Readings, name: str) -> None:
    """The rows after a step; `name` is whose they are."""
    match step:
        case Derive(columns=columns):
            for column, value in columns:
                told = rows.present.get(value.name.lower()) if isinstance(value, Reference) else None
                rows.columns[column.lower()] = rows.value(column, value)
                rows.present.pop(column.lower(), None)
                if told is not None:
                    rows.present[column.lower()] = told
        case Divert(when=when):
            rows.without(when)
        case Hold(reasons=reasons):
            for _, when in reasons:
                rows.without(when)
        case Join(right=Query(input=Read(relation=relation))):
            join(rows, step, Rows(copied(known_of(relation), relation)), name)
        case Join():
            raise TypeError("a join with what is no relation")
        case Group():
            _group(rows, step, name)
        case Repeat(index=index):
            _repeat(rows, index, name)


def copied(known: Known, relation: str) -> Known:
    """The same of another reading of the rows: what joins a relation to itself must tell the two apart.

    The row is one of `relation` from here on.
    """
    row = Attribute(known.row.label, relation, known.row)
    twins: dict[Attribute, Attribute] = {known.row: row}

    def twin(attribute: Attribute) -> Attribute:
        if attribute not in twins:
            twins[attribute] = Attribute(attribute.label, attribute.relation, attribute)
        return twins[attribute]

    def all_of(attributes: Iterable[Attribute]) -> Attributes:
        return frozenset(map(twin, attributes))

    return Known(
        twin(known.row),
        {name: twin(a) for name, a in known.columns.items()},
        tuple(Fact(all_of(f.given), all_of(f.found), all_of(f.where)) for f in known.facts),
        all_of(known.sure),
        {twin(a): all_of(others) for a, others in known.holds.items()},
        {
            twin(a): frozenset(Part(all_of(p.per), all_of(p.where), p.column and twin(p.column)) for p in found)
            for a, found in known.parts.items()
        },
        {twin(a): value for a, value in known.constants.items()},
        all_of(known.numbers),
        {name: twin(a) for name, a in known.present.items()},
    )


def _group(rows: Rows, step: Group, name: str) -> None:
    """One row per `by`: of what was known stays what `by` determines."""
    grouped = {column.lower(): rows.value(column, value) for column, value in step.by}
    by = frozenset(grouped.values())
    before = rows.known()
    kept = before.closure(by) | frozenset(a for a in before.constants)
    single = rows.row in kept
    if single:
        kept = kept | frozenset(a for fact in before.facts for a in fact.found) | frozenset(rows.columns.values())
    old, rows.row = rows.row, Attribute(f"row of {name}", name)
    measures = {column.lower(): Attribute(column) for column, _ in step.measures}
    rows.facts = [Fact(f.given, f.found & kept, f.where) for f in rows.facts if f.given | f.where <= kept]
    rows.facts = [f for f in rows.facts if f.found]
    rows.facts.append(Fact(by, frozenset([rows.row])))
    if single:
        rows.facts += [Fact(frozenset([old]), frozenset([rows.row])), Fact(frozenset([rows.row]), frozenset([old]))]
    always = rows.sure - kept  # in each row of each group: nothing depends on it any more
    rows.holds = {a: held - always for a, held in rows.holds.items() if held - always}
    rows.sure = {a for a in rows.sure if a in kept}
    rows.sure |= {measures[column.lower()] for column, value in step.measures if not value.nullable}
    rows.constants = {a: v for a, v in rows.constants.items() if a in kept}
    rows.numbers &= kept
    rows.columns = {**grouped, **measures}
    rows.present = {}
    # What a column is one per has not changed where the groups tell it; otherwise it is a figure of the group.
    rows.parts = {}
    for attribute in by:
        found = before.adding(attribute)
        if all(p.per | p.where <= kept for p in found):
            rows.parts[attribute] = found
    for column, value in step.measures:
        chosen = _chosen(value)
        found = frozenset() if chosen is None else before.adding(before.column(chosen))
        if found and all(p.per | p.where <= kept for p in found):
            rows.parts[measures[column.lower()]] = found


def _chosen(e: Expression) -> str | None:
    """The column of which a measure gives one of the values that stand in the group."""
    if isinstance(e, Call) and e.function.name in CHOOSING and e.args and isinstance(e.args[0], Reference):
        return e.args[0].name
    return None


def _repeat(rows: Rows, index: str, name: str) -> None:
    old, own = rows.row, frozenset(rows.columns.values())
    rows.settle(own)
    number = rows.columns[index.lower()] = Attribute(index)
    rows.row = Attribute(f"row of {name}", name)
    rows.facts += [Fact(frozenset([old, number]), frozenset([rows.row])), Fact(frozenset([old]), own)]
