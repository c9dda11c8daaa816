"""Parser events to data and places: a loop over events can neither overflow the stack nor construct objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml

from framework.diagnostics import Code, Diagnostic, PipelineError, Source, suggest
from framework.yaml_source.codes import F002, F004, F007, F008, F009, F010, F011
from framework.yaml_source.places import Alias, Collection, Document, Place, Scalar, start_of, target_of
from framework.yaml_source.scalars import CORE_TAG, resolve, short_tag, tagged

MAX_DEPTH: Final = 100
MAX_EXPANDED: Final = 200_000  # nodes that aliases may stand for, beside those written out

_UNKNOWN: Final = object()  # what an alias without an anchor stands for
_COMMENT: Final = re.compile(r"[ \t]+#([^\r\n]*)")
_OPEN_QUOTE: Final = re.compile(r"(?:^|[^\w'])'[^']*$")  # not an apostrophe, which follows a letter


@dataclass(slots=True, eq=False)
class _Open:
    """A collection whose end has not come yet."""

    start: int
    anchor: str | None
    flow: bool  # written in {} or []
    nodes: int  # seen before it began
    data: Any
    places: Any
    height: int = 1  # levels of nesting, through aliases too
    key: Place | None = None  # of a mapping: the key whose value comes next
    merge: Place | None = None  # its `<<`
    merged: list[tuple[dict[str, Any], dict[str, tuple[Scalar, Place]]]] = field(default_factory=list)
    unclosed: Scalar | None = None  # an unquoted scalar with a parenthesis left open
    tails: set[str] = field(default_factory=set)  # what closed one: no keys, though YAML takes them for keys


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias stands for, and how much that is."""

    value: Any
    place: Scalar | Collection
    nodes: int
    height: int


