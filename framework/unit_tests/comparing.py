"""Expected rows against those found: which are missing, which unexpected, and which differ in some columns."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal

from framework.expressions import types as t
from framework.unit_tests.case import Row, Table

# Doubles are equal within this share of the larger one, as wherever two results are compared.
TOLERANCE = 1e-9
# The types of which what is equal is alike to Python as well.
_EXACT = frozenset(["string", "integer", "decimal", "boolean", "date", "timestamp"])
# How much of two rows must be alike for one to be taken for the other, where no key says so.
_LIKE = 0.5


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that was expected, or found, or found otherwise than expected: then both are there."""

    expected: Row | None
    found: Row | None
    unlike: frozenset[int] = frozenset()  # the places of the cells that differ

    @property
    def kind(self) -> Literal["missing", "unexpected", "differs"]:
        if self.found is None:
            return "missing"
        return "unexpected" if self.expected is None else "differs"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`what` is compared: the rows that come out, or those held back. `columns` are those of every row here."""

    what: Literal["rows", "quarantined"]
    columns: tuple[str, ...]
    expected: int
    found: int
    differences: tuple[Difference, ...]


def compare(
    what: Literal["rows", "quarantined"], expected: Table, found: Sequence[Row], key: Sequence[str] | None
) -> Comparison:
    """The rows in any order; each of `found` has the columns of `expected`."""
    types = tuple(expected.columns.values())
    missing, unexpected = _unlike(expected.rows, found, types)
    columns = tuple(expected.columns)
    whole = key is not None and set(key) <= set(columns)
    at = [columns.index(name) for name in key] if key is not None and whole else None
    pairs = _pairs(missing, unexpected, types, at)
    differences = [_differing(missing[i], unexpected[j], types) for i, j in pairs.items()]
    differences += [Difference(row, None) for i, row in enumerate(missing) if i not in pairs]
    differences += [Difference(None, row) for j, row in enumerate(unexpected) if j not in pairs.values()]
    return Comparison(what, columns, len(expected.rows), len(found), tuple(differences))


def _unlike(expected: Sequence[Row], found: Sequence[Row], types: Sequence[t.Type]) -> tuple[list[Row], list[Row]]:
    """The rows expected and those found that have no counterpart, in their order."""
    at = [i for i, wanted in enumerate(types) if wanted.name in _EXACT]
    waiting: dict[Row, list[int]] = {}
    for number, row in enumerate(expected):
        waiting.setdefault(tuple(row[i] for i in at), []).append(number)
    unexpected = []
    for row in found:
        likely = waiting.get(tuple(row[i] for i in at), [])
        match = next((number for number in likely if _same(expected[number], row, types)), None)
        if match is None:
            unexpected.append(row)
        else:
            likely.remove(match)
    left = {number for numbers in waiting.values() for number in numbers}
    return [row for number, row in enumerate(expected) if number in left], unexpected


def _differing(expected: Row, found: Row, types: Sequence[t.Type]) -> Difference:
    cells = enumerate(zip(expected, found, types, strict=True))
    return Difference(expected, found, frozenset(i for i, (a, b, wanted) in cells if not same(a, b, wanted)))


def _pairs(
    missing: Sequence[Row], unexpected: Sequence[Row], types: Sequence[t.Type], key: Sequence[int] | None
) -> dict[int, int]:
    """The rows most likely meant to be the same: by the key where it is compared, or else by their likeness."""
    scored = []
    for i, one in enumerate(missing):
        for j, other in enumerate(unexpected):
            alike = [same(a, b, wanted) for a, b, wanted in zip(one, other, types, strict=True)]
            score = float(all(alike[at] for at in key)) if key is not None else sum(alike) / len(alike)
            if score >= _LIKE:
                scored.append((-score, i, j))
    pairs: dict[int, int] = {}
    for _, i, j in sorted(scored):
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _same(expected: Row, found: Row, types: Sequence[t.Type]) -> bool:
    return all(same(a, b, wanted) for a, b, wanted in zip(expected, found, types, strict=True))


def same(expected: Any, found: Any, wanted: t.Type) -> bool:
    """Whether a cell holds what is expected of a column of this type."""
    if expected is None or found is None:
        return expected is found
    if wanted == t.JSON and isinstance(expected, str):
        return bool(_parsed(expected) == _parsed(found))
    if isinstance(found, float) or wanted == t.DOUBLE:
        return _near(expected, found)
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(found, datetime) and not isinstance(expected, datetime):
        return isinstance(expected, date) and datetime.combine(expected, time()) == found
    return bool(expected == found)


def _near(expected: Any, found: Any) -> bool:
    if not isinstance(expected, int | float | Decimal) or isinstance(expected, bool):
        return False
    return math.isclose(float(expected), float(found), rel_tol=TOLERANCE)


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text
