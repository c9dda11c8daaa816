"""RE2 patterns as Postgres's regular expressions, so that a pattern means the same there.

Written out where the two differ: what `.`, classes and `\\b` match (ASCII and never by locale), letter
case, flags and named groups, bounds. Some things have no equal, for Postgres looks for the longest match as
a whole: a mixture of greedy and lazy repeats is refused, and of alternatives that begin one another it
takes the longest, except in a pattern that is plain words, where those that RE2 never reaches are left out.
A replacement counts an empty match right behind another, as of `a*` in `aab`, which RE2 does not.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

_LAST = 0x10FFFF
_MOST = 255  # repeats that Postgres counts
Ranges = tuple[tuple[int, int], ...]


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


@dataclass(frozen=True, slots=True)
class Translation:
    """`greedy` and `lazy` say which kinds of repeats the pattern has."""

    text: str
    greedy: bool
    lazy: bool

    @property
    def mixed(self) -> bool:
        return self.greedy and self.lazy


def translated(pattern: str) -> Translation:
    """The pattern for Postgres. Raises ValueError for what cannot be said there."""
    reader = _Reader(pattern)
    text = reader.alternatives("", top=True)
    if reader.at < len(pattern):
        raise reader.problem("a `)` too many")
    return Translation(text.replace(_EXACTLY, "?" if reader.lazy else ""), reader.greedy, reader.lazy)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0
        self.greedy = self.lazy = False

    def problem(self, what: str) -> ValueError:
        return ValueError(f"the pattern '{self.pattern}' cannot be used on Postgres: {what}")

    def rest(self, pattern: str) -> re.Match[str] | None:
        """What fits at the place in hand, taken."""
        match = re.compile(pattern, re.DOTALL).match(self.pattern, self.at)
        if match is not None:
            self.at = match.end()
        return match

    # -- structure

    def alternatives(self, flags: str, *, top: bool = False) -> str:
        start = self.at
        branches: list[tuple[str, str]] = []
        while True:
            text, flags = self._branch(flags)
            branches.append((self.pattern[start : self.at], text))
            if not self.rest(r"\|"):
                break
            start = self.at
        if top and all(re.fullmatch(r"[\w\s-]*", raw) for raw, _ in branches):
            branches = [b for i, b in enumerate(branches) if not any(b[0].startswith(e) for e, _ in branches[:i])]
        return "|".join(text for _, text in branches)

    def _branch(self, flags: str) -> tuple[str, str]:
        text = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if match := self.rest(r"\(\?([imsU]*)(?:-([imsU]+))?\)"):
                flags = self._flags(flags, match)
                continue
            atom = self._atom(flags)
            text.append(atom + self._repeat())
        return "".join(text), flags

    def _flags(self, flags: str, match: re.Match[str]) -> str:
        if "U" in (match[1] or "") + (match[2] or ""):
            raise self.problem("it has no flag U; write the lazy repeats with `?`")
        return "".join({*flags, *match[1]} - {*(match[2] or "")})

    def _atom(self, flags: str) -> str:
        if match := self.rest(r"\(\?([imsU]*)(?:-([imsU]+))?:"):
            return self._closed("(?:", self._flags(flags, match))
        if self.rest(r"\(\?P?<\w+>"):
            return self._closed("(", flags)
        if self.rest(r"\((?!\?)"):
            return self._closed("(", flags)
        if self.rest(r"\["):
            return self._bracket(flags)
        char = self.pattern[self.at]
        self.at += 1
        if char == ".":
            return "." if "s" in flags else "[^\\n]"
        if char == "^":
            return "(?:^|(?<=\\n))" if "m" in flags else "^"
        if char == "$":
            return "(?:$|(?=\\n))" if "m" in flags else "$"
        if char == "\\":
            return self._escape(flags)
        if char in "*+?" or char == "(":
            raise self.problem(f"`{char}` means nothing where it stands")
        return _literal(char, flags)

    def _closed(self, opening: str, flags: str) -> str:
        inside = self.alternatives(flags)
        if not self.rest(r"\)"):
            raise self.problem("a `(` is not closed")
        return f"{opening}{inside})"

    def _repeat(self) -> str:
        match = self.rest(r"([*+?]|\{(\d+)(,?)(\d*)\})(\??)")
        if match is None:
            return ""
        if match[2] is None:
            return self._kind(match[1], match[5])
        least, most = int(match[2]), int(match[4] or match[2])
        if max(least, most) > _MOST:
            raise self.problem(f"it counts no more than {_MOST} repeats")
        if match[3] and not match[4]:
            return self._kind(f"{{{least},}}", match[5])
        if least == most:
            return f"{{{least},{most}}}{_EXACTLY}"
        return self._kind(f"{{{least},{most}}}", match[5])

    def _kind(self, repeat: str, lazy: str) -> str:
        self.lazy, self.greedy = self.lazy or bool(lazy), self.greedy or not lazy
        return repeat + lazy

    # -- characters

    def _escape(self, flags: str) -> str:
        if match := self.rest("[dDwWsS]"):
            ranges = _CLASSES[match[0].lower()]
            return _set(ranges, negated=match[0].isupper())
        if match := self.rest("[bBAz]"):
            return {"b": f"(?:{_EDGE})", "B": f"(?:{_INSIDE})", "A": "^", "z": "$"}[match[0]]
        if match := self.rest(r"Q(.*?)(?:\\E|$)"):
            return f"(?:{''.join(_literal(c, flags) for c in match[1])})"
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

    def _bracket(self, flags: str) -> str:
        negated = bool(self.rest(r"\^"))
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.rest(r"\]"):
            if self.at >= len(self.pattern):
                raise self.problem("a `[` is not closed")
            ranges += self._member()
            first = False
        if "i" in flags:
            ranges += [(ord(c), ord(c)) for low, high in ranges for c in _other_cases(low, high)]
        return _set(tuple(ranges), negated=negated)

    def _member(self) -> Ranges:
        """One member of a bracket: a class, a range or a character."""
        if match := self.rest(r"\[:(\^?)(\w+):\]"):
            if match[2] not in _NAMED:
                raise self.problem(f"no class is named {match[2]}")
            return _inverted(_NAMED[match[2]]) if match[1] else _NAMED[match[2]]
        if match := self.rest(r"\\([dDwWsS])"):
            ranges = _CLASSES[match[1].lower()]
            return _inverted(ranges) if match[1].isupper() else ranges
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


def _inverted(ranges: Ranges) -> Ranges:
    found, start = [], 1
    for low, high in sorted(ranges):
        if low > start:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return (*found, (start, _LAST))


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


def _literal(char: str, flags: str) -> str:
    others = _other_cases(ord(char), ord(char)) if "i" in flags else ""
    return f"[{_quoted(char)}{''.join(map(_quoted, others))}]" if others else _quoted(char)


def _set(ranges: Ranges, *, negated: bool) -> str:
    inside = "".join(_quoted(chr(low)) + (f"-{_quoted(chr(high))}" if high > low else "") for low, high in ranges)
    return f"[{'^' if negated else ''}{inside}]"


def _quoted(char: str) -> str:
    if char in "\\^$.|?*+()[]{}-":
        return f"\\{char}"
    if char.isprintable() or ord(char) > 127:
        return char
    name = next((n for n, c in _CONTROLS.items() if c == char), None)
    return f"\\{name}" if name is not None else f"\\u{ord(char):04x}"
