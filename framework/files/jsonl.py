"""A jsonl cut into lines: one that DuckDB does not read as an object is malformed."""

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

Bad = Callable[[int, str, bytes], None]  # line, reason, the line's bytes
Line = tuple[int, bytes]

LONGEST = 16_777_216  # bytes of an object that DuckDB reads
_TOGETHER = 4 << 20  # bytes of lines that are judged together

# A name that an object has twice has two values, and names that differ in case alone are one. `null` is no object,
# though DuckDB reads it as one without values.
_JUDGE = """
SELECT number FROM (SELECT unnest($lines) AS line, unnest($numbers) AS number)
WHERE CASE WHEN NOT json_valid(line) THEN true
WHEN json_type(line) = 'OBJECT' THEN
  len(json_keys(line)) > len(list_distinct(list_transform(json_keys(line), name -> lower(name))))
ELSE true END
"""


def split(file: BinaryIO, good: BinaryIO, bad: Bad) -> int:
    """Copies the sound lines of a file, tells of the others, and returns how many there are; blank lines are none."""
    import duckdb

    count = 0
    with duckdb.connect() as connection:
        for lines in _together(_filled(file)):
            count += len(lines)
            readable = [line for line in lines if _reason(line[1]) is None]
            texts = [found.decode() for _, found in readable]
            numbers = [number for number, _ in readable]
            judged = {"lines": texts, "numbers": numbers}
            refused = {row[0] for row in connection.execute(_JUDGE, judged).fetchall()} if texts else set()
            for number, found in lines:
                reason = _reason(found) or ("json" if number in refused else None)
                if reason is None:
                    good.write(found + b"\n")
                else:
                    bad(number, reason, found)
    return count


def _filled(file: Iterable[bytes]) -> Iterator[Line]:
    for number, line in enumerate(file, start=1):
        found = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        found = found.rstrip(b"\r\n")
        if found.strip():
            yield number, found


def _together(lines: Iterable[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line[1])
        if size >= _TOGETHER:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _reason(found: bytes) -> str | None:
    """Why a line need not be looked at further."""
    if len(found) + 1 > LONGEST:
        return "length"
    try:
        found.decode()
    except UnicodeDecodeError:
        return "encoding"
    return None
