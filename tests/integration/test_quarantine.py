"""What was held back stays known from run to run, until it is mended or a person does without it."""

import json

import pytest

from framework.cli import main
from integration.project import Project

LINES = """
pipeline: lines
balance: [paid]
sources:
  raw: {path: raw.csv, columns: {id: string, claim: string, paid: integer, rate: double}}
stages:
  lines:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: , claim: , paid: , rate: }
    checks:
      - {range: {column: paid, min: 0}, name: paid, on_fail: quarantine}
      - {not_null: [claim], name: claim, on_fail: quarantine}
  fct_lines:
    kind: publish
    from: lines
    mode: append
"""


def given(project: Project, *lines: str) -> None:
    project.csv("raw.csv", "id,claim,paid,rate", *lines)


def quarantine(project: Project, *words: str) -> tuple[int, str]:
    project.capture.readouterr()
    code = main(["quarantine", words[0], "lines.yaml", *words[1:]])
    printed = project.capture.readouterr()
    return code, printed.out + printed.err


@pytest.fixture(autouse=True)
def _pipeline(project: Project) -> None:
    project.write("lines.yaml", LINES.replace("append", "upsert"))


def held(project: Project) -> dict[str, str]:
    rows = project.query("SELECT id, _run_id FROM quarantine.lines__quarantine")
    return {str(name): str(run) for name, run in rows}


def test_the_first_run_that_held_a_row_is_kept(project: Project) -> None:
    given(project, "a,c1,1,0.5", "b,c1,-1,0.5", "c,,2,0.5")
    first = project.good("lines.yaml").results["run_id"]
    assert held(project) == {"b": first, "c": first}
    given(project, "a,c1,1,0.5", "b,c1,-1,0.5", "c,c2,2,0.5", "d,c2,-7,0.5")
    second = project.good("lines.yaml").results["run_id"]
    assert held(project) == {"b": first, "d": second}
    given(project, "a,c1,1,0.5", "b,c1,-1,0.25")
    third = project.good("lines.yaml").results["run_id"]
    assert held(project) == {"b": third}, "another content is another row"


def test_list_and_show_count_and_print_no_value(project: Project) -> None:
    given(project, "key-1,claim-1,-7773331,0.5", "key-2,,-7773332,0.5", ",claim-3,3,0.5")
    project.good("lines.yaml")
    code, listed = quarantine(project, "list")
    assert code == 0
    assert [line.split()[:2] for line in listed.splitlines()[1:]] == [
        ["lines", "quarantined"],
        ["lines", "quarantined"],
        ["lines", "rejected"],
    ]
    assert "rejected     a null in the key" in listed
    code, shown = quarantine(project, "show", "lines")
    assert code == 0
    assert "rejected     a null in the key" in shown
    assert '["paid","claim"]' in shown
    assert "FROM quarantine.lines__quarantine" in shown
    for value in ("key-1", "claim-1", "-7773331"):
        assert value not in listed + shown
    _, data = quarantine(project, "show", "lines", "--output", "json")
    found = json.loads(data)
    assert [c["rows"] for c in found["counts"]] == [1, 1, 1]
    assert sorted(project.query(found["query"]), key=repr)
    _, values = quarantine(project, "show", "lines", "--show-values")
    assert "key-1" in values


def test_rows_are_discarded_by_a_check_of_any_name(project: Project) -> None:
    name = 'größe "n"'
    project.write("lines.yaml", LINES.replace("append", "upsert").replace("name: paid", f"name: '{name}'"))
    given(project, "a,c1,1,0.5", "b,c1,-1,0.5", "c,,2,0.5")
    project.good("lines.yaml")
    assert quarantine(project, "discard", "lines", "--check", name, "--reason", "agreed")[1].startswith("1 discarded")
    assert project.good("lines.yaml").stage("lines")["ledger"]["discards"] == {"agreed": 1}
    assert set(held(project)) == {"c"}


