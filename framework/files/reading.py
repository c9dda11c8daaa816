"""DuckDB's SELECT over the files of a source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from framework.expressions.types import Type
from framework.files.contract import check_type
from framework.files.header import columns, refuse_untitled
from framework.files.quoting import literal, quoted, text
from framework.plan import Csv
from framework.warehouse import CONTRACT, MISSING_FILE, Files, SourceProblem


@dataclass(frozen=True, slots=True)
class Sound:
    """The sound records of a file that was split: where they stand, without a header, and what ends each of them.

    `spellings` are all the ways in which a name of a jsonl is written there, where they are several.
    """

    path: Path
    line_end: str
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NOTHING_SPLIT: Mapping[Path, Sound] = {}


def select(files: Files, split: Mapping[Path, Sound] = NOTHING_SPLIT) -> str:
    """The rows of all files under the contract's names, or for an open source those of the first file."""
    parts: list[str] = []
    names: tuple[str, ...] = tuple(files.declared or ())
    for path in files.paths:
        known = columns(path, files)
        if files.declared is None and not names:
            names = tuple(known)
        if not names:
            raise SourceProblem(MISSING_FILE, f"{path.name} is empty: it holds no object")
        refuse_untitled(path, files, known, names)
        chosen = ", ".join(_chosen(files, path, name, known) for name in names)
        parts.append(f"SELECT {chosen} FROM {reader(files, split.get(path, path), known)}")
    return "\nUNION ALL\n".join(parts)


def values(files: Files, names: Sequence[str], split: Mapping[Path, Sound] = NOTHING_SPLIT) -> str:
    """The rows of all text files with these columns as they stand there, of jsonl as JSON; null where a file has none.

    For whoever looks at files: a run reads what its contract says with `select`.
    """
    parts: list[str] = []
    for path in files.paths:
        known = columns(path, files)
        if not known:
            continue  # of jsonl: it holds no object
        actual = {name.lower(): name for name in known}
        chosen = (quoted(actual[n.lower()]) if n.lower() in actual else f"CAST(NULL AS {kind(files)})" for n in names)
        listed = ", ".join(f"{value} AS {quoted(name)}" for value, name in zip(chosen, names, strict=True))
        parts.append(f"SELECT {listed} FROM {reader(files, split.get(path, path), known)}")
    return "\nUNION ALL\n".join(parts)


def kind(files: Files) -> str:
    """What DuckDB calls the columns of text files as they stand there."""
    return "JSON" if files.format == "jsonl" else "VARCHAR"


def _chosen(files: Files, path: Path, name: str, known: Mapping[str, str]) -> str:
    actual = next((k for k in known if k.lower() == name.lower()), None)
    if actual is None:
        raise SourceProblem(
            CONTRACT,
            f"{path.name} has no column `{name}`, which source `{files.source}` declares",
            f"it has: {', '.join(list(known)[:12])}",
        )
    wanted = None if files.declared is None else files.declared[name]
    value = quoted(actual)
    if files.format == "jsonl":
        value = json_text(value, wanted)
    elif files.format == "parquet" and wanted is not None:
        check_type(files.source, name, wanted, known[actual])
        value = _typed(value, wanted, known[actual])
    return f"{value} AS {quoted(name)}"


_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "json": "JSON",
}


def _typed(value: str, wanted: Type, found: str) -> str:
    """A column of parquet as the contract's type: one of 32 bits would be computed in 32 bits."""
    name = str(wanted).upper() if wanted.name == "decimal" else _TYPES[wanted.name]
    return value if found == name else f"CAST({value} AS {name})"


def json_text(column: str, wanted: Type | None) -> str:
    """A value of JSON as text. DuckDB reads a number with a fraction as a double: where more than 15 digits of a
    decimal have come out of that, the last of them are made up, and the text is spoilt so that it is unreadable."""
    value = f"{column} ->> '$'"
    if wanted is None or wanted.name != "decimal":
        return value
    digits = f"length(regexp_replace({value}, '[^0-9]', '', 'g'))"
    return f"CASE WHEN json_type({column}) = 'DOUBLE' AND {digits} > 15 THEN ({value}) || ' rounded' ELSE {value} END"


def reader(files: Files, place: Path | Sound, known: Mapping[str, str]) -> str:
    """The call of DuckDB that reads one file with these columns, and refuses it where a line is malformed."""
    path = place.path if isinstance(place, Sound) else place
    if files.format == "parquet":
        return f"read_parquet({literal(path)})"
    if isinstance(place, Sound) and place.spellings:
        return _respelt(place, known)
    names = ", ".join(f"{text(name)}: '{kind(files)}'" for name in known)
    if files.format == "jsonl":
        return f"read_json({literal(path)}, format = 'newline_delimited', columns = {{{names}}})"
    shape = f"header = {str(files.csv.header).lower()}"
    if isinstance(place, Sound):
        # The first line end of the text may stand in quotes, and not be what ends a record.
        shape = f"header = false, new_line = {text(place.line_end)}"
    return f"read_csv({literal(path)}, auto_detect = false, {shape}, {_dialect(files.csv)}, columns = {{{names}}})"


def _respelt(place: Sound, known: Mapping[str, str]) -> str:
    """Objects in which a name is spelt in several ways, and in each object in one: the value is that which is there."""
    # A pointer of JSON can say every name, and DuckDB's own columns cannot differ in case alone.
    found = {
        name: [f"json -> {text(_pointer(spelling))}" for spelling in place.spellings.get(name, (name,))]
        for name in known
    }
    null = "CAST('null' AS JSON)"  # as read_json has it, it is none
    chosen = ", ".join(f"nullif(coalesce({', '.join(v)}), {null}) AS {quoted(name)}" for name, v in found.items())
    return f"(SELECT {chosen} FROM read_ndjson_objects({literal(place.path)}))"


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _dialect(csv: Csv) -> str:
    nulls = ", ".join(text(null) for null in csv.nulls)
    return f"delim = {text(csv.delimiter)}, quote = {text(csv.quote)}, escape = {text(csv.escape)}, nullstr = [{nulls}]"
