"""The lineage as text that others draw: Mermaid and Graphviz, a box for each relation with its columns in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from framework.lineage.graph import Link, Node

ROWS = "rows"  # what stands for a node without a column; it is drawn otherwise than a column

_MERMAID = {"direct": "-->", "derived": "-->", "aggregated": "==>", "filtered_by": "-.->", "unknown": "-.->"}
_GRAPHVIZ = {"direct": "solid", "derived": "solid", "aggregated": "bold", "filtered_by": "dashed", "unknown": "dotted"}


def mermaid(nodes: Sequence[Node], links: Sequence[Link]) -> str:
    ids = {node: f"n{index}" for index, node in enumerate(nodes)}
    lines = ["flowchart LR"]
    for index, (title, inside) in enumerate(_boxes(nodes).items()):
        lines.append(f'  subgraph r{index}["{_mermaid(title)}"]')
        for node in inside:
            lines.append(f'    {ids[node]}(["{ROWS}"])' if node.column is None else _box(ids[node], node.column))
        lines.append("  end")
    for link in links:
        label = _label(link)
        shown = f'|"{_mermaid(label)}"|' if label else ""
        lines.append(f"  {ids[link.origin]} {_MERMAID[link.kind]}{shown} {ids[link.target]}")
    return "\n".join(lines)


def _box(id: str, column: str) -> str:
    return f'    {id}["{_mermaid(column)}"]'


def graphviz(nodes: Sequence[Node], links: Sequence[Link]) -> str:
    ids = {node: f"n{index}" for index, node in enumerate(nodes)}
    lines = ["digraph lineage {", "  rankdir=LR;", "  node [shape=box];"]
    for index, (title, inside) in enumerate(_boxes(nodes).items()):
        lines += [f"  subgraph cluster_{index} {{", f"    label={_quoted(title)};"]
        for node in inside:
            shape = ", shape=ellipse" if node.column is None else ""
            lines.append(f"    {ids[node]} [label={_quoted(node.column or ROWS)}{shape}];")
        lines.append("  }")
    for link in links:
        label = _label(link)
        shown = f", label={_quoted(label)}" if label else ""
        lines.append(f"  {ids[link.origin]} -> {ids[link.target]} [style={_GRAPHVIZ[link.kind]}{shown}];")
    return "\n".join([*lines, "}"])


DIAGRAMS: Mapping[str, Callable[[Sequence[Node], Sequence[Link]], str]] = {"mermaid": mermaid, "graphviz": graphviz}


def ends(links: Iterable[Link], *others: Node) -> tuple[Node, ...]:
    """The nodes that links go between, and others, each once."""
    return tuple(dict.fromkeys((*others, *(node for link in links for node in (link.origin, link.target)))))


def _boxes(nodes: Sequence[Node]) -> dict[str, list[Node]]:
    """The nodes by the title of their relation's box, the columns before the rows."""
    several = len({node.pipeline for node in nodes}) > 1
    boxes: dict[str, list[Node]] = {}
    for node in sorted(nodes, key=lambda n: n.column is None):
        title = f"{node.relation} of pipeline {node.pipeline}" if several else node.relation
        boxes.setdefault(title, []).append(node)
    return boxes


def _label(link: Link) -> str:
    if link.kind == "direct":
        return ""
    return ", ".join(link.reasons) if link.reasons else link.kind


def _mermaid(text: str) -> str:
    """In a quoted label only entities mean something; what could begin or end anything else is written as one."""
    return "".join(_entities(text))


def _entities(text: str) -> Iterator[str]:
    for char in text:
        # Letters of any script and the plainest signs stand as they are.
        yield char if char.isalnum() or char in " _.,-" else f"#{ord(char)};"


def _quoted(text: str) -> str:
    """A string of Graphviz. A backslash would begin an escape of its own."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
