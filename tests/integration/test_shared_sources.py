"""Two pipelines on one target whose sources have one name: what is the same is shared, and else refused."""

from typing import Any

import pytest

from framework.cli import main
from framework.execute import stages
from integration.project import Outcome, Project

HEAD = "sale_id,amount"
# A line in which a field is missing, and a value that is no amount: what is held back of a source stands beside it.
BAD = ("s9", "s8,much")


def pipeline(name: str, path: str = "sales.csv", source: str = "raw_sales", columns: str = "") -> str:
    return f"""
pipeline: {name}
sources:
  {source}: {{path: {path}, key: [sale_id], columns: {{sale_id: string, amount: "decimal(18,2)"{columns}}}}}
stages:
  {name}_clean: {{kind: normalize, from: {source}, key: [sale_id], columns: {{sale_id: , amount: }}}}
  {name}_fact: {{kind: publish, from: {name}_clean, mode: replace}}
"""


@pytest.fixture
def two(project: Project) -> Project:
    """A pipeline `one` that has run, and the text of another."""
    begun(project)
    return project


def begun(project: Project) -> None:
    project.csv("sales.csv", HEAD, "s1,10.00", "s2,20.50", *BAD)
    project.csv("other.csv", HEAD, "s1,77.00", "s7,0.01", *BAD)
    project.write("one.yaml", pipeline("one"))
    project.write("two.yaml", pipeline("two"))
    good(project.run("one.yaml"))


