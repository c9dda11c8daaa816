"""Diagnostics: the registry of codes, the order and the exact look of messages, and suggestions."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import diagnostics
from framework.diagnostics import (
    CODES,
    Code,
    Diagnostic,
    Location,
    PipelineError,
    Source,
    nearest,
    render,
    suggest,
)


def _unregistered(title: str) -> Code:
    """A code that leaves the framework's registry as it was."""
    code = Code("F901", title)
    del CODES["F901"]
    return code


CODE = _unregistered("unknown column")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Code]:
    empty: dict[str, Code] = {}
    monkeypatch.setattr(diagnostics, "CODES", empty)
    return empty


def test_code_registers_itself(registry: dict[str, Code]) -> None:
    code = Code("F901", "unknown column")
    assert registry == {"F901": code}


@pytest.mark.parametrize("title", ["unknown column", "something else"])
def test_code_id_is_taken_once(registry: dict[str, Code], title: str) -> None:
    Code("F901", "unknown column")
    with pytest.raises(ValueError, match="F901 is taken by 'unknown column'"):
        Code("F901", title)


@pytest.mark.parametrize("wrong", ["", "F1", "f101", "F1010", "E101", "F10١"])
def test_code_id_has_one_form(wrong: str) -> None:
    with pytest.raises(ValueError, match="F and three digits"):
        Code(wrong, "title")


def test_registry_maps_ids_to_their_codes() -> None:
    assert all(code.id == id for id, code in CODES.items())


LINE = "  paid: sum(pid)"
WIDE = "  支払: 合計(支払額)"
RENDERED = {
    "carets under the text": (
        Diagnostic(
            CODE,
            "unknown column `pid` in stage `claims`",
            Location("pipelines/x.yaml", 12, 13, LINE, 3),
            "did you mean `paid`?",
        ),
        "pipelines/x.yaml:12:13: F901 unknown column `pid` in stage `claims`\n"
        "    12 |   paid: sum(pid)\n"
        "       |             ^^^\n"
        "help: did you mean `paid`?",
    ),
    "a warning": (
        Diagnostic(CODE, "odd", Location("x", 1, 1, "a: b"), severity="warning"),
        "warning: x:1:1: F901 odd\n    1 | a: b\n      | ^",
    ),
    "no location": (Diagnostic(CODE, "no warehouse"), "F901 no warehouse"),
    "no location, a warning, help of two lines": (
        Diagnostic(CODE, "slow", help="first\nsecond", severity="warning"),
        "warning: F901 slow\nhelp: first\nsecond",
    ),
    "no source line": (Diagnostic(CODE, "gone", Location("x", 1, 1)), "x:1:1: F901 gone"),
    "wide characters": (
        Diagnostic(CODE, "m", Location("x", 7, 10, WIDE, 3)),
        "x:7:10: F901 m\n    7 |   支払: 合計(支払額)\n      |              ^^^^^^",
    ),
    "a combining accent takes no column": (
        Diagnostic(CODE, "m", Location("x", 1, 7, "cafe\u0301 bar", 3)),
        "x:1:7: F901 m\n    1 | cafe\u0301 bar\n      |      ^^^",
    ),
    "tabs before and under the carets": (
        Diagnostic(CODE, "m", Location("x", 1, 3, "\ta\tb", 2)),
        "x:1:3: F901 m\n    1 |     a    b\n      |      ^^^^^",
    ),
    "control characters everywhere": (
        Diagnostic(
            CODE,
            "no `\x1b[2J`\nhere",
            Location("a\x07.yaml", 1, 6, "b:\x00 \u202epaid", 1),
            "drop \x9b",
        ),
        "a\\x07.yaml:1:6: F901 no `\\x1b[2J`\\nhere\n"
        "    1 | b:\\x00 \\u202epaid\n"
        "      |              ^\n"
        "help: drop \\x9b",
    ),
    "a column behind the line, a length beyond it": (
        Diagnostic(CODE, "m", Location("x", 1, 99, "ab", 99)),
        "x:1:99: F901 m\n    1 | ab\n      |   ^",
    ),
    "a lone surrogate": (
        Diagnostic(CODE, "m", Location("x", 1, 2, "\ud800b")),
        "x:1:2: F901 m\n    1 | \\ud800b\n      |       ^",
    ),
}


@pytest.mark.parametrize(("diagnostic", "expected"), RENDERED.values(), ids=RENDERED.keys())
def test_render(diagnostic: Diagnostic, expected: str) -> None:
    assert render(diagnostic) == expected


LONG = "".join(chr(ord("a") + i % 26) for i in range(1000))


@pytest.mark.parametrize(
    ("column", "length", "shown", "blank", "carets"),
    [
        pytest.param(1, 3, LONG[:158] + "…", 0, 3, id="at the start"),
        pytest.param(501, 3, "…" + LONG[448:606] + "…", 53, 3, id="in the middle"),
        pytest.param(1000, 1, "…" + LONG[-158:], 158, 1, id="at the end"),
        pytest.param(501, 400, "…" + LONG[448:606] + "…", 53, 106, id="longer than the window"),
    ],
)
def test_render_cuts_a_long_line(column: int, length: int, shown: str, blank: int, carets: int) -> None:
    lines = render(Diagnostic(CODE, "m", Location("x", 1, column, LONG, length))).split("\n")
    assert lines[1:] == ["    1 | " + shown, "      | " + " " * blank + "^" * carets]


