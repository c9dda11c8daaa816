"""The hooks of a run, found and called: what one of them raises is a note of the run, and never its end."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from traceback import extract_tb
from typing import Any, TypeVar, get_args

from framework import hooks, plugins
from framework.assertion import NativeTest, OnFail
from framework.diagnostics import Code, Diagnostic, Location, PipelineError, suggest
from framework.gx.quiet import refuse_without
from framework.hooks import Hook, Occasion, Rows, Veto
from framework.plan import Plan, relations
from framework.project import Project
from framework.run import CheckResult, CheckStatus, Run, StageResult
from framework.warehouse import Unreachable

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

    @property
    def evidence(self) -> bool:
        """Whether one of them wants to know what each check has judged."""
        return any(hook.evidence for _, hook in self.named)

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
        found = self._each("before_publish", lambda hook: _sound(hook.before_publish(occasion, checks, given)))
        return [result for results in found for result in results]

    def run_finished(self, run: Run) -> None:
        if (occasion := self.occasion) is not None:
            self._each("run_finished", lambda hook: hook.run_finished(occasion, run))

    def _each(self, moment: str, call: Callable[[Hook], T]) -> list[T]:
        found: list[T] = []
        for name, hook in self.named:
            try:
                found.append(call(hook))
                self.notes += hook.said()
            except Veto as veto:
                if moment == "before_publish":
                    raise
                self.notes.append(_failed(name, hook, moment, veto))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # sys.exit() in a hook is no end of the run either
                self.notes.append(_failed(name, hook, moment, error))
        return found


NOBODY = Listeners()


def _sound(results: Sequence[CheckResult] | None) -> list[CheckResult]:
    """The results that a hook returned, where they are some. Raises TypeError, which becomes a note."""
    found = list(results or ())
    for result in found:
        texts = (result.relation, result.name, result.check, result.place)
        if not (
            all(isinstance(text, str) for text in texts)
            and result.status in get_args(CheckStatus)
            and result.on_fail in get_args(OnFail)
        ):
            raise TypeError("no result of a check")
    return found


def _failed(name: str, hook: Hook, moment: str, error: BaseException) -> str:
    """What is said of a hook that failed. The text of its exception may hold a value, and is not repeated."""
    own = getattr(sys.modules.get(type(hook).__module__), "__file__", None)
    frames = extract_tb(error.__traceback__)
    at = next((frame for frame in reversed(frames) if frame.filename == own), frames[-1])
    return f"the hook `{name}` failed in {moment}: {type(error).__name__} (line {at.lineno} of {at.name})"


def listeners(here: Project, plan: Plan) -> Listeners:
    """The hooks that framework.yaml names, and those that the plan and the project's settings need.

    Raises PipelineError where some cannot be had, Unreachable where a package that one needs is not installed.
    """
    found: list[tuple[str, Hook]] = []
    refused: list[Diagnostic] = []
    places: dict[str, Location | None] = {}
    for index, name in enumerate(here.model.hooks):
        places.setdefault(name, here.at("hooks", index))
    if _NATIVE not in places and (check := _needing_great_expectations(plan)) is not None:
        refuse_without(check)
        places[_NATIVE] = None
    if here.model.notify is not None:
        places.setdefault(_NOTIFY, None)
    for name, place in places.items():
        try:
            _refuse_nobody_to_notify(here, name)
            found.append((name, _made(name, here)))
        except _Absent as absent:
            refused.append(Diagnostic(UNKNOWN_HOOK, absent.message, place, absent.help))
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
            yield Diagnostic(UNKNOWN_HOOK, absent.message, here.at("hooks", index), absent.help)


def _made(name: str, here: Project) -> Hook:
    kind = _class(name, here.root)
    try:
        return kind(here)
    except (Unreachable, PipelineError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _Absent(f"the hook `{name}` cannot be made: {type(error).__name__}", None) from None


def _needing_great_expectations(plan: Plan) -> str | None:
    """A check of the plan that Great Expectations alone can judge."""
    for relation in relations(plan):
        for assertion in relation.assertions:
            if isinstance(assertion.test, NativeTest):
                return f"the check {assertion.name} of `{relation.name}`"
    return None


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
