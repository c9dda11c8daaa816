"""The parts of the benchmarks that tell the same on every machine."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from benchmarks import timing, variants
from benchmarks.timing import Contender, Failed, Line, Sample
from framework.load import load
from framework.resolve import resolve

ROOT = Path(__file__).parents[2]
CLAIMS = (ROOT / "pipelines" / "claims.yaml").read_text(encoding="utf-8")


def test_lines_are_medians_and_their_ratios_to_the_baseline() -> None:
    samples = {
        "base": [Sample(2.0, 4.0, 100.0), Sample(9.0, 5.0, 120.0), Sample(1.0, 1.0, 110.0)],
        "other": [Sample(3.0, 2.0, 50.0)] * 3,
    }
    assert timing.lines(samples, "base") == [
        Line("base", 3, 2.0, 4.0, 110.0, 1.0, 1.0),
        Line("other", 3, 3.0, 2.0, 50.0, 1.5, 0.5),
    ]


def test_a_table_has_a_row_for_each_line() -> None:
    found = timing.table([Line("base", 3, 2.0, 4.0, 110.4, 1.0, 1.0)])
    assert found.splitlines()[2:] == ["| base | 2.00 | 1.00 | 4.00 | 1.00 | 110 |"]


def test_a_process_that_ends_badly_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="broken ended with 3: no such thing"):
        timing.measure(Contender("broken", [sys.executable, "-c", "print('no such thing'); exit(3)"], tmp_path))


def test_contenders_take_turns(tmp_path: Path) -> None:
    turns: list[str] = []
    command = [sys.executable, "-c", ""]
    both = [
        Contender("a", command, tmp_path, prepare=lambda: turns.append("a")),
        Contender("b", command, tmp_path, prepare=lambda: turns.append("b")),
    ]
    samples = timing.measured(both, 2)
    assert turns == ["a", "b", "a", "b"]
    assert all(s.seconds > 0 and s.peak_mib > 1 for found in samples.values() for s in found)


def test_a_contender_runs_no_more_rounds_than_it_may(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ""]
    both = [Contender("quick", command, tmp_path), Contender("slow", command, tmp_path, most=1)]
    samples = timing.measured(both, 2)
    assert [len(found) for found in samples.values()] == [2, 1]
    rows = timing.table(timing.lines(samples, "quick")).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == ["quick", "slow (rounds: 1)"]


def test_the_peak_of_a_process_is_its_own_and_not_that_of_who_measures_it(tmp_path: Path) -> None:
    here = b"x" * (200 << 20)
    assert timing.measure(Contender("small", [sys.executable, "-c", ""], tmp_path)).peak_mib < len(here) / (1 << 20) / 2


def test_the_peak_of_a_process_has_its_children_in_it(tmp_path: Path) -> None:
    child = "import time; x = b'x' * (80 << 20); time.sleep(1)"
    parent = f"import subprocess, sys; x = b'x' * (80 << 20); subprocess.run([sys.executable, '-c', {child!r}])"
    assert timing.measure(Contender("both", [sys.executable, "-c", parent], tmp_path)).peak_mib > 160


def test_the_seconds_of_a_process_have_those_of_its_children_in_them(tmp_path: Path) -> None:
    child = "import time; s = time.process_time(); any(iter(lambda: time.process_time() - s > 0.5, True))"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert timing.measure(Contender("both", [sys.executable, "-c", parent], tmp_path)).cpu_seconds > 0.5


def test_all_tables_leaves_nothing_to_be_computed_on_the_way() -> None:
    stages = yaml.safe_load(variants.all_tables(CLAIMS))["stages"].values()
    assert all((s.get("materialized") == "table") == (s["kind"] != "publish") for s in stages)


def test_without_checks_keeps_only_what_holds_rows_back() -> None:
    pipeline = yaml.safe_load(variants.without_checks(CLAIMS))
    checks = [c for r in (pipeline["sources"] | pipeline["stages"]).values() for c in r.get("checks", [])]
    assert [c["on_fail"] for c in checks] == ["quarantine"] * 3


@pytest.mark.parametrize("variant", [variants.all_tables, variants.without_checks])
def test_a_variant_resolves(variant: Callable[[str], str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "checks", tmp_path / "checks")
    path = tmp_path / "claims.yaml"
    path.write_text(variant(CLAIMS), encoding="utf-8")
    assert [s.name for s in resolve(load(path, tmp_path)).stages]


def test_a_generated_pipeline_is_in_order(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(variants.many_stages(10), encoding="utf-8")
    plan = resolve(load(path, tmp_path))
    assert [len(s.relation.columns) for s in plan.stages] == [9, 11, 10, 10, 10] * 2
