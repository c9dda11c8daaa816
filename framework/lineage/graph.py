"""The lineage of several relations as one graph, across pipelines: what is above a column, and what is below."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from framework.expressions.origins import Kind
from framework.lineage.edges import Edge, RelationLineage

Direction = Literal["up", "down", "both"]


@dataclass(frozen=True, slots=True)
class Node:
    """A column of a relation; without a column its rows, and so every column of it."""

    pipeline: str
    relation: str
    column: str | None

    @property
    def rows(self) -> "Node":
        return Node(self.pipeline, self.relation, None)


@dataclass(frozen=True, slots=True)
class Link:
    """How one node goes into another."""

    origin: Node
    target: Node
    kind: Kind
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PipelineLineage:
    """`published` gives for a source that another pipeline publishes that pipeline and its stage."""

    name: str
    relations: tuple[RelationLineage, ...]
    published: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class Graph:
    """The links of pipelines, by either end. The first pipeline is the one that is asked about."""

    def __init__(self, pipelines: Iterable[PipelineLineage]) -> None:
        self.pipelines = tuple(pipelines)
        self.relations = {(p.name, r.name): r for p in self.pipelines for r in p.relations}
        self._into: dict[Node, tuple[Link, ...]] = {}
        self._out: dict[Node, list[Link]] = {}
        for pipeline in self.pipelines:
            for relation in pipeline.relations:
                for node, links in _links(pipeline, relation):
                    self._into[node] = links
                    for link in links:
                        self._out.setdefault(link.origin, []).append(link)

    def into(self, node: Node) -> tuple[Link, ...]:
        return self._into.get(node, ())

    def out_of(self, node: Node) -> tuple[Link, ...]:
        return tuple(self._out.get(node, ()))

    def columns(self, node: Node) -> tuple[Node, ...]:
        """The columns of the node's relation; none where it belongs to a pipeline that was not read."""
        relation = self.relations.get((node.pipeline, node.relation))
        found = () if relation is None else relation.columns
        return tuple(Node(node.pipeline, node.relation, column.name) for column in found)

    def above(self, start: Node) -> dict[Node, None]:
        """The node, and everything that it is made of or that decides which of its rows are there."""

        def origins(node: Node) -> Iterator[Node]:
            for link in self.into(node):
                yield link.origin
                if link.kind == "unknown":
                    yield from self.columns(link.origin)
            if node.column is not None:
                yield node.rows

        return _reached(start, origins)

    def below(self, start: Node) -> dict[Node, None]:
        """The node, and everything that is made of it or whose rows it decides."""

        def targets(node: Node) -> Iterator[Node]:
            yield from (link.target for link in self.out_of(node))
            if node.column is None:
                yield from self.columns(node)
            else:
                # What is made of something unknown of the relation may be made of this column.
                yield from (link.target for link in self.out_of(node.rows) if link.kind == "unknown")

        return _reached(start, targets)

    def links(self, start: Node | None, direction: Direction) -> tuple[Link, ...]:
        """The links on the ways to a node, from it, or both; without one all links."""
        if start is None:
            return tuple(link for links in self._into.values() for link in links)
        above = self.above(start) if direction != "down" else {}
        below = self.below(start) if direction != "up" else {}
        return tuple(
            link
            for links in self._into.values()
            for link in links
            if link.target in above or (link.origin in below and link.target in below)
        )


def _links(pipeline: PipelineLineage, relation: RelationLineage) -> Iterator[tuple[Node, tuple[Link, ...]]]:
    """Every column with the links into it, then the rows with theirs."""
    published = pipeline.published.get(relation.name)
    for name, edges in (*((c.name, c.edges) for c in relation.columns), (None, relation.rows)):
        node = Node(pipeline.name, relation.name, name)
        links = tuple(_link(pipeline, node, edge) for edge in edges)
        if published is not None:
            links = (*links, Link(Node(*published, name), node, "direct"))
        yield node, links


def _link(pipeline: PipelineLineage, node: Node, edge: Edge) -> Link:
    return Link(Node(pipeline.name, edge.origin.relation, edge.origin.column), node, edge.kind, edge.reasons)


def _reached(start: Node, steps: Callable[[Node], Iterable[Node]]) -> dict[Node, None]:
    """The node, and all that steps from one to others lead to."""
    found: dict[Node, None] = {}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            waiting += steps(node)
    return found
