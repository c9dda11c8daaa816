"""The rows that fail a check, as a query over any rows of its relation: what a checking tool can run by itself."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select, TableClause

from framework.assertion import Assertion, HeldTest, MeasureTest, RowTest, SetTest
from framework.compile.folding import forms
from framework.compile.rows import lower_query
from framework.compile.scan import over
from framework.compile.stages import Stages
from framework.compile.tables import DEFAULT_SCHEMAS, Tables
from framework.compile.text import name_variables
from framework.ddl import column_of
from framework.expressions.lowering import lower
from framework.expressions.strictness import every
from framework.expressions.tree import Expression, Reference
from framework.expressions.typed import literal
from framework.plan import Plan, SourcePlan, StagePlan
from framework.warehouse import Warehouse

# A name or a literal that holds a colon: SQLAlchemy, through which GX asks, would take what follows for a variable.
_COLON = re.compile(r""""(?:[^"]|"")*"|E'(?:[^'\\]|\'\'|\\.)*'|'(?:[^']|\'\')*'""")
_BATCH = "__the_rows_to_judge__"  # no name of an author's, and no brace, which a query may hold as it is


@dataclass(frozen=True, slots=True)
class Search:
    """A query whose rows are what fails, for GX. `{batch}` in it stands for the rows to judge, and other braces are
    doubled; a colon in a literal is written as an escape. `variables` are the names of what a run binds."""

    text: str
    variables: tuple[str, ...]

    @property
    def select(self) -> str:
        """The text of a query without `{batch}`, beginning with SELECT, as GX takes it for rows."""
        single = self.text.replace("{{", "{").replace("}}", "}")
        return single if single.startswith("SELECT ") else f"SELECT * FROM (\n{single}\n) AS judged"

    @property
    def plain(self) -> str:
        """The same as a warehouse takes it."""
        return self.select.replace("\\:", ":")


class Searches:
    """Queries for one warehouse, written for its own client: over what stands, or, while a run goes on, over the
    published tables as they will stand."""

    def __init__(
        self,
        plan: Plan,
        warehouse: Warehouse,
        schemas: Mapping[str, str] = DEFAULT_SCHEMAS,
        running: frozenset[str] = frozenset(),
    ) -> None:
        tables = Tables(plan, schemas, running)
        self.stages = Stages(plan, tables, warehouse, forms(plan, ()))
        self.lowering, self.dialect = warehouse.lowering, warehouse.dialect()
        name_variables(self.dialect)
        self.colon = _escaped if warehouse.name == "postgres" else _marked

    def rows(self, relation: SourcePlan | StagePlan, where: Expression | None = None) -> Search:
        """As `select`, as text."""
        return self._text(self.select(relation, where))

    def select(
        self, relation: SourcePlan | StagePlan, where: Expression | None = None, columns: Sequence[str] = ()
    ) -> Select[Any]:
        """The rows of a relation for which a condition holds, in these columns or all of them; of a source, with the
        types of its contract."""
        if isinstance(relation, SourcePlan):
            query = replace(relation.query, output=relation.relation.names)
            typed = lower_query(query, self.stages.read, self.lowering, verdict=False).select
            rows: FromClause = typed.cte(f"{relation.name}_typed")
        else:
            rows = self.stages.tables.read(relation)
        names = columns or relation.relation.names
        select = sa.select(*(column_of(rows, name) for name in names)).select_from(rows)
        return select if where is None else select.where(self._lower(where, rows))

    def table(self, stage: StagePlan) -> TableClause:
        """Where the rows of a stage stand."""
        return self.stages.tables.live(stage)

    def failing(
        self, relation: SourcePlan | StagePlan, assertion: Assertion, bounds: tuple[float, float] | None = None
    ) -> Search | None:
        """What fails a check, its `where` included; None for one that is not known by rows. `bounds` are those in which
        a figure that is held against its history is to be expected."""
        test = assertion.test.test if isinstance(assertion.test, HeldTest) else assertion.test
        batch = self._batch(relation).subquery(relation.name)
        if isinstance(test, RowTest):
            condition = every(assertion.where, test.failing)
            assert condition is not None
            return self._text(sa.select(*batch.c).where(self._lower(condition, batch)))
        if isinstance(test, SetTest):
            return self._text(self._set(relation, test, batch))
        if isinstance(test, MeasureTest) and (test.trend is None or bounds is not None):
            return self._text(self._measured(test, assertion.where, batch, bounds))
        return None

    def _batch(self, relation: SourcePlan | StagePlan) -> Any:
        columns: list[Any] = [sa.column(name) for name in relation.relation.names]
        return sa.text(f"SELECT * FROM {_BATCH}").columns(*columns)

    def _set(self, relation: SourcePlan | StagePlan, test: SetTest, batch: Any) -> Select[Any]:
        """A source is read where its text stands, for the query converts it; the batch is named all the same."""
        if isinstance(relation, StagePlan):
            read = self.stages.reading(relation, batch)
            return lower_query(test.failing, read, self.lowering, verdict=False).select
        select = lower_query(test.failing, self.stages.read, self.lowering, verdict=False).select
        return select.add_cte(self._batch(relation).cte("given"))

    def _measured(
        self, test: MeasureTest, where: Expression | None, batch: Any, bounds: tuple[float, float] | None
    ) -> Select[Any]:
        latest = test.maximum if test.warning is None else test.warning  # which comes before any `maximum`
        low, high = (test.minimum, latest) if bounds is None else bounds
        value = self._lower(over(test.value, where), batch).label("figure")
        judged = sa.select(value).select_from(batch).cte("judged")
        figure = judged.c.figure
        outside: list[ColumnElement[bool]] = []
        if low is not None:
            outside.append(figure <= self._bound(low) if test.above else figure < self._bound(low))
        if high is not None:
            outside.append(figure >= self._bound(high) if test.below else figure > self._bound(high))
        if test.required:
            outside.append(figure.is_(None))
        return sa.select(figure).where(sa.or_(*outside))

    def _lower(self, e: Expression, rows: FromClause) -> ColumnElement[Any]:
        def column(reference: Reference) -> ColumnElement[Any]:
            return column_of(rows, reference.name)

        return lower(e, column, self.lowering)

    def _bound(self, value: Any) -> ColumnElement[Any]:
        return self._lower(literal(Decimal(repr(value)) if isinstance(value, float) else value), sa.table(_BATCH))

    def _text(self, select: Select[Any]) -> Search:
        compiled = select.compile(dialect=self.dialect)
        text = _COLON.sub(self.colon, str(compiled))
        text = text.replace("{", "{{").replace("}", "}}").replace(_BATCH, "{batch}")
        return Search("\n".join(line.rstrip() for line in text.splitlines()), tuple(sorted(compiled.binds)))


def _escaped(found: re.Match[str]) -> str:
    """The literal without a colon, as Postgres writes it: GX makes SQLAlchemy read a text twice."""
    text = found[0]
    if ":" not in text or text.startswith('"'):
        return text
    text = text if text.startswith("E") else "E" + text.replace("\\", "\\\\")
    return text.replace(":", "\\x3a")


def _marked(found: re.Match[str]) -> str:
    return found[0].replace(":", "\\:")
