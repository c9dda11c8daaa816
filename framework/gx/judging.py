"""The judgement of Great Expectations on figures that a run has counted: its own code, and no query.

The methods that take supplied metrics are not public ones; the version is pinned, and every type is held against the
same rows in a pandas frame (tests/gx).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import getsourcelines
from linecache import getlines
from traceback import walk_tb
from typing import Any

from framework.assertion import MeasureTest, ProvedTest
from framework.gx.suites import UNEXPECTED_ROWS, Expected

# What of a result may be kept: counts. Unexpected values, and a figure that may be a cell's, may not.
_COUNTS = frozenset(
    f"{what}_{unit}" for what in ("element", "unexpected", "missing") for unit in ("count", "percent")
) | {"unexpected_percent_total", "unexpected_percent_nonmissing"}
_FIGURES = frozenset(
    f"expect_{name}"
    for name in (
        "column_mean_to_be_between",
        "column_stdev_to_be_between",
        "column_sum_to_be_between",
        "column_unique_value_count_to_be_between",
        "column_proportion_of_unique_values_to_be_between",
        "column_proportion_of_non_null_values_to_be_between",
        "table_column_count_to_be_between",
        "table_column_count_to_equal",
        "table_row_count_to_be_between",
        "table_row_count_to_equal",
        "table_row_count_to_equal_other_table",
    )
)
# GX knows types by the names of an engine, and here is none: what the plan has proved of them stands.
OF_TYPES = frozenset(
    ("expect_column_type_to_be", "expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list")
)
_RUNTIME = {"result_format": {"result_format": "BASIC", "partial_unexpected_count": 0}, "catch_exceptions": False}
_WORD = re.compile(r"\w+")
_LEFT_OUT = re.compile(r"[^\w\s]?…(?:\W*…)*[^\w\s]?")
_FRAME = re.compile(r'File "([^"]+)", line ([0-9]+)')  # in the text of a traceback
_EXCEPTION = re.compile(r"[\w.]+(?::|$)")
_BEFORE = 20  # lines of a function before the one that raised, where only its number is known


@dataclass(frozen=True, slots=True)
class Counted:
    """What a run has counted for an expectation: the rows it was given and those it judged, how many failed, and the
    figure of a check of one. `columns` are those of the relation."""

    rows: int
    judged: int
    failing: int
    figure: Any
    columns: tuple[str, ...]

    @property
    def missing(self) -> int:
        return self.rows - self.judged


def expectation(expected: Expected) -> Any:
    """The official expectation of a check."""
    from great_expectations.expectations.registry import get_expectation_impl

    description = expected.assertion.description
    if expected.type == UNEXPECTED_ROWS:
        description = description or expected.assertion.name
    kind: Any = get_expectation_impl(expected.type)
    return kind(**_arguments(expected), severity=expected.severity, meta=expected.meta, description=description)


def _arguments(expected: Expected) -> dict[str, Any]:
    if expected.type != UNEXPECTED_ROWS:
        return dict(expected.arguments)
    # What no query can find has one that finds nothing.
    nothing = "SELECT * FROM {batch} WHERE 1 = 0"
    return {"unexpected_rows_query": nothing if expected.search is None else expected.search.text}


def judge(expected: Expected, counted: Counted) -> Any:
    """The official result of an expectation, of figures that are supplied. What GX raises is in the result."""
    test = expected.assertion.test
    if isinstance(test, ProvedTest) and expected.type in OF_TYPES:
        return _result(expected, success=True)
    if isinstance(test, MeasureTest) and not test.required and counted.figure is None and counted.failing == 0:
        # Of nothing: a check of ours passes, where GX has no figure to judge.
        return _result(expected, success=True)
    try:
        found = expectation(expected)
        engine = supplied()()
        wanted = found.get_validation_dependencies(execution_engine=engine, runtime_configuration=dict(_RUNTIME))
        metrics = {metric.id: _metric(name, expected, counted) for name, metric in wanted.metric_configurations.items()}
        result = found.metrics_validate(metrics=metrics, runtime_configuration=dict(_RUNTIME), execution_engine=engine)
    except Exception as error:
        return in_error(expected, error)
    return stripped(result)


def _metric(name: str, expected: Expected, counted: Counted) -> Any:
    """The value of a metric by its name. Lists of values are empty: there is no value to show."""
    type_ = expected.type
    if name == "table.row_count":
        return counted.figure if type_.startswith("expect_table_") else counted.rows
    if name == "table.row_count.self":
        return counted.rows
    if name == "table.row_count.other":  # of which the run has counted that it is another number
        return None if counted.failing else counted.rows
    if name == "table.columns":
        return _spelled(counted.columns, expected.arguments)
    if name == "table.column_count":
        return len(counted.columns)
    if name == "column_values.nonnull.unexpected_count" and type_ != "expect_column_values_to_not_be_null":
        return counted.missing
    if name.endswith(".filtered_row_count"):
        return counted.judged
    if name.endswith((".unexpected_count", "unexpected_rows_query.row_count")):
        return counted.failing
    if name.endswith((".unexpected_values", ".not_in_set", ".missing_from_column", "unexpected_rows_query.table")):
        return []
    if name == "column.most_common_value":  # the run says whether it is in the set
        return [] if counted.failing else expected.arguments["value_set"][:1]
    if name.startswith("column."):
        return counted.figure
    raise KeyError(f"no figure for the metric {name}")


def _spelled(columns: Sequence[str], arguments: Mapping[str, Any]) -> list[str]:
    """The columns with the capitals that the arguments give them, which the plan takes for the same."""
    named = [arguments.get("column"), *arguments.get("column_list", ()), *arguments.get("column_set", ())]
    spelled = {name.lower(): name for name in named if isinstance(name, str)}
    return [spelled.get(name.lower(), name) for name in columns]


@cache
def supplied() -> Any:
    """A class of engine by which GX finds what it needs to judge, and which asks nothing."""
    from great_expectations.execution_engine.execution_engine import ExecutionEngine
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine

    class Supplied(SqlAlchemyExecutionEngine):
        def __init__(self) -> None:
            ExecutionEngine.__init__(self, name="supplied")

        @property
        def dialect_name(self) -> str:
            return "postgresql"

    return Supplied


# -- results


def in_error(expected: Expected, error: Exception) -> Any:
    """The official result of an expectation that raised."""
    raised = {"raised_exception": True, "exception_message": said(error), "exception_traceback": ""}
    return _result(expected, success=False, raised=raised)


def _result(expected: Expected, *, success: bool, raised: Mapping[str, Any] | None = None) -> Any:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    severity: Any = expected.severity
    configuration = ExpectationConfiguration(
        type=expected.type, kwargs=_arguments(expected), meta=expected.meta, severity=severity
    )
    nothing = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
    return ExpectationValidationResult(
        success=success, expectation_config=configuration, result={}, exception_info=dict(raised or nothing)
    )


def said(error: Exception) -> str:
    """An exception by its class, and by those words of its text that stand in the function which raised it: any other
    may be a value. Of a driver's, by its class."""
    from sqlalchemy.exc import DBAPIError

    if isinstance(error, DBAPIError):
        return type(error.orig).__name__
    *_, (frame, _) = walk_tb(error.__traceback__)
    try:
        lines = getsourcelines(frame.f_code)[0]
    except OSError:
        lines = []
    text = _of_the_code(str(error), lines)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _of_the_code(text: str, lines: Sequence[str]) -> str:
    known = {word for line in lines for word in _WORD.findall(line)}
    words = _WORD.sub(lambda found: found[0] if found[0] in known else "…", text.partition("\n")[0])
    return _LEFT_OUT.sub("…", words)


