"""Accounts for each row: what came in must end in the buckets, each counted by a predicate of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from framework.algebra import Group, Query, Select
from framework.compile.program import Account, Audit, StageProgram
from framework.expressions.tree import Call, Reference
from framework.plan import Publication
from framework.run import Changes, LedgerLine, Money

Counted = Sequence[Any]  # one row of a scan, in the order of its figures
Rows = dict[str, int]  # by bucket
Sums = dict[str, dict[str, Decimal]]  # by balance column and bucket


@dataclass(frozen=True, slots=True)
class Counts:
    """What an account's own queries gave: one row for each input, the rows that left before a group, and by the name of
    each join the rows that no row used."""

    inputs: tuple[Counted, ...] = ()
    before: Counted | None = None
    unused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Out:
    """What came out of an account, and so into the next."""

    rows: int
    money: dict[str, Decimal]


def lines(program: StageProgram, counted: Sequence[Counts], audited: Counted) -> tuple[LedgerLine, ...]:
    """The ledger line of each account of a program, with the equations that do not hold."""
    found: list[LedgerLine] = []
    before: _Out | None = None
    for account, counts in zip(program.accounts, counted, strict=True):
        rows, money = _figures(program.audit, account.stage.name, audited)
        came_in = before or _came_in(account, counts)
        carried = {name: amount for name, amount in came_in.money.items() if name in account.carried}
        line = _line(account, counts, came_in.rows, carried, rows, money)
        found.append(replace(line, memos={f"unused {name}": count for name, count in counts.unused.items()}))
        before = _Out(found[-1].rows_out, {name: sums["out"] for name, sums in money.items() if "out" in sums})
    return tuple(found)


def source_line(audit: Audit, name: str, audited: Counted, records: int | None, malformed: int) -> LedgerLine:
    """The account of a source. `records` is what a load counted itself, malformed lines among them, if it did."""
    rows, _ = _figures(audit, name, audited)
    memos = {f.subject: int(v) for f, v in zip(audit.figures, audited, strict=True) if f.kind == "memo" and v}
    came_in = rows["out"] + malformed if records is None else records
    buckets = {"malformed": malformed, "out": rows["out"]} if malformed else rows
    return _checked(LedgerLine(name, "source", came_in, 0, buckets, memos=memos))


def _came_in(account: Account, counts: Counts) -> _Out:
    rows = sum(int(row[0]) for row in counts.inputs)
    columns = enumerate(account.carried, start=1)
    return _Out(rows, {name: sum((_decimal(row[i]) for row in counts.inputs), Decimal(0)) for i, name in columns})


def _line(
    account: Account, counts: Counts, came_in: int, carried: Mapping[str, Decimal], rows: Rows, money: Sums
) -> LedgerLine:
    stage = account.stage
    if isinstance(stage.query.input, Select):
        # What a select makes of its rows is the author's own affair: in and out are reported, and stay open.
        return LedgerLine(stage.name, stage.kind, came_in, 0, rows, _money(stage.balance, {}, money), open=True)
    added = rows.pop("added", 0)
    if "grouped" not in rows:
        kept = _money(stage.balance, carried, money)
        return _checked(LedgerLine(stage.name, stage.kind, came_in, added, rows, kept))
    return _group_line(account, counts, came_in, carried, rows, money)


def _group_line(
    account: Account, counts: Counts, came_in: int, carried: Mapping[str, Decimal], rows: Rows, money: Sums
) -> LedgerLine:
    """The rows before the group, and the groups."""
    stage, made_of = account.stage, rows.pop("grouped")
    earlier: Rows = {"grouped": made_of}
    earlier_money: Sums = {name: {"grouped": sums.pop("grouped")} for name, sums in money.items() if "grouped" in sums}
    if account.before is not None:
        assert counts.before is not None
        earlier, earlier_money = _figures(account.before, stage.name, counts.before)
        earlier = {("grouped" if name == "out" else name): count for name, count in earlier.items()}
        earlier_money = {
            name: {("grouped" if bucket == "out" else bucket): amount for bucket, amount in sums.items()}
            for name, sums in earlier_money.items()
        }
    elif not earlier_money:
        earlier_money = {name: {"grouped": amount} for name, amount in carried.items()}
    kept = _money(stage.balance, carried, earlier_money)
    faults = [
        f"the groups' `{name}` is not the sum of the rows grouped"
        for name in _summed(stage.query)
        if name in earlier_money and name in money and earlier_money[name]["grouped"] != sum(money[name].values())
    ]
    if made_of != earlier["grouped"]:
        faults.append(f"{earlier['grouped']} rows were to be grouped and the groups were made of {made_of}")
    return _checked(LedgerLine(stage.name, stage.kind, came_in, 0, earlier, kept, rows, faults=tuple(faults)))


def _summed(query: Query) -> Iterable[str]:
    """The measures that are plainly the sum of the column of their own name."""
    for step in query.steps:
        if isinstance(step, Group):
            for name, value in step.measures:
                if isinstance(value, Call) and value.function.name == "sum" and value.filter is None:
                    column = value.args[0]
                    if isinstance(column, Reference) and column.name.lower() == name.lower() and not value.distinct:
                        yield name


def published(account: LedgerLine, changes: Changes) -> LedgerLine:
    """The line with what publishing did; what came out must be inserted, updated or unchanged."""
    out = account.buckets.get("out", 0)
    settled = changes.inserted + changes.updated + changes.unchanged
    faults = account.faults
    if out != settled:
        faults = (*faults, f"{out} rows were to be published and {settled} were inserted, updated or unchanged")
    return replace(account, changes=changes, faults=faults)


def grown(publication: Publication, changes: Changes, *, anew: bool) -> int:
    """How many rows more the table must have when the changes are made; `anew`: it begins with none.

    Of a table that keeps history the current rows: a version takes the place of the one before.
    """
    if anew:
        return changes.inserted
    keeps = publication.mode == "append" or (publication.mode == "upsert" and publication.deletes != "remove")
    return changes.inserted - (0 if keeps else changes.deleted)


def _figures(audit: Audit, relation: str, values: Counted) -> tuple[Rows, Sums]:
    """Rows by bucket, and money by column and bucket."""
    rows: Rows = {}
    money: Sums = {}
    for figure, value in zip(audit.figures, values, strict=True):
        if figure.relation != relation:
            continue
        if figure.kind == "rows":
            rows[figure.bucket] = int(value or 0)
        elif figure.kind == "money":
            money.setdefault(figure.subject, {})[figure.bucket] = _decimal(value)
    return rows, money


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)


def _money(balance: Sequence[str], carried: Mapping[str, Decimal], buckets: Sums) -> tuple[Money, ...]:
    result = []
    for name in balance:
        if name in buckets:
            held = dict(buckets[name])
            added = held.pop("added", Decimal(0))
            result.append(Money(name, carried.get(name), added, held))
    return tuple(result)


def _checked(account: LedgerLine) -> LedgerLine:
    faults = list(account.faults)
    ended = sum(account.buckets.values())
    if account.rows_in + account.added != ended:
        faults.append(f"{account.rows_in} rows came in, {account.added} were added, and {ended} are accounted for")
    for money in account.money:
        if money.came_in is not None and money.came_in + money.added != sum(money.buckets.values()):
            faults.append(f"`{money.column}` that came in is not what the buckets hold")
    return replace(account, faults=tuple(faults))
