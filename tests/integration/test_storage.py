"""How tables lie: the order of rows in DuckDB; indexes, fill and logging in Postgres."""

import pytest

from integration.project import Project, Rows

PIPELINE = """
pipeline: laid
sources:
  raw: {{path: rows.csv, columns: {{k: integer, month: string, v: integer}}}}
stages:
  read: {{kind: normalize, from: raw, key: [k], columns: {{k: , month: , v: }}, warehouse: {settings}}}
  wider: {{kind: enrich, from: read, columns: {{twice: v + v}}, warehouse: {settings}}}
  out: {{kind: publish, from: wider, drop: [twice], {more}}}
"""


def laid(project: Project, *lines: str, settings: str = "{}", more: str = "mode: upsert") -> str:
    project.csv("rows.csv", "k,month,v", *lines)
    return str(project.write("laid.yaml", PIPELINE.format(settings=settings, more=more)).name)


def lines(months: int, start: int = 0) -> list[str]:
    """Rows in which neighbours are of different months."""
    return [f"{start + n},m{n * 7 % months:02},{n}" for n in range(months * 20)]


def runs(project: Project, table: str, column: str) -> int:
    """How often the column steps down as the rows lie."""
    beside = f"SELECT {column} AS c, lag({column}) OVER (ORDER BY rowid) AS before FROM {table}"
    return int(project.query(f"SELECT count(*) FROM ({beside}) WHERE before > c")[0][0])


@pytest.mark.parametrize("mode", ["upsert", "replace", "append", "history"])
def test_duckdb_writes_rows_in_their_order(duckdb_project: Project, mode: str) -> None:
    project = duckdb_project
    more = f"mode: {mode}, partition_by: [month]"
    project.good(laid(project, *lines(11), more=more))
    assert runs(project, "marts.out", "month") == 0
    project.good(laid(project, *lines(11, 5000), more=more))
    assert runs(project, "marts.out", "month") <= 1
    project.good(laid(project, *lines(11, 5000), more=more), "--full-refresh")
    assert runs(project, "marts.out", "month") == 0


def test_duckdb_writes_the_rows_of_a_stage_in_their_order(duckdb_project: Project) -> None:
    project = duckdb_project
    settings = "{duckdb: {order_by: [month, v]}, postgres: {fillfactor: 50}}"
    more = "partition_by: [month], warehouse: {duckdb: {order_by: [v]}}"
    project.good(laid(project, *lines(11), settings=settings, more=more))
    assert runs(project, "staging.read__rows", "month || lpad(v::text, 5, '0')") == 0
    assert runs(project, "intermediate.wider__rows", "month || lpad(v::text, 5, '0')") == 0
    assert runs(project, "marts.out", "v") == 0


def indexes(project: Project, schema: str, table: str) -> list[str]:
    found: Rows = project.query(
        f"SELECT indexdef FROM pg_indexes WHERE schemaname = '{schema}' AND tablename = '{table}' ORDER BY 1"
    )
    return sorted(str(text).partition(" USING ")[2] for (text,) in found)


def kept(project: Project, table: str) -> tuple[str, list[str] | None]:
    """Whether a table is logged (p) or not (u), and its storage parameters."""
    (row,) = project.query(f"SELECT relpersistence::text, reloptions FROM pg_class WHERE oid = '{table}'::regclass")
    return row[0], row[1]


def test_postgres_keeps_tables_as_said(postgres_project: Project) -> None:
    project = postgres_project
    settings = "{postgres: {indexes: [[month], [v, k]], fillfactor: 70, unlogged: true}}"
    more = "partition_by: [month, k], warehouse: {postgres: {indexes: [[v]], fillfactor: 90}}"
    name = laid(project, *lines(3), settings=settings, more=more)
    for _ in range(2):
        project.good(name)
        assert indexes(project, "staging", "read__rows") == ["btree (month)", "btree (v, k)"]
        assert kept(project, "staging.read__rows") == ("u", ["fillfactor=70"])
        assert indexes(project, "intermediate", "wider__rows") == ["btree (month)", "btree (v, k)"]
        assert indexes(project, "marts", "out") == ["btree (month, k)", "btree (v)"]
        assert kept(project, "marts.out") == ("p", ["fillfactor=90"])
    project.good(name, "--full-refresh")
    assert indexes(project, "marts", "out") == ["btree (month, k)", "btree (v)"]


def test_a_change_waits_for_a_full_refresh_and_says_so(project: Project) -> None:
    name = laid(project, *lines(3))
    assert project.good(name).results["notes"] == []
    laid(project, *lines(3), more="partition_by: [month]")
    for _ in range(2):
        outcome = project.good(name)
        (note,) = outcome.results["notes"]
        assert "`out`" in note
        assert "--full-refresh" in note
        assert f"note: {note}" in outcome.out
        assert outcome.changes("out") == (0, 0, 60, 0)
    assert project.good(name, "--full-refresh").results["notes"] == []
    if project.url is None:
        assert runs(project, "marts.out", "month") == 0
    else:
        assert indexes(project, "marts", "out") == ["btree (month)"]
    assert project.good(name).results["notes"] == []
