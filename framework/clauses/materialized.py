"""`materialized`: what a stage must be, to be a view."""

from collections.abc import Collection, Iterable

from framework.algebra import Derive, Divert, Group, Hold, Join, Query, read_by
from framework.expressions.tree import Expression, calls_native, variables


def why_stored(query: Query, sources: Collection[str]) -> str | None:
    """Why the rows of a query must be stored; None where they can be computed by whoever reads them."""
    if read_by(query) & set(sources):
        return "it reads a source, which would be read and converted again by each reader"
    if query.holds:
        return "it holds rows back, and what is held back must stand"
    if any(isinstance(s, Divert) and s.bucket == "superseded" for s in query.steps):
        return "it deduplicates, and each reader would do so again"
    if any(variables(e) for e in expressions(query)):
        return "it uses the clock or a variable, which is bound when a run starts"
    if any(calls_native(e) for e in expressions(query)):
        return "it calls a function of the warehouse's own, which need not give the same twice"
    return None


def expressions(query: Query) -> Iterable[Expression]:
    """Every expression of a query's steps, at any depth of its joins."""
    for step in query.steps:
        match step:
            case Derive(columns=columns):
                yield from (e for _, e in columns)
            case Divert(when=when):
                yield when
            case Hold(reasons=reasons):
                yield from (e for _, e in reasons)
            case Join(on=on, take=take, right=right):
                yield from (on, *(e for _, e in take), *expressions(right))
            case Group(by=by, measures=measures):
                yield from (e for _, e in (*by, *measures))
