"""Whole processes against the clock, in turn round after round, and what their times say."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


class Failed(Exception):
    """A process that was to be measured ended badly; its last words are the message."""


@dataclass(frozen=True)
class Contender:
    """A command to measure. `prepare` runs before each round and is not measured."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Sample:
    """One process: seconds by the clock, seconds of its cores, MiB at its peak."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Line:
    """The medians of one contender; `ratio` and `cpu_ratio` are to the baseline of its table."""

    name: str
    rounds: int
    seconds: float
    cpu_seconds: float
    peak_mib: float
    ratio: float
    cpu_ratio: float


def measure(contender: Contender) -> Sample:
    """One process from its start to its end, with the children that it waited for. Raises Failed."""
    contender.prepare()
    environment = {**os.environ, **contender.environment}
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            contender.command, cwd=contender.folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise Failed(f"{contender.name} ended with {process.returncode}: {output.read()[-2000:]}")
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Sample(seconds, used.ru_utime + used.ru_stime, kilobytes / 1024)


def measured(contenders: Sequence[Contender], rounds: int) -> dict[str, list[Sample]]:
    """Each contender in turn, round after round, so that what else the machine does falls on all alike."""
    found: dict[str, list[Sample]] = {c.name: [] for c in contenders}
    for number in range(1, rounds + 1):
        for contender in contenders:
            sample = measure(contender)
            found[contender.name].append(sample)
            print(f"  round {number}: {contender.name}: {sample.seconds:.2f} s", file=sys.stderr, flush=True)
    return found


def lines(samples: Mapping[str, Sequence[Sample]], baseline: str) -> list[Line]:
    """Medians, and their ratios to those of the contender named `baseline`."""
    middles = {
        name: Sample(
            median(s.seconds for s in found), median(s.cpu_seconds for s in found), median(s.peak_mib for s in found)
        )
        for name, found in samples.items()
    }
    base = middles[baseline]
    return [
        Line(
            name,
            len(samples[name]),
            middle.seconds,
            middle.cpu_seconds,
            middle.peak_mib,
            middle.seconds / base.seconds,
            middle.cpu_seconds / base.cpu_seconds,
        )
        for name, middle in middles.items()
    ]


def table(found: Sequence[Line]) -> str:
    """The lines as a table of Markdown."""
    head = ["| | seconds | ratio | core seconds | ratio | peak MiB |", "|---|---|---|---|---|---|"]
    return "\n".join(
        head
        + [
            f"| {line.name} | {line.seconds:.2f} | {line.ratio:.2f} | {line.cpu_seconds:.2f} | {line.cpu_ratio:.2f} "
            f"| {line.peak_mib:.0f} |"
            for line in found
        ]
    )


def as_data(found: Sequence[Line], samples: Mapping[str, Sequence[Sample]]) -> dict[str, Any]:
    """The lines and every sample below them, for JSON."""
    return {
        "lines": [asdict(line) for line in found],
        "samples": {name: [asdict(s) for s in of] for name, of in samples.items()},
    }