def test_a_discard_stays_in_the_ledger_with_its_reason(project: Project) -> None:
    given(project, "a,c1,1,0.5", "b,c1,-1,0.5", "c,,2,0.5", "d,,-3,0.5")
    project.good("lines.yaml")
    assert quarantine(project, "discard", "lines", "--key", "id=b", "--reason", "typed twice")[0] == 0
    assert quarantine(project, "discard", "lines", "--check", "claim", "--reason", "no claim, agreed")[0] == 0
    for _ in range(2):
        outcome = project.good("lines.yaml")
        line = outcome.stage("lines")["ledger"]
        assert line["buckets"] == {"rejected": 0, "quarantined": 0, "discarded": 3, "out": 1} | {
            k: 0 for k in line["buckets"] if k not in ("discarded", "out")
        }
        assert line["discards"] == {"typed twice": 1, "no claim, agreed": 2}
        assert {m["column"]: m["buckets"]["discarded"] for m in line["money"]} == {"paid": "-2"}
        assert "discarded, 2 rows: no claim, agreed" in outcome.said
    assert held(project) == {}
    assert {c["name"]: c["status"] for c in outcome.results["checks"] if c["relation"] == "lines"}["paid"] == "passed"
    given(project, "a,c1,1,0.5", "b,c1,-1,0.75")
    assert project.good("lines.yaml").stage("lines")["ledger"]["discards"] == {}
    assert set(held(project)) == {"b"}, "a discard is of the row as it was"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show",), "F191"),
        (("discard", "lines", "--all"), "F191"),
        (("discard", "lines", "--reason", "x"), "F191"),
        (("discard", "lines", "--reason", "x", "--key", "idd=1"), "F191"),
        (("discard", "lines", "--reason", "x", "--key", "id"), "gives a column and no value"),
        (("discard", "lines", "--reason", "x", "--key", "id=b"), "`lines` holds no such row: nothing is discarded"),
        (("discard", "lines", "--reason", "x", "--check", "pad"), "did you mean `paid`?"),
        (("discard", "lines", "--reason", "x", "--check", "claim"), "no row that `lines` holds has failed `claim`"),
        (("show", "line"), "F190"),
    ],
)
def test_what_is_not_told_is_asked_for(project: Project, words: tuple[str, ...], code: str) -> None:
    given(project, "a,c1,-1,0.5")
    project.good("lines.yaml")
    found, said = quarantine(project, *words)
    assert (found, code in said) == (2, True), said
    assert "help:" in said


def test_nothing_held_back(project: Project) -> None:
    assert quarantine(project, "list") == (0, "nothing is held back\n")


def test_a_replay_publishes_what_was_mended_once(project: Project) -> None:
    project.write("lines.yaml", LINES)
    given(project, "a,c1,1,0.5", "b,c1,-1,0.5", "c,,2,0.5")
    project.good("lines.yaml")
    given(project, "a,c1,1,0.5", "b,c1,7,0.5", "c,,2,0.5")
    code, said = quarantine(project, "replay", "lines")
    assert code == 0, said
    assert "`lines` held 2 rows back, and holds 1 now" in said
    stands = project.rows("marts.fct_lines", "id", "paid")
    assert stands == [("a", 1), ("b", 7)]
    assert quarantine(project, "replay", "lines")[0] == 0
    assert project.rows("marts.fct_lines", "id", "paid") == stands, "by its key, once"
    assert quarantine(project, "replay", "fct_lines")[0] == 2


# -- a stage that does not hold rows back any more

WITH_MONTH = """
  priced:
    kind: enrich
    from: lines
    columns: {twice: paid * 2}
    checks:
      - {range: {column: twice, max: 10}, on_fail: quarantine}
"""
READ_BY_ONE = WITH_MONTH + "  fct_priced: {kind: publish, from: priced}\n"
READ_BY_TWO = READ_BY_ONE + "  fct_again: {kind: publish, from: priced}\n"


@pytest.mark.parametrize("stages", [READ_BY_ONE, READ_BY_TWO])
def test_what_a_stage_held_goes_with_its_last_check_that_quarantines(project: Project, stages: str) -> None:
    """Whether its rows are still stored, or computed by their one reader on the way."""
    given(project, "a,c1,1,0.5", "b,c1,7,0.5")
    project.write("lines.yaml", LINES.replace("append", "upsert") + stages.lstrip("\n"))
    project.good("lines.yaml")
    assert "priced" in quarantine(project, "list")[1]
    project.write("lines.yaml", LINES.replace("append", "upsert") + stages.replace("quarantine", "warn").lstrip("\n"))
    project.good("lines.yaml")
    assert quarantine(project, "list") == (0, "nothing is held back\n")
    assert len(project.rows("marts.fct_priced", "id")) == 2
    project.good("lines.yaml")
