"""The steps of a query one operation at a time: what each reads and makes, and what later ones still need."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from framework.algebra import BUCKET, REASONS, ROWS, Derive, Divert, Group, Hold, Join, Query, Repeat
from framework.compile.tables import ADDED
from framework.expressions.tree import Expression, Reference, references, walk


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a Derive."""

    name: str
    value: Expression
    label: str
    reads: frozenset[str]


Operation = Column | Divert | Hold | Join | Group | Repeat


def operations(query: Query) -> list[Operation]:
    """Steps with each derived column by itself, those that need no other of their step first."""
    operations: list[Operation] = []
    for step in query.steps:
        if isinstance(step, Derive):
            operations += _layered(step)
        else:
            operations.append(step)
    return operations


def _layered(step: Derive) -> list[Column]:
    """The columns of a step in as few levels as can be; one that replaces a column waits for its readers."""
    levels: dict[str, int] = {}
    readers: dict[str, int] = {}
    placed: list[tuple[int, Column]] = []
    for name, value in step.columns:
        reads = references(value)
        read = [r.lower() for r in reads]
        level = max((levels[r] + 1 for r in read if r in levels), default=0)
        level = max(level, readers.get(name.lower(), 0))
        for r in read:
            readers[r] = max(readers.get(r, 0), level)
        levels[name.lower()] = level
        placed.append((level, Column(name, value, step.label, reads)))
    return [column for _, column in sorted(placed, key=lambda pair: pair[0])]


def reads(operation: Operation) -> Set[str]:
    """The columns of the rows in hand that it looks at, as they are written."""
    match operation:
        case Divert(when=when):
            return set(references(when))
        case Hold(reasons=reasons):
            return {n for _, e in reasons for n in references(e)}
        case Join():
            return {n.name for n in walk(operation.on) if isinstance(n, Reference) and n.qualifier is None}
        case Group(by=by, measures=measures):
            return {n for _, e in (*by, *measures) for n in references(e)}
        case Repeat(times=times):
            return set(references(times))
        case Column(reads=reads):
            return reads


def makes(operation: Operation) -> set[str]:
    """The columns that are there after it and may not have been before."""
    match operation:
        case Join(take=take, matched=matched):
            return {matched, *(name for name, _ in take)}
        case Group(by=by, measures=measures):
            return {name for name, _ in (*by, *measures)}
        case Repeat(index=index):
            return {index}
        case Column(name=name):
            return {name}
    return set()


def needed(operations: Sequence[Operation], output: Sequence[str]) -> list[set[str]]:
    """For each operation, the lower-case names that it or a later one reads."""
    needed = [{name.lower() for name in output} | {ROWS, ADDED, BUCKET, REASONS}]
    for operation in reversed(operations):
        needed.append(needed[-1] | {name.lower() for name in reads(operation)})
    return needed[::-1]
