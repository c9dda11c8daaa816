"""RE2 patterns as Java's regular expressions, so that a pattern means the same on Databricks and Spark.

Both take the match that they come to first. Written out where they differ: what `.`, `$`, classes and `\\b` match,
letter case, flags and named groups, and an empty match right behind another, which Java counts and RE2 does not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from framework.warehouses._regex import Piece, Reader, inverted
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
    children,
    walk,
)

_CATEGORY = r"([pP])(?:\{(\^?)(\w+)\}|(\w))"
_WORD = "[0-9A-Za-z_]"
_EDGES = {
    "A": "^",
    "z": "\\z",
    "^": "(?:^|(?<=\\n))",
    "$": "(?:\\z|(?=\\n))",
    "b": f"(?:(?<!{_WORD})(?={_WORD})|(?<={_WORD})(?!{_WORD}))",
    "B": f"(?:(?<!{_WORD})(?!{_WORD})|(?<={_WORD})(?={_WORD}))",
}
_CONTROLS = {"\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class _Categories(Chars):
    """Characters by their categories or scripts, which no ranges are given for; and its text."""

    text: str = ""


class _Reader(Reader):
    warehouse: ClassVar[str] = "Databricks"
    most: ClassVar[int] = 1000

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        self.categories: list[str] = []

    def escape(self, flags: str) -> Piece:
        match = self.rest(_CATEGORY)
        return super().escape(flags) if match is None else self._set(_category(match), flags)

    def bracket(self, flags: str) -> Piece:
        outer, self.categories = self.categories, []
        negated = self.pattern.startswith("^", self.at)
        piece = super().bracket(flags)
        named, self.categories = "".join(self.categories), outer
        if not named:
            return piece
        assert isinstance(piece.node, Chars)
        ranges = inverted(piece.node.ranges) if negated else piece.node.ranges
        return self._set(f"[{'^' if negated else ''}{named}{_members(ranges)}]", flags)

    def member(self) -> Ranges:
        match = self.rest("\\\\" + _CATEGORY)
        if match is None:
            return super().member()
        self.categories.append(_category(match))
        return ()

    def _set(self, text: str, flags: str) -> Piece:
        if "i" in flags:
            raise self.problem("a class of Unicode in any case; name both cases: [\\p{Lu}\\p{Ll}]")
        return Piece(text, _Categories((), text))


def _category(match: re.Match[str]) -> str:
    """Java has the categories by the same names, and scripts with `Is` before them."""
    name = match[3] or match[4]
    negated = (match[1] == "P") != bool(match[2])
    if name == "Any":
        return "[^\\s\\S]" if negated else "[\\s\\S]"
    return f"\\{'P' if negated else 'p'}{{{name if len(name) < 3 else f'Is{name}'}}}"


@lru_cache(maxsize=1024)
def matching(pattern: str) -> str:
    """The pattern for Java, to ask whether it matches. Raises ValueError for what cannot be said there."""
    return _text(_Reader(pattern).whole().node)


@lru_cache(maxsize=1024)
def finding(pattern: str, *, groups: bool = False, all: bool = False) -> str:
    """The pattern for Java, to find the text that RE2 finds; with its groups, or with every match there is.

    Raises ValueError where Java would find another.
    """
    reader = _Reader(pattern)
    node = reader.whole().node
    rounds = [n.part for n in walk(node) if isinstance(n, Repeat) and n.most != 1 and _can_be_empty(n.part)]
    if any(not _is_empty_last(part) for part in rounds) and not _is_nothing(node):
        raise reader.problem("what is repeated can be empty before it is tried in full; write the empty one last")
    if groups and any(isinstance(n, Group) for part in (*rounds, *_nested(node)) for n in walk(part)):
        raise reader.problem("it divides a match among its groups otherwise than RE2, for one of them is repeated")
    text = _text(node)
    # An empty match stands right behind another where that one ended, but for the first of them; Java must not look
    # for another match that begins there, as RE2 does not.
    return f"(?>{text})(?:(?!\\G)|^)" if all and _can_be_empty(node) else text


def _text(node: Node, *, part: bool = False) -> str:
    """`part` is whether it stands beside others, so that its alternatives must be held together."""
    match node:
        case _Categories():
            return node.text
        case Chars():
            return _set(node.ranges)
        case Edge():
            return _EDGES[node.kind]
        case Row():
            return "".join(_text(p, part=True) for p in node.parts)
        case Choice():
            text = "|".join(_text(p) for p in node.parts)
            return f"(?:{text})" if part else text
        case Group():
            return f"({_text(node.part)})"
        case Repeat():
            repeated = _text(node.part)
            single = isinstance(node.part, Chars | Group)
            return (repeated if single else f"(?:{repeated})") + _times(node) + ("?" if node.lazy else "")


def _times(node: Repeat) -> str:
    mark = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.least, node.most))
    if mark is None:
        mark = f"{{{node.least}}}" if node.least == node.most else f"{{{node.least},{node.most or ''}}}"
    return mark


def _can_be_empty(node: Node) -> bool:
    match node:
        case Chars():
            return False
        case Edge():
            return True
        case Row():
            return all(map(_can_be_empty, node.parts))
        case Choice():
            return any(map(_can_be_empty, node.parts))
        case Group():
            return _can_be_empty(node.part)
        case Repeat():
            return node.least == 0 or _can_be_empty(node.part)


def _is_empty_last(node: Node) -> bool:
    """Whether an empty match is what is tried last. A repeat goes no further in Java once it went round for nothing,
    and in RE2 it tries what is left."""
    match node:
        case Chars() | Edge():
            return True
        case Row():
            return all(map(_is_empty_last, node.parts))
        case Choice():
            *before, last = node.parts
            return not any(map(_can_be_empty, before)) and _is_empty_last(last)
        case Group():
            return _is_empty_last(node.part)
        case Repeat():
            return not (node.lazy and node.least == 0) and (not _can_be_empty(node.part) or _is_empty_last(node.part))


def _is_nothing(node: Node) -> bool:
    """Whether it goes round once, for nothing: both take that, where the first that can be taken is empty."""
    match node:
        case Chars() | Edge():
            return False
        case Row():
            return all(map(_is_nothing, node.parts))
        case Choice():
            return _is_nothing(node.parts[0])
        case Group():
            return _is_nothing(node.part)
        case Repeat():
            return node.least == 1 and node.most is None and _is_nothing(node.part)


def _nested(node: Node) -> Iterator[Node]:
    """What is counted within another repeat, or in a part that a match can do without: of its groups Java keeps what
    a way held that came to nothing."""
    for part in (n for n in walk(node) if isinstance(n, Choice | Repeat)):
        inside = (n for child in children(part) for n in walk(child))
        yield from (n for n in inside if isinstance(n, Repeat) and max(n.least, n.most or 0) > 1)


def _set(ranges: Ranges) -> str:
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _char(ranges[0][0])
    if not ranges:
        return "[^\\s\\S]"
    if max(high for _, high in ranges) == LAST:
        others = inverted(ranges)
        return f"[^{_members(others)}]" if others else "[\\s\\S]"
    return f"[{_members(ranges)}]"


def _members(ranges: Ranges) -> str:
    return "".join(_char(low) + (f"-{_char(high)}" if high > low else "") for low, high in ranges)


def _char(code: int) -> str:
    char = chr(code)
    if char in _CONTROLS:
        return _CONTROLS[char]
    if not char.isprintable() and char != " ":
        return f"\\x{{{code:x}}}"
    return f"\\{char}" if char in "\\^$.|?*+()[]{}-&" else char
