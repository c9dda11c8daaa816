"""Source files: where they are, what columns they have, and how DuckDB reads them.

DuckDB is the one reader of files, so that a file means the same whatever warehouse it is loaded into.
A csv is read as text; what the text means is decided by the stage that reads the source.
"""

import csv
import glob
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from framework.diagnostics import Code
from framework.expressions.types import Type, parse_type
from framework.warehouse import CONTRACT, MISSING_FILE, MISSING_VARIABLE, Files, SourceProblem

OBJECT_STORE = Code("F275", "files of an object store")

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_STORE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DELIMITERS = {"csv": ",", "tsv": "\t"}


def expand_variables(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """`${VAR}` and `${VAR:-default}` by their values. Raises SourceProblem where one is not set."""

    def value(match: re.Match[str]) -> str:
        found = environment.get(match[1]) or match[2]
        if found is None:
            raise SourceProblem(
                MISSING_VARIABLE,
                f"the environment variable {match[1]} is not set",
                f"set it: export {match[1]}=...",
            )
        return found

    return _VARIABLE.sub(value, text)


def object_store(path: str) -> str | None:
    """The scheme of an address (`s3`, `https`) in the place of a path; None for a path."""
    found = _STORE.match(path)
    return None if found is None else found[1]


def find(path: str, root: Path) -> tuple[Path, ...]:
    """The files of a path or a glob, sorted; relative ones from the project's folder. Raises SourceProblem."""
    store = object_store(expand_variables(path))
    if store is not None:
        help = "copy the files to a disk that the run sees, or load them into a table and write `table`"
        raise SourceProblem(OBJECT_STORE, f"`{store}://` is an object store; this version reads files of a disk", help)
    pattern = str(Path(glob.escape(str(root))) / expand_variables(path))
    if glob.has_magic(pattern):
        found = tuple(Path(name) for name in sorted(glob.glob(pattern, recursive=True)) if Path(name).is_file())
    else:
        found = (root / expand_variables(path),) if (root / expand_variables(path)).is_file() else ()
    if not found:
        help = "a relative path starts at the folder of framework.yaml, or where the command runs if there is none"
        raise SourceProblem(MISSING_FILE, f"no file at {expand_variables(path)}", help)
    return found


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _path(path: Path) -> str:
    """One file for DuckDB, which would take a bracket in its name for a pattern."""
    return text(glob.escape(str(path)))


def select(files: Files) -> tuple[str, tuple[str, ...]]:
    """DuckDB's SELECT over the files and the names of its columns: the contract's, or for an open source all."""
    parts: list[str] = []
    names: tuple[str, ...] = tuple(files.declared or ())
    for path in files.paths:
        known = columns(path, files.format)
        if files.declared is None and not names:
            names = tuple(known)
        chosen = ", ".join(_chosen(files, path, name, known) for name in names)
        parts.append(f"SELECT {chosen} FROM {_reader(path, files.format, known)}")
    return "\nUNION ALL\n".join(parts), names


def _chosen(files: Files, path: Path, name: str, known: Mapping[str, str]) -> str:
    actual = next((k for k in known if k.lower() == name.lower()), None)
    if actual is None:
        raise SourceProblem(
            CONTRACT,
            f"{path.name} has no column `{name}`, which source `{files.source}` declares",
            f"it has: {', '.join(list(known)[:12])}",
        )
    wanted = None if files.declared is None else files.declared[name]
    if wanted is not None and files.format == "parquet":
        check_type(files.source, name, wanted, known[actual])
    if files.format == "jsonl":
        return f"{_json_text(quoted(actual), wanted)} AS {quoted(name)}"
    return f"{quoted(actual)} AS {quoted(name)}"


def _json_text(column: str, wanted: Type | None) -> str:
    """A value of JSON as text. DuckDB reads a number with a fraction as a double: where more than 15 digits of a
    decimal have come out of that, the last of them are made up, and the text is spoilt so that it is unreadable."""
    value = f"{column} ->> '$'"
    if wanted is None or wanted.name != "decimal":
        return value
    digits = f"length(regexp_replace({value}, '[^0-9]', '', 'g'))"
    return f"CASE WHEN json_type({column}) = 'DOUBLE' AND {digits} > 15 THEN ({value}) || ' rounded' ELSE {value} END"


def columns(path: Path, format: str) -> dict[str, str]:
    """The columns of one file with their types as DuckDB names them; text formats have text alone."""
    if format in _DELIMITERS:
        return dict.fromkeys(_header(path, _DELIMITERS[format]), "VARCHAR")
    import duckdb

    reader = f"read_parquet({_path(path)})" if format == "parquet" else f"read_json_auto({_path(path)})"
    try:
        with duckdb.connect() as connection:
            rows = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()
    except duckdb.Error as error:
        raise SourceProblem(MISSING_FILE, f"{path.name} cannot be read as {format}", _advice(str(error))) from None
    return {name: "VARCHAR" if format == "jsonl" else kind for name, kind, *_ in rows}


def _header(path: Path, delimiter: str) -> Sequence[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, delimiter=delimiter), None)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        raise SourceProblem(MISSING_FILE, f"{path.name} {why}") from None
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


