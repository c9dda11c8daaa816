"""`columns`, `where`: computed columns and the rows that stay."""

from collections.abc import Iterable

from framework.diagnostics import Code
from framework.draft import Draft
from framework.expressions.parser import conjuncts, parse
from framework.expressions.strictness import outcome
from framework.expressions.syntax import Node, SyntaxProblem
from framework.expressions.tree import Expression, Literal, references
from framework.expressions.typed import SYNTAX, Problem, Scope, call, cast
from framework.expressions.types import BOOLEAN, NULL, UNKNOWN, Type
from framework.model import ColumnModel, Columns
from framework.relation import Column

WRONG_ASSERTED_TYPE = Code("F209", "a column is not of the type asserted")
NO_TYPE = Code("F210", "a column without a type")
NOT_A_CONDITION = Code("F211", "a condition is not true or false")
TWICE = Code("F212", "two columns differ in case alone")


def derive(draft: Draft, columns: Columns, *, converts: bool) -> list[str]:
    """Computes the columns, each seeing those above it; their names. `converts` makes a `type` a conversion."""
    names: list[str] = []
    for name, model in columns.items():
        if name.lower() in (n.lower() for n in names):
            draft.findings.key_error(
                TWICE,
                (*draft.place, "columns", name),
                f"two columns of stage `{draft.name}` are named `{name}`",
            )
            continue
        value = column_value(draft, name, model, converts=converts)
        attributes = Column(name, value.type, True, model.classification, model.description)
        draft.derive(name, value, attributes=attributes)
        names.append(name)
    return names


def column_value(draft: Draft, name: str, model: ColumnModel, *, converts: bool) -> Expression:
    if model.expr is None:
        found = draft.find(name, "columns", name)
        value: Expression = draft.reference(name) if found else Literal(UNKNOWN, True, None)
    else:
        value = draft.expression(model.expr, "columns", name, "expr")
    return typed_as(draft, value, model.type, ("columns", name), converts=converts)


def typed_as(
    draft: Draft, value: Expression, target: Type | None, path: tuple[str, ...], *, converts: bool
) -> Expression:
    """The value as the type the author wrote: converted in normalize, asserted elsewhere."""
    place = (*draft.place, *path)
    if target is None:
        if value.type == NULL:
            draft.findings.error(
                NO_TYPE,
                place,
                "a column that is always null has no type",
                'write {expr: "null", type: string}',
            )
        return value
    if value.type in (NULL, UNKNOWN) or converts:
        return cast(value, target)
    if value.type != target:
        draft.findings.error(
            WRONG_ASSERTED_TYPE,
            (*place, "type"),
            f"this column is {value.type}, not {target}",
            f"write cast(... as {target}); outside normalize a `type` asserts and does not convert",
        )
    return value


def where(
    draft: Draft, text: str, *path: str, scope: Scope | None = None
) -> tuple[Expression | None, Expression | None]:
    """The condition in two: what can be judged before windows are computed, and what needs them."""
    scope = scope or draft.scope(windows=False)
    early, late = [], []
    for node in _parts(draft, text, path):
        part = condition(draft, node, path, scope)
        if any(name.lower() in draft.windowed for name in references(part)):
            late.append(part)
        else:
            early.append(part)
    return _all(early), _all(late)


def keep(draft: Draft, kept: Expression | None, bucket: str = "filtered") -> None:
    """Rows for which the condition is not true leave; where it could not be read, they are rejected.

    An unreadable column matters only where the rest of the condition has not decided already.
    """
    if kept is None:
        return
    both = outcome(kept, {draft.columns[n].name: f for n, f in draft.flags.items() if n in draft.columns})
    if both.failed is not None:
        draft.divert(call("and", both.failed, call("is not false", both.value)), "rejected")
    draft.divert(call("is not true", both.value), bucket)


def condition(draft: Draft, node: Node, path: Iterable[str | int], scope: Scope) -> Expression:
    expression = draft.node(node, tuple(path), scope)
    if expression.type not in (BOOLEAN, UNKNOWN, NULL):
        draft.findings.problem(
            Problem(NOT_A_CONDITION, f"a condition is expected, and this is {expression.type}", node.span),
            (*draft.place, *path),
        )
    return expression


def _parts(draft: Draft, text: str, path: tuple[str, ...]) -> tuple[Node, ...]:
    try:
        return conjuncts(parse(text))
    except SyntaxProblem as problem:
        found = Problem(SYNTAX, problem.message, problem.span, problem.help)
        draft.findings.problem(found, (*draft.place, *path))
        return ()


def _all(parts: list[Expression]) -> Expression | None:
    result: Expression | None = None
    for part in parts:
        result = part if result is None else call("and", result, part)
    return result
