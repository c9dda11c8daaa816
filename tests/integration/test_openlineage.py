"""OpenLineage: the events of a run as they reach a server and a file, read back with the classes of the client."""

import importlib
import json
import os
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset, data_quality_assertions_dataset, schema_dataset
from openlineage.client.serde import Serde

from framework.expressions.origins import Origin
from framework.hooks import Occasion, _openlineage, openlineage
from framework.lineage.edges import Edge
from framework.load import load
from framework.plan import Plan
from framework.project import Project as ProjectOf
from framework.project import ProjectModel
from framework.resolve import resolve
from integration.project import Outcome, Project
from integration.webhook import Webhook, webhook

TOKEN = "t0p53cr37"
PIPELINE = """
pipeline: claims
description: Claims by member.
owner: the claims team
vars: {least: 1234567}
sources:
  lines:
    path: "${FOLDER:-.}/lines.csv"
    key: [id]
    columns: {id: integer, member_id: string, paid: {type: integer, description: In cents.}}
  members:
    path: members.csv
    key: [member_id]
    columns: {member_id: string, name: string}
  never:
    path: "${NOT_SET}/never.csv"
    key: [id]
    columns: {id: integer}
stages:
  typed:
    kind: normalize
    from: lines
    key: [id]
    where: paid < :least
    columns: {id: id, member_id: member_id, paid: paid}
    checks:
      - {not_null: [member_id], on_fail: quarantine}
      - {range: {column: paid, min: 0}, name: not negative}
  named:
    kind: assemble
    description: Each line with the name of its member.
    from: typed
    join:
      members: {on: member_id, take: [name]}
  by_member:
    kind: aggregate
    from: named
    by: [member_id]
    measures: {paid: sum(paid), lines: count(*), longest: max(length(name))}
    checks: [{row_count: {max: 1}, name: few, on_fail: warn}]
  paid:
    kind: publish
    from: by_member
    key: [member_id]
  unselected:
    kind: normalize
    from: never
    key: [id]
    columns: {id: id}
"""
SELECT = ("--select", "+paid")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is configured for whoever runs the tests is not for them."""
    for name in os.environ:
        if name.startswith("OPENLINEAGE"):
            monkeypatch.delenv(name)


def _ready(project: Project, **more: Any) -> None:
    path = project.root / "framework.yaml"
    settings = json.loads(path.read_text(encoding="utf-8"))
    project.write("framework.yaml", json.dumps({**settings, "hooks": ["openlineage"], **more}))
    project.write("pipeline.yaml", PIPELINE)
    project.csv("lines.csv", "id,member_id,paid", "1,a,5", "2,a,6", "3,b,7", "4,,8", "5,b,7654321")
    project.csv("members.csv", "member_id,name", "a,Xenia", "b,Yvonne")


def _to_a_file(project: Project) -> None:
    transport = {"type": "file", "log_file_path": str(project.root / "events.jsonl"), "append": True}
    project.write("openlineage.yml", json.dumps({"transport": transport}))


def _events(project: Project) -> list[Any]:
    """Of the last run."""
    lines = (project.root / "events.jsonl").read_text(encoding="utf-8").splitlines()
    (project.root / "events.jsonl").unlink()
    return [json.loads(line) for line in lines]


@pytest.fixture
def told(duckdb_project: Project) -> Project:
    """A project whose events go into a file."""
    _ready(duckdb_project)
    _to_a_file(duckdb_project)
    return duckdb_project


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as kept:
        yield kept


# -- read back with the client's own classes

_INSIDE: Mapping[str, Mapping[str, type[Any]]] = {
    "SchemaDatasetFacet": {"fields": schema_dataset.SchemaDatasetFacetFields},
    "DataQualityAssertionsDatasetFacet": {"assertions": data_quality_assertions_dataset.Assertion},
    "ColumnLineageDatasetFacet": {"dataset": column_lineage_dataset.InputField},
}


def _class(schema: str) -> type[Any]:
    """The class of a facet, by its schema: `.../1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet`."""
    name = schema.rpartition("/")[2]
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Facet")).lower().replace("s_q_l", "sql")
    found: type[Any] = getattr(importlib.import_module(f"openlineage.client.generated.{module}"), name)
    return found


def _facet(told: Mapping[str, Any]) -> Any:
    """A class takes no key that it does not know, and misses none that it must have."""
    of = _class(told["_schemaURL"])
    values = {key: value for key, value in told.items() if not key.startswith("_")}
    for key, inside in _INSIDE.get(of.__name__, {}).items():
        values[key] = [inside(**one) for one in values[key]]
    if of is column_lineage_dataset.ColumnLineageDatasetFacet:
        values["fields"] = {name: _column(column) for name, column in values["fields"].items()}
    found = of(producer=told["_producer"], **values)
    assert found._schemaURL == told["_schemaURL"]
    return found


def _column(told: Mapping[str, Any]) -> Any:
    fields = [column_lineage_dataset.InputField(**one) for one in told["inputFields"]]
    return column_lineage_dataset.Fields(**{**told, "inputFields": fields})


def _facets(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _facet(facet) for name, facet in told.items()}


def _dataset(of: type[Any], told: Mapping[str, Any]) -> Any:
    own = "inputFacets" if of is InputDataset else "outputFacets"
    facets = {"facets": _facets(told["facets"]), own: _facets(told[own])}
    return of(told["namespace"], told["name"], **facets)


def _event(told: Mapping[str, Any]) -> RunEvent:
    run, job = told["run"], told["job"]
    return RunEvent(
        eventType=RunState(told["eventType"]),
        eventTime=told["eventTime"],
        producer=told["producer"],
        run=Run(run["runId"], _facets(run["facets"])),
        job=Job(job["namespace"], job["name"], _facets(job["facets"])),
        inputs=[_dataset(InputDataset, each) for each in told["inputs"]],
        outputs=[_dataset(OutputDataset, each) for each in told["outputs"]],
    )


def _end(events: list[Any], job: str) -> Any:
    return next(e for e in events if e["job"]["name"] == job and e["eventType"] != "START")


def _kinds(events: list[Any]) -> list[tuple[str, str]]:
    return [(event["eventType"], event["job"]["name"]) for event in events]


STAGES = ["claims.typed", "claims.named", "claims.by_member", "claims.paid"]
WHOLE = [
    ("START", "claims"),
    *(pair for name in STAGES for pair in (("START", name), ("COMPLETE", name))),
    ("COMPLETE", "claims"),
]


def test_the_events_of_a_run(project: Project) -> None:
    _ready(project)
    _to_a_file(project)
    outcome = project.good("pipeline.yaml", *SELECT)
    events = _events(project)
    assert _kinds(events) == WHOLE
    assert {outcome.stage(name)["status"] for name in ("named", "by_member")} == {"folded", "built"}
    for told in events:
        assert Serde.to_dict(_event(told)) == told
    first, *stages, last = events
    assert first["run"]["runId"] == last["run"]["runId"]
    assert len({event["run"]["runId"] for event in events}) == 1 + len(STAGES)
    for event in stages:
        parent = event["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == first["run"]["runId"]
        assert parent["job"]["name"] == "claims"
    times = [event["eventTime"] for event in events]
    assert first["eventTime"] == min(times)
    assert last["eventTime"] == max(times)
    [tag] = [t for t in first["run"]["facets"]["tags"]["tags"] if t["key"] == "framework_run_id"]
    assert tag["value"] == outcome.results["run_id"]
    assert first["job"]["facets"]["documentation"]["description"] == "Claims by member."
    assert first["job"]["facets"]["ownership"]["owners"] == [{"name": "the claims team"}]


def test_datasets_have_the_names_that_others_know_them_by(project: Project) -> None:
    _ready(project)
    _to_a_file(project)
    project.good("pipeline.yaml", *SELECT)
    events = _events(project)
    if project.url is None:
        namespace, database = f"duckdb://{project.root.resolve() / 'test.duckdb'}", "test"
    else:
        found = re.fullmatch(r"postgresql://[^@]*@([^/]+)/(\w+)", project.url)
        assert found is not None
        namespace, database = f"postgres://{found[1]}", found[2]
    table = {name: (namespace, f"{database}.{name}") for name in ("staging.typed", "intermediate.named")}
    marts = {name: (namespace, f"{database}.marts.{name}") for name in ("by_member", "paid")}
    lines, members = (("file", str(project.root / name)) for name in ("lines.csv", "members.csv"))
    between = {
        name: [[(d["namespace"], d["name"]) for d in _end(events, name)[ends]] for ends in ("inputs", "outputs")]
        for name in STAGES
    }
    assert between == {
        "claims.typed": [[lines], [table["staging.typed"]]],
        "claims.named": [[members, table["staging.typed"]], [table["intermediate.named"]]],
        "claims.by_member": [[table["intermediate.named"]], [marts["by_member"]]],
        "claims.paid": [[marts["by_member"]], [marts["paid"]]],
    }


def test_sources_that_are_tables_and_what_another_pipeline_publishes(told: Project) -> None:
    told.good("pipeline.yaml", *SELECT)
    _events(told)
    told.write(
        "next.yaml",
        """
        pipeline: next
        sources:
          paid: {pipeline: pipeline.yaml, stage: paid}
          known: {table: raw.members_too, columns: {member_id: string}}
          plain: {table: members_three, columns: {member_id: string}}
        stages:
          one: {kind: enrich, from: paid, columns: {twice: paid * 2}}
          two: {kind: normalize, from: known, key: [member_id], columns: {member_id: }}
          three: {kind: normalize, from: plain, key: [member_id], columns: {member_id: }}
        """,
    )
    told.execute("CREATE TABLE raw.members_too AS SELECT 'a' AS member_id")
    told.execute("CREATE TABLE main.members_three AS SELECT 'a' AS member_id")
    told.good("next.yaml")
    names = {d["name"] for event in _events(told) for d in event["inputs"]}
    assert names == {"test.marts.paid", "test.raw.members_too", "test.main.members_three"}


def test_what_is_told_of_a_dataset(told: Project) -> None:
    told.good("pipeline.yaml", *SELECT)
    [lines] = _end(_events(told), "claims.typed")["inputs"]
    assert lines["facets"]["schema"]["fields"] == [
        {"name": "id", "type": "integer", "fields": []},
        {"name": "member_id", "type": "string", "fields": []},
        {"name": "paid", "type": "integer", "description": "In cents.", "fields": []},
    ]
    assert lines["inputFacets"]["dataQualityMetrics"]["rowCount"] == 5
    told.good("pipeline.yaml", *SELECT)
    events = _events(told)
    [named] = _end(events, "claims.named")["outputs"]
    assert named["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert named["facets"]["schema"]["fields"][-1]["name"] == "name"
    [paid] = _end(events, "claims.paid")["outputs"]
    assert paid["outputFacets"]["outputStatistics"]["rowCount"] == 0  # for nothing has changed


def test_results_of_checks(told: Project) -> None:
    told.good("pipeline.yaml", *SELECT)
    events = _events(told)
    [output] = _end(events, "claims.typed")["outputs"]
    _, read = _end(events, "claims.named")["inputs"]
    assert output["facets"]["dataQualityAssertions"] == read["inputFacets"]["dataQualityAssertions"]
    found = output["facets"]["dataQualityAssertions"]["assertions"]
    wanted = ("assertion", "column", "name", "severity", "success", "actual")
    assert [tuple(a.get(key) for key in wanted) for a in found if a["assertion"] != "unreadable"] == [
        ("not_null", "member_id", "not_null(member_id)", "warn", False, "1 failing"),
        ("range", "paid", "not negative", "error", True, "0 failing"),
        ("unique", "id", "key(id)", "error", True, None),
    ]
    [few] = _end(events, "claims.paid")["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"][:1]
    assert (few["name"], few["severity"], few["success"]) == ("few", "warn", False)


DIRECT, INDIRECT = "DIRECT", "INDIRECT"
ID, ROWS = Origin("lines", "id"), Origin("lines", None)
ANY = "any column of the relation may go in"


@pytest.mark.parametrize(
    ("stage", "column", "fields"),
    [
        ("claims.typed", "paid", [("lines.csv", "paid", DIRECT, "IDENTITY")]),
        (
            "claims.named",
            "name",
            [
                ("members.csv", "name", DIRECT, "IDENTITY"),
                ("staging.typed", "member_id", INDIRECT, "JOIN"),
                ("members.csv", "member_id", INDIRECT, "JOIN"),
            ],
        ),
        ("claims.by_member", "paid", [("intermediate.named", "paid", DIRECT, "AGGREGATION")]),
        ("claims.by_member", "longest", [("intermediate.named", "name", DIRECT, "AGGREGATION")]),
        ("claims.by_member", "lines", None),  # of rows, whatever they hold: they have no field
        ("claims.by_member", None, [("intermediate.named", "member_id", INDIRECT, "GROUP_BY")]),
        ("claims.paid", None, [("marts.by_member", "member_id", INDIRECT, "FILTER")]),
    ],
)
def test_lineage_of_columns(
    told: Project, stage: str, column: str | None, fields: list[tuple[str, str, str, str]] | None
) -> None:
    told.good("pipeline.yaml", *SELECT)
    [output] = _end(_events(told), stage)["outputs"]
    lineage = output["facets"]["columnLineage"]
    if fields is None:
        assert column not in lineage["fields"]
        return
    found = lineage["dataset"] if column is None else lineage["fields"][column]["inputFields"]
    assert [(f["name"], f["field"], t["type"], t["subtype"]) for f in found for t in f["transformations"]] == [
        (_ending(name, found), *rest) for name, *rest in fields
    ]


def _ending(end: str, fields: list[Any]) -> str:
    """The name of a data set that ends so."""
    return str(next(f["name"] for f in fields if f["name"].endswith(end)))


@pytest.mark.parametrize(
    ("edge", "told"),
    [
        (Edge(ID, "direct"), [("id", DIRECT, "IDENTITY", None)]),
        (Edge(ID, "derived"), [("id", DIRECT, "TRANSFORMATION", None)]),
        (Edge(ID, "aggregated"), [("id", DIRECT, "AGGREGATION", None)]),
        (Edge(ID, "filtered_by", ("on",)), [("id", INDIRECT, "JOIN", "on")]),
        (Edge(ID, "filtered_by", ("by",)), [("id", INDIRECT, "GROUP_BY", "by")]),
        (Edge(ID, "filtered_by", ("filtered", "superseded")), [("id", INDIRECT, "FILTER", "filtered, superseded")]),
        (
            Edge(ID, "filtered_by", ("no key", "by", "on")),
            [("id", INDIRECT, "FILTER", "no key"), ("id", INDIRECT, "GROUP_BY", "by"), ("id", INDIRECT, "JOIN", "on")],
        ),
        (Edge(ID, "unknown"), [("id", DIRECT, None, ANY)]),
        (Edge(ROWS, "unknown"), [("id", DIRECT, None, ANY), ("paid", DIRECT, None, ANY)]),
        (Edge(ROWS, "direct"), []),
        (Edge(ROWS, "aggregated"), []),
    ],
)
def test_what_an_edge_becomes(tmp_path: Path, edge: Edge, told: list[tuple[str, str, str | None, str | None]]) -> None:
    plan = _plan(tmp_path)
    occasion = Occasion(plan, "run", "dev", "duckdb", datetime(2024, 1, 1), tmp_path)
    events = _openlineage.Events(
        occasion, "claims", openlineage.Names(ProjectOf(ProjectModel(), tmp_path, None), "dev")
    )
    found = [(f.field, t.type, t.subtype, t.description) for f in events._fields(edge) for t in f.transformations]
    assert found == told


def _plan(folder: Path) -> Plan:
    path = folder / "pipeline.yaml"
    path.write_text(
        """
        pipeline: claims
        sources: {lines: {path: lines.csv, columns: {id: integer, paid: integer}}}
        stages: {typed: {kind: normalize, from: lines, key: [id], columns: {id: id}}}
        """,
        encoding="utf-8",
    )
    return resolve(load(path))


# -- how a run ends


def _with_lines(*lines: str) -> Callable[[Project], object]:
    return lambda project: project.csv("lines.csv", "id,member_id,paid", *lines)


def _unpublishable(project: Project) -> None:
    project.write(
        "veto_of_lineage.py",
        "from framework.hooks import Hook, Veto\n"
        "class No(Hook):\n"
        "    def before_publish(self, *_):\n"
        "        raise Veto('not now')\n",
    )
    _hooks(project, "veto_of_lineage:No")


def _interrupted(project: Project) -> None:
    project.write(
        "ctrl_c_of_lineage.py",
        "from framework.hooks import Hook\n"
        "class Press(Hook):\n"
        "    def stage_built(self, *_):\n"
        "        raise KeyboardInterrupt\n",
    )
    _hooks(project, "ctrl_c_of_lineage:Press")


def _hooks(project: Project, *names: str) -> None:
    settings = json.loads((project.root / "framework.yaml").read_text(encoding="utf-8"))
    project.write("framework.yaml", json.dumps({**settings, "hooks": ["openlineage", *names]}))


def _nowhere(project: Project) -> None:
    settings = json.loads((project.root / "framework.yaml").read_text(encoding="utf-8"))
    url = f"postgresql://u:{TOKEN}@127.0.0.1:{_dead()}/db"
    settings["targets"]["test"] = {"warehouse": "postgres", "url": url}
    project.write("framework.yaml", json.dumps(settings))


@pytest.mark.parametrize(
    ("before", "code", "ends", "message"),
    [
        (_with_lines("1,a,-5"), 1, {"claims": "FAIL", "claims.typed": "FAIL"}, "1 check failed; nothing was published"),
        (lambda project: (project.root / "lines.csv").unlink(), 4, {"claims": "FAIL"}, "no file at ./lines.csv"),
        (
            _unpublishable,
            1,
            {
                "claims": "FAIL",
                "claims.typed": "COMPLETE",
                "claims.named": "COMPLETE",
                "claims.by_member": "COMPLETE",
                "claims.paid": "ABORT",
            },
            "not now; nothing was published",
        ),
        (_interrupted, 130, {"claims": "ABORT", "claims.typed": "COMPLETE"}, "every published table is what it was"),
        (_nowhere, 4, {"claims": "FAIL"}, "no Postgres server answers there"),
    ],
    ids=["a check", "no file", "a veto", "Ctrl-C", "no target"],
)
def test_runs_that_end_otherwise(
    told: Project, before: Callable[[Project], object], code: int, ends: dict[str, str], message: str
) -> None:
    before(told)
    outcome = told.run("pipeline.yaml", *SELECT)
    assert outcome.code == code, outcome.said
    events = _events(told)
    assert {e["job"]["name"]: e["eventType"] for e in events if e["eventType"] != "START"} == ends
    assert {e["job"]["name"] for e in events if e["eventType"] == "START"} == ends.keys()
    assert message in _end(events, "claims")["run"]["facets"]["errorMessage"]["message"]
    for told_event in events:
        assert Serde.to_dict(_event(told_event)) == told_event
        for output in told_event["outputs"] if told_event["eventType"] in ("FAIL", "ABORT") else ():
            assert output["outputFacets"] == {}
    assert TOKEN not in json.dumps(events)


# -- transports


def test_a_server_is_told(
    duckdb_project: Project, server: Webhook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _ready(duckdb_project)
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("OPENLINEAGE_API_KEY", TOKEN)
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "warehouse")
    before = dict(os.environ)
    with caplog.at_level("DEBUG"):
        outcome = duckdb_project.good("pipeline.yaml", *SELECT)
    assert dict(os.environ) == before
    assert {path for path, _ in server.posted} == {"/api/v1/lineage"}
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {TOKEN}"}
    assert _kinds(server.bodies) == WHOLE
    assert {event["job"]["namespace"] for event in server.bodies} == {"warehouse"}
    assert outcome.results["notes"] == []
    _shown_nowhere(duckdb_project, outcome, caplog.text, TOKEN, f":{server.port}")


def _shown_nowhere(project: Project, outcome: Outcome, logs: str, *secrets: str) -> None:
    kept = [path for folder in ("target", ".framework") for path in (project.root / folder).rglob("*")]
    files = [path.read_bytes().decode("latin-1") for path in kept if path.is_file()]
    assert files
    for secret in secrets:
        for text in (outcome.said, logs, *files):
            assert secret not in text


def _dead() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_a_transport_nothing_is_said_but_once(duckdb_project: Project) -> None:
    _ready(duckdb_project)
    outcome = duckdb_project.good("pipeline.yaml", *SELECT)
    assert outcome.results["notes"] == ["openlineage is named in hooks, and no transport is configured"]
    assert "eventType" not in outcome.said
    assert "OpenLineage" not in outcome.err


def test_a_client_that_is_disabled_is_silent(told: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert told.good("pipeline.yaml", *SELECT).results["notes"] == []
    assert not (told.root / "events.jsonl").exists()


@pytest.mark.parametrize(
    ("transport", "note"),
    [
        ({"type": "http", "url": f"nowhere {TOKEN}"}, "cannot be made (ValueError)"),
        ({"type": "http"}, "cannot be made (RuntimeError)"),
        ({"type": "file", "log_file_path": f"no/folder/{TOKEN}"}, "of 10 events of lineage could not be sent"),
    ],
)
def test_a_transport_that_cannot_be_used_is_a_note(
    told: Project, caplog: pytest.LogCaptureFixture, transport: dict[str, str], note: str
) -> None:
    told.write("openlineage.yml", json.dumps({"transport": transport}))
    with caplog.at_level("DEBUG"):
        outcome = told.good("pipeline.yaml", *SELECT)
    assert note in " ".join(outcome.results["notes"])
    _shown_nowhere(told, outcome, caplog.text, TOKEN)


def test_each_event_that_a_server_refuses_is_counted(
    told: Project, server: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    server.status = 422
    told.write(
        "openlineage.yml",
        json.dumps({"transport": {"type": "http", "url": f"http://u:{TOKEN}@127.0.0.1:{server.port}"}}),
    )
    with caplog.at_level("DEBUG"):
        outcome = told.good("pipeline.yaml", *SELECT)
    assert len(server.posted) == len(WHOLE)
    assert outcome.results["notes"] == ["10 of 10 events of lineage could not be sent"]
    _shown_nowhere(told, outcome, caplog.text, TOKEN, f":{server.port}")


@pytest.mark.parametrize("slow", [False, True], ids=["dead", "slow"])
def test_nobody_waits_for_a_server_that_does_not_answer(
    told: Project, server: Webhook, monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    monkeypatch.setattr(openlineage, "SECONDS", 1.0)
    server.slow = slow
    port = server.port if slow else _dead()
    told.write(
        "openlineage.yml", json.dumps({"transport": {"type": "http", "url": f"http://127.0.0.1:{port}/{TOKEN}"}})
    )
    begun = time.monotonic()
    outcome = told.good("pipeline.yaml", *SELECT)
    assert time.monotonic() - begun < 6
    assert outcome.results["notes"] == ["10 of 10 events of lineage could not be sent"]
    assert TOKEN not in outcome.said


def test_without_the_package_a_run_does_not_begin(told: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openlineage", None)
    outcome = told.run("pipeline.yaml", *SELECT)
    assert outcome.code == 4
    assert "the hook `openlineage` needs openlineage-python, which is not installed" in outcome.err
    assert "pip install 'framework-pipelines[openlineage]'" in outcome.err


# -- what no event holds


def test_no_event_holds_a_value_or_a_secret(postgres_project: Project) -> None:
    """Nor the address of the repository, in which a token may be."""
    project = postgres_project
    _ready(project)
    _to_a_file(project)
    project.write(".git/config", f'[remote "origin"]\n\turl = https://oauth2:{TOKEN}@example.com/claims.git\n')
    project.write(".git/HEAD", "ref: refs/heads/main\n")
    project.good("pipeline.yaml", *SELECT, "--var", "least=2345678")
    text = json.dumps(_events(project))
    assert ":var_least" in text  # the SQL is there, with the variable's name
    for value in ("Xenia", "7654321", "1234567", "2345678", TOKEN, "password"):
        assert value not in text