def _reader(path: Path, format: str, known: Mapping[str, str]) -> str:
    if format == "parquet":
        return f"read_parquet({_path(path)})"
    kind = "JSON" if format == "jsonl" else "VARCHAR"
    names = ", ".join(f"{text(name)}: '{kind}'" for name in known)
    if format == "jsonl":
        return f"read_json({_path(path)}, format = 'newline_delimited', columns = {{{names}}})"
    return (
        f"read_csv({_path(path)}, auto_detect = false, header = true, delim = {text(_DELIMITERS[format])}, "
        f"quote = '\"', escape = '\"', nullstr = '', columns = {{{names}}})"
    )


_FAMILIES = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "integer"),
    **dict.fromkeys(("FLOAT", "REAL", "DOUBLE", "DOUBLE PRECISION"), "double"),
    **dict.fromkeys(("VARCHAR", "TEXT", "CHARACTER VARYING", "CHARACTER", "CHAR", "BPCHAR", "UUID"), "string"),
    **dict.fromkeys(("JSON", "JSONB"), "json"),
    "BOOLEAN": "boolean",
    "DATE": "date",
    "NUMERIC": "decimal",  # of Postgres, without digits: any decimal fits
}


def check_type(source: str, name: str, wanted: Type, found: str) -> None:
    """Raises SourceProblem where a typed column is not what the contract says; `found` as the warehouse says it."""
    text = found.upper().replace("NUMERIC(", "DECIMAL(")
    real = parse_type(text)
    if real is not None and real.name == "decimal":
        fits = wanted.name == "decimal" and real.scale <= wanted.scale and real.precision <= wanted.precision
    else:
        family = "timestamp" if text.startswith("TIMESTAMP") else _FAMILIES.get(text.partition("(")[0].strip())
        fits = family == wanted.name
    if not fits:
        raise SourceProblem(
            CONTRACT, f"`{name}` of source `{source}` is {found}, and its contract says {wanted}", "mend the contract"
        )


_LINE = re.compile(r"Line: (\d+)")


def unreadable(error: Exception) -> SourceProblem | None:
    """DuckDB's error about a file in words without the text of the file; None for any other error."""
    message = str(error)
    if "CSV Error" not in message and "JSON" not in message and "Parquet" not in message:
        return None
    line = _LINE.search(message)
    where = f" at line {line[1]}" if line else ""
    return SourceProblem(MISSING_FILE, f"a file cannot be read{where}", _advice(message))


def _advice(message: str) -> str | None:
    for said, advice in (
        ("Expected Number of Columns", "the line has another number of fields than the header"),
        ("unterminated quote", "a quote is opened and never closed"),
        ("Invalid unicode", "the file is not UTF-8"),
        ("No magic bytes", "the file is no parquet file"),
        ("Malformed JSON", "a line is no JSON"),
        ("newline", "the lines end in different ways"),
    ):
        if said.lower() in message.lower():
            return advice
    return None
