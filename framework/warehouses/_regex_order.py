"""Which match of a pattern RE2 takes: always the longest one, always the shortest one, or neither.

RE2 takes the match that comes first when alternatives and repeats are tried in their order; Postgres takes the longest
(or the shortest) of all. Whether the two can differ is not guessed from the look of a pattern: every state that both
can be in is walked, over the classes of characters that the pattern tells apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

LAST = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]
WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))


@dataclass(frozen=True, slots=True)
class Chars:
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Edge:
    """`A` and `z` the ends of the text, `^` and `$` of a line, `b` and `B` of a word."""

    kind: str


@dataclass(frozen=True, slots=True)
class Row:
    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """`most` is None where there is no limit."""

    part: "Node"
    least: int
    most: int | None
    lazy: bool


@dataclass(frozen=True, slots=True)
class Group:
    part: "Node"


Node = Chars | Edge | Row | Choice | Repeat | Group


@dataclass(frozen=True, slots=True)
class Order:
    """`empty` is whether a match can be empty where text stands before it, `full` whether one can be otherwise."""

    longest: bool
    shortest: bool
    empty: bool
    full: bool


# A pattern that needs more is not judged. Few need a hundredth.
_STEPS = 100_000
_LINES = 2_000


class TooIntricateError(Exception):
    """The pattern has too many states."""


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Row() | Choice():
            return node.parts
        case Repeat() | Group():
            return (node.part,)
    return ()


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in children(node):
        yield from walk(child)


def has_groups(node: Node) -> bool:
    return any(isinstance(n, Group) for n in walk(node))


def _has_lazy(node: Node) -> bool:
    return any(isinstance(n, Repeat) and n.lazy and n.least != n.most for n in walk(node))


def _has_greedy(node: Node) -> bool:
    return any(isinstance(n, Repeat) and not n.lazy and n.least != n.most for n in walk(node))


def _chooses(node: Node) -> bool:
    """Whether Postgres sees alternatives in it: the ends of words and lines are written with some."""
    return any(isinstance(n, Choice) or (isinstance(n, Edge) and n.kind in "^$bB") for n in walk(node))


def _is_empty(node: Node) -> bool:
    """Whether it can match an empty text."""
    match node:
        case Chars():
            return False
        case Row():
            return all(map(_is_empty, node.parts))
        case Choice():
            return any(map(_is_empty, node.parts))
        case Repeat():
            return not node.least or _is_empty(node.part)
        case Group():
            return _is_empty(node.part)
    return True


# -- groups


def groups_agree(node: Node) -> bool:
    """Whether the groups of a match that is the same are the same too. False where that is not certain.

    Postgres gives each part of a row, from the left, the longest text that leaves the rest a match, and RE2 the first.
    """
    match node:
        case Group():
            return groups_agree(node.part)
        case Choice():
            return all(groups_agree(part) for part in node.parts)
        case Row():
            runs = list(_runs(node))
            return all(_settled(run) for run in runs[:-1]) and all(groups_agree(part) for part in node.parts)
        case Repeat() if has_groups(node):
            return _repeated(node)
    return True


def _runs(row: Row) -> Iterator[Node]:
    """The parts that have groups, each by itself, and what stands between them."""
    run: list[Node] = []
    for part in row.parts:
        if not has_groups(part):
            run.append(part)
            continue
        if run:
            yield Row(tuple(run))
        yield part
        run = []
    if run:
        yield Row(tuple(run))


def _settled(node: Node) -> bool:
    """Whether RE2 and Postgres end a part of a row at one place."""
    found = order(node)
    if _has_lazy(node):
        return found.shortest and (found.longest or not (_has_greedy(node) or _chooses(node)))
    return found.longest


def _repeated(node: Repeat) -> bool:
    """Rounds are counted alike where each can end at one place alone. A group that an earlier round set and the last
    did not is kept by RE2 and lost by Postgres."""
    body = order(node.part)
    if _is_empty(node.part) or _has_lazy(node) or not body.longest or not groups_agree(node.part):
        return False
    if node.most == 1:
        return True
    optional = (isinstance(n, Choice) or (isinstance(n, Repeat) and not n.least) for n in walk(node.part))
    return body.shortest and not any(optional)


# -- states


@lru_cache(maxsize=512)
def order(node: Node) -> Order:
    """Raises TooIntricateError."""
    return _Walk(node).order()


State = tuple[tuple[int, ...], tuple[int, ...], str, bool, bool]
Line = tuple[str, int, int]  # what is done, and two numbers: lines to go on with, or the set of characters


class _Walk:
    def __init__(self, node: Node) -> None:
        self.lines: list[Line] = []
        self.sets: list[Ranges] = []
        self.edges: list[str] = []
        self._write(node)
        self._line("match")
        self.steps = 0
        self.classes = _classes(self.sets, split=bool(self.edges))

    # The pattern as lines of a program that tries its branches in order, as RE2 has it.

    def _line(self, kind: str, first: int = 0, second: int = 0) -> int:
        if len(self.lines) >= _LINES:
            raise TooIntricateError
        self.lines.append((kind, first, second))
        return len(self.lines) - 1

    def _fork(self, at: int, into: int, past: int, *, lazy: bool) -> None:
        self.lines[at] = ("fork", past, into) if lazy else ("fork", into, past)

    def _write(self, node: Node) -> None:
        match node:
            case Chars():
                if node.ranges not in self.sets:
                    self.sets.append(node.ranges)
                self._line("chars", self.sets.index(node.ranges))
            case Edge():
                self.edges.append(node.kind)
                self._line("edge", len(self.edges) - 1)
            case Group():
                self._write(node.part)
            case Row():
                for part in node.parts:
                    self._write(part)
            case Choice():
                self._choice(node.parts)
            case Repeat():
                self._repeat(node)

    def _choice(self, parts: tuple[Node, ...]) -> None:
        leaving = []
        for part in parts[:-1]:
            fork = self._line("fork")
            self._write(part)
            leaving.append(self._line("go"))
            self._fork(fork, fork + 1, len(self.lines), lazy=False)
        self._write(parts[-1])
        for at in leaving:
            self.lines[at] = ("go", len(self.lines), 0)

    def _repeat(self, node: Repeat) -> None:
        if node.most is None:
            self._endless(node)
            return
        for _ in range(node.least):
            self._write(node.part)
        forks = []
        for _ in range(node.most - node.least):
            forks.append(self._line("fork"))
            self._write(node.part)
        for fork in forks:
            self._fork(fork, fork + 1, len(self.lines), lazy=node.lazy)

    def _endless(self, node: Repeat) -> None:
        """`x*` of an x that may be empty is `(x+)?` to RE2."""
        around = self._line("fork") if not node.least else None
        for _ in range(node.least - 1):
            self._write(node.part)
        start = len(self.lines)
        self._write(node.part)
        if around is not None and not _is_empty(node.part):
            self._line("go", around)
        else:
            fork = self._line("fork")
            self._fork(fork, start, fork + 1, lazy=node.lazy)
        if around is not None:
            self._fork(around, start, len(self.lines), lazy=node.lazy)

    # The walk: a state is what RE2 may go on with, in order; what any match may go on with; and what stands before.

    def _reached(self, starts: tuple[int, ...], before: str, after: str) -> tuple[list[int], bool, int]:
        """The lines that take a character, in order; whether there is a match; and how many come before it."""
        found: list[int] = []
        seen: set[int] = set()
        first = -1
        stack = list(reversed(starts))
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            self.steps += 1
            kind, one, two = self.lines[at]
            if kind == "fork":
                stack += (two, one)
            elif kind == "go":
                stack.append(one)
            elif kind == "edge":
                if _holds(self.edges[one], before, after):
                    stack.append(at + 1)
            elif kind == "match":
                first = len(found) if first < 0 else first
            else:
                found.append(at)
        if self.steps > _STEPS:
            raise TooIntricateError
        return found, first >= 0, first if first >= 0 else len(found)

    def order(self) -> Order:
        longest = shortest = True
        empty = full = False
        befores = ("begin", "line", "word", "other") if self.edges else ("begin", "other")
        todo: list[State] = [((0,), (0,), before, False, True) for before in befores]
        seen = set(todo)
        while todo:
            ordered, every, before, matched, fresh = todo.pop()
            for after, members in (("end", frozenset[int]()), *self.classes):
                threads, match, kept = self._reached(ordered, before, after)
                all_threads, any_match, _ = self._reached(every, before, after)
                if any_match and not match:
                    longest = False
                if match:
                    shortest = shortest and not matched
                    empty, full = empty or (fresh and before != "begin"), full or not fresh
                if after == "end" or not (longest or shortest):
                    continue
                state = (
                    self._taken(threads[:kept], members),
                    tuple(sorted(self._taken(all_threads, members))),
                    after if self.edges else "other",
                    matched or match,
                    False,
                )
                if state[1] and state not in seen:
                    seen.add(state)
                    todo.append(state)
        return Order(longest, shortest, empty, full)

    def _taken(self, threads: list[int], members: frozenset[int]) -> tuple[int, ...]:
        return tuple(at + 1 for at in threads if self.lines[at][1] in members)


def _holds(edge: str, before: str, after: str) -> bool:
    match edge:
        case "A":
            return before == "begin"
        case "z":
            return after == "end"
        case "^":
            return before in ("begin", "line")
        case "$":
            return after in ("end", "line")
    return ((before == "word") != (after == "word")) == (edge == "b")


def _classes(sets: list[Ranges], *, split: bool) -> list[tuple[str, frozenset[int]]]:
    """What kind of character it is, and the sets that it is in; each pair once."""
    every = [*sets, WORD, ((10, 10),)] if split else sets
    starts = {0} | {low for ranges in every for low, _ in ranges} | {high + 1 for ranges in every for _, high in ranges}
    found: dict[tuple[str, frozenset[int]], None] = {}
    for code in sorted(starts):
        if code > LAST:
            continue
        members = frozenset(i for i, ranges in enumerate(sets) if _within(code, ranges))
        kind = "line" if code == 10 else "word" if _within(code, WORD) else "other"
        found[(kind if split else "other", members)] = None
    return list(found)


def _within(code: int, ranges: Ranges) -> bool:
    return any(low <= code <= high for low, high in ranges)
