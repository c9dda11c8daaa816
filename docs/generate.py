"""Writes the reference pages that are made from the code: functions, checks, warehouses, support and codes.

With `--check` it writes nothing and exits 1 if a page is not what would be written.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import support
from pydantic import BaseModel
from pydantic_core import PydanticCustomError

import framework
import framework.expectations
import framework.expressions.catalogue
import framework.warehouses
from framework import plugins
from framework.assertion import MeasureTest, NativeTest, ProvedTest, RowTest, SetTest
from framework.code_page import as_markdown, code_page
from framework.diagnostics import CODES, Code
from framework.expectations.official import Official
from framework.expressions.tree import Function
from framework.model import Check
from framework.model.checks import check_of
from framework.shape import REFUSED
from framework.target import warehouse
from framework.warehouse import PERCENT
from framework.yaml_source import parse

FOLDER = Path(__file__).parent / "reference"
DIAGNOSTICS = "diagnostics"
NOTE = "<!-- Made by docs/generate.py from the code: edit the code, then run it. -->"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is out of date")
    options = parser.parse_args()
    stale = []
    made = pages()
    for name, text in made.items():
        path = FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path)
    for path in _left_over(made):
        stale.append(path.name)
        if not options.check:
            path.unlink()
            print(f"{path} is gone")
    if stale and options.check:
        print(f"out of date: {', '.join(stale)}; write them with: python docs/generate.py", file=sys.stderr)
    return 1 if stale and options.check else 0


def _left_over(made: Mapping[str, str]) -> list[Path]:
    """Pages of codes that are no more."""
    return [path for path in (FOLDER / DIAGNOSTICS).glob("*.md") if f"{DIAGNOSTICS}/{path.name}" not in made]


def pages() -> dict[str, str]:
    """Every generated page by its path below the folder of the reference."""
    plugins.load_below(framework)  # importing a module registers the codes that it reports
    made = {
        "functions.md": _functions(),
        "checks.md": _checks(),
        "expectations.md": _expectations(),
        "warehouses.md": _warehouses(),
        "support.md": support.lines(),
        "codes.md": _codes(),
        **{f"{DIAGNOSTICS}/{code.id}.md": as_markdown(code_page(code)) for code in _sorted()},
    }
    return {name: "\n".join([NOTE, "", *lines]).rstrip() + "\n" for name, lines in made.items()}


# -- functions

_WORDS = """\
How to read a signature:

- A type of the language (`string`, `integer`, `decimal(18,4)`, ...) takes a value of that type.
- `number` takes an integer, a decimal or a double. `double` takes any number, as a double.
- `moment` takes a date or a timestamp. As a result it is the type of the moment that was given.
- `any` takes every type. All arguments marked `T` are widened to one type, and a result `T` is that type.
- `{year|month}` takes one of these words, and `format` a strftime format; both are written as text: `'month'`.
- `?` marks an argument that may be left out, `...` one that may be repeated.
- Results: `same` is the type of the first argument. `numeric` is a double for a double, and otherwise the type of
  the first argument. `sum` and `product` are wide enough to be exact. `total` is an integer for integers,
  `decimal(38,s)` for decimals, and a double for doubles.

