"""Which stages a selection names."""

import pytest

from framework.diagnostics import PipelineError
from framework.load import Pipeline
from framework.model import PipelineModel
from framework.plan import Plan
from framework.resolve import resolve
from framework.selection import below, selected, sources_read
from framework.shape import shaped
from framework.yaml_source import parse

#   raw_a - a - ab - sums - out      raw_c - c      looks: a check of `c` is held against `a`
#   raw_b - b -/
TEXT = """
pipeline: selection
sources:
  raw_a: {path: a.csv, key: [id], tags: outside, columns: {id: string, v: integer}}
  raw_b:
    path: b.csv
    key: [id]
    tags: [outside, daily]
    columns: {id: string, w: integer}
    checks: [relationship: {column: id, to: raw_a.id}]
  raw_c: {path: c.csv, key: [id], columns: {id: string}}
stages:
  a: {kind: normalize, from: raw_a, key: [id], tags: [daily], columns: {id: , v: }}
  b: {kind: normalize, from: raw_b, key: [id], columns: {id: , w: }}
  c:
    kind: normalize
    from: raw_c
    key: [id]
    columns: {id: }
    checks: [relationship: {column: id, to: a.id}]
  ab: {kind: enrich, from: a, lookup: {b: {on: id, take: [w]}}}
  sums: {kind: aggregate, from: ab, by: [w], measures: {v: sum(v)}, tags: finance}
  out: {kind: publish, from: sums, tags: [finance, daily]}
"""


def plan(text: str = TEXT) -> Plan:
    document = parse(text, "selection.yaml")
    return resolve(Pipeline(shaped(document, PipelineModel), document))


@pytest.mark.parametrize(
    ("select", "exclude", "found"),
    [
        ([], [], "a ab b c out sums"),
        (["a"], [], "a"),
        (["A"], [], "a"),
        (["+ab"], [], "a ab b"),
        (["ab+"], [], "ab out sums"),
        (["+ab+"], [], "a ab b out sums"),
        (["1+sums"], [], "ab sums"),
        (["2+sums"], [], "a ab b sums"),
        (["0+sums"], [], "sums"),
        (["9+sums"], [], "a ab b sums"),
        (["a+1"], [], "a ab c"),
        (["a+2"], [], "a ab c sums"),
        (["1+ab+1"], [], "a ab b sums"),
        (["a b"], [], "a b"),
        (["a", "b"], [], "a b"),
        (["  a   b "], [], "a b"),
        (["+out,tag:daily"], [], "a b out"),
        (["+out,kind:normalize,tag:daily"], [], "a b"),
        (["c +out,tag:finance"], [], "c out sums"),
        (["tag:finance"], [], "out sums"),
        (["tag:FINANCE"], [], "out sums"),
        (["1+tag:finance"], [], "ab out sums"),
        (["kind:normalize"], [], "a b c"),
        (["kind:normalize+1"], [], "a ab b c"),
        # A source stands for the stages that read it; its checks are no stage's.
        (["raw_a"], [], "a"),
        (["raw_a+"], [], "a ab c out sums"),
        (["raw_a+1"], [], "a"),
        (["raw_a+2"], [], "a ab c"),
        (["+raw_a"], [], "a"),
        (["tag:outside"], [], "a b"),
        (["tag:daily"], [], "a b out"),
        # What a check is held against must stand as well.
        (["+c"], [], "a c"),
        ([], ["a"], "ab b c out sums"),
        ([], ["kind:normalize", "out"], "ab sums"),
        (["+out"], ["+ab"], "out sums"),
        (["+out"], ["tag:daily ab"], "sums"),
    ],
)
def test_a_selection_names_stages(select: list[str], exclude: list[str], found: str) -> None:
    assert selected(plan(), select, exclude) == set(found.split())


@pytest.mark.parametrize(
    ("select", "message", "help"),
    [
        ("sum", "no source or stage `sum`", "did you mean `sums`?"),
        ("+ot", "no source or stage `ot`", "did you mean `out`?"),
        ("raw_d", "no source or stage `raw_d`", "did you mean `raw_a`?"),
        ("finance", "no source or stage `finance`", "did you mean `tag:finance`?"),
        ("publish", "no source or stage `publish`", "did you mean `kind:publish`?"),
        ("tag:finanse", "nothing has the tag `finanse`", "did you mean `finance`?"),
        ("kind:agregate", "no stage is of the kind `agregate`", "did you mean `aggregate`?"),
        ("tags:finance", "`tags:` selects nothing", "did you mean `tag`?"),
        ("path:models", "`path:` selects nothing", "known: kind, tag"),
        ("", "a selection is empty", "write name, +name"),
        ("a,", "a selection is empty", "write name, +name"),
        ("a,,b", "a selection is empty", "write name, +name"),
        ("a++b", "`a++b` is no selection", "write name, +name"),
        ("@a", "no source or stage `@a`", "known: "),
        ("+", "`+` is no selection", "write name, +name"),
        ("tag:", "`tag:` is no selection", "write name, +name"),
        ("a,b", "no stage is selected", "write name, +name"),
    ],
)
@pytest.mark.parametrize("excludes", [False, True])
def test_what_names_nothing_is_refused(select: str, message: str, help: str, excludes: bool) -> None:
    if message == "no stage is selected" and excludes:
        assert len(selected(plan(), [], [select])) == 6
        return
    with pytest.raises(PipelineError) as refused:
        selected(plan(), *([[], [select]] if excludes else [[select], []]))
    first = refused.value.diagnostics[0]
    assert (first.code.id, first.message) == ("F113", message)
    assert (first.help or "").startswith(help)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(PipelineError) as refused:
        selected(plan(), ["x tag:y", "kind:z,a"], ["w"])
    assert len(refused.value.diagnostics) == 4


def test_to_exclude_all_is_to_select_nothing() -> None:
    with pytest.raises(PipelineError, match="no stage is selected"):
        selected(plan(), ["a"], ["a+"])


@pytest.mark.parametrize(
    ("stages", "sources"), [("a", "raw_a"), ("b", "raw_a raw_b"), ("ab sums", ""), ("b c", "raw_a raw_b raw_c")]
)
def test_sources_are_those_read_and_those_their_checks_read(stages: str, sources: str) -> None:
    assert sources_read(plan(), stages.split()) == set(sources.split())


@pytest.mark.parametrize(
    ("names", "found"),
    [("a", "ab c out sums"), ("raw_a", "a ab c out sums"), ("raw_b", "ab b out sums"), ("out", ""), ("c sums", "out")],
)
def test_what_is_made_of_relations(names: str, found: str) -> None:
    assert below(plan(), names.split()) == set(found.split())
