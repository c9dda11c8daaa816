"""The order in which what a pipeline says is resolved: each relation after those that it reads."""

from collections.abc import Iterator

import networkx

from framework.diagnostics import Code
from framework.findings import Findings
from framework.model import PipelineModel, Stage

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
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(model.sources)
    for name, source in model.sources.items():
        read = (read for _, check in source.placed_checks for read, _ in check.reads())
        graph.add_edges_from((other, name) for other in read if other in model.sources and other != name)
    place = {name: index for index, name in enumerate(model.sources)}
    try:
        return list(networkx.lexicographical_topological_sort(graph, key=place.__getitem__))
    except networkx.NetworkXUnfeasible:
        return list(model.sources)


def of_stages(model: PipelineModel, findings: Findings) -> list[str]:
    """The stages, each after what it reads; stages that can stand in any order keep the file's."""
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(model.stages)
    for name, stage in model.stages.items():
        graph.add_edges_from((read, name) for read in read_by(stage) if read in model.stages and read != name)
    place = {name: index for index, name in enumerate(model.stages)}
    try:
        return list(networkx.lexicographical_topological_sort(graph, key=place.__getitem__))
    except networkx.NetworkXUnfeasible:
        for component in networkx.strongly_connected_components(graph):
            if len(component) > 1:
                names = sorted(component, key=place.__getitem__)
                circle = " reads ".join(f"`{n}`" for n in _circle(graph, names[0]))
                help = "cut one of them in two, so that what the other needs comes before it"
                findings.key_error(CYCLE, ("stages", names[0]), f"stages read each other: {circle}", help)
        findings.stop()
        raise


def _circle(graph: "networkx.DiGraph[str]", start: str) -> list[str]:
    """One way from the stage back to itself, reader first."""
    edges = networkx.find_cycle(graph.reverse(), start)
    return [edge[0] for edge in edges] + [edges[0][0]]
