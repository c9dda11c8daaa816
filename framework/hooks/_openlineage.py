"""The events of OpenLineage, made of a plan and a run with the classes of its client: names and counts, no value."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import attr
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, RunEvent, RunState
from openlineage.client.event_v2 import Run as LineageRun
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    documentation_dataset,
    documentation_job,
    error_message_run,
    job_type_job,
    nominal_time_run,
    output_statistics_output_dataset,
    ownership_job,
    parent_run,
    processing_engine_run,
    schema_dataset,
    sql_job,
    tags_run,
)
from openlineage.client.uuid import generate_new_uuid

from framework import __version__
from framework.algebra import read_by
from framework.assertion import Assertion
from framework.hooks import Occasion
from framework.lineage.edges import Edge
from framework.lineage.tracing import trace
from framework.plan import Plan, StagePlan, relations
from framework.run import CheckResult, Run, StageResult

PRODUCER = f"pkg:pypi/framework-pipelines@{__version__}"
_ENDS = {"ok": RunState.COMPLETE, "interrupted": RunState.ABORT}  # all others fail
_DIRECT = {"direct": "IDENTITY", "derived": "TRANSFORMATION", "aggregated": "AGGREGATION"}
_INDIRECT = {"on": "JOIN", "by": "GROUP_BY"}  # by the reasons of an edge; every other reason is a bucket or a key


def client() -> OpenLineageClient | None:
    """The client with the transport that it finds configured; None where it finds none, and would print the events."""
    before = set(os.environ)
    try:
        found = OpenLineageClient()
        config = found.config
    finally:
        # It writes what OPENLINEAGE_URL says into variables of its own, which would outlive this run.
        for name in set(os.environ) - before:
            del os.environ[name]
    if found.transport.kind == "console" and not (config.transport or {}).get("type"):
        return None
    code = getattr(config.facets, "source_code_location", None)
    if code is not None and code.repo_url is None:
        code.disabled = True  # it would take the address out of .git, and the token that may be in it
    return found


class DatasetNames(Protocol):
    def of(self, plan: Plan, name: str) -> tuple[str, str]:
        """Namespace and name of a relation."""


class Events:
    """Of one run, whose job is the pipeline; those of its stages are below it."""

    def __init__(self, occasion: Occasion, namespace: str, names: DatasetNames) -> None:
        self.occasion, self.plan, self.names = occasion, occasion.plan, names
        self.namespace = namespace
        self.run_id = str(generate_new_uuid())
        self.relations = {relation.name: relation for relation in relations(self.plan)}
        self.assertions = {(r.name, a.name): a for r in relations(self.plan) for a in r.assertions}
        self.lineage = {found.name: found for found in trace(self.plan)}

    # -- the pipeline

    def begun(self, at: datetime) -> RunEvent:
        return self._event(RunState.START, at, self._run(), self._job())

    def over(self, run: Run, at: datetime) -> RunEvent:
        facets = {} if run.status == "ok" else _failed(run.message or run.status)
        return self._event(_ENDS.get(run.status, RunState.FAIL), at, self._run(facets), self._job())

    def _run(self, more: Mapping[str, Any] | None = None) -> LineageRun:
        begin, *end = self.occasion.asked.interval or (self.occasion.started_at,)
        nominal = {"nominalStartTime": _moment(begin), "nominalEndTime": _moment(end[0]) if end else None}
        tag = _made(tags_run.TagsRunFacetFields, key="framework_run_id", value=self.occasion.run_id, source="framework")
        facets = {
            "nominalTime": _facet(nominal_time_run.NominalTimeRunFacet, **nominal),
            "processing_engine": _facet(
                processing_engine_run.ProcessingEngineRunFacet, name="framework", version=__version__
            ),
            "tags": _facet(tags_run.TagsRunFacet, tags=[tag]),
        }
        return LineageRun(self.run_id, {**facets, **(more or {})})

    def _job(self) -> Job:
        facets = {"jobType": _job_type("PIPELINE"), **_described(documentation_job, "Job", self.plan.description)}
        if self.plan.owner is not None:
            owner = _made(ownership_job.Owner, name=self.plan.owner)
            facets["ownership"] = _facet(ownership_job.OwnershipJobFacet, owners=[owner])
        return Job(self.namespace, self.plan.name, facets)

    # -- stages

    def of_stage(
        self, result: StageResult, run: Run, begun: datetime, over: datetime, sql: str | None
    ) -> Iterator[RunEvent]:
        """Its beginning and its end. `sql` is what it is made by, where it is stored."""
        stage = self.plan.stage(result.name)
        parent = _facet(
            parent_run.ParentRunFacet,
            run=parent_run.Run(self.run_id),
            job=parent_run.Job(self.namespace, self.plan.name),
        )
        facets: dict[str, Any] = {"parent": parent}
        run_id, job = str(generate_new_uuid()), self._job_of(stage, sql)
        yield self._event(RunState.START, begun, LineageRun(run_id, dict(facets)), job)
        state = _end_of(stage, result)
        if state is not RunState.COMPLETE:
            facets |= _failed(_why(result, run))
        found = _by_relation(run.checks)
        rows: dict[str, int | None] = {source.name: source.rows for source in run.sources}
        rows |= {other.name: other.rows for other in run.stages}
        inputs = [self._input(name, found[name], rows.get(name)) for name in sorted(read_by(stage.query))]
        output = self._output(stage, found[stage.name], result if state is RunState.COMPLETE else None)
        yield self._event(state, over, LineageRun(run_id, facets), self._job_of(stage, sql), inputs, [output])

    def _job_of(self, stage: StagePlan, sql: str | None) -> Job:
        facets = {"jobType": _job_type("STAGE"), **_described(documentation_job, "Job", stage.description)}
        if sql is not None:
            facets["sql"] = _facet(sql_job.SQLJobFacet, query=sql, dialect=self.occasion.warehouse)
        return Job(self.namespace, f"{self.plan.name}.{stage.name}", facets)

    def _event(
        self,
        state: RunState,
        at: datetime,
        run: LineageRun,
        job: Job,
        inputs: list[InputDataset] | None = None,
        outputs: list[OutputDataset] | None = None,
    ) -> RunEvent:
        return RunEvent(
            eventType=state,
            eventTime=at.isoformat(),
            run=run,
            job=job,
            inputs=inputs or [],
            outputs=outputs or [],
            producer=PRODUCER,
        )

    # -- data sets

    def _input(self, name: str, checks: Iterable[CheckResult], rows: int | None) -> InputDataset:
        facets = self._checked(name, checks)
        if rows is not None:
            counted = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet
            facets["dataQualityMetrics"] = _facet(counted, columnMetrics={}, rowCount=rows)
        return InputDataset(*self.names.of(self.plan, name), facets=self._told(name), inputFacets=facets)

    def _output(self, stage: StagePlan, checks: Iterable[CheckResult], result: StageResult | None) -> OutputDataset:
        """`result` is of a stage that has its rows. Results of checks are facets of inputs in OpenLineage, and nothing
        may read this data set: they are here too, where every facet may be."""
        facets = {**self._told(stage.name), **self._checked(stage.name, checks)}
        if fields := self._columns(stage.name):
            rows = [field for edge in self.lineage[stage.name].rows for field in self._fields(edge)]
            facets["columnLineage"] = _facet(
                column_lineage_dataset.ColumnLineageDatasetFacet, fields=fields, dataset=rows
            )
        written: dict[str, Any] = {}
        if result is not None and (count := _written(result)) is not None:
            counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet
            written["outputStatistics"] = _facet(counted, rowCount=count)
        return OutputDataset(*self.names.of(self.plan, stage.name), facets=facets, outputFacets=written)

    def _told(self, name: str) -> dict[str, Any]:
        """What the plan says of a relation: its columns, and what it is."""
        relation = self.relations[name]
        field = schema_dataset.SchemaDatasetFacetFields
        columns = [
            _made(field, name=c.name, type=str(c.type), description=c.description) for c in relation.relation.columns
        ]
        facets = _described(documentation_dataset, "Dataset", relation.description)
        return {**facets, **({"schema": _facet(schema_dataset.SchemaDatasetFacet, fields=columns)} if columns else {})}

    def _checked(self, name: str, checks: Iterable[CheckResult]) -> dict[str, Any]:
        """The results of those that were judged; `error` and `pending` say nothing of the rows."""
        of = data_quality_assertions_dataset
        found = [
            _made(
                of.Assertion,
                assertion=check.check,
                success=check.status in ("passed", "proved"),
                column=self._column(name, self.assertions.get((name, check.name))),
                severity="error" if check.on_fail == "stop" else "warn",
                name=check.name,
                actual=None if check.failing is None else f"{check.failing} failing",
            )
            for check in checks
            if check.status not in ("error", "pending")
        ]
        facet = _facet(of.DataQualityAssertionsDatasetFacet, assertions=found)
        return {"dataQualityAssertions": facet} if found else {}

    def _column(self, relation: str, assertion: Assertion | None) -> str | None:
        """The one column that a check is of, as the schema has it."""
        if assertion is None:
            return None
        written = (assertion.arguments or {}).get(assertion.check)
        official = {} if assertion.expectation is None else assertion.expectation.arguments
        named = written.get("column") if isinstance(written, Mapping) else None
        named = named or official.get("column") or _only(official.get("column_list")) or _only(written)
        found = self.relations[relation].relation.column(named) if isinstance(named, str) else None
        return None if found is None else found.name

    # -- lineage

    def _columns(self, name: str) -> dict[str, Any]:
        columns = {c.name: [f for edge in c.edges for f in self._fields(edge)] for c in self.lineage[name].columns}
        return {c: column_lineage_dataset.Fields(inputFields=fields) for c, fields in columns.items() if fields}

    def _fields(self, edge: Edge) -> Iterator[Any]:
        """The fields of an edge: one, or where any column may go in, all that are known. Rows have no field."""
        origin = edge.origin.relation
        columns: tuple[str | None, ...] = (edge.origin.column,)
        if edge.kind == "unknown" and edge.origin.column is None:
            columns = self.relations[origin].relation.names
        for column in columns:
            if column is not None:
                how = [*_transformations(edge)]
                yield column_lineage_dataset.InputField(*self.names.of(self.plan, origin), column, how)


def _transformations(edge: Edge) -> Iterator[Any]:
    how = column_lineage_dataset.Transformation
    if edge.kind == "filtered_by":
        kinds: defaultdict[str, list[str]] = defaultdict(list)
        for reason in edge.reasons:
            kinds[_INDIRECT.get(reason, "FILTER")].append(reason)
        for subtype, reasons in kinds.items():
            yield how("INDIRECT", subtype, ", ".join(reasons))
    elif edge.kind == "unknown":
        yield how("DIRECT", None, "any column of the relation may go in")
    else:
        yield how("DIRECT", _DIRECT[edge.kind])


def _end_of(stage: StagePlan, result: StageResult) -> RunState:
    """A stage that was to be published and was not has no rows to show for it."""
    if result.status == "failed":
        return RunState.FAIL
    return RunState.ABORT if stage.publication is not None and result.status != "published" else RunState.COMPLETE


def _why(result: StageResult, run: Run) -> str:
    if result.status != "failed":
        return "nothing was published"
    bad = sum(check.relation == result.name and check.stops for check in run.checks)
    return f"{bad} {'check' if bad == 1 else 'checks'} failed"


def _written(result: StageResult) -> int | None:
    """The rows written: of a published table those that are new or other than before."""
    changes = None if result.ledger is None else result.ledger.changes
    return result.rows if changes is None else changes.inserted + changes.updated


def _by_relation(checks: Iterable[CheckResult]) -> defaultdict[str, list[CheckResult]]:
    found: defaultdict[str, list[CheckResult]] = defaultdict(list)
    for check in checks:
        found[check.relation].append(check)
    return found


# -- facets


def _made(of: Any, **values: Any) -> Any:
    """One of the client's classes; what an earlier client's class does not know yet is left out."""
    known = attr.fields_dict(of)
    return of(**{name: value for name, value in values.items() if name in known})


def _facet(of: Any, **values: Any) -> Any:
    return of(producer=PRODUCER, **{name: value for name, value in values.items() if name in attr.fields_dict(of)})


def _described(module: Any, of: str, description: str | None) -> dict[str, Any]:
    facet = getattr(module, f"Documentation{of}Facet")
    return {} if description is None else {"documentation": _facet(facet, description=description)}


def _job_type(kind: str) -> Any:
    return _facet(job_type_job.JobTypeJobFacet, processingType="BATCH", integration="FRAMEWORK", jobType=kind)


def _failed(message: str) -> dict[str, Any]:
    facet = _facet(error_message_run.ErrorMessageRunFacet, message=message, programmingLanguage="SQL")
    return {"errorMessage": facet}


def _moment(clock: datetime) -> str:
    return clock.replace(tzinfo=UTC).isoformat()


def _only(names: Any) -> str | None:
    """The one name of a list."""
    return names[0] if isinstance(names, list | tuple) and len(names) == 1 and isinstance(names[0], str) else None
