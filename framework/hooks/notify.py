"""Alerts: a run that fails, warns or is well again is told of through Apprise, once per incident.

```yaml
notify: {urls: ["${PAGER_URL}"], on: [failure, recovery]}
```
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any, Literal
from warnings import catch_warnings, simplefilter

from framework.files.variables import expand_variables
from framework.hooks import Hook, Occasion
from framework.hooks._sending import Sender, failures
from framework.loggers import quiet
from framework.project import Project
from framework.run import CheckResult, Run
from framework.warehouse import Refusal, SourceProblem, Unreachable

SECONDS = 10.0  # for all addresses together; Apprise gives each of its requests 4 to connect and 4 to answer
_LISTED = 10
# Whose logs may name an address: Apprise, and what it sends with.
_LOGGERS = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")
_FAILING = {"failed": "failed", "broken": "broke", "refused": "was refused"}

Tone = Literal["failure", "warning", "success"]


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said, in plain text: names and counts, never a value."""

    tone: Tone
    title: str
    body: str


class Notify(Hook):
    """Raises Unreachable where an address cannot be used: a run whose failure nobody would hear of does not begin."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        asked = project.model.notify
        assert asked is not None
        self.on = frozenset(asked.on)
        if find_spec("apprise") is None:
            message = "`notify` of framework.yaml needs apprise, which is not installed"
            raise Unreachable(Refusal(message, "pip install 'framework-pipelines[notify]'"))
        self._tell = [_service(project, index, url) for index, url in enumerate(asked.urls)]

    def run_finished(self, occasion: Occasion, run: Run) -> None:
        notice = notice_of(occasion, run, self.on)
        if notice is None:
            return
        senders = [Sender(*_LOGGERS) for _ in self._tell]
        for sender, tell in zip(senders, self._tell, strict=True):
            sender.send(partial(tell, notice))
        unsent = [number for number, failed in enumerate(failures(senders, SECONDS), start=1) if failed]
        if unsent:
            which = f"number {', '.join(map(str, unsent))} of `urls`"
            self.note(f"a notice could not be sent to {len(unsent)} of {len(senders)}: {which}")


# -- what is said


def notice_of(occasion: Occasion, run: Run, on: frozenset[str]) -> Notice | None:
    """What a run is told of as; None where nobody asked, or it has been said already."""
    if run.status in _FAILING:
        return _failure(occasion, run) if "failure" in on else None
    return _good(occasion, run, on) if run.status == "ok" else None


def _failure(occasion: Occasion, run: Run) -> Notice | None:
    bad = [check for check in run.checks if check.stops]
    known = occasion.incident.failed
    if known is not None and {*map(_key, bad)} <= known:
        return None
    title = _title(run, _FAILING[run.status]) if known is None else _title(run, "still fails", ", by other checks")
    return Notice("failure", title, _body(run, run.message or run.status, bad))


def _good(occasion: Occasion, run: Run, on: frozenset[str]) -> Notice | None:
    """One notice at most: that of a recovery names what warns."""
    warned = [check for check in run.checks if check.status in ("warned", "error")]
    incident = occasion.incident
    cleared = "warning" in on and incident.warned is not None and not warned
    if "recovery" in on and (incident.failed is not None or cleared):
        title = _title(run, "is well again", ", with warnings" if warned else "")
        return Notice("warning" if warned else "success", title, _body(run, _published(run), warned))
    if "warning" in on and not {*map(_key, warned)} <= (incident.warned or frozenset()):
        sentence = f"{_counted(len(warned), 'check warns', 'checks warn')}; {_published(run)}"
        return Notice("warning", _title(run, "ran with warnings"), _body(run, sentence, warned))
    return None


def _key(check: CheckResult) -> tuple[str, str]:
    return check.relation, check.name


def _title(run: Run, what: str, more: str = "") -> str:
    return f"{run.pipeline} {what} on {run.target}{more}"


def _published(run: Run) -> str:
    return f"{_counted(sum(s.status == 'published' for s in run.stages), 'table', 'tables')} published"


def _body(run: Run, sentence: str, checks: Sequence[CheckResult]) -> str:
    listed = [_line(check) for check in checks[:_LISTED]]
    if len(checks) > _LISTED:
        listed.append(f"and {len(checks) - _LISTED} more")
    return "\n\n".join([sentence, *(["\n".join(listed)] if listed else []), f"framework runs {run.run_id}"])


def _line(check: CheckResult) -> str:
    """The check with its counts; its error and its query may say more than is anybody's business."""
    if check.status == "error":
        what = "could not be judged"
    elif check.failing is None:
        what = check.status
    else:
        of = "" if check.judged is None else f" of {check.judged:,}"
        what = f"{check.status}, {check.failing:,}{of}"
    return f"{check.relation}: {check.name}: {what}" + (f" ({check.place})" if check.place else "")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


# -- Apprise


def _service(project: Project, index: int, url: str) -> Callable[[Notice], bool]:
    """What sends a notice to an address. Raises Unreachable where the address cannot be had, and does not show it."""
    try:
        address = expand_variables(url).strip()
    except SourceProblem as problem:
        raise Unreachable(Refusal(f"`notify` of framework.yaml: {problem}", problem.help)) from None
    with quiet(*_LOGGERS), catch_warnings():
        simplefilter("ignore")  # of what it imports, for whoever develops it
        from apprise import Apprise, AppriseAsset

        # Its own time limit would leave a thread that the end of the process waits for.
        asset = AppriseAsset(app_id="framework", app_desc="framework", async_mode=False, service_timeout=0)
        service = Apprise.instantiate(address, asset=asset)
    if service is None:
        at = project.at("notify", "urls", index)
        place = f"{at.path}:{at.line}: " if at is not None else ""
        message = f"{place}number {index + 1} of the `urls` of `notify` is none that Apprise can read"
        help = "it is not shown, for it may hold a secret; the guide to alerts shows how services are written"
        raise Unreachable(Refusal(message, help))
    return partial(_told, Apprise(service, asset=asset))


def _told(apprise: Any, notice: Notice) -> bool:
    return bool(apprise.notify(body=notice.body, title=notice.title, notify_type=notice.tone, body_format="text"))
