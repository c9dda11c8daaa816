"""The rows of a run that hooks may ask for before anything is published."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from framework.compile.program import Program
from framework.compile.searches import Searches
from framework.execute.session import Session
from framework.execute.settings import Settings
from framework.expressions.tree import Expression
from framework.hooks import Rows


def hook_rows(session: Session, program: Program, engine: sa.Engine, settings: Settings) -> Rows:
    plan, warehouse = program.plan, session.warehouse
    sources = {source.name: source for source in plan.sources}
    searches = Searches(plan, warehouse, settings.schemas, program.selected)

    def select(name: str, where: Expression | None = None, columns: Sequence[str] = ()) -> sa.Select[Any]:
        return searches.select(sources.get(name) or plan.stage(name), where, columns)

    def fetch(name: str, where: Expression | None, columns: Sequence[str], most: int) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in session.do(select(name, where, columns).limit(most))]

    return Rows(warehouse, session.connection, engine, program.selected, select, fetch)
