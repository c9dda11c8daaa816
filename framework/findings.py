"""Collects every mistake of a phase, each with its place in the pipeline's text."""

from collections.abc import Sequence
from dataclasses import replace

from framework.diagnostics import Code, Diagnostic, Location, PipelineError
from framework.expressions.tree import Call, Expression, walk
from framework.expressions.typed import UNKNOWN_COLUMN, Problem, Scope, typed
from framework.plan import WrittenCall
from framework.yaml_source import Text

Place = tuple[str | int, ...]


class Findings:
    """The diagnostics of one pipeline or suite, in the order found. `allowed` codes are let pass.

    `doubtful` are the sources and stages with a mistake, and the stages that read them: what they lack
    (a key, periods) may be for that mistake alone, and is not worth a message of its own.
    `calls` are those that a warehouse may not be able to say, for whoever compiles the plan.
    """

    def __init__(self, document: Text) -> None:
        self.document = document
        self.diagnostics: list[Diagnostic] = []
        self.allowed: frozenset[str] = frozenset()
        self.let_pass: set[str] = set()  # of those, the codes that have come
        self.doubtful: set[str] = set()
        self.calls: list[WrittenCall] = []
        self._told: set[tuple[Location, str]] = set()

    def error(self, code: Code, place: Sequence[str | int], message: str, help: str | None = None) -> None:
        self._add(Diagnostic(code, message, self._locate(place), help), place)

    def key_error(self, code: Code, place: Sequence[str | int], message: str, help: str | None = None) -> None:
        """The same with the caret under the key, not under its value."""
        self._add(Diagnostic(code, message, self.document.locate(place, key=True), help), place)

    def warn(self, code: Code, place: Sequence[str | int], message: str, help: str | None = None) -> None:
        self._add(Diagnostic(code, message, self.document.locate(place, key=True), help, "warning"), place)

    def problem(self, problem: Problem, place: Sequence[str | int]) -> None:
        start, end = problem.span
        location = self.document.locate(place, offset=start, length=max(end - start, 1))
        if _marked(location) in _NOTHING:
            location = self._locate(place)
        self._add(Diagnostic(problem.code, problem.message, location, problem.help, problem.severity), place)

    def expression(self, text: str, place: Sequence[str | int], scope: Scope) -> Expression:
        """The typed expression; its mistakes are kept here."""
        expression, problems = typed(text, scope)
        for problem in problems:
            if problem.code is UNKNOWN_COLUMN and problem.span == (0, len(text)) and not text.startswith('"'):
                problem = replace(problem, help=self._meant_as_text(problem.help or "", text, place))
            self.problem(problem, place)
        if not problems:
            self._note_calls(expression, place)
        return expression

    def note_call(self, call: Call, place: Sequence[str | int]) -> None:
        """A call that the framework makes of what an author wrote."""
        self.calls.append(WrittenCall(str(place[1]), call, self._locate(place)))

    def _note_calls(self, expression: Expression, place: Sequence[str | int]) -> None:
        """Patterns, windows and formats: what warehouses differ in."""
        for node in walk(expression):
            if not isinstance(node, Call) or node.span is None or len(place) < 2:
                continue
            if node.window is not None or node.options or node.function.name.startswith("regexp_"):
                start, end = node.span
                location = self.document.locate(place, offset=start, length=max(end - start, 1))
                self.calls.append(WrittenCall(str(place[1]), node, location))

    def _meant_as_text(self, help: str, text: str, place: Sequence[str | int]) -> str:
        """A name that stands alone may be a text whose quotes YAML has taken."""
        at = self.document.locate(place, offset=0, length=len(text))
        near = help if help.startswith("did you mean") else ""
        if at.text[max(at.column - 2, 0) : at.column - 1] in ("'", '"'):
            return f"""YAML takes these quotes away: for the text write "'{text}'\"""" + (f"\n{near}" if near else "")
        return help if not help.startswith("known:") else f"""{help}\nfor a text write "'{text}'\""""

    def others(self, source: str, diagnostic: Diagnostic, error: PipelineError) -> None:
        """A source that cannot be known for the errors of another file, each of which has its own place."""
        self._add(diagnostic, ("sources", source))
        self.diagnostics += [d for d in error.diagnostics if d.severity == "error"]

    def names(self, section: str) -> tuple[str, ...]:
        """The names that stand in a section of the file: `sources` or `stages`."""
        return tuple(self.document.data.get(section) or ())

    def written(self, place: Sequence[str | int]) -> str:
        """A value as the file has it, as far as it stands on one line."""
        return _marked(self.document.locate(place))

    def _locate(self, place: Sequence[str | int]) -> Location:
        """The value at a place, or its key where no value is written."""
        location = self.document.locate(place)
        return self.document.locate(place, key=True) if _marked(location) in _NOTHING else location

    def _add(self, diagnostic: Diagnostic, place: Sequence[str | int]) -> None:
        if diagnostic.code.id in self.allowed:
            self.let_pass.add(diagnostic.code.id)
            return
        if diagnostic.severity == "error" and len(place) > 1 and place[0] in ("sources", "stages"):
            self.doubtful.add(str(place[1]))
        noted = self._noted(diagnostic, place)
        if noted is not None:
            self.diagnostics.append(noted)

    def _noted(self, diagnostic: Diagnostic, place: Sequence[str | int]) -> Diagnostic | None:
        """With a line more where a suite was put in. None where one value that was put in several times was told
        of already."""
        at = diagnostic.location
        note = None if at is None else self.document.note(place, at)
        if at is None or note is None:
            return diagnostic
        same = (at, diagnostic.help or diagnostic.message)
        if at.path == self.document.path and same in self._told:
            return None
        self._told.add(same)
        return replace(diagnostic, help="\n".join(line for line in (diagnostic.help, note) if line))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")

    def stop(self) -> None:
        """Raises PipelineError with everything found, when an error is among it."""
        if self.errors:
            raise PipelineError(*self.diagnostics)


# What stands where a value is left out: the line's end, or what follows it in a flow collection.
_NOTHING = ("", " ", ",", "}", "]", "#")


def _marked(location: Location) -> str:
    return location.text[location.column - 1 : location.column - 1 + location.length]
