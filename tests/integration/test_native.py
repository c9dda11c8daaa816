"""A warehouse's own functions, called as they stand: each test's functions exist on one warehouse alone."""

from decimal import Decimal

import pytest

from integration.project import Project

PIPELINE = """
pipeline: native
sources:
  raw: {path: words.csv, key: [id], columns: {id: string, word: string}}
stages:
  words:
    kind: normalize
    from: raw
    native: WAREHOUSE
    key: [id]
    columns:
      id:
      word:
      text:
        expr: native.TEXT
        type: string
      number:
        expr: native.NUMBER
        type: decimal(9,2)
      twice: 2 * cast(native.NUMBER as integer) + 1
      digits: try_cast(native.MAYBE as integer)
    checks:
      - expression: cast(native.NUMBER as integer) < 100
        on_fail: quarantine
  totals:
    kind: aggregate
    from: words
    native: WAREHOUSE
    by:
      shown: cast(native.TEXT_OF as string)
    measures:
      most: max(cast(native.NUMBER as integer))
      drawn:
        expr: native.SHOWN
        type: string
  published: {kind: publish, from: totals}
"""
CALLS = {
    "duckdb": {
        "TEXT_OF": "format('<{}>', text)",
        "TEXT": "format('<{}>', word)",
        "NUMBER": "levenshtein(word, 'abc')",
        "MAYBE": "regexp_extract(word, '[0-9]+')",
        "SHOWN": "upper(native.bin(most))",
    },
    "postgres": {
        "TEXT_OF": "format('%s', text)",
        "TEXT": "quote_ident(word)",
        "NUMBER": "ascii(word)",
        "MAYBE": "substr(word, 2)",
        "SHOWN": "upper(native.to_hex(most))",
    },
}
WORDS = {"duckdb": ("1,abc", "2,x12", "3,"), "postgres": ("1,abc", "2,A12", "3,", "4,£")}  # ascii('£') is 163
ROWS = {
    "duckdb": [
        ("1", "abc", "<abc>", Decimal("0.00"), 1, None),
        ("2", "x12", "<x12>", Decimal("3.00"), 7, 12),
        ("3", None, None, None, None, None),
    ],
    "postgres": [
        ("1", "abc", "abc", Decimal("97.00"), 195, None),
        ("2", "A12", '"A12"', Decimal("65.00"), 131, 12),
        ("3", None, None, None, None, None),
    ],
}

GROUPS = {
    "duckdb": [("<<abc>>", 0, "0"), ("<<x12>>", 3, "11"), (None, None, None)],
    "postgres": [("", None, None), ('"A12"', 65, "41"), ("abc", 97, "61")],
}


def _project(project: Project, **changes: str) -> str:
    text = PIPELINE.replace("WAREHOUSE", changes.pop("warehouse", project.warehouse))
    for name, call in (CALLS[project.warehouse] | changes).items():
        text = text.replace(f"native.{name}", f"native.{call}")
    project.write("native.yaml", text)
    project.csv("words.csv", "id,word", *WORDS[project.warehouse])
    return "native.yaml"


def test_a_warehouse_computes_its_own_functions(project: Project) -> None:
    project.good(_project(project))
    found = project.rows("staging.words", "id", "word", "text", "number", "twice", "digits")
    assert found == ROWS[project.warehouse]
    assert project.rows("marts.published", "shown", "most", "drawn") == GROUPS[project.warehouse]
    assert {type(row[3]) for row in found if row[3] is not None} == {Decimal}


@pytest.mark.parametrize("call", ["no_such_function(word)", "LENGTH_OF(word, word, word)"])
def test_a_function_that_is_not_there_is_refused_and_its_stage_named(project: Project, call: str) -> None:
    outcome = project.run(_project(project, NUMBER=call.lower()))
    assert outcome.code == 4, outcome.said
    assert "stage `words`: a function does not exist, or not for such arguments" in outcome.said
    assert "abc" not in outcome.said
    assert "no_such" not in outcome.said


def test_another_warehouse_refuses_the_pipeline_before_it_runs(project: Project) -> None:
    other = {"duckdb": "postgres", "postgres": "duckdb"}[project.warehouse]
    outcome = project.run(_project(project, warehouse=other))
    assert outcome.code == 2
    assert f"`words` on {project.warehouse}: it calls functions of its own warehouse, {other}" in outcome.said
    assert not project.relations("staging")
