"""Accounts for each row: what came in must end in the buckets, each counted by a predicate of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from framework.algebra import Group, Query, Select
from framework.compile.program import Audit, StageProgram
from framework.expressions.tree import Call, Reference
from framework.run import Changes, LedgerLine, Money

Figure = TypeVar("Figure", int, Decimal)
Counted = Sequence[Any]  # one row of a scan, in the order of its figures


def line(program: StageProgram, inputs: Sequence[Counted], before: Counted | None, audited: Counted) -> LedgerLine:
    """The ledger line of a stage, with the equations that do not hold."""
    stage = program.stage
    rows, money = _figures(program.audit, audited)
    came_in = sum(int(row[0]) for row in inputs)
    carried = _carried(stage.balance, inputs)
    if isinstance(stage.query.input, Select):
        # What a select makes of its rows is the author's own affair: in and out are reported, and stay open.
        return LedgerLine(stage.name, stage.kind, came_in, 0, rows, _money(stage.balance, None, money), open=True)
    added = rows.pop("added", 0)
    if program.before is None or before is None:
        grouped_rows = rows.pop("grouped", None)
        assert grouped_rows is None
        return _checked(LedgerLine(stage.name, stage.kind, came_in, added, rows, _money(stage.balance, carried, money)))
    earlier, earlier_money = _figures(program.before, before)
    made_of = rows.pop("grouped", 0)
    account = LedgerLine(
        stage.name,
        stage.kind,
        came_in,
        0,
        _grouped(earlier),
        _money(stage.balance, carried, {name: _grouped(sums) for name, sums in earlier_money.items()}),
        rows,
    )
    faults = [
        f"the groups' `{name}` is not the sum of the rows grouped"
        for name in _summed(stage.query)
        if name in earlier_money and name in money and earlier_money[name]["out"] != sum(money[name].values())
    ]
    if made_of != earlier["out"]:
        faults.append(f"{earlier['out']} rows were to be grouped and the groups were made of {made_of}")
    return _checked(replace(account, faults=tuple(faults)))


def _grouped(buckets: Mapping[str, Figure]) -> dict[str, Figure]:
    """The buckets of the rows before a group, in which what goes on is grouped."""
    return {("grouped" if name == "out" else name): figure for name, figure in buckets.items()}


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


def _figures(audit: Audit, values: Counted) -> tuple[dict[str, int], dict[str, dict[str, Decimal]]]:
    """Rows by bucket, and money by column and bucket."""
    rows: dict[str, int] = {}
    money: dict[str, dict[str, Decimal]] = {}
    for figure, value in zip(audit.figures, values, strict=True):
        if figure.kind == "rows":
            rows[figure.bucket] = int(value or 0)
        elif figure.kind == "money":
            money.setdefault(figure.subject, {})[figure.bucket] = _decimal(value)
    return rows, money


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)


def _carried(balance: Sequence[str], inputs: Sequence[Counted]) -> dict[str, Decimal] | None:
    """The money that came in, by balance column; None where the inputs do not have it."""
    if not inputs or any(len(row) == 1 for row in inputs):
        return None
    return {
        name: sum((_decimal(row[i]) for row in inputs), Decimal(0))
        for i, name in enumerate(balance, start=1)
        if all(row[i] is not None for row in inputs)
    }


def _money(
    balance: Sequence[str], carried: Mapping[str, Decimal] | None, buckets: Mapping[str, Mapping[str, Decimal]]
) -> tuple[Money, ...]:
    result = []
    for name in balance:
        if name in buckets:
            held = dict(buckets[name])
            added = held.pop("added", Decimal(0))
            result.append(Money(name, (carried or {}).get(name), added, held))
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
