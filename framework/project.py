"""`framework.yaml`: targets, schemas and the state store; secrets are read only when a target is opened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from framework.diagnostics import Code, Diagnostic, Location, PipelineError, suggest
from framework.model import Frozen, Model, Name
from framework.shape import shaped
from framework.yaml_source import Document, read

FILE = "framework.yaml"
UNKNOWN_TARGET = Code("F107", "unknown target")


class SchemasModel(Model):
    """The schema of each layer."""

    raw: Name = "raw"
    staging: Name = "staging"
    intermediate: Name = "intermediate"
    marts: Name = "marts"
    quarantine: Name = "quarantine"


class TargetModel(Model):
    """A configured warehouse: its name, and the settings that it knows."""

    model_config = ConfigDict(frozen=True, extra="allow")

    warehouse: Name

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class NotifyModel(Model):
    """Who is told of runs, and of which: addresses that Apprise reads."""

    urls: tuple[str, ...] = Field(min_length=1, repr=False)
    on: tuple[Literal["failure", "warning", "recovery"], ...] = Field(default=("failure", "recovery"), min_length=1)


class ProjectModel(Model):
    """A project: where its pipelines run."""

    project: Name = "project"
    default_target: Name = "dev"
    targets: Frozen[TargetModel] = Field(default_factory=dict)
    schemas: SchemasModel = SchemasModel()
    state: str = "sqlite:///.framework/state.db"
    hooks: tuple[str, ...] = Field(default=(), description="What hears of runs: a hook by its name, or module:Class.")
    notify: NotifyModel | None = Field(default=None, description="Who is told of runs that fail.")


@dataclass(frozen=True, slots=True)
class Project:
    """`root` is the folder of framework.yaml, or the working directory where there is none."""

    model: ProjectModel
    root: Path
    document: Document | None

    @property
    def schemas(self) -> Mapping[str, str]:
        found: dict[str, str] = self.model.schemas.model_dump()
        return found

    def target(self, name: str | None) -> tuple[str, TargetModel]:
        """A target by name, or the default one. Raises PipelineError for an unknown name."""
        wanted = name or self.model.default_target
        if not self.model.targets and wanted == "dev":
            return wanted, TargetModel.model_validate({"warehouse": "duckdb", "database": ".framework/dev.duckdb"})
        found = self.model.targets.get(wanted)
        if found is None:
            place = self.at("default_target") if name is None else None
            help = suggest(wanted, self.model.targets or {"dev": None})
            raise PipelineError(Diagnostic(UNKNOWN_TARGET, f"no target `{wanted}`", place, help))
        return wanted, found

    def at(self, *place: str | int, key: bool = False) -> Location | None:
        """Where something stands in framework.yaml; None where there is no such file."""
        return None if self.document is None else _discreet(self.document, self.document.locate(place, key=key))


def root(start: Path) -> Path:
    """The project's folder: that of framework.yaml, here or above, or the start where there is none."""
    return next((folder for folder in (start, *start.parents) if (folder / FILE).is_file()), start)


def find(start: Path) -> Project:
    """The project that a folder belongs to. Raises PipelineError where framework.yaml is wrong."""
    folder = root(start)
    path = folder / FILE
    if not path.is_file():
        return Project(ProjectModel(), start, None)
    document = read(path, shown=str(path.relative_to(start)) if folder == start else str(path))
    try:
        return Project(shaped(document, ProjectModel), folder, document)
    except PipelineError as error:
        raise PipelineError(*(_without_secrets(document, found) for found in error.diagnostics)) from None


# -- what messages may show


def _without_secrets(document: Document, found: Diagnostic) -> Diagnostic:
    """A finding that repeats no address of `notify`, in which a token may be."""
    notify = document.data.get("notify")
    repeats = any(text in (found.help or "") for text, _ in _texts(notify))
    at = found.location and _discreet(document, found.location)
    return replace(found, location=at, help=None if repeats else found.help)


def _discreet(document: Document, at: Location) -> Location:
    """A place without its line, where an address of `notify` stands in that."""
    lines = {document.locate(("notify", *place)).line for _, place in _texts(document.data.get("notify"))}
    return replace(at, text="") if at.line in lines else at


def _texts(notify: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """What could be an address, each with its place: every text but the words of `on`."""
    if isinstance(notify, str) and place[:1] != ("on",):
        yield notify, place
    parts = enumerate(notify) if isinstance(notify, list | tuple) else ()
    for part, below in notify.items() if isinstance(notify, Mapping) else parts:
        yield from _texts(below, (*place, part))
