"""The seam: what a warehouse must be able to do. A file in `warehouses/` does it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import sqlalchemy as sa

from framework.ddl import CreateView, Storage
from framework.diagnostics import Code
from framework.expressions.lowering import Lowering
from framework.expressions.types import Type
from framework.plan import USUAL, Csv

UNREACHABLE = Code("F501", "a warehouse that cannot be reached or refused")
MISSING_FILE = Code("F502", "a source file that is not there or cannot be read")
UNKNOWN_WAREHOUSE = Code("F503", "unknown warehouse or target")
CONTRACT = Code("F504", "a source that is not as its contract says")
MISSING_VARIABLE = Code("F505", "an environment variable that is not set")


# The option of a connection's statements that tells what they are for: `pipeline`, `run`, and `stage`, which may be a
# source. A warehouse that keeps a history of statements is given it with each.
TAG = "framework_tag"


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a source: their format, the contract's columns (None for an open source), and how a csv or tsv is
    written."""

    source: str
    paths: tuple[Path, ...]
    format: str
    declared: Mapping[str, Type] | None
    csv: Csv = USUAL

    @property
    def is_text(self) -> bool:
        """Whether the files are made of lines, each of which can be malformed."""
        return self.format in ("csv", "tsv", "jsonl")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load counted itself: the records that came in, malformed ones among them. None where nothing was moved."""

    records: int | None = None
    malformed: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a driver's error means to a user: no statement, no value, no secret in it.

    What is `of_target`, and not of what it was asked, is told with the target's place.
    """

    message: str
    help: str | None = None
    of_target: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """By what others know a target, as OpenLineage names data sets: the namespace of its tables, the database, and the
    schema of a table that is written without one. No secret is in it."""

    namespace: str
    database: str
    schema: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to names. Where another run has some of them, those are `lacking`, and nothing is held.

    `stands` says whether what was held is held still.
    """

    lacking: tuple[str, ...] = ()
    stands: Callable[[], bool] = lambda: True


PERCENT = range(10, 101)


@dataclass(frozen=True, slots=True)
class TableSetting:
    """What a stage may say of its tables on one warehouse: a sentence for authors, and the shape of its value.

    `besides` is a setting that cannot stand beside it. `unpublished` is why a published table cannot have it.
    """

    said: str
    shape: Literal["columns", "lists of columns", "true or false", "a percentage"]
    besides: str | None = None
    unpublished: str | None = None


@dataclass(frozen=True, slots=True)
class TargetSetting:
    """What a target may say to its warehouse: a sentence for authors, and the shape of its value."""

    said: str
    shape: Literal["text", "a whole number", "a size"] = "text"
    required: bool = False


class Warehouse(ABC):
    """One per file in `warehouses/`. The class attributes need no driver; `connect` imports it."""

    name: ClassVar[str]
    lowering: ClassVar[Lowering]
    # The settings a target may have.
    settings: ClassVar[Mapping[str, TargetSetting]]
    # What a stage may say of its tables here.
    table_settings: ClassVar[Mapping[str, TableSetting]]
    # Whether a CREATE TABLE inside a transaction is undone by its rollback.
    transactional_ddl: ClassVar[bool] = True
    # Whether several statements that change rows can be one transaction.
    transactions: ClassVar[bool] = True
    # Whether the rows of files are moved into tables, or files are read where they are.
    moves_files: ClassVar[bool] = False
    # Whether a column that is dropped takes its values with it, or leaves them in every row that is there.
    dropped_columns_go: ClassVar[bool] = True

    # Whether a column that stands can take its name in another case.
    respells_columns: ClassVar[bool] = True
    # Whether two columns of a table may have names that differ in case alone.
    tells_case: ClassVar[bool] = False
    # How many bytes of a name are kept.
    longest_name: ClassVar[int | None] = None

    @abstractmethod
    def dialect(self) -> sa.Dialect:
        """The SQLAlchemy dialect that statements are compiled for; needs no connection."""

    @abstractmethod
    def connect(self, settings: Mapping[str, str], root: Path, *, reading: bool = False) -> sa.Engine:
        """An engine for a target; sessions in UTC. `root` is the project's folder. Raises Unreachable.

        `reading`: nothing is changed, not even made: a target that is not there yet is an empty one.
        """

    @abstractmethod
    def address(self, settings: Mapping[str, str], root: Path) -> Address:
        """By what others know a target; needs no connection."""

    @abstractmethod
    def load(
        self, connection: sa.Connection, schema: str, files: Files, *, split: bool = False, adds: bool = False
    ) -> Loaded:
        """Makes `schema.source` of the files: each declared column under its declared name, as text where
        the format is text. Raises SourceProblem, and MalformedLines where a line is no record.

        With `split`, the malformed lines are left out and stand in `schema.source__malformed`, with the columns
        `_source_file`, `_line`, `_reasons` (a list as JSON) and `_text`. Without any there is no such table.

        With `adds`, where files are moved, the rows come to those of other files that are there already. Raises
        OtherColumns where they do not fit.
        """

    @abstractmethod
    def storage(self, settings: Mapping[str, Any], partition_by: tuple[str, ...]) -> Storage:
        """How a table is kept, by the author's `table_settings`. What one of them says of the order of rows goes
        before `partition_by`."""

    def filled(self, connection: sa.Connection, schema: str, name: str) -> None:  # noqa: B027  (most want nothing)
        """What a warehouse wants done with a table that has just been filled."""

    def show(self, connection: sa.Connection, view: CreateView, ours: Collection[tuple[str, str]]) -> None:
        """A view in the place of the one that has its name; the views over it stay.

        Where they cannot, those among `ours` (schema, name) are dropped: the run makes them again.
        """
        connection.execute(CreateView(view.table, view.select, replaces=True))

    @abstractmethod
    def schemas(self, connection: sa.Connection) -> Collection[str]:
        """The schemas that there are."""

    def lacking(self, connection: sa.Connection, schemas: Iterable[str]) -> list[str]:
        """Those of the schemas that are not there. The right to make one is another than those that a run needs, and is
        asked for where one is made in vain as well."""
        there = {schema.lower() for schema in self.schemas(connection)}
        return [schema for schema in schemas if schema.lower() not in there]

    @abstractmethod
    def relations(self, connection: sa.Connection, schema: str) -> dict[str, str]:
        """The relations of a schema: name -> TABLE or VIEW."""

    @abstractmethod
    def columns(self, connection: sa.Connection, schema: str, name: str) -> dict[str, str]:
        """The columns of a relation with their types as the warehouse names them, in order."""

    def take_turns(self, connection: sa.Connection) -> None:  # noqa: B027  (one writer needs no turns)
        """Waits until no other transaction is past this point; the turn ends with the transaction."""

    @abstractmethod
    def refusal(self, error: Exception) -> Refusal:
        """A driver's error in words that show no value and no secret."""

    @abstractmethod
    def interrupt(self, driver: Any) -> None:
        """Stops the statement that a connection of the driver is running; called while another thread waits for it.
        May raise what the driver raises."""

    @abstractmethod
    def exclusive(self, connection: sa.Connection, names: Sequence[str]) -> AbstractContextManager[Hold]:
        """Holds the right to names, of a pipeline that is run and of sources that are loaded."""


class Unreachable(Exception):
    """The warehouse cannot be reached, or refused the connection."""

    def __init__(self, refusal: Refusal, code: Code = UNREACHABLE) -> None:
        super().__init__(refusal.message)
        self.refusal, self.code = refusal, code


class SourceProblem(Exception):
    """A source's files are missing, unreadable or not as the contract says."""

    def __init__(self, code: Code, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.code, self.help = code, help


class OtherColumns(Exception):
    """Files have other columns than those that were loaded before: all are loaded again."""


class MalformedLines(Exception):
    """Files have lines that are no records, or are no UTF-8: they are loaded again, split."""
