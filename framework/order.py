"""The order in which what a pipeline says is resolved: each relation after those that it reads.

Most pipelines are written in such an order, and need no graph: networkx, whose import takes as long as the rest of
resolving, is loaded for the others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from framework.diagnostics import Code
from framework.findings import Findings
from framework.model import PipelineModel, Stage

if TYPE_CHECKING:
    import networkx

CYCLE = Code("F230", "stages that read each other")


def read_by(stage: Stage) -> Iterator[str]:
    """The relations that a stage reads, and those that its checks are held against."""
    for name, _ in (*stage.inputs(), *stage.reads()):
        yield name
    for _, check in stage.placed_checks:
        for name, _ in check.reads():
            yield name


def of_sources(model: PipelineModel) -> list[str]:
    """The sources, each after those that its checks are held against; in the file's order where it goes in a circle."""
    read = {
        name: [other for _, check in source.placed_checks for other, _ in check.reads()]
        for name, source in model.sources.items()
    }
    ordered = _ordered(read)
    return list(model.sources) if ordered is None else ordered


def of_stages(model: PipelineModel, findings: Findings) -> list[str]:
    """The stages, each after what it reads; stages that can stand in any order keep the file's."""
    read = {name: list(read_by(stage)) for name, stage in model.stages.items()}
    ordered = _ordered(read)
    if ordered is None:
        _report(read, findings)
        findings.stop()
        raise AssertionError("a circle is told of")
    return ordered


def _ordered(read: Mapping[str, Iterable[str]]) -> list[str] | None:
    """The names, each after those that it reads, otherwise as they are given; None where they go in a circle."""
    place = {name: index for index, name in enumerate(read)}
    if all(place[other] <= place[name] for name, others in read.items() for other in others if other in place):
        return list(read)
    import networkx

    try:
        return list(networkx.lexicographical_topological_sort(_graph(read), key=place.__getitem__))
    except networkx.NetworkXUnfeasible:
        return None


def _graph(read: Mapping[str, Iterable[str]]) -> "networkx.DiGraph[str]":
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(read)
    for name, others in read.items():
        graph.add_edges_from((other, name) for other in others if other in read and other != name)
    return graph


def _report(read: Mapping[str, Sequence[str]], findings: Findings) -> None:
    """Each circle, at the first of its stages."""
    import networkx

    graph, place = _graph(read), {name: index for index, name in enumerate(read)}
    for component in networkx.strongly_connected_components(graph):
        if len(component) > 1:
            names = sorted(component, key=place.__getitem__)
            edges = networkx.find_cycle(graph.reverse(), names[0])
            way = [*(edge[0] for edge in edges), edges[0][0]]
            circle = " reads ".join(f"`{name}`" for name in way)
            help = "cut one of them in two, so that what the other needs comes before it"
            findings.key_error(CYCLE, ("stages", names[0]), f"stages read each other: {circle}", help)
