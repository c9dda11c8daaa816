"""The one module that prints: diagnostics, runs and tables, as text or JSON. It is given data."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Self, get_args

from framework import plugins, reports
from framework.diagnostics import Diagnostic
from framework.run import CheckResult, CheckStatus, LedgerLine, Run

SCHEMA_VERSION = reports.SCHEMA_VERSION


def coloured(options: argparse.Namespace, stream: Any) -> bool:
    return stream.isatty() and not options.no_color and "NO_COLOR" not in os.environ


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")


def print_diagnostics(
    diagnostics: Sequence[Diagnostic], options: argparse.Namespace, passed: Sequence[str] | None = None
) -> None:
    """Every diagnostic in the form that was asked for, and where it is for people, the lines of what passed."""
    form = plugins.load(reports, options.output)
    said = form.said(reports.Report(diagnostics, passed, coloured(options, sys.stderr)))
    print(said.err, end="", file=sys.stderr)
    print(said.out, end="")


def print_refusal(message: str, help: str | None, code: str | None, options: argparse.Namespace) -> None:
    if options.output == "json":
        told = {"status": "refused", "message": message, "help": help, "code": code}
        print(as_json({"schema_version": SCHEMA_VERSION, **told}))
        return
    print(f"framework: {f'{code} ' if code else ''}{message}" + (f"\nhelp: {help}" if help else ""), file=sys.stderr)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Columns of text, aligned; `right` names the columns that are numbers."""
    cells = [list(headers), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headers))]
    lines = []
    for row in cells:
        line = "  ".join(
            c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        lines.append(line.rstrip())
    return "\n".join(lines)


# -- a run


class Progress:
    """Shows what a run works on: a bar on a terminal, plain lines elsewhere, nothing for JSON."""

    def __init__(self, total: int, options: argparse.Namespace) -> None:
        self.total, self.options = total, options
        self.bar: Any = None
        self.task: Any = None
        self.last = ""

    def __enter__(self) -> Self:
        if self.options.output == "text" and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            console = Console(stderr=True, no_color=not coloured(self.options, sys.stderr))
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self.bar = Bar(*columns, console=console, transient=True)
            self.bar.start()
            self.task = self.bar.add_task("", total=self.total)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, name: str, action: str) -> None:
        if self.bar is not None:
            advance = 1 if self.last and name != self.last else 0
            self.bar.update(self.task, description=f"{action} {name}".strip(), advance=advance)
        elif self.options.output == "text" and name != self.last:
            # The line's end with it: stages that are built at once would come between.
            print(f"{action} {name}".strip() + "\n", end="", file=sys.stderr)
        self.last = name


def run_as_dict(run: Run) -> dict[str, Any]:
    told = asdict(run)
    for check in told["checks"]:
        del check["figure"]  # it may be a cell's value
    return {"schema_version": SCHEMA_VERSION, "exit_code": run.exit_code, **told}


def print_run(run: Run, options: argparse.Namespace) -> None:
    """The closing tables of a run: stages, checks that did not pass, the ledger."""
    if options.output == "json":
        print(as_json(run_as_dict(run)))
        return
    print(_stages(run))
    bad = [c for c in run.checks if c.status not in ("passed", "proved")]
    if run.checks:
        print("\n" + "\n\n".join([*([_checks(bad)] if bad else []), _summed(run.checks)]))
    ledger = [s.ledger for s in run.sources] + [s.ledger for s in run.stages if s.ledger is not None]
    if ledger:
        print("\n" + "\n".join(_ledger(ledger)))
    for check in bad:
        if check.status == "failed" and check.query:
            print(f"\nThe rows that fail {check.name} of {check.relation} are counted by:\n{check.query}")
    for line in filter(None, [*map(_off, bad), *map(_unjudged, bad)]):
        print("\n" + line)
    for note in run.notes:
        print(f"\nnote: {note}")
    print("\n" + _closing(run))
    if run.help:
        print(f"help: {run.help}")


