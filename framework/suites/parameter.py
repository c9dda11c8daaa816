"""Parameters in a suite's texts: `$name` found, and a value put in its place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, get_args

from framework.assertion import Place
from framework.expressions.parser import KEYWORDS
from framework.model import Check, Model, expression_text
from framework.yaml_source import Document, Moved, Piece, Put, Stretch

NAME = re.compile(r"[A-Za-z]\w*")
_MARK = re.compile(r"\$(?:\$|([A-Za-z]\w*))")
_PLAIN = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter's value, and where it was written."""

    value: Any
    document: Document
    path: Place


@dataclass(frozen=True, slots=True)
class Mark:
    """A parameter in a text of the suite: `start` and `end` count its characters, the `$` among them."""

    name: str
    path: Place
    start: int
    end: int


class Unfit(Exception):
    """A value that cannot stand inside a longer text."""

    def __init__(self, name: str, given: Given) -> None:
        super().__init__(name)
        self.name, self.given = name, given


def marks(value: Any, path: Place) -> Iterator[Mark]:
    """Every parameter in the texts of a value, at any depth."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from marks(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from marks(inner, (*path, index))
    elif isinstance(value, str):
        for match in _MARK.finditer(value):
            if match[1]:
                yield Mark(match[1], path, match.start(), match.end())


def expressions(check: type[Model]) -> Iterator[Place]:
    """The paths below a check at which expressions stand."""
    for name, field in check.model_fields.items():
        key = field.alias or name
        if any(getattr(m, "func", None) is expression_text for m in (*field.metadata, *_marked(field.annotation))):
            yield (key,)
        elif isinstance(field.annotation, type) and issubclass(field.annotation, Model):
            yield from ((key, *path) for path in expressions(field.annotation))


def _marked(annotation: Any) -> Iterator[Any]:
    yield from getattr(annotation, "__metadata__", ())
    for argument in get_args(annotation):
        yield from _marked(argument)


def expressions_of(item: Any) -> frozenset[Place]:
    """The paths at which a check, as the file has it, holds expressions."""
    kinds = [Check.registry[key] for key in item if key in Check.registry] if isinstance(item, Mapping) else []
    return frozenset(path for kind in kinds for path in expressions(kind))


# -- values put in


class Filling:
    """One check of a suite with its parameters' values in their places.

    `parts` collects by path, below `target`, where what was put in was written. Raises Unfit.
    """

    def __init__(self, suite: Document, given: Mapping[str, Given], parts: dict[Place, Moved | Put]) -> None:
        self.suite, self.given, self.parts = suite, given, parts

    def check(self, item: Any, path: Place, target: Place) -> Any:
        """The check at a path of the suite, as it will stand at the target's path."""
        paths = {(*path, *below) for below in expressions_of(item)}
        return self._filled(item, path, target, paths)

    def _filled(self, value: Any, path: Place, target: Place, expressions: set[Place]) -> Any:
        if isinstance(value, Mapping):
            return {k: self._filled(v, (*path, k), (*target, k), expressions) for k, v in value.items()}
        if isinstance(value, list):
            return [self._filled(v, (*path, i), (*target, i), expressions) for i, v in enumerate(value)]
        if isinstance(value, str) and "$" in value:
            return self._text(value, path, target, path in expressions)
        return value

    def _text(self, text: str, path: Place, target: Place, is_expression: bool) -> Any:
        alone = _MARK.fullmatch(text)
        if alone and alone[1] in self.given:
            given = self.given[alone[1]]
            self.parts[target] = Moved(given.document, given.path)
            return given.value
        made: list[str] = []
        pieces: list[Piece] = []
        for part, piece in self._pieces(text, path, is_expression):
            made.append(part)
            pieces.append(piece)
        self.parts[target] = Put(Stretch(self.suite, path), tuple(pieces))
        return "".join(made)

    def _pieces(self, text: str, path: Place, is_expression: bool) -> Iterator[tuple[str, Piece]]:
        at = 0
        for match in _MARK.finditer(text):
            yield text[at : match.start()], self._own(path, at, match.start())
            at = match.end()
            written = Stretch(self.suite, path, match.start(), len(match[0]))
            given = self.given.get(match[1]) if match[1] else None
            if given is None:
                part = match[0] if match[1] else "$"
                yield part, Piece(len(part), written)
                continue
            quote = _open_quote(text[: match.start()]) if is_expression else None
            part = _shown(match[1], given, is_expression, quote)
            start = 0 if part == given.value else None
            yield part, Piece(len(part), written, Stretch(given.document, given.path, start, len(part)))
        yield text[at:], self._own(path, at, len(text))

    def _own(self, path: Place, start: int, end: int) -> Piece:
        return Piece(end - start, Stretch(self.suite, path, start, end - start))


def _open_quote(text: str) -> str | None:
    """The quote that an expression has opened and not closed where the text ends."""
    quote = None
    for char in text:
        if quote is None and char in "'\"":
            quote = char
        elif char == quote:
            quote = None  # a doubled one closes and opens again
    return quote


def _shown(name: str, given: Given, is_expression: bool, quote: str | None) -> str:
    """A value inside a longer text. In an expression a text is a column's name, but for one between quotes."""
    if is_expression and quote is None:
        return _as_expression(given.value)
    if isinstance(given.value, list):
        raise Unfit(name, given)
    text = _plain(given.value)
    return text.replace(quote, quote * 2) if quote else text


def _as_expression(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_as_expression(each) for each in value)
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in KEYWORDS
        return value if plain else '"' + value.replace('"', '""') + '"'
    text = str(expression_text(value))
    return f"({text})" if isinstance(value, int | Decimal) and value < 0 else text


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value)
