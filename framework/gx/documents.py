"""Suites, validation results and Data Docs as files: a project of Great Expectations under target/gx."""

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from framework.gx.project import project
from framework.gx.suites import Suite

KEPT_RUNS = 10  # whose results stay among the Data Docs
_RESULTS = "uncommitted/validations"
_SITE = "uncommitted/data_docs/local_site"


def write(
    folder: Path, run_id: str, started_at: datetime, target: str, judged: Iterable[tuple[Suite, list[Any]]]
) -> Path | None:
    """What a run's suites came to, into the project in `folder`; the first page of the Data Docs, None where nothing
    was judged."""
    found = list(judged)
    if not found:
        return None
    context = project(folder)
    written = [key for suite, results in found for key in _write(context, run_id, started_at, target, suite, results)]
    context.build_data_docs(resource_identifiers=written, build_index=False)
    root = folder / "gx"
    _forget(root / _RESULTS, run_id)
    _forget(root / _SITE / "validations", run_id)
    context.build_data_docs(resource_identifiers=[written[0]])  # with the index, of what is left
    return root / _SITE / "index.html"


def _write(context: Any, run_id: str, started_at: datetime, target: str, suite: Suite, results: list[Any]) -> Any:
    from great_expectations import ExpectationSuite, __version__
    from great_expectations.core import ExpectationSuiteValidationResult, RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    configurations = [result.expectation_config for result in results if _is_sound(result.expectation_config)]
    official = ExpectationSuite(name=suite.name, expectations=configurations, meta=suite.meta)
    context.suites.add_or_update(official)
    good = sum(bool(result.success) for result in results)
    batch = {
        "datasource_name": target,
        "data_connector_name": "fluent",
        "data_asset_name": suite.relation.name,
        "batch_identifiers": {},
    }
    run = RunIdentifier(run_name=run_id, run_time=started_at)
    result = ExpectationSuiteValidationResult(
        success=good == len(results),
        results=results,
        suite_name=suite.name,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": good,
            "unsuccessful_expectations": len(results) - good,
            "success_percent": 100.0 * good / len(results),
        },
        meta={
            "great_expectations_version": __version__,
            "run_id": run.to_json_dict(),
            "active_batch_definition": batch,
            "batch_spec": {"data_asset_name": suite.relation.name},  # where the pages look for it
            **suite.meta,
        },
    )
    suite_key = ExpectationSuiteIdentifier(suite.name)
    key = ValidationResultIdentifier(suite_key, run, f"{target}-{suite.relation.name}")
    context.validation_results_store.set(key, result)
    return [suite_key, key]


def _is_sound(configuration: Any) -> bool:
    """Whether GX takes an expectation; what it does not take is in the results alone, in error."""
    try:
        configuration.to_domain_obj()
    except Exception:
        return False
    return True


def _forget(folder: Path, run_id: str) -> None:
    """Drops the results of all runs but the latest ones."""
    written: dict[str, int] = {}
    found = [path for path in folder.glob("*/*") if path.is_dir()]
    for path in found:
        written[path.name] = max(path.stat().st_mtime_ns, written.get(path.name, 0))
    kept = {run_id, *sorted(written, key=lambda name: written[name])[-KEPT_RUNS:]}
    for path in found:
        if path.name not in kept:
            shutil.rmtree(path)
