"""Collects every mistake of a phase, each with its place in the pipeline's text."""

from collections.abc import Sequence

from framework.diagnostics import Code, Diagnostic, PipelineError
from framework.expressions.tree import Expression
from framework.expressions.typed import Problem, Scope, typed
from framework.yaml_source import Document

Place = tuple[str | int, ...]


class Findings:
    """The diagnostics of one file, in the order found. `allowed` codes are let pass."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.diagnostics: list[Diagnostic] = []
        self.allowed: frozenset[str] = frozenset()

    def error(self, code: Code, place: Sequence[str | int], message: str, help: str | None = None) -> None:
        self._add(Diagnostic(code, message, self.document.locate(place), help))

    def key_error(self, code: Code, place: Sequence[str | int], message: str, help: str | None = None) -> None:
        """The same with the caret under the key, not under its value."""
        self._add(Diagnostic(code, message, self.document.locate(place, key=True), help))

    def warn(self, code: Code, place: Sequence[str | int], message: str, help: str | None = None) -> None:
        self._add(Diagnostic(code, message, self.document.locate(place, key=True), help, "warning"))

    def problem(self, problem: Problem, place: Sequence[str | int]) -> None:
        start, end = problem.span
        location = self.document.locate(place, offset=start, length=max(end - start, 1))
        self._add(Diagnostic(problem.code, problem.message, location, problem.help))

    def expression(self, text: str, place: Sequence[str | int], scope: Scope) -> Expression:
        """The typed expression; its mistakes are kept here."""
        expression, problems = typed(text, scope)
        for problem in problems:
            self.problem(problem, place)
        return expression

    def _add(self, diagnostic: Diagnostic) -> None:
        if diagnostic.code.id not in self.allowed:
            self.diagnostics.append(diagnostic)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")

    def stop(self) -> None:
        """Raises PipelineError with everything found, when an error is among it."""
        if self.errors:
            raise PipelineError(*self.diagnostics)
