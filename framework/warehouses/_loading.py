"""Files of a source on their way into a warehouse: DuckDB reads them into one file that the warehouse takes."""

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import sqlalchemy as sa

from framework.ddl import DropRelation
from framework.files import reading, splitting
from framework.files.quoting import literal, quoted
from framework.files.refusal import about_lines, unreadable
from framework.files.unnamed import Unnamed, unnamed
from framework.warehouse import (
    CONTRACT,
    MISSING_FILE,
    Files,
    Loaded,
    MalformedLines,
    OtherColumns,
    SourceProblem,
    Warehouse,
)

PARQUET = "FORMAT parquet"


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a warehouse calls the types of loaded columns; `decimal` has places for the digits and the decimals.

    `huge` are whole numbers beyond 64 bits: what they are called, and what DuckDB casts them to first, if it must.
    """

    integer: str
    decimal: str
    double: str
    boolean: str
    date: str
    timestamp: str
    text: str
    huge: tuple[str, str | None]

    def of(self, found: str) -> tuple[str, str | None]:
        """The name of the type of a column that DuckDB calls `found`, and what DuckDB casts it to first, if it must."""
        if match := _DECIMAL.fullmatch(found):
            return self.decimal.format(p=match[1], s=match[2]), None
        if found.startswith("TIMESTAMP"):
            return self.timestamp, "TIMESTAMP"  # one with a zone becomes UTC, as everywhere
        if found in _HUGE:
            return self.huge
        known = {
            **dict.fromkeys(_WHOLE, (self.integer, "BIGINT")),
            **dict.fromkeys(("FLOAT", "DOUBLE"), (self.double, "DOUBLE")),
            "BOOLEAN": (self.boolean, None),
            "DATE": (self.date, None),
            "VARCHAR": (self.text, None),
        }
        return known.get(found, (self.text, "VARCHAR"))


_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_HUGE = ("UBIGINT", "HUGEINT", "UHUGEINT")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows in a file for the table of a name: `stands` is what has the name now, TABLE or VIEW, `adds` whether the rows
    that are there stay."""

    name: str
    columns: Mapping[str, str]
    file: Unnamed
    stands: str | None = None
    adds: bool = False


class Bulk(Warehouse):
    """A warehouse that files are moved into. `form` is how they travel: options of DuckDB's COPY."""

    kinds: ClassVar[Kinds]
    form: ClassVar[str] = PARQUET

    moves_files: ClassVar[bool] = True

    def load(
        self, connection: sa.Connection, schema: str, files: Files, *, split: bool = False, adds: bool = False
    ) -> Loaded:
        if split:
            with splitting.split(files) as found:
                self._bring(connection, schema, files, found, adds=adds)
                return Loaded(found.records, found.malformed.count)
        if not splitting.is_readable(files):
            raise MalformedLines
        return Loaded(self._bring(connection, schema, files, None, adds=adds))

    def _bring(
        self, connection: sa.Connection, schema: str, files: Files, split: splitting.Split | None, *, adds: bool
    ) -> int:
        """The rows in the table of the source, and the malformed lines in theirs; how many rows there were."""
        there = self.relations(connection, schema)
        select = reading.select(files) if split is None else reading.select(files, split.sound)
        with self.travelling() as file:
            columns, rows = self._write(select, files, file, split=split is not None)
            if adds and list(self.columns(connection, schema, files.source).items()) != list(columns.items()):
                raise OtherColumns
            self.take(connection, schema, Taken(files.source, columns, file, there.get(files.source), adds))
        name = f"{files.source}__malformed"
        if split is not None and split.malformed.count:
            with self.travelling() as file:
                columns, _ = self._write(split.malformed.select, files, file, split=True)
                self.take(connection, schema, Taken(name, columns, file, there.get(name), adds and name in there))
        elif name in there and not adds:
            connection.execute(DropRelation(sa.table(name, schema=schema), "TABLE"))
        return rows

    @abstractmethod
    def take(self, connection: sa.Connection, schema: str, taken: "Taken") -> None:
        """Makes a table of these columns, each with its type, in the place of what has the name, and fills it; or adds
        the rows to those that are there."""

    @contextmanager
    def travelling(self) -> Iterator[Unnamed]:
        """The file that rows travel in."""
        with unnamed() as file:
            yield file

    def _write(self, select: str, files: Files, file: Unnamed, *, split: bool) -> tuple[dict[str, str], int]:
        """The rows of a select in a file: the columns with the warehouse's types, and how many rows there are.

        Raises MalformedLines where DuckDB refuses a line and the files are not `split`, and SourceProblem for all else.
        """
        import duckdb

        try:
            # Rows stream through: nothing need be put aside in a folder.
            with duckdb.connect(config={"temp_directory": ""}) as reader:
                return self._written(reader, select, files, file)
        except duckdb.Error as error:
            if about_lines(error) and files.is_text and not split:
                raise MalformedLines from None
            missing = SourceProblem(MISSING_FILE, f"the files of source `{files.source}` cannot be read")
            raise unreadable(error) or missing from None

    def _written(self, reader: Any, select: str, files: Files, file: Unnamed) -> tuple[dict[str, str], int]:
        reader.execute("SET TimeZone = 'UTC'")
        reader.execute("SET preserve_insertion_order = false")
        kinds = {name: self.kinds.of(kind) for name, kind, *_ in reader.execute(f"DESCRIBE {select}").fetchall()}
        names = list(kinds) if files.declared is not None else self._kept(kinds, files.source)
        chosen = []
        for (name, (_, through)), shown in zip(kinds.items(), names, strict=True):
            value = quoted(name) if through is None else f"CAST({quoted(name)} AS {through})"
            chosen.append(f"{value} AS {quoted(shown)}")
        written = reader.execute(
            f"COPY (SELECT {', '.join(chosen)} FROM ({select})) TO {literal(file.path)} ({self.form}, "
            "USE_TMP_FILE false)"
        ).fetchone()
        assert written is not None
        return {shown: kind for shown, (kind, _) in zip(names, kinds.values(), strict=True)}, int(written[0])

    def _kept(self, columns: Mapping[str, Any], source: str) -> list[str]:
        """The names of columns of files without a contract: in lower case where a stage may write them in any, and as
        long as a name can be. Raises SourceProblem where that makes one name of two."""
        kept: dict[str, str] = {}
        for name in columns:
            short = (name.lower() if self.tells_case else name).encode()[: self.longest_name].decode(errors="ignore")
            if short.lower() in kept:
                message = f"two columns of source `{source}` have names that are alike"
                if self.longest_name is not None:
                    message += f" in the first {self.longest_name} bytes"
                raise SourceProblem(CONTRACT, message, "declare the columns that are read, under `columns`")
            kept[short.lower()] = short
        return list(kept.values())


@contextmanager
def named() -> Iterator[Unnamed]:
    """A file for a warehouse that opens it by its name, in a folder of our own that is gone afterwards."""
    with TemporaryDirectory(prefix="framework-") as own:
        path = Path(own) / "rows.parquet"
        with path.open("w+b") as file:
            yield Unnamed(file, path)
