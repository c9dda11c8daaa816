"""The unit tests of files and folders: each pipeline loaded and resolved once, each test held against it."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from framework import project
from framework.diagnostics import Code, Diagnostic, PipelineError
from framework.load import Pipeline, of_document
from framework.model import UnitTestsModel
from framework.plan import Plan
from framework.resolve import resolve
from framework.shape import shaped
from framework.suites import is_suite
from framework.unit_tests.case import Case
from framework.unit_tests.proving import prove
from framework.yaml_source import Document, below, read

NOTHING_TO_TEST = Code("F115", "no unit tests where they were looked for")
SAME_NAME = Code("F286", "two unit tests of one name")
NO_PIPELINE = Code("F287", "unit tests of a pipeline that is not there")

PIPELINES, TESTS = "pipelines", "tests"


@dataclass(frozen=True, slots=True)
class Tested:
    """A pipeline, and the unit tests of it."""

    pipeline: Pipeline
    plan: Plan
    cases: tuple[Case, ...]


def is_unit_tests(document: Document) -> bool:
    """Whether a file holds unit tests alone, and is no pipeline."""
    return "tests" in document.data and "stages" not in document.data


class Collection:
    """The tests of one project, whose folder is `root`: each pipeline is loaded and resolved once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[Path, tuple[Pipeline, Plan] | PipelineError] = {}
        self._cases: dict[Path, dict[str, Case]] = {}
        self._seen: dict[Path, Tested] = {}

    @property
    def tested(self) -> tuple[Tested, ...]:
        """The pipelines that have tests, each with those of all files."""
        found = []
        for path, cases in self._cases.items():
            if cases:
                found.append(Tested(*self._pipeline(path), tuple(cases.values())))
        return tuple(found)

    def add(self, document: Document) -> Tested:
        """The tests of a file, a pipeline or a file of tests. Raises PipelineError with all that is wrong with it."""
        path = Path(document.path).resolve()
        if path not in self._seen:
            self._seen[path] = self._tests(document) if is_unit_tests(document) else self._own(path, document)
        return self._seen[path]

    def _own(self, path: Path, document: Document) -> Tested:
        pipeline, plan = self._pipeline(path, document)
        return self._kept(path, *prove(pipeline.model.tests, plan, pipeline.document))

    def _tests(self, document: Document) -> Tested:
        model = shaped(document, UnitTestsModel)
        path = (self.root / model.pipeline).resolve()
        if not path.is_file():
            help = "a relative path starts at the folder of framework.yaml, or where the command runs if there is none"
            at = document.locate(("pipeline",))
            raise PipelineError(Diagnostic(NO_PIPELINE, f"there is no file `{model.pipeline}`", at, help))
        _, plan = self._pipeline(path)
        return self._kept(path, *prove(model.tests, plan, document))

    def _pipeline(self, path: Path, document: Document | None = None) -> tuple[Pipeline, Plan]:
        """A pipeline with its plan. Raises PipelineError, the same one each time."""
        if path not in self._known:
            try:
                pipeline = of_document(document or read(path, shown=shown(path)), self.root)
                self._known[path] = pipeline, resolve(pipeline)
            except PipelineError as error:
                self._known[path] = error
        found = self._known[path]
        if isinstance(found, PipelineError):
            raise found
        return found

    def _kept(self, path: Path, cases: tuple[Case, ...], wrong: tuple[Diagnostic, ...]) -> Tested:
        kept = self._cases.setdefault(path, {})
        found = [*wrong]
        for case in cases:
            other = kept.setdefault(case.name.lower(), case)
            if other is not case:
                message = f"`{other.name}` is the name of another unit test of the pipeline"
                help = f"it stands at {other.at.path}:{other.at.line}: give one of them another name"
                found.append(Diagnostic(SAME_NAME, message, case.at, help))
        if found:
            raise PipelineError(*found)
        return Tested(*self._pipeline(path), cases)


def collect(paths: Iterable[Path], root: Path) -> tuple[tuple[Tested, ...], tuple[Diagnostic, ...]]:
    """The unit tests of these pipelines, files of tests and folders, and everything that is wrong with them; without a
    path, of the project: of its `pipelines` and `tests`. With a pipeline come the files in `tests` of the project that
    are about it.
    """
    given = list(paths)
    found, wrong = Collection(root), list[Diagnostic]()
    documents = list(_documents(given or _usual(root), wrong, named=bool(given)))
    about = {Path(document.path).resolve() for document in documents if not is_unit_tests(document)}
    for path in _beside(root):
        document = _read(path, wrong)
        named = None if document is None or not is_unit_tests(document) else document.data.get("pipeline")
        if document is not None and isinstance(named, str) and (root / named).resolve() in about:
            documents.append(document)
    for document in documents:
        try:
            found.add(document)
        except PipelineError as error:
            wrong += error.diagnostics
    return found.tested, tuple(dict.fromkeys(wrong))


def _beside(root: Path) -> list[Path]:
    """The files of tests that stand in the project's own folder for them."""
    return sorted(path for path in (root / TESTS).glob("*") if path.suffix in (".yaml", ".yml"))


def _usual(root: Path) -> list[Path]:
    return [path for path in (root / PIPELINES, *_beside(root)) if path.exists()]


def _documents(paths: Iterable[Path], wrong: list[Diagnostic], *, named: bool) -> Iterator[Document]:
    """The files that can hold unit tests; one that is `named` must be such."""
    for path in paths:
        if path.is_dir():
            documents = [_read(file, wrong) for file in below(path) if file.name != project.FILE]
            yield from (d for d in documents if d is not None and _can_hold(d))
            continue
        document = _read(path, wrong)
        if document is None:
            continue
        if _can_hold(document):
            yield document
        elif named:
            message = f"{document.path} is no pipeline and holds no unit tests"
            wrong.append(Diagnostic(NOTHING_TO_TEST, message, None, "name a pipeline, or a file with `tests`"))


def _can_hold(document: Document) -> bool:
    return not is_suite(document) and bool({"stages", "tests"} & document.data.keys())


def _read(path: Path, wrong: list[Diagnostic]) -> Document | None:
    try:
        return read(path, shown=shown(path))
    except PipelineError as error:
        wrong += error.diagnostics
        return None


def shown(path: Path) -> str:
    """A path as messages print it: as short as can be."""
    return min(os.path.relpath(path), str(path), key=len)
