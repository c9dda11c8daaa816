"""`materialized`: what a stage must be, to be a view."""

from collections.abc import Collection

from framework.algebra import Divert, Query, expressions, read_by
from framework.expressions.tree import calls_native, variables


def why_stored(query: Query, sources: Collection[str]) -> str | None:
    """Why the rows of a query must be stored; None where they can be computed by whoever reads them."""
    if read_by(query) & set(sources):
        return "it reads a source, which would be read and converted again by each reader"
    if query.holds:
        return "it holds rows back, and what is held back must stand"
    if any(isinstance(s, Divert) and s.bucket in ("superseded", "over the limit") for s in query.steps):
        return "it ranks its rows, and each reader would do so again"
    if any(variables(e) for e in expressions(query)):
        return "it uses the clock or a variable, which is bound when a run starts"
    if any(calls_native(e) for e in expressions(query)):
        return "it calls a function of the warehouse's own, which need not give the same twice"
    return None
