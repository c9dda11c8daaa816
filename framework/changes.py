"""What a relation was when it was last made against what the pipeline says now: two definitions in, changes out."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from framework.assertion import Assertion
from framework.plan import SourcePlan, StagePlan
from framework.relation import Key, shown

What = Literal[
    "sql",
    "kind",
    "mode",
    "column added",
    "column removed",
    "column retyped",
    "column nullable",
    "column not null",
    "key widened",
    "key narrowed",
    "key changed",
    "check added",
    "check removed",
    "check weakened",
    "check strengthened",
    "check changed",
    "published again",
    "unrecorded",
]


@dataclass(frozen=True, slots=True)
class DefinedColumn:
    name: str
    type: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class DefinedCheck:
    """`arguments` are what the author wrote, by name, as JSON holds it."""

    name: str
    check: str
    on_fail: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Definition:
    """What a plan says of a relation. `kind` of a source is its format; `mode` is of published stages.

    `fingerprint` stands for its SQL, and is empty for a source. `keys` are the candidate keys.
    """

    kind: str
    mode: str | None
    fingerprint: str
    columns: tuple[DefinedColumn, ...]
    keys: tuple[tuple[str, ...], ...]
    checks: tuple[DefinedCheck, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise; `name` is the column or the check. `said` is it in a few words."""

    what: What
    said: str
    name: str | None = None


# -- definitions


def defined(relation: SourcePlan | StagePlan, fingerprint: str = "") -> Definition:
    columns = tuple(DefinedColumn(c.name, str(c.type), c.nullable) for c in relation.relation.columns)
    keys = tuple(sorted(tuple(sorted(key)) for key in relation.relation.keys))
    authored = (a for a in relation.assertions if a.arguments is not None)
    checks = tuple(DefinedCheck(a.name, a.check, a.on_fail, arguments(a)) for a in authored)
    if isinstance(relation, SourcePlan):
        kind = "table" if relation.published is None else "pipeline"
        return Definition(relation.format or kind, None, "", columns, keys, checks)
    mode = None if relation.publication is None else relation.publication.mode
    return Definition(relation.kind, mode, fingerprint, columns, keys, checks)


def arguments(assertion: Assertion) -> dict[str, Any]:
    """As JSON gives them back, so that a definition equals itself when it is read again."""
    found: dict[str, Any] = json.loads(json.dumps(dict(assertion.arguments or {}), default=_plain))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else str(value)


def as_texts(definition: Definition) -> dict[str, str | None]:
    """The definition as columns of a table hold it: words, and JSON for what has parts."""
    whole = asdict(definition)
    words = {name: whole[name] for name in ("kind", "mode", "fingerprint")}
    parts = {name: json.dumps(whole[name], sort_keys=True) for name in ("columns", "keys", "checks")}
    return words | parts


def from_texts(texts: Mapping[str, Any]) -> Definition | None:
    """The definition that `as_texts` gave; None where a part is missing, as in what an older version recorded."""
    if any(texts[name] is None for name in ("kind", "fingerprint", "columns", "keys", "checks")):
        return None
    return Definition(
        texts["kind"],
        texts["mode"],
        texts["fingerprint"],
        tuple(DefinedColumn(**column) for column in json.loads(texts["columns"])),
        tuple(tuple(key) for key in json.loads(texts["keys"])),
        tuple(DefinedCheck(**check) for check in json.loads(texts["checks"])),
    )


# -- what is otherwise


def changes(old: Definition, new: Definition) -> tuple[Change, ...]:
    """Everything that is otherwise, in the order: SQL, kind, columns, keys, checks."""
    return (*_words(old, new), *_columns(old, new), *_keys(old, new), *_checks(old, new))


def _words(old: Definition, new: Definition) -> Iterator[Change]:
    if old.fingerprint != new.fingerprint:
        yield Change("sql", "SQL")
    if old.kind != new.kind:
        yield Change("kind", f"kind: {old.kind} -> {new.kind}")
    elif old.mode != new.mode:
        yield Change("mode", f"mode: {old.mode} -> {new.mode}")


def _columns(old: Definition, new: Definition) -> Iterator[Change]:
    before = {column.name.lower(): column for column in old.columns}
    after = {column.name.lower(): column for column in new.columns}
    for name, column in after.items():
        was = before.get(name)
        if was is None:
            yield Change("column added", f"column `{column.name}` added ({column.type})", column.name)
        elif was.type != column.type:
            yield Change("column retyped", f"column `{column.name}`: {was.type} -> {column.type}", column.name)
        elif was.nullable != column.nullable:
            what: What = "column nullable" if column.nullable else "column not null"
            yield Change(
                what, f"column `{column.name}` {'may be' if column.nullable else 'is never'} null", column.name
            )
    for name, column in before.items():
        if name not in after:
            yield Change("column removed", f"column `{column.name}` removed", column.name)


