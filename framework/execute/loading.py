"""The files of a source on their way into a target: where rows are moved, each file once."""

import hashlib
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa

from framework import __version__, standing
from framework.execute.session import Session
from framework.execute.settings import Settings
from framework.files.stamps import Stamps, stamps
from framework.plan import SourcePlan
from framework.standing import Load
from framework.warehouse import Files, Loaded, MalformedLines, OtherColumns

# What stands in the tables of sources, as far as that is known: nothing is while files are moved.
Loads = MutableMapping[str, Load]

# A file that has changed so short a time ago, in nanoseconds, could change again in this tick of its disk's clock.
_SETTLED = 2_000_000_000


@dataclass(slots=True)
class Loading:
    """One source's files; `found` is what they are known by, taken before they are read."""

    session: Session
    source: SourcePlan
    files: Files
    settings: Settings
    loads: Loads
    found: Stamps = field(init=False)
    begun: int = field(init=False)

    def __post_init__(self) -> None:
        self.begun, self.found = time.time_ns(), stamps(self.files.paths, self.settings.root)

    def load(self, *, split: bool) -> Loaded:
        """Raises SourceProblem, and MalformedLines as the warehouse does."""
        if not self.session.warehouse.moves_files:
            return self._move(self.files, split=split)
        name, connection = self.source.name, self.session.connection
        known = self._known()
        fresh = tuple(p for p, file in zip(self.files.paths, self.found, strict=True) if file not in known.files)
        if not fresh:
            return Loaded(known.records, known.malformed)
        # Until it is written down what stands, nothing is known of it: a run can end, and an attempt be lost.
        self.loads.pop(name, None)
        standing.strike_load(connection, name)
        try:
            loaded = self._loaded(known, fresh, split=split)
        except MalformedLines:  # nothing was moved
            self.loads[name] = known
            raise
        if all(changed + _SETTLED < self.begun for _, changed in self.found.values()):
            load = Load(self._as(), self.found, loaded.records or 0, loaded.malformed)
            standing.keep_load(connection, name, load, self.settings.run_id, self.settings.started_at)
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

    def _known(self) -> Load:
        """The load that stands still and needs nothing taken away; of no files where there is none such."""
        stood, nothing = self.loads.get(self.source.name), Load("", {}, 0, 0)
        if stood is None or self.settings.full_refresh or stood.loaded_as != self._as():
            return nothing
        if any(self.found.get(name) != stamp for name, stamp in stood.files.items()):
            return nothing
        # The types of columns that no contract declares are found in all files at once.
        if self.source.declared is None and len(self.found) != len(stood.files):
            return nothing
        name = self.source.name
        rows = stood.records - stood.malformed, stood.malformed
        return stood if (self._rows(name), self._rows(f"{name}__malformed")) == rows else nothing

    def _rows(self, name: str) -> int:
        """How many rows a table has; none where there is no such table."""
        if self.session.relations(self._schema).get(name) != "TABLE":
            return 0
        return int(self.session.row(sa.select(sa.func.count()).select_from(sa.table(name, schema=self._schema)))[0])

    def _as(self) -> str:
        """How the files are loaded: another version of what reads them might read them otherwise."""
        told = f"{__version__} {version('duckdb')} {standing.loaded_as(self.source)}"
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def _schema(self) -> str:
        return self.settings.schemas["raw"]
