"""`columns`, `where`: computed columns and the rows that stay."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from framework.clauses import groups
from framework.diagnostics import Code
from framework.draft import UNKNOWN_NAME, Draft
from framework.expressions.parser import conjuncts, parse, parse_order
from framework.expressions.strictness import either, outcome
from framework.expressions.syntax import Node, SyntaxProblem
from framework.expressions.tree import TRUE, Call, Expression, Literal, Ordering, operands, references
from framework.expressions.typed import COMPARE, Problem, Scope, call, cast
from framework.expressions.types import BOOLEAN, NULL, UNKNOWN, Type
from framework.model import ColumnModel, Columns
from framework.relation import Column

WRONG_ASSERTED_TYPE = Code("F209", "a column is not of the type asserted")
NO_TYPE = Code("F210", "a column without a type")
NOT_A_CONDITION = Code("F211", "a condition is not true or false")
TWICE = Code("F212", "two columns differ in case alone")

NAME_IT = "compute it in `columns`, and name that column here"


def derive(draft: Draft, columns: Columns, *, converts: bool) -> list[str]:
    """Computes the columns, each seeing those above it; their names. `converts` makes a `type` a conversion."""
    names: list[str] = []
    for name, model in columns.items():
        if name.lower() in (n.lower() for n in names):
            draft.findings.key_error(
                TWICE,
                (*draft.place, "columns", name),
                f"two columns of stage `{draft.name}` are named `{name.lower()}` but for their case",
                "names are matched without regard to case: give one of them another name",
            )
            continue
        value = column_value(draft, name, model, converts=converts)
        attributes = Column(name, value.type, True, model.classification, model.description)
        draft.derive(name, value, attributes=attributes)
        names.append(name)
    return names


def column_value(draft: Draft, name: str, model: ColumnModel, *, converts: bool) -> Expression:
    if model.expr is None:
        found = _passed(draft, name)
        value: Expression = draft.reference(name) if found else Literal(UNKNOWN, True, None)
    else:
        scope = replace(draft.scope(), declared=model.type)
        value = draft.expression(model.expr, "columns", name, "expr", scope=scope)
    return typed_as(draft, value, model.type, ("columns", name), converts=converts)


def _passed(draft: Draft, name: str) -> Column | None:
    """The column that `name:` without a value passes through; `name: null` is often meant otherwise."""
    place = (*draft.place, "columns", name)
    if name.lower() in draft.columns or draft.open is not None or draft.findings.written(place).lower() != "null":
        return draft.find(name, "columns", name, key=True)
    draft.findings.error(
        UNKNOWN_NAME,
        place,
        f"null passes the column `{name}` through, and none came into stage `{draft.name}`",
        'for a column that is always null write {expr: "null", type: string}',
    )
    return None


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
        return cast(value, target, exact=converts)
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
    scope = scope or draft.scope(windows=False, window_help=NAME_IT)
    early, late = [], []
    for node in _parts(draft, text, path):
        part = condition(draft, node, path, scope)
        if any(name.lower() in draft.waiting.names for name in references(part)):
            late.append(part)
        else:
            early.append(part)
    return _all(early), _all(late)


def keep(draft: Draft, kept: Expression | None, bucket: str = "filtered") -> None:
    """Rows for which the condition is not true leave; where it needed what could not be read, they are rejected."""
    if kept is None:
        return
    flags = {draft.columns[n].name: f for n, f in draft.flags.items() if n in draft.columns}
    groups.reject(draft, _undecided(kept, flags))
    draft.divert(call("is not true", outcome(kept, flags).value), bucket)


def _undecided(e: Expression, flags: Mapping[str, Expression]) -> Expression | None:
    """True where the condition hangs on what could not be read; None where it cannot.

    One readable side that is false decides an `and`, and one that is true an `or`.
    """
    if isinstance(e, Call) and e.function.name == "not":
        return _undecided(e.args[0], flags)
    if not isinstance(e, Call) or e.function.name not in ("and", "or"):
        return outcome(e, flags).failed
    parts = [(_undecided(part, flags), outcome(part, flags).value) for part in operands(e, e.function.name)]
    failed = [part for part, _ in parts if part is not None]
    result = either(*failed)
    if result is None:
        return None
    leaves_open = "is not false" if e.function.name == "and" else "is not true"
    for part, value in parts:
        if part is None or len(failed) > 1:
            result = call("and", result, either(part, call(leaves_open, value)) or TRUE)
    return result


def orders(draft: Draft, texts: Sequence[str], *path: str) -> list[Ordering]:
    """The orderings of an `order_by`, over the columns of the row in hand."""
    found: list[Ordering] = []
    scope = draft.scope(windows=False, window_help=NAME_IT)
    for index, text in enumerate(texts):
        try:
            parsed = parse_order(text)
        except SyntaxProblem as problem:
            draft.unparsed(problem, (*path, index))
            continue
        found += [Ordering(draft.node(o.key, (*path, index), scope), o.descending) for o in parsed]
    return found


def condition(draft: Draft, node: Node, path: Iterable[str | int], scope: Scope) -> Expression:
    expression = draft.node(node, tuple(path), scope)
    if expression.type not in (BOOLEAN, UNKNOWN, NULL):
        draft.findings.problem(
            Problem(NOT_A_CONDITION, f"a condition is expected, and this is {expression.type}", node.span, COMPARE),
            (*draft.place, *path),
        )
    return expression


def whole_condition(draft: Draft, text: str, path: Iterable[str | int]) -> Expression:
    """A condition of a check, over the stage's own outcome."""
    scope = draft.scope(windows=False, window_help=NAME_IT)
    expression = draft.expression(text, *path, scope=scope)
    if expression.type not in (BOOLEAN, UNKNOWN, NULL):
        message = f"a condition is expected, and this is {expression.type}"
        draft.findings.error(NOT_A_CONDITION, (*draft.place, *path), message, COMPARE)
    return expression


def _parts(draft: Draft, text: str, path: tuple[str, ...]) -> tuple[Node, ...]:
    try:
        return conjuncts(parse(text))
    except SyntaxProblem as problem:
        draft.unparsed(problem, (*path,))
        return ()


def _all(parts: list[Expression]) -> Expression | None:
    result: Expression | None = None
    for part in parts:
        result = part if result is None else call("and", result, part)
    return result