def _keys(old: Definition, new: Definition) -> Iterator[Change]:
    lost, won = (_keys_of(one) - _keys_of(other) for one, other in ((old, new), (new, old)))
    for key in sorted(lost, key=sorted):
        wider = next((k for k in sorted(won, key=sorted) if key < k), None)
        narrower = next((k for k in sorted(won, key=sorted) if k < key), None)
        won = won - {wider, narrower}
        if wider is not None:
            yield Change("key widened", f"key {shown(key)} widened to {shown(wider)}")
        elif narrower is not None:
            yield Change("key narrowed", f"key {shown(key)} narrowed to {shown(narrower)}")
        else:
            yield Change("key changed", f"no longer one row per {shown(key)}")
    for key in sorted(won, key=sorted):
        yield Change("key changed", f"now one row per {shown(key)}")


def _keys_of(definition: Definition) -> frozenset[Key]:
    return frozenset(frozenset(name.lower() for name in key) for key in definition.keys)


# -- checks

_STRENGTH = {"warn": 0, "quarantine": 1, "stop": 2}


def _checks(old: Definition, new: Definition) -> Iterator[Change]:
    before, after = ({check.name: check for check in d.checks} for d in (old, new))
    for name, check in after.items():
        was = before.get(name)
        if was is None:
            yield Change("check added", f"check {name} added", name)
        elif was != check:
            yield _check(was, check)
    for name in before:
        if name not in after:
            yield Change("check removed", f"check {name} removed", name)


def _check(old: DefinedCheck, new: DefinedCheck) -> Change:
    """A check that stayed, and is stricter or less strict than it was, or neither."""
    said: list[str] = []
    ways: set[int | None] = set()
    if old.on_fail != new.on_fail:
        said.append(f"on_fail: {old.on_fail} -> {new.on_fail}")
        ways.add(_way(_STRENGTH[old.on_fail], _STRENGTH[new.on_fail]))
    if old.check != new.check:
        said.append(f"{old.check} -> {new.check}")
        ways.add(None)
    elif old.arguments != new.arguments:
        said.append("arguments changed")
        ways |= set(_ways(new.check, _flat(old.arguments), _flat(new.arguments)))
    what: What = "check changed"
    if ways == {-1}:
        what = "check weakened"
    elif ways == {1}:
        what = "check strengthened"
    return Change(what, f"{what.replace('check', f'check {new.name}')}: {', '.join(said)}", new.name)


def _way(old: Any, new: Any) -> int | None:
    """1 where the new value is greater, -1 where it is less; None where the two cannot be told apart."""
    try:
        return 1 if new > old else -1 if new < old else None
    except TypeError:
        return None


def _flat(arguments: Any, prefix: str = "") -> dict[str, Any]:
    """The arguments by their own names, whatever they stand in."""
    if not isinstance(arguments, Mapping):
        return {prefix: arguments}
    return {name: value for key, part in arguments.items() for name, value in _flat(part, key).items()}


# Which way an argument goes when it is greater (more values, a longer list): 1 is stricter, -1 less strict. What is
# left out is the least strict: no bound, and every row; but for `mostly`, which is 1.
_GREATER = {"min": 1, "max": -1, "mostly": 1, "strict": 1, "tolerance": -1}


def _ways(check: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[int | None]:
    """Which way each argument that is otherwise went."""
    for name in old.keys() | new.keys():
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        if name == "where" and None in (was, now):
            yield -1 if was is None else 1
        elif name == "values" and isinstance(was, Sequence) and isinstance(now, Sequence):
            yield _values_way(check, was, now)
        elif name in ("min", "max") and None in (was, now):
            yield 1 if was is None else -1
        elif name in _GREATER:
            fallback = 1 if name == "mostly" else 0
            way = _way(fallback if was is None else was, fallback if now is None else now)
            yield None if way is None else way * _GREATER[name]
        else:
            yield None


def _values_way(check: str, old: Iterable[Any], new: Iterable[Any]) -> int | None:
    was, now = ({json.dumps(value) for value in values} for values in (old, new))
    if not (was < now or now < was):
        return None
    fewer = 1 if now < was else -1
    return -fewer if check.startswith("not_") else fewer


# -- files


@dataclass(frozen=True, slots=True)
class Files:
    """Input files by name, as they are now against what a version recorded."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def files(old: str | None, new: str) -> Files:
    """Two versions of a source compared, file by file; without an old one every file is new."""
    before, after = _files(old or ""), _files(new)
    return Files(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(name for name in after.keys() & before.keys() if after[name] != before[name])),
        tuple(sorted(before.keys() - after.keys())),
    )


def _files(version: str) -> dict[str, str]:
    """`a.csv 10 bytes 1700000000; ...` by file; a name may hold blanks."""
    entries = (entry.rsplit(" ", 3) for entry in version.split("; ") if entry.count(" ") >= 3)
    return {name: " ".join(rest) for name, *rest in entries}
