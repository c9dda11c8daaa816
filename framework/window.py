"""Window columns of a stage: they wait until its other columns are computed and `where` has taken rows away."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from framework.algebra import ROW, Derive
from framework.expressions import types as t
from framework.expressions.catalogue import function
from framework.expressions.ordering import repeatable
from framework.expressions.tree import Call, Expression, Ordering, Reference, Window, references, transform


@dataclass(frozen=True, slots=True)
class _Waiting:
    """`total`: its orders are made total already, by a key."""

    step: Derive
    total: bool


class Waiting:
    """What needs windows. `names` are its columns, in lower case."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._waiting: list[_Waiting] = []
        self._kept: list[Reference] = []  # columns that are meant, and that were replaced since

    def add(self, name: str, step: Derive, *, total: bool) -> None:
        self.names.add(name.lower())
        self._waiting.append(_Waiting(replace(step, label="windows"), total))

    def keep(self, column: Reference) -> Derive | None:
        """A column that is about to be replaced, under a name for the windows that mean it; None where none does."""
        lowered = column.name.lower()
        if lowered not in {r.lower() for w in self._waiting for _, e in w.step.columns for r in references(e)}:
            return None
        kept = replace(column, name=f"_before_{column.name}")
        self._kept.append(kept)

        def renamed(e: Expression) -> Expression:
            return kept if isinstance(e, Reference) and e.name.lower() == lowered else e

        self._waiting = [replace(w, step=_changed(w.step, renamed)) for w in self._waiting]
        return Derive(((kept.name, column),), "computed")

    def steps(self, order: Callable[[], tuple[Ordering, ...]]) -> Iterable[Derive]:
        """The steps that compute them; `order` is one over all columns, for orders that no key makes total.

        Each row then has one number for all of them: of rows alike in every column each is the same row to
        each window, so that what two windows say of a row always goes together.
        """
        number = Ordering(Reference(t.INTEGER, False, ROW))
        steps = [
            w.step if w.total else _changed(w.step, lambda e: repeatable(e, lambda given: (*given, number)))
            for w in self._waiting
        ]
        if any(ROW in references(e) for step in steps for _, e in step.columns):
            window = Window((), (*order(), *map(Ordering, self._kept)))
            steps.insert(0, Derive(((ROW, Call(t.INTEGER, False, function("row_number"), (), window=window)),), "rows"))
        self._waiting = []
        return steps


def _changed(step: Derive, change: Callable[[Expression], Expression]) -> Derive:
    return replace(step, columns=tuple((name, transform(e, change)) for name, e in step.columns))
