"""Show what each column is made of and what is made of it, from the text alone: no warehouse, no secrets."""

import argparse
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from framework import project
from framework.diagnostics import Diagnostic, PipelineError, suggest, visible
from framework.lineage.diagrams import DIAGRAMS, ends
from framework.lineage.edges import Edge, RelationLineage
from framework.lineage.graph import Direction, Graph, Link, Node, PipelineLineage
from framework.lineage.tracing import trace
from framework.lineage.tree import WORDS, Trees, shortened
from framework.load import Pipeline, load
from framework.plan import Plan
from framework.printing import SCHEMA_VERSION, as_json, print_diagnostics
from framework.resolve import resolve
from framework.selection import WRONG_SELECTION


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the pipeline's file")
    parser.add_argument(
        "--column", metavar="STAGE.COLUMN", help="the ways to this column of a stage or a source, and from it"
    )
    direction = parser.add_mutually_exclusive_group()
    direction.add_argument("--up", action="store_true", help="only what the column is made of")
    direction.add_argument("--down", action="store_true", help="only what is made of the column")
    parser.add_argument(
        "--diagram", choices=tuple(DIAGRAMS), help="text that Mermaid or Graphviz draws, in place of the tree"
    )


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    pipeline = load(options.pipeline, here.root)
    plan = resolve(pipeline)
    direction: Direction = "up" if options.up else "down" if options.down else "both"
    follows = options.column is not None and direction != "down"
    plans = {p.name: (written, p) for written, p in _plans(pipeline, plan, others=follows)}
    graph = Graph(_lineage(plan) for _, plan in plans.values())
    start = None if options.column is None else _start(graph, options.column)
    if start is None and direction != "both":
        help = "write --column STAGE.COLUMN beside it"
        raise PipelineError(Diagnostic(WRONG_SELECTION, f"--{direction} needs a column to start from", None, help))
    links = graph.links(start, direction)
    nodes = ends(links, *(_columns(graph) if start is None else [start]))
    diagram = None if options.diagram is None else DIAGRAMS[options.diagram](nodes, links)
    if options.output == "json":
        expressions = _expressions(plans.values())
        column = None if start is None else f"{start.relation}.{start.column}"
        about = {"pipeline": plan.name, "column": column, "direction": direction}
        shown = {"schema_version": SCHEMA_VERSION, **about, **_as_dict(graph, nodes, links, expressions)}
        print(as_json(shown if diagram is None else shown | {"diagram": diagram}))
        return 0
    print_diagnostics(plan.warnings, options)
    if diagram is not None:
        print(diagram)
        return 0
    trees = Trees(graph, _expressions(plans.values()))
    if start is None:
        print("\n\n".join("\n".join(_listed(trees, relation)) for relation in graph.pipelines[0].relations))
        return 0
    print("\n".join(_ways(trees, start, direction)))
    return 0


# -- what is asked about


def _plans(pipeline: Pipeline, plan: Plan, *, others: bool) -> Iterator[tuple[Pipeline, Plan]]:
    """The pipeline, and with `others` those that it reads, at any distance."""
    yield pipeline, plan
    for source in plan.sources if others else ():
        if source.published is not None:
            other = pipeline.others[source.name]
            yield from _plans(other, resolve(other), others=True)


def _lineage(plan: Plan) -> PipelineLineage:
    published = {s.name: (s.published.pipeline, s.published.stage) for s in plan.sources if s.published is not None}
    return PipelineLineage(plan.name, trace(plan), published)


def _expressions(plans: Iterable[tuple[Pipeline, Plan]]) -> dict[Node, str]:
    """What authors wrote for the columns."""
    written: dict[Node, str] = {}
    for pipeline, plan in plans:
        spelt = {s.name: {n.lower(): n for n in s.relation.names} for s in plan.stages}
        for name, stage in pipeline.model.stages.items():
            for column, text in stage.written():
                written[Node(plan.name, name, spelt[name].get(column.lower(), column))] = text
    return written


