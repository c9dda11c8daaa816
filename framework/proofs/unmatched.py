"""A check for a value in a column that has none wherever a join found no match."""

from dataclasses import replace

from framework.assertion import RowTest
from framework.dependencies import Attribute
from framework.diagnostics import Code
from framework.proofs._proving import Proving

CANNOT_HOLD = Code("F307", "a `not_null` that a row without a match cannot pass")


def prove(proving: Proving) -> None:
    if proving.plan.kind == "sql":
        return  # a select has no other word for a match that must be there
    always = replace(proving.rows, sure=proving.rows.sure - proving.asked).filled(())
    for assertion in proving.plan.assertions:
        if not isinstance(assertion.test, RowTest) or assertion.on_fail != "stop" or assertion.where is not None:
            continue
        if assertion.mostly is not None:
            continue
        for name in assertion.test.present:
            column = proving.rows.columns.get(name.lower())
            right = None if column is None else _missing(proving.rows.holds.get(column, frozenset()) - always)
            if right is not None:
                proving.findings.error(
                    CANNOT_HOLD,
                    assertion.place,
                    f"`{name}` is null where no row of `{right}` matches, and this check then stops the run",
                    "say at the join what becomes of such a row: missing: quarantine, missing: fail or "
                    f"missing: {{{name}: ...}}",
                )


def _missing(held: frozenset[Attribute]) -> str | None:
    """The relation whose row may be missing."""
    return next((a.relation for a in sorted(held, key=lambda a: a.label) if a.relation is not None), None)
