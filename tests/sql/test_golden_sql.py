"""The SQL of pipelines for four warehouses: DuckDB's in full, the others as a diff against it.

`kinds.yaml` has every stage kind and join type; `publish.yaml` every way to publish and to keep a table; `checks.yaml`
the checks that are more than a condition;
`../../pipelines/claims.yaml` is the whole case.
"""

import difflib
from pathlib import Path

import pytest
import sqlglot

from framework.compile import compile_plan
from framework.compile.text import texts
from framework.load import load
from framework.resolve import resolve
from framework.target import warehouse

HERE = Path(__file__).parent
PIPELINES = {
    "kinds": HERE / "kinds.yaml",
    "checks": HERE / "checks.yaml",
    "publish": HERE / "publish.yaml",
    "claims": HERE.parents[1] / "pipelines" / "claims.yaml",
}
OTHERS = ("postgres", "snowflake", "databricks")


def compiled(pipeline: str, name: str) -> str:
    chosen = warehouse(name)
    program = compile_plan(resolve(load(PIPELINES[pipeline])), chosen)
    return "\n\n".join(texts(program, chosen.dialect()).values()) + "\n"


def check(path: Path, text: str, update: bool) -> None:
    if update:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_duckdb_in_full(pipeline: str, update_golden: bool) -> None:
    check(HERE / f"{pipeline}.duckdb.sql", compiled(pipeline, "duckdb"), update_golden)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_others_as_a_diff(pipeline: str, name: str, update_golden: bool) -> None:
    lines = compiled(pipeline, "duckdb").splitlines(), compiled(pipeline, name).splitlines()
    diff = "\n".join(difflib.unified_diff(*lines, "duckdb", name, lineterm="", n=0)) + "\n"
    check(HERE / f"{pipeline}.{name}.diff", diff, update_golden)


@pytest.mark.parametrize("name", ["duckdb", *OTHERS])
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_another_reader_takes_it_for_sql(pipeline: str, name: str) -> None:
    """Not a proof that the warehouse does: the engines that can be had run it in other tests."""
    for text in texts(
        compile_plan(resolve(load(PIPELINES[pipeline])), warehouse(name)), warehouse(name).dialect()
    ).values():
        assert all(statement is not None for statement in sqlglot.parse(text, read=name))
