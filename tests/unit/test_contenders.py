"""How tables and checks are written for other tools, and that they are the framework's work."""

from pathlib import Path

import duckdb
import pytest
import yaml

from benchmarks import environments, variants
from benchmarks.contenders import many
from benchmarks.contenders.dbt import project as dbt
from benchmarks.contenders.sqlmesh import project as sqlmesh
from benchmarks.contenders.tables import (
    Accepted,
    Check,
    NoResult,
    NoRow,
    NotEmpty,
    NotNull,
    Related,
    Source,
    Table,
    Tables,
    Unique,
)
from framework.load import load
from framework.resolve import resolve

EVERY_CHECK: list[Check] = [
    NotNull("id"),
    Accepted("kind", ["a", "b"], warn=True),
    NoRow("amount", "amount < 0"),
    Unique(["id"]),
    Unique(["id", "kind"]),
    Related("kind", "staging.kinds", warn=True),
    NotEmpty(),
    NoResult("twice", "SELECT 1 FROM staging.kinds JOIN staging.items USING (kind)"),
]
TABLES = Tables(
    {"items": Source({"id": "VARCHAR"}, "read_csv('items.csv')", [NotEmpty()]), "kinds": Source({"kind": "VARCHAR"})},
    {
        "staging.kinds": Table("SELECT kind FROM raw.kinds"),
        "staging.items": Table("SELECT items.id FROM raw.items AS items", stored=False, checks=EVERY_CHECK),
    },
    {"twice(x)": "x * 2"},
)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_name_is_replaced_only_where_it_is_one_of_the_tables() -> None:
    query = "SELECT raw.items.id, staging.other, 'x' FROM raw.items JOIN staging.kinds"
    assert TABLES.renamed(query, lambda name: f"<{name}>") == (
        "SELECT <raw.items>.id, staging.other, 'x' FROM <raw.items> JOIN <staging.kinds>"
    )


def test_dbt_has_a_model_for_each_table(tmp_path: Path) -> None:
    dbt.write(TABLES, tmp_path)
    models = tmp_path / "models" / "staging"
    assert _read(models / "staging__kinds.sql") == (
        "{{ config(materialized='table', schema='staging', alias='kinds') }}\n"
        "SELECT kind FROM {{ source('raw', 'kinds') }}\n"
    )
    assert _read(models / "staging__items.sql") == (
        "{{ config(materialized='view', schema='staging', alias='items') }}\n"
        "SELECT items.id FROM {{ source('raw', 'items') }} AS items\n"
    )
    assert yaml.safe_load(_read(tmp_path / "dbt_project.yml"))["on-run-start"] == [
        "CREATE OR REPLACE MACRO twice(x) AS x * 2"
    ]


def test_dbt_has_a_test_for_each_check(tmp_path: Path) -> None:
    dbt.write(TABLES, tmp_path)
    _, items = yaml.safe_load(_read(tmp_path / "models" / "staging" / "properties.yml"))["models"]
    warns = {"config": {"severity": "warn"}}
    related = {"column_name": "kind", "to": "ref('staging__kinds')", "field": "kind"}
    assert items["data_tests"] == [
        {"not_null": {"arguments": {"column_name": "id"}}},
        {"accepted_values": warns | {"arguments": {"column_name": "kind", "values": ["a", "b"]}}},
        {"no_row": {"name": "items_amount", "arguments": {"condition": "amount < 0"}}},
        {"unique": {"arguments": {"column_name": "id"}}},
        {"unique_together": {"arguments": {"columns": ["id", "kind"]}}},
        {"relationships": warns | {"arguments": related}},
        {"not_empty": {}},
    ]
    assert _read(tmp_path / "tests" / "twice.sql") == (
        "SELECT 1 FROM {{ ref('staging__kinds') }} JOIN {{ ref('staging__items') }} USING (kind)\n"
    )


def test_dbt_reads_a_source_where_its_file_is(tmp_path: Path) -> None:
    dbt.write(TABLES, tmp_path)
    (sources,) = yaml.safe_load(_read(tmp_path / "models" / "sources.yml"))["sources"]
    assert sources["tables"] == [
        {
            "name": "items",
            "columns": [{"name": "id", "data_type": "VARCHAR"}],
            "config": {"meta": {"external_location": "read_csv('items.csv')"}},
            "data_tests": [{"not_empty": {}}],
        },
        {"name": "kinds", "columns": [{"name": "kind", "data_type": "VARCHAR"}]},
    ]


