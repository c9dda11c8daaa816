"""The columns of one file: a csv's header, or what the format itself says."""

import codecs
import csv
import json
from collections.abc import Sequence
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
        # Of names that differ in case alone DuckDB reads the first.
        known: dict[str, str] = {}
        for name in keys(path):
            known.setdefault(name.lower(), name)
        return dict.fromkeys(known.values(), "VARCHAR")
    rows = _asked(path, files.format, f"DESCRIBE SELECT * FROM read_parquet({literal(path)})")
    return {name: kind for name, kind, *_ in rows}


_KEYS = """
SELECT key FROM (
  SELECT unnest(json_keys(json)) AS key, unnest(range(len(json_keys(json)))) AS place, line
  FROM (SELECT json, row_number() OVER () AS line FROM read_ndjson_objects({file}, ignore_errors = true))
)
GROUP BY key ORDER BY min(line), min(place)
"""


def keys(path: Path) -> tuple[str, ...]:
    """The names that the objects of a jsonl have, all of them looked at; a line that is no object has none."""
    first = _first_keys(path)  # DuckDB takes a line behind a byte order mark for none
    found = [name for (name,) in _asked(path, "jsonl", _KEYS.format(file=literal(path)))]
    return tuple(dict.fromkeys((*first, *found)))


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
    repeated = next((n for i, n in enumerate(header) if n.lower() in (h.lower() for h in header[:i])), None)
    if repeated is not None:
        raise SourceProblem(CONTRACT, f"two columns of {path.name} are named `{repeated}`")
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
