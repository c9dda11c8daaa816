"""YAML text to plain data, with the place of every key and value kept for diagnostics.

The data is dict, list, str, int, Decimal, bool, None and date, by YAML 1.2's core schema plus ISO dates. It
is built from parser events: a loop over events can neither overflow the stack nor construct objects.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

import yaml

from framework.diagnostics import Code, Diagnostic, Location, PipelineError, Source, suggest

F001: Final = Code("F001", "file cannot be read")
F002: Final = Code("F002", "not YAML")
F003: Final = Code("F003", "tab used as indentation")
F004: Final = Code("F004", "repeated key")
F005: Final = Code("F005", "file too large")
F006: Final = Code("F006", "not text")
F007: Final = Code("F007", "empty file")
F008: Final = Code("F008", "aliases or nesting without end")
F009: Final = Code("F009", "unsupported tag or value")
F010: Final = Code("F010", "several documents in one file")
F011: Final = Code("F011", "top level is not a mapping")

MAX_BYTES: Final = 10_000_000
MAX_DEPTH: Final = 100
MAX_EXPANDED: Final = 200_000  # nodes that aliases may stand for, beside those written out

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE_TAG: Final = "tag:yaml.org,2002:"
# What YAML admits nowhere in a file, not even between quotes; U+FEFF is a BOM that is not at the start.
_NOT_TEXT: Final = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_NEWLINE: Final = re.compile(r"\r\n?|\n")
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*+(?:\s|#[^\r\n]*+)*+)*+")  # an anchor and a tag before a value


def read(path: Path, *, shown: str | None = None) -> Document:
    """The document in a file; `shown` is how messages print its path."""
    name = str(path) if shown is None else shown
    start = Location(name, 1, 1)
    try:
        # The size decides before a byte is read, and a device or pipe, which has none, is never opened.
        status = path.stat()
        if not path.is_file():
            _refuse(F001, f"`{name}` is {'a directory' if path.is_dir() else 'not a regular file'}", start)
        if status.st_size > MAX_BYTES:
            _refuse(F005, f"the file has {status.st_size:,} bytes; at most {MAX_BYTES:,} are read", start)
        content = path.read_bytes()
    except FileNotFoundError:
        _refuse(F001, f"there is no file `{name}`", start)
    except (OSError, ValueError) as error:  # ValueError: a path no file system can hold
        reason = getattr(error, "strerror", None) or str(error)
        _refuse(F001, f"cannot read `{name}`: {reason}", start)
    return parse(_decode(content, name), name)


def parse(text: str, shown: str) -> Document:
    """The document in a text. Raises PipelineError with everything that can be told about it."""
    source = Source(shown, text.removeprefix("\ufeff"))
    if bad := _NOT_TEXT.search(source.text):
        place = source.location(bad.start(), bad.end())
        _refuse(F006, f"the character U+{ord(bad.group()):04X} cannot stand in YAML", place)
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise PipelineError(*builder.diagnostics, _syntax(error, source)) from None
    return builder.document()


def _decode(content: bytes, shown: str) -> str:
    start = Location(shown, 1, 1)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse(F006, "the file is UTF-16", start, "save it as UTF-8")
    if b"\0" in content:
        _refuse(F006, "the file is binary: it holds NUL bytes", start)
    text = content.removeprefix(BOM_UTF8)
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        source = Source(shown, text.decode(errors="replace"))
        at = len(text[: error.start].decode())
        message = f"byte 0x{text[error.start]:02x} is not UTF-8"
        _refuse(F006, message, source.location(at), "save the file as UTF-8")


def _refuse(code: Code, message: str, place: Location, help: str | None = None) -> NoReturn:
    raise PipelineError(Diagnostic(code, message, place, help)) from None


# Named tuples, not dataclasses: a large file has some hundred thousand of them, and these cost half as much.


class _Scalar(NamedTuple):
    start: int
    end: int
    style: str
    text: str


class _Collection(NamedTuple):
    start: int
    end: int
    children: dict[str, tuple[_Scalar, _Place]] | list[_Place]


class _Alias(NamedTuple):
    start: int
    end: int
    target: _Scalar | _Collection


_Place: TypeAlias = _Scalar | _Collection | _Alias


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A file's data, which is not to be changed (aliases share it), and where each part of it stands."""

    path: str
    data: dict[str, Any]
    _source: Source = field(repr=False)
    _root: _Place = field(repr=False)

    def locate(
        self,
        path: Sequence[str | int],
        *,
        key: bool = False,
        offset: int | None = None,
        length: int | None = None,
    ) -> Location:
        """Where the value at a path stands, or with `key` its key.

        With `offset` or `length` the characters of the scalar's own text are meant, past quotes, escapes and
        indentation; through an alias, those of the anchored scalar. A path that leads on into a scalar finds
        that scalar; a name missing from a collection finds the key of that collection.
        """
        label: _Scalar | None = None
        place, missing = self._root, False
        for part in path:
            step = _step(place, part)
            if step is None:
                missing = True
                break
            label, place = step
        if label and (key or (missing and isinstance(_target(place), _Collection))):
            place = label
            if missing:
                offset = length = None  # they counted in a value that is not there
        if offset is None and length is None:
            return self._whole(place)
        target = _target(place)
        if isinstance(target, _Collection):
            return self._whole(target)
        spans = _character_spans(self._source.text, target)
        first = min(max(offset or 0, 0), len(spans) - 1)
        last = len(spans) if length is None else min(first + max(length, 1), len(spans))
        return self._source.location(spans[first][0], spans[last - 1][1])

    def _whole(self, place: _Place) -> Location:
        text = self._source.text
        start = min(_start(text, place), place.end)
        end = place.end
        if isinstance(place, _Collection):
            # A block collection has no end of its own: it reaches to the next token, over any comments.
            line = _NEWLINE.split(text[start:end], maxsplit=1)[0]
            end = start + len(line.split(" #")[0].rstrip())
        return self._source.location(start, end)


