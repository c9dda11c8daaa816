"""Where each part of a document stands in its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from framework.diagnostics import Location, Source

_NEWLINE: Final = re.compile(r"\r\n?|\n")
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*+(?:\s|#[^\r\n]*+)*+)*+")  # an anchor and a tag before a value


# Named tuples, not dataclasses: a large file has some hundred thousand of them, and these cost half as much.


class Scalar(NamedTuple):
    start: int
    end: int
    style: str
    text: str


class Collection(NamedTuple):
    start: int
    end: int
    children: dict[str, tuple[Scalar, Place]] | list[Place]


class Alias(NamedTuple):
    start: int
    end: int
    target: Scalar | Collection


Place: TypeAlias = Scalar | Collection | Alias


class Text(Protocol):
    """Data, and where each part of it was written: a document, or several put together."""

    @property
    def path(self) -> str: ...

    @property
    def data(self) -> dict[str, Any]: ...

    def locate(
        self,
        path: Sequence[str | int],
        *,
        key: bool = False,
        offset: int | None = None,
        length: int | None = None,
    ) -> Location: ...

    def note(self, path: Sequence[str | int], location: Location) -> str | None:
        """What else is to be said of a mistake at a path, told at this place."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A file's data, which is not to be changed (aliases share it), and where each part of it stands."""

    path: str
    data: dict[str, Any]
    _source: Source = field(repr=False)
    _root: Place = field(repr=False)

    def locate(
        self,
        path: Sequence[str | int],
        *,
        key: bool = False,
        offset: int | None = None,
        length: int | None = None,
    ) -> Location:
        """Where the value at a path stands, or with `key` its key.

        With `offset` or `length` the characters of the scalar's own text are meant, past quotes, escapes and
        indentation; through an alias, those of the anchored scalar. A path that leads on into a scalar finds
        that scalar; a name missing from a collection finds the key of that collection.
        """
        label: Scalar | None = None
        place, missing = self._root, False
        for part in path:
            step = _step(place, part)
            if step is None:
                missing = True
                break
            label, place = step
        if label and (key or (missing and isinstance(target_of(place), Collection))):
            place = label
            if missing:
                offset = length = None  # they counted in a value that is not there
        if offset is None and length is None:
            return self._whole(place)
        target = target_of(place)
        if isinstance(target, Collection):
            return self._whole(target)
        spans = _character_spans(self._source.text, target)
        first = min(max(offset or 0, 0), len(spans) - 1)
        last = len(spans) if length is None else min(first + max(length, 1), len(spans))
        return self._source.location(spans[first][0], spans[last - 1][1])

    def note(self, path: Sequence[str | int], location: Location) -> str | None:
        return None

    def _whole(self, place: Place) -> Location:
        text = self._source.text
        start = min(start_of(text, place), place.end)
        end = place.end
        if isinstance(place, Collection):
            # A block collection has no end of its own: it reaches to the next token, over any comments.
            line = _NEWLINE.split(text[start:end], maxsplit=1)[0]
            end = start + len(line.split(" #")[0].rstrip())
        return self._source.location(start, end)


def target_of(place: Place) -> Scalar | Collection:
    return place.target if isinstance(place, Alias) else place


def _step(place: Place, part: str | int) -> tuple[Scalar | None, Place] | None:
    """One part of a path further: the key and the value there; an item of a list has no key."""
    target = target_of(place)
    if isinstance(target, Scalar):
        return None
    if isinstance(target.children, dict):
        return target.children.get(str(part))
    if isinstance(part, int) and 0 <= part < len(target.children):
        return None, target.children[part]
    return None


def start_of(text: str, place: Place) -> int:
    """Where a value begins behind its anchor and tag, which the parser counts to it."""
    match = _PROPERTIES.match(text, place.start, place.end)
    return match.end() if match else place.start


# Characters of a scalar's text as they are written: a folded line break, an escape, or the character itself.
_FOLD: Final = r"(?P<fold>[ \t]*(?:\r\n?|\n)[ \t\r\n]*)"
_WRITTEN: Final = {
    "": re.compile(rf"{_FOLD}|.", re.DOTALL),
    "'": re.compile(rf"{_FOLD}|''|.", re.DOTALL),
    '"': re.compile(
        rf"{_FOLD}|\\(?:(?P<glue>(?:\r\n?|\n)[ \t\r\n]*)|x..|u....|U........|.)|.",
        re.DOTALL,
    ),
}


def _character_spans(text: str, scalar: Scalar) -> list[tuple[int, int]]:
    """Where each character of a scalar stands in the text, and at last the empty place behind them.

    Checked against the scalar: where the two do not agree, only its start is known.
    """
    start = start_of(text, scalar)
    written = text[start : scalar.end]
    block = scalar.style in ("|", ">")
    spans = _block_spans(written, scalar.text) if block else _flow_spans(written, scalar.style)
    if len(spans) != len(scalar.text):
        return [(start, start)]
    behind = spans[-1][1] if spans else len(scalar.style)
    return [(start + first, start + last) for first, last in (*spans, (behind, behind))]


def _flow_spans(written: str, style: str) -> list[tuple[int, int]]:
    inside = len(style)  # a quote, or nothing
    spans: list[tuple[int, int]] = []
    for match in _WRITTEN[style].finditer(written, inside, len(written) - inside):
        count = 1
        if match.lastgroup:
            # One break folds to a blank, or to nothing behind a backslash; each further one is itself.
            breaks = len(_NEWLINE.findall(match.group()))
            count = breaks - 1 if match.lastgroup == "glue" else max(1, breaks - 1)
        spans += [match.span()] * count
    return spans


def _block_spans(written: str, text: str) -> list[tuple[int, int]]:
    head, *lines = written.splitlines(keepends=True)
    filled = next((line for line in lines if line.strip()), "")
    shown = next((line for line in text.splitlines() if line.strip()), "")
    indent = (len(filled) - len(filled.lstrip(" "))) - (len(shown) - len(shown.lstrip(" ")))
    characters: list[tuple[int, str]] = []
    begin = len(head)
    for line in lines:
        body = line.rstrip("\r\n")
        characters += [(begin + at, body[at]) for at in range(indent, len(body))]
        characters.append((begin + len(body), "\n"))
        begin += len(line)
    spans: list[tuple[int, int]] = []
    rest = iter(characters)
    for wanted in text:
        for at, char in rest:
            if char == wanted or (char == "\n" and wanted == " "):  # `>` folds a break to a blank
                spans.append((at, at + 1))
                break
            if char != "\n":  # of several breaks `>` drops one
                return []
    return spans
