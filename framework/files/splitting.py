"""Files that DuckDB refuses, split: the records that are sound, and the malformed lines with where they stand.

Both go to temporary files without a name, and from there into tables.
"""

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from framework.files import jsonl, records
from framework.files.encoding import is_valid, transcode
from framework.files.header import columns, objects
from framework.files.quoting import literal, quoted, text
from framework.files.reading import Sound, reader
from framework.files.refusal import about_lines, unreadable
from framework.files.unnamed import unnamed
from framework.warehouse import MISSING_FILE, Files, SourceProblem

# Of a table of malformed lines; the reasons are a list as JSON.
# `_file` is a word of Iceberg's own.
MALFORMED_COLUMNS = {"_source_file": "VARCHAR", "_line": "BIGINT", "_reasons": "VARCHAR", "_text": "VARCHAR"}


@dataclass(slots=True)
class Malformed:
    """Where malformed lines are written: a csv of the columns above, every value quoted, without a header.

    `longest` is how many bytes the longest row has.
    """

    file: BinaryIO
    path: Path
    count: int = 0
    longest: int = 0

    def add(self, file: str, line: int, reason: str, found: bytes) -> None:
        """A line that is no record; bytes that are no text, and NUL, which Postgres cannot store, are marked."""
        shown = found.decode("utf-8", "replace").replace("\0", "\ufffd")
        row = io.StringIO(newline="")
        values = (file, line, json.dumps([f"malformed({reason})"]), shown)
        csv.writer(row, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(values)
        written = row.getvalue().encode()
        self.file.write(written)
        self.count += 1
        self.longest = max(self.longest, len(written))

    @property
    def select(self) -> str:
        """DuckDB's SELECT over them."""
        names = ", ".join(f"{text(name)}: '{kind}'" for name, kind in MALFORMED_COLUMNS.items())
        return (
            f"SELECT * FROM read_csv({literal(self.path)}, auto_detect = false, header = false, delim = ',', "
            f"quote = '\"', escape = '\"', new_line = '\\n', allow_quoted_nulls = false, "
            f"max_line_size = {max(self.longest + 1, records.LONGEST)}, columns = {{{names}}})"
        )


@dataclass(frozen=True, slots=True)
class Split:
    """`sound` are the records of the files that were split. `records` counts those of all files, malformed or not."""

    sound: Mapping[Path, Sound]
    malformed: Malformed
    records: int


def is_readable(files: Files) -> bool:
    """Whether DuckDB can be let read the files where they stand: it looks at the bytes of those columns alone that a
    query asks for, and would find out late that a csv is no UTF-8. Of a jsonl it reads a line `null` as an object, and
    of a name that is spelt in two ways one."""
    if files.format == "jsonl":
        return all(objects(path).plain for path in files.paths)
    if files.format == "parquet":
        return True
    return files.csv.encoding == "utf-8" and all(is_valid(path) for path in files.paths)


@contextmanager
def split(files: Files) -> Iterator[Split]:
    """The records of all files; only those that DuckDB refuses are split. Raises SourceProblem."""
    with ExitStack() as stack:
        found = stack.enter_context(unnamed())
        malformed = Malformed(found.file, found.path)
        sound: dict[Path, Sound] = {}
        counted = 0
        names = _shown(files.paths)
        for path in files.paths:
            known = tuple(columns(path, files))
            whole = count(files, path, known)
            if whole is not None:
                counted += whole
                continue
            good = stack.enter_context(unnamed())
            number, line_end = _split_one(files, path, known, good.file, malformed, names[path])
            good.file.flush()
            counted += number
            spellings = objects(path).names if files.format == "jsonl" else ()
            sound[path] = Sound(good.path, line_end, {n[0]: n for n in spellings if len(n) > 1})
        found.file.flush()
        yield Split(sound, malformed, counted)


def _shown(paths: tuple[Path, ...]) -> Mapping[Path, str]:
    """What tells the files apart: their names, below the folder that all are in."""
    folder = os.path.commonpath([path.parent for path in paths])
    return {path: os.path.relpath(path, folder) for path in paths}


def count(files: Files, path: Path, known: tuple[str, ...]) -> int | None:
    """How many records a text file has; None where DuckDB refuses a line. Raises SourceProblem."""
    import duckdb

    if files.format == "jsonl":
        if not objects(path).plain:
            return None
    elif files.csv.encoding != "utf-8" or not is_valid(path):
        return None
    # An object is only looked into where one of its names is asked for.
    asked = "".join(f", count({quoted(name)})" for name in known) if files.format == "jsonl" else ""
    query = f"SELECT count(*){asked} FROM {reader(files, path, dict.fromkeys(known, ''))}"
    try:
        with duckdb.connect() as connection:
            row = connection.execute(query).fetchone()
    except duckdb.Error as error:
        if about_lines(error):
            return None
        raise unreadable(error) or SourceProblem(MISSING_FILE, f"{path.name} cannot be read") from None
    assert row is not None
    return int(row[0])


def _split_one(
    files: Files, path: Path, known: tuple[str, ...], good: BinaryIO, malformed: Malformed, name: str
) -> tuple[int, str]:
    """Splits one file: how many records it has, and what ends them in the sound part."""

    def bad(line: int, reason: str, found: bytes) -> None:
        malformed.add(name, line, reason, found)

    if files.format == "jsonl":
        with path.open("rb") as lines:
            return jsonl.split(lines, good, bad), "\\n"
    if files.csv.encoding == "utf-8":
        with path.open("rb") as file:
            return records.split(file, files.csv, len(known), good, bad)
    with unnamed() as decoded:
        transcode(path, files.csv.encoding, decoded.file)
        decoded.file.flush()
        return records.split(decoded.file, files.csv, len(known), good, bad)
