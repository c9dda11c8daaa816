"""Great Expectations: suites of a pipeline's checks and a checkpoint, as a project that GX loads and runs by itself."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files

from framework.assertion import MeasureTest, ProvedTest
from framework.compile.searches import Searches
from framework.exports import Asked, Exported
from framework.gx import exporting, judging, native
from framework.gx.judging import OF_TYPES
from framework.gx.quiet import quiet, refuse_without
from framework.gx.suites import UNEXPECTED_ROWS, Expected, Suite, suites
from framework.plan import Plan, relations

ADDRESS = "WAREHOUSE_URL"
_OF_SEVERAL = frozenset(
    f"expect_{name}"
    for name in (
        "column_pair_values_a_to_be_greater_than_b",
        "column_pair_values_to_be_equal",
        "column_pair_values_to_be_in_set",
        "compound_columns_to_be_unique",
        "multicolumn_sum_to_equal",
        "multicolumn_values_to_be_equal",
        "multicolumn_values_to_be_unique",
        "select_column_values_to_be_unique_within_record",
    )
)


def export(asked: Asked) -> Exported:
    """Raises Unreachable where Great Expectations is not installed. A project that stands in the folder is replaced."""
    refuse_without("export great_expectations")
    framed = asked.warehouse.name == "duckdb"  # into which GX has no way
    searches = Searches(asked.plan, asked.warehouse, asked.schemas)
    left_out = [*_of_history(asked.plan)]
    names = (relation.name for relation in relations(asked.plan))
    found = suites(asked.plan, searches, names, {})
    shutil.rmtree(asked.folder / "gx", ignore_errors=True)
    asked.folder.mkdir(parents=True, exist_ok=True)
    with quiet():
        kept = [suite for one in found if (suite := _runnable(one, searches, left_out, framed=framed)) is not None]
        if framed:
            exporting.over_frames(asked.folder, asked.target, kept)
        else:
            exporting.over_tables(asked.folder, asked.plan.name, asked.target, ADDRESS, searches, kept)
    _explain(asked, searches, kept, left_out, framed=framed)
    written = sorted(path for path in asked.folder.rglob("*") if path.is_file() and "uncommitted" not in path.parts)
    return Exported(tuple(written), tuple(left_out))


# -- what GX can run by itself


def _of_history(plan: Plan) -> Iterator[str]:
    for relation in relations(plan):
        for assertion in relation.assertions:
            if isinstance(assertion.test, MeasureTest) and assertion.test.trend is not None:
                yield f"{assertion.name} of {relation.name}: its bounds come of the runs before"


def _runnable(suite: Suite, searches: Searches, left_out: list[str], *, framed: bool) -> Suite | None:
    """The suite with what GX can judge alone; None where that is nothing."""
    bound = searches.rows(suite.relation, suite.condition).variables
    kept = []
    for expected in suite.expectations:
        reason = (
            f"its `where` names what a run binds: {', '.join(bound)}" if bound else _reason(expected, suite, framed)
        )
        if reason is None:
            kept.append(expected)
        else:
            left_out.append(f"{expected.assertion.name} of {suite.relation.name}: {reason}")
    return replace(suite, expectations=tuple(kept)) if kept else None


def _reason(expected: Expected, suite: Suite, framed: bool) -> str | None:
    """Why GX cannot judge it alone."""
    if expected.type != UNEXPECTED_ROWS:
        return _unlike(expected, suite, framed)
    if isinstance(expected.assertion.test, ProvedTest):
        return "the plan has proved it"
    if expected.search is None:
        return "it judges what a run reads, and no row that stands"
    if expected.search.variables:
        return f"its query names what a run binds: {', '.join(expected.search.variables)}"
    return "GX asks DuckDB no query" if framed else None


def _unlike(expected: Expected, suite: Suite, framed: bool) -> str | None:
    """Why an official expectation would say something else where only GX is."""
    type_ = expected.type
    if type_ == "expect_column_quantile_values_to_be_between":
        return "GX judges it, and cannot store what it found"
    if expected.native and not framed and not native.has_queries(judging.expectation(expected)):
        return "GX has no query for it"
    if type_ in _OF_SEVERAL and not framed and _nullable(expected, suite):
        return "GX judges nulls otherwise by its queries"
    if type_ in OF_TYPES:
        return "the plan has proved it, and GX calls types what the warehouse does"
    if type_ == "expect_table_row_count_to_equal_other_table":
        return "it names a stage, and GX knows tables"
    return "GX has no such check of frames" if framed and "_like_pattern" in type_ else None


def _nullable(expected: Expected, suite: Suite) -> bool:
    """Whether one of the columns that it is about may hold no value."""
    arguments = expected.arguments
    names = (arguments.get("column_A"), arguments.get("column_B"), *arguments.get("column_list", ()))
    columns = (suite.relation.relation.column(name) for name in names if name is not None)
    return any(column is None or column.nullable for column in columns)


# -- the script that runs it all, and what there is to know


def _explain(asked: Asked, searches: Searches, kept: list[Suite], left_out: list[str], *, framed: bool) -> None:
    if framed:
        queries = {suite.name: searches.rows(suite.relation, suite.condition).plain for suite in kept}
        lines = "".join(f"    {name!r}: {query!r},\n" for name, query in queries.items())
        values = {"QUERIES": f"{{\n{lines}}}", "DATABASE": repr(asked.database or ".framework/dev.duckdb")}
        script, how = "check_frames.py", "GX has no way into DuckDB: `check.py` fetches each relation for it."
        command = "python check.py DATABASE"
    else:
        values = {"PIPELINE": repr(asked.plan.name)}
        script, how = "check_tables.py", f"`{ADDRESS}` has the warehouse's address, as SQLAlchemy writes it."
        driver = "postgresql+psycopg://..." if asked.warehouse.name == "postgres" else "..."
        command = f"{ADDRESS}={driver} python check.py"
    said = "".join(f"- {reason}\n" for reason in left_out)
    number = "1 suite" if len(kept) == 1 else f"{len(kept)} suites"
    about = {"PIPELINE": asked.plan.name, "SUITES": number, "HOW": how, "COMMAND": command}
    about["LEFT_OUT"] = f"Left out:\n\n{said}" if said else "Nothing is left out.\n"
    (asked.folder / "check.py").write_text(_filled(script, values), encoding="utf-8")
    (asked.folder / "README.md").write_text(_filled("README.md", about), encoding="utf-8")


def _filled(template: str, values: dict[str, str]) -> str:
    """A file beside this one with its words in capitals between `@` put in."""
    text = (files("framework.exports") / "_great_expectations" / f"{template}.txt").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
