"""The nodes of a YAML text as they were written: `<<` and aliases stand for themselves, and flow is told from block.

A document has the data and the places of what it means; whoever changes a text needs to know how it is put together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import yaml

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE: Final = "<<"


@dataclass(slots=True, eq=False)
class Node:
    """`start` and `end` count characters of the text; a block collection ends at the next token, over any comments.

    `text` is a scalar's own, `style` its quote or block sign, empty where it is plain. `pairs` are a mapping's keys and
    values, `items` a list's; `flow` is a collection in {} or []. `target` is what an alias stands for.
    """

    kind: Literal["scalar", "mapping", "list", "alias"]
    start: int
    end: int
    text: str = ""
    style: str = ""
    flow: bool = False
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    target: Node | None = None

    @property
    def meant(self) -> Node:
        return self.target or self

    def child(self, name: str) -> tuple[Node, Node] | None:
        """The key and the value of a name: a mapping's own, or what is merged into it."""
        own = next(((key, value) for key, value in self.pairs if key.meant.text == name), None)
        if own is not None:
            return own
        return next((found for node in self._merged() if (found := node.child(name)) is not None), None)

    def _merged(self) -> Iterator[Node]:
        for key, value in self.pairs:
            if key.text == _MERGE and not key.style:
                yield from (node.meant for node in value.meant.items or [value])


def outline(text: str) -> Node:
    """The outermost node of a text that is known to be one document of YAML."""
    document = Node("list", 0, len(text))
    open_, anchors = [document], dict[str, Node]()
    keys: dict[int, Node] = {}  # of each open mapping, the key whose value comes next
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            mark: Any = event.end_mark
            open_.pop().end = mark.index
        elif isinstance(event, yaml.NodeEvent):
            node = _node(event, anchors)
            parent = open_[-1]
            if parent.kind == "list":
                parent.items.append(node)
            elif id(parent) in keys:
                parent.pairs.append((keys.pop(id(parent)), node))
            else:
                keys[id(parent)] = node
            if node.kind in ("mapping", "list"):
                open_.append(node)
    return document.items[0]


def _node(event: Any, anchors: dict[str, Node]) -> Node:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, yaml.AliasEvent):
        return Node("alias", start, end, target=anchors[str(event.anchor)])
    if isinstance(event, yaml.ScalarEvent):
        node = Node("scalar", start, end, event.value, event.style or "")
    else:
        kind: Literal["mapping", "list"] = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
        node = Node(kind, start, end, flow=bool(event.flow_style))
    if event.anchor is not None:
        anchors[event.anchor] = node
    return node
