"""What one relation is made of."""

from dataclasses import dataclass

from framework.expressions.origins import Kind, Origin


@dataclass(frozen=True, slots=True)
class Edge:
    """How an origin goes into a column, or into the rows, of the relation that has the edge.

    direct: as it is, renamed or not; derived: an expression is made of it; aggregated: an aggregate or a window is;
    filtered_by: it decides which rows are there; unknown: any column of the relation may go in.
    `reasons` are the words for what filters: the bucket that a row ends in (`filtered`, `superseded`, ...); `on`, what
    it is matched with; `by`, what it is grouped by; `key` and `history`, the rows of earlier runs that stand.
    """

    origin: Origin
    kind: Kind
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """`edges` is empty for a column of a source, and for one that is made of no column: a constant, the clock."""

    name: str
    edges: tuple[Edge, ...] = ()


@dataclass(frozen=True, slots=True)
class RelationLineage:
    """`rows` are the edges of its rows; whatever decides them decides every column too. `kind` is `source` or the
    kind of the stage."""

    name: str
    kind: str
    columns: tuple[ColumnLineage, ...]
    rows: tuple[Edge, ...]

    def column(self, name: str) -> ColumnLineage | None:
        lowered = name.lower()
        return next((c for c in self.columns if c.name.lower() == lowered), None)