def _target(place: _Place) -> _Scalar | _Collection:
    return place.target if isinstance(place, _Alias) else place


def _step(place: _Place, part: str | int) -> tuple[_Scalar | None, _Place] | None:
    """One part of a path further: the key and the value there; an item of a list has no key."""
    target = _target(place)
    if isinstance(target, _Scalar):
        return None
    if isinstance(target.children, dict):
        return target.children.get(str(part))
    if isinstance(part, int) and 0 <= part < len(target.children):
        return None, target.children[part]
    return None


def _start(text: str, place: _Place) -> int:
    """Where a value begins behind its anchor and tag, which the parser counts to it."""
    match = _PROPERTIES.match(text, place.start, place.end)
    return match.end() if match else place.start


# Characters of a scalar's text as they are written: a folded line break, an escape, or the character itself.
_FOLD: Final = r"(?P<fold>[ \t]*(?:\r\n?|\n)[ \t\r\n]*)"
_WRITTEN: Final = {
    "": re.compile(rf"{_FOLD}|.", re.DOTALL),
    "'": re.compile(rf"{_FOLD}|''|.", re.DOTALL),
    '"': re.compile(
        rf"{_FOLD}|\\(?:(?P<glue>(?:\r\n?|\n)[ \t\r\n]*)|x..|u....|U........|.)|.",
        re.DOTALL,
    ),
}


def _character_spans(text: str, scalar: _Scalar) -> list[tuple[int, int]]:
    """Where each character of a scalar stands in the text, and at last the empty place behind them.

    Checked against the scalar: where the two do not agree, only its start is known.
    """
    start = _start(text, scalar)
    written = text[start : scalar.end]
    if scalar.style in ("|", ">"):
        spans = _block_spans(written, scalar.text)
    else:
        spans = _flow_spans(written, scalar.style)
    if len(spans) != len(scalar.text):
        return [(start, start)]
    behind = spans[-1][1] if spans else len(scalar.style)
    return [(start + first, start + last) for first, last in (*spans, (behind, behind))]


