"""A text that a pattern matches, for patterns of the usual kind; and texts of a shape that a function asks for."""

import re

_REPEATS = re.compile(r"\{(\d+)(?:,\d*)?\}")
_ONE = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}


def sample(pattern: str) -> str | None:
    """A text that the pattern matches; None where none is found."""
    found = _Sampler(pattern).alternatives()
    try:
        return found if found is not None and re.search(pattern, found) else None
    except re.error:
        return None  # what RE2 reads otherwise than Python is not tried


class _Sampler:
    """The first alternative, each part as seldom as it may be, but once."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0

    def alternatives(self) -> str | None:
        parts: list[str] = []
        taken: str | None = None
        while self.at < len(self.pattern) and self.pattern[self.at] != ")":
            if self.pattern[self.at] == "|":
                taken = "".join(parts) if taken is None else taken
                self.at += 1
                parts = []
                continue
            piece = self._piece()
            if piece is None:
                return None
            parts.append(piece * self._times())
        return "".join(parts) if taken is None else taken

    def _piece(self) -> str | None:
        char = self.pattern[self.at]
        self.at += 1
        if char in "^$":
            return ""
        if char == ".":
            return "a"
        if char == "(":
            self.at += 2 if self.pattern.startswith("?:", self.at) else 0
            inside = self.alternatives()
            self.at += 1
            return inside
        if char == "[":
            return self._set()
        if char == "\\" and self.at < len(self.pattern):
            self.at += 1
            letter = self.pattern[self.at - 1]
            return "" if letter in "bBAz" else _ONE.get(letter, letter)
        return char

    def _set(self) -> str | None:
        end = self.pattern.find("]", self.at + 2)
        inside, self.at = self.pattern[self.at : end], end + 1
        if end < 0 or inside.startswith("^"):
            return None if end < 0 else "~"
        return _ONE.get(inside[1], inside[1]) if inside[0] == "\\" else inside[0]

    def _times(self) -> int:
        match = _REPEATS.match(self.pattern, self.at)
        if match is not None:
            self.at = match.end()
            return max(1, int(match[1]))
        if self.pattern[self.at : self.at + 1] in ("*", "+", "?"):
            self.at += 1
        return 1


def npi(number: int) -> str:
    """A National Provider Identifier with its check digit: Luhn, with 80840 before it (45 CFR 162.406)."""
    digits = f"80840{100_000_000 + number}"
    total = sum(sum(divmod(int(d) * (2 if i % 2 == 0 else 1), 10)) for i, d in enumerate(reversed(digits)))
    return f"{digits[5:]}{-total % 10}"
