"""What is known once another relation stands beside the rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from framework.algebra import Join
from framework.dependencies.known import NOTHING, Attribute, Attributes, Fact, Known, Part, counting
from framework.dependencies.rows import Rows, alike
from framework.expressions.tree import Call, Expression, Reference, calls_native, operands, transform, walk


def join(rows: Rows, step: Join, right: Rows, name: str) -> None:
    """Takes the step; `right` are the rows of the other side, of which nothing stands on this one. `name` is whose the
    rows are."""
    matched = rows.columns[step.matched.lower()] = Attribute(step.matched)
    equal = [(rows.column(one), right.column(other)) for one, other in _equalities(step.on)]
    if step.type == "exists":
        _like_a_match(rows, right.known(), equal, step)
        return
    left_row, own, there = rows.row, frozenset(rows.columns.values()), frozenset([right.row])
    lefts = rows.attributes(n.name for n in walk(step.on) if isinstance(n, Reference) and n.qualifier is None)
    if step.type == "full":
        both = _of_one_key(rows, right, equal, step)
        _left_may_lack(rows, own)
    _add_right(rows, right, matched)
    rows.facts += [Fact(there, frozenset([matched])), Fact(frozenset([left_row]), frozenset([matched]))]
    if not step.multiplies:  # a left row has one match at most
        where = NOTHING if step.type == "left" else frozenset([left_row])
        rows.facts += [Fact(lefts, there, where), Fact(frozenset([left_row]), there, where)]
    if step.type == "left":
        rows.facts += [Fact(frozenset([one, matched]), frozenset([other])) for one, other in equal]
    for pair in equal:
        for given, found in (pair, pair[::-1]):
            rows.facts.append(Fact(frozenset([given]), frozenset([found]), there | _there(left_row, step)))
    rows.facts += [
        Fact(given, frozenset([found]), there | _there(left_row, step)) for given, found in _computed(rows, right, step)
    ]
    if step.multiplies or step.type == "full":
        rows.settle(own)
        rows.row = Attribute(f"row of {name}", name)
        rows.facts.append(Fact(there | {left_row}, frozenset([rows.row])))
        rows.facts.append(Fact(frozenset([left_row]), own))
    if step.type == "full":
        _coalesce(rows, step, dict(equal), left_row, there, both)
    for column, value in step.take:
        rows.columns[column.lower()] = _taken(rows, column, value, right)
    if step.type == "left":
        rows.present[step.matched.lower()] = right.row


def _like_a_match(rows: Rows, right: Known, equal: Sequence[tuple[Attribute, Attribute]], step: Join) -> None:
    """In a row with a match, what is compared determines what it determines among the right rows."""
    there = rows.present[step.matched.lower()] = Attribute(f"match of {step.alias}")
    lefts = {other: one for one, other in equal}
    for given in {f.given for f in right.facts if f.given and f.given <= lefts.keys()}:
        closed = right.closure(given)
        found = frozenset(one for other, one in lefts.items() if other in closed or right.row in closed)
        rows.facts.append(Fact(frozenset(lefts[a] for a in given), found, frozenset([there])))


def _there(left_row: Attribute, step: Join) -> Attributes:
    """What else must hold a value where both sides match."""
    return frozenset([left_row]) if step.type == "full" else NOTHING


def _add_right(rows: Rows, right: Rows, matched: Attribute) -> None:
    """The right rows' facts: an unmatched row has null in each of their columns.

    So a fact holds where there is a right row, and in all rows with `matched` beside what is given; a column that holds
    a value in each right row says so itself.
    """
    there = frozenset([right.row])
    always = frozenset(right.sure) | there
    for fact in right.facts:
        if fact.given & always:
            rows.facts.append(fact)
        else:
            rows.facts.append(Fact(fact.given, fact.found, fact.where | there))
            rows.facts.append(Fact(fact.given | {matched}, fact.found, fact.where))
    every = frozenset(right.columns.values()).union(*(f.given | f.found for f in right.facts)) - there
    rows.facts.append(Fact(there, every))
    for constant in right.constants:
        rows.facts.append(Fact(NOTHING, frozenset([constant]), there))
    for attribute in {*every, *right.holds, *right.parts}:
        rows.holds[attribute] = right.holds.get(attribute, NOTHING) | there
    rows.holds[right.row] = frozenset(right.sure)
    for attribute in every | frozenset(right.parts):
        rows.parts[attribute] = counting(right.figures_of(attribute), there)
    rows.numbers |= right.numbers


def _taken(rows: Rows, name: str, e: Expression, right: Rows) -> Attribute:
    """A column that comes over: an expression over the right side, null where there is none."""
    if isinstance(e, Reference):
        return _of_right(rows, e.name, right)
    there, among = frozenset([right.row]), Rows(right.known())
    made = among.value(name, _own(e))
    rows.facts.append(Fact(there, frozenset([made])))
    rows.facts += [Fact(f.given, f.found, f.where | there) for f in among.facts[len(right.facts) :]]
    rows.holds[made] = among.holds.get(made, NOTHING) | there
    if made in among.sure:
        rows.holds[right.row] |= {made}
    rows.parts[made] = counting(among.parts[made], there)
    return made


def _of_right(rows: Rows, name: str, right: Rows) -> Attribute:
    known = name.lower() in right.columns
    found = right.column(name)
    if not known:
        there = frozenset([right.row])
        rows.facts.append(Fact(there, frozenset([found])))
        rows.holds[found] = there
        rows.parts[found] = frozenset([Part(there, there, found)])
    return found


# -- full joins


def _of_one_key(rows: Rows, right: Rows, equal: Sequence[tuple[Attribute, Attribute]], step: Join) -> bool:
    """Whether what is compared is a key of both sides, by nothing else: then it tells the rows of the join apart.

    Each column of it must hold a value on one side: where both may be null, two nulls are one key, and no match.
    """
    lefts, rights = frozenset(one for one, _ in equal), frozenset(other for _, other in equal)
    keyed = rows.row in rows.known().closure(lefts) and right.row in right.known().closure(rights)
    sure = all(one in rows.sure or other in right.sure for one, other in equal)
    return keyed and sure and len(list(operands(step.on, "and"))) == len(equal)


def _left_may_lack(rows: Rows, own: Attributes) -> None:
    """Rows of the right side alone have null in every column of the left."""
    left_row, sure = frozenset([rows.row]), frozenset(rows.sure)
    always = sure | left_row
    rows.facts = [f if f.given & always else Fact(f.given, f.found, f.where | left_row) for f in rows.facts]
    rows.facts.append(Fact(NOTHING, frozenset(rows.constants), left_row))
    rows.constants = {}
    for attribute in own | frozenset(rows.holds):
        rows.holds[attribute] = rows.holds.get(attribute, NOTHING) | left_row
    rows.holds[rows.row] = sure
    for attribute in own:
        rows.parts[attribute] = counting(rows.figures_of(attribute), left_row)
    rows.sure = set()


def _coalesce(
    rows: Rows,
    step: Join,
    equal: Mapping[Attribute, Attribute],
    left_row: Attribute,
    there: Attributes,
    of_one_key: bool,
) -> None:
    """Columns of both sides hold what either has."""
    here, key = frozenset([left_row]), set()
    for name, _ in step.coalesced:
        old, made = rows.column(name), Attribute(name)
        for side, where in ((old, here), (equal.get(old), there)):
            if side is not None:
                rows.facts.append(Fact(frozenset([side]), frozenset([made]), where))
                rows.facts.append(Fact(frozenset([made]), frozenset([side]), where))
        rows.parts[made] = rows.parts[old]
        rows.columns[name.lower()] = made
        if old in equal:
            key.add(made)
    if of_one_key and key:
        rows.facts.append(Fact(frozenset(key), here | there))


def _own(e: Expression) -> Expression:
    """An expression over the right side as one over its own rows."""
    return transform(e, lambda n: replace(n, qualifier=None) if isinstance(n, Reference) else n)


def _computed(rows: Rows, right: Rows, step: Join) -> Iterable[tuple[Attributes, Attribute]]:
    """Columns of either side that equal, in every match, what is computed of others."""

    def attribute(n: Reference) -> Attribute:
        return rows.column(n.name) if n.qualifier is None else right.column(n.name)

    for e in operands(step.on, "and"):
        if not isinstance(e, Call) or e.function.name != "=" or calls_native(e):
            continue
        for one, other in (e.args, e.args[::-1]):
            if isinstance(one, Reference) and not isinstance(other, Reference) and alike(one, other):
                yield frozenset(attribute(n) for n in walk(other) if isinstance(n, Reference)), attribute(one)


def _equalities(on: Expression) -> Iterable[tuple[str, str]]:
    """Pairs of a left and a right column that are equal in every match."""
    for e in operands(on, "and"):
        if isinstance(e, Call) and e.function.name == "=" and alike(*e.args):
            sides = [a for a in e.args if isinstance(a, Reference)]
            lefts = [a.name for a in sides if a.qualifier is None]
            rights = [a.name for a in sides if a.qualifier is not None]
            if len(lefts) == len(rights) == 1:
                yield lefts[0], rights[0]
