"""What a record of a csv is, as patterns over bytes of UTF-8.

The rule is RFC 4180 with what DuckDB's strict reader lets pass: one blank before an opening quote, blanks behind a
closing one, line ends of any kind, and fields behind the last column that are empty or null. So a line is judged
alike whether DuckDB reads the file as it stands or the lines are split here first; a test holds the two together.
"""

import re
from dataclasses import dataclass

from framework.plan import Csv

PHYSICAL_LINE = re.compile(rb"([^\r\n]*+)(?:\r\n?|\n)?")
LINE_END = re.compile(rb"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Grammar:
    """Patterns of one kind of file. Group 1 of `record` and of `other` is the record without its line end.

    `record` is one with as many fields as there are columns, `other` one with any number. `run` matches as many records
    on lines of their own as follow each other, at once. `skips_blank`: a blank line is no record.
    """

    record: re.Pattern[bytes]
    other: re.Pattern[bytes]
    run: re.Pattern[bytes]
    skips_blank: bool


def grammar(csv: Csv, width: int, line_end: bytes) -> Grammar:
    """The patterns for `width` columns; `line_end` is what ends the lines of a run."""
    end = rb"(?:\r\n?|\n|\Z)"
    delimiter = re.escape(csv.delimiter.encode())
    field = _field(csv, delimiter, rb"")
    record = _record(csv, delimiter, field, width)
    line = rb"(?![\r\n])" + _record(csv, delimiter, _field(csv, delimiter, rb"\r\n"), width) + line_end
    return Grammar(
        re.compile(rb"(" + record + rb")" + end),
        re.compile(rb"(" + field + rb"(?:" + delimiter + field + rb")*+)" + end),
        re.compile(rb"(?:" + line + rb")*+"),
        width > 1 or "" not in csv.nulls,
    )


def _record(csv: Csv, delimiter: bytes, field: bytes, width: int) -> bytes:
    """Fields for all columns, and behind them as many that are empty or null as there may be."""
    nulls = rb"(?:" + rb"|".join(re.escape(n.encode()) for n in sorted({*csv.nulls, ""}, key=len, reverse=True)) + rb")"
    spare = nulls
    if csv.quote:
        quote = re.escape(csv.quote.encode())
        before, behind = _blanks(csv)
        spare = rb"(?:" + before + quote + nulls + quote + behind + rb"|" + nulls + rb")"
    spare = delimiter + spare + rb"(?=" + delimiter + rb"|[\r\n]|\Z)"
    return field + rb"(?:" + delimiter + field + rb"){%d}" % (width - 1) + rb"(?:" + spare + rb")*+"


def _field(csv: Csv, delimiter: bytes, without: bytes) -> bytes:
    """One field; in its quotes may stand all but `without`."""
    plain = rb"[^" + delimiter + rb"\r\n]*+"
    if not csv.quote:
        return plain
    quote, escape = re.escape(csv.quote.encode()), re.escape(csv.escape.encode())
    before, behind = _blanks(csv)
    if csv.escape == csv.quote:
        part = quote + rb"[^" + quote + without + rb"]*+" + quote
        body = part + rb"(?:" + behind + part + rb")*+"
    else:
        escaped = escape + (rb"[^" + without + rb"]" if without else rb"[\s\S]")
        body = quote + rb"(?:[^" + quote + escape + without + rb"]++|" + escaped + rb")*+" + quote
    return rb"(?:" + before + body + behind + rb"|(?!" + before + quote + rb")" + plain + rb")"


def _blanks(csv: Csv) -> tuple[bytes, bytes]:
    """What may stand before a quote and behind one."""
    return (b"", b"") if csv.delimiter == " " else (rb" ?", rb" *+")