def _flow_spans(written: str, style: str) -> list[tuple[int, int]]:
    inside = len(style)  # a quote, or nothing
    spans: list[tuple[int, int]] = []
    for match in _WRITTEN[style].finditer(written, inside, len(written) - inside):
        count = 1
        if match.lastgroup:
            # One break folds to a blank, or to nothing behind a backslash; each further one is itself.
            breaks = len(_NEWLINE.findall(match.group()))
            count = breaks - 1 if match.lastgroup == "glue" else max(1, breaks - 1)
        spans += [match.span()] * count
    return spans


def _block_spans(written: str, text: str) -> list[tuple[int, int]]:
    head, *lines = written.splitlines(keepends=True)
    filled = next((line for line in lines if line.strip()), "")
    shown = next((line for line in text.splitlines() if line.strip()), "")
    indent = (len(filled) - len(filled.lstrip(" "))) - (len(shown) - len(shown.lstrip(" ")))
    characters: list[tuple[int, str]] = []
    begin = len(head)
    for line in lines:
        body = line.rstrip("\r\n")
        characters += [(begin + at, body[at]) for at in range(indent, len(body))]
        characters.append((begin + len(body), "\n"))
        begin += len(line)
    spans: list[tuple[int, int]] = []
    rest = iter(characters)
    for wanted in text:
        for at, char in rest:
            if char == wanted or (char == "\n" and wanted == " "):  # `>` folds a break to a blank
                spans.append((at, at + 1))
                break
            if char != "\n":  # of several breaks `>` drops one
                return []
    return spans


# --- scalars -----------------------------------------------------------------------------------------------

_CONSTANTS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# The core schema would read `01` and `011` as numbers. Those are codes far more often (months, states,
# procedure codes), and as numbers they would lose their zero: a leading zero makes text.
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMERIC_START: Final = frozenset("+-.0123456789")
_MAX_DIGITS: Final = 1000  # beyond any column; arithmetic on a huge exponent would never end


def _resolve(text: str) -> Any:
    """The value of an unquoted scalar; ValueError says why it can have none."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    return _number_or_date(text) if text[0] in _NUMERIC_START else text


def _number_or_date(text: str) -> Any:
    if len(text) <= _MAX_DIGITS and _INT.fullmatch(text):
        return int(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"`{text}` is not a finite number")
    if _FLOAT.fullmatch(text) or _INT.fullmatch(text):
        return _decimal(text)
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else text
    except ValueError:
        return text  # no day of the calendar


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = None
    if number is None or len(text) > _MAX_DIGITS or abs(number.adjusted()) > _MAX_DIGITS:
        raise ValueError(f"a number of more than {_MAX_DIGITS} digits is not supported")
    return number


def _tagged(tag: str, text: str) -> Any:
    """The value of a scalar with an explicit tag."""
    if tag in ("!", f"{_CORE_TAG}str"):
        return text
    value = _resolve(text)
    if tag == f"{_CORE_TAG}float" and type(value) is int:
        return Decimal(value)
    types = {"int": int, "float": Decimal, "bool": bool, "null": type(None)}
    expected = types.get(tag.removeprefix(_CORE_TAG))
    if expected is None or not tag.startswith(_CORE_TAG):
        raise ValueError(f"the tag `{_short(tag)}` is not supported")
    if type(value) is not expected:
        raise ValueError(f"`{text}` is not a value of `{_short(tag)}`")
    return value


def _short(tag: str) -> str:
    return f"!!{tag.removeprefix(_CORE_TAG)}" if tag.startswith(_CORE_TAG) else tag


# --- events to data ----------------------------------------------------------------------------------------


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
    key: _Place | None = None  # of a mapping: the key whose value comes next
    merge: _Place | None = None  # its `<<`
    merged: list[tuple[dict[str, Any], dict[str, tuple[_Scalar, _Place]]]] = field(default_factory=list)
    unclosed: _Scalar | None = None  # an unquoted scalar with a parenthesis left open
    tails: set[str] = field(default_factory=set)  # what closed one: no keys, though YAML takes them for keys


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias stands for, and how much that is."""

    value: Any
    place: _Scalar | _Collection
    nodes: int
    height: int


