"""Whatever stands in a file, `framework validate` says it is fine or says what is wrong: never a fault."""

import contextlib
import io
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.cli import INVALID, OK, main
from framework.expressions.catalogue import functions

CLAIMS = (Path(__file__).parents[2] / "pipelines" / "claims.yaml").read_text(encoding="utf-8")
TOKENS = re.findall(r"\w+|\s+|[^\w\s]", CLAIMS)
DATA = yaml.safe_load(CLAIMS)
WORDS = sorted({token for token in TOKENS if token.isidentifier()})
SCRAPS = [
    *("", " ", "\n", "\t", "#", " # ", ": ", "- ", "&a ", "*a", "<<: *a", "!!int ", "|", ">", "---\n", "\ufeff"),
    *("'", '"', "(", ")", "[", "]", "{", "}", ",", "null", "true", "yes", "0", "-1", "1e9", "1.5", ".nan"),
    *("select", "over (", "case when", "end", "cast(", "as decimal(", "distinct", "filter (where", "order by"),
]

Mutation = Callable[[list[str]], list[str]]
places = st.integers(0, len(TOKENS) - 1)
scraps = st.one_of(st.sampled_from(SCRAPS), places.map(lambda at: TOKENS[at]), st.text(max_size=4))


def _swapped(tokens: list[str], one: int, other: int) -> list[str]:
    tokens[one], tokens[other] = tokens[other], tokens[one]
    return tokens


mutations: st.SearchStrategy[Mutation] = st.one_of(
    st.builds(lambda at, n: lambda t: [*t[:at], *t[at + n :]], places, st.integers(1, 20)),
    st.builds(lambda at, n: lambda t: [*t[: at + n], *t[at:]], places, st.integers(1, 20)),
    st.builds(lambda one, other: lambda t: _swapped(t, one % len(t), other % len(t)), places, places),
    st.builds(lambda at, scrap: lambda t: [*t[:at], scrap, *t[at:]], places, scraps),
    st.builds(lambda at, scrap: lambda t: [*t[:at], scrap, *t[at + 1 :]], places, scraps),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(mutations, min_size=1, max_size=6))
def test_mutated_text(chosen: list[Mutation]) -> None:
    tokens = list(TOKENS)
    for mutate in chosen:
        tokens = mutate(tokens) or [" "]
    _validated("".join(tokens))


# -- the same on what the text says: a value of another kind, a name of another place

NAMES = [*WORDS, *sorted(functions())]
names = st.integers(0, len(NAMES) - 1).map(lambda at: NAMES[at])
scalars = st.one_of(
    names,
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.dates(),
    st.builds(lambda f, a: f"{f}({', '.join(a)})", names, st.lists(names, max_size=3)),
    st.builds(lambda f, a, b: f"{a} {f} {b}", st.sampled_from(sorted(functions())), names, names),
    st.builds(lambda f, a: f"{f}({a}) over (partition by {a} order by {a})", names, names),
    st.builds(lambda a, b: f"{a}.{b}", names, names),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=4
)


def _paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path] * bool(path) + [found for key, value in items for found in _paths(value, (*path, key))]


PATHS = _paths(DATA)
paths = st.integers(0, len(PATHS) - 1).map(lambda at: PATHS[at])
changes = st.tuples(paths, st.sampled_from(["replace", "delete", "rename", "borrow", "wrap"]), values)


@settings(max_examples=120, deadline=None)
@given(st.lists(changes, min_size=1, max_size=4), st.data())
def test_mutated_meaning(chosen: list[tuple[tuple[Any, ...], str, Any]], drawn: st.DataObject) -> None:
    data = yaml.safe_load(CLAIMS)
    for path, how, value in chosen:
        with contextlib.suppress(KeyError, IndexError, TypeError):  # an earlier change took the place away
            _change(data, path, how, value, drawn)
    _validated(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def _change(data: Any, path: tuple[Any, ...], how: str, value: Any, drawn: st.DataObject) -> None:
    holder, key = _at(data, path[:-1]), path[-1]
    if how == "delete":
        del holder[key]
    elif how == "rename" and isinstance(holder, dict):
        holder[drawn.draw(names)] = holder.pop(key)
    elif how == "borrow":
        holder[key] = _at(yaml.safe_load(CLAIMS), drawn.draw(paths))
    elif how == "wrap":
        holder[key] = [holder[key]]
    else:
        holder[key] = value


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def _validated(text: str) -> None:
    output = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stderr(output),
        contextlib.redirect_stdout(output),
    ):
        path = Path(folder) / "pipeline.yaml"
        path.write_text(text, encoding="utf-8", newline="")
        code = main(["validate", str(path), "--debug"])
    assert code in (OK, INVALID), output.getvalue()[-3000:]


# -- suites: by themselves, and put into a pipeline

SUITES = sorted((Path(__file__).parents[2] / "checks").glob("*.yaml"))
USE = """
pipeline: example
sources: {lines: {path: lines.csv, key: [id], columns: {id: string, a: integer, b: date, the rest: string}}}
stages:
  clean:
    kind: normalize
    from: lines
    key: [id]
    columns: {id: , a: , b: , the rest: }
    checks:
      - use: {suite: odd, with: %s}
        where: a > 0
"""
suite_names = st.sampled_from(["first", "$first", "second", "$second", "$$", "$", "", "a", "the rest", "it's", '"'])
texts = st.lists(st.one_of(suite_names, st.sampled_from([" <= ", "(", ")", "'", ", ", "null", "1"])), max_size=5)
odd_values = st.recursive(
    st.one_of(texts.map("".join), suite_names, st.integers(-2, 2), st.booleans(), st.none(), st.dates()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(suite_names, inner, max_size=2),
    max_leaves=3,
)
kinds = st.sampled_from(
    ["expression", "range", "not_null", "matches", "accepted_values", "relationship", "use", "where"]
)
odd_checks = st.lists(st.dictionaries(kinds, odd_values, max_size=2), max_size=3)
odd_suites = st.fixed_dictionaries(
    {"suite": st.just("odd"), "parameters": st.dictionaries(suite_names, odd_values, max_size=3), "checks": odd_checks}
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SUITES), st.lists(mutations, min_size=1, max_size=4))
def test_mutated_suite(path: Path, chosen: list[Mutation]) -> None:
    tokens = re.findall(r"\w+|\s+|[^\w\s]", path.read_text(encoding="utf-8"))
    for mutate in chosen:
        tokens = mutate(tokens) or [" "]
    _validated("".join(tokens))


@settings(max_examples=150, deadline=None)
@given(odd_suites, st.dictionaries(suite_names, odd_values, max_size=3))
def test_odd_suite_in_a_pipeline(suite: dict[str, Any], given_values: dict[str, Any]) -> None:
    pipeline = USE % yaml.safe_dump(given_values, default_flow_style=True, width=10_000)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("checks").mkdir()
        Path("checks/odd.yaml").write_text(yaml.safe_dump(suite), encoding="utf-8")
        _validated(yaml.safe_dump(suite))
        _validated(pipeline)