def test_sqlmesh_has_a_model_with_its_audits_for_each_table(tmp_path: Path) -> None:
    sqlmesh.write(TABLES, tmp_path)
    models = tmp_path / "models"
    assert _read(models / "staging" / "kinds.sql") == (
        "MODEL (\n  name staging.kinds,\n  kind FULL\n);\nSELECT kind FROM raw.kinds\n"
    )
    assert _read(models / "staging" / "items.sql") == (
        "MODEL (\n  name staging.items,\n  kind VIEW,\n  depends_on (staging.kinds),\n  audits (\n"
        "    not_null(columns := (id)),\n"
        "    accepted_values(column := kind, is_in := ('a', 'b'), blocking := false),\n"
        "    forall(criteria := (NOT (amount < 0))),\n"
        "    unique_combination_of_columns(columns := (id)),\n"
        "    unique_combination_of_columns(columns := (id, kind)),\n"
        "    kind_in_staging_kinds(blocking := false),\n"
        "    number_of_rows(threshold := 0),\n"
        "    twice\n"
        "  )\n);\nSELECT items.id FROM raw.items AS items\n"
    )
    assert yaml.safe_load(_read(tmp_path / "config.yaml"))["before_all"] == [
        "CREATE OR REPLACE MACRO twice(x) AS x * 2"
    ]


def test_sqlmesh_has_its_own_audits_in_files(tmp_path: Path) -> None:
    sqlmesh.write(TABLES, tmp_path)
    assert {path.name: _read(path) for path in (tmp_path / "audits").iterdir()} == {
        "twice.sql": (
            "AUDIT (\n  name twice,\n  dialect duckdb\n);\nSELECT 1 FROM staging.kinds JOIN @this_model USING (kind)\n"
        ),
        "kind_in_staging_kinds.sql": (
            "AUDIT (\n  name kind_in_staging_kinds,\n  dialect duckdb\n);\n"
            "SELECT child.kind FROM @this_model AS child ANTI JOIN staging.kinds AS parent "
            "ON child.kind = parent.kind WHERE child.kind IS NOT NULL\n"
        ),
    }


def test_sqlmesh_knows_the_columns_of_every_source(tmp_path: Path) -> None:
    sqlmesh.write(TABLES, tmp_path)
    assert yaml.safe_load(_read(tmp_path / "external_models.yaml")) == [
        {"name": "raw.kinds", "columns": {"kind": "VARCHAR"}}
    ]
    assert _read(tmp_path / "models" / "raw" / "items.sql") == (
        "MODEL (\n  name raw.items,\n  kind VIEW,\n  audits (\n    number_of_rows(threshold := 0)\n  )\n);\n"
        "SELECT id::VARCHAR FROM read_csv('items.csv')\n"
    )


def test_generated_models_have_the_columns_of_the_generated_stages(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(variants.many_stages(10), encoding="utf-8")
    stages = {f"many.{s.name}": [c.name for c in s.relation.columns] for s in resolve(load(path, tmp_path)).stages}
    made, found = many.tables(10), {}
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw; CREATE SCHEMA many")
        for name, source in made.sources.items():
            columns = ", ".join(f"{column} {kind}" for column, kind in source.columns.items())
            connection.execute(f"CREATE TABLE raw.{name} ({columns})")
        for name, table in made.tables.items():
            connection.execute(f"CREATE TABLE {name} AS {table.query}")
            found[name] = [row[0] for row in connection.execute(f"DESCRIBE {name}").fetchall()]
    assert found == stages


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> environments.Tool:
    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    return environments.Tool("tool", ("some-package<2",), ("some-package",))


def test_an_environment_that_was_broken_off_is_none(tool: environments.Tool) -> None:
    assert tool.versions() == ()
    tool.folder.mkdir()
    assert tool.versions() == ()


def test_an_environment_is_reused_until_something_else_is_wanted(tool: environments.Tool) -> None:
    tool.folder.mkdir()
    tool.record(["duckdb 1", "some-package 1.5"])
    assert tool.versions() == ("duckdb 1", "some-package 1.5")
    assert environments.Tool("tool", ("some-package<3",), ("some-package",)).versions() == ()


def test_the_tools_get_the_duckdb_of_the_framework() -> None:
    assert all(tool.wanted()["requirements"][-1] == f"duckdb=={duckdb.__version__}" for tool in environments.TOOLS)
