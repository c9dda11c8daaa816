"""Patterns read as RE2 reads them, so that a wrong one is told of before anything runs.

The syntax is that of https://github.com/google/re2/wiki/Syntax; a test holds it against DuckDB's own RE2. Only the
name of a script in `\\p{...}` is taken on trust. Three things of RE2 are no part of the language, for no two
warehouses have the same in them: `\\C`, which takes half a character, the flag `U`, and a repeated `^`, `$` or `\\b`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from framework.expressions.syntax import Span, SyntaxProblem

_MOST = 1000  # repeats that RE2 counts, those within others multiplied
_FLAGS = re.compile(r"\(\?(?P<on>[imsU]*)(?:-(?P<off>[imsU]+))?(?P<end>[:)])")
_NAMED = re.compile(r"\(\?P<\w+>")
_REPEAT = re.compile(r"[*+?]|\{(\d+)(,?)(\d*)\}")
_HEX = re.compile(r"x(?:[0-9A-Fa-f]{2}|\{0*(?:10|[0-9A-Fa-f])?[0-9A-Fa-f]{1,4}\})")
_OCTAL = re.compile("0[0-7]{0,2}|[1-7][0-7]{1,2}")
_POSIX = re.compile(r"\[:\^?(\w*):\]")
_CATEGORY = re.compile(r"[pP](?:\{\^?(\w+)\}|(\w))")
_CATEGORIES = re.compile(
    "Any|C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?",
)
_SCRIPT = re.compile(r"[A-Z][a-z_A-Z]{2,}")
_CLASSES = ("alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper")
_LOOKS = {"(?=": "lookahead", "(?!": "lookahead", "(?<=": "lookbehind", "(?<!": "lookbehind"}
_EDGES = ("^", "$", r"\b", r"\B", r"\A", r"\z")
_APART = "there is no lookaround: take the text out with regexp_extract and a group, or write two conditions"


class PatternProblem(SyntaxProblem):
    """What is no RE2, where in the pattern, and how it is mended."""


class UnsharedPattern(PatternProblem):
    """What RE2 reads, and the language leaves out."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`groups` is how many groups capture."""

    groups: int


@lru_cache(maxsize=4096)
def read(text: str) -> Pattern:
    """Raises PatternProblem for what RE2 does not read."""
    reader = _Reader(text)
    reader.alternatives()
    if reader.at < len(text):
        raise PatternProblem("this `)` closes nothing", (reader.at, reader.at + 1), r"for the character write \)")
    return Pattern(reader.groups)


def check_replacement(text: str, pattern: Pattern) -> None:
    """Raises PatternProblem where a replacement names a group that the pattern has not."""
    for match in re.finditer(r"\\(.?)", text, re.DOTALL):
        if match[1].isascii() and match[1].isdigit():
            check_group(int(match[1]), pattern, match.span())
        elif match[1] != "\\":
            help = r"\1 is the first group and \0 the whole match; for a backslash write \\"
            raise PatternProblem(f"`{match[0]}` means nothing in a replacement", match.span(), help)


