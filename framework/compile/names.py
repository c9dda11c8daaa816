"""Names of columns that a warehouse would cut."""

from collections.abc import Iterable, Iterator

from framework.diagnostics import Code, Diagnostic
from framework.plan import SourcePlan, StagePlan
from framework.warehouse import Warehouse

CANNOT_SAY = Code("F506", "what a warehouse cannot say")

_OWN = len("_failed_")  # the longest word that goes before a column's name in a statement


def too_long(relations: Iterable[SourcePlan | StagePlan], warehouse: Warehouse) -> Iterator[Diagnostic]:
    """Columns whose names the warehouse would cut, or that would be alike where it cuts them: it says nothing then."""
    longest = warehouse.longest_name
    if longest is None:
        return
    for relation in relations:
        seen: dict[bytes, str] = {}
        for column in relation.relation.columns:
            written = column.name.encode()
            like = seen.setdefault(written[: longest - _OWN].lower(), column.name)
            if len(written) > longest:
                message = f"the name has {len(written)} bytes, and at most {longest} can be kept"
            elif like.lower() != column.name.lower():
                message = (
                    f"its first {longest - _OWN} bytes are those of `{like}`, and names are cut where they are long"
                )
            else:
                continue
            shown = f"`{column.name}` of `{relation.name}` on {warehouse.name}: {message}"
            yield Diagnostic(CANNOT_SAY, shown, None, "give the column a shorter name")
