"""What the framework says when something is wrong: a code, a sentence, a place in a file and a way out."""

from __future__ import annotations

import difflib
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

CODES: Final[dict[str, Code]] = {}
Severity = Literal["error", "warning"]

_CODE_ID: Final = re.compile(r"F[0-9]{3}")
# Only what editors take for a line's end; str.splitlines also breaks at form feeds and U+2028.
_NEWLINE: Final = re.compile(r"\r\n?|\n")
_COLUMNS: Final = 160  # a source line wider than this is cut around its caret
_TAB: Final = "    "
_CUTOFF: Final = 0.6  # below this likeness a suggestion confuses more than it helps
_CUTOFF_SHORT: Final = {3: 0.79, 5: 0.7}  # by length: of a short name one letter is much
_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of diagnostic. Its id is what users search for, so no two kinds may share one."""

    id: str
    title: str

    def __post_init__(self) -> None:
        if not _CODE_ID.fullmatch(self.id):
            raise ValueError(f"a code is F and three digits, not {self.id!r}")
        if self.id in CODES:
            raise ValueError(f"code {self.id} is taken by {CODES[self.id].title!r}")
        CODES[self.id] = self


@dataclass(frozen=True, slots=True)
class Location:
    """A run of characters on one line of a file; line and column count characters from 1."""

    path: str
    line: int
    column: int
    text: str = ""
    length: int = 1


class Source:
    """A text, and the places in it. Its lines are counted once the first place is asked for."""

    __slots__ = ("_starts", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._starts: list[int] = []

    def location(self, start: int, end: int | None = None) -> Location:
        """The characters from start to end, as far as they stand on one line; at least one."""
        if not self._starts:
            self._starts = [0, *(match.end() for match in _NEWLINE.finditer(self.text))]
            if len(self._starts) > 1 and self._starts[-1] == len(self.text):
                self._starts.pop()  # the newline that ends a text begins no line
        row = bisect_right(self._starts, start) - 1
        first = self._starts[row]
        following = self._starts[row + 1] if row + 1 < len(self._starts) else len(self.text)
        line = self.text[first:following].rstrip("\r\n")
        column = min(start - first, len(line))
        length = min(start + 1 if end is None else end, first + len(line)) - first - column
        return Location(self.path, row + 1, column + 1, line, max(1, length))


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. The message is a single line; the help may be several."""

    code: Code
    message: str
    location: Location | None = None
    help: str | None = None
    severity: Severity = "error"

    def as_dict(self) -> dict[str, str | int | None]:
        """The finding as flat JSON. The source line is left out: whoever has the path has the line."""
        place = self.location
        return {
            "code": self.code.id,
            "title": self.code.title,
            "severity": self.severity,
            "message": self.message,
            "help": self.help,
            "path": place.path if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "length": place.length if place else None,
        }


class PipelineError(Exception):
    """Everything found wrong at once, in the order of the text, each finding once."""

    diagnostics: tuple[Diagnostic, ...]

    def __init__(self, *diagnostics: Diagnostic) -> None:
        if not diagnostics:
            raise ValueError("a PipelineError needs at least one diagnostic")
        self.diagnostics = tuple(sorted(dict.fromkeys(diagnostics), key=_position))
        super().__init__(*self.diagnostics)

    def __str__(self) -> str:
        return "\n\n".join(render(diagnostic) for diagnostic in self.diagnostics)


def _position(diagnostic: Diagnostic) -> tuple[str, int, int]:
    place = diagnostic.location
    return (place.path, place.line, place.column) if place else ("", 0, 0)