def _start(graph: Graph, written: str) -> Node:
    """The node of a column. Raises PipelineError with a suggestion where there is none."""
    relations = {r.name.casefold(): r for r in graph.pipelines[0].relations}
    name, _, column = written.partition(".")
    relation = relations.get(name.casefold())
    if not name or not column:
        names = [] if relation is None else [c.name for c in relation.columns]
        help = f"write --column {name or 'STAGE'}.{names[0] if names else column or 'COLUMN'}"
        raise PipelineError(Diagnostic(WRONG_SELECTION, f"`{written}` names no column of a stage", None, help))
    if relation is None:
        help = suggest(name, [r.name for r in relations.values()])
        raise PipelineError(Diagnostic(WRONG_SELECTION, f"no source or stage `{name}`", None, help))
    found = relation.column(column)
    if found is None:
        what = "source" if relation.kind == "source" else "stage"
        message = f"no column `{column}` in {what} `{relation.name}`"
        raise PipelineError(
            Diagnostic(WRONG_SELECTION, message, None, suggest(column, [c.name for c in relation.columns]))
        )
    return Node(graph.pipelines[0].name, relation.name, found.name)


def _columns(graph: Graph) -> Iterator[Node]:
    for relation in graph.pipelines[0].relations:
        yield from graph.columns(Node(graph.pipelines[0].name, relation.name, None))


# -- text


def _ways(trees: Trees, start: Node, direction: Direction) -> Iterator[str]:
    if direction == "both":
        yield from ("What it is made of:", "")
    if direction != "down":
        yield from trees.up(start)
    if direction == "both":
        yield from ("", "What is made of it:", "")
    if direction != "up":
        yield from trees.down(start)


def _listed(trees: Trees, relation: RelationLineage) -> Iterator[str]:
    """A relation with what each column is made of, one step back, and what decides its rows."""
    pipeline = trees.graph.pipelines[0]
    published = pipeline.published.get(relation.name)
    of = relation.kind if published is None else f"source: {published[1]} of pipeline {published[0]}"
    yield f"{visible(relation.name)} ({visible(of)})"
    width = max((len(visible(c.name)) for c in relation.columns), default=0)
    for column in relation.columns:
        lines = _edges(column.edges)
        text = trees.expressions.get(Node(pipeline.name, relation.name, column.name))
        if text is not None and not all(edge.kind == "direct" for edge in column.edges if edge.kind != "filtered_by"):
            lines = [f"= {shortened(text)}", *lines]
        elif not lines and relation.kind != "source":
            lines = ["made of no column" if text is None else f"= {shortened(text)}"]
        for name, line in zip_longest([visible(column.name)], lines, fillvalue=""):
            yield f"  {name.ljust(width)}  {line}".rstrip()
    for line in _edges(e for e in relation.rows if e.kind != "direct" or e.origin.column is not None):
        yield f"  rows: {line}"


def _edges(edges: Iterable[Edge]) -> list[str]:
    """The edges, those of one kind and for one reason on a line."""
    lines: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for edge in edges:
        column = edge.origin.column
        name = f"{edge.origin.relation}.{column}" if column is not None else f"the rows of {edge.origin.relation}"
        if edge.kind == "unknown":
            name = f"any column of {edge.origin.relation}"
        lines.setdefault((edge.kind, edge.reasons), []).append(visible(name))
    return [
        f"{WORDS[kind]:11}  {', '.join(names)}" + (f" ({', '.join(reasons)})" if reasons else "")
        for (kind, reasons), names in lines.items()
    ]


# -- data


def _as_dict(
    graph: Graph, nodes: Iterable[Node], links: Iterable[Link], expressions: Mapping[Node, str]
) -> dict[str, Any]:
    def shown(node: Node) -> dict[str, Any]:
        return {"pipeline": node.pipeline, "relation": node.relation, "column": node.column}

    def kind(node: Node) -> str | None:
        relation = graph.relations.get((node.pipeline, node.relation))
        return None if relation is None else relation.kind

    return {
        "nodes": [{**shown(n), "kind": kind(n), "expression": expressions.get(n)} for n in nodes],
        "edges": [
            {"from": shown(e.origin), "to": shown(e.target), "kind": e.kind, "reasons": list(e.reasons)} for e in links
        ],
    }
