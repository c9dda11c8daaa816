"""Text of Terraform as blocks, and the references in an expression, each with its line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2
from lark import Token, Tree
from lark.exceptions import LarkError

INDEX = "[]"
_CHAINS = ("get_attr_expr_term", "index_expr_term", "full_splat_expr_term", "attr_splat_expr_term")


@dataclass(frozen=True)
class Reference:
    """A name and what follows it: `aws_subnet.private[0].id` is (aws_subnet, private, [], id)."""

    parts: tuple[str, ...]
    line: int

    def __str__(self) -> str:
        return ".".join(self.parts).replace(".[]", "[...]")


@dataclass(frozen=True)
class Attribute:
    name: str
    line: int
    tree: Any

    @property
    def text(self) -> str | None:
        """The value, where it is a plain text or a plain word."""
        tokens = [t for t in self.tree.scan_values(lambda value: isinstance(value, Token)) if str(t).strip(' "\n')]
        return str(tokens[0]) if len(tokens) == 1 else None

    @property
    def reference(self) -> Reference | None:
        """The reference that the whole value is."""
        return _chain(self.tree, {})

    def references(self, bound: Mapping[str, tuple[str, ...]]) -> Iterator[Reference]:
        yield from _references(self.tree, dict(bound))


@dataclass(frozen=True)
class Block:
    kind: str
    labels: tuple[str, ...]
    line: int
    attributes: tuple[Attribute, ...]
    blocks: tuple["Block", ...]
    path: Path

    def attribute(self, name: str) -> Attribute | None:
        return next((a for a in self.attributes if a.name == name), None)

    def named(self, kind: str) -> tuple["Block", ...]:
        return tuple(b for b in self.blocks if b.kind == kind)


@dataclass(frozen=True)
class Unreadable(Exception):
    """A file that is no text of Terraform."""

    path: Path
    line: int


def read(path: Path) -> tuple[Block, ...]:
    try:
        tree = hcl2.parses_to_tree(path.read_text(encoding="utf-8"))
    except LarkError as error:
        raise Unreadable(path, getattr(error, "line", 1)) from None
    body = next(_trees(tree, "body"))
    return tuple(_block(child, path) for child in _trees(body, "block"))


def _block(tree: Any, path: Path) -> Block:
    head, labels, body = None, [], None
    for child in tree.children:
        if _is(child, "identifier"):
            head = head or child.children[0]
            if child.children[0] is not head:
                labels.append(str(child.children[0]))
        elif _is(child, "string"):
            labels.append("".join(str(t) for t in child.scan_values(lambda v: isinstance(v, Token))).strip('"'))
        elif _is(child, "body"):
            body = child
    assert head is not None
    inside = body.children if body is not None else []
    attributes = tuple(_attribute(child) for child in inside if _is(child, "attribute"))
    blocks = tuple(_block(child, path) for child in inside if _is(child, "block"))
    return Block(str(head), tuple(labels), head.line or 1, attributes, blocks, path)


def _attribute(tree: Any) -> Attribute:
    name = tree.children[0].children[0]
    return Attribute(str(name), name.line or 1, tree.children[-1])


def _references(tree: Any, bound: dict[str, tuple[str, ...]]) -> Iterator[Reference]:
    if isinstance(tree, Token):
        if "HEREDOC" in tree.type and "${" in tree:
            yield Reference(("heredoc",), tree.line or 1)
        return
    if _is(tree, "object_elem_key"):  # a plain word is a key here, and no reference
        term = tree.children[0]
        if _is(term, "expr_term") and len(term.children) == 1 and _is(term.children[0], "identifier"):
            return
    if tree.data in ("for_tuple_expr", "for_object_expr"):
        intro = next(_trees(tree, "for_intro"))
        names = [str(c.children[0]) for c in intro.children if _is(c, "identifier")]
        # A line's end behind the colon is a tree as well.
        over = [c for c in intro.children if isinstance(c, Tree) and c.data != "new_line_or_comment"][-1]
        yield from _references(over, bound)
        whole = _chain(over, bound)
        # The last name is the item; the key or the index before it is nothing that has attributes.
        inner = bound | dict.fromkeys(names, ()) | {names[-1]: (*whole.parts, INDEX) if whole and whole.parts else ()}
        for child in tree.children:
            if child is not intro:
                yield from _references(child, inner)
        return
    chain = _chain(tree, bound)
    if chain is not None and chain.parts:
        yield chain
    children = tree.children
    if chain is not None:
        children = list(_indexes(tree))
    elif tree.data in _CHAINS:  # of what is no name: `values(aws_subnet.private)[0].id`
        children = [children[0], *_indexes(tree)]
    elif tree.data == "function_call":
        children = children[1:]
    for child in children:
        if child is not None:
            yield from _references(child, bound)


def _chain(tree: Any, bound: dict[str, tuple[str, ...]]) -> Reference | None:
    """The reference that a term is, or None. One of a bound name is what that stands for."""
    if _is(tree, "expr_term"):
        inner = [c for c in tree.children if isinstance(c, Tree)]
        return _chain(inner[0], bound) if len(inner) == 1 and not _parenthesised(tree) else None
    if _is(tree, "identifier"):
        token = tree.children[0]
        parts = bound.get(str(token), (str(token),))
        return Reference(parts, token.line or 1)
    if not isinstance(tree, Tree) or tree.data not in _CHAINS:
        return None
    before = _chain(tree.children[0], bound)
    if before is None:
        return None
    parts = before.parts
    if parts:
        for part in tree.children[1:]:
            parts += tuple(_steps(part))
    return Reference(parts, before.line)


def _steps(tree: Any) -> Iterator[str]:
    if _is(tree, "get_attr"):
        yield str(next(_trees(tree, "identifier")).children[0])
    elif tree.data in ("braces_index", "short_index"):
        yield INDEX
    else:  # a splat, and what comes behind it
        yield INDEX
        for child in tree.children:
            if isinstance(child, Tree):
                yield from _steps(child)


def _indexes(tree: Any) -> Iterator[Any]:
    """What stands between brackets in a chain."""
    for child in tree.children:
        if not isinstance(child, Tree):
            continue
        if child.data == "braces_index":
            yield from (c for c in child.children if isinstance(c, Tree))
        elif child.data in (*_CHAINS, "expr_term", "full_splat", "attr_splat"):
            yield from _indexes(child)


def _trees(tree: Any, name: str) -> Iterator[Any]:
    return (child for child in tree.children if _is(child, name))


def _is(tree: Any, name: str) -> bool:
    return isinstance(tree, Tree) and tree.data == name


def _parenthesised(tree: Any) -> bool:
    return any(isinstance(c, Token) and str(c) == "(" for c in tree.children)
