"""A project of Great Expectations that holds suites and runs without the framework. Nothing is asked of a warehouse."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from framework.compile.searches import Searches
from framework.gx.judging import expectation
from framework.gx.project import project
from framework.gx.suites import Suite
from framework.plan import StagePlan

# No unexpected value is kept: that is the form of results without any.
_RESULT_FORMAT: Final = "BOOLEAN_ONLY"


def over_tables(folder: Path, name: str, target: str, address: str, searches: Searches, kept: Iterable[Suite]) -> None:
    """Suites over tables and queries of a warehouse that GX asks, with a checkpoint `name` of all of them. `address` is
    the variable in which GX finds the warehouse."""
    from great_expectations.datasource.fluent.sql_datasource import QueryAsset, SQLDatasource, TableAsset

    context = project(folder)
    variable: Any = f"${{{address}}}"
    source: Any = SQLDatasource(name=target, connection_string=variable, create_temp_table=False)
    source._data_context = context
    chosen = list(kept)
    assets: list[Any] = []
    for suite in chosen:
        if isinstance(suite.relation, StagePlan) and suite.condition is None:
            table = searches.table(suite.relation)
            assets.append(TableAsset(name=suite.name, table_name=table.name, schema_name=table.schema))
        else:
            assets.append(QueryAsset(name=suite.name, query=searches.rows(suite.relation, suite.condition).select))
        assets[-1]._datasource = source
    source.assets = assets
    context.add_datasource(datasource=source)  # unlike `add_sql` it tries no connection
    held: Any = context.data_sources.get(target)
    batches = (held.get_asset(suite.name).add_batch_definition_whole_table("all") for suite in chosen)
    definitions = [_definition(context, suite, batch) for suite, batch in zip(chosen, batches, strict=True)]
    context.checkpoints.add(_checkpoint(name, definitions))
    _keep_queries(folder / "gx" / "great_expectations.yml", target, assets)


def _keep_queries(path: Path, target: str, assets: Iterable[Any]) -> None:
    """Writes the queries anew: GX folds long lines, and a blank comes into a pattern where one ends in a backslash."""
    import yaml

    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    kept = written["fluent_datasources"][target]["assets"]
    for asset in assets:
        if hasattr(asset, "query"):
            kept[asset.name]["query"] = asset.query
    path.write_text(yaml.safe_dump(written, sort_keys=False, width=10**9), encoding="utf-8")


def over_frames(folder: Path, target: str, kept: Iterable[Suite]) -> None:
    """Suites over frames, with a checkpoint of its name each: every one is given its own frame."""
    context = project(folder)
    source: Any = context.data_sources.add_pandas(target)
    for suite in kept:
        batch = source.add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe("all")
        context.checkpoints.add(_checkpoint(suite.name, [_definition(context, suite, batch)]))


def _definition(context: Any, suite: Suite, batch: Any) -> Any:
    from great_expectations import ExpectationSuite, ValidationDefinition

    expectations = [expectation(expected) for expected in suite.expectations]
    official = context.suites.add(ExpectationSuite(name=suite.name, expectations=expectations, meta=suite.meta))
    return context.validation_definitions.add(ValidationDefinition(name=suite.name, data=batch, suite=official))


def _checkpoint(name: str, definitions: list[Any]) -> Any:
    from great_expectations import Checkpoint
    from great_expectations.checkpoint.actions import UpdateDataDocsAction

    docs: Any = UpdateDataDocsAction(name="data_docs")
    return Checkpoint(name=name, validation_definitions=definitions, actions=[docs], result_format=_RESULT_FORMAT)
