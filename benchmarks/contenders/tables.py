"""Queries and their checks, for tools that each have files of their own for such things."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class NotNull:
    """No row lacks the column."""

    column: str
    warn: bool = False


@dataclass(frozen=True)
class Accepted:
    """A column that is not null has one of the values."""

    column: str
    values: Sequence[str]
    warn: bool = False


@dataclass(frozen=True)
class NoRow:
    """No row meets the condition."""

    name: str
    condition: str
    warn: bool = False


@dataclass(frozen=True)
class Unique:
    """No two rows are alike in the columns."""

    columns: Sequence[str]
    warn: bool = False


@dataclass(frozen=True)
class Related:
    """A column that is not null is found in the table `to`, under the same name."""

    column: str
    to: str
    warn: bool = False


@dataclass(frozen=True)
class NotEmpty:
    """There is a row."""

    warn: bool = False


@dataclass(frozen=True)
class NoResult:
    """The query over this table yields nothing."""

    name: str
    query: str
    warn: bool = False


Check = NotNull | Accepted | NoRow | Unique | Related | NotEmpty | NoResult


@dataclass(frozen=True)
class Source:
    """What is read: columns with their types, and where the rows are, as a table function of DuckDB or None."""

    columns: Mapping[str, str]
    rows: str | None = None
    checks: Sequence[Check] = ()


@dataclass(frozen=True)
class Table:
    """The rows of a query, which names sources as `raw.NAME` and tables as they are named in `Tables`."""

    query: str
    stored: bool = True
    checks: Sequence[Check] = ()


@dataclass(frozen=True)
class Tables:
    """Sources by name; tables by `schema.name`, a table after those it reads; macros of DuckDB by signature."""

    sources: Mapping[str, Source]
    tables: Mapping[str, Table]
    macros: Mapping[str, str] = field(default_factory=dict)

    def renamed(self, query: str, name: Callable[[str], str]) -> str:
        """The query, with what it reads of these sources and tables under other names."""
        known = {*self.tables, *(f"raw.{source}" for source in self.sources)}
        return re.sub(r"\b\w+\.\w+\b", lambda found: name(found[0]) if found[0] in known else found[0], query)
