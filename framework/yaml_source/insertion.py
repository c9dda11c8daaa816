"""A mapping put into a text of YAML: every other byte of the text stays as it is.

The file is an author's: comments, anchors, quotes, indentation and line ends are theirs, so nothing is written anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from framework.yaml_source.outline import Node, outline
from framework.yaml_source.spelling import spelt

_LINE_END: Final = re.compile(r"\r\n?|\n")
_COMMENT: Final = re.compile(r"(?:\r\n?|\n)( *)#[^\r\n]*")
_WIDTH: Final = 120


@dataclass(frozen=True, slots=True)
class Addition:
    """A key with a mapping of texts, for the mapping at `path`, which does not have it or has nothing under it.

    It comes after the last of the keys `behind`, or where there is none of them, after the last key. `notes` become
    comments where comments can stand.
    """

    path: Sequence[str]
    key: str
    entries: Mapping[str, str]
    behind: Sequence[str] = ()
    notes: Sequence[str] = ()


class NoPlace(Exception):
    """The text has no mapping at the path of an addition, or the mapping has the key, written as nothing (`null`)."""

    def __init__(self, addition: Addition) -> None:
        super().__init__(".".join(addition.path))
        self.addition = addition


def inserted(text: str, additions: Iterable[Addition]) -> str:
    """The text with the additions. Raises NoPlace.

    Two additions to one mapping, which an alias can make, are one; whether they say the same is for the caller to see.
    """
    root = outline(text)
    edits: dict[int, str] = {}
    done: set[int] = set()
    for addition in additions:
        name, mapping = _find(root, addition)
        if id(mapping) not in done:
            done.add(id(mapping))
            at, new = _flow(text, mapping, addition) if mapping.flow else _block(text, name, mapping, addition)
            edits[at] = new
    for at in sorted(edits, reverse=True):
        text = text[:at] + edits[at] + text[at:]
    return text


def entered(text: str, section: str, name: str, body: Sequence[str]) -> str:
    """The text with an entry of a top-level mapping, behind those that are there; `body` are its lines, the name first.

    Without the section it is put at the end. Raises NoPlace where the section is no mapping of lines.
    """
    root = outline(text)
    end = _line_end(text, 0)
    found = root.child(section)
    if root.kind != "mapping" or root.flow:
        raise NoPlace(Addition((section,), name, {}))
    if found is None:
        gap = "" if text.endswith(end) else end
        return f"{text}{gap}{end}{section}:{end}{''.join(f'  {line}{end}' for line in body)}"
    mapping = found[1].meant
    if mapping.kind != "mapping" or mapping.flow or not mapping.pairs:
        raise NoPlace(Addition((section,), name, {}))
    indent = _column(text, mapping.pairs[0][0].start)
    at = _behind(text, mapping.pairs[-1][1], indent)
    return text[:at] + "".join(f"{end}{line}" for line in ("", *(" " * indent + line for line in body))) + text[at:]


def _find(root: Node, addition: Addition) -> tuple[Node, Node]:
    """The mapping of an addition, and the key that it is the value of."""
    key = node = root
    for name in addition.path:
        found = node.child(name)
        if found is None:
            raise NoPlace(addition)
        key, node = found[0], found[1].meant
    if node.kind != "mapping" or not node.pairs:
        raise NoPlace(addition)
    return key, node


def _before(mapping: Node, addition: Addition) -> tuple[Node, Node, bool]:
    """The pair that an addition comes after, and whether that is its own key with no value. Raises NoPlace."""
    own = [pair for pair in mapping.pairs if pair[0].meant.text == addition.key]
    if own and own[0][1].start < own[0][1].end:
        raise NoPlace(addition)
    pairs = own or [pair for pair in mapping.pairs if pair[0].meant.text in addition.behind] or mapping.pairs
    return *pairs[-1], bool(own)


# -- block


def _block(text: str, name: Node, mapping: Node, addition: Addition) -> tuple[int, str]:
    """Lines of their own, indented as their neighbours are."""
    key, value, is_own = _before(mapping, addition)
    indent = _column(text, mapping.pairs[0][0].start)
    step = indent - _column(text, name.start)
    inner = " " * (indent + (step if step > 0 else 2))
    at = _behind(text, value, indent)
    lines = [
        *([] if is_own else [f"{' ' * indent}{spelt(addition.key)}:"]),
        *(f"{inner}{spelt(n)}: {spelt(v)}" for n, v in addition.entries.items()),
        *(f"{inner}# {note}" for note in addition.notes),
    ]
    end = _line_end(text, key.start)
    return at, "".join(end + line for line in lines)


def _behind(text: str, value: Node, indent: int) -> int:
    """The end of the last line of a value, and of the comments below that are indented as its own."""
    at = _end_of_line(text, _end(text, value))
    while comment := _COMMENT.match(text, at):
        if len(comment[1]) <= indent:
            break
        at = comment.end()  # of the value above it
    return at


def _end(text: str, node: Node) -> int:
    """Where the last character of a node stands: a block collection is as long as its last part."""
    while node.kind in ("mapping", "list") and not node.flow and (node.pairs or node.items):
        node = node.pairs[-1][1] if node.pairs else node.items[-1]
    return node.start + len(text[node.start : node.end].rstrip())


# -- flow


def _flow(text: str, mapping: Node, addition: Addition) -> tuple[int, str]:
    """Behind the value, on its line; on a line of its own where that key stands on one."""
    key, value, is_own = _before(mapping, addition)
    quotes = key.style == '"'  # as in JSON
    line = _start_of_line(text, key.start)
    indent = text[line : key.start]
    if indent.strip() or "\t" in indent:
        own, margin = " ", len(text[line:]) - len(text[line:].lstrip(" ")) + 2
        column = value.end - _start_of_line(text, value.end)
    else:
        own, margin, column = _line_end(text, key.start) + indent, len(indent) + 2, len(indent)
    words = [f"{spelt(n, always=quotes)}: {spelt(v, always=quotes)}" for n, v in addition.entries.items()]
    opening = f",{own}{spelt(addition.key, always=quotes)}: {{"
    if is_own:
        opening = "{" if text[value.end - 1] == " " else " {"
    body = _wrapped(words, column + len(opening), _line_end(text, key.start) + " " * margin)
    return value.end, f"{opening}{body}}}"


def _wrapped(words: Sequence[str], column: int, break_: str) -> str:
    """The words with commas, on as many lines as they need."""
    parts: list[str] = []
    for index, word in enumerate(words):
        if column + len(word) + 1 > _WIDTH and index:
            parts += [",", break_, word]
            column = len(break_.lstrip("\r\n")) + len(word)
        else:
            parts += [", " if index else "", word]
            column += len(word) + 2
    return "".join(parts)


# -- both


def _start_of_line(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _column(text: str, at: int) -> int:
    return at - _start_of_line(text, at)


def _end_of_line(text: str, at: int) -> int:
    match = _LINE_END.search(text, at)
    return match.start() if match else len(text)


def _line_end(text: str, at: int) -> str:
    """What ends the line, or where it is the last, the lines before it."""
    match = _LINE_END.search(text, at)
    if match is None:
        ends = _LINE_END.findall(text)
        return ends[-1] if ends else "\n"
    return match[0]
