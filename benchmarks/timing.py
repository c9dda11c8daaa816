"""Whole processes against the clock, in turn round after round, and what their times say."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import launch
from benchmarks.children import Watch


class Failed(Exception):
    """A process that was to be measured ended badly; its last words are the message."""


@dataclass(frozen=True)
class Contender:
    """A command to measure. `prepare` runs before each round and is not measured.

    `database` is where it publishes what all contenders must; `most` limits the rounds of one that takes minutes.
    """

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None
    database: Path | None = None
    most: int | None = None


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
    reading, writing = os.pipe()
    with open(reading) as report, tempfile.TemporaryFile("w+") as output:
        launched = subprocess.Popen(
            [sys.executable, "-I", "-S", launch.__file__, str(writing), *contender.command],
            cwd=contender.folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
        )
        os.close(writing)
        with Watch(launched.pid) as children:
            launched.wait()
        used = json.loads(report.read() or "{}")
        code = used.pop("code", launched.returncode)
        if code != 0:
            output.seek(0)
            raise Failed(f"{contender.name} ended with {code}: {output.read()[-2000:]}")
    sample = Sample(**used)
    return replace(sample, peak_mib=max(sample.peak_mib, children.peak_mib))


def measured(contenders: Sequence[Contender], rounds: int) -> dict[str, list[Sample]]:
    """Each contender in turn, round after round, so that what else the machine does falls on all alike."""
    found: dict[str, list[Sample]] = {c.name: [] for c in contenders}
    for number in range(1, rounds + 1):
        for contender in contenders:
            if contender.most is not None and number > contender.most:
                continue
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
    """The lines as a table of Markdown, which names the rounds of those that ran fewer than others."""
    most = max(line.rounds for line in found)
    head = ["| | seconds | ratio | core seconds | ratio | peak MiB |", "|---|---|---|---|---|---|"]
    rows = [
        f"| {_named(line, most)} | {line.seconds:.2f} | {line.ratio:.2f} | {line.cpu_seconds:.2f} "
        f"| {line.cpu_ratio:.2f} | {line.peak_mib:.0f} |"
        for line in found
    ]
    return "\n".join(head + rows)


def _named(line: Line, most: int) -> str:
    return line.name if line.rounds == most else f"{line.name} (rounds: {line.rounds})"


def as_data(found: Sequence[Line], samples: Mapping[str, Sequence[Sample]]) -> dict[str, Any]:
    """The lines and every sample below them, for JSON."""
    return {
        "lines": [asdict(line) for line in found],
        "samples": {name: [asdict(s) for s in of] for name, of in samples.items()},
    }
