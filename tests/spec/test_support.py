"""How many cases each stage kind, write mode and check has on each warehouse: written down for the support page.

All of them pass, or the run of the tests fails; a case that is known to come out otherwise counts as different.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from conformance import judging
from test_spec import Case, parameters

import framework.checks
from framework import plugins

SECTIONS = ("kinds", "modes", "checks")
CHECKS = frozenset(plugins.names(framework.checks))


def used(case: Case) -> Iterator[tuple[str, str]]:
    """What a case makes use of, each as a section of the page and a name."""
    for run in (case.data, *case.data.get("then", ())):
        for stage in (run.get("stages") or {}).values():
            yield "kinds", stage["kind"]
            if stage["kind"] == "publish":
                yield "modes", stage.get("mode", "replace")
        for relation in (*(run.get("sources") or {}).values(), *(run.get("stages") or {}).values()):
            for check in relation.get("checks", ()):
                yield from (("checks", name) for name in check if name in CHECKS)


def counted() -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """By section, warehouse and name how many cases agree and how many differ."""
    agreed: Counter[tuple[str, str, str]] = Counter()
    differ: Counter[tuple[str, str, str]] = Counter()
    for parameter in parameters():
        case, target = parameter.values
        if target == "stored":
            continue
        counts = differ if any(mark.name == "xfail" for mark in parameter.marks) else agreed
        counts.update({(section, target, name) for section, name in used(case)})
    found: dict[str, Any] = {section: {} for section in SECTIONS}
    for section, target, name in sorted(agreed.keys() | differ.keys()):
        key = section, target, name
        found[section].setdefault(target, {})[name] = {"agreed": agreed[key], "differ": differ[key]}
    return found


def test_what_the_cases_cover_is_written_down(update_golden: bool) -> None:
    results: Mapping[str, Any] = judging.read()
    found = counted()
    if update_golden:
        judging.write({**results, **found})
        results = judging.read()
    assert {section: results.get(section) for section in SECTIONS} == found


def test_every_kind_mode_and_check_is_run_everywhere() -> None:
    for by_target in counted().values():
        names = by_target["duckdb"].keys()
        assert names
        for target, found in by_target.items():
            assert names == found.keys(), f"not on {target}: {sorted(names - found.keys())}"
