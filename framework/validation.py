"""Pipelines, suites and unit tests loaded, resolved and proved, and framework.yaml above: no warehouse, no secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from framework import listeners, project, target
from framework.diagnostics import Diagnostic, PipelineError
from framework.printing import counted
from framework.suites import is_suite, prove, same_names
from framework.unit_tests.collecting import Collection, is_unit_tests
from framework.yaml_source import F001, Document, below, read


@dataclass(frozen=True, slots=True)
class Validated:
    """Each finding once, and a line for each file in which no mistake was found."""

    diagnostics: tuple[Diagnostic, ...]
    passed: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return all(d.severity != "error" for d in self.diagnostics)


def validate(paths: Sequence[Path]) -> Validated:
    """What is wrong with files and the files of folders. Raises PipelineError for a folder without any."""
    found: list[Diagnostic] = []
    passed: list[str] = []
    suites: list[Document] = []
    tests = Collection(project.root(Path.cwd()))
    for folder in sorted({project.root(path.resolve()) for path in paths}):
        try:
            here = project.find(Path.cwd() if folder == Path.cwd() else folder)
            found += [*target.mistakes(here), *listeners.mistakes(here)]
        except PipelineError as error:
            found += error.diagnostics
    for path in files(paths):
        try:
            document = read(path, shown=str(path))
            if is_suite(document):
                suites.append(document)
            line, warnings = _proved(document, tests)
        except PipelineError as error:
            found += error.diagnostics
        else:
            found += warnings
            passed.append(f"{path}: ok, {line}")
    found += same_names(suites)
    # A pipeline that another reads is told of once.
    return Validated(tuple(dict.fromkeys(found)), tuple(passed))


def _proved(document: Document, tests: Collection) -> tuple[str, tuple[Diagnostic, ...]]:
    """What a file holds, and its warnings. Raises PipelineError."""
    if is_suite(document):
        prove(document).stop()
        return f"a suite of {counted(len(document.data['checks']), 'check')}", ()
    tested = tests.add(document)
    plan, number = tested.plan, counted(len(tested.cases), "unit test")
    if is_unit_tests(document):
        return f"{number} of {tested.pipeline.path}", ()
    parts = [counted(len(plan.sources), "source"), counted(len(plan.stages), "stage")]
    return ", ".join([*parts, number] if tested.cases else parts), plan.warnings


def files(paths: Sequence[Path]) -> list[Path]:
    """The pipelines and suites of files and folders. Raises PipelineError for a folder without any."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [file for file in below(path) if file.name != project.FILE]
            if not inside:
                raise PipelineError(Diagnostic(F001, f"no pipeline and no suite in the folder {path}"))
            found += inside
        elif path.name != project.FILE:  # its mistakes have been found already
            found.append(path)
    return found
