"""The columns of one file: a csv's header, or what the format itself says."""

import codecs
import csv
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from framework.files.encoding import codec
from framework.files.quoting import literal
from framework.files.refusal import advice
from framework.plan import Csv
from framework.warehouse import CONTRACT, MISSING_FILE, Files, SourceProblem


def columns(path: Path, files: Files) -> dict[str, str]:
    """The columns of one file with their types as DuckDB names them; text formats have text alone.

    Without a header they are the contract's, by position. Raises SourceProblem.
    """
    if files.format in ("csv", "tsv"):
        names = _header(path, files.csv) if files.csv.header else tuple(files.declared or ())
        return dict.fromkeys(names, "VARCHAR")
    if files.format == "jsonl":
        return dict.fromkeys((names[0] for names in objects(path).names), "VARCHAR")
    rows = _asked(path, files.format, f"DESCRIBE SELECT * FROM read_parquet({literal(path)})")
    return {name: kind for name, kind, *_ in rows}


def refuse_untitled(path: Path, files: Files, known: Collection[str], wanted: Iterable[str]) -> None:
    """Raises SourceProblem where the first line of a csv has none of the names that are wanted.

    It may well be a row, so what stands there is not said.
    """
    if files.format not in ("csv", "tsv") or not files.csv.header:
        return
    lower = {name.lower() for name in known}
    if lower.isdisjoint(name.lower() for name in wanted):
        message = f"the first line of {path.name} names none of the source's columns"
        raise SourceProblem(CONTRACT, message, f"{_fields(len(known))}: {_UNTITLED}")


_UNTITLED = "if it is no header, write csv: {header: false}; if they are parted otherwise, see csv: {delimiter}"


def _fields(count: int) -> str:
    return "it has one field" if count == 1 else f"it has {count} fields"


@dataclass(frozen=True, slots=True)
class Objects:
    """What stands in a jsonl, all of its lines looked at. A line that is no object has no names.

    `names` are the names of the objects; those that differ in case alone stand together, the first one first.
    `plain`: every line is an object, and each name is spelt in one way, so that DuckDB can be asked for the names.
    """

    names: tuple[tuple[str, ...], ...]
    plain: bool


# A null beside the names stands for the lines that are no object.
_KEYS = """
SELECT key FROM (
  SELECT unnest(names) AS key, unnest(range(len(names))) AS place, line
  FROM (
    SELECT CASE json_type(json) WHEN 'OBJECT' THEN json_keys(json) ELSE [NULL] END AS names,
      row_number() OVER () AS line
    FROM read_ndjson_objects({file}, ignore_errors = true)
  )
)
GROUP BY key ORDER BY min(line), min(place)
"""


def objects(path: Path) -> Objects:
    """The names of a jsonl. Raises SourceProblem."""
    stat = path.stat()
    return _objects(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)  # a run asks several times, and the answer is a read of the whole file
def _objects(path: Path, changed: int, size: int) -> Objects:
    first = _first_keys(path)  # DuckDB takes a line behind a byte order mark for none
    found = [name for (name,) in _asked(path, "jsonl", _KEYS.format(file=literal(path)))]
    spelt: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys((*first, *(name for name in found if name is not None))):
        spelt[name.lower()] = (*spelt.get(name.lower(), ()), name)
    return Objects(tuple(spelt.values()), None not in found and all(len(names) == 1 for names in spelt.values()))


def _first_keys(path: Path) -> tuple[str, ...]:
    """Those of the first line, where a byte order mark stands before it."""
    with path.open("rb") as file:
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            return ()
        try:
            found = json.loads(file.readline())
        except ValueError:
            return ()
    return tuple(found) if isinstance(found, dict) else ()


def _asked(path: Path, format: str, query: str) -> list[tuple[Any, ...]]:
    import duckdb

    try:
        with duckdb.connect() as connection:
            return connection.execute(query).fetchall()
    except duckdb.Error as error:
        message = f"{path.name} cannot be read as {format}"
        raise SourceProblem(MISSING_FILE, message, advice(str(error))) from None


def _header(path: Path, written: Csv) -> Sequence[str]:
    header = _first_record(path, written)
    if header is None:
        raise SourceProblem(MISSING_FILE, f"{path.name} is empty: not even a header")
    if not header or not all(name.strip() for name in header):
        nameless = next((i for i, name in enumerate(header, start=1) if not name.strip()), 0)
        what = f"column {nameless} has no name" if any(header) else "the first line is blank"
        raise SourceProblem(MISSING_FILE, f"{path.name} has no header that can be read: {what}")
    lower = [name.lower() for name in header]
    repeated = next((i for i, name in enumerate(lower) if name in lower[:i]), None)
    if repeated is not None:  # by its place: in a file without a header it would be a value
        places = f"{lower.index(lower[repeated]) + 1} and {repeated + 1}"
        help = "give one of them another name; if its first line is no header, write csv: {header: false}"
        raise SourceProblem(CONTRACT, f"columns {places} of {path.name} have one name", help)
    return header


def width(path: Path, written: Csv) -> int:
    """How many fields the first record of a csv has. Raises SourceProblem."""
    record = _first_record(path, written)
    if record is None:
        raise SourceProblem(MISSING_FILE, f"{path.name} is empty")
    return len(record)


def _first_record(path: Path, written: Csv) -> Sequence[str] | None:
    options: dict[str, Any] = {"delimiter": written.delimiter, "quoting": csv.QUOTE_NONE}
    if written.quote:
        options |= {"quoting": csv.QUOTE_MINIMAL, "quotechar": written.quote}
    if written.quote and written.escape != written.quote:
        options |= {"doublequote": False, "escapechar": written.escape}
    try:
        # What stands behind the header is judged line by line, elsewhere.
        with path.open(encoding=codec(path, written.encoding), errors="replace", newline="") as file:
            header = next(csv.reader(file, **options), None)
    except (OSError, csv.Error):
        raise SourceProblem(MISSING_FILE, f"{path.name} cannot be read") from None
    if header is not None and "\ufffd" in "".join(header):
        raise SourceProblem(
            MISSING_FILE, f"the header of {path.name} is not {written.encoding} text", "see csv: {encoding}"
        )
    return header
