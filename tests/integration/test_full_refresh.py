"""`--full-refresh`: published tables made anew, all of them or none, and what else depends on them."""

import pytest

from integration.project import Project

PIPELINE = """
pipeline: small
sources:
  raw: {{path: rows.csv, key: [k], columns: {{k: string, v: integer, w: string}}}}
stages:
  first: {{kind: publish, from: raw, columns: {first}}}
  second: {{kind: publish, from: raw, columns: {{k: , w: }}, mode: history}}
"""


def small(project: Project, *lines: str, first: str = "{k: , v: }") -> str:
    project.csv("rows.csv", "k,v,w", *lines)
    return str(project.write("small.yaml", PIPELINE.format(first=first)).name)


def test_a_refusal_names_it_as_the_help(project: Project) -> None:
    project.good(small(project, "a,1,x"))
    for first in ("{k: }", "{k: , v: v + 0.5}"):
        outcome = project.run(small(project, "a,1,x", first=first))
        assert outcome.code == 4, outcome.said
        assert "--full-refresh" in outcome.said


def test_tables_are_made_anew_together_or_not_at_all(project: Project) -> None:
    """The first table gets other columns; the second refuses its rows in the middle of the same transaction."""
    project.good(small(project, "a,1,x", "b,2,y"), "--as-of", "2024-01-01")
    project.execute("ALTER TABLE marts.second ALTER COLUMN w SET NOT NULL")
    before, commits = project.published(), project.commits()
    outcome = project.run(small(project, "a,1,", first="{v: , shout: upper(k), k: }"), "--full-refresh")
    assert outcome.code == 4, outcome.said
    assert project.published() == before
    assert project.commits() == commits
    project.execute("ALTER TABLE marts.second ALTER COLUMN w DROP NOT NULL")
    outcome = project.good("small.yaml", "--full-refresh")
    assert outcome.changes("first") == (1, 0, 0, 2)
    assert outcome.changes("second") == (1, 0, 0, 2)
    assert project.columns("marts.first") == ["v", "shout", "k"]
    assert project.rows("marts.first") == [(1, "A", "a")]
    assert project.leftovers() == set()
    assert project.good("small.yaml").changes("first") == (0, 0, 1, 0)


def test_a_table_that_is_to_be_as_it_was_keeps_what_depends_on_it(project: Project) -> None:
    name = small(project, "a,1,x", "b,2,y")
    project.good(name)
    project.execute("CREATE VIEW marts.theirs AS SELECT k FROM marts.first")
    small(project, "c,3,z")
    assert project.good(name, "--full-refresh").changes("first") == (1, 0, 0, 2)
    assert project.rows("marts.theirs") == [("c",)]


def test_a_view_over_a_table_that_would_go_is_named(postgres_project: Project) -> None:
    """In DuckDB a view does not hold its table."""
    project = postgres_project
    project.good(small(project, "a,1,x"))
    project.execute("CREATE VIEW marts.theirs AS SELECT k FROM marts.first")
    before = project.published()
    outcome = project.run(small(project, "a,1,x", first="{k: }"), "--full-refresh")
    assert outcome.code == 4, outcome.said
    assert "publishing `first`" in outcome.said
    assert "drop the views over it that others made" in outcome.said
    assert project.published() == before
    project.execute("DROP VIEW marts.theirs")
    project.good("small.yaml", "--full-refresh")
    assert project.columns("marts.first") == ["k"]


def test_a_table_of_an_older_record_is_taken_as_it_stands(project: Project) -> None:
    """Nothing is recorded of how it was made: its columns alone say what it is."""
    name = small(project, "a,1,x")
    project.good(name)
    project.execute("DELETE FROM _framework.tables")
    assert project.good(name).changes("first") == (0, 0, 1, 0)
    project.execute("DELETE FROM _framework.tables")
    assert project.good(name, "--full-refresh").changes("first") == (1, 0, 0, 1)
    assert len(project.rows("_framework.tables")) == 2


KNOWN = """
pipeline: known
sources:
  raw: {{path: rows.csv, key: [k], columns: {{k: string, w: string, at: timestamp, now: boolean}}}}
stages:
  out: {{kind: publish, from: raw, columns: {columns}, {more}}}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (("{k: , w: }", "mode: upsert"), ("{k: }", "surrogate_key: w"), "no hash of its key"),
        (
            ("{k: }", "mode: history"),
            ("{k: , valid_from: at, valid_to: at, is_current: now}", "mode: append"),
            "stands in mode history",
        ),
    ],
)
def test_what_rows_are_known_by_cannot_change_under_them(
    project: Project, old: tuple[str, str], new: tuple[str, str], said: str
) -> None:
    project.csv("rows.csv", "k,w,at,now", "a,x,2024-01-01 00:00:00,true")
    project.write("known.yaml", KNOWN.format(columns=old[0], more=old[1]))
    project.good("known.yaml")
    before = project.published()
    project.write("known.yaml", KNOWN.format(columns=new[0], more=new[1]))
    outcome = project.run("known.yaml")
    assert outcome.code == 4, outcome.said
    assert said in outcome.said
    assert project.published() == before
    assert project.good("known.yaml", "--full-refresh").changes("out") == (1, 0, 0, 1)