def good(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.said
    return outcome


def refused(project: Project, file: str) -> Outcome:
    """A run that changes nothing, and that `plan` has told of."""
    before = stands(project)
    project.capture.readouterr()
    assert main(["plan", file]) == 0
    planned = project.capture.readouterr().out
    outcome = project.run(file)
    assert outcome.code == 4, outcome.said
    assert outcome.results["message"] in planned
    assert stands(project) == before
    return outcome


def stands(project: Project) -> dict[str, Any]:
    held = project.rows("quarantine.raw_sales__quarantine", "_run_id", "_bucket")
    return {"raw": project.rows("raw.raw_sales"), "held": held, "published": project.published()}


def amounts(project: Project, fact: str) -> list[str]:
    return [str(amount) for (amount,) in project.rows(f"marts.{fact}", "amount")]


# -- in turn


def test_the_same_files_are_loaded_under_one_name_by_both(two: Project) -> None:
    good(two.run("two.yaml"))
    assert amounts(two, "one_fact") == amounts(two, "two_fact") == ["10.00", "20.50"]
    two.csv("sales.csv", HEAD, "s1,11.00")
    good(two.run("two.yaml"))
    assert (amounts(two, "one_fact"), amounts(two, "two_fact")) == (["10.00", "20.50"], ["11.00"])
    good(two.run("one.yaml"))
    assert amounts(two, "one_fact") == ["11.00"]


@pytest.mark.parametrize(
    "otherwise",
    [{"path": "other.csv"}, {"columns": ", note: string"}, {"path": '"s*les.csv"'}],
    ids=["another file", "another contract", "another path"],
)
def test_something_else_is_not_loaded_under_the_name(two: Project, otherwise: dict[str, str]) -> None:
    two.write("two.yaml", pipeline("two", **otherwise))
    outcome = refused(two, "two.yaml")
    assert "pipeline `one` loads other files, or the same in another way, as `raw_sales`" in outcome.said
    assert "rename one of them" in outcome.said


def test_a_csv_that_is_written_otherwise_is_something_else(two: Project) -> None:
    two.write("two.yaml", pipeline("two").replace("path: sales.csv", 'path: sales.csv, csv: {quote: ""}'))
    assert "loads other files, or the same in another way" in refused(two, "two.yaml").said


def test_another_name_is_the_way_out_on_either_side(two: Project) -> None:
    two.write("two.yaml", pipeline("two", "other.csv", "other_sales"))
    good(two.run("two.yaml"))
    assert (amounts(two, "one_fact"), amounts(two, "two_fact")) == (["10.00", "20.50"], ["0.01", "77.00"])
    two.write("one.yaml", pipeline("one", source="own_sales"))
    good(two.run("one.yaml"))  # from here on the name is free
    two.write("two.yaml", pipeline("two", "other.csv"))
    good(two.run("two.yaml"))
    assert (amounts(two, "one_fact"), amounts(two, "two_fact")) == (["10.00", "20.50"], ["0.01", "77.00"])


def test_a_pipeline_may_change_what_it_alone_loads(two: Project) -> None:
    two.write("one.yaml", pipeline("one", "other.csv"))
    good(two.run("one.yaml"))
    assert amounts(two, "one_fact") == ["0.01", "77.00"]
    good(two.run("one.yaml", "--select", "one_clean"))


def test_what_both_load_may_be_changed_by_one_and_the_other_follows(two: Project) -> None:
    good(two.run("two.yaml"))
    two.write("one.yaml", pipeline("one", "other.csv"))
    good(two.run("one.yaml"))
    outcome = refused(two, "two.yaml")
    assert "pipeline `one` loads other files, or the same in another way, as `raw_sales`" in outcome.said
    two.write("two.yaml", pipeline("two", "other.csv"))
    good(two.run("two.yaml"))
    good(two.run("one.yaml"))
    assert amounts(two, "one_fact") == amounts(two, "two_fact") == ["0.01", "77.00"]


def test_a_table_of_the_warehouse_stands_by_itself(two: Project) -> None:
    two.execute("CREATE SCHEMA given")
    two.execute("CREATE TABLE given.sales AS SELECT 's5' AS sale_id, CAST(5 AS DECIMAL(18,2)) AS amount")
    two.write("two.yaml", pipeline("two").replace("path: sales.csv", "table: given.sales"))
    good(two.run("two.yaml"))
    good(two.run("one.yaml"))
    assert (amounts(two, "one_fact"), amounts(two, "two_fact")) == (["10.00", "20.50"], ["5.00"])


def test_a_table_that_no_pipeline_has_loaded_is_not_taken_for_files(two: Project) -> None:
    two.execute("CREATE TABLE raw.given AS SELECT 's5' AS sale_id, 5 AS amount")
    two.write("two.yaml", pipeline("two", source="given"))
    outcome = refused(two, "two.yaml")
    assert "`raw.given` stands in this target, and no pipeline has loaded it there" in outcome.said
    assert two.rows("raw.given", "sale_id", "amount") == [("s5", 5)]
    two.execute("DROP TABLE raw.given")
    good(two.run("two.yaml"))
    two.write("two.yaml", pipeline("two", source="other"))
    good(two.run("two.yaml"))
    two.write("two.yaml", pipeline("two", source="given"))
    good(two.run("two.yaml"))  # what was loaded once is no table of somebody else


def test_a_source_and_a_stage_of_another_pipeline_do_not_share_a_name(two: Project) -> None:
    two.write("two.yaml", pipeline("two", source="one_clean"))
    outcome = refused(two, "two.yaml")
    assert "source `one_clean` has the name of a stage that stands in this target, from pipeline `one`" in outcome.said
    two.write("two.yaml", pipeline("two", source="own").replace("two_clean", "raw_sales"))
    outcome = refused(two, "two.yaml")
    assert "`raw_sales` is a source of pipeline `one` in this target, loaded under that name" in outcome.said


def test_what_an_earlier_version_left_is_nobodys(two: Project) -> None:
    two.execute("ALTER TABLE _framework.sources DROP COLUMN loaded_as")
    two.write("two.yaml", pipeline("two", "other.csv"))
    good(two.run("two.yaml"))
    outcome = refused(two, "one.yaml")
    assert "pipeline `two` loads other files" in outcome.said


# -- at once


@pytest.mark.parametrize("path", ["sales.csv", "other.csv"])
def test_no_run_loads_under_a_name_that_another_is_reading(
    postgres_project: Project, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The second run begins when the first has loaded its files and not read them. A DuckDB file has one writer."""
    two = postgres_project
    begun(two)
    two.write("two.yaml", pipeline("two", path))
    two.execute("UPDATE _framework.sources SET loaded_as = NULL")  # as if neither had been recorded
    two.csv("sales.csv", HEAD, "s1,1.00", "s2,2.00")
    between: list[Outcome] = []
    build = stages.build

    def delayed(*given: Any) -> Any:
        if not between:
            two.csv("sales.csv", HEAD, "s1,3.00", "s2,4.00")
            between.append(two.run("two.yaml"))
        return build(*given)

    monkeypatch.setattr(stages, "build", delayed)
    good(two.run("one.yaml"))
    assert amounts(two, "one_fact") == ["1.00", "2.00"]
    assert between[0].code == 4, between[0].said
    assert "a run of another pipeline is reading its source `raw_sales` on this target" in between[0].said
    assert "two_fact" not in two.relations("marts")
    if path == "sales.csv":
        good(two.run("two.yaml"))
        assert amounts(two, "two_fact") == ["3.00", "4.00"]
