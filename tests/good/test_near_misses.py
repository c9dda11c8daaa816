"""What is good beside what is wrong by little: one must be silent, the other must not."""

import pytest
from integration.project import Project

from framework.cli import main

_SOURCES = """\
pipeline: near
sources:
  claims:
    table: feed.claims
    key: [claim_id]
    columns: {claim_id: string, member_id: string, allowed: "decimal(18,2)"}
  lines:
    table: feed.lines
    key: [claim_id, line]
    columns: {claim_id: string, line: integer, code: string, units: integer, paid: "decimal(18,2)"}
  fees: {table: feed.fees, key: [code], columns: {code: string, fee: "decimal(18,2)"}}
  versions:
    table: feed.versions
    key: [claim_id, version]
    columns: {claim_id: string, version: integer, number: "decimal(18,2)", score: double, status: string}
stages:
  wide:
    kind: enrich
    from: lines
    lookup:
      claims: {on: claim_id, take: [member_id, allowed]}
      fees: {on: code, take: [fee]}
    columns:
      number: row_number() over (partition by claim_id order by line)
      mean: avg(paid) over (partition by claim_id)
  last: {kind: aggregate, from: versions, by: [claim_id], measures: {version: max(version)}}
  last_of_status: {kind: aggregate, from: versions, by: [status], measures: {version: max(version)}}
  all_claims:
    kind: assemble
    from: claims
    join: {last: {type: left, on: claim_id, take: [version]}, wide: {type: semi, on: claim_id}}
  all_versions: {kind: assemble, from: versions, join: {last_of_status: {type: semi, on: status}}}
"""

_GOOD_MEASURES = [
    ("claim_id", "sum(paid)"),
    ("code", "sum(if(number = 1, allowed, 0))"),
    ("code", "sum(case when line = 1 and paid > 0 then allowed end)"),
    ("code", "sum(case when line = 1 then allowed else paid end)"),
    ("code", "sum(allowed) filter (where number = 1 and paid > 0)"),
    ("code", "sum(abs(allowed - paid))"),
    ("code", "sum(cast(paid / (paid + mean) as decimal(18,4)))"),
    ("code", "sum(fee * units)"),
    ("code", "avg(fee)"),
    ("code", "sum(distinct units)"),
    ("claim_id", "avg(allowed)"),
    ("claim_id", "median(allowed)"),
    ("claim_id", "avg(allowed * 2 - 1)"),
    ("member_id", "count(distinct claim_id)"),
    ("member_id", "max(allowed)"),
]
_BAD_MEASURES = [
    ("claim_id", "sum(allowed)"),
    ("code", "sum(if(number > 1, allowed, 0))"),
    ("code", "sum(case when line = 1 or paid > 0 then allowed end)"),
    ("code", "sum(case when line = 1 then paid else allowed end)"),
    ("code", "sum(case when number = 1 then allowed when number = 2 then allowed end)"),
    ("code", "sum(case when units = 1 then allowed end)"),
    ("code", "sum(allowed) filter (where number = 1 or paid > 0)"),
    ("code", "sum(abs(allowed))"),
    ("code", "sum(abs(coalesce(allowed, paid)))"),
    ("code", "sum(round(allowed - paid, 1))"),
    ("code", "sum(cast((allowed - paid) / 2 as decimal(18,4)))"),
    ("code", "sum(fee * 2)"),
    ("claim_id", "avg(fee)"),
    ("member_id", "avg(allowed)"),
    ("code", "avg(paid + allowed)"),
    ("claim_id", "avg(paid + allowed)"),
    ("claim_id", "avg(coalesce(paid, allowed))"),
    ("claim_id", "avg(if(paid > 0, allowed, 0))"),
]

# What a join of claims with their versions asks for beside the claim.
_GOOD_CONDITIONS = [
    "versions.version = 1",
    "2 = versions.version and versions.status = 'new'",
    "versions.version = version",
    "versions.version = version + 1",
    "1 + versions.version = version",
    "2 - versions.version = 1",
    "versions.version = length(claim_id)",
]
_BAD_CONDITIONS = [
    "versions.version > 1",
    "versions.version = 1 or versions.status = 'new'",
    "versions.version = versions.number",
    "versions.version = version * 1.5 / 2",  # a double may equal several whole numbers
    "versions.score = 1",
    "versions.score + 1 = 2",
    "versions.version * 0 = 0",
    "versions.version + versions.number = 2",
    "versions.status = 'new'",
]

