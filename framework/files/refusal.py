"""DuckDB's errors about a file, in words without the text of the file."""

import re

from framework.warehouse import MISSING_FILE, SourceProblem

_LINE = re.compile(r"Line: (\d+)|in line (\d+)")


def unreadable(error: BaseException | None) -> SourceProblem | None:
    """What an error says about a file; None for any other error."""
    message = str(error)
    if not any(word in message for word in ("CSV Error", "CSV Parser", "JSON", "Parquet")):
        return None
    line = _LINE.search(message)
    where = f" at line {line[1] or line[2]}" if line else ""
    return SourceProblem(MISSING_FILE, f"a file cannot be read{where}", advice(message))


def about_lines(error: BaseException | None) -> bool:
    """Whether a line of a text file is what DuckDB refused: then the file can be split."""
    message = str(error)
    return any(word in message for word in ("CSV Error", "CSV Parser", "JSON"))


def advice(message: str) -> str | None:
    for said, what in (
        ("Expected Number of Columns", "the line has another number of fields than the header"),
        ("unterminated quote", "a quote is opened and never closed"),
        ("Invalid unicode", "the file is not UTF-8"),
        ("No magic bytes", "the file is no parquet file"),
        ("Malformed JSON", "a line is no JSON"),
        ("newline", "the lines end in different ways"),
    ):
        if said.lower() in message.lower():
            return what
    return None
