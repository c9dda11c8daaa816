"""The hooks of a run, found and called: what one of them raises is a note of the run, and never its end."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from traceback import extract_tb
from typing import Any, TypeVar

from framework import hooks, plugins
from framework.assertion import NativeTest
from framework.diagnostics import Code, Diagnostic, PipelineError, suggest
from framework.hooks import Hook, Occasion, Rows, Veto
from framework.plan import Plan, relations
from framework.project import Project
from framework.run import CheckResult, Run, StageResult

UNKNOWN_HOOK = Code("F140", "a hook that cannot be had")
_NATIVE = "great_expectations"  # judges what only it can judge, named as a hook or not
_NOTIFY = "notify"  # in force where framework.yaml says whom to tell

T = TypeVar("T")


class Listeners:
    """The hooks of one run in their order. `notes` say what became of those that failed."""

    def __init__(self, named: Iterable[tuple[str, Hook]] = ()) -> None:
        self.named = tuple(named)
        self.occasion: Occasion | None = None
        self.notes: list[str] = []

    def run_started(self, occasion: Occasion) -> None:
        self.occasion = occasion
        self._each("run_started", lambda hook: hook.run_started(occasion))

    def stage_built(self, stage: StageResult, checks: Sequence[CheckResult]) -> None:
        if (occasion := self.occasion) is not None:
            self._each("stage_built", lambda hook: hook.stage_built(occasion, stage, checks))

    def before_publish(self, checks: Sequence[CheckResult], rows: Callable[[], Rows]) -> list[CheckResult]:
        """The results that hooks add. Raises Veto."""
        occasion = self.occasion
        if occasion is None or not self.named:
            return []
        given = rows()
        found = self._each("before_publish", lambda hook: hook.before_publish(occasion, checks, given))
        return [result for results in found for result in results or ()]

    def run_finished(self, run: Run) -> None:
        if (occasion := self.occasion) is not None:
            self._each("run_finished", lambda hook: hook.run_finished(occasion, run))

    def _each(self, moment: str, call: Callable[[Hook], T]) -> list[T]:
        found: list[T] = []
        for name, hook in self.named:
            try:
                found.append(call(hook))
            except Veto as veto:
                if moment == "before_publish":
                    raise
                self.notes.append(_failed(name, moment, veto))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # sys.exit() in a hook is no end of the run either
                self.notes.append(_failed(name, moment, error))
            self.notes += hook.said()
        return found


NOBODY = Listeners()


def _failed(name: str, moment: str, error: BaseException) -> str:
    """What is said of a hook that failed. The text of its exception may hold a value, and is not repeated."""
    place = extract_tb(error.__traceback__)[-1]
    return f"the hook `{name}` failed in {moment}: {type(error).__name__} (line {place.lineno} of {place.name})"


def listeners(here: Project, plan: Plan) -> Listeners:
    """The hooks that framework.yaml names, and those that the plan and the project's settings need.

    Raises PipelineError where some cannot be had, Unreachable where a package that one needs is not installed.
    """
    found: list[tuple[str, Hook]] = []
    refused: list[Diagnostic] = []
    needed = {_NATIVE: needs_great_expectations(plan), _NOTIFY: here.model.notify is not None}
    names = dict.fromkeys([*here.model.hooks, *(name for name, is_needed in needed.items() if is_needed)])
    for index, name in enumerate(names):
        try:
            _refuse_nobody_to_notify(here, name)
            found.append((name, _class(name, here.root)(here)))
        except _Absent as absent:
            refused.append(_refused(here, index, absent))
    if refused:
        raise PipelineError(*refused)
    return Listeners(found)


def mistakes(here: Project) -> Iterator[Diagnostic]:
    """What is wrong with the hooks that framework.yaml names, as far as it shows without importing anything."""
    for index, name in enumerate(here.model.hooks):
        try:
            _refuse_nobody_to_notify(here, name)
            _place(name)
        except _Absent as absent:
            yield _refused(here, index, absent)


def _refused(here: Project, index: int, absent: "_Absent") -> Diagnostic:
    place = here.at("hooks", index) if index < len(here.model.hooks) else None
    return Diagnostic(UNKNOWN_HOOK, absent.message, place, absent.help)


def needs_great_expectations(plan: Plan) -> bool:
    """Whether a check of the plan can be judged by Great Expectations alone."""
    assertions = chain.from_iterable(relation.assertions for relation in relations(plan))
    return any(isinstance(a.test, NativeTest) for a in assertions)


class _Absent(Exception):
    def __init__(self, message: str, help: str | None) -> None:
        super().__init__(message)
        self.message, self.help = message, help


def _refuse_nobody_to_notify(here: Project, name: str) -> None:
    if name == _NOTIFY and here.model.notify is None:
        help = 'write notify: {urls: ["${PAGER_URL}"]}; where that stands, `hooks` need not name it'
        raise _Absent("the hook `notify` has nobody to tell: framework.yaml has no `notify`", help)


def _place(name: str) -> tuple[str, str]:
    """The module of a hook and its class; a file of `framework.hooks` has one, which need not be named."""
    module, colon, wanted = name.partition(":")
    if colon and all(part.isidentifier() for part in (*module.split("."), wanted)):
        return module, wanted
    known = plugins.names(hooks)
    if name not in known:
        raise _Absent(f"no hook `{name}`", f"{suggest(name, known)}\na hook of your own is written module:Class")
    return f"{hooks.__name__}.{name}", ""


def _class(name: str, root: Path) -> type[Hook]:
    module, wanted = _place(name)
    if not wanted:
        return next(iter(_hooks_in(plugins.load(hooks, name))))
    found = getattr(_imported(module, root), wanted, None)
    if not (isinstance(found, type) and issubclass(found, Hook)):
        raise _Absent(f"`{module}` has no hook `{wanted}`", "it is a class that inherits framework.hooks.Hook")
    return found


def _imported(module: str, root: Path) -> Any:
    """A module of the project's folder, or one that is installed."""
    if str(root) not in sys.path:
        sys.path.append(str(root))
    try:
        return plugins.module(module)
    except ModuleNotFoundError as error:
        message = f"the module `{module}` cannot be imported: there is no `{error.name}`"
        raise _Absent(message, "it is looked for beside framework.yaml and among what is installed") from None
    except Exception as error:
        raise _Absent(f"the module `{module}` cannot be imported: {type(error).__name__}", None) from None


def _hooks_in(module: Any) -> list[type[Hook]]:
    classes = (found for found in vars(module).values() if isinstance(found, type) and issubclass(found, Hook))
    return [found for found in classes if found.__module__ == module.__name__]