# A version beside the one before it.
_STEPS = [
    ("version + 1", True),
    ("1 + version", True),
    ("10 - version", True),
    ("version - version", False),
    ("version * 0", False),
    ("cast(version / 2 as integer)", False),
    ("version + null", False),
]
_GOOD_PAIRS = [
    "{kind: assemble, from: versions, join: {last: {type: semi, on: [claim_id, version]}}}",
    "{kind: assemble, from: versions, join: {last: {on: [claim_id, version], take: []}}}",
    "{kind: assemble, from: versions, where: version = 1, join: {claims: {type: semi, on: claim_id}}}",
]
_BAD_PAIRS = [
    "{kind: assemble, from: versions, join: {last: {type: anti, on: [claim_id, version]}}}",
    "{kind: assemble, from: versions, join: {last_of_status: {type: semi, on: [status, version]}}}",
    "{kind: assemble, from: versions, where: version <> 1, join: {claims: {type: semi, on: claim_id}}}",
]

_COLUMNS = "columns: {claim_id: , version: , status: , score: , number: }"


def _said(project: Project, stages: str) -> str:
    path = project.write("near.yaml", _SOURCES + stages)
    project.capture.readouterr()
    main(["validate", str(path)])
    out = project.capture.readouterr()
    return out.out + out.err


def _measured(by: str, measure: str) -> str:
    return f'  measured: {{kind: aggregate, from: wide, by: [{by}], measures: {{found: "{measure}"}}}}\n'


@pytest.mark.parametrize(("by", "measure"), _GOOD_MEASURES)
def test_a_measure_that_is_right_is_silent(project: Project, by: str, measure: str) -> None:
    assert ": ok," in (said := _said(project, _measured(by, measure))), said


@pytest.mark.parametrize(("by", "measure"), _BAD_MEASURES)
def test_a_figure_that_repeats_is_refused(project: Project, by: str, measure: str) -> None:
    assert " F305 " in (said := _said(project, _measured(by, measure))), said


@pytest.mark.parametrize(
    ("condition", "good"), [*((c, True) for c in _GOOD_CONDITIONS), *((c, False) for c in _BAD_CONDITIONS)]
)
def test_a_condition_may_make_a_key_whole(project: Project, condition: str, good: bool) -> None:
    joined = f'{{versions: {{type: left, on: claim_id, take: [status], where: "{condition}"}}}}'
    said = _said(project, f"  joined: {{kind: assemble, from: all_claims, join: {joined}}}\n")
    assert (": ok," if good else " F301 ") in said, said


@pytest.mark.parametrize(("stage", "good"), [*((s, True) for s in _GOOD_PAIRS), *((s, False) for s in _BAD_PAIRS)])
def test_one_row_per_claim_can_be_looked_up(project: Project, stage: str, good: bool) -> None:
    read = "  read: {kind: enrich, from: claims, lookup: {one: {on: claim_id, take: [status]}}}\n"
    said = _said(project, f"  one: {stage}\n{read}")
    assert (": ok," if good else " F301 ") in said, said


@pytest.mark.parametrize(
    ("one", "other", "good"),
    [
        ("status = 'new'", "status = 'void'", True),
        ("version = 1", "2 = version", True),
        ("status = 'new'", "status = 'new'", False),
        ("status = 'new'", "status <> 'new'", False),  # true, and not found out
        ("number = 1", "number = 1.0", False),
        ("score = 1", "score = 2", False),  # what a double is told apart by is not proved
    ],
)
def test_branches_of_a_union_are_told_apart_by_what_they_hold(
    project: Project, one: str, other: str, good: bool
) -> None:
    branches = "".join(
        f'  {name}: {{kind: normalize, from: versions, key: [claim_id, version], where: "{where}", {_COLUMNS}}}\n'
        for name, where in (("a", one), ("b", other))
    )
    said = _said(project, f"{branches}  both: {{kind: assemble, union: [a, b]}}\n")
    assert (": ok," if good else " F303 ") in said, said


@pytest.mark.parametrize(("step", "good"), _STEPS)
def test_a_row_can_be_joined_to_the_next(project: Project, step: str, good: bool) -> None:
    stages = (
        f'  stepped: {{kind: enrich, from: versions, columns: {{next: "{step}"}}}}\n'
        "  joined: {kind: enrich, from: versions, lookup: "
        "{stepped: {on: {claim_id: claim_id, version: next}, take: {before: status}}}}\n"
    )
    said = _said(project, stages)
    assert (": ok," if good else " F301 ") in said, said
