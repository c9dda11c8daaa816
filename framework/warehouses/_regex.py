"""RE2 patterns as Postgres's regular expressions, so that a pattern means the same there.

Written out where the two differ: what `.`, classes and `\\b` match (ASCII and never by locale), letter
case, flags and named groups, bounds. Postgres takes the longest or the shortest match as a whole, where RE2 takes the
first that it finds: which of them a pattern needs is proved (`_regex_order.py`), and a pattern that needs neither is
refused where it matters which text is matched.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

from framework.warehouses._regex_order import (
    LAST,
    Chars,
    Choice,
    Edge,
    Group,
    Node,
    Ranges,
    Repeat,
    Row,
    TooIntricateError,
    groups_agree,
    order,
)


def _ranges(text: str) -> Ranges:
    """`a-z_` as ranges of code points."""
    return tuple((ord(m[1]), ord(m[2] or m[1])) for m in re.finditer(r"(.)(?:-(.))?", text, re.DOTALL))


_DIGITS = _ranges("0-9")
_WORD = _ranges("0-9A-Za-z") + _ranges("_")
_SPACE = _ranges("\t\n\f\r ")
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_NAMED = {
    "alnum": _ranges("0-9A-Za-z"),
    "alpha": _ranges("A-Za-z"),
    "ascii": ((1, 127),),
    "blank": _ranges("\t "),
    "cntrl": ((1, 31), (127, 127)),
    "digit": _DIGITS,
    "graph": ((33, 126),),
    "lower": _ranges("a-z"),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": _ranges("A-Z"),
    "word": _WORD,
    "xdigit": _ranges("0-9A-Fa-f"),
}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_EDGE = "(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])"
_INSIDE = "(?<![0-9A-Za-z_])(?![0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_])"
_EXACTLY = "\0"  # behind a bound {n,n}, whose greediness must follow that of the others


class Piece(NamedTuple):
    """A part of the pattern as Postgres has it, and what it matches."""

    text: str
    node: Node


@dataclass(frozen=True, slots=True)
class Translation:
    """`lazy` is whether it has lazy repeats: which match Postgres takes must then be said of the whole."""

    text: str
    node: Node
    lazy: bool


def translated(pattern: str) -> Translation:
    """The pattern for Postgres, to ask whether it matches. Raises ValueError for what cannot be said there."""
    reader = Reader(pattern)
    piece = reader.whole()
    return Translation(piece.text.replace(_EXACTLY, "?" if reader.lazy else ""), piece.node, reader.lazy)


@lru_cache(maxsize=1024)
def found(pattern: str, *, groups: bool = False, all: bool = False) -> str:
    """The pattern for Postgres, to find the text that RE2 finds; with its groups, or with every match there is.

    Raises ValueError where Postgres would find another.
    """
    translation = translated(pattern)
    try:
        text = _found(translation, groups, all)
    except TooIntricateError:
        text = "it has too many states to be sure that Postgres finds the text that RE2 finds"
    except _OtherwiseError as error:
        text = str(error)
    else:
        return text
    raise ValueError(f"the pattern '{pattern}' cannot be used on Postgres: {text}")


class _OtherwiseError(Exception):
    pass


def _found(translation: Translation, groups: bool, all: bool) -> str:
    known = order(translation.node)
    if not (known.longest or known.shortest):
        what = "RE2 takes the first match that it comes to, and Postgres the longest or the shortest"
        advice = "write longer alternatives first, and `[^x]*` where it says `.*?` before an x"
        raise _OtherwiseError(f"{what}; {advice}")
    if all and known.empty and known.full:
        raise _OtherwiseError(
            "it can match an empty text right behind another match, which Postgres counts and RE2 does not; "
            "write `+` for `*`"
        )
    if groups and not groups_agree(translation.node):
        raise _OtherwiseError("Postgres divides a match among its groups otherwise than RE2")
    if known.longest and not translation.lazy:
        return translation.text
    return f"(?:{translation.text}){{1,1}}{'' if known.longest else '?'}"


class Reader:
    """What a pattern is made of, and its text on Postgres."""

    warehouse: ClassVar[str] = "Postgres"
    most: ClassVar[int] = 255  # repeats that are counted

    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0
        self.lazy = False

    def whole(self) -> Piece:
        piece = self.alternatives("", top=True)
        if self.at < len(self.pattern):
            raise self.problem("a `)` too many")
        return piece

    def problem(self, what: str) -> ValueError:
        return ValueError(f"the pattern '{self.pattern}' cannot be used on {self.warehouse}: {what}")

    def rest(self, pattern: str) -> re.Match[str] | None:
        """What fits at the place in hand, taken."""
        match = re.compile(pattern, re.DOTALL).match(self.pattern, self.at)
        if match is not None:
            self.at = match.end()
        return match

    # -- structure

    def alternatives(self, flags: str, *, top: bool = False) -> Piece:
        start = self.at
        branches: list[tuple[str, Piece]] = []
        while True:
            piece, flags = self._branch(flags)
            branches.append((self.pattern[start : self.at], piece))
            if not self.rest(r"\|"):
                break
            start = self.at
        if top and all(re.fullmatch(r"[\w\s-]*", raw) for raw, _ in branches):
            # Of plain words, those that RE2 never comes to are left out.
            branches = [b for i, b in enumerate(branches) if not any(b[0].startswith(e) for e, _ in branches[:i])]
        nodes = tuple(piece.node for _, piece in branches)
        return Piece("|".join(piece.text for _, piece in branches), nodes[0] if len(nodes) == 1 else Choice(nodes))

    def _branch(self, flags: str) -> tuple[Piece, str]:
        pieces = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if match := self.rest(r"\(\?([imsU]*)(?:-([imsU]+))?\)"):
                flags = self._flags(flags, match)
                continue
            pieces.append(self._repeated(self._atom(flags)))
        return _row(pieces), flags

    def _flags(self, flags: str, match: re.Match[str]) -> str:
        return "".join({*flags, *match[1]} - {*(match[2] or "")})

    def _atom(self, flags: str) -> Piece:
        if match := self.rest(r"\(\?([imsU]*)(?:-([imsU]+))?:"):
            return self._closed("(?:", self._flags(flags, match))
        if self.rest(r"\(\?P?<\w+>") or self.rest(r"\((?!\?)"):
            text, node = self._closed("(", flags)
            return Piece(text, Group(node))
        if self.rest(r"\["):
            return self.bracket(flags)
        char = self.pattern[self.at]
        self.at += 1
        if char == ".":
            line = () if "s" in flags else ((10, 10),)
            return Piece("." if "s" in flags else "[^\\n]", Chars(inverted(line)))
        if char in "^$":
            return _edge(char if "m" in flags else "A" if char == "^" else "z")
        if char == "\\":
            return self.escape(flags)
        if char in "*+?" or char == "(":
            raise self.problem(f"`{char}` means nothing where it stands")
        return _literal(char, flags)

    def _closed(self, opening: str, flags: str) -> Piece:
        inside = self.alternatives(flags)
        if not self.rest(r"\)"):
            raise self.problem("a `(` is not closed")
        return Piece(f"{opening}{inside.text})", inside.node)

    def _repeated(self, piece: Piece) -> Piece:
        match = self.rest(r"([*+?]|\{(\d+)(,?)(\d*)\})(\??)")
        if match is None:
            return piece
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(match[1]) or (
            int(match[2]),
            int(match[4] or match[2]) if match[4] or not match[3] else None,
        )
        if max(least, most or 0) > self.most:
            raise self.problem(f"it counts no more than {self.most} repeats")
        node = Repeat(piece.node, least, most, lazy=bool(match[5]))
        if least == most:
            return Piece(f"{piece.text}{{{least},{most}}}{_EXACTLY}", node)
        self.lazy = self.lazy or bool(match[5])
        bounds = match[1] if match[2] is None else f"{{{least},{'' if most is None else most}}}"
        return Piece(piece.text + bounds + match[5], node)

    # -- characters

    def escape(self, flags: str) -> Piece:
        if match := self.rest("[dDwWsS]"):
            return _set(_CLASSES[match[0].lower()], negated=match[0].isupper())
        if match := self.rest("[bBAz]"):
            return _edge(match[0])
        if match := self.rest(r"Q(.*?)(?:\\E|$)"):
            text, node = _row([_literal(c, flags) for c in match[1]])
            return Piece(f"(?:{text})", node)
        return _literal(self._escaped(), flags)

    def _escaped(self) -> str:
        """A single character behind a backslash."""
        if match := self.rest(r"x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))"):
            return chr(int(match[1] or match[2], 16))
        if match := self.rest("[afnrtv]"):
            return _CONTROLS[match[0]]
        if match := self.rest(r"[^\w\s]|_"):
            return match[0]
        raise self.problem(f"it knows no `\\{self.pattern[self.at : self.at + 1]}`")

    def bracket(self, flags: str) -> Piece:
        negated = bool(self.rest(r"\^"))
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.rest(r"\]"):
            if self.at >= len(self.pattern):
                raise self.problem("a `[` is not closed")
            ranges += self.member()
            first = False
        if "i" in flags:
            ranges += [(ord(c), ord(c)) for low, high in ranges for c in _other_cases(low, high)]
        return _set(tuple(ranges), negated=negated)

    def member(self) -> Ranges:
        """One member of a bracket: a class, a range or a character."""
        if match := self.rest(r"\[:(\^?)(\w+):\]"):
            if match[2] not in _NAMED:
                raise self.problem(f"no class is named {match[2]}")
            return inverted(_NAMED[match[2]]) if match[1] else _NAMED[match[2]]
        if match := self.rest(r"\\([dDwWsS])"):
            ranges = _CLASSES[match[1].lower()]
            return inverted(ranges) if match[1].isupper() else ranges
        low = self._character()
        high = self._character() if self.rest(r"-(?!\])") else low
        if high < low:
            raise self.problem(f"the range {low}-{high} is empty")
        return ((ord(low), ord(high)),)

    def _character(self) -> str:
        if self.rest(r"\\"):
            return self._escaped()
        self.at += 1
        return self.pattern[self.at - 1]


def inverted(ranges: Ranges) -> Ranges:
    found, start = [], 1
    for low, high in sorted(ranges):
        if low > start:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return (*found, (start, LAST)) if start <= LAST else tuple(found)


def _other_cases(low: int, high: int) -> str:
    """What else the letters of a range are when case does not count; of a vast one, of its first thousand."""
    found = {o for code in range(low, min(high, low + 1000) + 1) for o in _same(chr(code))}
    return "".join(sorted(o for o in found if not low <= ord(o) <= high))


def _same(char: str) -> set[str]:
    """The letters that are one but for their case, as Unicode folds them one by one."""
    found = _folded().get(char.casefold(), set()) | {char.lower(), char.upper()}
    return {other for other in found if len(other) == 1 and other != char}


@lru_cache(maxsize=1)
def _folded() -> dict[str, set[str]]:
    """Letters by what they fold to: `k` and the sign of the kelvin, the three forms of sigma."""
    found: dict[str, set[str]] = {}
    for char in map(chr, range(0x20000)):
        if char != char.casefold() and len(char.casefold()) == 1:
            found.setdefault(char.casefold(), {char.casefold()}).add(char)
    return found


def _row(pieces: list[Piece]) -> Piece:
    nodes = tuple(piece.node for piece in pieces)
    return Piece("".join(piece.text for piece in pieces), nodes[0] if len(nodes) == 1 else Row(nodes))


_EDGES = {
    "A": "^",
    "z": "$",
    "^": "(?:^|(?<=\\n))",
    "$": "(?:$|(?=\\n))",
    "b": f"(?:{_EDGE})",
    "B": f"(?:{_INSIDE})",
}


def _edge(kind: str) -> Piece:
    return Piece(_EDGES[kind], Edge(kind))


def _literal(char: str, flags: str) -> Piece:
    others = _other_cases(ord(char), ord(char)) if "i" in flags else ""
    node = Chars(tuple((ord(c), ord(c)) for c in (char, *others)))
    return Piece(f"[{_quoted(char)}{''.join(map(_quoted, others))}]" if others else _quoted(char), node)


def _set(ranges: Ranges, *, negated: bool) -> Piece:
    inside = "".join(_quoted(chr(low)) + (f"-{_quoted(chr(high))}" if high > low else "") for low, high in ranges)
    return Piece(f"[{'^' if negated else ''}{inside}]", Chars(inverted(ranges) if negated else ranges))


def _quoted(char: str) -> str:
    if char in "\\^$.|?*+()[]{}-":
        return f"\\{char}"
    if char.isprintable() or ord(char) > 127:
        return char
    name = next((n for n, c in _CONTROLS.items() if c == char), None)
    return f"\\{name}" if name is not None else f"\\u{ord(char):04x}"
