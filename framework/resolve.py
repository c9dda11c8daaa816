"""Pipeline -> Plan: every name found, every type known, every key proved or refused, the order fixed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import framework.warehouses
from framework import plugins, proofs
from framework.algebra import Derive, Query, Read, Step
from framework.assertion import Assertion, SetTest
from framework.clauses import checks, contract, storage
from framework.clauses import published as published_clause
from framework.clauses import variables as variables_clause
from framework.clauses.checks import after
from framework.dependencies import Attribute, Known, Rows, outcome
from framework.diagnostics import CODES, Code, PipelineError, suggest
from framework.draft import Draft
from framework.expressions import types as t
from framework.expressions.strictness import derivation
from framework.expressions.tree import Expression, Reference, Variable
from framework.expressions.typed import INTERVAL, cast
from framework.findings import Findings
from framework.load import Pipeline, with_mistakes
from framework.model import PipelineModel, SourceModel, Stage
from framework.order import of_sources, of_stages, read_by
from framework.plan import Plan, SourcePlan, StagePlan
from framework.readable import Readable
from framework.relation import Column, Relation, minimal

plugins.load_all(proofs)  # an author lets pass what is in none of a file's stages so far

SAME_NAME = Code("F231", "two relations of one name")
UNUSED = Code("F232", "a source that nothing reads")
NO_BALANCE = Code("F233", "a balance column that no stage has")
LONG_NAME = Code("F234", "a name too long for a warehouse")
TWO_CASES = Code("F235", "two columns that differ in case alone")
NOT_ALLOWED = Code("F238", "a diagnostic that cannot be let pass")
UNKNOWN_NATIVE = Code("F270", "a stage tied to an unknown warehouse")
NOTHING_ALLOWED = Code("F253", "a diagnostic let pass that does not come up")
NO_TABLE_NAME = Code("F239", "a name that no table can have")

_TABLE_NAME = re.compile(r"[^\W\d]\w*")

# Postgres keeps 63 bytes of a name, and the framework adds `__quarantine` and the like to a stage's.
LONGEST_NAME = 48


def resolve(pipeline: Pipeline) -> Plan:
    """The plan of a pipeline. Raises PipelineError with every mistake that can be told."""
    return _resolved(pipeline, {})


def _resolved(pipeline: Pipeline, others: dict[str, Plan | PipelineError]) -> Plan:
    """`others` are the pipelines that have been resolved for this one, by their paths."""
    findings = Findings(pipeline.document)
    model = pipeline.model
    _check_names(model, findings)
    order = of_stages(model, findings)
    variables = variables_clause.declared(model.vars, findings)
    known = {v.name: v.expression for v in variables} | INTERVAL
    readables: dict[str, Readable] = {}
    found: dict[str, SourcePlan] = {}
    for name in of_sources(model):
        source = model.sources[name]
        draft = Draft(name, ("sources", name), readables, findings, known)
        if source.pipeline is None:
            plan, readable = _source(draft, source)
        else:
            plan, readable = _published(draft, source, model.pipeline, _other(pipeline, name, others, findings))
        rows = outcome(Known(Attribute(f"row of {name}", name)), readable.relation)
        found[name] = replace(plan, known=rows)
        readables[name] = replace(readable, known=rows)
    sources = [found[name] for name in model.sources]
    stages = [_stage(name, model, known, readables, findings) for name in order]
    _check_balance(model, stages, findings)
    _check_used(model, findings)
    variables_clause.warn_unused(variables, (*sources, *stages), findings)
    findings.stop()
    # A measure that is computed of two relations is doubted twice.
    warnings = tuple(dict.fromkeys(d for d in findings.diagnostics if d.severity == "warning"))
    return Plan(
        model.pipeline,
        pipeline.path,
        tuple(sources),
        tuple(_with_balance(stage, model.balance, stages) for stage in stages),
        warnings,
        model.description,
        model.owner,
        model.schedule,
        variables,
        tuple(findings.calls),
    )


# -- names and order


def _check_names(model: PipelineModel, findings: Findings) -> None:
    seen: dict[str, str] = {}
    for section, names in (("sources", model.sources), ("stages", model.stages)):
        for name in names:
            if name.lower() in seen:
                findings.key_error(
                    SAME_NAME,
                    (section, name),
                    f"`{name}` is the name of one of the {seen[name.lower()]} already",
                    "names are matched without regard to case: give one of them another name",
                )
            seen[name.lower()] = section
            _check_name(section, name, findings)
            if len(name.encode()) > LONGEST_NAME:
                findings.key_error(
                    LONG_NAME,
                    (section, name),
                    f"a name has at most {LONGEST_NAME} bytes, and this has {len(name.encode())}",
                    "a warehouse cuts longer names, and the framework adds to some: shorten it",
                )


# Names that the framework makes of a stage's: see compile/tables.py.
_OURS = ("__new", "__next", "__rows", "__quarantine")


def _check_name(section: str, name: str, findings: Findings) -> None:
    if not _TABLE_NAME.fullmatch(name):
        findings.key_error(
            NO_TABLE_NAME, (section, name), f"`{name}` is no name for a table", "use letters, digits and underscores"
        )
    for ending in _OURS:
        if name.lower().endswith(ending):
            message = f"names that end in `{ending}` are the framework's own"
            findings.key_error(NO_TABLE_NAME, (section, name), message, "give it another ending")


# -- sources


def _source(draft: Draft, model: SourceModel) -> tuple[SourcePlan, Readable]:
    name, columns = draft.name, contract.columns(model)
    contract.refuse_object_store(draft, model)
    _check_case(name, columns, draft.findings)
    steps, flags = _conversions(columns) if model.is_text else ([], {})
    for column in columns:
        draft.add(column)
    if model.columns is None:
        draft.open, draft.classification = t.STRING if model.is_text else t.UNKNOWN, model.classification
    key = [draft.find(n, "key", index) for index, n in enumerate(model.key or ())]
    names = tuple(c.name for c in key if c is not None)
    period = checks.period(draft, model.valid, names)
    relation = Relation(
        name,
        tuple(draft.columns.values()),
        period=period,
        open=model.columns is None,
        dependencies=contract.dependencies(draft, model),
        classification=model.classification,
    )
    if names and len(names) == len(key):
        relation = relation.with_key(frozenset(names))
    query = Query(Read(name), tuple(steps))
    assertions = [_over(query, name, a) for a in _source_assertions(draft, model, relation, names, flags)]
    relation = _learned(relation, draft)
    plan = SourcePlan(
        name,
        relation,
        query,
        model.path,
        model.table,
        model.file_format,
        None if model.columns is None else {n: c.type for n, c in model.columns.items()},
        model.dialect,
        flags,
        tuple(assertions),
        model.description,
        model.owner,
        model.tags,
        model.extra_columns,
        model.classification,
    )
    return plan, Readable(relation, query, flags, model.is_text)


def _other(pipeline: Pipeline, source: str, others: dict[str, Plan | PipelineError], findings: Findings) -> Plan | None:
    """The plan of the pipeline that a source reads; None, with its own mistakes, where it has none."""
    other = pipeline.others[source]
    if other.path not in others:
        try:
            others[other.path] = _resolved(other, others)
        except PipelineError as error:
            others[other.path] = error
    found = others[other.path]
    if isinstance(found, Plan):
        return found
    at = with_mistakes(other.path, pipeline.document.locate(("sources", source, "pipeline")))
    findings.others(source, at, found)
    return None


def _published(draft: Draft, model: SourceModel, pipeline: str, other: Plan | None) -> tuple[SourcePlan, Readable]:
    """A stage that another pipeline publishes: its keys are measured there, by the run that publishes it."""
    name, query = draft.name, Query(Read(draft.name))
    stage = None if other is None else published_clause.find(draft, model, pipeline, other)
    if other is None or stage is None:
        relation = Relation(name, (), open=True)
        return SourcePlan(name, relation, query, None, None, None, None), Readable(relation, query, lost=True)
    published = published_clause.published(name, other, stage)
    draft.rows = Rows(outcome(Known(Attribute(f"row of {name}", name)), published.relation))
    draft = draft.over(published.relation)
    assertions = checks.resolve(draft, model.placed_checks, holding=False).assertions
    relation = _learned(published.relation, draft)
    plan = SourcePlan(
        name,
        relation,
        query,
        None,
        None,
        None,
        None,
        assertions=assertions,
        description=model.description or stage.description,
        owner=model.owner or stage.owner,
        tags=model.tags,
        classification=stage.classification,
        published=published,
    )
    return plan, Readable(relation, query, publication=stage.publication)


def _check_case(name: str, columns: Iterable[Column], findings: Findings) -> None:
    seen: set[str] = set()
    for column in columns:
        if column.name.lower() in seen:
            findings.key_error(
                TWO_CASES,
                ("sources", name, "columns", column.name),
                f"two columns of `{name}` are named `{column.name.lower()}` but for their case",
                "names are matched without regard to case: leave one out, or rename it in the file",
            )
        seen.add(column.name.lower())


def _conversions(columns: Iterable[Column]) -> tuple[list[Step], dict[str, str]]:
    """Text as the types of the contract, and the name of the flag of each column that may be unreadable."""
    derived: list[tuple[str, Expression]] = []
    flags: dict[str, str] = {}
    for column in columns:
        if column.type == t.STRING:
            continue
        steps = derivation(column.name, cast(Reference(t.STRING, True, column.name), column.type), {})
        if len(steps) > 1:
            flags[column.name] = f"_failed_{column.name}"
        derived += steps
    return ([Derive(tuple(derived), "typed")] if derived else []), flags


def _source_assertions(
    draft: Draft, model: SourceModel, relation: Relation, key: tuple[str, ...], flags: Mapping[str, str]
) -> Iterable[Assertion]:
    if key:
        of_key = checks.key_assertion(relation, key, (*draft.place, "key"))
        yield contract.of_readable(draft.name, of_key, key, flags)
    if relation.period is not None:
        found = relation.period
        of_periods = checks.period_assertion(relation, found, (*draft.place, "valid"))
        yield contract.of_readable(draft.name, of_periods, (found.start, found.end, *found.per), flags)
    yield from contract.dependency_assertions(draft, relation.dependencies, flags)
    yield from checks.resolve(draft, model.placed_checks, holding=False).assertions


def _learned(relation: Relation, draft: Draft) -> Relation:
    """The source as those who read it may take it: a run in which a check of it stops goes no further."""
    columns = tuple(replace(c, nullable=draft.columns[c.name.lower()].nullable) for c in relation.columns)
    keys = minimal(relation.keys | frozenset(draft.proved(relation.names)))
    return replace(relation, columns=columns, keys=keys)


def _over(query: Query, name: str, assertion: Assertion) -> Assertion:
    """The assertion on typed rows: a source itself holds text."""
    test = assertion.test
    if not isinstance(test, SetTest):
        return assertion
    return replace(assertion, test=after(test, name, *query.steps))


# -- stages


def _stage(
    name: str,
    model: PipelineModel,
    variables: Mapping[str, Variable],
    readables: dict[str, Readable],
    findings: Findings,
) -> StagePlan:
    stage = model.stages[name]
    findings.allowed = frozenset(_allowed(name, stage, findings))
    draft = Draft(name, ("stages", name), readables, findings, variables)
    draft.native, draft.figures = stage.native, proofs.figures(stage)
    draft.group = () if stage.quarantine is None else stage.quarantine.with_
    _check_native(stage, draft)
    plan = stage.resolve(draft)
    plan = replace(plan, settings=storage.settings(findings, plan, stage.warehouse))
    plan = replace(plan, known=_proved(stage, plan, draft))
    for code in sorted(findings.allowed - findings.let_pass):
        findings.warn(
            NOTHING_ALLOWED, ("stages", name, "allow", code), f"`{code}` does not come up here", "leave it out"
        )
    findings.allowed, findings.let_pass = frozenset(), set()
    readables[name] = Readable(plan.relation, Query(Read(name)), publication=plan.publication, known=plan.known)
    return plan


def _proved(stage: Stage, plan: StagePlan, draft: Draft) -> Known:
    """What readers know of the stage's rows, after the proofs of it; nothing where there is a mistake in it."""
    if plan.name in draft.findings.doubtful or plan.relation.open:
        return outcome(Known(Attribute(f"row of {plan.name}", plan.name)), plan.relation)
    known = draft.rows.known()
    proofs.prove(
        proofs.Proving(stage, plan, known, frozenset(draft.asked), draft.summing, draft.readables, draft.findings)
    )
    published = plan.publication
    standing = published is not None and (published.remembers or bool(published.unknown))
    keeps = published is not None and published.mode == "history" and not published.unknown
    current = frozenset(published.key) if published is not None and keeps else None
    return outcome(known, plan.relation, standing=standing, current=current)


