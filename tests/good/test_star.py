"""Facts and dimensions as they are built every day: each pipeline of this folder, beside its plain SQL."""

import shutil
from pathlib import Path

import pytest
from integration.project import Project

from good.filling import fill
from good.same import assert_same, published, silent, untrue_when_stored
from good.star_tables import TABLES, rows

PIPELINES = sorted((Path(__file__).parent / "star").glob("*.yaml"))


@pytest.fixture(scope="session")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the tables, to be copied."""
    database = tmp_path_factory.mktemp("star") / "filled.duckdb"
    fill(database, "feed", TABLES, rows())
    return database


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda path: path.stem)
def test_it_is_silent_and_gives_the_rows_of_plain_sql(pipeline: Path, project: Project, feed: Path) -> None:
    shutil.copy(feed, project.root / "test.duckdb")
    silent(project, pipeline)
    for table, sql in published(pipeline).items():
        assert_same(project, table, "feed", sql)


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda path: path.stem)
def test_what_is_known_of_its_rows_is_true(pipeline: Path, project: Project, feed: Path) -> None:
    shutil.copy(feed, project.root / "test.duckdb")
    assert untrue_when_stored(project, pipeline) == []
