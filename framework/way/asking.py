"""The questions put to a target: what stands there is read, and nothing changed."""

import os
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from framework.compile.stages import Stages
from framework.compile.tables import Tables
from framework.execute import Settings, clock
from framework.execute.drift import spellings
from framework.execute.session import Session, Stopped
from framework.plan import Plan
from framework.project import Project
from framework.target import connected, opened
from framework.warehouse import Refusal, Unreachable, Warehouse
from framework.way.questions import Answer, Question, answer, questions
from framework.way.trails import bound


def offline(plan: Plan, warehouse: Warehouse, here: Project, key: Mapping[str, str], starts: tuple[str, ...]) -> Any:
    """The questions as they are put to a warehouse, with no connection."""
    tables = Tables(plan, here.schemas, frozenset())
    return questions(plan, Stages(plan, tables, warehouse, {}), key, starts)


def answers(
    plan: Plan,
    here: Project,
    name: str | None,
    key: Mapping[str, str],
    starts: tuple[str, ...],
    variables: Mapping[str, Any],
) -> tuple[str, sa.Dialect, tuple[Answer, ...]]:
    """The name of the target, its dialect, and what it holds. Raises Unreachable where a stage does not stand yet."""
    with opened(here, name, reading=True) as target, connected(target) as connection:
        spelt = spellings(target.engine, plan) if target.warehouse.tells_case else {}
        tables = Tables(plan, here.schemas, frozenset(), os.environ, target.warehouse.tells_case, spelt)
        asked = questions(plan, Stages(plan, tables, target.warehouse, {}), key, starts)
        settings = Settings("", clock(), here.root, target.name, target.place, here.schemas, {}, variables)
        given = {bound(column): value for column, value in key.items()}
        session = Session(connection, target.warehouse, settings.bound | given, target.place)
        try:
            with session.explained():
                _refuse_missing(plan, here, session, target.name)
                found = tuple(_answer(session, question) for question in asked)
        except Stopped as stopped:
            raise Unreachable(Refusal(stopped.message, stopped.help)) from None
        return target.name, target.warehouse.dialect(), found


def _answer(session: Session, question: Question) -> Answer:
    session.begins(f"looking at {question.relation}")
    return answer(question, (row._mapping for row in session.do(question.select)))


def _refuse_missing(plan: Plan, here: Project, session: Session, target: str) -> None:
    there: dict[str, Mapping[str, str]] = {}
    for stage in plan.stages:
        schema = here.schemas[stage.layer]
        if schema not in there:
            there[schema] = session.relations(schema)
        if stage.name not in there[schema]:
            message = f"`{stage.name}` does not stand on target {target}"
            raise Unreachable(Refusal(message, f"framework run {plan.path}"))
