"""YAML to data: what each scalar means, where each value stands, and what is refused and how."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from framework.diagnostics import Location, PipelineError
from framework.yaml_source import MAX_BYTES, MAX_DEPTH, MAX_EXPANDED, below, parse, read, reading


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the two parsers in turn: libyaml's, and the one in Python where libyaml is missing."""
    monkeypatch.setattr(reading, "_LOADER", getattr(yaml, request.param))


def refusal(text: str) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        parse(text, "x.yaml")
    return caught.value


def marked(location: Location) -> str:
    return location.text[location.column - 1 : location.column - 1 + location.length]


SCALARS: list[tuple[str, Any]] = [
    *((text, None) for text in ("", "~", "null", "Null", "NULL")),
    *((text, True) for text in ("true", "True", "TRUE")),
    *((text, False) for text in ("false", "False", "FALSE")),
    *((text, text) for text in ("on", "off", "yes", "no", "NO", "y", "n", "tRUE", "nULL", "None")),
    ("0", 0),
    ("-0", 0),
    ("12", 12),
    ("+12", 12),
    ("-7", -7),
    ("123456789012345678901234567890", 123456789012345678901234567890),
    *(
        (text, text)
        for text in ("00", "01", "011", "-01", "017", "0o18", "0O17", "-0x1F", "0x", "0xg", "1_000", "12:30", "1:2:3")
    ),
    ("0o17", 15),
    ("0x1F", 31),
    ("0xff", 255),
    ("1.5", Decimal("1.5")),
    ("1.50", Decimal("1.50")),
    ("-.5", Decimal("-0.5")),
    ("5.", Decimal(5)),
    ("1e3", Decimal("1e3")),
    ("1.5E-3", Decimal("0.0015")),
    *((text, text) for text in (".", "1.2.3", "1e", "e3", "--1", "+", "-a", "1,5", "\u0661")),
    ("2024-02-29", date(2024, 2, 29)),
    ("2023-02-29", "2023-02-29"),
    ("2024-2-9", "2024-2-9"),
    ("20240229", 20240229),
    ("0000-01-01", "0000-01-01"),
    ("2024-02-29T10:00:00", "2024-02-29T10:00:00"),
    ("2024-02-29 10:00:00", "2024-02-29 10:00:00"),
    *((f"'{text}'", text) for text in ("true", "1", "1.5", "2024-02-29", "", "~", "<<")),
    ('"1"', "1"),
    ("|-\n 1", "1"),
    (">-\n 1", "1"),
    ("!!str 1", "1"),
    ("! 1", "1"),
    ("!!int '5'", 5),
    ("!!float 5", Decimal(5)),
    ("!!float 1.5", Decimal("1.5")),
    ("!!bool true", True),
    ("!!null ''", None),
    ("!!map {}", {}),
    ("!!seq [1]", [1]),
    ("=", "="),
    ("${DATA}/x.csv", "${DATA}/x.csv"),
    ("count(*)", "count(*)"),
    ("the plan's  # see the plan's page", "the plan's"),
    ("(a)  # (b)", "(a)"),
]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(("text", "expected"), SCALARS, ids=[text for text, _ in SCALARS])
def test_scalar(text: str, expected: Any) -> None:
    value = parse(f"a: {text}\n", "x").data["a"]
    assert (value, type(value)) == (expected, type(expected))
    assert str(value) == str(expected)  # Decimal("1.50") equals Decimal("1.5"), but is not the same


DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "keys are text as written": (
        "on: 1\n1: a\ntrue: b\n01: c\n~: d\n2024-01-01: e\n'q': f\n1.50: g",
        {"on": 1, "1": "a", "true": "b", "01": "c", "~": "d", "2024-01-01": "e", "q": "f", "1.50": "g"},
    ),
    "anchors": ("a: &x [1, {b: 2}]\nc: *x", {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}),
    "an anchor taken again": ("a: &x 1\nb: *x\nc: &x 2\nd: *x", {"a": 1, "b": 1, "c": 2, "d": 2}),
    "a key may be an alias": ("a: &x name\n*x : 1", {"a": "name", "name": 1}),
    "an anchor on a key": ("&x 1: *x", {"1": 1}),
    "merge": (
        "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3, c: 4}",
        {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3, "c": 4}},
    ),
    "merge of a list: the first wins": (
        "x: {<<: [{a: 1, b: 1}, {b: 2, c: 2}], d: 3}",
        {"x": {"a": 1, "b": 1, "c": 2, "d": 3}},
    ),
    "merge of a merge": (
        "x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {<<: *y}",
        {"x": {"a": 1}, "y": {"a": 1, "b": 2}, "z": {"a": 1, "b": 2}},
    ),
    "merge of a list behind an alias": (
        "x: &x [{a: 1}, {b: 2}]\ny: {<<: *x}",
        {"x": [{"a": 1}, {"b": 2}], "y": {"a": 1, "b": 2}},
    ),
    "merge of nothing": ("x: {<<: {}, a: 1}\ny: {<<: []}", {"x": {"a": 1}, "y": {}}),
    "quoted << is a key": ("'<<': 1\na: 2", {"<<": 1, "a": 2}),
    "BOM, CRLF, directive and end marker": ("\ufeff%YAML 1.2\r\n---\r\na: 1\r\n...\r\n", {"a": 1}),
    "no newline at the end": ("a: 1", {"a": 1}),
    "JSON": ('{"a": [1, "b", null, true, 1.5]}', {"a": [1, "b", None, True, Decimal("1.5")]}),
    "empty": ("{}", {}),
    "deep enough": ("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1), {"a": eval("[" * 99 + "]" * 99)}),
}


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(("text", "expected"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_document(text: str, expected: dict[str, Any]) -> None:
    assert parse(text, "x").data == expected


def test_merged_columns_come_first() -> None:
    data = parse("x: {c: 3, a: 9, <<: [{b: 1, a: 1}, {d: 1}], e: 1}", "x").data
    assert list(data["x"].items()) == [("b", 1), ("a", 9), ("d", 1), ("c", 3), ("e", 1)]


# --- places ------------------------------------------------------------------------------------------------

PLACES = """\
# a comment
stages:
  claims: &claims
    kind: aggregate   # why
    from: "claim_lines"
    key: [claim_id, 'line_id']
    columns:
      short: sum(pid)
      'long': {expr: sum(pid), type: "decimal(18,2)"}
      quoted: 'it''s sum(pid)'
      escaped: "\\t\\x41\\u0042\\" sum(pid)"
      literal: |
        case when a
          then pid

        end
      indented: |2-
          two
        pid
      folded: >-
        case when a
        then pid

        end pid
      lines: sum(
        pid)
      several: 'it''s

        so  pid'
      glued: "one \\
        pid"
      empty:
      anchored: &sum sum(pid)
      typed: !!str pid
      same: *sum
    checks:
      - not_null: [claim_id]
      - expression: a = b
  other:
    <<: *claims
    kind: publish
  list:
  - 支払 pid
"""

C = ("stages", "claims", "columns")
LOCATED: list[tuple[tuple[str | int, ...], dict[str, Any], int, int, str]] = [
    # path, keywords, line, column, characters
    ((), {}, 2, 1, "stages:"),
    ((), {"key": True}, 2, 1, "stages:"),
    (("stages",), {"key": True}, 2, 1, "stages"),
    (("stages",), {}, 3, 3, "claims: &claims"),
    (("stages", "claims"), {"key": True}, 3, 3, "claims"),
    (("stages", "claims"), {}, 4, 5, "kind: aggregate"),
    (("stages", "claims", "kind"), {}, 4, 11, "aggregate"),
    (("stages", "claims", "from"), {}, 5, 11, '"claim_lines"'),
    (("stages", "claims", "from"), {"offset": 0}, 5, 12, "claim_lines"),
    (("stages", "claims", "key"), {}, 6, 10, "[claim_id, 'line_id']"),
    (("stages", "claims", "key"), {"offset": 3, "length": 2}, 6, 10, "[claim_id, 'line_id']"),
    (("stages", "claims", "key", 0), {}, 6, 11, "claim_id"),
    (("stages", "claims", "key", 0), {"key": True}, 6, 11, "claim_id"),
    (("stages", "claims", "key", 1), {"length": 4}, 6, 22, "line"),
    ((*C, "short"), {"offset": 4, "length": 3}, 8, 18, "pid"),
    ((*C, "short"), {"offset": 4}, 8, 18, "pid)"),
    ((*C, "short", "expr"), {"offset": 4, "length": 3}, 8, 18, "pid"),
    ((*C, "short", "expr"), {}, 8, 14, "sum(pid)"),
    ((*C, "short", "expr"), {"key": True}, 8, 7, "short"),
    ((*C, "short", "expr"), {"key": True, "offset": 4, "length": 3}, 8, 7, "short"),
    ((*C, "short"), {"key": True, "offset": 2, "length": 2}, 8, 9, "or"),
    ((*C, "short"), {"offset": 99, "length": 5}, 8, 22, ""),
    ((*C, "short"), {"offset": -5, "length": 0}, 8, 14, "s"),
    ((*C, "long"), {"key": True}, 9, 7, "'long'"),
    ((*C, "long"), {"key": True, "offset": 0}, 9, 8, "long"),
    ((*C, "long", "type"), {"offset": 8, "length": 2}, 9, 47, "18"),
    ((*C, "long", "nothing"), {"offset": 3}, 9, 7, "'long'"),
    ((*C, "quoted"), {}, 10, 15, "'it''s sum(pid)'"),
    ((*C, "quoted"), {"offset": 2, "length": 2}, 10, 18, "''s"),
    ((*C, "quoted"), {"offset": 9, "length": 3}, 10, 26, "pid"),
    ((*C, "escaped"), {"offset": 1, "length": 2}, 11, 19, "\\x41\\u0042"),
    ((*C, "escaped"), {"offset": 9, "length": 3}, 11, 36, "pid"),
    ((*C, "literal"), {}, 12, 16, "|"),
    ((*C, "literal"), {"offset": 0}, 13, 9, "case when a"),
    ((*C, "literal"), {"offset": 19, "length": 3}, 14, 16, "pid"),
    ((*C, "literal"), {"offset": 24, "length": 3}, 16, 9, "end"),
    ((*C, "indented"), {"offset": 2, "length": 3}, 18, 11, "two"),
    ((*C, "indented"), {"offset": 6, "length": 3}, 19, 9, "pid"),
    ((*C, "folded"), {"offset": 17, "length": 3}, 22, 14, "pid"),
    ((*C, "folded"), {"offset": 25, "length": 3}, 24, 13, "pid"),
    ((*C, "lines"), {}, 25, 14, "sum("),
    ((*C, "lines"), {"offset": 5, "length": 3}, 26, 9, "pid"),
    ((*C, "several"), {"offset": 9, "length": 3}, 29, 13, "pid"),
    ((*C, "glued"), {"offset": 4, "length": 3}, 31, 9, "pid"),
    ((*C, "empty"), {}, 32, 13, ""),
    ((*C, "empty", "expr"), {"offset": 3, "length": 3}, 32, 13, ""),
    ((*C, "anchored"), {}, 33, 22, "sum(pid)"),
    ((*C, "anchored"), {"offset": 4, "length": 3}, 33, 26, "pid"),
    ((*C, "typed"), {"offset": 1, "length": 2}, 34, 21, "id"),
    ((*C, "same"), {}, 35, 13, "*sum"),
    ((*C, "same"), {"offset": 4, "length": 3}, 33, 26, "pid"),
    (("stages", "claims", "checks", 1, "expression"), {"length": 1}, 38, 21, "a"),
    (("stages", "claims", "checks", 7), {}, 36, 5, "checks"),
    (("stages", "claims", "checks", -1), {}, 36, 5, "checks"),
    (("stages", "claims", "checks", "x"), {}, 36, 5, "checks"),
    (("stages", "claims", "checks", 0, "x"), {}, 37, 9, "not_null: [claim_id]"),
    (("stages", "claims", "nothing", "deep", 3), {}, 3, 3, "claims"),
    (("stages", "other", "from"), {}, 5, 11, '"claim_lines"'),
    (("stages", "other", "kind"), {}, 41, 11, "publish"),
    (("stages", "list", 0), {"offset": 3, "length": 3}, 43, 8, "pid"),
    (("nothing",), {}, 2, 1, "stages:"),
]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("path", "keywords", "expected"), [(p, k, place) for p, k, *place in LOCATED])
def test_locate(newline: str, path: tuple[str | int, ...], keywords: dict[str, Any], expected: list[Any]) -> None:
    location = parse(PLACES.replace("\n", newline), "x").locate(path, **keywords)
    assert [location.line, location.column, marked(location)] == expected
    assert location.text == PLACES.split("\n")[location.line - 1]


# --- refusals ----------------------------------------------------------------------------------------------

EXPLODING = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
)
REFUSED: dict[str, tuple[str, list[tuple[str, int, str, str | None]]]] = {
    # text, then of each diagnostic: code, line, characters, and the help or the start of it
    "tab below a key": ("a:\n\tb: 1", [("F003", 2, "\t", "indent with spaces")]),
    "tab among spaces": ("a:\n  b: 1\n\tc: 2", [("F003", 3, "\t", "indent with spaces")]),
    "tab before a list item": ("a:\n  - b\n\t- c", [("F003", 3, "\t", "indent with spaces")]),
    "tab in a block": ("a: |\n\tx", [("F003", 2, "\t", "indent with spaces")]),
    "colon in an expression": ("a: case b: c", [("F002", 1, ":", "text that holds `: ` must be quoted")]),
    "colon in a literal": ("a: x = ': '", [("F002", 1, ":", "text that holds `: ` must be quoted")]),
    "wrong indentation": ("a: 1\n  b: 2", [("F002", 2, ":", "indent the keys")]),
    "comma in a call in {}": ("a: {b: f(x, y), c: d}", [("F002", 1, "f(x, y)", 'quote it: "f(x, y)"')]),
    "comma before quoted text": ('a: [f(x, "y")]', [("F002", 1, ")", "an expression with a comma")]),
    "commas in types": (
        "b: {c: decimal(18,2), d: g(x, h(y), w)}",
        [
            ("F002", 1, "decimal(18,2)", 'quote it: "decimal(18,2)"'),
            ("F002", 1, "g(x, h(y), w)", 'quote it: "g(x, h(y), w)"'),
        ],
    ),
    "comma in calls that end alike": (
        "a: {b: f(x, z), c: g(y, z)}",
        [("F002", 1, "f(x, z)", 'quote it: "f(x, z)"'), ("F002", 1, "g(y, z)", 'quote it: "g(y, z)"')],
    ),
    "comma before a literal": ("a: {b: c in ('A', 'B')}", [("F002", 1, ")", "an expression with a comma")]),
    "comment in a call": ("a: f(b, ' #')", [("F002", 1, "#')", "quote it: \"f(b, ' #')\"")]),
    "comment in a literal": ("a: b = ' #1'", [("F002", 1, "#1'", "quote it: \"b = ' #1'\"")]),
    "comment in {}": ("a: {b: c # d}\n", [("F002", 1, "{", "text that holds ` #` must be quoted")]),
    "bracket in {}": ("a: {b: ${C}/d}", [("F002", 1, "{", "quote text that holds a comma, a bracket")]),
    "unclosed {": ("a: {b: 1\nc: 2", [("F002", 2, ":", "quote text that holds a comma, a bracket")]),
    "unclosed { at the end": ("a: {b: 1\n\n", [("F002", 1, "{", "quote text that holds a comma, a bracket")]),
    "quoted start": ("a: 'b' || c", [("F002", 1, "|", "an expression that begins with a quote")]),
    "quoted start in {}": ("a: {b: 'c' = d}", [("F002", 1, "=", "an expression that begins with a quote")]),
    "unclosed quote": ("a: 'b\nc: 1\n", [("F002", 1, "'", "close the quote")]),
    "escape": ('a: "\\d"', [("F002", 1, "\\", "between double quotes a backslash")]),
    "star": ("a: *", [("F002", 1, "*", "text that begins with `*` must be quoted")]),
    "at": ("a: @b", [("F002", 1, "@", "text that begins with `@` must be quoted")]),
    "percent": ("a: %b", [("F002", 1, "%", "text that begins with `%` must be quoted")]),
    "list beside its key": ("a: - b", [("F002", 1, "-", "begin the list on a line of its own")]),
    "no blank after a colon": ("a: {b:[c]}", [("F002", 1, ":", "a blank follows the `:`")]),
    "unknown alias": ("a: &claims 1\nb: *claim", [("F002", 2, "*claim", "did you mean `claims`?")]),
    "unknown alias, no anchor": ("b: *claim", [("F002", 1, "*claim", None)]),
    "unknown alias to merge": ("b: {<<: *claim}", [("F002", 1, "*claim", None)]),
    "version": ("%YAML 3.0\n---\na: 1", [("F002", 1, "%", None)]),
    "repeated key": ("a: 1\nb: 2\na: 3\n'a': 4", [("F004", 3, "a", None), ("F004", 4, "'a'", None)]),
    "repeated key as written": ("1: 1\n'1': 2", [("F004", 2, "'1'", None)]),
    "repeated key in {}": ("a: {b: 1, b: 2}", [("F004", 1, "b", None)]),
    "repeated merge": ("<<: {a: 1}\n<<: {b: 1}", [("F004", 2, "<<", None)]),
    "repeat through an alias": ("a: &x b\n*x : 1\nb: 2", [("F004", 3, "b", None)]),
    "NUL": ("a: b\0c", [("F006", 1, "\0", None)]),
    "control character": ("a: 1\nb: '\x1b'", [("F006", 2, "\x1b", None)]),
    "surrogate": ("a: \ud800", [("F006", 1, "\ud800", None)]),
    "second BOM": ("\ufeff\ufeffa: 1", [("F006", 1, "\ufeff", None)]),
    "empty": ("", [("F007", 1, "", None)]),
    "comments": ("# a\n\n# b\n", [("F007", 1, "#", None)]),
    "empty document": ("---\n", [("F007", 1, "-", None)]),
    "loop": ("a: &x\n  b: *x", [("F008", 2, "*x", None)]),
    "loop by merge": ("a: &x {<<: *x}", [("F008", 1, "*x", None)]),
    "explosion": (EXPLODING, [("F008", 16, "*o", None)]),
    "nesting": ("a: " + "[" * MAX_DEPTH, [("F008", 1, "[", None)]),
    "nesting through aliases": (
        "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, MAX_DEPTH)),
        [("F008", 100, "*a98", None)],
    ),
    "block nesting": ("".join(f"{' ' * i}a:\n" for i in range(MAX_DEPTH + 1)), [("F008", 101, "a", None)]),
    "infinite": (
        "a: .inf\nb: -.INF\nc: .nan",
        [("F009", n, t, "quote it if it is text") for n, t in ((1, ".inf"), (2, "-.INF"), (3, ".nan"))],
    ),
    "exponent": (
        "a: 1e1001\nb: 1e99999999999999999999",
        [("F009", 1, "1e1001", "quote it"), ("F009", 2, "1e99999999999999999999", "quote it")],
    ),
    "digits": ("a: " + "9" * 5000, [("F009", 1, "9" * 5000, "quote it if it is text")]),
    "tags": (
        "a: !!python/object/apply:os.system [ls]\nb: !mine 1\nc: !!binary aGk=\nd: !!set {e}\n"
        "f: !!timestamp 2024-01-01",
        [
            ("F009", 1, "!!python/object/apply:os.system [", None),
            ("F009", 2, "!mine 1", None),
            ("F009", 3, "!!binary aGk=", None),
            ("F009", 4, "!!set {", None),
            ("F009", 5, "!!timestamp 2024-01-01", None),
        ],
    ),
    "tag on the wrong value": (
        "a: !!int b\nc: !!map [d]",
        [("F009", 1, "!!int b", None), ("F009", 2, "!!map [", None)],
    ),
    "tag on a key": ("!mine a: 1", [("F009", 1, "!mine a", None)]),
    "key of a list": ("? [a]\n: 1\nb: .inf", [("F009", 1, "[a]", None), ("F009", 3, ".inf", "quote it")]),
    "key of an alias to a list": ("a: &x [b]\n*x : 1", [("F009", 2, "*x", None)]),
    "merge of text": ("<<: a", [("F009", 1, "a", None)]),
    "merge of a list with text": ("<<: [{a: 1}, b]", [("F009", 1, "b", None)]),
    "second document": ("a: 1\n---\nb: 2", [("F010", 2, "---", "keep one to a file")]),
    "first document empty": ("---\n---\nb: 2", [("F010", 2, "---", "keep one to a file")]),
    "list": ("- a\n- b", [("F011", 1, "- a", None)]),
    "text": ("claims", [("F011", 1, "claims", None)]),
    "empty text": ("''", [("F011", 1, "''", None)]),
    "everything at once": (
        "a: 1\na: 2\nb: .inf\nc: *d\ne: {f: g(h, i)}\nj: 'k' || l",
        [
            ("F004", 2, "a", None),
            ("F009", 3, ".inf", "quote it"),
            ("F002", 4, "*d", None),
            ("F002", 5, "g(h, i)", "quote it"),
            ("F002", 6, "|", "an expression that begins"),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_refusal(text: str, expected: list[tuple[str, int, str, str | None]]) -> None:
    found = refusal(text).diagnostics
    told = []
    for diagnostic, (_, _, _, help) in zip(found, expected, strict=True):
        place = diagnostic.location
        assert place is not None
        shown = diagnostic.help and diagnostic.help[: len(help)] if help else diagnostic.help
        told.append((diagnostic.code.id, place.line, marked(place), shown))
    assert told == expected


GOLDEN = {
    "claims:\n  paid: 1\n  charged: 2\n  paid: 3\n": (
        "x.yaml:4:3: F004 the key `paid` on line 4 repeats line 2\n    4 |   paid: 3\n      |   ^^^^"
    ),
    "columns: {a: nullif(b, '0')}\n": (
        "x.yaml:1:27: F002 did not find expected ',' or '}' while parsing a flow mapping\n"
        "    1 | columns: {a: nullif(b, '0')}\n"
        "      |                           ^\n"
        "help: an expression with a comma inside {} or [] must be quoted"
    ),
    "a: &x 1\nb:\n\tc: 1\n": (
        "x.yaml:3:1: F003 a tab is no indentation\n    3 |     c: 1\n      | ^^^^\nhelp: indent with spaces"
    ),
    "- a\n": ("x.yaml:1:1: F011 the top level must be a mapping, `name: value`\n    1 | - a\n      | ^^^"),
    "a: !!python/name:os.system ''\n": (
        "x.yaml:1:4: F009 the tag `!!python/name:os.system` is not supported\n"
        "    1 | a: !!python/name:os.system ''\n"
        "      |    ^^^^^^^^^^^^^^^^^^^^^^^^^^"
    ),
    "": "x.yaml:1:1: F007 the file holds nothing",
}


@pytest.mark.parametrize(("text", "expected"), GOLDEN.items())
def test_refusal_as_printed(text: str, expected: str) -> None:
    assert str(refusal(text)) == expected


@pytest.mark.parametrize("count", [1, 2])
def test_alias_budget_is_exact(count: int) -> None:
    items = MAX_EXPANDED // 2 - 1  # with the list itself, two aliases fill the budget
    text = f"a: &x [{', '.join(['1'] * items)}]\nb: [*x, *x{', *y' * (count - 1)}]\n".replace("a:", "c: &y 1\na:")
    if count == 1:
        assert len(parse(text, "x").data["b"]) == 2
    else:
        assert [d.code.id for d in refusal(text).diagnostics] == ["F008"]


def test_written_values_need_no_budget() -> None:
    text = "a:\n" + "- 1\n" * (MAX_EXPANDED + 1)
    assert len(parse(text, "x").data["a"]) == MAX_EXPANDED + 1


# --- files -------------------------------------------------------------------------------------------------

FILES: list[tuple[bytes, str, int, int]] = [
    (b"\xff\xfea\0:\0", "F006", 1, 1),
    (b"\xfe\xff\0a\0:", "F006", 1, 1),
    (b"a\0:\0 \x001\0", "F006", 1, 1),
    (b"\x89PNG\r\n\x1a\n\0\0", "F006", 1, 1),
    (b"a: 1\nb: caf\xe9\n", "F006", 2, 7),
    (b"\xef\xbb\xbfa: \xff", "F006", 1, 4),
    (b"a: \xc3\xa9\xc3", "F006", 1, 5),
    (b"", "F007", 1, 1),
    (b"\xef\xbb\xbf# only\n", "F007", 1, 1),
]


@pytest.mark.parametrize(("content", "code", "line", "column"), FILES)
def test_read_refuses_content(tmp_path: Path, content: bytes, code: str, line: int, column: int) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(content)
    with pytest.raises(PipelineError) as caught:
        read(path, shown="p.yaml")
    (found,) = caught.value.diagnostics
    assert found.location is not None
    place = (found.location.path, found.location.line, found.location.column)
    assert (found.code.id, *place) == (code, "p.yaml", line, column)


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes("\ufeffa: café\r\n".encode())
    document = read(path)
    assert document.data == {"a": "café"}
    assert document.path == str(path)
    assert document.locate(("a",)) == Location(str(path), 1, 4, "a: café", 4)


def test_read_refuses_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, message in {
        "missing.yaml": "there is no file `it`",
        "": "`it` is a directory",
        "pipe": "`it` is not a regular file",
        "loop": "cannot read `it`: Too many levels of symbolic links",
        "n\0l": "cannot read `it`: ",
        "n" * 300: "cannot read `it`: File name too long",
    }.items():
        with pytest.raises(PipelineError) as caught:
            read(tmp_path / name, shown="it")
        (found,) = caught.value.diagnostics
        assert found.code.id == "F001"
        assert found.message.startswith(message)


def test_read_refuses_what_it_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "p.yaml"
    path.write_text("a: 1")
    monkeypatch.setattr(Path, "read_bytes", refused)  # root may read every file, so no mode would do
    with pytest.raises(PipelineError, match="F001 cannot read `p`: Permission denied"):
        read(path, shown="p")


def test_read_refuses_a_large_file_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("the file was read"))
    begun = time.perf_counter()
    with pytest.raises(PipelineError, match=f"F005 the file has 50,000,000 bytes; at most {MAX_BYTES:,}"):
        read(path)
    assert time.perf_counter() - begun < 1


# --- properties --------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text("ab '\"\\:#-\n", max_size=60)
NESTED = st.dictionaries(
    WORDS,
    st.recursive(WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)),
    max_size=4,
)
STYLES = st.fixed_dictionaries(
    {
        "default_style": st.sampled_from(["'", '"', "|", ">"]),  # never plain: `1e5` would come back a number
        "default_flow_style": st.booleans(),
        "allow_unicode": st.booleans(),
        "width": st.sampled_from([10, 80]),
        "line_break": st.sampled_from(["\n", "\r\n"]),
    }
)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in items:
        yield from leaves(inner, (*path, part))


def inside(location: Location, text: str) -> bool:
    lines = re.split(r"\r\n?|\n", text.removeprefix("\ufeff"))
    line = lines[location.line - 1]
    end = location.column - 1 + location.length
    return location.text == line and location.column >= 1 and end <= max(len(line), location.column)


@given(NESTED, STYLES)
def test_dumped_text_comes_back(data: dict[str, Any], style: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, **style)
    assume(yaml.safe_load(text) == data)  # PyYAML itself errs on some escapes at the end of a folded line
    assert parse(text, "x").data == data


@given(NESTED, STYLES, st.integers(-1, 40) | st.none(), st.integers(0, 40) | st.none(), st.booleans())
def test_every_place_is_inside_the_text(
    data: dict[str, Any], style: dict[str, Any], offset: int | None, length: int | None, key: bool
) -> None:
    text = yaml.safe_dump(data, **style)
    document = parse(text, "x")
    for path, _ in leaves(data):
        for asked in (path, (*path, "expr"), (*path, 7)):
            assert inside(document.locate(asked, key=key, offset=offset, length=length), text)


LETTERS = st.text("abcde '\"\\\n", max_size=60)


@given(st.lists(LETTERS, max_size=4), STYLES)
def test_every_letter_is_found(values: list[str], style: dict[str, Any]) -> None:
    document = parse(yaml.safe_dump({"a": values}, **style), "x")
    for row, value in enumerate(values):
        for at, char in enumerate(value):
            if char.isalpha():
                assert marked(document.locate(("a", row), offset=at, length=1)) == char


@given(st.text("ab&*!|>'\"%@#{}[]()<,:?-. \t\n\r\u2028\x85", max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document = parse(text, "x")
    except PipelineError as error:
        for diagnostic in error.diagnostics:
            assert diagnostic.location is not None
            assert inside(diagnostic.location, text)
    else:
        for path, _ in leaves(document.data):
            assert inside(document.locate(path, offset=1), text)


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    seen = ["a.yaml", "b.yml", "b/a.yaml", "b/c.d/e.yaml"]
    for name in [*seen, "a.json", ".a.yaml", ".hidden/a.yaml", "b/.hidden/c/a.yaml", "b/.a.yml"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert sorted(str(path.relative_to(tmp_path)) for path in below(tmp_path)) == seen
    assert below(tmp_path / ".hidden") == [tmp_path / ".hidden" / "a.yaml"]
    assert below(tmp_path / "none") == []