def check_group(number: int, pattern: Pattern, span: Span = (0, 1)) -> None:
    """Raises PatternProblem where the pattern has no such group."""
    if not 0 <= number <= pattern.groups:
        have = {0: "no group", 1: "one group"}.get(pattern.groups, f"{pattern.groups} groups")
        raise PatternProblem(f"there is no group {number}: the pattern has {have}", span, "groups stand in ( )")


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.groups = text, 0, 0

    def alternatives(self) -> int:
        """Reads up to a `)` or the end; how often the innermost part of it repeats at most."""
        most = self._branch()
        while self._accept("|"):
            most = max(most, self._branch())
        return most

    def _branch(self) -> int:
        """One alternative: atoms with what repeats them."""
        most, last = 1, 0  # `last` is 0 while there is nothing to repeat
        repeated: int | None = None  # where the repeat stands that was read just now
        edge = False  # whether what would be repeated is an end of something
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            match = _REPEAT.match(self.text, self.at)
            if match is None:
                start = self.at
                atom = self._atom()
                last, repeated = atom or last, None
                edge = self.text[start : self.at] in _EDGES if atom else edge
                most = max(most, last)
                continue
            self.at = match.end()
            self._accept("?")
            if not last:
                help = f"for the character write \\{match[0][0]}"
                raise PatternProblem(f"`{match[0]}` repeats nothing", match.span(), help)
            if edge:
                message = f"`{match[0]}` repeats a place between characters, and none of them"
                raise UnsharedPattern(message, match.span(), "leave it out, or write (?:^|...) for what may be missing")
            if repeated is not None:
                span = (repeated, self.at)
                message = f"`{self.text[repeated : self.at]}` repeats what is repeated already"
                raise PatternProblem(message, span, "RE2 has no possessive repeats; put the first in (?: )")
            last = self._counted(match, last)
            most, repeated = max(most, last), match.start()
        return most

    def _counted(self, match: re.Match[str], inner: int) -> int:
        if match[1] is None:
            return inner
        least, highest = int(match[1]), int(match[3] or (match[1] if not match[2] else 0))
        times = highest or least
        if match[3] and highest < least:
            raise PatternProblem(f"`{match[0]}` counts downwards", match.span(), "write the smaller number first")
        if max(times, 1) * inner > _MOST or least > _MOST:
            message = f"`{match[0]}` makes more than {_MOST:,} repeats"
            raise PatternProblem(message, match.span(), "write fewer, or check the length with length(...)")
        return max(times, 1) * inner

    def _accept(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    # -- atoms

    def _atom(self) -> int:
        """How often the innermost part of it repeats; 0 for what is no atom, as flags."""
        char = self.text[self.at]
        if char == "(":
            return self._group()
        if char == "[":
            self._bracket()
        elif char == "\\":
            return self._escape()
        else:
            self.at += 1
        return 1

    def _group(self) -> int:
        start = self.at
        flags, named = _FLAGS.match(self.text, start), _NAMED.match(self.text, start)
        if flags is not None:
            self.at = flags.end()
            if "U" in flags["on"] + (flags["off"] or ""):
                help = "write the lazy repeats with `?`: .*?"
                raise UnsharedPattern(f"the flag U of `{flags[0]}` is not to be had everywhere", flags.span(), help)
            if flags["end"] == ")":
                return 0
        elif named is not None:
            self.at, self.groups = named.end(), self.groups + 1
        elif self.text.startswith("(?", start):
            raise self._unknown_group(start)
        else:
            self.at, self.groups = start + 1, self.groups + 1
        most = self.alternatives()
        if not self._accept(")"):
            raise PatternProblem("this `(` is not closed", (start, start + 1), r"for the character write \(")
        return most

    def _unknown_group(self, start: int) -> PatternProblem:
        look = next((mark for mark in ("(?<=", "(?<!", "(?=", "(?!") if self.text.startswith(mark, start)), None)
        if look is not None:
            return PatternProblem(
                f"`{look}` is a {_LOOKS[look]}, which RE2 has not", (start, start + len(look)), _APART
            )
        mark = self.text[start : start + 3]
        help = "write (?:...) for a group that takes nothing, (?P<name>...) for one with a name, (?i) for any case"
        return PatternProblem(f"`{mark}` begins no group that RE2 knows", (start, start + len(mark)), help)

    def _escape(self) -> int:
        """A backslash outside of brackets."""
        if self._accept("\\Q"):
            end = self.text.find("\\E", self.at)
            literal = end > self.at or (end < 0 and self.at < len(self.text))
            self.at = len(self.text) if end < 0 else end + 2
            return 1 if literal else 0
        following = self.text[self.at + 1 : self.at + 2]
        if following == "C":
            message = r"`\C` takes a byte, which may be half a character"
            raise UnsharedPattern(message, (self.at, self.at + 2), r"write (?s:.) for any character")
        if following and following in "AzbB":
            self.at += 2
        elif not self._class():
            self._character()
        return 1

    def _class(self) -> bool:
        """`\\d` and `\\pL`: a set of characters."""
        following = self.text[self.at + 1 : self.at + 2]
        if following and following in "dDsSwW":
            self.at += 2
            return True
        if not following or following not in "pP":
            return False
        match = _CATEGORY.match(self.text, self.at + 1)
        name = "" if match is None else match[1] or match[2]
        if match is None or not (_CATEGORIES.fullmatch(name) or (match[1] and _SCRIPT.fullmatch(name))):
            shown = self.text[self.at : match.end() if match else self.at + 2]
            help = "write one of Unicode's categories or scripts: \\p{Lu}, \\p{Nd}, \\p{Greek}"
            raise PatternProblem(f"`{shown}` is no class of characters", (self.at, self.at + len(shown)), help)
        self.at = match.end()
        return True

    def _character(self) -> int:
        """One character, maybe behind a backslash, as a code point."""
        start, char = self.at, self.text[self.at]
        self.at += 1
        if char != "\\":
            return ord(char)
        if self.at >= len(self.text):
            raise PatternProblem("a `\\` stands at the end", (start, start + 1), r"for the character write \\")
        char = self.text[self.at]
        octal, hexadecimal = _OCTAL.match(self.text, self.at), _HEX.match(self.text, self.at)
        if hexadecimal is not None:
            self.at = hexadecimal.end()
            return int(hexadecimal[0].strip("x{}"), 16)
        if octal is not None:
            self.at = octal.end()
            return int(octal[0], 8)
        if char in _CONTROLS or (char.isascii() and not char.isalnum()):
            self.at += 1
            return _CONTROLS.get(char, ord(char))
        raise self._unknown_escape(start, char)

    def _unknown_escape(self, start: int, char: str) -> PatternProblem:
        span = (start, start + 2)
        if char.isdigit():
            help = "compare two parts of a text by taking each out with regexp_extract"
            return PatternProblem(f"`\\{char}` refers back to a group, which RE2 cannot", span, help)
        known = {
            "Z": r"write \z for the end of the text",
            "h": r"write [ \t] for blanks within a line",
            "R": r"write (?:\r\n|\n) for the end of a line",
        }
        plain = "write the character without the backslash" if not char.isascii() else None
        return PatternProblem(f"`\\{char}` is no escape that RE2 knows", span, known.get(char, plain))

    # -- brackets

    def _bracket(self) -> None:
        start = self.at
        self.at += 1
        self._accept("^")
        first = True
        while first or not self._accept("]"):
            if self.at >= len(self.text):
                raise PatternProblem("this `[` is not closed", (start, start + 1), r"for the character write \[")
            self._member()
            first = False

    def _member(self) -> None:
        """A class, a range or a character."""
        named = _POSIX.match(self.text, self.at)
        if named is not None:
            if named[1] not in (*_CLASSES, "word", "xdigit"):
                help = f"the classes are {', '.join(_CLASSES)}, word, xdigit"
                raise PatternProblem(f"`{named[0]}` is no class of characters", named.span(), help)
            self.at = named.end()
            return
        if self.text[self.at] == "\\" and self._class():
            return
        start = self.at
        low = self._character()
        if (
            self.text.startswith("-", self.at)
            and not self.text.startswith("-]", self.at)
            and self.at + 1 < len(self.text)
        ):
            self.at += 1
            if self._character() < low:
                span = (start, self.at)
                message = f"the range `{self.text[start : self.at]}` is empty"
                raise PatternProblem(message, span, r"write the lower character first, or \- for the character itself")


_CONTROLS = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
