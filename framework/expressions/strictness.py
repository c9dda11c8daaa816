"""Strict conversions as two expressions: a value that is null where the text cannot be read, and the failure.

A conversion fails only where it is evaluated: not in a branch of `case`, `coalesce` or `if` that is
not taken. So the failure of a call is built from the failures of its arguments along the same branches.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

from framework.expressions.catalogue import function
from framework.expressions.tree import FALSE, Call, Expression, Reference, operands, transform, walk
from framework.expressions.typed import EXACT, call
from framework.expressions.types import BOOLEAN, STRING, UNKNOWN


@dataclass(frozen=True, slots=True)
class Outcome:
    """`value` never raises; `failed` is true where it could not be read, None where that cannot be."""

    value: Expression
    failed: Expression | None


def outcome(e: Expression, flags: Mapping[str, Expression]) -> Outcome:
    """Both halves of an expression; `flags` gives the failure of each column that has one."""
    failed = _failed(e, flags)
    return Outcome(transform(e, _tolerant), None if failed == FALSE else failed)


def either(*conditions: Expression | None) -> Expression | None:
    """`or` over the conditions that can hold, each once; None when none can."""
    parts = list(dict.fromkeys(part for c in conditions if c is not None and c != FALSE for part in operands(c, "or")))
    # By halves: hundreds of columns may be unreadable, and a tree as deep as that is more than Python follows.
    while len(parts) > 1:
        parts = [call("or", *parts[i : i + 2]) if parts[i + 1 : i + 2] else parts[i] for i in range(0, len(parts), 2)]
    return parts[0] if parts else None


def every(*conditions: Expression | None) -> Expression | None:
    """`and` over the conditions that there are; None where there is none."""
    result: Expression | None = None
    for condition in conditions:
        if condition is not None:
            result = condition if result is None else call("and", result, condition)
    return result


def derivation(name: str, e: Expression, flags: Mapping[str, Expression]) -> tuple[tuple[str, Expression], ...]:
    """A column with what tells whether it could be read: `_failed_<name>` beside it, if it can fail.

    Where the whole value is one conversion, it failed if its text was given and the value is null, or if its text
    had failed before; the conversion is not written twice for that.
    """
    if isinstance(e, Call) and _is_strict(e) and _is_strict(e.args[0]):
        return _in_two(name, e, flags)
    both = outcome(e, flags)
    if both.failed is None:
        return ((name, both.value),)
    flag = f"_failed_{name}"
    before = _failed(e.args[0], flags) if isinstance(e, Call) and _is_strict(e) else None
    if isinstance(e, Call) and (before == FALSE or isinstance(before, Reference)):
        given = f"_given_{name}"
        unread = call("and", Reference(BOOLEAN, False, given), call("is null", Reference(e.type, True, name)))
        return (
            (given, call("is not null", transform(e.args[0], _tolerant))),
            (name, both.value),
            (flag, either(before, unread) or unread),
        )
    return (flag, both.failed), (name, both.value)


def _in_two(name: str, e: Call, flags: Mapping[str, Expression]) -> tuple[tuple[str, Expression], ...]:
    """A conversion of a conversion: the inner one becomes a column of its own, or its text would double."""
    read = f"_read_{name}"
    inner = derivation(read, e.args[0], flags)
    column = Reference(e.args[0].type, True, read)
    outer = derivation(name, replace(e, args=(column,)), {read: Reference(BOOLEAN, False, f"_failed_{read}")})
    return (*inner, *outer)


def converts(e: Expression) -> bool:
    """Whether a strict conversion stands in the expression itself."""
    return any(_is_strict(node) for node in walk(e))


def _is_strict(e: Expression) -> bool:
    return (
        isinstance(e, Call)
        and bool(e.function.tolerant)
        and (e.function.name != "cast" or e.args[0].type in (STRING, UNKNOWN) or EXACT in e.options)
    )


def _tolerant(e: Expression) -> Expression:
    if isinstance(e, Call) and _is_strict(e):
        return replace(e, function=function(e.function.tolerant), nullable=True)
    return e


def _failed(e: Expression, flags: Mapping[str, Expression]) -> Expression:
    """Whether the expression could not be read; FALSE where that cannot be."""
    if isinstance(e, Reference):
        return flags.get(e.name, FALSE) if e.qualifier is None else FALSE
    if not isinstance(e, Call):
        return FALSE
    if e.function.name in _LAZY:
        return _LAZY[e.function.name](e, flags)
    if groups(e):
        return FALSE  # of its rows, which are judged by themselves
    parts = [_failed_inside(e, flags)]
    if _is_strict(e):
        value = transform(e, _tolerant)
        given = call("is not null", transform(e.args[0], _tolerant))
        parts.append(call("and", given, call("is null", value)))
    return either(*parts) or FALSE


def _failed_inside(e: Call, flags: Mapping[str, Expression]) -> Expression:
    """Whether something that a call is given could not be read: behind a `filter`, in the rows that it keeps."""
    failed = either(*(_failed(a, flags) for a in e.args), *(_failed(o.key, flags) for o in e.order)) or FALSE
    if e.filter is not None:
        kept = _choose(transform(e.filter, _tolerant), failed, FALSE)
        failed = either(_failed(e.filter, flags), kept) or FALSE
    if e.window is not None:
        keys = (*e.window.partition, *(o.key for o in e.window.order))
        failed = either(failed, *(_failed(key, flags) for key in keys)) or FALSE
    return failed


def groups(e: Expression) -> TypeGuard[Call]:
    """Whether it is calculated of the rows of a group."""
    return isinstance(e, Call) and e.function.kind == "aggregate" and e.window is None


def unread_rows(e: Expression) -> Expression | None:
    """True of a row of a group in which an aggregate of the expression meets what cannot be read; None where none
    can."""
    return either(*(_failed_inside(node, {}) for node in walk(e) if groups(node)))


def _case(e: Call, flags: Mapping[str, Expression]) -> Expression:
    pairs, rest = e.args[: len(e.args) // 2 * 2], e.args[len(e.args) // 2 * 2 :]
    result = _failed(rest[0], flags) if rest else FALSE
    for condition, value in reversed(list(zip(pairs[::2], pairs[1::2], strict=True))):
        taken = _choose(transform(condition, _tolerant), _failed(value, flags), result)
        result = either(_failed(condition, flags), taken) or FALSE
    return result


def _coalesce(e: Call, flags: Mapping[str, Expression]) -> Expression:
    result: Expression = FALSE
    for arg in reversed(e.args):
        missing = call("is null", transform(arg, _tolerant))
        later = result if result == FALSE else call("and", missing, result)
        result = either(_failed(arg, flags), later) or FALSE
    return result


def _if(e: Call, flags: Mapping[str, Expression]) -> Expression:
    condition, yes, no = e.args
    taken = _choose(transform(condition, _tolerant), _failed(yes, flags), _failed(no, flags))
    return either(_failed(condition, flags), taken) or FALSE


def _choose(condition: Expression, yes: Expression, no: Expression) -> Expression:
    if yes == no:
        return yes
    return Call(BOOLEAN, False, function("case"), (condition, yes, no))


_LAZY: dict[str, Callable[[Call, Mapping[str, Expression]], Expression]] = {
    "case": _case,
    "coalesce": _coalesce,
    "if": _if,
}