The column *null* says when the result may be null: when *any* argument is, when *all* are, *always*, or *never*."""


def _functions() -> Iterator[str]:
    yield from ("# Functions", "")
    yield "The catalogue is closed: these are all functions and operators of the language, and each has one meaning on"
    yield "every warehouse. A function that is not here is an error (F203)."
    yield from ("", _WORDS)
    for module in plugins.load_all(framework.expressions.catalogue):
        first, _, rest = (module.__doc__ or "").partition(". ")
        title = first.partition("\n")[0].rstrip(".").partition(":")[0]
        yield from ("", f"## {title}", "")
        said = " ".join(part for part in (first.partition(":")[2].strip(), rest.strip()) if part)
        if said and not said.startswith("`"):
            yield from (said[:1].upper() + said[1:], "")
        yield from ("| function | arguments and result | meaning | null | example |", "|---|---|---|---|---|")
        for function in module.FUNCTIONS:
            yield _function(function)


def _function(function: Function) -> str:
    cells = (
        _code(function.name),
        _code(function.signature),
        _cell(function.summary),
        function.nulls,
        _code(function.example),
    )
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    """Text in a cell of a table, where a bar would end it."""
    return text.replace("|", "\\|").replace("\n", " ")


# -- checks

_KINDS = {
    RowTest: "A row check: judged row by row; it can quarantine.",
    SetTest: "A set check: judged over the whole relation; it can stop or warn.",
    MeasureTest: "A set check: one figure of the whole relation; it can stop or warn.",
}


def _checks() -> Iterator[str]:
    yield from ("# Checks", "")
    yield "Checks stand under `checks:` of a source, a stage or a column, a list. Each is the check's name with its"
    yield "arguments, and what all checks may say. See [the language](language.md#checks)."
    yield ""
    yield from _fields(Check, Check.model_fields)
    yield ""
    yield "A check passes a row in which it has nothing to compare: null passes everywhere but in `not_null`, and in"
    yield "`no_overlap` where a period begins. Below a column, a check means that column."
    yield ""
    yield "A check that nothing can pass, or that says nothing, is an error: bounds with nothing between them, no"
    yield "column or the same one twice, a condition that names no column."
    yield ""
    yield "Checks that several stages share are kept as a [suite](language.md#suites), and used by its name."
    yield ""
    yield "The expectations of Great Expectations are checks as well, under their official names: see"
    yield "[expectations](expectations.md)."
    for name, check in _built_in():
        yield from ("", f"## {name}", "", inspect.getdoc(check) or "", "")
        yield _kind(check)
        below = _below(check, name)
        if below:
            yield from ("", below)
        yield from ("", _example(sys.modules[check.__module__]), "")
        yield from _fields(*_arguments(check, name))


def _built_in() -> list[tuple[str, type[Check]]]:
    return [(name, check) for name, check in sorted(Check.registry.items()) if not issubclass(check, Official)]


def _kind(check: type[Check]) -> str:
    returned = get_type_hints(check.resolve)["return"]
    return next(text for test, text in _KINDS.items() if test in get_args(returned))


def _below(check: type[Check], name: str) -> str:
    """How the check is written below a column; nothing where it cannot be."""
    try:
        arguments = check.of_column("column", None)
    except PydanticCustomError:
        return ""
    if isinstance(arguments, list):
        return f"Below a column it is the word alone: `checks: [{name}]`."
    short = [key for key, value in arguments.items() if key != "column" and value is None]
    return "Below a column it has no `column`" + (f", and may give its `{short[0]}` alone." if short else ".")


def _example(module: ModuleType) -> str:
    block = re.search(r"```yaml\n.*?```", module.__doc__ or "", re.DOTALL)
    if block is None:
        raise SystemExit(f"{module.__name__} shows no YAML")
    return block[0]


def _arguments(check: type[Check], name: str) -> tuple[type[BaseModel], tuple[str, ...]]:
    """The model that holds the arguments: their own, where they are a mapping."""
    kind: Any = check.model_fields[name].annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind, tuple(kind.model_fields)
    return check, (name,)


def _fields(model: type[BaseModel], names: Iterable[str]) -> Iterator[str]:
    properties = model.model_json_schema()["properties"]
    yield from ("| key | value | meaning |", "|---|---|---|")
    for name in names:
        field = model.model_fields[name]
        default = "" if field.is_required() or field.default in (None, ()) else f"Default: `{_plain(field.default)}`."
        said = " ".join(filter(None, ("Required." if field.is_required() else "", field.description, default)))
        key = field.alias or name
        yield f"| `{key}` | {_value(properties[key])} | {_cell(said)} |"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_VALUES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "array": "list"}


def _value(schema: Mapping[str, Any]) -> str:
    """What the JSON Schema of a key lets stand there, in words."""
    if "enum" in schema:
        return " or ".join(f"`{word}`" for word in schema["enum"])
    kinds = [s.get("type") for s in schema.get("anyOf", [schema]) if s.get("type") != "null"]
    if kinds == ["string", "integer", "number", "boolean"]:
        return "expression"
    return " or ".join(_VALUES.get(kind or "", "value") for kind in kinds)


# -- expectations

_OFFICIAL = """\
Each expectation of Great Expectations 1.24 is a check, under its official name and with its official arguments. How it
is judged stands beside it:

- **fused**: counted in the one scan of the relation's rows, or in a query of its own where one scan cannot say it.
  Every warehouse can. Those of rows can quarantine, and have `mostly`.
- **proved**: it is known before anything runs. Where it does not hold the pipeline is refused (F408), and so it is
  where nobody has declared the columns (F409).
- **native**: Great Expectations judges it itself, before anything is published: by queries where it has them for the
  warehouse, otherwise on the column, which is fetched, a million rows at most and decimals as doubles. It needs the
  extra `gx`, and cannot quarantine.
- **refused**: it means nothing here.

`mostly`, `where`, `on_fail`, `name` and `description` stand beside the arguments, as in [every check](checks.md):

```yaml
checks:
  - expect_column_values_to_be_between: {column: paid, min_value: 0}
    mostly: 0.99
    where: type = 'PAYMENT'
    on_fail: warn
```

So `row_condition` is `where`, and `severity` is `on_fail`. Below a column an expectation of one column leaves `column`
out.

Great Expectations judges otherwise on pandas, on Spark and on each database. Here an expectation says the same on every
warehouse, and what it says on pandas, held against it on the same rows, with these exceptions:

- A value of another type than its column is an error before anything runs (F403), not a value that no row has; so is a
  null in `value_set`. Bounds are numbers, dates and timestamps, and lengths are of text (F404).
