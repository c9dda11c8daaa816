"""A figure that stands in several rows, and is added up as often.

The amount of a claim, taken beside each of its lines, is counted once for each line by `sum`.
"""

from collections.abc import Iterator

from framework.algebra import Derive, Group, Step
from framework.assertion import Place
from framework.dependencies import ADDING, Attributes, Known, Part, parts, per_shown, within
from framework.diagnostics import Code
from framework.expressions.tree import Call, Expression, Reference, Window, references, walk
from framework.expressions.typed import Problem
from framework.proofs._proving import Proving, figures

# What these give of equal figures is the figure.
_MEANS = frozenset(["avg", "median"])
FAN_TRAP = Code("F305", "a figure added up more often than it is there")


def prove(proving: Proving) -> None:
    for step, known in proving.summing:
        values = step.measures if isinstance(step, Group) else step.columns if isinstance(step, Derive) else ()
        for name, value in values:
            if name.lower() in figures(proving.model):
                continue
            place = proving.made_by(name) or (proving.place("having") if isinstance(step, Group) else None)
            if place is not None:
                for call, part in _repeated(value, known, _grouping(step, known)):
                    _report(proving, place, call, part, known)


def _grouping(step: Step, known: Known) -> Attributes:
    """What is the same in all the rows that a measure is taken over."""
    by = step.by if isinstance(step, Group) else ()
    return known.attributes(value.name for _, value in by if isinstance(value, Reference))


def _repeated(value: Expression, known: Known, by: Attributes) -> Iterator[tuple[Call, Part]]:
    """The calls that add up what repeats, with one figure of each that does."""
    for e in walk(value):
        if isinstance(e, Call) and e.function.name in ADDING and e.args and not _of_values(e):
            found = parts(
                e.args[0], lambda n: known.adding(known.column(n)), known.row, known.attributes, known.closure
            )
            if e.filter is not None:
                found = within(found, e.filter, known.attributes)
            same = by if e.window is None else _within(e.window, known)
            if e.function.name in _MEANS and known.determine(same, known.attributes(references(e.args[0]))):
                continue
            worst = min((p for p in found if known.repeats(p)), key=lambda p: per_shown(p, known), default=None)
            if worst is not None:
                yield e, worst


def _of_values(e: Call) -> bool:
    """Whether it is of the values that there are, however often: a sum of these alone is a sum of nothing."""
    return e.distinct and e.function.name == "count"


def _within(window: Window, known: Known) -> Attributes:
    return known.attributes(p.name for p in window.partition if isinstance(p, Reference))


def _report(proving: Proving, place: Place, call: Call, part: Part, known: Known) -> None:
    column = "a value" if part.column is None else f"`{part.column.label}`"
    many = f"`{call.function.name}` counts it in each"
    message = f"{column} is one figure per {per_shown(part, known)} and stands in several rows here: {many}"
    safe = _safe_in(proving, part)
    first = (
        f"add it up in a stage that reads `{safe}`, where it does not repeat" if safe else "add it up before it repeats"
    )
    help = f"{first}; where it is meant once for each row, say so: {{expr: ..., per: row}}"
    proving.findings.problem(Problem(FAN_TRAP, message, call.span or (0, 1), help), place)


def _safe_in(proving: Proving, part: Part) -> str | None:
    """A relation in which the figure stands once: the one whose row it is of, or the nearest. Values that may be
    unreadable cannot be added up as they come."""
    if part.column is None:
        return None
    safe = [
        name
        for name, known, column in proving.seen_in(part.column)
        if not any(known.repeats(p) for p in known.adding(column)) and not proving.relations[name].flags
    ]
    of = {a.relation for a in part.per}
    return next((name for name in safe if name in of), safe[0] if safe else None)
