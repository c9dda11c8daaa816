"""One stage in two targets, the cheapest question first: sums of hashes, and rows only where these are unlike."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field

from framework.comparing.buckets import Ranges, batches, digits_for, fit, ranges
from framework.comparing.rows import Difference, Kind, differences, first
from framework.comparing.shape import Shape, shape
from framework.comparing.side import NO_ROWS, Asked, Side, Sum
from framework.plan import StagePlan
from framework.relation import Column

_MANY = 20_000  # rows, of which not all columns are asked for
_SOME = 16  # buckets that show which columns may differ

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs of a stage, in counts; each pair is of the left and of the right target.

    `key` is None where rows were compared whole. `columns` has, for each that differs, in how many rows of one key it
    does. `alone` are the columns that one of the tables has; `uncompared` those of both that the plan does not know,
    and those of the plan that neither has.
    `shown` are differences with values, where these were asked for, and `names` those of their values.
    """

    stage: str
    stands: tuple[bool, bool]
    key: tuple[str, ...] | None = None
    rows: Pair = (0, 0)
    only: Pair = (0, 0)
    differing: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)
    alone: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    uncompared: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    shown: tuple[Difference, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether the stage stands in both targets and nothing of it differs."""
        return all(self.stands) and not any((*self.only, self.differing, *self.alone))


def compare(stage: StagePlan, left: Side, right: Side, excepted: Set[str], limit: int = 0) -> Comparison:
    """`excepted` are columns left out, in lower case; so many differences as `limit` says come with values."""
    ours, theirs = left.columns(stage), right.columns(stage)
    if ours is None or theirs is None:
        return Comparison(stage.name, (ours is not None, theirs is not None))
    planned = {name.lower(): name for name in stage.relation.names}
    found = shape(stage, (planned.keys() & ours.keys() & theirs.keys()) - excepted)
    alone = _alone(ours, theirs, excepted), _alone(theirs, ours, excepted)
    uncompared = [ours[n] for n in ours if n in theirs and n not in planned and n not in excepted]
    uncompared += [planned[n] for n in planned if n not in ours and n not in theirs and n not in excepted]
    rows = _Rows(left.asked(stage, found, ours), right.asked(stage, found, theirs), found, limit)
    rows.compare()
    columns = {c.name: rows.columns[c.name] for c in found.compared if rows.columns[c.name]}
    return Comparison(
        stage.name,
        (True, True),
        None if found.key is None else tuple(c.name for c in found.key),
        rows.counts,
        (rows.kinds["left"], rows.kinds["right"]),
        rows.kinds["differs"],
        columns,
        alone,
        tuple(uncompared),
        tuple(c.name for c in found.columns),
        tuple(c.name for c in found.parts),
        tuple(rows.shown()) if limit else (),
    )


def _alone(columns: Mapping[str, str], others: Mapping[str, str], excepted: Set[str]) -> tuple[str, ...]:
    return tuple(written for name, written in columns.items() if name not in others and name not in excepted)


class _Rows:
    def __init__(self, left: Asked, right: Asked, shape: Shape, limit: int) -> None:
        self.left, self.right, self.shape, self.limit = left, right, shape, limit
        self.counts: Pair = (0, 0)
        self.kinds: Counter[Kind] = Counter()
        self.columns: Counter[str] = Counter()
        self._found: list[Difference] = []

    def compare(self) -> None:
        digits = digits_for(max(self.left.count(), self.right.count()))
        ours, theirs = self.left.sums(digits), self.right.sums(digits)
        self.counts = sum(s.rows for s in ours.values()), sum(s.rows for s in theirs.values())
        sums = {b: (ours.get(b, NO_ROWS), theirs.get(b, NO_ROWS)) for b in ours.keys() | theirs.keys()}
        unlike = {bucket: pair for bucket, pair in sums.items() if pair[0] != pair[1]}
        changed = {b: pair for b, pair in unlike.items() if self.shape.key is not None and _same_keys(*pair)}
        columns = self._guessed(changed, unlike, digits)
        if columns is None:
            changed, columns = {}, self.shape.parts
        for some, parts in ((unlike.keys() - changed.keys(), self.shape.parts), (changed.keys(), columns)):
            for batch in batches({bucket: max(s.rows for s in unlike[bucket]) for bucket in some}):
                chosen = ranges(batch, unlike.keys() - batch)
                if not self._take(parts, chosen, digits):
                    self._take(self.shape.parts, chosen, digits)

    def _guessed(
        self, changed: Mapping[str, tuple[Sum, Sum]], unlike: Mapping[str, object], digits: int
    ) -> tuple[Column, ...] | None:
        """Where many rows have changed, the columns that differ in some of them: others may be like them. None where it
        is not worth while to ask."""
        if sum(pair[0].rows for pair in changed.values()) < _MANY:
            return None
        if not fit(ranges(changed, unlike.keys() - changed.keys())):
            return None
        some = ranges(sorted(changed)[:_SOME], unlike.keys() - changed.keys())
        sums = zip(self.left.columns(some, digits), self.right.columns(some, digits), strict=True)
        return tuple(c for c, (one, other) in zip(self.shape.compared, sums, strict=True) if one != other)

    def _take(self, parts: Sequence[Column], chosen: Ranges, digits: int) -> bool:
        """Counts what differs in these parts of the rows. If rows differ in others as well it counts nothing, and
        returns False."""
        kinds: Counter[Kind] = Counter()
        columns: Counter[str] = Counter()
        found: list[Difference] = []
        with (
            closing(self.left.rows(parts, chosen, digits)) as left,
            closing(self.right.rows(parts, chosen, digits)) as right,
        ):
            for difference in differences(left, right, keyed=self.shape.key is not None):
                if difference.unlike and difference.unlike[-1] == len(parts):
                    return False
                kinds[difference.kind] += difference.times
                for i in difference.unlike:
                    columns[parts[i].name] += 1
                if len(found) < self.limit:  # they come in the order of their keys
                    found.append(difference)
        self.kinds += kinds
        self.columns += columns
        self._found = first([*self._found, *found], self.limit)
        return True

    def shown(self) -> list[Difference]:
        """The first differences, with values."""
        keys = frozenset(difference.key for difference in self._found)
        if not keys:
            return []
        with closing(self.left.shown(keys)) as left, closing(self.right.shown(keys)) as right:
            return first(list(differences(left, right, keyed=self.shape.key is not None)), self.limit)


def _same_keys(one: Sum, other: Sum) -> bool:
    return (one.rows, one.keys) == (other.rows, other.keys)
