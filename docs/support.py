"""The page that says where each function, stage kind, write mode and check has been seen to work, and how.

Made from what the tests write down: `tests/conformance/results.yaml`, `stand_in.yaml` and `lowered/`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from framework.expressions.catalogue import functions

FOLDER = Path(__file__).parents[1] / "tests" / "conformance"
_EXECUTED = {"duckdb": "DuckDB", "postgres": "Postgres", "spark": "Spark"}
_STOOD_IN = {"snowflake": "Snowflake"}
_GOLDEN = {**_STOOD_IN, "databricks": "Databricks"}
_ENGINES = {**_EXECUTED, **_GOLDEN}
_SECTIONS = {"kinds": "Stage kinds", "modes": "Write modes", "checks": "Checks"}

_WORDS = """\
What the tests have seen, by engine. They need no account of Snowflake or Databricks, so what is known of the two is
less, and is told as it is:

- **executed**: computed on the engine itself, from literals and from columns, and compared with the one value that it
  must have everywhere. The number is that of the expressions.
- **stand-in**: every expression was computed through Snowflake's own driver by a stand-in that translates its SQL to
  DuckDB's. It proves that the SQL is read and arrives, and not what a function means on an account.
- **golden only**: the SQL is fixed, text by text, in `tests/conformance/lowered`. On Snowflake the stand-in computes
  some expressions of these functions otherwise, or not at all; [the reasons](#where-the-stand-in-differs) are below.
- **cited**: the vendor's page that the SQL leans on has been read; what is leaned on stands beside the SQL. *Not cited*
  is SQL for which no page was at hand."""


def lines() -> Iterator[str]:
    results = _read("results.yaml") or {}
    golden = {name: _read(f"lowered/{name}.yaml") or {} for name in _GOLDEN}
    yield from ("# Support", "", _WORDS, "", "## Functions", "", *_head("function"))
    counted = {engine: _summed(results.get("functions", {}).get(engine, {})) for engine in _ENGINES}
    for name in functions():
        cells = [_cell(engine, counted[engine].get(name), golden.get(engine, {}).get(name)) for engine in _ENGINES]
        yield f"| `{_escaped(name)}` | {' | '.join(cells)} |"
    for key, title in _SECTIONS.items():
        yield from _section(title, results.get(key, {}))
    yield from ("", "## Where the stand-in differs", "")
    yield "What Snowflake's documentation says counts, and these are the reasons for which the stand-in's answers do"
    yield "not. Where it was not at hand, that is said."
    yield from ("", "| functions | why |", "|---|---|")
    for reason in _read("stand_in.yaml") or []:
        named = ", ".join(f"`{_escaped(name)}`" for name in reason["rows"])
        yield f"| {named} | {_escaped(' '.join(reason['why'].split()))} |"


def _read(name: str) -> Any:
    path = FOLDER / name
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None


def _head(what: str) -> tuple[str, str]:
    return f"| {what} | {' | '.join(_ENGINES.values())} |", "|---" * (len(_ENGINES) + 1) + "|"


def _summed(files: Mapping[str, Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Of the files of rows together: a function can be an aggregate and stand over a window."""
    found: dict[str, dict[str, int]] = {}
    for rows in files.values():
        for name, counts in rows.items():
            before = found.get(name, {})
            found[name] = {key: before.get(key, 0) + number for key, number in counts.items()}
    return found


def _cell(engine: str, counts: Mapping[str, int] | None, calls: list[dict[str, Any]] | None) -> str:
    if engine in _EXECUTED:
        return _executed(counts)
    if calls is None:
        return "not seen"
    seen = "golden only"
    if engine in _STOOD_IN and counts:
        every = counts["agreed"] + counts["differ"]
        seen = (
            f"golden only ({counts['agreed']} of {every} on the stand-in)" if counts["differ"] else f"stand-in, {every}"
        )
    pages = dict.fromkeys(call["cites"] for call in calls if "cites" in call)
    links = ", ".join(f"[{page.rstrip('/').rpartition('/')[2]}]({page})" for page in pages)
    return f"{seen}; {f'cited: {links}' if links else 'not cited'}"


def _executed(counts: Mapping[str, int] | None) -> str:
    if not counts:
        return "not seen"
    every = counts["agreed"] + counts["differ"]
    return f"executed, {every}" if not counts["differ"] else f"executed, {counts['agreed']} of {every}"


def _section(title: str, engines: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Iterator[str]:
    names = sorted({name for counted in engines.values() for name in counted})
    if not names:
        return
    yield from ("", f"## {title}", "")
    yield "How many specification cases use it: pipelines whose rows, ledger and results of checks must come out the"
    yield "same. Databricks runs the statements that Spark runs, but for the reading of files."
    yield from ("", *_head(title.split()[-1].lower().removesuffix("s")))
    for name in names:
        cells = [_place(engine, engines.get(engine, {}).get(name)) for engine in _ENGINES]
        yield f"| `{_escaped(name)}` | {' | '.join(cells)} |"


def _place(engine: str, counts: Mapping[str, int] | None) -> str:
    if engine == "databricks":
        return "as Spark"
    if engine in _EXECUTED or not counts:
        return _executed(counts)
    every = counts["agreed"] + counts["differ"]
    return f"stand-in, {every}" if not counts["differ"] else f"stand-in, {counts['agreed']} of {every}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