def _check_native(stage: Stage, draft: Draft) -> None:
    known = plugins.names(framework.warehouses)
    if stage.native is not None and stage.native not in known:
        message, help = f"no warehouse `{stage.native}`", suggest(stage.native, known)
        draft.findings.error(UNKNOWN_NATIVE, (*draft.place, "native"), message, help)


def _allowed(name: str, stage: Stage, findings: Findings) -> Iterable[str]:
    """The codes an author lets pass: proofs alone, for an unknown name has no reason that could excuse it."""
    for code in stage.allow:
        if re.fullmatch(r"F3\d\d", code) and code in CODES:
            yield code
        else:
            known = [c for c in CODES if c.startswith("F3")]
            findings.key_error(
                NOT_ALLOWED, ("stages", name, "allow", code), f"`{code}` cannot be let pass", suggest(code, known)
            )


def _with_balance(stage: StagePlan, balance: Iterable[str], stages: Iterable[StagePlan]) -> StagePlan:
    columns = (stage.relation.column(name) for name in balance)
    return replace(stage, balance=tuple(c.name for c in columns if c is not None and c.type.is_number))


def _check_balance(model: PipelineModel, stages: Sequence[StagePlan], findings: Findings) -> None:
    if findings.errors:
        return
    for index, name in enumerate(model.balance):
        if not any(stage.relation.column(name) for stage in stages):
            columns = {column.name for stage in stages for column in stage.relation.columns}
            findings.error(NO_BALANCE, ("balance", index), f"no stage has a column `{name}`", suggest(name, columns))


def _check_used(model: PipelineModel, findings: Findings) -> None:
    used = {name for stage in model.stages.values() for name in read_by(stage)}
    checks = [check for source in model.sources.values() for _, check in source.placed_checks]
    used |= {name for check in checks for name, _ in check.reads()}
    for name in model.sources:
        if name not in used:
            help = "leave it out, or name it under `from`, `join` or `lookup` of a stage"
            findings.warn(UNUSED, ("sources", name), f"nothing reads the source `{name}`", help)
