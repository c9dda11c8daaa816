"""Rows in buckets by the first digits of a hash: how many there are, and which of them are asked for at once."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

Ranges = Sequence[tuple[str, str]]  # of buckets, the first and the last of each

_ROWS = 1_000  # of a bucket, about, while there may be more of these
_MOST = 3  # digits: 4,096 buckets
_BATCH = 500_000  # rows that a warehouse is asked for at a time
_LISTED = 64  # buckets that a statement names one by one
_RANGES = 16  # ranges of a statement, for each of which the hash of every row may be computed again


def digits_for(rows: int) -> int:
    """By how many digits so many rows are put into buckets."""
    return next((digits for digits in range(_MOST) if rows <= _ROWS * 16**digits), _MOST)


def batches(rows: Mapping[str, int]) -> Iterator[list[str]]:
    """Buckets in their order, so many together as have no more rows than can be asked for at a time."""
    batch: list[str] = []
    found = 0
    for bucket in sorted(rows):
        if batch and found + rows[bucket] > _BATCH:
            yield batch
            batch, found = [], 0
        batch.append(bucket)
        found += rows[bucket]
    if batch:
        yield batch


def fit(found: Ranges) -> bool:
    """Whether there are no more ranges than a statement should have."""
    return len(found) <= _RANGES or (len(found) <= _LISTED and all(a == b for a, b in found))


def ranges(wanted: Collection[str], barred: Collection[str]) -> Ranges:
    """Ranges with all that is wanted and nothing that is barred; what else lies between is taken along where there
    would be too many of them otherwise."""
    order, walls = sorted(wanted), sorted(barred)
    if len(order) <= _LISTED:
        return [(bucket, bucket) for bucket in order]
    gaps: list[tuple[int, str]] = []
    for one, other in pairwise(order):
        at = bisect_left(walls, one)
        if at == len(walls) or walls[at] > other:
            gaps.append((int(other, 16) - int(one, 16) - 1, other))
    gaps.sort()
    most = len(order) - _RANGES
    closed = {other for i, (gap, other) in enumerate(gaps) if gap == 0 or i < most}
    found: list[tuple[str, str]] = []
    for bucket in order:
        found.append((found.pop()[0], bucket) if bucket in closed else (bucket, bucket))
    return found
