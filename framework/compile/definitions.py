"""What a plan says of each relation on one warehouse, as it is recorded and compared."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from framework.changes import Definition, defined
from framework.compile.rows import lower_query
from framework.compile.stages import Stages
from framework.compile.tables import Tables
from framework.compile.text import name_variables
from framework.plan import Plan, StagePlan
from framework.warehouse import Warehouse


def definitions(
    plan: Plan, warehouse: Warehouse, schemas: Mapping[str, str], names: Iterable[str]
) -> dict[str, Definition]:
    """The definitions of sources and stages by name."""
    wanted = frozenset(names)
    # Each stage by itself, and all that it reads by the names that stand: neither what is folded nor what is selected
    # changes what a stage is.
    stages = Stages(plan, Tables(plan, schemas, frozenset()), warehouse, {})
    dialect = warehouse.dialect()
    name_variables(dialect)

    def fingerprint(stage: StagePlan) -> str:
        rows = lower_query(stage.query, stages.read, warehouse.lowering, verdict=stage.query.diverts)
        text = str(rows.select.compile(dialect=dialect))
        unknown = {} if stage.publication is None else dict(stage.publication.unknown)
        return hashlib.sha256(f"{text}\n{json.dumps(unknown, sort_keys=True, default=str)}".encode()).hexdigest()

    found = {source.name: defined(source) for source in plan.sources if source.name in wanted}
    return found | {s.name: defined(s, fingerprint(s)) for s in plan.stages if s.name in wanted}