class _Builder:
    """Data and places from parser events. Goes on past whatever is wrong, to tell of all of it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._nodes = 0  # aliases counted as what they stand for
        self._expanded = 0
        self._documents = 0
        self._root: tuple[Any, _Place] | None = None
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
        data, place = self._root or (None, _Scalar(0, 0, "", ""))
        if isinstance(place, _Scalar) and place.text == "" == place.style:
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
        place = _Scalar(event.start_mark.index, event.end_mark.index, event.style or "", text)
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
                value = _tagged(event.tag, text)
            elif not place.style:
                value = _resolve(text)
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
            self._add(_UNKNOWN, _Scalar(start, end, "", f"*{name}"))
            return
        self._nodes += known.nodes
        self._expanded += known.nodes
        if self._expanded > MAX_EXPANDED:
            self._stop(F008, f"aliases stand for more than {MAX_EXPANDED:,} values", start, end)
        if len(self._open) + known.height > MAX_DEPTH:
            self._stop(F008, f"nested more than {MAX_DEPTH} deep", start, end)
        self._add(known.value, _Alias(start, end, known.place), known.height)

    def _begin(self, event: Any) -> None:
        self._nodes += 1
        start, is_mapping = event.start_mark.index, type(event) is yaml.MappingStartEvent
        if len(self._open) == MAX_DEPTH:
            self._stop(F008, f"nested more than {MAX_DEPTH} deep", start, start + 1)
        if event.tag not in (None, "!", f"{_CORE_TAG}{'map' if is_mapping else 'seq'}"):
            message = f"the tag `{_short(event.tag)}` is not supported here"
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
        place = _Collection(top.start, event.end_mark.index, top.places)
        if top.anchor is not None:
            self._anchors[top.anchor] = _Anchored(top.data, place, self._nodes - top.nodes, top.height)
        self._add(top.data, place, top.height)

    def _add(self, value: Any, place: _Place, height: int = 0) -> None:
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
            if isinstance(_target(place), _Collection):
                self._report(F009, "a key must be text", place.start, place.end)
        else:
            key, top.key = top.key, None
            self._pair(top, key, value, place)

    def _pair(self, top: _Open, key: _Place, value: Any, place: _Place) -> None:
        named = _target(key)
        if isinstance(named, _Collection):
            return  # told of where it stood
        name = named.text
        is_merge = name == "<<" and key is named and not named.style
        first = top.merge if is_merge else top.places.get(name, (None,))[0]
        if first and name in top.tails:
            return
        if first:
            lines = [self.source.location(each.start).line for each in (key, first)]
            message = f"the key `{name}` on line {lines[0]} repeats line {lines[1]}"
            self._report(F004, message, _start(self.source.text, key), key.end)
        elif is_merge:
            top.merge = key
            self._merge(top, value, place)
        else:
            top.data[name] = value
            top.places[name] = (named if key is named else _Scalar(key.start, key.end, "", name), place)

    def _merge(self, top: _Open, value: Any, place: _Place) -> None:
        target = _target(place)
        listed = [(value, place)]
        if isinstance(target, _Collection) and isinstance(target.children, list):
            listed = list(zip(value, target.children, strict=True))
        for each, part in listed:
            source = _target(part)
            if isinstance(source, _Collection) and isinstance(source.children, dict):
                top.merged.append((each, source.children))
            elif each is not _UNKNOWN:
                self._report(F009, "`<<` takes a mapping or a list of mappings", part.start, part.end)

    def _check_unquoted(self, top: _Open, place: _Scalar) -> None:
        """Finds expressions that YAML cuts in two without a word, at a comma inside {} or at a ` #`."""
        text = self.source.text
        depth = place.text.count("(") - place.text.count(")")
        if top.flow and depth < 0 and top.unclosed:
            whole = " ".join(text[top.unclosed.start : place.end].split())
            message = "a comma inside {} or [] ends an unquoted text"
            self._report(F002, message, top.unclosed.start, place.end, f"quote it: {_quoted(whole)}")
            top.unclosed = None
            top.tails.add(place.text)
        elif top.flow and depth > 0:
            top.unclosed = top.unclosed or place
        comment = _COMMENT.match(text, place.end)
        if comment and ((depth > 0 and ")" in comment[1]) or ("'" in comment[1] and _OPEN_QUOTE.search(place.text))):
            whole = text[place.start : comment.end()].rstrip()
            message = "` #` ends an unquoted text and begins a comment"
            self._report(F002, message, comment.start(1) - 1, comment.end(), f"quote it: {_quoted(whole)}")


def _quoted(text: str) -> str:
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


# --- syntax errors -----------------------------------------------------------------------------------------

_QUOTED: Final = r"""(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")"""
_AFTER_QUOTED: Final = re.compile(rf"""(?:^|[:,\[{{-])[ \t]*{_QUOTED}[ \t]*[^\s,\]}}:#]?$""")


def _syntax(error: yaml.MarkedYAMLError, source: Source) -> Diagnostic:
    text = source.text
    mark = error.problem_mark or error.context_mark
    at: int = mark.index if mark else 0
    begun: int = error.context_mark.index if error.context_mark else at
    if text.startswith("\t", at):
        place = source.location(at)
        return Diagnostic(F003, "a tab is no indentation", place, "indent with spaces")
    # An error at the very end is one of whatever was never closed.
    place = source.location(begun if at >= len(text.rstrip()) else at)
    context = f" {error.context}" if error.context else ""
    if context and source.location(begun).line != place.line:
        context += f" that begins on line {source.location(begun).line}"
    return Diagnostic(F002, f"{error.problem}{context}", place, _advice(error, text, at, begun))


def _advice(error: yaml.MarkedYAMLError, text: str, at: int, begun: int) -> str | None:
    """What to do about a syntax error, as far as the text around it tells; nearly always: quote."""
    problem, context = error.problem or "", error.context or ""
    before = text[max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1 : at]
    inside = re.sub(_QUOTED, "", text[begun:at]) if "flow" in context else ""
    first = before[-1:] if "alias" in context else text[at : at + 1]
    mapped = "mapping values" in problem
    rules = (
        (
            inside.count("(") > inside.count(")"),
            "an expression with a comma inside {} or [] must be quoted",
        ),
        (
            _AFTER_QUOTED.search(before),
            "an expression that begins with a quote must be quoted as a whole: \"'a' || b\"",
        ),
        (re.search(r"\s#", inside), "text that holds ` #` must be quoted: YAML begins a comment there"),
        (inside, "quote text that holds a comma, a bracket or `: `, and close every bracket"),
        (
            mapped and re.search(r":[ \t]", re.sub(_QUOTED, "", before)),
            "text that holds `: ` must be quoted",
        ),
        (mapped, "indent the keys of one mapping alike, and nest nothing below a key that has a value"),
        ("end of stream" in problem, "close the quote"),
        (
            "escape" in problem,
            r"between double quotes a backslash is written \\, between single quotes it stands for itself",
        ),
        ("sequence entries" in problem, "begin the list on a line of its own"),
        ("unexpected ':'" in problem, "a blank follows the `:` of a key"),
        ("start any" in problem or "alias" in context, f"text that begins with `{first}` must be quoted"),
    )
    return next((help for holds, help in rules if holds), None)
