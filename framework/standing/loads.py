"""The files that have been moved into the tables of sources: none of them need be moved again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from framework.standing.tables import LOADS, add


@dataclass(frozen=True, slots=True)
class Load:
    """Of one source: how it was loaded, the files by their paths, each with its size in bytes and the time of its last
    change in nanoseconds since 1970, and what was counted: the records of them all, malformed ones among them."""

    loaded_as: str
    files: Mapping[str, tuple[int, int]]
    records: int
    malformed: int


def loads(connection: sa.Connection) -> dict[str, Load]:
    """What stands in the tables of sources, by source."""
    columns = LOADS.c.source, LOADS.c.loaded_as, LOADS.c.files, LOADS.c.records, LOADS.c.malformed
    return {
        source: Load(
            loaded_as, {name: (size, at) for name, size, at in json.loads(files)}, int(records), int(malformed)
        )
        for source, loaded_as, files, records, malformed in connection.execute(sa.select(*columns))
    }


def strike_load(connection: sa.Connection, source: str) -> None:
    """What stands in the table of the source is not known any more."""
    connection.execute(LOADS.delete().where(LOADS.c.source == source))


def keep_load(connection: sa.Connection, source: str, load: Load, run_id: str, at: datetime) -> None:
    files = json.dumps([[name, size, changed] for name, (size, changed) in load.files.items()])
    told = {"loaded_as": load.loaded_as, "records": load.records, "malformed": load.malformed}
    add(connection, LOADS, source=source, files=files, run_id=run_id, loaded_at=at, **told)
