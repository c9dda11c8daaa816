"""A pipeline's data with the checks of the suites that it uses put in."""

from collections.abc import Iterator, Mapping, Sequence
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
from framework.suites.proving import UNFIT_PARAMETER, UNKNOWN_PARAMETER, prove, refuse_list, refuse_value, same_names
from framework.yaml_source import Composed, Document, Moved, Piece, Put, Stretch, Text, Used

UNKNOWN_SUITE = Code("F120", "unknown suite")
MISSING_PARAMETER = Code("F124", "a parameter without a value")


def expanded(document: Document, root: Path) -> tuple[Text, tuple[Diagnostic, ...]]:
    """The pipeline with suites put in, and what is wrong with them; no file is read where none is used.

    `root` is the project's folder. A use that is wrong puts nothing in. What is used below a column becomes checks of
    the stage or source, with the column for the suite's parameter `column`.
    """
    owners = [place for place in _owners(document.data) if any(map(_is_use, _listed(document.data, place)))]
    if not owners:
        return document, ()
    expanding = _Expanding(document, root)
    data: Any = document.data
    for place in owners:
        data = _replaced(data, place, expanding.owner(_below(document.data, place), place))
    text = Composed(document, data, expanding.parts, expanding.uses)
    return text, (*expanding.folder.unreadable, *expanding.findings.diagnostics)


def _owners(data: Mapping[str, Any]) -> Iterator[Place]:
    """The sources and stages whose checks are lists, where they have any."""
    for section in ("sources", "stages"):
        for name, body in _items(data.get(section)):
            if isinstance(body, Mapping) and isinstance(body.get("checks", []), list):
                yield (section, name)


def _listed(data: Any, owner: Place) -> Iterator[Any]:
    """The checks of a source or a stage and those below its columns."""
    body = _below(data, owner)
    yield from body.get("checks", ())
    for place in _column_lists(body):
        yield from _below(body, place)


def _column_lists(body: Mapping[str, Any]) -> Iterator[Place]:
    for clause in ("columns", "measures"):
        for column, value in _items(body.get(clause)):
            if isinstance(value, Mapping) and isinstance(value.get("checks"), list):
                yield (clause, column, "checks")


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()


def _is_use(item: Any) -> bool:
    return isinstance(item, Mapping) and "use" in item


def _below(data: Any, place: Place) -> Any:
    for part in place:
        data = data[part]
    return data


def _replaced(data: Any, place: Sequence[str | int], value: Any) -> Any:
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

    def owner(self, body: Any, place: Place) -> Any:
        """A source or a stage with the checks of each suite in the place of its use."""
        target = (*place, "checks")
        found: list[Any] = []
        for index, item in enumerate(body.get("checks", ())):
            if _is_use(item):
                self._use((*target, index), found, target, {})
            else:
                self.parts[(*target, len(found))] = Moved(self.document, (*target, index))
                found.append(item)
        for below in _column_lists(body):
            own: list[Any] = []
            for index, item in enumerate(_below(body, below)):
                at = (*place, *below, index)
                if _is_use(item):
                    self._use(at, found, target, {"column": Given(below[1], self.document, at[:-2])})
                else:
                    self.parts[(*place, *below, len(own))] = Moved(self.document, at)
                    own.append(item)
            body = _replaced(body, below, own)
        return {**body, "checks": found}

    def _use(self, place: Place, found: list[Any], target: Place, column: Mapping[str, Given]) -> None:
        """Adds the checks of the suite that is used at a place to those found, which will stand at the target."""
        model = fitted(self.findings, UseItem, place)
        suite = None if model is None else self._suite(model.use.suite, place)
        if model is not None and suite is not None:
            given = self._given(model, suite, place, column)
            if given is not None:
                self._put(model, suite, place, found, target, given)

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

    def _given(
        self, model: UseItem, suite: Suite, place: Place, column: Mapping[str, Given]
    ) -> dict[str, Given] | None:
        """Each parameter's value, with that of the column the use stands below; None, with findings, where one is
        wrong."""
        given, before = suite.defaults | dict(column), len(self.findings.errors)
        if column and "column" not in suite.parameters:
            message = f"suite `{model.use.suite}` has no parameter `column` for the column that it stands below"
            help = "use it under `checks` of the stage or the source"
            self.findings.error(UNKNOWN_PARAMETER, (*place, "use", "suite"), message, help)
        for name, value in model.use.with_.items():
            at = (*place, "use", "with", name)
            if name in column:
                message = "the suite stands below its column"
                self.findings.key_error(UNFIT_PARAMETER, at, message, "leave `column` out")
            elif name not in suite.parameters:
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

    def _put(
        self,
        model: UseItem,
        suite: Suite,
        place: Place,
        found: list[Any],
        target: Place,
        given: Mapping[str, Given],
    ) -> None:
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
