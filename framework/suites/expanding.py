"""A pipeline's data with the checks of the suites that it uses put in."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from framework.assertion import Place
from framework.diagnostics import Code, Diagnostic, suggest
from framework.findings import Findings
from framework.model import AnyCheck, Check, expression_text
from framework.shape import fitted
from framework.suites.folder import Folder, Suite
from framework.suites.model import UseItem
from framework.suites.parameter import Filling, Given, Unfit
from framework.suites.proving import UNKNOWN_PARAMETER, prove, refuse_list, refuse_value, same_names
from framework.yaml_source import Composed, Document, Moved, Piece, Put, Stretch, Text, Used

UNKNOWN_SUITE = Code("F120", "unknown suite")
MISSING_PARAMETER = Code("F124", "a parameter without a value")


def expanded(document: Document, root: Path) -> tuple[Text, tuple[Diagnostic, ...]]:
    """The pipeline with suites put in, and what is wrong with them; no file is read where none is used.

    `root` is the project's folder. A use that is wrong puts nothing in.
    """
    lists = [place for place in _lists(document.data) if any(map(_is_use, _below(document.data, place)))]
    if not lists:
        return document, ()
    expanding = _Expanding(document, root)
    data: Any = document.data
    for place in lists:
        data = _replaced(data, place, expanding.checks(_below(document.data, place), place))
    text = Composed(document, data, expanding.parts, expanding.uses)
    return text, (*expanding.folder.unreadable, *expanding.findings.diagnostics)


def _lists(data: Mapping[str, Any]) -> Iterator[Place]:
    """Where lists of checks stand: below sources, stages and their columns."""
    for section in ("sources", "stages"):
        for name, body in _items(data.get(section)):
            if isinstance(body, Mapping) and isinstance(body.get("checks"), list):
                yield (section, name, "checks")
            for clause in ("columns", "measures"):
                columns = body.get(clause) if isinstance(body, Mapping) else None
                for column, value in _items(columns):
                    if isinstance(value, Mapping) and isinstance(value.get("checks"), list):
                        yield (section, name, clause, column, "checks")


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()


def _is_use(item: Any) -> bool:
    return isinstance(item, Mapping) and "use" in item


def _below(data: Any, place: Place) -> Any:
    for part in place:
        data = data[part]
    return data


def _replaced(data: Any, place: Place, value: Any) -> Any:
    """A copy of the data with another value at a place."""
    if not place:
        return value
    return {**data, place[0]: _replaced(data[place[0]], place[1:], value)}


class _Expanding:
    def __init__(self, document: Document, root: Path) -> None:
        self.document, self.folder = document, Folder(root)
        self.findings = Findings(document)
        self.parts: dict[Place, Moved | Put] = {}
        self.uses: dict[Place, Used] = {}
        self.suites: dict[str, Suite | None] = {}

    def checks(self, items: list[Any], place: Place) -> list[Any]:
        """The list with the checks of each suite in the place of its use."""
        found: list[Any] = []
        for index, item in enumerate(items):
            if not _is_use(item):
                self.parts[(*place, len(found))] = Moved(self.document, (*place, index))
                found.append(item)
                continue
            model = fitted(self.findings, UseItem, (*place, index))
            suite = None if model is None else self._suite(model.use.suite, (*place, index))
            if model is not None and suite is not None:
                self._put(model, suite, (*place, index), found, place)
        return found

    # -- the suite

    def _suite(self, name: str, place: Place) -> Suite | None:
        """A suite by name; what is wrong with it is told once, with its first use."""
        if name not in self.suites:
            self.suites[name] = self._found(name, place)
        elif self.suites[name] is None and name not in self.folder.documents:
            self._unknown(name, place)
        return self.suites[name]

    def _found(self, name: str, place: Place) -> Suite | None:
        documents = self.folder.documents.get(name)
        if documents is None:
            self._unknown(name, place)
            return None
        wrong = [*prove(documents[0]).diagnostics, *same_names(documents)]
        at = self.document.locate((*place, "use", "suite"))
        for diagnostic in wrong:
            help = "\n".join(filter(None, (diagnostic.help, f"used at {at.path}:{at.line}:{at.column}")))
            self.findings.diagnostics.append(replace(diagnostic, help=help))
        return None if wrong else Suite(documents[0])

    def _unknown(self, name: str, place: Place) -> None:
        help = suggest(name, self.folder.documents) or f"a suite is a file in {self.folder.shown} that begins `suite:`"
        self.findings.error(UNKNOWN_SUITE, (*place, "use", "suite"), f"no suite `{name}`", help)

    # -- its parameters

    def _given(self, model: UseItem, suite: Suite, place: Place) -> dict[str, Given] | None:
        """Each parameter's value; None, with findings, where one is wrong."""
        given, before = suite.defaults, len(self.findings.errors)
        for name, value in model.use.with_.items():
            at = (*place, "use", "with", name)
            if name not in suite.parameters:
                message = f"suite `{model.use.suite}` has no parameter `{name}`"
                self.findings.key_error(UNKNOWN_PARAMETER, at, message, suggest(name, suite.parameters) or None)
            elif value is None:
                self.findings.key_error(MISSING_PARAMETER, at, f"`{name}` has no value", "write the value behind it")
            refuse_value(self.findings, at, value)
            given[name] = Given(value, self.document, at)
        missing = [name for name in suite.parameters if name not in given]
        if missing and all(name in suite.parameters for name in model.use.with_):
            shown = ", ".join(f"`{name}`" for name in missing)
            message = f"suite `{model.use.suite}` needs a value for {shown}"
            help = f"write with: {{{', '.join(f'{name}: ...' for name in missing)}}}"
            self.findings.error(MISSING_PARAMETER, (*place, "use", "suite"), message, help)
        return given if not missing and len(self.findings.errors) == before else None

    # -- its checks

    def _put(self, model: UseItem, suite: Suite, place: Place, found: list[Any], target: Place) -> None:
        given = self._given(model, suite, place)
        if given is None:
            return
        for index, item in enumerate(suite.checks):
            path, at = ("checks", index), (*target, len(found))
            self.parts[at] = Moved(suite.document, path)
            self.uses[at] = Used(self.document.locate((*place, "use"), key=True), suite.document.locate(path))
            try:
                filled = Filling(suite.document, given, self.parts).check(item, path, at)
            except Unfit as unfit:
                refuse_list(self.findings, unfit)
                return
            found.append(self._said(filled, item, model, place, at, Moved(suite.document, path)))

    def _said(self, check: Any, item: Any, model: UseItem, place: Place, at: Place, own: Moved) -> Any:
        """The check with what stands beside `use`."""
        check = dict(check)
        if model.on_fail is not None:
            check["on_fail"] = model.on_fail
            self.parts[(*at, "on_fail")] = Moved(self.document, (*place, "on_fail"))
        if model.where is not None:
            theirs = Stretch(self.document, (*place, "where"), 0, len(model.where))
            if check.get("where") is None:
                check["where"] = model.where
                self.parts[(*at, "where")] = Moved(self.document, (*place, "where"))
            else:
                check["where"] = self._both(model.where, theirs, check["where"], (*at, "where"), own)
        if model.name is not None:
            check["name"] = f"{model.name}: {_label(check)}"
        return check

    def _both(self, where: str, written: Stretch, other: Any, at: Place, own: Moved) -> str:
        """Two conditions of which each keeps its place."""
        text = str(expression_text(other))
        whole = Stretch(own.document, (*own.path, "where"))
        before = self.parts.get(at)
        inner = before.pieces if isinstance(before, Put) else (Piece(len(text), self._stretch(before, whole, text)),)
        self.parts[at] = Put(
            whole,
            (
                Piece(1, Stretch(written.document, written.path)),
                Piece(len(where), written),
                Piece(len(") and ("), whole),
                *inner,
                Piece(1, whole),
            ),
        )
        return f"({where}) and ({text})"

    def _stretch(self, part: Moved | Put | None, whole: Stretch, text: str) -> Stretch:
        found = Stretch(part.document, part.path) if isinstance(part, Moved) else whole
        return Stretch(found.document, found.path, 0, len(text))


def _label(check: Mapping[str, Any]) -> str:
    """The name that results of the check would carry."""
    if check.get("name") is not None:
        return str(check["name"])
    try:
        found: Check = TypeAdapter(AnyCheck).validate_python(check)
    except ValidationError:
        return ""  # told of when the pipeline's shape is checked
    return found.label()
