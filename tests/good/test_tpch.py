"""The 22 queries of the TPC-H specification as stages, over rows of our own."""

import shutil
from pathlib import Path

import pytest
from integration.project import Project

from good.filling import fill
from good.same import assert_same, silent, untrue_when_stored
from good.tpch_tables import TABLES, rows

HERE = Path(__file__).parent
PIPELINES = sorted((HERE / "tpch").glob("*.yaml"))
OTHERWISE = sorted((HERE / "tpch" / "otherwise").glob("*.yaml"))  # the same rows, reached by other stages


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the eight tables, to be copied."""
    database = tmp_path_factory.mktemp("tpch") / "filled.duckdb"
    fill(database, "tpch", TABLES, rows())
    return database


def test_there_are_all_of_them() -> None:
    assert [path.stem for path in PIPELINES] == [f"q{number:02}" for number in range(1, 23)]


@pytest.mark.parametrize("pipeline", [*PIPELINES, *OTHERWISE], ids=lambda path: path.stem)
def test_it_is_silent_and_gives_the_rows_of_plain_sql(pipeline: Path, project: Project, filled: Path) -> None:
    shutil.copy(filled, project.root / "test.duckdb")
    silent(project, pipeline)
    assert_same(project, pipeline.stem[:3], "tpch", (HERE / "tpch" / f"{pipeline.stem[:3]}.sql").read_text())


@pytest.mark.parametrize("pipeline", [*PIPELINES, *OTHERWISE], ids=lambda path: path.stem)
def test_what_is_known_of_its_rows_is_true(pipeline: Path, project: Project, filled: Path) -> None:
    shutil.copy(filled, project.root / "test.duckdb")
    assert untrue_when_stored(project, pipeline) == []