def raised(result: Any) -> str | None:
    """What GX could not do, where it could not judge."""
    info = result.exception_info or {}
    for found in [info, *(one for one in info.values() if isinstance(one, dict))]:
        if found.get("raised_exception"):
            return str(found.get("exception_message") or "an exception without a text")
    return None


def stripped(result: Any) -> Any:
    """The result without a value of a cell."""
    type_ = result.expectation_config.type
    kept = {name: value for name, value in (result.result or {}).items() if name in _COUNTS}
    if "element_count" not in kept:  # the pages want all counts of rows, or none
        kept = {}
    if type_ in _FIGURES and "observed_value" in result.result:
        kept["observed_value"] = result.result["observed_value"]
    if type_ == UNEXPECTED_ROWS:
        kept["observed_value"] = result.result.get("observed_value")
    result.result, result.success = kept, bool(result.success)  # which numpy's is not, and JSON does not have
    if (message := raised(result)) is not None:
        traceback = _traceback(result)
        text = ": ".join(filter(None, (_class(traceback), _of_the_code(message, _lines(traceback)))))
        result.exception_info = {"raised_exception": True, "exception_message": text, "exception_traceback": ""}
    return result


def _class(traceback: str) -> str:
    """The name of what was raised: it begins the first line after those of the last place."""
    after = traceback.rpartition("  File ")[2].splitlines()[1:]
    line = next((line for line in after if line[:1].strip()), "")
    return line.partition(":")[0].rpartition(".")[2] if _EXCEPTION.match(line) else ""


def _lines(traceback: str) -> Sequence[str]:
    """The code about the place that raised."""
    found = _FRAME.findall(traceback)
    if not found:
        return ()
    file, number = found[-1]
    return getlines(file)[max(int(number) - _BEFORE, 0) : int(number) + 1]


def _traceback(result: Any) -> str:
    info = result.exception_info or {}
    found = [info, *(one for one in info.values() if isinstance(one, dict))]
    return next((str(one.get("exception_traceback") or "") for one in found if one.get("raised_exception")), "")
