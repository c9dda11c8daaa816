"""Data put together from several documents, with the place where each part of it was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from framework.diagnostics import Location
from framework.yaml_source.places import Document

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters of a text of a document; all of it, where `start` is None."""

    document: Document
    path: Path
    start: int | None = None
    length: int = 0

    def locate(self) -> Location:
        if self.start is None:
            return self.document.locate(self.path)
        return self.document.locate(self.path, offset=self.start, length=self.length)


@dataclass(frozen=True, slots=True)
class Moved:
    """What stands at a path of a document, with everything below it."""

    document: Document
    path: Path


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of a text put together: where they, or the parameter that they stand for, were written.

    `value` is where the parameter's value was written.
    """

    length: int
    written: Stretch
    value: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """A text put together; `whole` is where it is to be looked for."""

    whole: Stretch
    pieces: tuple[Piece, ...]

    def locate(self, offset: int, length: int) -> Location:
        """Characters that came as one value are found there; others where the text was written."""
        covered = [(start, p) for start, p in self._placed() if start < offset + length and offset < start + p.length]
        if not covered:
            return self.whole.locate()
        start, first = covered[0]
        if len(covered) == 1:
            found = first.value or first.written
            return _within(found, offset - start, length).locate()
        return _spanned(first.written, covered[-1][1].written).locate()

    def _placed(self) -> Iterable[tuple[int, Piece]]:
        at = 0
        for piece in self.pieces:
            yield at, piece
            at += piece.length


def _within(stretch: Stretch, offset: int, length: int) -> Stretch:
    """Some characters of a stretch."""
    if stretch.start is None:
        return stretch
    offset = max(offset, 0)
    return Stretch(stretch.document, stretch.path, stretch.start + offset, min(length, stretch.length - offset))


def _spanned(first: Stretch, last: Stretch) -> Stretch:
    """From one stretch to another, where both are of one text."""
    if first.start is None or last.start is None or (first.document, first.path) != (last.document, last.path):
        return Stretch(first.document, first.path)
    return Stretch(first.document, first.path, first.start, last.start + last.length - first.start)


@dataclass(frozen=True, slots=True)
class Used:
    """A part that was put in: where the text stands that asked for it, and where the part itself."""

    by: Location
    part: Location


class Composed:
    """A document's data with parts put in. `parts` and `uses` are by path of the data, and hold for all below it."""

    def __init__(
        self,
        document: Document,
        data: dict[str, Any],
        parts: Mapping[Path, Moved | Put],
        uses: Mapping[Path, Used],
    ) -> None:
        self.document, self.data = document, data
        self.parts, self.uses = parts, uses

    @property
    def path(self) -> str:
        return self.document.path

    def locate(
        self,
        path: Sequence[str | int],
        *,
        key: bool = False,
        offset: int | None = None,
        length: int | None = None,
    ) -> Location:
        """As a document's own: a key stands where its mapping was written, its value maybe elsewhere."""
        path = tuple(path)
        above = len(path) - 1 if key and path and isinstance(path[-1], str) else len(path)
        depth = next((n for n in range(above, 0, -1) if path[:n] in self.parts), None)
        if depth is None:
            return self.document.locate(path, key=key, offset=offset, length=length)
        part, below = self.parts[path[:depth]], path[depth:]
        if isinstance(part, Moved):
            return part.document.locate((*part.path, *below), key=key, offset=offset, length=length)
        if offset is None and length is None:
            return part.whole.locate()
        return part.locate(offset or 0, max(length or 1, 1))

    def note(self, path: Sequence[str | int], location: Location) -> str | None:
        path = tuple(path)
        used = next((self.uses[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.uses), None)
        if used is None:
            return None
        if location.path == used.part.path:
            return f"used at {_shown(used.by)}"
        return f"put into the check at {_shown(used.part)}"


def _shown(place: Location) -> str:
    return f"{place.path}:{place.line}:{place.column}"