- Without `min_value` and `max_value` a check says nothing, and is an error (F103).
- Patterns are [RE2](language.md#expressions) on every warehouse: `\\d` is a digit of ASCII, and there is no lookahead.
  `like` tells capitals apart.
- A sum of nothing is none, and fails, as on a database; pandas makes 0 of it.
- A text in the `value_set` of timestamps is read as one everywhere.
- Of two columns one of which is null a row fails, as on pandas, unless `ignore_row_if` leaves it out.
- Names of columns are the same whatever their capitals. `column_index: 0` is the first column; Great Expectations takes
  it for none.
- Figures of doubles are compared with a tolerance of 1e-9 of their size.

Arguments in brackets may be left out."""


def _expectations() -> Iterator[str]:
    yield from ("# Expectations", "", _OFFICIAL)
    for module in plugins.load_all(framework.expectations):
        checks = [c for c in vars(module).values() if isinstance(c, type) and c.__module__ == module.__name__]
        rows = [c for c in checks if issubclass(c, Official) and c is not Official]
        if not rows:
            continue
        title, _, _ = (module.__doc__ or "").partition("\n")
        yield from ("", f"## {title.partition(', ')[0].partition(': ')[0].rstrip('.')}", "", _example(module), "")
        yield from ("| expectation | judged | arguments | meaning |", "|---|---|---|---|")
        for check in rows:
            said = " ".join((inspect.getdoc(check) or "").split())
            yield f"| `{check.check_name}` | {_judged(check)} | {_named(check)} | {_cell(said)} |"
    yield from ("", "## Expectations that are refused", "", "| expectation | why | in its place |", "|---|---|---|")
    yield from (f"| `{name}` | {_cell(why)} | {_code(instead)} |" for name, (why, instead) in sorted(REFUSED.items()))
    yield from ("", "## What the other checks are called", "")
    yield "Each [check](checks.md) is an expectation for Great Expectations: the official one that means the same, or"
    yield "an `UnexpectedRowsExpectation`, judged from what the run has counted."
    yield from ("", "| check | expectation |", "|---|---|")
    for name, check in _built_in():
        yield f"| `{name}` | {', '.join(_called(check))} |"


def _judged(check: type[Official]) -> str:
    tests = set(get_args(get_type_hints(check.resolve)["return"])) - {type(None)}
    return {NativeTest: "native", ProvedTest: "proved"}.get(*tests, "fused") if len(tests) == 1 else "fused"


def _named(check: type[Official]) -> str:
    """The arguments, those that must be given first."""
    model = check.model_fields[check.check_name].annotation
    fields = model.model_fields if model is not None else {}
    ordered = sorted(fields.items(), key=lambda item: (not item[1].is_required(), item[0].startswith("strict")))
    return ", ".join(f"`{name}`" if field.is_required() else f"[`{name}`]" for name, field in ordered)


def _called(check: type[Check]) -> list[str]:
    """What the examples of a check are called by Great Expectations."""
    data = parse(_example(sys.modules[check.__module__]).removeprefix("```yaml").removesuffix("```"), "").data
    found = [check_of(item).expectation() for item in data["checks"]]
    names = [f"`{one.type}`" if one is not None else "`UnexpectedRowsExpectation`" for one in found]
    return sorted(set(names))


# -- warehouses

_SHAPES = {
    "columns": "columns",
    "lists of columns": "lists of columns",
    "true or false": "true or false",
    "a percentage": f"whole number from {PERCENT[0]} to {PERCENT[-1]}",
}


def _warehouses() -> Iterator[str]:
    yield from ("# Warehouses", "")
    yield "What may be said of a target in [framework.yaml](language.md#projects), and of the tables of a stage under"
    yield "`warehouse`, by the warehouse's name. A stage may have settings for several warehouses; those of the"
    yield "target's count. They say how a table is kept and nothing of what is in it. What has been seen to work on"
    yield "each is told in [support](support.md)."
    yield from ("", "```yaml", "warehouse:", "  postgres: {indexes: [[member_id, month]]}")
    yield from ("  snowflake: {cluster_by: [month], transient: true}", "```")
    for name in plugins.names(framework.warehouses):
        found = warehouse(name)
        yield from ("", f"## {name}", "", inspect.getdoc(type(found)) or "", "")
        yield from ("| setting of a target | meaning |", "|---|---|")
        yield from (f"| `{key}` | {_cell(setting.said)} |" for key, setting in found.settings.items())
        yield from ("", "| setting of a stage's tables | value | meaning |", "|---|---|---|")
        for key, setting in found.table_settings.items():
            besides = f" Not beside `{setting.besides}`." if setting.besides else ""
            unpublished = f" Not of a published table: {setting.unpublished}." if setting.unpublished else ""
            yield f"| `{key}` | {_SHAPES[setting.shape]} | {_cell(setting.said)}{besides}{unpublished} |"


# -- codes

_GROUPS = {
    "0": ("The file", "The text cannot be read as YAML. `load` reports these; exit code 2."),
    "1": ("The shape", "A key, a value or a name of the command line is wrong. Exit code 2."),
    "2": ("Names and types", "`resolve` reports these: what a clause or an expression names or means. Exit code 2."),
    "3": (
        "Proofs",
        "`resolve` reports these: rows that would multiply, keys, and sums that are not exact. Exit code 2.",
    ),
    "4": ("Checks", "`resolve` reports these: a check that cannot be measured, or need not be. Exit code 2."),
    "5": ("Running", "A run meets these. Exit code 4, but 1 for F504 (the data) and 2 for F503 (the command)."),
}


def _codes() -> Iterator[str]:
    yield from ("# Codes", "")
    yield "Every diagnostic has a code, a sentence, and where it can a place (`path:line:column`) and a `help:` line."
    yield "The page of a code says what it means and what to do; `framework explain F301` prints it."
    yield "All mistakes of a phase are reported at once. A code let pass where it applies, with the reason:"
    yield '`allow: {F301: "one plan per member in this feed"}` on the stage.'
    for digit, (title, what) in _GROUPS.items():
        yield from ("", f"## {title}", "", what, "", "| code | what is wrong |", "|---|---|")
        yield from (
            f"| [{code.id}]({DIAGNOSTICS}/{code.id}.md) | {_cell(code.title)} |"
            for code in _sorted()
            if code.id[1] == digit
        )


def _sorted() -> list[Code]:
    return [CODES[name] for name in sorted(CODES)]


if __name__ == "__main__":
    sys.exit(main())
