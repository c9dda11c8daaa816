"""Load, resolve and prove pipelines: files or folders, no warehouse, no secrets."""

import argparse
from pathlib import Path

from framework.diagnostics import Diagnostic, PipelineError
from framework.load import load
from framework.printing import SCHEMA_VERSION, as_json, print_diagnostics
from framework.resolve import resolve
from framework.yaml_source import F001


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a pipeline, or a folder of them")


def run(options: argparse.Namespace) -> int:
    found: list[Diagnostic] = []
    lines: list[str] = []
    for path in _files(options.paths):
        try:
            plan = resolve(load(path))
        except PipelineError as error:
            found += error.diagnostics
        else:
            found += plan.warnings
            lines.append(f"{path}: ok, {len(plan.sources)} sources, {len(plan.stages)} stages")
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, "diagnostics": [d.as_dict() for d in found]}))
    else:
        if found:
            print_diagnostics(found, options)
        print("\n".join(lines))
    return 2 if any(d.severity == "error" for d in found) else 0


def _files(paths: list[Path]) -> list[Path]:
    """The pipelines of files and folders; a folder without one is a mistake."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml"))
            if not inside:
                raise PipelineError(Diagnostic(F001, f"no pipeline in the folder {path}"))
            files += inside
        else:
            files.append(path)
    return files
