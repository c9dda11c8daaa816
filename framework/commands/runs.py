"""Past runs, or one of them with its sources, stages and checks."""

import argparse
from pathlib import Path
from typing import Any

from framework import project
from framework.diagnostics import Code, Diagnostic, PipelineError
from framework.files.variables import expand_variables
from framework.printing import SCHEMA_VERSION, as_json, table
from framework.state import history

UNKNOWN_RUN = Code("F108", "unknown run")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", nargs="?", metavar="RUN", help="a run's id, or its beginning")
    parser.add_argument("--pipeline", help="only runs of this pipeline")
    parser.add_argument("--checks", metavar="RELATION", help="what the checks of a stage or source found, run by run")
    parser.add_argument("--limit", type=_count, default=20, help="how many runs (20)")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of runs; write 1, 2, ...")
    return int(text)


def run(options: argparse.Namespace) -> int:
    here = project.find(Path.cwd())
    with history(expand_variables(here.model.state), here.root) as past:
        if options.checks is not None:
            _results(past.results(options.checks, options.limit, options.pipeline), options)
            return 0
        if options.run_id is None:
            _list(past.runs(options.limit, options.pipeline), options)
            return 0
        found = past.run(options.run_id)
    if found is None:
        help = "framework runs lists them"
        raise PipelineError(Diagnostic(UNKNOWN_RUN, f"no single run begins with `{options.run_id}`", None, help))
    _show(found, options)
    return 0


def _list(runs: list[dict[str, Any]], options: argparse.Namespace) -> None:
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, "runs": runs}))
        return
    if not runs:
        print("no runs yet" + (f" of a pipeline `{options.pipeline}`" if options.pipeline else ""))
        return
    rows = [
        (r["run_id"], r["pipeline"], r["target"], str(r["started_at"])[:19], r["status"], _seconds(r)) for r in runs
    ]
    print(table(("run", "pipeline", "target", "started (UTC)", "status", "seconds"), rows, right=(5,)))


def _results(found: list[dict[str, Any]], options: argparse.Namespace) -> None:
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, "relation": options.checks, "results": found}))
        return
    if not found:
        print(f"no run has checked `{options.checks}`")
        return
    rows = [
        (
            r["name"],
            r["run_id"],
            r["target"],
            str(r["started_at"])[:19],
            r["status"],
            *(_number(r[n]) for n in ("failing", "judged")),
            "" if r["figure"] is None else f"{r['figure']:,.12g}",
        )
        for r in found
    ]
    headers = ("check", "run", "target", "started (UTC)", "result", "failing", "of", "figure")
    print(table(headers, rows, right=(5, 6, 7)))


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _seconds(row: dict[str, Any]) -> str:
    return "" if row["seconds"] is None else f"{row['seconds']:.2f}"


def _words(asked: dict[str, Any]) -> str:
    """The selection, the interval and the names of variables, as the command line gave them; never a value."""
    words = [f'--{name} "{text}"' for name in ("select", "exclude") for text in asked[name]]
    words += [f"--var {name}=..." for name in asked["variables"]]
    if asked["interval"]:
        words.append("--from {} --to {}".format(*asked["interval"]))
    return " ".join(words)


def _show(found: dict[str, Any], options: argparse.Namespace) -> None:
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, **found}))
        return
    print(f"run {found['run_id']} of {found['pipeline']} on {found['target']}: {found['status']}")
    if found["asked"] and (words := _words(found["asked"])):
        print(f"asked for: {words}")
    if found["message"]:
        print(found["message"])
    sources = [
        (s["source"], s["status"], *(_number(s[n]) for n in ("rows_out", "malformed", "unreadable")), _seconds(s))
        for s in found["sources"]
    ]
    if sources:
        headers = ("source", "state", "rows", "malformed", "unreadable", "seconds")
        print(table(headers, sources, right=(2, 3, 4, 5)) + "\n")
    stages = [(s["stage"], s["kind"], s["status"], _number(s["rows_out"]), _seconds(s)) for s in found["stages"]]
    print(table(("stage", "kind", "state", "rows", "seconds"), stages, right=(3, 4)))
    checks = [(c["relation"], c["name"], c["status"], _number(c["failing"])) for c in found["checks"]]
    if checks:
        print("\n" + table(("relation", "check", "result", "rows"), checks, right=(3,)))
