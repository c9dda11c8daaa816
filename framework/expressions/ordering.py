"""Orders made total, so that a result does not depend on the order in which rows happen to come."""

from collections.abc import Callable
from dataclasses import replace

from framework.expressions.tree import Call, Expression, Ordering, Reference

Total = Callable[[tuple[Ordering, ...]], tuple[Ordering, ...]]


def repeatable(e: Expression, total: Total) -> Expression:
    """A call with its orders made total; what depends on no order is returned itself.

    `rank` and `dense_rank` keep the author's order: ties are what they are about.
    """
    if not isinstance(e, Call) or e.function.name in ("rank", "dense_rank"):
        return e
    if e.window is not None and e.window.order:
        e = replace(e, window=replace(e.window, order=total(e.window.order)))
    if e.function.name in ("arg_max", "arg_min"):
        return e if e.order else replace(e, order=_ties(e, total))
    if e.function.name == "string_agg" and (e.window is None or not e.window.order):
        return replace(e, order=_listed(e, total))
    return e


def _ties(e: Call, total: Total) -> tuple[Ordering, ...]:
    """Of rows that share the extreme, the first is taken: by several such calls the same one."""
    return tuple(order for order in total(()) if order.key != e.args[1])


def _listed(e: Call, total: Total) -> tuple[Ordering, ...]:
    """Texts in the author's order; equal ones can stand in any."""
    text = Ordering(e.args[0])
    if e.distinct or not e.order:
        return e.order or (text,)
    if any(order.key == text.key for order in e.order):
        return e.order
    order = total(e.order)
    return order if any(o.key == text.key for o in order) else (*order, text)


def named(order: tuple[Ordering, ...]) -> frozenset[str]:
    """The lower-case names of the columns that an order holds as they are."""
    return frozenset(o.key.name.lower() for o in order if isinstance(o.key, Reference))
