"""OpenLineage: what a run read and wrote, column by column, for catalogs of lineage.

```yaml
hooks: [openlineage]
```
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from framework.compile import compile_plan
from framework.compile.text import candidate
from framework.diagnostics import PipelineError
from framework.files.variables import expand_variables
from framework.hooks import Hook, Occasion
from framework.hooks._sending import Sender
from framework.loggers import quiet
from framework.plan import Plan, SourcePlan
from framework.project import Project
from framework.run import Run, StageResult
from framework.target import warehouse_of
from framework.warehouse import Address, Refusal, SourceProblem, Unreachable

if TYPE_CHECKING:
    from framework.hooks._openlineage import Events

SECONDS = 10.0  # that the end of a run waits for what is still to be sent
_INTERRUPTED = 2.0
# Whose logs may name an address or a token. Those of `openlineage` itself are where its console transport writes.
_LOGGERS = ("urllib3", "requests", "httpx", "httpx2", "httpcore", "httpcore2")


class OpenLineage(Hook):
    """The run is told of when it begins. What became of the stages is told at its end, with the results that hooks have
    added and with what was published."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        if find_spec("openlineage") is None:
            message = "the hook `openlineage` needs openlineage-python, which is not installed"
            raise Unreachable(Refusal(message, "pip install 'framework-pipelines[openlineage]'"))
        self._client: Any = None
        self._sender = Sender()
        self._events: Events | None = None
        self._built: dict[str, tuple[datetime, datetime]] = {}
        self._asked = self._sent = 0
        self._drained = self._gone = False

    def run_started(self, occasion: Occasion) -> None:
        with quiet("openlineage", *_LOGGERS), catch_warnings():
            simplefilter("ignore")  # of what is imported, for whoever develops it
            from framework.hooks._openlineage import Events, client

            try:
                self._client = client()
            except Exception as error:  # its text may hold an address
                self.note(f"no lineage is sent: the transport of OpenLineage cannot be made ({type(error).__name__})")
                return
        if self._client is None:
            self.note("openlineage is named in hooks, and no transport is configured")
            return
        speaks = self._client.transport.kind == "console"
        self._sender = Sender(*(_LOGGERS if speaks else ("openlineage", *_LOGGERS)))
        namespace = os.environ.get("OPENLINEAGE_NAMESPACE") or self.project.model.project
        self._events = Events(occasion, namespace, Names(self.project, occasion.target))
        self._emit(self._events.begun(datetime.now(UTC)))

    def stage_built(self, occasion: Occasion, stage: StageResult, checks: object) -> None:
        now = datetime.now(UTC)
        self._built[stage.name] = now - timedelta(seconds=stage.seconds), now

    def run_finished(self, occasion: Occasion, run: Run) -> None:
        if self._events is None:
            return
        texts = _texts(self.project, occasion, run) if self._built else {}
        now = datetime.now(UTC)
        for stage in run.stages:
            if stage.name in self._built and stage.status != "skipped":
                begun, built = self._built[stage.name]
                over = now if stage.status == "published" else built
                for event in self._events.of_stage(stage, run, begun, over, texts.get(stage.name)):
                    self._emit(event)
        self._emit(self._events.over(run, now))
        self._close(_INTERRUPTED if run.status == "interrupted" else SECONDS)

    # -- sending

    def _emit(self, event: Any) -> None:
        def emit() -> None:
            if self._gone:
                return
            try:
                self._client.emit(event)
                self._sent += 1
            except Exception as error:
                # Nobody has answered, as often as the client tried: that takes long, and is not done for each event.
                self._gone = getattr(error, "response", None) is None

        self._asked += 1
        self._sender.send(emit)

    def _close(self, seconds: float) -> None:
        """Waits for what is still to be sent, by the client too where it sends in its own time."""

        def drain() -> None:
            close = getattr(self._client, "close", None)  # an earlier client sends at once, and has none
            self._drained = close is None or close(seconds) is not False

        self._sender.send(drain)
        self._sender.close(seconds)
        unsent = self._asked - self._sent
        if unsent:
            self.note(f"{unsent} of {self._asked} events of lineage could not be sent")
        elif not self._drained:
            self.note("not all events of lineage could be sent")


def _texts(project: Project, occasion: Occasion, run: Run) -> Mapping[str, str]:
    """The SQL of each stage that is stored, as `framework compile` writes it: with variables by their names."""
    warehouse = warehouse_of(project, occasion.target)
    try:
        selected = frozenset(stage.name for stage in run.stages)
        program = compile_plan(occasion.plan, warehouse, project.schemas, selected)
    except PipelineError:
        return {}
    return {stage.stage.name: candidate(stage, warehouse.dialect()) for stage in program.stages}


class Names:
    """By which namespace and name others know the relations of a plan, as OpenLineage names data sets."""

    def __init__(self, project: Project, target: str) -> None:
        self.project, self.target = project, target
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, plan: Plan, name: str) -> tuple[str, str]:
        if name not in self._known:
            source = next((s for s in plan.sources if s.name == name), None)
            self._known[name] = self._stage(plan, name) if source is None else self._source(source)
        return self._known[name]

    def _stage(self, plan: Plan, name: str) -> tuple[str, str]:
        return self._table(f"{self.project.schemas[plan.stage(name).layer]}.{name}")

    def _source(self, source: SourcePlan) -> tuple[str, str]:
        """Where the rows come from: the files, a table, or what another pipeline publishes."""
        if source.published is not None:
            return self._table(f"{self.project.schemas[source.published.layer]}.{source.published.stage}")
        if source.path is not None:
            return "file", os.path.normpath(self.project.root / _expanded(source.path))
        return self._table(_expanded(source.table or ""))

    def _table(self, written: str) -> tuple[str, str]:
        at = self._address
        before = (at.database, at.schema)[: max(2 - written.count("."), 0)]
        return at.namespace, ".".join((*before, written))

    @cached_property
    def _address(self) -> Address:
        _, model = self.project.target(self.target)
        settings = {key: expand_variables(str(value)) for key, value in model.settings.items()}
        return warehouse_of(self.project, self.target).address(settings, self.project.root)


def _expanded(text: str) -> str:
    try:
        return expand_variables(text)
    except SourceProblem:
        return text  # of a source that this run does not read
