"""path -> Pipeline: the text read, its shape checked against the models. No name is looked up yet."""

from dataclasses import dataclass
from pathlib import Path

import framework.checks
import framework.stages
from framework import plugins
from framework.model import PipelineModel
from framework.shape import shaped
from framework.yaml_source import Document, read

plugins.load_all(framework.stages)
plugins.load_all(framework.checks)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a file says, and where it says it."""

    model: PipelineModel
    document: Document

    @property
    def path(self) -> str:
        return self.document.path


def load(path: Path) -> Pipeline:
    """The pipeline of a file. Raises PipelineError with everything that is wrong with its shape."""
    document = read(path, shown=str(path))
    return Pipeline(shaped(document, PipelineModel), document)
