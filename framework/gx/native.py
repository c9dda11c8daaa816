"""Checks that Great Expectations judges by itself: by queries of its own where it has them for the warehouse, else on
rows that are fetched."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from framework.compile.searches import Search
from framework.gx.judging import expectation, in_error, stripped, supplied
from framework.gx.suites import Expected

MOST_ROWS = 1_000_000  # that are fetched
# GX asks these warehouses through SQLAlchemy; through duckdb-engine each of its expectations ends in an exception.
_ASKED = frozenset({"postgres", "snowflake", "databricks"})
_RESULT = {"result_format": "BASIC", "partial_unexpected_count": 0}


class TooManyRows(Exception):
    """What is left unjudged."""


def judge(
    expected: Expected,
    warehouse: str,
    engine: sa.Engine,
    rows: Search,
    fetch: Callable[[int], list[tuple[Any, ...]]],
    columns: Sequence[str],
) -> Any:
    """The official result of an expectation; what GX raises is in it. `rows` are the rows to judge as a query, `fetch`
    gives at most so many of them."""
    try:
        found = expectation(expected)
        if warehouse in _ASKED and not rows.variables and has_queries(found):
            return stripped(_asked(engine, rows, found))
        return stripped(_fetched(fetch, columns).validate(found, result_format=_RESULT))
    except Exception as error:
        return in_error(expected, error)


def _asked(engine: sa.Engine, rows: Search, found: Any) -> Any:
    """On connections of GX's own, which may abort a transaction, and which it leaves open."""
    context = _context()
    source = context.data_sources.add_sql(
        "warehouse", connection_string=engine.url.render_as_string(hide_password=False), create_temp_table=False
    )
    try:
        asset = source.add_query_asset("rows", query=rows.select)
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        return batch.validate(found, result_format=_RESULT)
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _fetched(fetch: Callable[[int], list[tuple[Any, ...]]], columns: Sequence[str]) -> Any:
    import pandas

    found = fetch(MOST_ROWS + 1)
    if len(found) > MOST_ROWS:
        raise TooManyRows("GX has no query for it here, and judges a million rows at most")
    frame = pandas.DataFrame(found, columns=list(columns))
    for name in columns:  # all that is judged here of numbers is statistics, and pandas has none of decimals
        if any(isinstance(value, Decimal) for value in frame[name]):
            frame[name] = frame[name].astype("float64")
    asset = _context().data_sources.add_pandas("fetched").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})


def _context() -> Any:
    import great_expectations

    context: Any = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def has_queries(found: Any) -> bool:
    """Whether GX can judge an expectation by queries."""
    from great_expectations.exceptions.exceptions import MetricProviderError
    from great_expectations.expectations.registry import get_metric_provider

    engine = supplied()()
    wanted = found.get_validation_dependencies(
        execution_engine=engine, runtime_configuration={"result_format": dict(_RESULT)}
    )
    try:
        for name in wanted.metric_configurations:
            get_metric_provider(name, engine)
    except MetricProviderError:
        return False
    return True
