"""Text files in other encodings, brought to UTF-8; what is not valid in the one is not valid in the other."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_CODECS = {"utf-8": "utf-8-sig", "latin-1": "latin-1", "windows-1252": "cp1252"}
_CHUNK = 1 << 20
_NEVER_VALID = b"\xff"  # in UTF-8


def codec(path: Path, encoding: str) -> str:
    """The encoding of a file by Python's name, with which a BOM is skipped. UTF-16 without one is little-endian."""
    if encoding != "utf-16":
        return _CODECS[encoding]
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-16-le"


def is_valid(path: Path) -> bool:
    """Whether a whole file is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    rest = b""
    with path.open("rb") as file:
        for chunk in _chunks(file):
            if chunk.isascii() and not rest:
                continue
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return False
            rest = decoder.getstate()[0]
    return not rest


def transcode(path: Path, encoding: str, target: BinaryIO) -> None:
    """Writes a file's text as UTF-8. A byte that its encoding has not becomes one that UTF-8 has not."""
    # A lone half of a pair of UTF-16 goes through as it is; a byte that a code page has not becomes such a half.
    errors = "surrogatepass" if encoding == "utf-16" else "surrogateescape"
    decoder = codecs.getincrementaldecoder(codec(path, encoding))(errors)
    with path.open("rb") as file:
        for chunk in _chunks(file):
            target.write(decoder.decode(chunk).encode("utf-8", "surrogatepass"))
    if decoder.getstate()[0]:
        target.write(_NEVER_VALID)  # half a character at the end


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
