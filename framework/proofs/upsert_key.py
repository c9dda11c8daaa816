"""The key of a published table that does not tell its rows apart: a merge on it would lose all but one."""

from framework.diagnostics import Code
from framework.proofs._proving import Proving
from framework.relation import shown

NO_ROW_KEY = Code("F306", "a published key that does not determine the row")


def prove(proving: Proving) -> None:
    publication, rows = proving.plan.publication, proving.rows
    if publication is None or publication.mode == "replace" or not publication.key:
        return
    key = rows.attributes(publication.key)
    # One that has nothing to do with a key that is known may be another key: it is measured.
    own = frozenset(map(rows.column, proving.plan.relation.names))
    finer = next((k for k in rows.keys(own) if any(key <= rows.closure(k - {c}) for c in k)), None)
    if rows.row in rows.closure(key) or finer is None:
        return
    known = shown(tuple(c.name for c in proving.plan.relation.columns if rows.column(c.name) in finer))
    proving.findings.error(
        NO_ROW_KEY,
        proving.place("key"),
        f"{shown(publication.key)} does not tell the rows of `{proving.plan.name}` apart: one is known by {known}",
        f"write that key, or aggregate by {shown(publication.key)} first",
    )
