"""A mapping put into YAML: where it lands, how its words are spelt, and that nothing else moves."""

import os
from pathlib import Path

import pytest
import yaml

from framework.yaml_source import parse
from framework.yaml_source.insertion import Addition, NoPlace, inserted
from framework.yaml_source.spelling import spelt
from framework.yaml_source.writing import Changed, rewrite

ENTRIES = {"id": "string", "paid": "decimal(18,2)"}
BEHIND = ("path", "csv", "key", "<<")
BLOCK = 'columns:\n{0}  id: string\n{0}  paid: "decimal(18,2)"'
FLOW = 'columns: {id: string, paid: "decimal(18,2)"}'

# What stands there, `@` the place of what is new, and that.
BEHIND_BLOCK = "\n    " + BLOCK.format("    ")
CASES = {
    "behind the path, before what says more": (
        "sources:\n  a:\n    path: x.csv # the delivery@\n\n    checks: []\n",
        BEHIND_BLOCK,
    ),
    "behind the key": ("sources:\n  a:\n    path: x.csv\n    key: [id]@\n  b: {path: y.csv}\n", BEHIND_BLOCK),
    "no line end at the end": ("sources:\n  a:\n    path: x.csv@", BEHIND_BLOCK),
    "line ends of two characters": (
        "sources:\r\n  a:\r\n    path: x.csv@\r\nstages: {}\r\n",
        BEHIND_BLOCK.replace("\n", "\r\n"),
    ),
    "behind a block and the comment in it": (
        "sources:\n  a:\n    csv:\n      null:\n        - NA # gone\n      # no quotes@\n    # mine\n    tags: t\n",
        BEHIND_BLOCK,
    ),
    "behind a text of several lines": (
        "sources:\n  a:\n    path: >-\n      x\n      y.csv@\n\n\n    tags: t\n",
        BEHIND_BLOCK,
    ),
    "flow": ("sources:\n  a: {path: x.csv@, checks: []}\n", f", {FLOW}"),
    "flow with a comma at its end": ("sources: {a: {path: x.csv@,}}", f", {FLOW}"),
    "flow on several lines": ("sources:\n  a: {\n    path: x.csv, # here\n    key: [id]@,\n  }\n", f",\n    {FLOW}"),
    "JSON": ('{"sources": {"a": {"path": "x.csv"@}}}', ', "columns": {"id": "string", "paid": "decimal(18,2)"}'),
    "behind a merge": ("x-m: &m {path: x.csv}\nsources:\n  a:\n    <<: *m@\n", BEHIND_BLOCK),
    "in what an alias stands for": ("x-a: &a {path: x.csv@}\nsources: {a: *a}\n", f", {FLOW}"),
    "in sources that are merged": ("x-s: &s\n  a: {path: x.csv@}\nsources: {<<: *s}\n", f", {FLOW}"),
    "under a key that has nothing": (
        "sources:\n  a:\n    columns: # to come@\n    path: x.csv\n",
        '\n      id: string\n      paid: "decimal(18,2)"',
    ),
    "in flow, under a key that has nothing": (
        "sources: {a: {columns: @, path: x.csv}}",
        '{id: string, paid: "decimal(18,2)"}',
    ),
    "as wide as its neighbours": (
        "sources:\n    a:\n        path: x.csv@\n",
        '\n        columns:\n            id: string\n            paid: "decimal(18,2)"',
    ),
    "under a key with a sign": ("sources:\n  ? a\n  : path: x.csv@\n    tags: t\n", BEHIND_BLOCK),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mapping_is_put_in(case: str) -> None:
    place, new = CASES[case]
    before = place.replace("@", "")
    after = inserted(before, [Addition(("sources", "a"), "columns", ENTRIES, BEHIND)])
    assert after == place.replace("@", new)
    assert parse(after, "x").data["sources"]["a"] == {**parse(before, "x").data["sources"]["a"], "columns": ENTRIES}


def test_several_are_put_in_at_once() -> None:
    before = "sources:\n  a: {path: x.csv}\n  b:\n    path: y.csv\n"
    both = [Addition(("sources", name), "columns", ENTRIES, BEHIND, ['"_x" is left out']) for name in "ba"]
    after = inserted(before, both)
    assert after == f"sources:\n  a: {{path: x.csv, {FLOW}}}\n  b:\n    path: y.csv\n    " + BLOCK.format("    ") + (
        '\n      # "_x" is left out\n'
    )


def test_flow_goes_on_on_the_next_line() -> None:
    entries = {f"column_{i}": "string" for i in range(40)}
    after = inserted("sources:\n  a: {path: x.csv}\n", [Addition(("sources", "a"), "columns", entries, BEHIND)])
    assert max(map(len, after.splitlines())) <= 120
    assert after.count("\n    column_") == 6
    assert parse(after, "x").data["sources"]["a"]["columns"] == entries


@pytest.mark.parametrize(
    "text",
    [
        "sources: {b: {path: x.csv}}",
        "sources: {a: }",
        "sources: {a: {}}",
        "sources: {a: [path]}",
        "sources: {a: {path: x, columns: null}}",
    ],
)
def test_there_can_be_no_place(text: str) -> None:
    with pytest.raises(NoPlace):
        inserted(text, [Addition(("sources", "a"), "columns", ENTRIES, BEHIND)])


PLAIN = ["id", "Member_ID", "a-b", "_x", "nothing", "x1"]
QUOTED = [
    "",
    " ",
    "a b",
    "a: b",
    "a#b",
    "#a",
    "'",
    "on",
    "No",
    "y",
    "null",
    "~",
    "01",
    "1",
    "1e5",
    "-",
    "é",
    "a,b",
    "{",
    "*a",
]
ESCAPED = {
    '"': r'"\""',
    "a\tb": r'"a\tb"',
    "\u2028": r'"\u2028"',
    "\ufeff": r'"\ufeff"',
    "\x7f": r'"\u007f"',
    "\\": r'"\\"',
}


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_word_stays_plain(text: str) -> None:
    assert spelt(text) == text
    assert spelt(text, always=True) == f'"{text}"'


@pytest.mark.parametrize("text", [*QUOTED, *ESCAPED])
def test_a_text_stays_that_text_for_every_reader(text: str) -> None:
    written = spelt(text)
    assert written == ESCAPED.get(text, f'"{text}"')
    # PyYAML's own loader reads YAML 1.1: `on` is true there, and `01` a number.
    assert yaml.safe_load(f"{written}: 1") == parse(f"{written}: 1", "x").data == {text: 1}


# -- the file


def test_a_file_keeps_its_permissions_and_a_link_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "x.yaml", tmp_path / "link.yaml"
    file.write_bytes(b"before")
    file.chmod(0o640)
    link.symlink_to(file)
    rewrite(link, b"before", b"after")
    assert file.read_bytes() == b"after"
    assert file.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["link.yaml", "x.yaml"]


def test_a_file_that_someone_has_changed_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"theirs")
    with pytest.raises(Changed):
        rewrite(file, b"before", b"after")
    assert file.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["x.yaml"]
