"""A csv cut into records: one is sound or malformed by itself, and a broken quote costs the line it stands on."""

import codecs
import mmap
import os
import re
from collections.abc import Callable
from typing import BinaryIO

from framework.files.grammar import LINE_END, PHYSICAL_LINE, grammar
from framework.plan import Csv

Bad = Callable[[int, str, bytes], None]  # line, reason, the line's bytes

LONGEST = 2_000_000  # bytes of a record, with its line end, that DuckDB reads
_BLOCK = 1 << 20  # bytes looked at together: less than the longest record
_WRITTEN = {b"\n": "\\n", b"\r\n": "\\r\\n"}


def split(file: BinaryIO, csv: Csv, width: int, good: BinaryIO, bad: Bad) -> tuple[int, str]:
    """Copies the sound records of a file in UTF-8 and tells of the others.

    What is copied has no header, and one kind of line end. Returns how many records the file has, and that line end as
    DuckDB writes it.
    """
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        return 0, _WRITTEN[b"\n"]
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        splitting = _Splitting(text, csv, width, good, bad)
        return splitting.run(), _WRITTEN[splitting.line_end]


class _Splitting:
    """`at` is the position reached, `line` the number of the physical line there."""

    def __init__(self, text: mmap.mmap, csv: Csv, width: int, good: BinaryIO, bad: Bad) -> None:
        self.text, self.size, self.good, self.bad = text, len(text), good, bad
        self.records, self.line = 0, 1
        self.at = len(codecs.BOM_UTF8) if text[:3] == codecs.BOM_UTF8 else 0
        first = LINE_END.search(text, self.at)
        end = first[0] if first else b"\n"
        if csv.header:
            header = grammar(csv, width, end).other.match(text, self.at) or _physical_line(text, self.at)
            end = text[header.end(1) : header.end()]
            self._pass(header.end())
        # A \r by itself may be one half of a line end.
        self.line_end = end if end == b"\r\n" else b"\n"
        self.grammar = grammar(csv, width, self.line_end)

    def run(self) -> int:
        singly = self.at  # up to where records are looked at one by one
        while self.at < self.size:
            if self.at >= singly:
                singly = self._block()
            else:
                self._one()
        return self.records

    def _block(self) -> int:
        """Copies the sound records that come next, at once; returns up to where that cannot be done."""
        found = self.grammar.run.match(self.text, self.at, min(self.at + _BLOCK, self.size))
        block = b"" if found is None else found[0]
        if not block:
            return self.at + 1
        end = self.at + len(block)
        if _is_text(block):
            self.good.write(block)
            self.records += _lines(block)
            self._pass(end)
        return end

    def _one(self) -> None:
        text, begin = self.text, self.at
        blank = LINE_END.match(text, begin) if self.grammar.skips_blank else None
        if blank:
            self._pass(blank.end())
            return
        self.records += 1
        sound = self.grammar.record.match(text, begin)
        if sound:
            self._judge(sound[1], sound.end())
            return
        other = self.grammar.other.match(text, begin)
        found = other or _physical_line(text, begin)
        self.bad(self.line, "fields" if other else "quote", found[1])
        self._pass(found.end())

    def _judge(self, record: bytes, end: int) -> None:
        """A record with the right number of fields."""
        if not _is_text(record):
            self.bad(self.line, "encoding", record)
        elif len(record) + len(self.line_end) > LONGEST:
            self.bad(self.line, "length", record)
        else:
            self.good.write(record + self.line_end)
        self._pass(end)

    def _pass(self, end: int) -> None:
        self.line += _lines(self.text[self.at : end])
        self.at = end


def _physical_line(text: mmap.mmap, begin: int) -> re.Match[bytes]:
    found = PHYSICAL_LINE.match(text, begin)
    assert found is not None  # it matches nothing as well
    return found


def _is_text(found: bytes) -> bool:
    if found.isascii():
        return True
    try:
        found.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines(text: bytes) -> int:
    """How many line ends stand in a text that is not cut within one."""
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
