"""The alarm of a silent schedule (terraform/modules/orchestrator/alerts.tf) listens to the last line of a run."""

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from framework.printing import print_run
from framework.run import LedgerLine, Run, StageResult, Status

ALERTS = Path(__file__).parents[2] / "terraform/modules/orchestrator/alerts.tf"


def counted(line: str) -> bool:
    """Whether CloudWatch counts it: each quoted phrase of the pattern must be in the line, or, behind a minus, not."""
    found = re.search(r'^\s*pattern\s*=\s*"(.*)"$', ALERTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    pattern = found[1].replace('\\"', '"')
    phrases = re.findall(r'(-?)"([^"]+)"', pattern)
    assert " ".join(f'{minus}"{phrase}"' for minus, phrase in phrases) == pattern
    return all((phrase in line) != bool(minus) for minus, phrase in phrases)


def printed(capsys: pytest.CaptureFixture[str], tables: int, held: int = 0, status: Status = "ok") -> list[str]:
    ledger = LedgerLine("t0", "mart", 20, 0, {"quarantined": held, "out": 20 - held})
    stages = [StageResult(f"t{i}", "mart", "published", 0.1, 20, ledger) for i in range(min(tables, 1))]
    stages += [StageResult(f"t{i}", "mart", "published", 0.1, 20) for i in range(1, tables)]
    at = datetime(2026, 11, 29, tzinfo=UTC)
    message = None if status == "ok" else "nothing was published"
    run = Run("r1", "claims", "snow", "snowflake", at, 1.5, status, tuple(stages), message=message)
    print_run(run, argparse.Namespace(output="text"))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("tables", "held"), [(1, 0), (2, 0), (10, 0), (100, 0), (1000, 0), (1, 5), (20, 10)])
def test_a_run_that_published_counts_once(capsys: pytest.CaptureFixture[str], tables: int, held: int) -> None:
    assert sum(map(counted, printed(capsys, tables, held))) == 1


def test_a_run_that_published_nothing_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, 0)
    assert any("0 tables published in" in line for line in lines)
    assert not any(map(counted, lines))


def test_a_run_that_failed_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert not any(map(counted, printed(capsys, 3, status="failed")))
