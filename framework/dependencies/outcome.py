"""What the readers of a relation know of it: no more than its columns and what those are one per."""

from collections.abc import Iterable

from framework.dependencies.known import NOTHING, Attribute, Attributes, Fact, Known, Part, Parts
from framework.relation import Key, Relation

IS_CURRENT = "is_current"
_MOST = 24  # facts that may take the place of those through one hidden attribute


def outcome(known: Known, relation: Relation, *, standing: bool = False, current: Key | None = None) -> Known:
    """`standing`: rows of earlier runs stand beside those that were followed, so that only the relation's own keys and
    columns hold of all. `current` is a key among the rows that are current, where a table keeps history."""
    columns = {c.name.lower(): known.columns.get(c.name.lower()) or Attribute(c.name) for c in relation.columns}
    keys = [
        Fact(frozenset(columns[n.lower()] for n in key), frozenset([known.row]))
        for key in relation.keys
        if all(n.lower() in columns for n in key)
    ]
    sure = frozenset(columns[c.name.lower()] for c in relation.columns if not c.nullable)
    parts = {a: _parts(known, a) for a in columns.values()}
    if standing:
        now = Attribute("current row")
        present = {} if current is None else {IS_CURRENT: now}
        of_now = Fact(frozenset(columns[n.lower()] for n in current or ()), frozenset([known.row]), frozenset([now]))
        return Known(known.row, columns, (*keys, *([of_now] if present else [])), sure, parts=parts, present=present)
    per = [
        Fact(frozenset(columns[n.lower()] for n in d.per), frozenset([columns[d.column.lower()]]))
        for d in relation.dependencies
    ]
    for d in relation.dependencies:
        parts[columns[d.column.lower()]] = _per(known, columns[d.column.lower()], d.per, columns)
    constants = {a: value for a, value in known.constants.items() if a in columns.values()}
    present = {name: a for name, a in known.present.items() if name in columns}
    needed = {
        known.row,
        *present.values(),
        *columns.values(),
        *(a for found in parts.values() for p in found for a in (*p.per, *p.where)),
    }
    sure |= known.filled(()) & needed  # rows without a value may have been left out on the way
    holds = {a: h & needed for a, h in known.holds.items() if a in needed and h & needed}
    facts = _among([*known.facts, *keys, *per], needed, known.row)
    return Known(known.row, columns, facts, sure, holds, parts, constants, known.numbers & needed, present)


def _parts(known: Known, attribute: Attribute) -> Parts:
    """What determines the row is as good as the row itself."""
    row = frozenset([known.row])
    return frozenset(p if known.repeats(p) else Part(row, p.where, p.column) for p in known.adding(attribute))


def _per(known: Known, attribute: Attribute, per: Iterable[str], columns: dict[str, Attribute]) -> Parts:
    return frozenset([Part(frozenset(columns[n.lower()] for n in per), NOTHING, attribute)])


def _among(facts: list[Fact], needed: set[Attribute], row: Attribute) -> tuple[Fact, ...]:
    """The facts on these attributes alone; those through others are put together where that is few."""
    guards = {a for f in facts for a in f.where} - needed
    hidden = {a for f in facts for a in (*f.given, *f.found)} - needed - guards
    for attribute in sorted(hidden, key=lambda a: sum(attribute_in(a, f) for f in facts)):
        into = [f for f in facts if attribute in f.found and attribute not in f.given]
        from_ = [f for f in facts if attribute in f.given]
        facts = [f for f in (_without(f, attribute) for f in facts if attribute not in f.given) if f is not None]
        if len(into) * len(from_) <= _MOST:
            facts += [
                Fact(one.given | (other.given - {attribute}), other.found, one.where | other.where)
                for one in into
                for other in from_
                if not other.found <= one.given
            ]
    kept: dict[tuple[Attributes, Attributes], set[Attribute]] = {}
    for fact in facts:
        if fact.given | fact.where <= needed and row not in fact.given:
            kept.setdefault((fact.given, fact.where), set()).update((fact.found & needed) - fact.given)
    return tuple(Fact(given, frozenset(found), where) for (given, where), found in kept.items() if found)


def attribute_in(attribute: Attribute, fact: Fact) -> bool:
    return attribute in fact.given or attribute in fact.found


def _without(fact: Fact, attribute: Attribute) -> Fact | None:
    if attribute not in fact.found:
        return fact
    found = fact.found - {attribute}
    return Fact(fact.given, found, fact.where) if found else None
