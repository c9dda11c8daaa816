"""The way of a row through random pipelines: no row is lost on it, down or up."""

import random
from collections.abc import Mapping
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from proofs.pipelines import computed, made

from framework.algebra import Divert, Group, Hold, Join, Read, Repeat
from framework.compile.stages import Stages
from framework.compile.tables import Tables
from framework.compile.text import name_variables
from framework.plan import Plan, StagePlan
from framework.warehouses.duckdb import Duckdb
from framework.way.following import Following
from framework.way.questions import Question, questions
from framework.way.trails import bound

seeds = st.integers(0, 2**32)
EXAMPLES = settings.default.max_examples if settings.default else 100

Row = Mapping[str, Any]
Found = Mapping[tuple[str, str], list[Row]]


class _Standing(Tables):
    """Each relation as a table by its own name, as `computed` makes them."""

    def live(self, stage: StagePlan) -> sa.TableClause:
        return sa.table(stage.name, *map(sa.column, stage.relation.names))

    def read(self, stage: StagePlan) -> sa.TableClause:
        return self.live(stage)

    def source(self, source: Any, *columns: str) -> sa.TableClause:
        return sa.table(source.name, *map(sa.column, columns or source.relation.names))


def _asked(connection: duckdb.DuckDBPyConnection, select: Any, key: Mapping[str, str]) -> list[Row]:
    dialect = Duckdb().dialect()
    name_variables(dialect)
    compiled = select.compile(dialect=dialect)
    text = str(compiled)
    for name in sorted(key, key=len, reverse=True):
        text = text.replace(f":{bound(name)}", f"${bound(name)}")
    wanted = {bound(n): v for n, v in key.items() if f"${bound(n)}" in text}
    found = connection.execute(text, wanted) if wanted else connection.execute(text)
    names = [name for name, *_ in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _chosen(plan: Plan, connection: duckdb.DuckDBPyConnection, chance: random.Random) -> tuple[str, dict[str, str]]:
    """A row of a stage, by one of the stage's keys; no key where the one that was chosen has a null."""
    stage = chance.choice(plan.stages)
    keys = sorted(map(sorted, stage.relation.keys))
    rows = connection.execute(f"SELECT * FROM {stage.name}")
    names = [name for name, *_ in rows.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    if not found or not keys or not keys[0]:
        return stage.name, {}
    row, key = chance.choice(found), chance.choice(keys)
    values = {name: row[name] for name in key}
    return stage.name, {} if None in values.values() else {name: str(value) for name, value in values.items()}


@settings(max_examples=EXAMPLES, deadline=None)
@given(seeds, seeds)
def test_no_row_is_lost_on_the_way(pipeline: int, given_rows: int) -> None:
    plan = made(pipeline).plan
    assert plan is not None
    connection = computed(plan, given_rows)
    if connection is None:
        return
    with connection:
        start, key = _chosen(plan, connection, random.Random(given_rows))
        if not key:
            return
        stages = Stages(plan, _Standing(plan, selected=frozenset()), Duckdb(), {})
        asked = questions(plan, stages, key, [start])
        rows: Found = {(q.relation, q.about): _asked(connection, q.select.limit(None), key) for q in asked}
        following = Following(plan, stages, tuple(key), [start])
        assert rows.get((start, "made")) or rows[start, "stands"]
        for question in asked:
            _down(plan, following, connection, question, rows, key)
            _up(plan, following, question, rows)


def _down(
    plan: Plan,
    following: Following,
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    rows: Found,
    key: Mapping[str, str],
) -> None:
    """Each row of the one input that is on the way is one that the stage makes something of."""
    stage = next((s for s in plan.stages if s.name == question.relation), None)
    if stage is None or question.about != "made" or not isinstance(stage.query.input, Read):
        return
    above = stage.query.input.relation
    if stage.name not in following.down or stage.name in following.starts or above not in following.down:
        return
    side = following.stages.read(above, ()).alias("stands")
    came = len(_asked(connection, sa.select(*side.c).where(following.holds(above, side)), key))
    groups = [step for step in stage.query.steps if isinstance(step, Group)]
    before = stage.query.steps[: stage.query.steps.index(groups[0])] if groups else ()
    if not groups:
        full = any(isinstance(s, Repeat) or (isinstance(s, Join) and s.multiplies) for s in stage.query.steps)
        made_of = len(rows[stage.name, "made"])
        assert made_of >= came if full else made_of == came, (stage.name, made_of, came)
    elif not any(isinstance(s, Divert | Hold | Repeat) or (isinstance(s, Join) and s.multiplies) for s in before):
        assert sum(row["_followed_rows"] for row in rows[stage.name, "made"]) == came, stage.name


def _up(plan: Plan, following: Following, question: Question, rows: Found) -> None:
    """What a row that came out was made of came out as well, of a stage, or came in, of a source."""
    stage = next((s for s in plan.stages if s.name == question.relation), None)
    if stage is None or question.about != "made" or not isinstance(stage.query.input, Read):
        return
    if stage.name not in following.starts and stage.name not in following.up:
        return
    above = stage.query.input.relation
    out = [row for row in rows[stage.name, "made"] if row.get("_bucket", "out") == "out"]
    full = any(isinstance(step, Join) and step.type == "full" for step in stage.query.steps)
    if not out or full:  # a row of the right side alone is made of none above
        return
    if above in {source.name for source in plan.sources}:
        assert rows[above, "came in"]
    elif (above, "made") in rows:
        assert [row for row in rows[above, "made"] if row.get("_bucket", "out") == "out"], (stage.name, above)


@pytest.mark.parametrize("seed", range(3))
def test_the_questions_are_the_same_each_time(seed: int) -> None:
    plan = made(seed).plan
    assert plan is not None
    stage = next(s for s in plan.stages if s.relation.primary)
    stages = Stages(plan, Tables(plan, selected=frozenset()), Duckdb(), {})
    key = sorted(stage.relation.primary or ())
    first, second = (questions(plan, stages, key, [stage.name]) for _ in range(2))
    assert [str(q.select) for q in first] == [str(q.select) for q in second]
