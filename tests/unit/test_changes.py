"""What is otherwise between two definitions, and between two versions of a source."""

from dataclasses import replace
from typing import Any

import pytest

from framework.changes import DefinedCheck, DefinedColumn, Definition, Files, as_texts, changes, files, from_texts

COLUMNS = (DefinedColumn("id", "string", nullable=False), DefinedColumn("amount", "decimal(18,2)", nullable=True))


def check(name: str, on_fail: str = "stop", kind: str = "range", **arguments: Any) -> DefinedCheck:
    return DefinedCheck(name, kind, on_fail, arguments)


BOUND = check("bound", column="amount", min=0, max=100)
OLD = Definition("publish", "upsert", "f00", COLUMNS, (("id",),), (BOUND,))

CHANGES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "nothing": ({}, []),
    "sql": ({"fingerprint": "ba5"}, [("sql", "SQL")]),
    "kind": ({"kind": "enrich", "mode": None}, [("kind", "kind: publish -> enrich")]),
    "mode": ({"mode": "replace"}, [("mode", "mode: upsert -> replace")]),
    "added": (
        {"columns": (*COLUMNS, DefinedColumn("city", "string", nullable=True))},
        [("column added", "column `city` added (string)")],
    ),
    "removed": ({"columns": COLUMNS[:1]}, [("column removed", "column `amount` removed")]),
    "retyped": (
        {"columns": (COLUMNS[0], DefinedColumn("amount", "int", nullable=True))},
        [("column retyped", "column `amount`: decimal(18,2) -> int")],
    ),
    "nullable": (
        {"columns": (replace(COLUMNS[0], nullable=True), COLUMNS[1])},
        [("column nullable", "column `id` may be null")],
    ),
    "not null": (
        {"columns": (COLUMNS[0], replace(COLUMNS[1], nullable=False))},
        [("column not null", "column `amount` is never null")],
    ),
    "another spelling": ({"columns": (replace(COLUMNS[0], name="ID"), COLUMNS[1]), "keys": (("ID",),)}, []),
    "another order of columns": ({"columns": COLUMNS[::-1]}, []),
    "wider key": ({"keys": (("amount", "id"),)}, [("key widened", "key (id) widened to (amount, id)")]),
    "another key": (
        {"keys": (("amount",),)},
        [("key changed", "no longer one row per (id)"), ("key changed", "now one row per (amount)")],
    ),
    "a second key": ({"keys": (("amount",), ("id",))}, [("key changed", "now one row per (amount)")]),
    "check added": ({"checks": (BOUND, check("more", column="id"))}, [("check added", "check more added")]),
    "check removed": ({"checks": ()}, [("check removed", "check bound removed")]),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_is_otherwise_is_named(case: str) -> None:
    otherwise, wanted = CHANGES[case]
    assert [(change.what, change.said) for change in changes(OLD, replace(OLD, **otherwise))] == wanted


def test_a_key_with_fewer_columns_is_narrowed() -> None:
    wide = replace(OLD, keys=(("amount", "id"),))
    assert [change.what for change in changes(wide, OLD)] == ["key narrowed"]


WAYS = {
    "a higher max": (BOUND, check("bound", column="amount", min=0, max=200), "weakened"),
    "a higher min": (BOUND, check("bound", column="amount", min=1, max=100), "strengthened"),
    "no max": (BOUND, check("bound", column="amount", min=0), "weakened"),
    "on_fail": (BOUND, replace(BOUND, on_fail="warn"), "weakened"),
    "some of the rows": (BOUND, check("bound", column="amount", min=0, max=100, mostly=0.9), "weakened"),
    "a condition": (BOUND, check("bound", column="amount", min=0, max=100, where="id <> 'x'"), "weakened"),
    "both ways": (BOUND, check("bound", column="amount", min=1, max=200), "changed"),
    "another kind": (BOUND, replace(BOUND, check="sum"), "changed"),
    "another column": (BOUND, check("bound", column="id", min=0, max=100), "changed"),
    "more values": (
        check("v", kind="accepted_values", values=["a"]),
        check("v", kind="accepted_values", values=["a", "b"]),
        "weakened",
    ),
    "more values that must not be": (
        check("v", kind="not_accepted_values", values=["a"]),
        check("v", kind="not_accepted_values", values=["a", "b"]),
        "strengthened",
    ),
    "other values": (
        check("v", kind="accepted_values", values=["a"]),
        check("v", kind="accepted_values", values=["b"]),
        "changed",
    ),
}
BACK = {"weakened": "strengthened", "strengthened": "weakened", "changed": "changed"}


@pytest.mark.parametrize("case", WAYS)
def test_a_check_that_stays_is_weaker_stronger_or_other(case: str) -> None:
    old, new, way = WAYS[case]
    for before, after, wanted in ((old, new, way), (new, old, BACK[way])):
        (change,) = changes(replace(OLD, checks=(before,)), replace(OLD, checks=(after,)))
        assert (change.what, change.name) == (f"check {wanted}", before.name)
        assert "200" not in change.said  # a bound is the author's, and may be anything


def test_a_definition_is_read_as_it_was_written() -> None:
    assert from_texts(as_texts(OLD)) == OLD
    assert from_texts(as_texts(OLD) | {"columns": None}) is None


def test_files_are_held_against_those_of_a_version() -> None:
    old = "a.csv 10 bytes 1700000000; b one.csv 20 bytes 1700000000; c.csv 1 bytes 1700000000"
    new = "b one.csv 20 bytes 1700000009; c.csv 1 bytes 1700000000; d.csv 4 bytes 1700000009"
    assert files(old, new) == Files(new=("d.csv",), changed=("b one.csv",), gone=("a.csv",))
    assert files(None, "a.csv 10 bytes 1700000000") == Files(new=("a.csv",))
    assert files("public.members", "public.members") == Files()
