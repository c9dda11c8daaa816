"""What is asked of a warehouse to see the way of a row: a select for each relation that it leads through."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Select

from framework.algebra import BUCKET, RANK, REASONS, ROWS, Read
from framework.compile.stages import Stages
from framework.ddl import column_of
from framework.plan import Plan, SourcePlan, StagePlan
from framework.way.following import ONE, Computed, Following
from framework.way.marking import SUMMED

# A source's rows as they came in; a stage's, as it makes them; a table's, as they stand.
About = Literal["came in", "made", "stands"]
SHOWN = 20  # rows of a relation


@dataclass(frozen=True, slots=True)
class Question:
    """`select` gives what each row is under the names of `columns`, and before them what became of it: how it ended,
    why, which version it was, whether each lookup found a row, of how many rows it was made and how many of them are
    on the way. What a relation has not is not among the columns of the select.

    It asks for one row more than is shown.
    """

    relation: str
    kind: str
    about: About
    reads: tuple[str, ...]
    select: Select[Any]
    columns: tuple[str, ...]
    lookups: tuple[tuple[str, str], ...] = ()


def starts(plan: Plan, key: Iterable[str], relation: str | None = None) -> tuple[str, ...]:
    """The relations in which a key is looked for: the one that is named, the stages that have its columns, or the
    sources. Raises KeyError with the columns that none has."""
    wanted = list(key)
    kinds: tuple[tuple[SourcePlan | StagePlan, ...], ...] = (plan.stages, plan.sources)
    if relation is not None:
        kinds = (tuple(r for kind in kinds for r in kind if r.name == relation),)
    for kind in kinds:
        found = tuple(r.name for r in kind if all(r.relation.column(name) is not None for name in wanted))
        if found:
            return found
    there = [r.relation for kind in kinds for r in kind]
    raise KeyError(*([n for n in wanted if all(r.column(n) is None for r in there)] or wanted))


def questions(plan: Plan, stages: Stages, key: Iterable[str], found: Iterable[str]) -> tuple[Question, ...]:
    """The questions in the order of the plan. `found` are the relations that `starts` gives."""
    following = Following(plan, stages, tuple(key), found)
    return (*_sources(following), *_stages(following))


def _sources(following: Following) -> Iterator[Question]:
    for source in following.plan.sources:
        reader = next((s for s in following.plan.stages if _comes_in(following, s, source.name)), None)
        came = None if reader is None else following.came(reader)
        if came is not None and came.marked.came:
            assert reader is not None
            columns = [column_of(came.rows, copy).label(name) for name, copy in came.marked.came]
            select = sa.select(*columns).select_from(came.rows).where(came.followed)
            select = select.order_by(*(column_of(came.rows, copy) for copy in _ordering(source, came)))
            yield _question(source.name, "source", "came in", (reader.name,), select, source.relation.names)
        elif following.trails(source.name):
            rows = following.stages.read(source.name, source.relation.names).alias(source.name)
            select = sa.select(*(column_of(rows, n) for n in source.relation.names)).select_from(rows)
            select = select.where(following.holds(source.name, rows))
            yield _question(source.name, "source", "came in", (), select, source.relation.names)


def _comes_in(following: Following, stage: StagePlan, source: str) -> bool:
    """Whether the rows of a source are those that a stage on the way is made of."""
    return stage.query.input == Read(source) and bool(following.trails(stage.name))


def _ordering(source: SourcePlan, came: Computed) -> Iterator[str]:
    """What puts the rows in an order that is always the same; not every warehouse can compare two json."""
    for name, copy in came.marked.came:
        column = source.relation.column(name)
        if column is not None and column.type.name != "json":
            yield copy


def _stages(following: Following) -> Iterator[Question]:
    for stage in following.plan.stages:
        if not following.trails(stage.name):
            continue
        computed = following.computed(stage)
        if computed is not None:
            yield _made(stage, computed)
        if computed is None or stage.publication is not None:
            rows = following.stages.tables.live(stage).alias(stage.name)
            select = sa.select(*(column_of(rows, n) for n in stage.relation.names)).select_from(rows)
            select = select.where(following.holds(stage.name, rows))
            yield _question(stage.name, stage.kind, "stands", stage.inputs, select, stage.relation.names)


def _made(stage: StagePlan, computed: Computed) -> Question:
    """Of what is published the key alone: its columns are told as they stand."""
    rows, names = computed.rows, stage.relation.names
    if stage.publication is not None:
        names = tuple(name for name in names if name in stage.publication.key)
    before = [n for n in (BUCKET, REASONS, RANK if computed.marked.ranked else "", ROWS) if n in computed.names]
    before += [SUMMED] if computed.marked.summed else []
    before += [matched for _, matched in computed.marked.lookups]
    columns: list[ColumnElement[Any]] = [column_of(rows, n) for n in dict.fromkeys((*before, *names))]
    select = sa.select(*(columns or [ONE])).select_from(rows).where(computed.followed)
    key = stage.relation.primary or frozenset[str]()
    order = (*(n for n in names if n in key), *([RANK] if computed.marked.ranked else []))
    select = select.order_by(*(column_of(rows, n) for n in order))
    return _question(stage.name, stage.kind, "made", stage.inputs, select, names, computed.marked.lookups)


def _question(
    relation: str,
    kind: str,
    about: About,
    reads: tuple[str, ...],
    select: Select[Any],
    columns: tuple[str, ...],
    lookups: tuple[tuple[str, str], ...] = (),
) -> Question:
    return Question(relation, kind, about, reads, select.limit(sa.literal_column(str(SHOWN + 1))), columns, lookups)


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a row, and what it holds. `ended` is a bucket of the ledger, `out` where it came out; `because`
    the checks that held it; `version` its place among the rows of its key, from 1; `lookups` whether each found a row;
    `summed` how many rows on the way are summed in it, of `rows` in all."""

    ended: str
    because: str | None
    version: int | None
    lookups: Mapping[str, bool]
    summed: int | None
    rows: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """`more`: there are rows that are not among these."""

    question: Question
    rows: tuple[Row, ...]
    more: bool


def answer(question: Question, found: Iterable[Mapping[str, Any]]) -> Answer:
    """What the rows of the question's select say."""
    rows = [_row(question, row) for row in found]
    return Answer(question, tuple(rows[:SHOWN]), len(rows) > SHOWN)


def _row(question: Question, row: Mapping[str, Any]) -> Row:
    return Row(
        row.get(BUCKET) or "out",
        row.get(REASONS),
        row.get(RANK),
        {name: bool(row[matched]) for name, matched in question.lookups},
        row.get(SUMMED),
        row.get(ROWS),
        {name: row[name] for name in question.columns},
    )
