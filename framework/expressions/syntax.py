"""What the text of an expression says, before anything is known of its columns: a tree with places.

Every node carries its span in the text, (start, end) in characters, so that a later phase can put
its caret under the very word that is wrong.
"""

from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Node:
    span: Span


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A literal; `type_name` is string integer decimal boolean date timestamp null."""

    value: Any
    type_name: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A column: `paid`, or `other.paid` where a relation's name is needed."""

    name: str
    qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A variable of the pipeline: `:threshold`."""

    name: str


@dataclass(frozen=True, slots=True)
class Order(Node):
    key: Node
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Over(Node):
    partition: tuple[Node, ...] = ()
    order: tuple[Order, ...] = ()
    frame: str | None = None


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """A function or operator with its arguments; `name` is the catalogue's (`upper`, `+`, `is null`, `case`)."""

    name: str
    args: tuple[Node, ...]
    name_span: Span
    distinct: bool = False
    order: tuple[Order, ...] = ()
    filter: Node | None = None
    over: Over | None = None


@dataclass(frozen=True, slots=True)
class Convert(Node):
    """`cast(value as type)` and `try_cast(value as type)`."""

    value: Node
    type_text: str
    type_span: Span
    strict: bool


class SyntaxProblem(Exception):
    """The text is not an expression: what is wrong, where, and how it is mended."""

    def __init__(self, message: str, span: Span, help: str | None = None) -> None:
        super().__init__(message)
        self.message, self.span, self.help = message, span, help
