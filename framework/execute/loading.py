"""The files of a source on their way into a target: where rows are moved, each file once."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from framework import __version__, standing
from framework.execute.session import Session
from framework.execute.settings import Settings
from framework.plan import SourcePlan
from framework.standing import Load
from framework.warehouse import Files, Loaded, OtherColumns

# A file that has changed so short a time ago could change again, in this tick of its file system's clock.
_SETTLED = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Loading:
    """One source's files. `stood` is what was in its table when the run began, as far as that is known."""

    session: Session
    source: SourcePlan
    files: Files
    settings: Settings
    stood: Load | None

    def load(self, *, split: bool) -> Loaded:
        """Raises SourceProblem, and MalformedLines as the warehouse does."""
        if not self.session.warehouse.moves_files:
            return self._move(self.files, split=split)
        now = time.time_ns()
        found = {self._name(path): _stamp(path) for path in self.files.paths}
        known = self._known(found)
        fresh = tuple(path for path in self.files.paths if self._name(path) not in known.files)
        if not fresh:
            return Loaded(known.records, known.malformed)
        # Until it is written down what stands, nothing is known of it: a run can end in between.
        standing.strike_load(self.session.connection, self.source.name)
        loaded = self._loaded(known, fresh, split=split)
        if all(changed + _SETTLED < now for _, changed in found.values()) and loaded.records is not None:
            load = Load(self._as(), found, loaded.records, loaded.malformed)
            at = self.settings.started_at
            standing.keep_load(self.session.connection, self.source.name, load, self.settings.run_id, at)
        return loaded

    def _loaded(self, known: Load, fresh: tuple[Path, ...], *, split: bool) -> Loaded:
        """The fresh files beside those that are known, or all of them anew."""
        if known.files:
            try:
                added = self._move(replace(self.files, paths=fresh), split=split, adds=True)
            except OtherColumns:
                pass
            else:
                return Loaded(known.records + (added.records or 0), known.malformed + added.malformed)
        return self._move(self.files, split=split)

    def _move(self, files: Files, *, split: bool, adds: bool = False) -> Loaded:
        schema = self._schema
        loaded = self.session.warehouse.load(self.session.connection, schema, files, split=split, adds=adds)
        self.session.catalog.forget(schema)
        return loaded

    def _known(self, found: Mapping[str, tuple[int, int]]) -> Load:
        """The load that stands still and needs nothing taken away; of no files where there is none such."""
        stood, nothing = self.stood, Load("", {}, 0, 0)
        if stood is None or self.settings.full_refresh or stood.loaded_as != self._as():
            return nothing
        if any(found.get(name) != stamp for name, stamp in stood.files.items()):
            return nothing
        # The types of columns that no contract declares are found in all files at once.
        if self.source.declared is None and len(found) != len(stood.files):
            return nothing
        return stood if self._stands(stood) else nothing

    def _stands(self, stood: Load) -> bool:
        there, name = self.session.relations(self._schema), self.source.name
        if there.get(name) != "TABLE" or bool(stood.malformed) != (f"{name}__malformed" in there):
            return False
        rows = sa.select(sa.func.count()).select_from(sa.table(name, schema=self._schema))
        return bool(self.session.row(rows)[0] == stood.records - stood.malformed)

    def _as(self) -> str:
        """How the files are loaded: another version of the framework might read them otherwise."""
        return hashlib.sha256(f"{__version__} {standing.loaded_as(self.source)}".encode()).hexdigest()

    def _name(self, path: Path) -> str:
        root = self.settings.root
        return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()

    @property
    def _schema(self) -> str:
        return self.settings.schemas["raw"]


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