def render(diagnostic: Diagnostic, colour: bool = False) -> str:
    """The finding as a terminal shows it: the place, the sentence, the source line with carets, the help."""
    warning = diagnostic.severity == "warning"
    bold, tint, hint, reset = ("\x1b[1m", f"\x1b[{33 if warning else 31}m", "\x1b[36m", "\x1b[0m")
    if not colour:
        bold = tint = hint = reset = ""
    place = diagnostic.location
    head = f"{tint}warning:{reset} " if warning else ""
    if place:
        head += f"{bold}{visible(place.path)}:{place.line}:{place.column}:{reset} "
    lines = [f"{head}{tint}{diagnostic.code.id}{reset} {visible(diagnostic.message)}"]
    if place and place.text:
        shown, blank, carets = _excerpt(place)
        gutter = f"    {place.line}"
        lines.append(f"{gutter} | {shown}")
        lines.append(f"{' ' * len(gutter)} | {' ' * blank}{tint}{'^' * carets}{reset}")
    if diagnostic.help:
        text = "\n".join(visible(line) for line in diagnostic.help.split("\n"))
        lines.append(f"{hint}help:{reset} {text}")
    return "\n".join(lines)


def _excerpt(place: Location) -> tuple[str, int, int]:
    """The source line as shown, the blank columns before its carets, and how many carets."""
    at = min(place.column - 1, len(place.text))
    # No more characters than columns can be shown, so the rest of a huge line is never looked at.
    low, high = max(0, at - _COLUMNS - 1), at + _COLUMNS + 1
    cells = [_TAB if char == "\t" else visible(char) for char in place.text[low:high]]
    widths = [sum(map(_width, cell)) for cell in cells]
    first, last = _window([max(1, width) for width in widths], at - low)
    head = "…" if low + first > 0 else ""
    tail = "…" if low + last < len(place.text) else ""
    marked = widths[at - low : min(at - low + place.length, last)]
    return (
        head + "".join(cells[first:last]) + tail,
        len(head) + sum(widths[first : at - low]),
        max(1, sum(marked)),
    )


def _window(widths: list[int], at: int) -> tuple[int, int]:
    """The cells to show around `at`: all that fit, and a third of the room before it when not all do."""
    room = _COLUMNS if sum(widths) <= _COLUMNS else _COLUMNS - 2  # an ellipsis at either end
    before = max(room - sum(widths[at:]), room // 3)
    first = at
    while first > 0 and widths[first - 1] <= before:
        first -= 1
        before -= widths[first]
    last = first
    while last < len(widths) and widths[last] <= room:
        room -= widths[last]
        last += 1
    return first, last


def visible(text: str) -> str:
    """Text safe for a terminal: escape sequences, bidirectional marks and odd blanks show as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _width(char: str) -> int:
    """How many terminal columns a printable character takes."""
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, if any is like it at all."""
    wanted = name.casefold()
    matcher = difflib.SequenceMatcher(b=wanted, autojunk=False)
    best, score = None, 0.0
    for candidate in sorted(set(known)):  # sorted, so that equal scores always give the same name
        likeness = _likeness(matcher, wanted, candidate.casefold())
        if likeness > score:
            best, score = candidate, likeness
    return best


def _likeness(matcher: difflib.SequenceMatcher[str], wanted: str, candidate: str) -> float:
    """How like two names are; nothing where they are not like enough for one to be meant by the other."""
    if _swapped(wanted, candidate):
        return 0.99  # the commonest slip of all, which difflib counts as two; only the name itself is nearer
    matcher.set_seq1(candidate)
    # The two cheap upper bounds spare most of a long list the real comparison.
    length = min(len(wanted), len(candidate))
    if length > 2 and wanted[:length] == candidate[:length]:
        length = max(len(wanted), len(candidate))  # one is cut short, as `min` of `minimum`
    cutoff = next((cutoff for longest, cutoff in _CUTOFF_SHORT.items() if length <= longest), _CUTOFF)
    if matcher.real_quick_ratio() < cutoff or matcher.quick_ratio() < cutoff:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= cutoff else 0.0


def _swapped(one: str, other: str) -> bool:
    """Whether the two differ by exactly two neighbouring letters changing places."""
    if len(one) != len(other):
        return False
    differing = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(differing) != 2:
        return False
    i, j = differing
    return j == i + 1 and one[i] == other[j] and one[j] == other[i]


def suggest(name: str, known: Iterable[str]) -> str:
    """Help for an unknown name: the one probably meant, or else what there is."""
    names = sorted(set(known))
    if not names:
        return ""
    near = nearest(name, names)
    if near is not None:
        return f"did you mean `{near}`?"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"known: {', '.join(names[:_LISTED])}{more}"
