"""What came of the rows on each engine, and the rows of which a stand-in is known to make something else.

`stand_in.yaml` is a list of reasons, each with rows by function and how they are computed. A row of it that comes out
right fails, and so does another that does not. `results.yaml` says by engine, file of rows and function how many rows
agreed, and how many differ because they are listed; `--update-golden` writes it, without workers beside (`-n0`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from conformance.table import PICTURES, Row

FOLDER = Path(__file__).parent
STAND_INS = {"snowflake": FOLDER / "stand_in.yaml"}
RESULTS = FOLDER / "results.yaml"
UNRUN = "unrun"  # how a row is computed that a stand-in cannot be given
_LISTED = re.compile(r"(?P<text>.*) \[(?P<how>[a-z, ]+)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Judged:
    """A row, how it was computed, and what was wrong."""

    row: Row
    how: str
    wrong: str | None


@cache
def listed(engine: str) -> dict[str, set[tuple[str, str]]]:
    """By function the texts of the rows that differ, each with how it is computed."""
    found: dict[str, set[tuple[str, str]]] = {}
    if engine not in STAND_INS:
        return found
    for reason in yaml.safe_load(STAND_INS[engine].read_text(encoding="utf-8")):
        assert reason["why"]
        for function, lines in reason["rows"].items():
            for line in lines.splitlines():
                match = _LISTED.fullmatch(_seen(line))
                assert match is not None, f"not `row [how]`: {line}"
                found.setdefault(function, set()).update((match["text"], how) for how in match["how"].split(", "))
    return found


def _seen(line: str) -> str:
    for picture, char in PICTURES.items():
        line = line.replace(picture, char)
    return line


def runs(engine: str, row: Row) -> bool:
    return (row.text, UNRUN) not in listed(engine).get(row.function, ())


def settle(engine: str, judged: Iterable[Judged]) -> None:
    """Fails for what is wrong and not listed, and for what is listed and right."""
    wrong: list[str] = []
    for one in judged:
        known = (one.row.text, one.how) in listed(engine).get(one.row.function, ())
        if one.wrong is not None and not known:
            wrong.append(one.wrong)
        if one.wrong is None and known:
            wrong.append(f"{one.row.text} [{one.how}] no longer differs: take it off the list")
    assert not wrong, "\n".join(wrong)


def record(engine: str, file: str, function: str, judged: Iterable[Judged], *, update: bool) -> None:
    """Fails where another number of rows agreed than is written down."""
    judged = list(judged)
    differ = {one.row.text for one in judged if one.wrong is not None}
    differ |= {text for text, how in listed(engine).get(function, ()) if how == UNRUN}
    agreed = {one.row.text for one in judged} - differ
    counted = {"agreed": len(agreed), "differ": len(differ)}
    results = read()
    if update:
        results.setdefault("functions", {}).setdefault(engine, {}).setdefault(file, {})[function] = counted
        write(results)
    written = results.get("functions", {}).get(engine, {}).get(file, {}).get(function)
    assert written == counted, f"{RESULTS.name} has {written}: write it with --update-golden"


def read() -> dict[str, Any]:
    return (yaml.safe_load(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else None) or {}


def write(results: dict[str, Any]) -> None:
    note = "# Written by --update-golden. Functions: by engine and file of rows, how many rows of each agreed.\n"
    text = yaml.safe_dump(results, sort_keys=True, allow_unicode=True, default_flow_style=None, width=120)
    RESULTS.write_text(note + text, encoding="utf-8")
