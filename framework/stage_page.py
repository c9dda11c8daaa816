"""What a stage is, told of the plan and of its SQL: what there is one row per and why, columns, checks."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from framework.algebra import Group
from framework.assertion import Assertion, ProvedTest, SetTest
from framework.compile.program import Program
from framework.compile.text import candidate
from framework.dependencies import per_shown
from framework.load import Pipeline
from framework.model import Stage
from framework.plan import StagePlan
from framework.printing import table
from framework.relation import shown


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A candidate key, and how it is known to be one."""

    columns: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """`per` is what its figure is one per, each where several are added up, and empty where none is; `repeats` says
    that it may stand in more rows than that, so that adding it up is refused."""

    name: str
    type: str
    nullable: bool
    classification: str | None
    per: tuple[str, ...]
    repeats: bool


@dataclass(frozen=True, slots=True)
class CheckLine:
    """`judged` is `proved`, or `measured` on every run."""

    name: str
    on_fail: str
    judged: str
    place: str


@dataclass(frozen=True, slots=True)
class StagePage:
    """`on_the_way` is the stage that computes this one in a run, where it is not stored; `sql` is what makes it by
    itself."""

    name: str
    kind: str
    layer: str
    description: str | None
    reads: tuple[str, ...]
    keys: tuple[KeyLine, ...]
    columns: tuple[ColumnLine, ...]
    checks: tuple[CheckLine, ...]
    on_the_way: str | None
    warehouse: str
    sql: str


def stage_page(pipeline: Pipeline, whole: Program, alone: Program, dialect: sa.Dialect) -> StagePage:
    """The page of the one stage of `alone`; `whole` is the program of all stages."""
    (program,) = alone.stages
    stage = program.stage
    readers = [p.stage.name for p in whole.stages if stage.name in {a.stage.name for a in p.accounts[:-1]}]
    return StagePage(
        stage.name,
        stage.kind,
        stage.layer,
        stage.description,
        stage.inputs,
        tuple(_keys(stage, pipeline.model.stages[stage.name])),
        tuple(_columns(stage)),
        tuple(_check(assertion, pipeline) for assertion in stage.assertions),
        readers[0] if readers else None,
        whole.warehouse,
        candidate(program, dialect),
    )


def _keys(stage: StagePlan, model: Stage) -> Iterator[KeyLine]:
    """The key that the stage is known by, then the others, the smallest first."""
    found = sorted(stage.relation.keys, key=lambda key: (key != stage.relation.primary, len(key), sorted(key)))
    for key in found:
        names = tuple(name for name in stage.relation.names if name in key)
        yield KeyLine(names, _because(frozenset(key), stage, model))


def _because(key: frozenset[str], stage: StagePlan, model: Stage) -> str:
    if stage.publication is not None and stage.publication.surrogate_key in key:
        return "proved: a hash of the key"
    judging = _judging(key, stage)
    if judging is not None and not isinstance(judging.test, ProvedTest):
        return f"measured on every run, by the check {judging.name}"
    if any(isinstance(step, Group) for step in stage.query.steps):
        return "proved: the rows are grouped by it"
    if key == stage.relation.primary and getattr(model, "deduplicate", None) is not None:
        return "proved: `deduplicate` keeps one row of each"
    return f"proved: it follows from {' and '.join(f'`{name}`' for name in stage.inputs)}"


def _judging(key: frozenset[str], stage: StagePlan) -> Assertion | None:
    """The check that no two rows share these columns: the framework's own for the key, or one of the author's."""
    for assertion in stage.assertions:
        if assertion.check == "unique" and assertion.arguments is None and key == stage.relation.primary:
            return assertion
        if isinstance(assertion.test, SetTest) and key == frozenset(assertion.test.key):
            return assertion
    return None


def _columns(stage: StagePlan) -> Iterator[ColumnLine]:
    for column in stage.relation.columns:
        parts = stage.known.figures(column.name)
        per = tuple(dict.fromkeys(per_shown(part, stage.known) for part in parts))
        repeats = any(stage.known.repeats(part) for part in parts)
        yield ColumnLine(column.name, str(column.type), column.nullable, column.classification, per, repeats)


def _check(assertion: Assertion, pipeline: Pipeline) -> CheckLine:
    at = pipeline.document.locate(assertion.place)
    judged = "proved" if isinstance(assertion.test, ProvedTest) else "measured"
    return CheckLine(assertion.name, assertion.on_fail, judged, f"{at.path}:{at.line}:{at.column}")


# -- for a terminal


def as_text(page: StagePage) -> str:
    reads = f" reads {', '.join(page.reads)}" if page.reads else ""
    parts = [f"{page.name}: {page.kind}, in {page.layer},{reads}"]
    if page.description:
        parts.append(page.description)
    parts.append("\n".join(f"one row per {shown(key.columns)}: {key.because}" for key in page.keys))
    rows = [(c.name, c.type, "yes" if c.nullable else "no", c.classification or "", _per(c)) for c in page.columns]
    parts.append(table(("column", "type", "null", "class", "one figure per"), rows))
    if page.checks:
        checks = [(c.name, c.on_fail, c.judged, c.place) for c in page.checks]
        parts.append(table(("check", "on_fail", "how", "at"), checks))
    where = f"; a run computes it on the way in `{page.on_the_way}`" if page.on_the_way else ""
    parts.append(f"the SQL for {page.warehouse}{where}:\n\n{page.sql}")
    return "\n\n".join(parts)


def _per(column: ColumnLine) -> str:
    return " + ".join(column.per) + (", and repeats" if column.repeats else "")


def as_dict(page: StagePage) -> dict[str, Any]:
    return asdict(page)
