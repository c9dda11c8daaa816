"""The job of `contenders/handwritten.py` as tables and checks: the same SQL, to be written as a tool wants it."""

import csv
import re
from pathlib import Path

from benchmarks.contenders import handwritten
from benchmarks.contenders.tables import (
    Accepted,
    Check,
    NoResult,
    NoRow,
    NotEmpty,
    NotNull,
    Related,
    Source,
    Table,
    Tables,
    Unique,
)


def tables(data: Path) -> Tables:
    """Over the csv files in `data`.

    A stage that holds rows back is three: the rows with their problem, a table; those without one, a view
    of it under the stage's name; those with one, a table in schema `quarantine`.
    """
    found: dict[str, Table] = {}
    for name, text in handwritten.STAGES.items():
        name, query = _published(name), _published(_of_sources(text))
        if " AS problem" not in query:
            found[name] = Table(query, checks=_checks(name))
            continue
        judged = f"{name}_judged"
        found[judged] = Table(query)
        passed = f"SELECT * EXCLUDE (problem) FROM {judged} WHERE problem IS NULL"
        found[name] = Table(passed, stored=False, checks=_checks(name))
        held = f"quarantine.{name.partition('.')[2]}"
        found[held] = Table(f"SELECT * FROM {judged} WHERE problem IS NOT NULL")
    sources = {name: _source(data / f"{name}.csv") for name in handwritten.FILES}
    return Tables(sources, found, handwritten.MACROS)


def _source(file: Path) -> Source:
    with file.open(encoding="utf-8", newline="") as lines:
        columns = next(csv.reader(lines))
    return Source(dict.fromkeys(columns, "VARCHAR"), handwritten.reading(file), _checks(file.stem))


def _of_sources(query: str) -> str:
    return re.sub(rf"\bFROM ({'|'.join(handwritten.FILES)})\b", r"FROM raw.\1", query)


def _published(text: str) -> str:
    """A tool puts a table in place of the one before by itself."""
    return text.replace("__new", "")


def _checks(table: str) -> list[Check]:
    found = [_row_check(name, wrong) for name, wrong in handwritten.ROW_CHECKS.get(table, {}).items()]
    found += [Unique(re.findall(r"\w+", key)) for key in handwritten.UNIQUE.get(table, ())]
    found += [Related(c, to, bool(warn)) for of, c, to, warn in handwritten.RELATIONS if of == table]
    if table in handwritten.NOT_EMPTY:
        found.append(NotEmpty())
    if f"FROM {table})" in handwritten.OVERLAPPING:
        found.append(NoResult("spans_overlap", f"SELECT * {handwritten.OVERLAPPING}"))
    return found


def _row_check(name: str, wrong: str) -> Check:
    """The check that a tool has for such a condition, where it is a common one."""
    warn, name = name.startswith("warn "), name.removeprefix("warn ").replace(" ", "_")
    if null := re.fullmatch(r"(\w+) IS NULL", wrong):
        return NotNull(null[1], warn)
    if other := re.fullmatch(r"(\w+) NOT IN \((.*)\)", wrong):
        return Accepted(other[1], re.findall(r"'(.*?)'", other[2]), warn)
    return NoRow(name, wrong, warn)
