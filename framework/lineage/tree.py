"""The ways to a column and from it, as a tree of text."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from framework.diagnostics import visible
from framework.lineage.graph import Graph, Link, Node

WORDS = {
    "direct": "direct",
    "derived": "derived",
    "aggregated": "aggregated",
    "filtered_by": "filtered by",
    "unknown": "unknown",
}
_SHOWN = 100  # characters of an expression


@dataclass(frozen=True, slots=True)
class _Branch:
    """A line, with the node that it leads to."""

    text: str
    node: Node


Children = Callable[[Node], Iterator[_Branch]]


class Trees:
    """Writes trees over a graph. `expressions` are what the author wrote for a column."""

    def __init__(self, graph: Graph, expressions: Mapping[Node, str]) -> None:
        self.graph, self.expressions = graph, expressions
        self.pipeline = graph.pipelines[0].name

    # -- up

    def up(self, start: Node) -> Iterator[str]:
        """What the column is made of, then for each relation on the way what decides which of its rows are there."""
        seen: dict[Node, None] = {}
        yield self._column(start)
        yield from self._grown(start, self._above, seen)
        known = dict.fromkeys([start.rows])
        waiting, told = deque(known), 0
        while waiting:
            rows = waiting.popleft()
            if any(self._decides(link) for link in self.graph.into(rows)):
                yield from ("", f"the rows of {self.label(rows)}")
                yield from self._grown(rows, self._deciding, seen)
            found = [link.origin for link in self.graph.into(rows) if link.origin.column is None]
            found += [node.rows for node in islice(seen, told, None)]
            told = len(seen)
            waiting += [node for node in dict.fromkeys(found) if node not in known]
            known |= dict.fromkeys(found)

    def _above(self, node: Node) -> Iterator[_Branch]:
        for link in self.graph.into(node) if node.column is not None else ():
            yield from self._origin(link)

    def _deciding(self, node: Node) -> Iterator[_Branch]:
        if node.column is not None:
            yield from self._above(node)
            return
        for link in self.graph.into(node):
            if self._decides(link):
                yield from self._origin(link)

    def _decides(self, link: Link) -> bool:
        """Whether there is more to say of it than that rows come from there."""
        return link.kind in ("filtered_by", "unknown") or link.origin.column is not None

    def _origin(self, link: Link) -> Iterator[_Branch]:
        why = f" ({', '.join(link.reasons)})" if link.reasons else ""
        if link.kind == "unknown":
            yield _Branch(f"unknown      any column of {self.label(link.origin)}{why}", link.origin)
            for column in self.graph.columns(link.origin):
                yield _Branch(f"unknown      {self._column(column)}", column)
        else:
            yield _Branch(f"{WORDS[link.kind]:11}  {self._column(link.origin)}{why}", link.origin)

    # -- down

    def down(self, start: Node) -> Iterator[str]:
        """What is made of the column; of rows that it decides, which rows these decide in turn."""
        yield self._column(start)
        yield from self._grown(start, self._below, {})

    def _below(self, node: Node) -> Iterator[_Branch]:
        links = list(self.graph.out_of(node))
        if node.column is None:
            reached = {link.target.rows for link in links if link.target.column is None}
            # A stage that takes a column from here without reading every row: what is looked up.
            links += [link for column in self.graph.columns(node) for link in self.graph.out_of(column)]
            links = [link for link in links if link.target.column is None or link.target.rows not in reached]
        else:
            links += [link for link in self.graph.out_of(node.rows) if link.kind == "unknown"]
        for link in _once(links):
            why = f" ({', '.join(link.reasons)})" if link.reasons else ""
            word = "filters" if link.kind == "filtered_by" else WORDS[link.kind]
            yield _Branch(f"{word:11}  {self._column(link.target)}{why}", link.target)

    # -- text

    def _grown(self, start: Node, children: Children, seen: dict[Node, None]) -> Iterator[str]:
        """The branches below a node, a node's own only where it stands first. Without recursion: chains are long."""
        seen[start] = None
        waiting = _stacked(children(start), "")
        while waiting:
            branch, before, last = waiting.pop()
            again = branch.node in seen
            below = [] if again else _stacked(children(branch.node), before + ("    " if last else "│   "))
            told = again and any(True for _ in children(branch.node))
            yield f"{before}{'└── ' if last else '├── '}{branch.text}{' (above)' if told else ''}"
            seen[branch.node] = None
            waiting += below

    def label(self, node: Node) -> str:
        """The name of a node's relation, with the pipeline where it is another one."""
        name = visible(node.relation)
        return name if node.pipeline == self.pipeline else f"{name} of pipeline {visible(node.pipeline)}"

    def _column(self, node: Node) -> str:
        if node.column is None:
            return f"the rows of {self.label(node)}"
        name = f"{node.relation}.{node.column}"
        if node.pipeline != self.pipeline:
            name += f" of pipeline {node.pipeline}"
        computed = any(link.kind in ("derived", "aggregated") for link in self.graph.into(node))
        text = self.expressions.get(node) if computed else None
        return visible(name) + ("" if text is None else f" = {shortened(text)}")


def shortened(expression: str) -> str:
    """An expression on one line, cut where it is long."""
    text = visible(" ".join(expression.split()))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


Stacked = tuple[_Branch, str, bool]


def _stacked(branches: Iterable[_Branch], before: str) -> list[Stacked]:
    """The branches, the first on top."""
    found = list(branches)
    return [(branch, before, index == len(found) - 1) for index, branch in enumerate(found)][::-1]


def _once(links: Iterable[Link]) -> Iterator[Link]:
    """One link to each target: where several lead there, the first."""
    seen: set[Node] = set()
    for link in links:
        if link.target not in seen:
            seen.add(link.target)
            yield link
