"""Two streams of rows in the order of their keys' hashes: which row is in one alone, and which columns differ.

Python sees hashes here, and as values those alone that have no canonical text: doubles, and documents of json.
"""

import json
import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, NamedTuple

# Doubles are equal within this share of the larger one, as wherever two results are compared.
TOLERANCE = 1e-9

Kind = Literal["left", "right", "differs"]


class Row(NamedTuple):
    """So many `times` a row: the hash of what they are known by, what is compared of them, and where they are to
    be shown, their values."""

    key: str
    times: int
    parts: tuple[Any, ...]
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows that the left or the right side has alone, or a row that is in both, unlike in these parts."""

    kind: Kind
    times: int
    left: Row | None
    right: Row | None
    unlike: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        row = self.left or self.right
        assert row is not None
        return row.key


def differences(left: Iterable[Row], right: Iterable[Row], *, keyed: bool) -> Iterator[Difference]:
    """What differs. `keyed`: rows of one key are one row, that has changed; else each is the whole of what it is."""
    ours, theirs = _grouped(left), _grouped(right)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield from (Difference("left", row.times, row, None) for row in one[1])
            one = next(ours, None)
        elif one is None or other[0] < one[0]:
            yield from (Difference("right", row.times, None, row) for row in other[1])
            other = next(theirs, None)
        else:
            yield from _between(one[1], other[1], keyed)
            one, other = next(ours, None), next(theirs, None)


def _grouped(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    last = ""
    for key, group in groupby(rows, itemgetter(0)):
        if key < last:
            raise RuntimeError("rows are not in the order of their hashes")
        last = key
        yield key, list(group)


def _between(left: list[Row], right: list[Row], keyed: bool) -> Iterator[Difference]:
    """The differences among the rows of one key."""
    if keyed and len(left) == len(right) == 1:
        if unlike := _unlike(left[0], right[0]):
            yield Difference("differs", 1, left[0], right[0], unlike)
        return
    left, right = _without_equals(left, right)
    left, right = _without_near(left, right)
    # Of a key that is there more than once, which row has become which cannot be told.
    pairs = min(len(left), len(right)) if keyed else 0
    for one, other in zip(left[:pairs], right[:pairs], strict=True):
        yield Difference("differs", 1, one, other, _unlike(one, other))
    yield from (Difference("left", row.times, row, None) for row in left[pairs:])
    yield from (Difference("right", row.times, None, row) for row in right[pairs:])


def _unlike(one: Row, other: Row) -> tuple[int, ...]:
    if one.parts == other.parts:
        return ()
    return tuple(i for i, (a, b) in enumerate(zip(one.parts, other.parts, strict=True)) if not alike(a, b))


def alike(a: Any, b: Any) -> bool:
    """Whether two parts are equal: doubles within the tolerance, for a sum depends on the order of its rows."""
    return bool(a == b) or (type(a) is float and type(b) is float and math.isclose(a, b, rel_tol=TOLERANCE))


def _without_equals(left: list[Row], right: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows without those that the other side has as well, to the last bit."""
    there: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in right:
        there[row.parts] += row.times
    both: dict[tuple[Any, ...], int] = defaultdict(int)
    only = []
    for row in left:
        common = min(row.times, there[row.parts] - both[row.parts])
        both[row.parts] += common
        if row.times > common:
            only.append(row._replace(times=row.times - common))
    others = []
    for row in right:
        common = min(row.times, both[row.parts])
        both[row.parts] -= common
        if row.times > common:
            others.append(row._replace(times=row.times - common))
    return only, others


def _without_near(left: list[Row], right: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows without those that have one on the other side with doubles that are nearly equal."""
    places: dict[tuple[Any, ...], list[_Place]] = defaultdict(list)
    for row in right:
        places[_exact(row)].append(_Place(_number(row), row.times, row))
    for group in places.values():
        group.sort(key=lambda place: place.number)  # what can be near stands together
    only = []
    for row in left:
        rest = row.times - _taken(row, places.get(_exact(row), []))
        if rest:
            only.append(row._replace(times=rest))
    return only, [place.row._replace(times=place.count) for group in places.values() for place in group if place.count]


@dataclass(slots=True)
class _Place:
    number: float
    count: int
    row: Row


def _taken(row: Row, places: list[_Place]) -> int:
    """How many of the row find one that is nearly equal; they take it."""
    number, taken = _number(row), 0
    margin = 2 * TOLERANCE * abs(number)
    at = bisect_left(places, number - margin, key=lambda place: place.number)
    while at < len(places) and places[at].number <= number + margin and taken < row.times:
        if places[at].count and not _unlike(row, places[at].row):
            common = min(row.times - taken, places[at].count)
            taken, places[at].count = taken + common, places[at].count - common
        at += 1
    return taken


def _exact(row: Row) -> tuple[Any, ...]:
    """The row without its doubles, each of which leaves its place."""
    return tuple("" if type(part) is float else (part,) for part in row.parts)


def _number(row: Row) -> float:
    """The first of its doubles."""
    return next((part for part in row.parts if type(part) is float), 0.0)


# -- what comes as a value


def double(value: Any) -> float | str | None:
    """A double as it is compared: what is no number, or no finite one, is equal to itself alone."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else str(number)


def document(text: str | None) -> Any:
    """A document of json as it is compared: neither blanks nor the order of names nor the way of a number count."""
    if text is None:
        return None
    try:
        return _canonical(json.loads(text, parse_int=Decimal, parse_float=Decimal))
    except ValueError:
        return "text", text


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return "object", tuple(sorted((name, _canonical(item)) for name, item in value.items()))
    if isinstance(value, list):
        return "array", tuple(_canonical(item) for item in value)
    return type(value).__name__, value


def first(found: Sequence[Difference], limit: int) -> list[Difference]:
    """So many differences, by the order of the keys' hashes."""
    return sorted(found, key=lambda d: d.key)[:limit]
