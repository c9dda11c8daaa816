"""The framework and Great Expectations judge the same rows alike, check by check.

The tables are in tables.yaml, the checks in checks.yaml; parity.py judges both ways.
"""

from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import framework.load  # registers the checks
from framework.assertion import NativeTest, ProvedTest
from framework.expectations.official import Official
from framework.model import Check
from framework.shape import REFUSED
from gx.parity import CHECKS, TABLES, applies, cases, counted, items_of, ours, supplied, theirs, type_of

assert framework.load
pytestmark = pytest.mark.gx
JUDGED = [(table, type_) for table in TABLES for type_ in sorted({case.type for case in cases(table)})]


@pytest.mark.parametrize(("table", "type_"), JUDGED)
def test_both_judge_alike(table: str, type_: str, folder: Path) -> None:
    asked = {case.name: case.item[type_] for case in cases(table) if case.type == type_}
    here = {name: (said, counted(ours(table, folder)[name][1])) for name, said in asked.items()}
    there = {name: (said, theirs(table, folder)[name]) for name, said in asked.items()}
    assert here == there


@pytest.mark.parametrize(("table", "type_"), JUDGED)
def test_great_expectations_judges_our_counts_alike(table: str, type_: str, folder: Path) -> None:
    asked = {case.name: case.item[type_] for case in cases(table) if case.type == type_}
    here = {name: (said, counted(ours(table, folder)[name][1])) for name, said in asked.items()}
    there = {name: (said, supplied(table, name, folder)) for name, said in asked.items()}
    assert here == there


@pytest.mark.parametrize("number", range(len(CHECKS["apart"])))
def test_what_is_left_out_is_there_to_be_left_out(number: int) -> None:
    rule = CHECKS["apart"][number]
    assert any(applies(rule, table, item) for table in TABLES for item in items_of(table))


def test_every_fused_type_is_judged_twice() -> None:
    fused = set()
    for name, check in Check.registry.items():
        tests = set(get_args(get_type_hints(check.resolve)["return"])) - {type(None), ProvedTest, NativeTest}
        if issubclass(check, Official) and tests:
            fused.add(name)
    judged = {type_of(item) for table in TABLES for item in items_of(table)}
    assert fused == judged | set(CHECKS["alone"])


def test_every_official_type_is_a_check_or_refused() -> None:
    pytest.importorskip("great_expectations")
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    checks = {name for name, check in Check.registry.items() if issubclass(check, Official)}
    assert not checks & set(REFUSED)
    assert checks | set(REFUSED) == set(list_registered_expectation_implementations())
