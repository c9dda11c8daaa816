"""Patient data in a published table that does not say that it holds any."""

from framework.diagnostics import Code
from framework.proofs._proving import Proving

UNMARKED = Code("F308", "patient data in a table that is not marked for it")


def prove(proving: Proving) -> None:
    plan = proving.plan
    if plan.publication is None or plan.classification == "phi":
        return
    found = [c.name for c in plan.relation.columns if c.classification == "phi"]
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        proving.findings.key_error(
            UNMARKED,
            proving.place(),
            f"`{plan.name}` publishes `{found[0]}`{more}, which is classified phi, and is not marked so itself",
            "write classification: phi on the stage, or classification: none on a column made harmless",
        )
