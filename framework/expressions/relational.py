"""What a `select` does to relations, one step inside another, in the framework's own expressions.

Whatever cannot be told is `Lost`: rows of which no more is known than the names of their columns.
"""

from dataclasses import dataclass
from typing import Literal

from framework.expressions.tree import NATIVE, Expression, Function

Columns = tuple[tuple[str, Expression], ...]

_OF = "any of its arguments"
# Gives the same for the same values; what more it does cannot be told.
SOME = Function("select.some", "(any...) -> any", _OF, "", nulls="always")
# The same, and it has no value where an argument has none.
STRICT = Function("select.strict", "(any...) -> any", _OF, "", nulls="any")
# Anything: it may read other rows and other relations.
ANYTHING = Function(f"{NATIVE}select", "() -> any", "a value of which nothing is known", "", nulls="always")


@dataclass(frozen=True, slots=True)
class Scan:
    """The rows of a relation, with those of its columns that are named."""

    relation: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """The same rows, each column under another name."""

    input: "Term"
    names: tuple[tuple[str, str], ...]  # the new one, the old one


@dataclass(frozen=True, slots=True)
class Filtered:
    """The rows for which the condition is true, or fewer."""

    input: "Term"
    condition: Expression


@dataclass(frozen=True, slots=True)
class Joined:
    """Two inputs, whose columns have different names. Of a `semi` join the left ones stay."""

    left: "Term"
    right: "Term"
    type: Literal["inner", "left", "full", "semi"]
    on: Expression


@dataclass(frozen=True, slots=True)
class Computed:
    """More columns beside those of each row."""

    input: "Term"
    columns: Columns


@dataclass(frozen=True, slots=True)
class Grouped:
    input: "Term"
    by: Columns
    measures: Columns


@dataclass(frozen=True, slots=True)
class Projected:
    """Other columns in the place of those of each row."""

    input: "Term"
    columns: Columns


@dataclass(frozen=True, slots=True)
class Distinct:
    input: "Term"


@dataclass(frozen=True, slots=True)
class United:
    """All rows of all branches, which have the same columns."""

    branches: tuple["Term", ...]


Term = Scan | Lost | Named | Filtered | Joined | Computed | Grouped | Projected | Distinct | United
