"""A suite by itself: its shape, its checks, and that its parameters and its texts agree."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from framework import expectations
from framework.assertion import Place
from framework.diagnostics import Code, Diagnostic, suggest
from framework.expressions.parser import parse
from framework.expressions.syntax import SyntaxProblem
from framework.expressions.typed import SYNTAX, UNKNOWN_VARIABLE, Problem, Scope, typed
from framework.expressions.types import UNKNOWN
from framework.findings import Findings
from framework.shape import fitted
from framework.suites.folder import Suite
from framework.suites.model import SuiteModel
from framework.suites.parameter import NAME, Filling, Mark, Unfit, expressions_of, marks
from framework.yaml_source import Composed, Document

SAME_SUITE = Code("F121", "two suites of one name")
SUITE_IN_SUITE = Code("F122", "a suite that uses a suite")
UNKNOWN_PARAMETER = Code("F123", "unknown parameter of a suite")
UNUSED_PARAMETER = Code("F125", "a parameter that nothing uses")
UNFIT_PARAMETER = Code("F126", "a parameter that cannot be")

_KEPT = ("missing", "unknown_key", "unknown_check", "two_checks")


def prove(document: Document) -> Findings:
    """Everything that is wrong with a suite, whoever uses it."""
    findings = Findings(document)
    checks = document.data.get("checks")
    listed = checks if isinstance(checks, list) else []
    _prove_parameters(document, listed, findings)
    for index, item in enumerate(listed):
        if isinstance(item, Mapping) and "use" in item:
            help = "use both where the checks are wanted, or write the checks here"
            findings.key_error(SUITE_IN_SUITE, ("checks", index, "use"), "a suite cannot use another", help)
    if not findings.errors:
        _prove_checks(document, findings)
    return findings


def same_names(documents: Iterable[Document]) -> list[Diagnostic]:
    """The suites that have the name of one before them."""
    first: dict[str, Document] = {}
    found: list[Diagnostic] = []
    for document in documents:
        name = str(document.data["suite"])
        other = first.setdefault(name, document)
        if other is not document:
            findings = Findings(document)
            message = f"`{name}` is the name of the suite in {other.path} as well"
            findings.error(SAME_SUITE, ("suite",), message, "give one of them another name")
            found += findings.diagnostics
    return found


# -- parameters


def _prove_parameters(document: Document, checks: list[Any], findings: Findings) -> None:
    parameters = document.data.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        return  # the shape tells
    for name, value in parameters.items():
        if not NAME.fullmatch(name):
            help = "begin it with a letter; letters, digits and underscores follow"
            findings.key_error(UNFIT_PARAMETER, ("parameters", name), f"`{name}` is no name of a parameter", help)
        refuse_value(findings, ("parameters", name), value)
    found = list(marks(checks, ("checks",)))
    for mark in found:
        if mark.name not in parameters:
            help = suggest(mark.name, parameters) or f"declare it: parameters: {{{mark.name}: }}"
            help += "\nfor the character itself write $$"
            problem = Problem(
                UNKNOWN_PARAMETER, f"the suite has no parameter `{mark.name}`", (mark.start, mark.end), help
            )
            findings.problem(problem, mark.path)
    for name in parameters:
        if NAME.fullmatch(name) and all(mark.name != name for mark in found):
            message, help = f"nothing uses the parameter `{name}`", f"leave it out, or write ${name} in a check"
            findings.key_error(UNUSED_PARAMETER, ("parameters", name), message, help)


def refuse_value(findings: Findings, place: Place, value: Any) -> None:
    """A value or a list of values can stand for a parameter."""
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, Mapping | list) for item in items):
        message = f"a value or a list of values is expected for `{place[-1]}`"
        findings.error(UNFIT_PARAMETER, place, message)


def refuse_list(findings: Findings, unfit: Unfit) -> None:
    findings.error(
        UNFIT_PARAMETER,
        unfit.given.path,
        f"`${unfit.name}` stands inside a longer text, and this is a list",
        "give a single value",
    )


# -- checks


def _prove_checks(document: Document, findings: Findings) -> None:
    expectations.load_where_named(document.data)
    filled = _filled(Suite(document), findings)
    if filled is None:
        return
    found = Findings(filled)
    fitted(found, SuiteModel, let_pass=_is_open)
    if not found.errors:
        _prove_expressions(filled, found)
    findings.diagnostics += found.diagnostics


def _filled(suite: Suite, findings: Findings) -> Composed | None:
    """The suite with its defaults put in; `$name` stays where a value must be given."""
    parts: dict[Place, Any] = {}
    filling = Filling(suite.document, suite.defaults, parts)
    data = dict(suite.document.data)
    if not isinstance(data.get("checks"), list):
        return Composed(suite.document, data, {}, {})
    try:
        data["checks"] = [
            filling.check(item, ("checks", i), ("checks", i)) for i, item in enumerate(suite.document.data["checks"])
        ]
    except Unfit as unfit:
        refuse_list(findings, unfit)
        return None
    return Composed(suite.document, data, parts, {})


def _is_open(line: Mapping[str, Any]) -> bool:
    """Whether a mistake of shape hangs on a value that is not given yet."""
    return line["type"] not in _KEPT and any(True for _ in marks(_plain(line["input"]), ()))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _prove_expressions(suite: Composed, findings: Findings) -> None:
    """Syntax and functions; any name can be a column. A mistake in what is not given yet is no mistake yet."""
    for index, item in enumerate(suite.data["checks"]):
        for path in sorted(expressions_of(item)):
            place: Place = ("checks", index, *path)
            text = _below(item, path)
            if not isinstance(text, str):
                continue
            open_ = list(marks(text, place))
            if any((mark.start, mark.end) == (0, len(text)) for mark in open_):
                continue
            for problem in _problems(re.sub(r"\$(?=[A-Za-z])", "_", text), path, suite.data["suite"]):
                if not any(_touches(problem, mark) for mark in open_):
                    findings.problem(problem, place)


def _problems(text: str, path: Place, suite: str) -> Iterable[Problem]:
    rows = Scope({}, f"suite `{suite}`", open=UNKNOWN, windows=False, native="any")
    groups = Scope({}, f"a group of suite `{suite}`", aggregated=rows, windows=False, native="any")
    scope = {"expression": rows, "where": rows, "having": groups}.get(str(path[-1]))
    if scope is not None:
        return (p for p in typed(text, scope)[1] if p.code is not UNKNOWN_VARIABLE)  # the pipeline's own
    try:
        parse(text)
    except SyntaxProblem as problem:
        return (Problem(SYNTAX, problem.message, problem.span, problem.help),)
    return ()


def _touches(problem: Problem, mark: Mark) -> bool:
    start, end = problem.span
    return start < mark.end and mark.start < end


def _below(value: Any, path: Place) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
