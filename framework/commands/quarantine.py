"""What a pipeline held back: list it, show how to see it, replay it after a fix, discard it with a reason."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from framework import project, request, standing
from framework.compile.holding import DISCARDS, FIRST_RUN, HELD, STAGE
from framework.compile.tables import CONTENT, Tables
from framework.diagnostics import Code, Diagnostic, PipelineError, suggest
from framework.execute.session import Session, Stopped
from framework.launch import launch
from framework.load import Pipeline, load
from framework.plan import Plan
from framework.printing import SCHEMA_VERSION, as_json, table
from framework.project import Project
from framework.resolve import resolve
from framework.target import Target, connected, opened
from framework.warehouse import Refusal, Unreachable

UNKNOWN_STAGE = Code("F190", "a stage that holds nothing back")
NOT_TOLD = Code("F191", "an action of quarantine that is not told enough")

_OWN = ("_bucket", "_reasons", STAGE, FIRST_RUN, CONTENT)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("list", "show", "replay", "discard"), help="what to do with what was held back"
    )
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the pipeline's file")
    parser.add_argument(
        "stage", nargs="?", metavar="STAGE", help="the stage or source that holds the rows; not for list"
    )
    parser.add_argument("--target", help="a target of framework.yaml; the default one otherwise")
    request.variable_arguments(parser)
    request.interval_arguments(parser)
    parser.add_argument("--show-values", action="store_true", help="show: print the rows themselves")
    parser.add_argument("--reason", help="discard: why; it stays in the ledger")
    parser.add_argument(
        "--key", action="append", default=[], metavar="COLUMN=VALUE", help="discard: rows with this value; repeatable"
    )
    parser.add_argument("--check", help="discard: rows that failed this check")
    parser.add_argument("--all", action="store_true", help="discard: every row that the stage holds now")


def _complete(options: argparse.Namespace) -> None:
    """Raises PipelineError for what the action needs and was not given."""
    if options.action != "list" and options.stage is None:
        raise PipelineError(Diagnostic(NOT_TOLD, f"{options.action} needs a stage", None, "framework quarantine list"))
    if options.action == "discard" and not (options.reason or "").strip():
        help = 'write --reason "..."; it stays in the ledger'
        raise PipelineError(Diagnostic(NOT_TOLD, "discard needs a reason", None, help))
    if options.action == "discard" and not (options.key or options.check or options.all):
        help = "write --key COLUMN=VALUE, --check NAME or --all"
        raise PipelineError(Diagnostic(NOT_TOLD, "which rows are to be discarded is not told", None, help))


def _refuse_source(plan: Plan, options: argparse.Namespace) -> None:
    """Raises PipelineError for what can be done with the rows of a stage alone."""
    if options.action in ("replay", "discard") and any(s.name == options.stage for s in plan.sources):
        message = f"{options.action} is for a stage, and `{options.stage}` is a source"
        help = "mend the file or the contract, and run again: each run reads the source anew"
        raise PipelineError(Diagnostic(UNKNOWN_STAGE, message, None, help))


def run(options: argparse.Namespace) -> int:
    _complete(options)
    here = project.find(Path.cwd())
    pipeline = load(options.pipeline)
    plan = resolve(pipeline)
    _refuse_source(plan, options)
    if options.action == "replay":
        return _replay(pipeline, plan, here, options)
    actions: Mapping[str, Callable[..., int]] = {"list": _list, "show": _show, "discard": _discard}
    with _opened(plan, here, options) as quarantine:
        return actions[options.action](quarantine, options)


@contextmanager
def _opened(plan: Plan, here: Project, options: argparse.Namespace) -> Iterator["_Quarantine"]:
    with opened(here, options.target) as target, connected(target) as connection, connection.begin():
        try:
            with Session(connection, target.warehouse, {}, target.place).explained():
                yield _Quarantine(plan, Tables(plan, here.schemas), target, connection)
        except Stopped as stopped:
            raise Unreachable(Refusal(stopped.message, stopped.help)) from None


def _replay(pipeline: Pipeline, plan: Plan, here: Project, options: argparse.Namespace) -> int:
    """Builds the stage anew, and what follows from it: rows that pass now go on, by their keys."""
    with _opened(plan, here, options) as quarantine:
        before = sum(c["rows"] for c in quarantine.counts(quarantine.held(options.stage, options)))
    told = {"select": [f"{options.stage}+"], "exclude": [], "as_of": None, "full_refresh": False}
    asked = argparse.Namespace(**{**vars(options), **told, "threads": 1, "fail_fast": False, "memos": False})
    result = launch(pipeline, plan, request.read(plan, asked, runs=True), here, asked)
    account = next((s.ledger for s in result.stages if s.name == options.stage), None)
    if account is not None and options.output == "text":
        after = sum(account.buckets.get(bucket, 0) for bucket in HELD)
        print(f"`{options.stage}` held {before:,} rows back, and holds {after:,} now")
    return result.exit_code


@dataclass(frozen=True, slots=True)
class _Quarantine:
    """What a pipeline holds back in a target."""

    plan: Plan
    tables: Tables
    target: Target
    connection: sa.Connection

    def relations(self) -> Iterator[str]:
        """The sources and stages that hold rows or lines back now."""
        schema = self.tables.schemas["quarantine"]
        standing_now = self.target.warehouse.relations(self.connection, schema)
        # What another pipeline publishes is held back there, and nothing of a table is.
        files = (source.name for source in self.plan.sources if source.path is not None)
        names = [*files, *(stage.name for stage in self.plan.stages)]
        yield from (name for name in names if f"{name}__quarantine" in standing_now)

    def held(self, stage: str, options: argparse.Namespace) -> sa.TableClause:
        """The quarantine of a stage, with its columns. Raises PipelineError where there is none."""
        known = list(self.relations())
        if stage not in known:
            help = suggest(stage, known) if known else "nothing is held back by this pipeline"
            raise PipelineError(Diagnostic(UNKNOWN_STAGE, f"`{stage}` holds nothing back", None, help))
        schema, name = self.tables.schemas["quarantine"], f"{stage}__quarantine"
        columns = self.target.warehouse.columns(self.connection, schema, name)
        return sa.table(name, *(sa.column(c) for c in columns), schema=schema)

    def counts(self, held: sa.TableClause) -> list[dict[str, Any]]:
        """Rows by bucket and by the checks that they failed, with the run that first held one of them."""
        by = [held.c["_bucket"], *(held.c[n] for n in ("_reasons",) if n in held.c)]
        reasons = by[1] if len(by) > 1 else sa.null()
        counted = sa.select(by[0], reasons, sa.func.count(), sa.func.min(held.c[FIRST_RUN]))
        rows = self.connection.execute(counted.select_from(held).group_by(*by).order_by(*by))
        return [{"bucket": b, "checks": r or "[]", "rows": int(n), "first_run": run} for b, r, n, run in rows]


def _why(counted: Mapping[str, Any]) -> str:
    """The checks; a row that is rejected without one has a null in its key."""
    checks = str(counted["checks"])
    return "a null in the key" if (counted["bucket"], checks) == ("rejected", "[]") else checks


def _list(quarantine: _Quarantine, options: argparse.Namespace) -> int:
    found = {stage: quarantine.counts(quarantine.held(stage, options)) for stage in quarantine.relations()}
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, "quarantine": found}))
        return 0
    rows = [(s, c["bucket"], _why(c), f"{c['rows']:,}", c["first_run"] or "") for s, cs in found.items() for c in cs]
    print(
        table(("held by", "bucket", "checks", "rows", "since run"), rows, right=(3,))
        if rows
        else "nothing is held back"
    )
    return 0


def _show(quarantine: _Quarantine, options: argparse.Namespace) -> int:
    held = quarantine.held(options.stage, options)
    counts = quarantine.counts(held)
    select = sa.select(*(c for c in held.c if c.name != CONTENT)).select_from(held)
    text = str(select.compile(dialect=quarantine.connection.dialect))
    rows = [dict(r._mapping) for r in quarantine.connection.execute(select)] if options.show_values else None
    if options.output == "json":
        shown = {"stage": options.stage, "query": text, "counts": counts}
        print(as_json({"schema_version": SCHEMA_VERSION, **shown, **({} if rows is None else {"rows": rows})}))
        return 0
    print(table(("bucket", "checks", "rows"), [(c["bucket"], _why(c), f"{c['rows']:,}") for c in counts], right=(2,)))
    print(f"\nThe rows are found by:\n{text}")
    if rows is not None:
        names = [c.name for c in held.c if c.name != CONTENT]
        print("\n" + table(names, [["" if r[n] is None else str(r[n]) for n in names] for r in rows]))
    return 0


def _discard(quarantine: _Quarantine, options: argparse.Namespace) -> int:
    held = quarantine.held(options.stage, options)
    known = sa.select(DISCARDS.c.content).where(DISCARDS.c.stage == options.stage)
    fitting = list(_conditions(quarantine, held, options))
    chosen = sa.select(held.c[CONTENT].label("content")).distinct().where(held.c[CONTENT].not_in(known), *fitting)
    if not quarantine.connection.execute(sa.select(sa.func.count()).select_from(held).where(*fitting)).scalar():
        message = f"`{options.stage}` holds no such row: nothing is discarded"
        help = f"framework quarantine show {options.pipeline} {options.stage}"
        raise PipelineError(Diagnostic(NOT_TOLD, message, None, help))
    at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    contents = list(quarantine.connection.execute(chosen).scalars())
    for content in contents:
        row = {"stage": options.stage, "content": content, "reason": options.reason, "discarded_at": at}
        quarantine.connection.execute(sa.insert(standing.DISCARDS).values(row))
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, "stage": options.stage, "discarded": len(contents)}))
        return 0
    print(f"{len(contents):,} discarded of `{options.stage}`; the next run leaves them out and says why")
    return 0


def _conditions(quarantine: _Quarantine, held: sa.TableClause, options: argparse.Namespace) -> Iterator[Any]:
    """What chooses the rows; all of it must hold."""
    for text in options.key:
        name, equals, value = text.partition("=")
        if not equals:
            message = "--key gives a column and no value"
            raise PipelineError(Diagnostic(NOT_TOLD, message, None, "write --key COLUMN=VALUE"))
        if name not in held.c or name in _OWN:
            known = [c.name for c in held.c if c.name not in _OWN]
            message = f"`{name}` is no column of what `{options.stage}` holds back"
            raise PipelineError(Diagnostic(NOT_TOLD, message, None, suggest(name, known)))
        yield sa.cast(held.c[name], sa.Text()) == value
    if options.check:
        failed = {name for c in quarantine.counts(held) for name in json.loads(c["checks"])}
        if options.check not in failed:
            message = f"no row that `{options.stage}` holds has failed `{options.check}`"
            help = suggest(options.check, failed) if failed else None
            raise PipelineError(Diagnostic(NOT_TOLD, message, None, help))
        yield held.c["_reasons"].contains(json.dumps(options.check), autoescape=True)
