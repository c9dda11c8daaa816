"""Load, resolve and prove pipelines and suites, and framework.yaml above them: no warehouse, no secrets."""

import argparse
from pathlib import Path

from framework import project
from framework.diagnostics import Diagnostic, PipelineError
from framework.load import of_document
from framework.printing import SCHEMA_VERSION, as_json, counted, print_diagnostics
from framework.resolve import resolve
from framework.suites import is_suite, prove, same_names
from framework.target import mistakes
from framework.yaml_source import F001, Document, read


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a pipeline, a suite, or a folder of them")


def run(options: argparse.Namespace) -> int:
    found: list[Diagnostic] = []
    lines: list[str] = []
    suites: list[Document] = []
    for folder in sorted({project.root(path.resolve()) for path in options.paths}):
        try:
            found += mistakes(project.find(Path.cwd() if folder == Path.cwd() else folder))
        except PipelineError as error:
            found += error.diagnostics
    for path in _files(options.paths):
        try:
            document = read(path, shown=str(path))
            if is_suite(document):
                suites.append(document)
            line, warnings = _proved(document)
        except PipelineError as error:
            found += error.diagnostics
        else:
            found += warnings
            lines.append(f"{path}: ok, {line}")
    found += same_names(suites)
    found = list(dict.fromkeys(found))  # a pipeline that another reads is told of once
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, "diagnostics": [d.as_dict() for d in found]}))
    else:
        if found:
            print_diagnostics(found, options)
        print("\n".join(lines))
    return 2 if any(d.severity == "error" for d in found) else 0


def _proved(document: Document) -> tuple[str, tuple[Diagnostic, ...]]:
    """What a file holds, and its warnings. Raises PipelineError."""
    if is_suite(document):
        prove(document).stop()
        return f"a suite of {counted(len(document.data['checks']), 'check')}", ()
    plan = resolve(of_document(document))
    return f"{counted(len(plan.sources), 'source')}, {counted(len(plan.stages), 'stage')}", plan.warnings


def _files(paths: list[Path]) -> list[Path]:
    """The pipelines and suites of files and folders; a folder without one is a mistake."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.name != project.FILE)
            if not inside:
                raise PipelineError(Diagnostic(F001, f"no pipeline and no suite in the folder {path}"))
            files += inside
        elif path.name != project.FILE:  # its mistakes have been found already
            files.append(path)
    return files
