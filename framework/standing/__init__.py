"""What stands in a target: recorded in the target itself, in the transaction that puts it there or publishes it."""

from framework.standing.loads import Load, keep_load, loads, strike_load
from framework.standing.looking import Commit, Recorded, Standing, committed, discarding, held, look, stands
from framework.standing.placing import (
    Made,
    Making,
    Placed,
    claim,
    claim_sources,
    committing,
    kept_sources,
    loaded_as,
    making,
    place,
    release,
)
from framework.standing.prepared import prepared, publication, publication_done
from framework.standing.tables import COMMITS, DISCARDS, PREPARED, PUBLISHING, STAGES, TABLES, prepare

__all__ = [
    "COMMITS",
    "DISCARDS",
    "PREPARED",
    "PUBLISHING",
    "STAGES",
    "TABLES",
    "Commit",
    "Load",
    "Made",
    "Making",
    "Placed",
    "Recorded",
    "Standing",
    "claim",
    "claim_sources",
    "committed",
    "committing",
    "discarding",
    "held",
    "keep_load",
    "kept_sources",
    "loaded_as",
    "loads",
    "look",
    "making",
    "place",
    "prepare",
    "prepared",
    "publication",
    "publication_done",
    "release",
    "stands",
    "strike_load",
]