@pytest.mark.parametrize(("columns", "cut"), [(160, False), (161, True)])
def test_render_keeps_a_line_of_160_columns(columns: int, cut: bool) -> None:
    assert ("…" in render(Diagnostic(CODE, "m", Location("x", 1, 1, "a" * columns)))) is cut


def test_render_colours_only_when_asked() -> None:
    diagnostic = Diagnostic(CODE, "m", Location("x", 1, 1, "ab", 2), "h")
    assert render(diagnostic, colour=True) == (
        "\x1b[1mx:1:1:\x1b[0m \x1b[31mF901\x1b[0m m\n    1 | ab\n      | \x1b[31m^^\x1b[0m\n\x1b[36mhelp:\x1b[0m h"
    )
    assert "\x1b" not in render(diagnostic)


@given(st.text(max_size=400), st.integers(1, 500), st.integers(1, 500))
def test_render_prints_nothing_raw(text: str, column: int, length: int) -> None:
    diagnostic = Diagnostic(CODE, text, Location("x", 1, column, text, length), text)
    assert render(diagnostic).replace("\n", "").isprintable()


def test_as_dict_is_flat_json() -> None:
    located = Diagnostic(CODE, "m", Location("x.yaml", 2, 3, "a: b", 1), "h", "warning")
    assert json.loads(json.dumps(located.as_dict())) == {
        "code": "F901",
        "title": "unknown column",
        "severity": "warning",
        "message": "m",
        "help": "h",
        "path": "x.yaml",
        "line": 2,
        "column": 3,
        "length": 1,
    }
    assert Diagnostic(CODE, "m").as_dict()["path"] is None


def test_error_sorts_and_deduplicates() -> None:
    places = [("b", 1, 1), ("a", 10, 1), ("a", 2, 9), ("a", 2, 3)]
    given_order = [Diagnostic(CODE, "m", Location(*place)) for place in places]
    anywhere = Diagnostic(CODE, "m")
    error = PipelineError(*given_order, anywhere, *given_order)
    assert error.diagnostics == (anywhere, *reversed(given_order))


def test_error_prints_every_diagnostic() -> None:
    error = PipelineError(Diagnostic(CODE, "two"), Diagnostic(CODE, "one", help="h"))
    assert str(error) == "F901 two\n\nF901 one\nhelp: h"


def test_error_needs_a_diagnostic() -> None:
    with pytest.raises(ValueError, match="at least one"):
        PipelineError()


def test_error_survives_a_worker_process() -> None:
    error = PipelineError(Diagnostic(CODE, "m", Location("x", 1, 1, "a")))
    assert pickle.loads(pickle.dumps(error)).diagnostics == error.diagnostics


TEXT = "ab\r\n\ncd\u2028e\rf"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 2, Location("x", 1, 1, "ab", 2)),
        (1, None, Location("x", 1, 2, "ab", 1)),
        (1, 7, Location("x", 1, 2, "ab", 1)),
        (3, 4, Location("x", 1, 3, "ab", 1)),
        (4, 4, Location("x", 2, 1, "", 1)),
        (5, 9, Location("x", 3, 1, "cd\u2028e", 4)),
        (10, 11, Location("x", 4, 1, "f", 1)),
        (11, None, Location("x", 4, 2, "f", 1)),
    ],
)
def test_source_location(start: int, end: int | None, expected: Location) -> None:
    assert Source("x", TEXT).location(start, end) == expected


def test_source_has_no_line_behind_its_last_newline() -> None:
    assert Source("x", "ab\n").location(3) == Location("x", 1, 3, "ab", 1)


COLUMNS = ["member_id", "plan_id", "paid", "charged", "claim_count", "Id", "service_date"]


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("pid", COLUMNS, "paid"),
        ("piad", COLUMNS, "paid"),
        ("hcarged", COLUMNS, "charged"),
        ("PLAN_ID", COLUMNS, "plan_id"),
        ("dI", COLUMNS, "Id"),
        ("memberid", COLUMNS, "member_id"),
        ("claims_count", COLUMNS, "claim_count"),
        ("zzz", COLUMNS, None),
        ("", COLUMNS, None),
        ("paid", [], None),
        ("ab", ["ba", "abc"], "ba"),
        ("form", {"from", "format"}, "from"),
        ("x1", ["x3", "x2"], None),
        ("ax1", ["ax3", "ax2"], None),
        ("axe1", ["axe3", "axe2"], "axe2"),
        ("day", ["pay", "days"], "days"),
        ("sum", ["min", "num"], None),
        ("state", ["date"], None),
        ("minimum", ["min", "max"], "min"),
    ],
)
def test_nearest(name: str, known: list[str], expected: str | None) -> None:
    assert nearest(name, known) == expected


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("pid", COLUMNS, "did you mean `paid`?"),
        ("zzz", ["b", "a", "b"], "known: a, b"),
        ("zzz", [f"n{i:02}" for i in range(12)], "known: " + ", ".join(f"n{i:02}" for i in range(12))),
        (
            "zzz",
            [f"n{i:02}" for i in range(15)],
            "known: " + ", ".join(f"n{i:02}" for i in range(12)) + " and 3 more",
        ),
        ("zzz", [], ""),
    ],
)
def test_suggest(name: str, known: list[str], expected: str) -> None:
    assert suggest(name, known) == expected


@given(st.text(), st.lists(st.text(), min_size=1))
def test_a_known_name_is_nearest_to_itself(name: str, others: list[str]) -> None:
    found = nearest(name, [name, *others])
    assert found is not None
    assert found.casefold() == name.casefold()
