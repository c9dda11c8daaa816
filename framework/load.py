"""path -> Pipeline: the text read, its shape checked against the models. No name is looked up yet."""

from dataclasses import dataclass
from pathlib import Path

import framework.checks
import framework.stages
from framework import plugins, project
from framework.diagnostics import PipelineError
from framework.model import PipelineModel
from framework.shape import shaped
from framework.suites import expanded
from framework.yaml_source import Document, Text, read

plugins.load_all(framework.stages)
plugins.load_all(framework.checks)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a file says with the suites that it uses, and where that is said."""

    model: PipelineModel
    document: Text

    @property
    def path(self) -> str:
        return self.document.path


def load(path: Path, root: Path | None = None) -> Pipeline:
    """The pipeline of a file. Raises PipelineError with everything that is wrong with its shape.

    `root` is the project's folder, in which the suites are; by default that of the working directory.
    """
    return of_document(read(path, shown=str(path)), root)


def of_document(document: Document, root: Path | None = None) -> Pipeline:
    """The pipeline of a file that was read. Raises PipelineError."""
    text, wrong = expanded(document, root or project.root(Path.cwd()))
    try:
        model = shaped(text, PipelineModel)
    except PipelineError as error:
        raise PipelineError(*wrong, *error.diagnostics) from None
    if wrong:
        raise PipelineError(*wrong)
    return Pipeline(model, text)