def _stages(run: Run) -> str:
    rows = [
        (
            s.name,
            s.kind,
            s.status,
            "" if s.rows is None else f"{s.rows:,}",
            f"{s.seconds:.2f}" if s.rows is not None else "",
        )
        for s in run.stages
    ]
    return table(("stage", "kind", "state", "rows", "seconds"), rows, right=(3, 4))


def _checks(checks: Iterable[CheckResult]) -> str:
    rows = [(c.relation, c.name, c.status, _failing(c), c.place) for c in checks]
    return table(("relation", "check", "result", "rows", "at"), rows, right=(3,))


def _failing(check: CheckResult) -> str:
    """The rows that fail; where some may, of how many."""
    if check.failing is None:
        return ""
    return f"{check.failing:,}" + ("" if check.mostly is None else f" of {check.judged:,}")


def _off(check: CheckResult) -> str | None:
    """How far a figure has left its own history."""
    trend = check.trend
    if trend is None or trend.low is None or trend.high is None:
        return None
    bounds = f"{_figure(trend.low)} to {_figure(trend.high)}"
    where = f"where the {trend.before} runs before let {bounds} be expected"
    return f"{check.name} of {check.relation}: {_figure(trend.figure)}, {where}"


def _unjudged(check: CheckResult) -> str | None:
    return check.error and f"{check.name} of {check.relation} could not be judged: {check.error}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1_000 else f"{value:,.4g}"


def _summed(checks: Iterable[CheckResult]) -> str:
    """How many checks came to what."""
    found = Counter(check.status for check in checks)
    return f"checks: {', '.join(f'{found[s]:,} {s}' for s in get_args(CheckStatus) if found[s])}"


def _ledger(lines: Iterable[LedgerLine]) -> Iterable[str]:
    """A small waterfall: what came in, where it went, what came out."""
    yield "ledger"
    for account in lines:
        parts = [f"{account.rows_in:,} in"]
        if account.added:
            parts.append(f"+ {account.added:,} added")
        parts += [f"- {n:,} {b}" for b, n in account.buckets.items() if n and b not in ("out", "grouped")]
        if account.grouped is not None:
            parts.append(f"= {account.buckets.get('grouped', 0):,} grouped")
            parts.append(f"into {sum(account.grouped.values()):,}")
            parts += [f"- {n:,} {b}" for b, n in account.grouped.items() if n and b != "out"]
        elif account.open:
            parts.append(f"and {account.buckets.get('out', 0):,} out (open)")
        else:
            parts.append(f"= {account.buckets.get('out', 0):,} out")
        if account.changes is not None:
            c = account.changes
            deleted = f", {c.deleted:,} deleted" if c.deleted else ""
            parts.append(f"({c.inserted:,} inserted, {c.updated:,} updated, {c.unchanged:,} unchanged{deleted})")
        parts += [f"({rows:,} {name})" for name, rows in account.memos.items()]
        yield f"  {account.stage}: {' '.join(parts)}"
        for reason, rows in account.discards.items():
            yield f"    discarded, {counted(rows, 'row')}: {reason}"
        for money in account.money:
            came = [] if money.came_in is None else [f"{money.came_in:,f} in"]
            came += [f"+ {money.added:,f} added"] if money.added and money.came_in is not None else []
            gone = [f"- {v:,f} {b}" for b, v in money.buckets.items() if v and b not in ("out", "grouped")]
            out = money.buckets.get("out", money.buckets.get("grouped", Decimal(0)))
            yield f"    {money.column}: {' '.join([*came, *gone, f'= {out:,f}'])}"


def counted(number: int, what: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _closing(run: Run) -> str:
    end = f"in {run.seconds:.2f} s on target {run.target} ({run.warehouse}), run {run.run_id}"
    if run.status == "ok":
        held = f", {counted(run.quarantined, 'row')} quarantined" if run.quarantined else ""
        return f"ok{held}: {counted(sum(s.status == 'published' for s in run.stages), 'table')} published {end}"
    code = f" {run.code}" if run.code else ""
    return f"{run.status}{code}: {run.message} ({end})"
