"""Formats of dates, as strftime writes them: cut at their directives, and held against the letters of the language."""

import re
from dataclasses import dataclass

from framework.expressions.syntax import SyntaxProblem

READABLE = "YymbBdjHIMSfpaA"
WRITABLE = READABLE + "uGV"
_NUMBERS = "YymdjHIMSf"
_SHORTENED = "ymdjHIMS"
_PIECE = re.compile(r"%(-?)(.)|([ \t]+)|([^% \t]+)", re.DOTALL)
_INSTEAD = {
    "D": "write %m/%d/%y",
    "F": "write %Y-%m-%d",
    "T": "write %H:%M:%S",
    "R": "write %H:%M",
    "e": "write %-d",
    "h": "write %b",
    "z": "cast(text as timestamp) reads ISO 8601 with an offset",
    "Z": "cast(text as timestamp) reads ISO 8601 with an offset",
    "U": "weeks are those of ISO 8601: write %G and %V, in format_date",
    "W": "weeks are those of ISO 8601: write %G and %V, in format_date",
    "w": "write %u: Monday is 1, in format_date",
}


class FormatProblem(SyntaxProblem):
    """What is no format, where in it, and how it is mended."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A piece of a format: a letter of strftime, or text that stands for itself.

    `padded` numbers have all their digits: where the next piece is a number, nothing else tells where
    one ends.
    """

    letter: str
    text: str = ""
    padded: bool = False


def directives(format: str) -> tuple[Directive, ...]:
    """The pieces of a format that was checked."""
    found: list[Directive] = []
    for match in _PIECE.finditer(format):
        modifier, letter, blank, text = match.groups()
        if letter == "%":
            found.append(Directive("", "%"))
        elif letter is None:
            found.append(Directive(" " if blank else "", blank or text))
        else:
            found.append(Directive(letter, modifier))
    followed = [*found[1:], Directive("")]
    return tuple(
        Directive(d.letter, d.text, d.letter in _NUMBERS and bool(after.letter) and after.letter in _NUMBERS)
        for d, after in zip(found, followed, strict=True)
    )


def check_readable(format: str) -> None:
    """Raises FormatProblem for a format that no text can be read by."""
    letters = _check(format, READABLE)
    if not letters & {"Y", "y"}:
        raise FormatProblem("a format that a date is read by needs a year", (0, len(format)), "write %Y or %y in it")
    if "d" in letters and not letters & {"m", "b", "B"}:
        raise FormatProblem("a day needs its month", (0, len(format)), "write %m, %b or %B in it")
    if "I" in letters and "p" not in letters:
        help = "write %p for AM and PM, or %H for hours up to 23"
        raise FormatProblem("an hour of twelve needs AM or PM", (0, len(format)), help)


def check_writable(format: str) -> None:
    """Raises FormatProblem for a format that no date is written by."""
    _check(format, WRITABLE)


def _check(format: str, letters: str) -> set[str]:
    if not format:
        raise FormatProblem("a format is empty", (0, 1), "write one as '%Y-%m-%d'")
    found, at = set(), 0
    for match in _PIECE.finditer(format):
        letter = match[2]
        if match.start() > at:
            break
        at = match.end()
        if letter is not None and letter != "%" and letter not in letters:
            known = f"letters of a format here: {' '.join(f'%{each}' for each in letters)}"
            help = "\n".join(filter(None, (_INSTEAD.get(letter), known)))
            raise FormatProblem(f"`{match[0]}` is no part of a format here", match.span(), help)
        if match[1] and letter not in _SHORTENED:
            help = "a `-` leaves out the zeros before a number: %-d, %-m, %-H"
            raise FormatProblem(f"`{match[0]}` is no part of a format here", match.span(), help)
        found.add(letter or "")
    if at < len(format):
        raise FormatProblem("a `%` stands at the end", (at, at + 1), "for the character write %%")
    return found
