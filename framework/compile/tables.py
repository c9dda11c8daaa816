"""Which table of the warehouse stands for which relation of the plan.

A stage is a view over its stored rows: `<stage>__rows` holds every row with the bucket it ended in, the
view shows those that came out. A candidate is built beside them as `<stage>__new`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.sql.selectable import Subquery, TableClause

from framework.algebra import BUCKET, REASONS, ROWS
from framework.ddl import column_of, table
from framework.files.variables import expand_variables
from framework.plan import Plan, SourcePlan, StagePlan
from framework.warehouse import SourceProblem

ADDED = "_added"
CONTENT = "_content"  # what a held row is known by
DEFAULT_SCHEMAS: Mapping[str, str] = {
    "raw": "raw",
    "staging": "staging",
    "intermediate": "intermediate",
    "marts": "marts",
    "quarantine": "quarantine",
}


@dataclass(frozen=True)
class Tables:
    """Names of tables, by the project's schemas. Tables of sources are named by the variables of `environment`, and
    without it as they are written. `tells_case`: names of columns that differ in case are not one. Then files without
    a contract are loaded under names in lower case, and `spellings` has those of a source's table, by lower case."""

    plan: Plan
    schemas: Mapping[str, str] = field(default_factory=lambda: DEFAULT_SCHEMAS)
    selected: frozenset[str] | None = None  # the stages of this run, where they are not all
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    tells_case: bool = False
    spellings: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    _made: dict[tuple[str, ...], TableClause] = field(default_factory=dict, repr=False, compare=False)

    def _table(self, schema: str, name: str, columns: Iterable[str]) -> TableClause:
        """Made once: a plan of thousands of stages names each table many times."""
        key = (schema, name)
        if key not in self._made:
            self._made[key] = table(schema, name, *columns)
        return self._made[key]

    def source(self, source: SourcePlan, *columns: str) -> TableClause | Subquery:
        """Where a source's rows stand: a table of its own or of another pipeline, or the files loaded into raw. Its
        columns have the names that they are asked for by."""
        names = columns or source.relation.names
        if source.published is not None:
            return table(self.schemas[source.published.layer], source.published.stage, *names)
        if source.table is None:
            return self._spelt(source, self.schemas["raw"], source.name, names)
        schema, _, name = self._expanded(source.table).rpartition(".")
        return self._spelt(source, schema or None, name, names)

    def _spelt(self, source: SourcePlan, schema: str | None, name: str, names: Iterable[str]) -> TableClause | Subquery:
        """Columns that stand there with other capitals than asked for, on a warehouse that tells them apart."""
        stands = {n: self._stands(source, n) for n in names}
        place = table(schema, name, *dict.fromkeys(stands.values()))
        if all(n == found for n, found in stands.items()):
            return place
        return sa.select(*(column_of(place, found).label(n) for n, found in stands.items())).subquery(source.name)

    def _stands(self, source: SourcePlan, name: str) -> str:
        if source.table is not None:
            return self.spellings.get(source.name, {}).get(name.lower(), name)
        return name.lower() if self.tells_case and source.declared is None else name

    def _expanded(self, text: str) -> str:
        try:
            return expand_variables(text, self.environment)
        except SourceProblem:
            return text  # a run refuses it, with the source's name, before it reads

    def schema(self, stage: StagePlan) -> str:
        return self.schemas[stage.layer]

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Schema and name of every stage of this run, and of what it held back."""
        stages = [s for s in self.plan.stages if self.selected is None or s.name in self.selected]
        held = {(self.schemas["quarantine"], f"{s.name}__quarantine") for s in stages}
        return frozenset(held | {(self.schema(s), s.name) for s in stages})

    def live(self, stage: StagePlan) -> TableClause:
        """What others read: a view, or a published table."""
        return self._table(self.schema(stage), stage.name, stage.relation.names)

    def candidate(self, stage: StagePlan, *hidden: str) -> TableClause:
        return self._table(self.schema(stage), f"{stage.name}__new", (*self.stored(stage), *hidden))

    def rows(self, stage: StagePlan, *hidden: str) -> TableClause:
        return self._table(self.schema(stage), f"{stage.name}__rows", (*self.stored(stage), *hidden))

    def next(self, stage: StagePlan) -> TableClause:
        """A published table as it will be once the run has published."""
        return self._table(self.schema(stage), f"{stage.name}__next", stage.relation.names)

    def quarantine(self, stage: SourcePlan | StagePlan) -> TableClause:
        return table(self.schemas["quarantine"], f"{stage.name}__quarantine")

    def stored(self, stage: StagePlan) -> tuple[str, ...]:
        """The columns of the stored rows: the relation's, those dropped, and the framework's own."""
        return (*(c.name for c in stage.columns), BUCKET, REASONS, ROWS, ADDED, CONTENT)

    def read(self, stage: StagePlan) -> TableClause:
        """What stages of a run read: what it makes of a stage, or what stands of one that is not selected."""
        built = self.selected is None or stage.name in self.selected
        return self.next(stage) if built and stage.publication is not None else self.live(stage)
