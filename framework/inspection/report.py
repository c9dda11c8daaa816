"""What was seen of a source, and what that is beside its contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from framework.expressions.types import Type
from framework.warehouse import CONTRACT, SourceProblem

State = Literal["same", "missing", "extra", "retyped", "unreadable", "proposed", "left out"]

# Of a source: as its contract says, without one, not as a run needs it, or not to be seen.
Status = Literal["same", "open", "broken", "refused"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A column that is there. `type` is its type in the language, or of a text the one that all its values fit.

    None is no type of the language: then `kind`, the name that the reader or the warehouse has for it, says what it is.
    `fits` is whether it can be of the declared type, `unreadable` how many of its `filled` values cannot, where it is
    text. `files` is how many of the source's files have it. `mostly` is the type that all values of a text but `others`
    fit, where they are the most.
    """

    name: str
    type: Type | None
    kind: str
    files: int = 1
    fits: bool = True
    filled: int | None = None
    unreadable: int = 0
    note: str = ""
    mostly: Type | None = None
    others: int = 0


@dataclass(frozen=True, slots=True)
class Sight:
    """A source that could be looked at. `files`, `rows` and `malformed` lines are None where they were not counted."""

    columns: tuple[Seen, ...]
    files: int | None = None
    rows: int | None = None
    malformed: int | None = None

    def column(self, name: str) -> Seen | None:
        """A column by name, without regard to case."""
        return next((c for c in self.columns if c.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """One column: what the contract says of it, what was found, what came of that, and what else is to be said.

    `unreadable` is how many of `filled` values do not fit the contract's type.
    """

    name: str
    declared: str | None
    found: str | None
    state: State
    note: str = ""
    filled: int | None = None
    unreadable: int | None = None


@dataclass(frozen=True, slots=True)
class SourceReport:
    """`place` is the path or the table as the pipeline's file has it. `proposed` is a contract, for an open source.

    `broken` is what would stop a run, `problem` why nothing could be seen.
    """

    name: str
    place: str
    is_open: bool
    sight: Sight | None = None
    columns: tuple[ColumnReport, ...] = ()
    proposed: Mapping[str, Type] | None = None
    is_text: bool = False
    broken: str | None = None
    problem: SourceProblem | None = None

    @property
    def status(self) -> Status:
        if self.problem is not None:
            return "broken" if self.problem.code is CONTRACT else "refused"
        return "broken" if self.broken else "open" if self.is_open else "same"

    @property
    def left_out(self) -> tuple[ColumnReport, ...]:
        return tuple(c for c in self.columns if c.state == "left out")