class Builder:
    """Data and places from parser events. Goes on past whatever is wrong, to tell of all of it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._nodes = 0  # aliases counted as what they stand for
        self._expanded = 0
        self._documents = 0
        self._root: tuple[Any, Place] | None = None
        self._steps: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._begin,
            yaml.SequenceStartEvent: self._begin,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.DocumentStartEvent: self._begin_document,
        }

    def take(self, event: Any) -> None:
        step = self._steps.get(type(event))
        if step:
            step(event)

    def document(self) -> Document:
        data, place = self._root or (None, Scalar(0, 0, "", ""))
        if isinstance(place, Scalar) and place.text == "" == place.style:
            self._report(F007, "the file holds nothing", 0, 0)
        elif not isinstance(data, dict):
            self._report(F011, "the top level must be a mapping, `name: value`", place.start, place.end)
        elif not self.diagnostics:
            return Document(self.source.path, data, self.source, place)
        raise PipelineError(*self.diagnostics)

    def _report(self, code: Code, message: str, start: int, end: int, help: str | None = None) -> None:
        place = self.source.location(start, end)
        self.diagnostics.append(Diagnostic(code, message, place, help))

    def _stop(self, code: Code, message: str, start: int, end: int, help: str | None = None) -> NoReturn:
        self._report(code, message, start, end, help)
        raise PipelineError(*self.diagnostics)

    def _begin_document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            start = event.start_mark.index
            self._stop(F010, "a second document begins here", start, start + 3, "keep one to a file")

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        place = Scalar(event.start_mark.index, event.end_mark.index, event.style or "", text)
        self._nodes += 1
        top = self._open[-1] if self._open else None
        if top and not place.style and ("(" in text or ")" in text or "'" in text):
            self._check_unquoted(top, place)
        if top and top.key is None and event.tag is None and event.anchor is None and type(top.data) is dict:
            top.key = place  # a key is its text as written
            return
        value: Any = text
        try:
            if event.tag is not None:
                value = tagged(event.tag, text)
            elif not place.style:
                value = resolve(text)
        except ValueError as error:
            help = None if event.tag else "quote it if it is text"
            self._report(F009, str(error), place.start, place.end, help)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, place, nodes=1, height=0)
        self._add(value, place)

    def _alias(self, event: Any) -> None:
        start, end, name = event.start_mark.index, event.end_mark.index, event.anchor
        known = self._anchors.get(name)
        if known is None:
            if name in self._anchors:
                self._stop(F008, f"the alias `*{name}` stands inside its own anchor", start, end)
            names = [anchor for anchor, node in self._anchors.items() if node]
            message = f"the alias `*{name}` has no anchor `&{name}` before it"
            self._report(F002, message, start, end, suggest(name, names) or None)
            self._add(_UNKNOWN, Scalar(start, end, "", f"*{name}"))
            return
        self._nodes += known.nodes
        self._expanded += known.nodes
        if self._expanded > MAX_EXPANDED:
            self._stop(F008, f"aliases stand for more than {MAX_EXPANDED:,} values", start, end)
        if len(self._open) + known.height > MAX_DEPTH:
            self._stop(F008, f"nested more than {MAX_DEPTH} deep", start, end)
        self._add(known.value, Alias(start, end, known.place), known.height)

    def _begin(self, event: Any) -> None:
        self._nodes += 1
        start, is_mapping = event.start_mark.index, type(event) is yaml.MappingStartEvent
        if len(self._open) == MAX_DEPTH:
            self._stop(F008, f"nested more than {MAX_DEPTH} deep", start, start + 1)
        if event.tag not in (None, "!", f"{CORE_TAG}{'map' if is_mapping else 'seq'}"):
            message = f"the tag `{short_tag(event.tag)}` is not supported here"
            self._report(F009, message, start, event.end_mark.index)
        if event.anchor is not None:
            self._anchors[event.anchor] = None  # known, but an alias to it now would loop
        data: Any = {} if is_mapping else []
        places: Any = {} if is_mapping else []
        self._open.append(_Open(start, event.anchor, event.flow_style, self._nodes - 1, data, places))

    def _end(self, event: Any) -> None:
        top = self._open.pop()
        if top.merged:
            data, places = {}, {}
            for values, children in top.merged:
                for name, value in values.items():
                    if name not in data:  # of several, the first listed wins
                        data[name], places[name] = value, children[name]
            top.data, top.places = data | top.data, places | top.places
        place = Collection(top.start, event.end_mark.index, top.places)
        if top.anchor is not None:
            self._anchors[top.anchor] = _Anchored(top.data, place, self._nodes - top.nodes, top.height)
        self._add(top.data, place, top.height)

    def _add(self, value: Any, place: Place, height: int = 0) -> None:
        if not self._open:
            self._root = (value, place)
            return
        top = self._open[-1]
        top.height = max(top.height, height + 1)
        if type(top.data) is list:
            top.data.append(value)
            top.places.append(place)
        elif top.key is None:
            top.key = place
            if isinstance(target_of(place), Collection):
                self._report(F009, "a key must be text", place.start, place.end)
        else:
            key, top.key = top.key, None
            self._pair(top, key, value, place)

    def _pair(self, top: _Open, key: Place, value: Any, place: Place) -> None:
        named = target_of(key)
        if isinstance(named, Collection):
            return  # told of where it stood
        name = named.text
        is_merge = name == "<<" and key is named and not named.style
        first = top.merge if is_merge else top.places.get(name, (None,))[0]
        if first and name in top.tails:
            return
        if first:
            lines = [self.source.location(each.start).line for each in (key, first)]
            message = f"the key `{name}` on line {lines[0]} repeats line {lines[1]}"
            self._report(F004, message, start_of(self.source.text, key), key.end)
        elif is_merge:
            top.merge = key
            self._merge(top, value, place)
        else:
            top.data[name] = value
            top.places[name] = (named if key is named else Scalar(key.start, key.end, "", name), place)

    def _merge(self, top: _Open, value: Any, place: Place) -> None:
        target = target_of(place)
        listed = [(value, place)]
        if isinstance(target, Collection) and isinstance(target.children, list):
            listed = list(zip(value, target.children, strict=True))
        for each, part in listed:
            source = target_of(part)
            if isinstance(source, Collection) and isinstance(source.children, dict):
                top.merged.append((each, source.children))
            elif each is not _UNKNOWN:
                self._report(F009, "`<<` takes a mapping or a list of mappings", part.start, part.end)

    def _check_unquoted(self, top: _Open, place: Scalar) -> None:
        """Finds expressions that YAML cuts in two without a word, at a comma inside {} or at a ` #`."""
        text = self.source.text
        depth = place.text.count("(") - place.text.count(")")
        if top.flow and depth < 0 and top.unclosed:
            whole = " ".join(text[top.unclosed.start : place.end].split())
            message = "a comma inside {} or [] ends an unquoted text"
            self._report(F002, message, top.unclosed.start, place.end, f"quote it: {quoted(whole)}")
            top.unclosed = None
            top.tails.add(place.text)
        elif top.flow and depth > 0:
            top.unclosed = top.unclosed or place
        comment = _COMMENT.match(text, place.end)
        if comment and ((depth > 0 and ")" in comment[1]) or ("'" in comment[1] and _OPEN_QUOTE.search(place.text))):
            whole = text[place.start : comment.end()].rstrip()
            message = "` #` ends an unquoted text and begins a comment"
            self._report(F002, message, comment.start(1) - 1, comment.end(), f"quote it: {quoted(whole)}")


def quoted(text: str) -> str:
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'
