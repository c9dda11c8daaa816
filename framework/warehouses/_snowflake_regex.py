"""RE2 patterns as Snowflake's regular expressions: the extended ones of POSIX, and `\\b`.

docs.snowflake.com/en/sql-reference/functions-regexp has no lazy repeats, and of POSIX there are no flags inside a
pattern, no groups that do not capture and no classes as `\\pL`. So a pattern is read, and written anew: letter case and
classes as the characters that they are, flags as the functions' parameters, every group as one that captures. POSIX
takes the longest match, where RE2 takes the first that it comes to; a pattern for which that could be another text is
refused where it matters which text is matched.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

from framework.warehouses._regex import Reader, inverted
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
    walk,
)

_ANY: Ranges = ((1, LAST),)
_NO_LINE: Ranges = ((1, 9), (11, LAST))
_ADVICE = "write longer alternatives first, and `[^x]*` where it says `.*?` before an x"


@dataclass(frozen=True, slots=True)
class Pattern:
    """`flags` are the parameters of the function, `groups` the number that each group of the pattern has now."""

    text: str
    flags: str
    groups: tuple[int, ...]


@lru_cache(maxsize=1024)
def matching(pattern: str) -> Pattern:
    """The pattern to ask whether it matches. Raises ValueError for what cannot be said."""
    written = _written(pattern, _read(pattern))
    # An empty pattern is found nowhere, or everywhere: it is not told. The start of a text is in every text.
    return written if written.text else replace(written, text="^")


@lru_cache(maxsize=1024)
def finding(pattern: str, *, groups: bool = False, all: bool = False) -> Pattern:
    """The pattern to find the text that RE2 finds; with its groups, or with every match there is."""
    node = _hurried(_read(pattern))
    try:
        known = order(node)
    except TooIntricateError:
        raise _refused(pattern, "it has too many states to be sure that the text found is the one") from None
    if not known.longest:
        raise _refused(pattern, f"its first match is not always the longest, which is the one taken; {_ADVICE}")
    if all and known.empty and known.full:
        raise _refused(pattern, "it can match an empty text right behind another match; write `+` for `*`")
    lazy = any(isinstance(n, Repeat) and n.lazy for n in walk(node))
    if groups and (lazy or not groups_agree(node)):
        raise _refused(pattern, f"a match may be divided otherwise among its groups; {_ADVICE}")
    return _written(pattern, node)


def _refused(pattern: str, what: str) -> ValueError:
    return ValueError(f"the pattern '{pattern}' cannot be used on Snowflake: {what}")


class _Reader(Reader):
    warehouse: ClassVar[str] = "Snowflake"


def _read(pattern: str) -> Node:
    return _Reader(pattern).whole().node


def _hurried(node: Node) -> Node:
    """`.*?>` at the end as `[^>]*>`: the first of these characters ends the match."""
    if not isinstance(node, Row) or len(node.parts) < 2:
        return node
    *before, repeat, last = node.parts
    if not isinstance(repeat, Repeat) or (repeat.least, repeat.most, repeat.lazy) != (0, None, True):
        return node
    if not isinstance(repeat.part, Chars) or not isinstance(last, Chars):
        return node
    others = Chars(inverted((*inverted(repeat.part.ranges), *last.ranges)))
    return Row((*before, replace(repeat, part=others, lazy=False), last))


# -- written


def _written(pattern: str, node: Node) -> Pattern:
    nodes = [*walk(node)]
    edges = {n.kind for n in nodes if isinstance(n, Edge)}
    if edges & {"^", "$"} and edges & {"A", "z"}:
        raise _refused(pattern, "it names ends of lines and ends of the text")
    whole = any(isinstance(n, Chars) and n.ranges == _ANY for n in nodes)
    writer = _Writer(whole)
    text = writer.alternatives(node)
    return Pattern(text, ("m" if edges & {"^", "$"} else "") + ("s" if whole else ""), tuple(writer.groups))


class _Writer:
    def __init__(self, whole: bool) -> None:
        self.whole, self.opened = whole, 0
        self.groups: list[int] = []

    def alternatives(self, node: Node) -> str:
        """What may stand alone, or in parentheses."""
        if not isinstance(node, Choice):
            return self.row(node)
        parts = [part for part in node.parts if part != Row(())]
        if len(parts) == len(node.parts):
            return "|".join(self.row(part) for part in parts)
        if not parts:
            return ""
        return f"{self.closed(lambda: '|'.join(self.row(part) for part in parts))}?"

    def row(self, node: Node) -> str:
        return "".join(map(self.part, node.parts)) if isinstance(node, Row) else self.part(node)

    def part(self, node: Node) -> str:
        match node:
            case Chars():
                return self.chars(node.ranges)
            case Edge():
                return {"A": "^", "z": "$", "b": r"\b", "B": r"\B"}.get(node.kind, node.kind)
            case Group():
                self.groups.append(self.opened + 1)
                return self.closed(lambda: self.alternatives(node.part))
            case Repeat():
                inside = node.part if isinstance(node.part, Chars | Group) else None
                text = self.closed(lambda: self.alternatives(node.part)) if inside is None else self.part(inside)
                return text + _bounds(node)
        return self.closed(lambda: self.alternatives(node))

    def closed(self, inside: Callable[[], str]) -> str:
        self.opened += 1
        return f"({inside()})"

    def chars(self, ranges: Ranges) -> str:
        if ranges in (_ANY, _NO_LINE) and (ranges == _ANY) == self.whole:
            return "."
        if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
            return re.sub(r"[\\^$.|?*+()\[\]{}]", r"\\\g<0>", chr(ranges[0][0]))
        return _bracket(ranges)


def _bounds(node: Repeat) -> str:
    known = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.least, node.most))
    if known is not None:
        return known
    if node.least == node.most:
        return f"{{{node.least}}}"
    return f"{{{node.least},{'' if node.most is None else node.most}}}"


def _bracket(ranges: Ranges) -> str:
    """A `]` stands first, a `^` not there, a `-` last; a backslash is one in a pair as well."""
    negated = bool(ranges) and max(high for _, high in ranges) == LAST
    merged = inverted(ranges) if negated else inverted(inverted(ranges))
    single = {chr(low) for low, high in merged if low == high}
    last = "".join(c for c in "^-" if c in single)
    first = "]" if "]" in single else ""
    inside = "".join(_range(low, high) for low, high in merged if low != high or chr(low) not in "]^-")
    if not negated and last.startswith("^") and not first + inside:
        last = last[1:] + "^" if len(last) > 1 else "\\^"
    return f"[{'^' if negated else ''}{first}{inside}{last}]"


def _range(low: int, high: int) -> str:
    ends = ["\\\\" if code == ord("\\") else chr(code) for code in (low, high)]
    if high - low < 2:
        return ends[0] if low == high else "".join(ends)
    return "-".join(ends)
