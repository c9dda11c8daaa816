"""What authors say of a published table and its columns stands beside them in the warehouse."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from framework.cli import main
from framework.target import warehouse
from integration.project import Project

QUERIES = {
    "duckdb": (
        "SELECT '', comment FROM duckdb_tables() WHERE schema_name = 'marts' AND table_name = 'city' "
        "UNION ALL SELECT column_name, comment FROM duckdb_columns() "
        "WHERE schema_name = 'marts' AND table_name = 'city'"
    ),
    "postgres": (
        "SELECT '', obj_description('marts.city'::regclass) UNION ALL "
        "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = 'marts.city'::regclass AND attnum > 0 AND NOT attisdropped"
    ),
}


def pipeline(table: str, column: str, more: str = "", mode: str = "upsert") -> str:
    return f"""
pipeline: shop
sources:
  raw:
    path: cities.csv
    key: [id]
    columns: {{id: string, name: {{type: string, description: "{column}"}}, n: integer}}
stages:
  city:
    kind: publish
    from: raw
    mode: {mode}
    {f'description: "{table}"' if table else "tags: [daily]"}
    {more}
"""


def told(project: Project) -> dict[str, str]:
    return {name: text for name, text in project.query(QUERIES[project.warehouse]) if text}


@pytest.mark.parametrize("mode", ["upsert", "replace"])
def test_comments(project: Project, mode: str) -> None:
    project.csv("cities.csv", "id,name,n", "a,Bonn,1")
    project.write("shop.yaml", pipeline("The cities' names: 100%", "As it's written", mode=mode))
    project.good("shop.yaml")
    assert told(project) == {"": "The cities' names: 100%", "name": "As it's written"}
    project.good("shop.yaml")
    assert told(project) == {"": "The cities' names: 100%", "name": "As it's written"}
    project.write("shop.yaml", pipeline("", "Another", mode=mode))
    project.good("shop.yaml")
    assert told(project) == {"name": "Another"}
    project.write(
        "shop.yaml", pipeline("Anew", "Another", "columns: {id: , name: {expr: name, description: Another}}", mode=mode)
    )
    project.good("shop.yaml", "--full-refresh")
    assert told(project) == {"": "Anew", "name": "Another"}


def test_what_others_say_is_left_alone(project: Project) -> None:
    project.csv("cities.csv", "id,name,n", "a,Bonn,1")
    project.write("shop.yaml", pipeline("", "Names"))
    project.good("shop.yaml")
    project.execute("COMMENT ON COLUMN marts.city.n IS 'of a person'")
    project.good("shop.yaml")
    assert told(project) == {"name": "Names", "n": "of a person"}


@pytest.mark.engines
@pytest.mark.parametrize("engine", ["snowflake", "spark"])
def test_comments_of_an_engine(
    engine: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = request.getfixturevalue(f"{engine}_target")
    told = {"project": "shop", "default_target": "t", "targets": {"t": settings}}
    (tmp_path / "framework.yaml").write_text(json.dumps(told), encoding="utf-8")
    (tmp_path / "cities.csv").write_text("id,name,n\na,Bonn,1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = warehouse(engine)
    for words in ("The names: 100%", "Others"):
        (tmp_path / "shop.yaml").write_text(pipeline(words, words), encoding="utf-8")
        with seen() as statements:
            assert main(["run", "shop.yaml", "--debug"]) == 0
        assert sum("COMMENT" in statement for statement in statements) == 2
        with seen() as statements:
            assert main(["run", "shop.yaml", "--debug"]) == 0
        assert not any("COMMENT" in statement for statement in statements)
    if engine == "spark":
        target = found.connect({name: value for name, value in settings.items() if name != "warehouse"}, tmp_path)
        with target.connect() as connection:
            rows = connection.exec_driver_sql("DESCRIBE TABLE EXTENDED marts.city").all()
        target.dispose()
        assert ("name", "string", "Others") in rows
        assert ("Comment", "Others", "") in rows


@contextmanager
def seen() -> Iterator[list[str]]:
    """The statements of what happens inside."""
    statements: list[str] = []

    def before(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append("" if "_framework" in statement else statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", before)
    try:
        yield statements
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", before)
