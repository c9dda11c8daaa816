"""path -> Pipeline: the text read, its shape checked against the models. No name is looked up yet."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import framework.checks
import framework.stages
from framework import expectations, plugins, project
from framework.diagnostics import Code, Diagnostic, Location, PipelineError
from framework.model import PipelineModel
from framework.shape import shaped
from framework.suites import expanded
from framework.yaml_source import Document, Text, read

plugins.load_all(framework.stages)
plugins.load_all(framework.checks)

NO_PIPELINE = Code("F130", "a source's pipeline that is not there")
WRONG_PIPELINE = Code("F131", "a source's pipeline with mistakes of its own")
CIRCLE = Code("F132", "pipelines that read each other")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a file says with the suites that it uses, and where that is said.

    `others` are the pipelines whose stages are read, by the name of the source.
    """

    model: PipelineModel
    document: Text
    others: Mapping[str, "Pipeline"] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.document.path


def load(path: Path, root: Path | None = None) -> Pipeline:
    """The pipeline of a file. Raises PipelineError with everything that is wrong with its shape.

    `root` is the project's folder, in which the suites are, and at which the paths of other pipelines start; by
    default that of the working directory.
    """
    return of_document(read(path, shown=str(path)), root)


def of_document(document: Document, root: Path | None = None) -> Pipeline:
    """The pipeline of a file that was read. Raises PipelineError."""
    return _Loading(root or project.root(Path.cwd())).pipeline(document, ())


# -- pipelines that read others


@dataclass(frozen=True, slots=True)
class _Reading:
    """A source on the way to the pipeline that is being read, and the file that names it."""

    file: Path
    text: Text
    source: str

    @property
    def at(self) -> Location:
        return self.text.locate(("sources", self.source, "pipeline"))


class _Circle(PipelineError):
    """Told of where the circle begins: it is no mistake of each pipeline on the way."""


class _Loading:
    """The pipelines of one project: each file is read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known: dict[Path, Pipeline | PipelineError] = {}

    def pipeline(self, document: Document, above: tuple[_Reading, ...]) -> Pipeline:
        """The pipeline of a document, and those that it reads. Raises PipelineError."""
        expectations.load_where_named(document.data)
        text, found = expanded(document, self.root)
        wrong = list(found)
        try:
            model = shaped(text, PipelineModel)
        except PipelineError as error:
            raise PipelineError(*wrong, *error.diagnostics) from None
        file, others, circles = Path(document.path).resolve(), {}, True
        for name, source in model.sources.items():
            if source.pipeline is not None:
                try:
                    others[name] = self._other(source.pipeline, (*above, _Reading(file, text, name)))
                except PipelineError as error:
                    wrong += error.diagnostics
                    circles = circles and isinstance(error, _Circle)
        if wrong:
            raise (_Circle if circles and not found else PipelineError)(*wrong)
        return Pipeline(model, text, others)

    def _other(self, written: str, way: tuple[_Reading, ...]) -> Pipeline:
        """The pipeline that the last source of the way names. Raises PipelineError."""
        path = _file(self.root / written)
        if path is None:
            raise PipelineError(self._missing(written, way[-1]))
        files = [reading.file for reading in way]
        if path in files:
            raise _Circle(_circle(way[files.index(path) :]))
        if path not in self.known:
            self.known[path] = self._read(path, way)
        found = self.known[path]
        if isinstance(found, _Circle):
            raise found
        if isinstance(found, PipelineError):
            raise PipelineError(with_mistakes(_shown(path), way[-1].at), *found.diagnostics)
        return found

    def _read(self, path: Path, way: tuple[_Reading, ...]) -> Pipeline | PipelineError:
        try:
            return self.pipeline(read(path, shown=_shown(path)), way)
        except PipelineError as error:
            return error

    def _missing(self, written: str, reading: _Reading) -> Diagnostic:
        help = "a relative path starts at the folder of framework.yaml, or where the command runs if there is none"
        beside = _file(reading.file.parent / written)
        if beside is not None:
            help = f"{help}: write `pipeline: {os.path.relpath(beside, self.root.resolve())}`"
        return Diagnostic(NO_PIPELINE, f"there is no file `{written}`", reading.at, help)


def with_mistakes(path: str, at: Location) -> Diagnostic:
    return Diagnostic(WRONG_PIPELINE, f"the pipeline `{path}` has mistakes of its own", at, "mend it first")


def _circle(way: tuple[_Reading, ...]) -> Diagnostic:
    if len(way) == 1:
        help = "a stage of the same pipeline is read by its name"
        return Diagnostic(CIRCLE, f"the pipeline `{way[0].text.path}` reads itself", way[0].at, help)
    names = [reading.text.path for reading in way]
    circle = " reads ".join(f"`{name}`" for name in (*names, names[0]))
    help = "put what both need into a pipeline that reads neither, or make one pipeline of them"
    return Diagnostic(CIRCLE, f"pipelines read each other: {circle}", way[0].at, help)


def _file(path: Path) -> Path | None:
    """The one file that a path stands for; None where there is none, or the path is none that can be followed."""
    try:
        found = path.resolve()
        return found if found.is_file() else None
    except (OSError, RuntimeError):  # too long, not to be entered, or links that lead in a circle
        return None


def _shown(path: Path) -> str:
    """A path as messages print it: as short as can be."""
    return min(os.path.relpath(path), str(path), key=len)
