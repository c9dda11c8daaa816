"""A stage as the proofs see it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from framework.algebra import Step
from framework.assertion import Place
from framework.dependencies import Attribute, Known
from framework.findings import Findings
from framework.model import Stage
from framework.plan import StagePlan
from framework.readable import Readable


@dataclass(frozen=True, slots=True)
class Proving:
    """`rows` is what is known where the stage's query ends, `relations` are those before it.

    `asked` are the columns that hold a value because a check sees to it.
    `summing` are the steps that may add something up, with what is known of the rows before each.
    """

    model: Stage
    plan: StagePlan
    rows: Known
    asked: frozenset[Attribute]
    summing: Sequence[tuple[Step, Known]]
    relations: Mapping[str, Readable]
    findings: Findings

    def place(self, *path: str | int) -> Place:
        return ("stages", self.plan.name, *path)

    def made_by(self, column: str) -> Place | None:
        """Where the author wrote the expression of a column or a measure; None of one that a clause makes."""
        for clause in ("columns", "measures"):
            for name, model in (getattr(self.model, clause, None) or {}).items():
                if name.lower() == column.lower():
                    return self.place(clause, name, *(() if model.expr is None else ("expr",)))
        return None

    def seen_in(self, attribute: Attribute) -> Iterator[tuple[str, Known, Attribute]]:
        """The relations before this stage that have the very figure, the nearest first, with its column there."""
        for name, readable in reversed(list(self.relations.items())):
            known = readable.known
            for column in known.columns.values():
                if any(p.column is not None and p.column.root is attribute.root for p in known.adding(column)):
                    yield name, known, column


def figures(model: Stage) -> frozenset[str]:
    """The columns and measures of which the author says that they are meant once for each row."""
    clauses = (getattr(model, clause, None) or {} for clause in ("columns", "measures"))
    return frozenset(name.lower() for clause in clauses for name, column in clause.items() if column.per == "row")
