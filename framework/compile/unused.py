"""The rows of a joined relation that no row used: a memo of the ledger, each counted by a query of its own.

The query takes the rows that the join's right side reads and leaves out those that a row of the left matches. Of what
the stage does before the join it repeats only what says which rows come there, and with which values in `on`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import Select

from framework.algebra import Derive, Divert, Group, Hold, Input, Join, Query, Repeat, Step
from framework.compile.rows import Read, lower_query
from framework.expressions import types as t
from framework.expressions.lowering import Lowering
from framework.expressions.tree import Expression, Reference, references, transform, walk
from framework.expressions.typed import call
from framework.plan import StagePlan

Unused = tuple[tuple[str, Select[Any]], ...]
_LEFT, _USED = "_left_rows", "_used"


def unused(stage: StagePlan, before: Iterable[StagePlan], input: Input, read: Read, lowering: Lowering) -> Unused:
    """For each join and lookup of a stage, by its name, the select of its number. `before` are the stages computed on
    the way to this one, and `input` what the first of them takes in."""
    if stage.publication is not None:
        return ()  # its joins are references: a member without a claim is nothing to tell
    steps = [step for earlier in before for step in earlier.query.steps]
    return tuple((join.alias, _count(join, left, read, lowering)) for join, left in _joins(steps, stage, input))


def _joins(steps: Sequence[Step], stage: StagePlan, input: Input) -> Iterator[tuple[Join, Query]]:
    """Each join with the rows that come to it."""
    for index, step in enumerate(stage.query.steps):
        if isinstance(step, Join):
            named = tuple(sorted(references(step.on)))
            came = (*steps, *stage.query.steps[:index])
            yield step, Query(input, _needed(came, named), named)


def _count(join: Join, left: Query, read: Read, lowering: Lowering) -> Select[Any]:
    def other_way_round(e: Expression) -> Expression:
        if not isinstance(e, Reference):
            return e
        return replace(e, qualifier=None if e.qualifier == join.alias else _LEFT)

    on = transform(join.on, other_way_round)
    taken = call("not", Reference(t.BOOLEAN, False, _USED))
    steps = (Join(left, _LEFT, "exists", on, (), _USED), Divert(call("not", taken), "used"))
    right = replace(join.right, steps=(*join.right.steps, *steps), output=())
    rows = lower_query(right, read, lowering, verdict=False).select.cte("unused")
    return sa.select(sa.func.count().label("unused_rows")).select_from(rows)


def _needed(steps: Sequence[Step], names: Iterable[str]) -> tuple[Step, ...]:
    """The steps without those that neither remove a row nor make a column that is asked for."""
    wanted = {name.lower() for name in names}
    kept: list[Step] = []
    for step in reversed(steps):
        match step:
            case Derive(columns=columns):
                step = replace(step, columns=_asked_for(columns, wanted))
                if not step.columns:
                    continue
            case Join(on=on, take=take, matched=matched):
                made = {matched.lower(), *(name.lower() for name, _ in take)}
                if step.type != "full" and not step.multiplies and not made & wanted:
                    continue  # each row is there once, whether it has a match or not
                wanted -= made
                wanted |= _read(on)
            case Group(by=by, measures=measures):
                measures = tuple((name, value) for name, value in measures if name.lower() in wanted)
                step = replace(step, measures=measures)
                wanted = {name for _, value in (*by, *measures) for name in _read(value)}
            case Divert(when=when):
                wanted |= _read(when)
            case Hold(reasons=reasons):
                wanted |= {name for _, failing in reasons for name in _read(failing)}
            case Repeat(times=times, index=index):
                wanted = (wanted - {index.lower()}) | _read(times)
        kept.append(step)
    return tuple(reversed(kept))


def _asked_for(columns: Sequence[tuple[str, Expression]], wanted: set[str]) -> tuple[tuple[str, Expression], ...]:
    """The columns of a step that are asked for, each in turn asking for those that it reads."""
    kept: list[tuple[str, Expression]] = []
    for name, value in reversed(columns):
        if name.lower() in wanted:
            kept.append((name, value))
            wanted.discard(name.lower())
            wanted |= _read(value)
    return tuple(reversed(kept))


def _read(e: Expression) -> set[str]:
    return {n.name.lower() for n in walk(e) if isinstance(n, Reference) and n.qualifier is None}
