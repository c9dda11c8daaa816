"""Syntax tree x scope -> typed expression: names found, types known, every mistake collected with its place."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeGuard

from framework.diagnostics import Code, Severity, nearest, suggest
from framework.expressions import types as t
from framework.expressions.catalogue import functions
from framework.expressions.parser import parse
from framework.expressions.pattern import PatternProblem
from framework.expressions.signature import Signature, Slot, accepts, common, parse_signature, result_type, usage
from framework.expressions.strftime import FormatProblem
from framework.expressions.syntax import (
    Apply,
    Constant,
    Convert,
    Name,
    Node,
    Order,
    Parameter,
    Span,
    SyntaxProblem,
)
from framework.expressions.tree import (
    NATIVE,
    Call,
    Expression,
    Function,
    Literal,
    Ordering,
    Reference,
    Variable,
    Window,
    walk,
)
from framework.expressions.types import Type
from framework.expressions.written import check_format, check_pattern

SYNTAX = Code("F200", "not an expression")
UNKNOWN_COLUMN = Code("F201", "unknown column")
UNKNOWN_FUNCTION = Code("F203", "unknown function")
WRONG_ARGUMENTS = Code("F204", "wrong arguments")
WRONG_TYPE = Code("F205", "wrong type")
MISPLACED = Code("F206", "an aggregate or a window where none can stand")
UNKNOWN_VARIABLE = Code("F207", "unknown variable")
UNTIED = Code("F271", "a warehouse's own function where no warehouse is named")
NO_NATIVE_TYPE = Code("F272", "a warehouse's own function without a type")
BAD_PATTERN = Code("F273", "a pattern that is not RE2")
BAD_FORMAT = Code("F274", "a format that no date is read or written by")
INEXACT_SUM = Code("F304", "a sum of doubles")


MAX_CONVERSIONS = 50
COMPARE = "compare it with something: ... = ..., ... > 0, ... is not null"

# The run's clock is bound once, so that every statement of a run sees the same moment.
CLOCK = {
    "now": Variable(t.TIMESTAMP, False, "run_started_at"),
    "current_date": Variable(t.DATE, False, "run_date"),
}
# Of a backfill: what --from and --to say. A variable of the pipeline is bound under a prefix, so that no name of an
# author's can be one of the framework's.
INTERVAL = {name: Variable(t.TIMESTAMP, False, name) for name in ("interval_start", "interval_end")}


def bound(name: str) -> str:
    """The name under which a variable of the pipeline is bound."""
    return f"var_{name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in an expression; `span` is in characters of its text."""

    code: Code
    message: str
    span: Span
    help: str | None = None
    severity: Severity = "error"


@dataclass(frozen=True)
class Scope:
    """What an expression may name.

    `columns` maps a lower-case name to what it stands for. `open` is the type of names that are let pass unknown (a
    source without a contract). `aggregated` is set for measures: the scope inside an aggregate.
    `aggregate_help` and `window_help` say what to write where an aggregate or a window cannot stand.
    `native` is the warehouse whose own functions may be called, and `declared` the type that the author gave.
    """

    columns: Mapping[str, Expression]
    place: str
    open: Type | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)
    qualified: Mapping[str, "Scope"] = field(default_factory=dict)
    aggregated: "Scope | None" = None
    windows: bool = True
    aggregate_help: str = ""
    window_help: str = "compute it in `columns` of a normalize, assemble or enrich stage before this one"
    native: str | None = None
    declared: Type | None = None


# What other dialects call a type, and what a person may call a function of ours.
_TYPES = {
    **dict.fromkeys(("varchar", "char", "text", "str", "nvarchar", "character", "uuid", "object"), "string"),
    **dict.fromkeys(("int", "bigint", "smallint", "tinyint", "int64", "int32", "long"), "integer"),
    **dict.fromkeys(("decimal", "numeric", "number", "money"), "decimal(18,2)"),
    **dict.fromkeys(("float", "float64", "real", "float8"), "double"),
    **dict.fromkeys(("datetime", "timestamptz", "timestamp_ntz", "time"), "timestamp"),
    **dict.fromkeys(("bool", "bit", "flag"), "boolean"),
    **dict.fromkeys(("variant", "struct", "map", "array", "jsonb"), "json"),
}
_FUNCTIONS = {
    **dict.fromkeys(("nvl", "ifnull", "isnull", "zeroifnull"), "coalesce"),
    **dict.fromkeys(("iff", "iif"), "if"),
    **dict.fromkeys(("len", "char_length", "character_length"), "length"),
    **dict.fromkeys(("substr", "mid"), "substring"),
    **dict.fromkeys(("lcase",), "lower"),
    **dict.fromkeys(("ucase",), "upper"),
    **dict.fromkeys(("to_date", "str_to_date", "strptime"), "parse_date"),
    **dict.fromkeys(("to_timestamp", "parse_datetime"), "parse_timestamp"),
    **dict.fromkeys(("to_number", "to_decimal", "to_numeric"), "parse_decimal"),
    **dict.fromkeys(("to_char", "to_varchar", "strftime", "date_format"), "format_date"),
    **dict.fromkeys(("getdate", "sysdate", "current_timestamp", "today"), "now"),
    **dict.fromkeys(("dateadd", "add_months", "adddate"), "date_add"),
    **dict.fromkeys(("datediff", "timestampdiff"), "date_diff"),
    **dict.fromkeys(("trunc", "datetrunc"), "date_trunc"),
    **dict.fromkeys(("listagg", "group_concat", "array_agg"), "string_agg"),
    **dict.fromkeys(("ceiling",), "ceil"),
    **dict.fromkeys(("pow",), "power"),
    **dict.fromkeys(("mean",), "avg"),
    **dict.fromkeys(("safe_cast",), "try_cast"),
    **dict.fromkeys(("dow", "dayofweek", "weekday"), "day_of_week"),
    **dict.fromkeys(("rlike", "regexp_like", "regexp"), "regexp_matches"),
    **dict.fromkeys(("regexp_substr",), "regexp_extract"),
    **dict.fromkeys(("max_by", "argmax"), "arg_max"),
    **dict.fromkeys(("min_by", "argmin"), "arg_min"),
    **dict.fromkeys(("generate_surrogate_key", "surrogate_key"), "hash_key"),
}


def type_help(text: str) -> str:
    """What to write for a word that is no type of the language."""
    word = text.strip().lower()
    name = word.partition("(")[0].strip()
    if "(" in word and ")" not in word:
        return 'a comma inside {} ends the value: quote it, type: "decimal(18,2)"'
    if word in _TYPES:
        return f"write {_TYPES[word]}"
    if name in ("decimal", "numeric", "number") and "(" in word:
        return f"write decimal(precision,scale) with at most {t.MAX_PRECISION} digits: decimal(18,2)"
    if name in _TYPES:
        return f"write {_TYPES[name]}"
    return suggest(text, t.ALL_NAMES)


def typed(text: str, scope: Scope) -> tuple[Expression, tuple[Problem, ...]]:
    """The expression, and every mistake and doubt in it; what a mistake leaves behind has the type unknown."""
    try:
        node = parse(text)
    except SyntaxProblem as problem:
        return _lost(), (Problem(SYNTAX, problem.message, problem.span, problem.help),)
    return typed_node(node, scope)


def typed_node(node: Node, scope: Scope) -> tuple[Expression, tuple[Problem, ...]]:
    typing = _Typing(scope)
    found = typing.native(node, scope.declared) if _is_native(node) else typing.expression(node)
    return found, tuple(typing.problems)


INEXACT = "a sum of doubles is not exact: it can differ with the order in which the rows are added"

MONEY = "money is decimal"
NO_MONEY = f"where it is no money, say so on the stage: allow: {{{INEXACT_SUM.id}: ...}}"


def unknown_variable(name: str, known: Iterable[str], span: Span) -> Problem:
    near = nearest(name, known)
    help = f"did you mean `:{near}`?" if near else f"declare it at the top of the file: vars: {{{name}: ...}}"
    return Problem(UNKNOWN_VARIABLE, f"unknown variable `:{name}`", span, help)


def literal(value: Any) -> Literal:
    """A literal of the type its Python value has in the language."""
    return Literal(type_of_value(value), value is None, value)


def type_of_value(value: Any) -> Type:
    if value is None:
        return t.NULL
    if isinstance(value, bool):
        return t.BOOLEAN
    if isinstance(value, int):
        return t.INTEGER
    if isinstance(value, Decimal):
        return _decimal_type(value)
    if isinstance(value, float):
        return t.DOUBLE
    if isinstance(value, datetime):
        return t.TIMESTAMP
    return t.DATE if isinstance(value, date) else t.STRING


def _decimal_type(value: Decimal) -> Type:
    _, digits, exponent = value.as_tuple()
    scale = max(0, -int(exponent))
    return t.decimal(max(len(digits) + max(0, int(exponent)), scale), scale)


def call(name: str, *args: Expression, options: tuple[str, ...] = ()) -> Call:
    """A call of a catalogue function from typed arguments, for expressions the framework itself makes."""
    function = functions()[name]
    if name == "case":
        values = (*args[1::2], *(args[-1:] if len(args) % 2 else ()))
        nullable = len(args) % 2 == 0 or any(v.nullable for v in values)
        return Call(common(values) or t.UNKNOWN, nullable, function, args)
    signature = parse_signature(function.signature)
    return Call(result_type(signature, args), _nullable(function, args), function, args, options)


EXACT = "exact"  # the option of a cast that refuses a number it would have to round


def cast(value: Expression, target: Type, *, strict: bool = True, exact: bool = False) -> Expression:
    """The value as another type; the value itself where it has that type already.

    An `exact` cast of a number to fewer digits can fail as a text can; another one rounds.
    """
    if value.type == target:
        return value
    if isinstance(value, Literal) and value.value is None:
        return Literal(target, True, None)
    function = functions()["cast" if strict else "try_cast"]
    narrows = exact and value.type.name == "decimal" and t.widen(value.type, target) != target
    return Call(target, value.nullable or not strict, function, (value,), (EXACT,) if narrows else ())


def _lost() -> Literal:
    return Literal(t.UNKNOWN, True, None)


def _nullable(function: Function, args: Sequence[Expression]) -> bool:
    if function.nulls == "any":
        return any(a.nullable for a in args)
    if function.nulls == "all":
        return all(a.nullable for a in args)
    return function.nulls == "always"


class _Typing:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.problems: list[Problem] = []
        self.inside = ""  # the aggregate whose arguments are being read

    def problem(self, code: Code, message: str, span: Span, help: str | None = None) -> Expression:
        self.problems.append(Problem(code, message, span, help or None))
        return _lost()

    def _mistakes(self) -> int:
        return sum(problem.severity == "error" for problem in self.problems)

    def expression(self, node: Node) -> Expression:
        match node:
            case Constant():
                return Literal(_constant_type(node), node.value is None, node.value)
            case Name():
                return self._name(node)
            case Parameter():
                return self._parameter(node)
            case Convert():
                return self._convert(node)
            case Apply(name="case"):
                return self._case(node)
            case Apply():
                return self._apply(node)
        raise TypeError(f"no node of the syntax: {node}")

    # -- names

    def _name(self, node: Name) -> Expression:
        scope = self.scope
        if node.qualifier is not None:
            found = scope.qualified.get(node.qualifier.lower())
            if found is None:
                known = scope.qualified
                return self.problem(
                    UNKNOWN_COLUMN,
                    f"no relation `{node.qualifier}` can be named here",
                    node.span,
                    suggest(node.qualifier, known) or "bring it in with a join or a lookup, and name the column alone",
                )
            scope = found
        column = scope.columns.get(node.name.lower())
        if column is not None:
            return column
        if node.qualifier is None and node.name.lower() == "current_date":
            return CLOCK["current_date"]
        if scope.open is not None:
            return Reference(scope.open, True, node.name, node.qualifier)
        return self.problem(
            UNKNOWN_COLUMN,
            f"unknown column `{node.name}` in {scope.place}",
            node.span,
            self._hint(node, scope),
        )

    def _hint(self, node: Name, scope: Scope) -> str | None:
        inner = self.scope.aggregated
        if inner is not None and node.name.lower() in inner.columns:
            return f"add it to `by`, or aggregate it: sum({node.name}), max({node.name}), ..."
        if node.name.lower() in ("current_timestamp", "sysdate", "today"):
            return "write now() or current_date"
        if self.inside and nearest(node.name, scope.columns) is None:
            return f"inside {self.inside}() a name is a column that came in"
        return suggest(node.name, [_shown(c, name) for name, c in scope.columns.items()])

    def _parameter(self, node: Parameter) -> Expression:
        found = self.scope.variables.get(node.name)
        if found is None:
            self.problems.append(unknown_variable(node.name, self.scope.variables, node.span))
        return found or _lost()

    # -- conversions and choices

    def _convert(self, node: Convert) -> Expression:
        target = t.parse_type(node.type_text)
        if target is not None and _is_native(node.value) and node.strict:
            return self.native(node.value, target)
        value = self.native(node.value, t.UNKNOWN) if _is_native(node.value) else self.expression(node.value)
        if target is None:
            return self.problem(
                WRONG_TYPE,
                f"`{node.type_text}` is no type",
                node.type_span,
                type_help(node.type_text),
            )
        if not _convertible(value.type, target):
            help = "write parse_date(cast(... as string), '%Y%m%d')" if target == t.DATE else None
            return self.problem(WRONG_TYPE, f"{value.type} cannot become {target}", node.span, help)
        return cast(value, target, strict=node.strict)

    def _case(self, node: Apply) -> Expression:
        pairs, rest = node.args[: len(node.args) // 2 * 2], node.args[len(node.args) // 2 * 2 :]
        args, values = [], []
        for condition, value in zip(pairs[::2], pairs[1::2], strict=True):
            args.append(self._condition(condition))
            values.append(self.expression(value))
            args.append(values[-1])
        values += [self.expression(value) for value in rest]
        args += values[len(pairs) // 2 :]
        shared = common(values)
        if shared is None:
            return self._unlike([*pairs[1::2], *rest], values)
        self._refuse_many(node, args)
        nullable = not rest or any(v.nullable for v in values)
        return Call(shared, nullable, functions()["case"], tuple(args))

    def _refuse_many(self, node: Apply, args: Sequence[Expression]) -> None:
        """Whether a value could be read nests branch by branch; too many would overflow the stack."""
        many = sum(any(isinstance(e, Call) and e.function.tolerant for e in walk(arg)) for arg in args)
        if many > MAX_CONVERSIONS:
            message = f"more than {MAX_CONVERSIONS} conversions in one `{node.name}`"
            self.problem(SYNTAX, message, node.name_span, "choose the text first, and convert it in a column below")

    def _unlike(self, nodes: Sequence[Node], values: Sequence[Expression]) -> Expression:
        """The first branch whose type does not go with those before it."""
        at = next(i for i in range(1, len(values) + 1) if common(values[:i]) is None) - 1
        before = common(values[:at])
        message = f"this branch is {values[at].type}, and those before it are {before}"
        return self.problem(WRONG_TYPE, message, nodes[at].span, "give all branches one type: cast(... as string)")

    def _condition(self, node: Node) -> Expression:
        condition = self.expression(node)
        if not accepts(Slot("boolean"), condition.type):
            message = f"a condition is expected, and this is {condition.type}"
            self.problem(WRONG_TYPE, message, node.span, COMPARE)
        return condition

    # -- functions

    def _apply(self, node: Apply) -> Expression:
        if _is_native(node):
            return self.native(node, None)
        function = functions().get(node.name)
        if function is None:
            return self._unknown(node)
        if not self._placed(node, function):
            return _lost()
        outer, was_inside = self.scope, self.inside
        if function.kind == "aggregate" and node.over is None and outer.aggregated is not None:
            self.scope, self.inside = outer.aggregated, node.name
        args, options, sound = self._arguments(node, function)
        order = self._orders(node.order)
        filtered = None if node.filter is None else self._condition(node.filter)
        window = self._window(node, function)
        if node.name == "coalesce":
            self._refuse_many(node, args)
        if sound and node.name.startswith("regexp_"):
            try:
                check_pattern(node)
            except PatternProblem as problem:
                self.problem(BAD_PATTERN, problem.message, problem.span, problem.help)
        if sound and node.name == "string_agg" and not isinstance(args[1], Literal):
            help = "write string_agg(text, ',' order by ...)"
            message = "the separator of `string_agg` is written as text: one for all rows"
            self.problem(WRONG_ARGUMENTS, message, node.args[1].span, help)
        self.scope, self.inside = outer, was_inside
        if not sound:
            return _lost()
        if node.name in CLOCK:
            return CLOCK[node.name]
        if node.name in ("hash_key", "key_text"):
            self._refuse_doubles(node, args)
        if node.name == "sum" and args[0].type == t.DOUBLE:
            self._doubt_sum(node)
        result = self._result(node, parse_signature(function.signature), args)
        if result is None:
            return _lost()
        nullable = _nullable(function, args) or (node.over is not None and function.nulls == "always")
        return Call(result, nullable, function, args, options, node.distinct, order, filtered, window, node.span)

    def _refuse_doubles(self, node: Apply, args: Sequence[Expression]) -> None:
        for arg, value in zip(node.args, args, strict=True):
            if value.type == t.DOUBLE:
                help = "write cast(... as decimal(18,4)), with as many digits as count"
                self.problem(WRONG_TYPE, "a double has no text that is equal on every warehouse", arg.span, help)

    def _doubt_sum(self, node: Apply) -> None:
        """What many doubles come to hangs on the order of the rows, and money must come to one figure."""
        shown = node.args[0].name if isinstance(node.args[0], Name) else "..."
        repair = f"give it the type decimal(18,2) where it is read, or write sum(cast({shown} as decimal(18,2)))"
        help = f"{MONEY}: {repair}\n{NO_MONEY}"
        self.problems.append(Problem(INEXACT_SUM, INEXACT, node.span, help, "warning"))

    def native(self, node: Node, declared: Type | None) -> Expression:
        """A function of the warehouse's own, as it stands; what it gives is taken as the declared type."""
        assert isinstance(node, Apply)
        before = self._mistakes()
        # What one of them is given by another needs no type.
        args = tuple(self.native(a, t.UNKNOWN) if _is_native(a) else self.expression(a) for a in node.args)
        name = node.name.removeprefix(NATIVE)
        if self.scope.native is None:
            help = "a stage that says `native: duckdb` can call it, and then runs on that warehouse alone"
            message = f"`{node.name}` is a warehouse's own function, and {self.scope.place} names no warehouse"
            self.problem(UNTIED, message, node.name_span, help)
        elif not _NATIVE_NAME.fullmatch(name) or node.distinct or node.order or node.filter or node.over:
            message = f"`{node.name}` is called as name(arguments), with nothing else"
            self.problem(WRONG_ARGUMENTS, message, node.span, "a whole select can stand in a stage of kind sql")
        elif declared is None:
            help = f"write cast({node.name}(...) as decimal(18,2)), or {{expr: ..., type: ...}} for the whole column"
            self.problem(NO_NATIVE_TYPE, f"the type of `{node.name}` is not known", node.span, help)
        if self._mistakes() > before:
            return _lost()
        call = f"{name}({{args}})"
        lowering = call if declared in (None, t.UNKNOWN) else f"CAST({call} AS {{type}})"
        function = Function(node.name, "(any...) -> any", "", "", nulls="always", lowering=lowering)
        return Call(declared or t.UNKNOWN, True, function, args)

    def _unknown(self, node: Apply) -> Expression:
        for arg in node.args:
            self.expression(arg)
        visible = [name for name in functions() if name[0].isalpha() and " " not in name]
        near = _FUNCTIONS.get(node.name) or nearest(node.name, visible)
        help = f"did you mean `{near}`?" if near else "the reference lists every function"
        if node.name in ("extract", "date_part", "datepart"):
            help = "write year(...), month(...), day(...)"
        return self.problem(UNKNOWN_FUNCTION, f"unknown function `{node.name}`", node.name_span, help)

    def _placed(self, node: Apply, function: Function) -> bool:
        scope, name = self.scope, node.name
        if node.over is not None or function.kind == "window":
            if function.kind == "scalar":
                help = (
                    f"only aggregates and window functions are: leave `over (...)` out, or write max({name}(...)) over"
                )
                self.problem(MISPLACED, f"`{name}` is not computed over a window", node.name_span, help)
            elif node.over is None:
                help = f"write {name}({', '.join('...' for _ in node.args)}) over (partition by ... order by ...)"
                self.problem(MISPLACED, f"`{name}` needs a window", node.name_span, help)
            elif not scope.windows:
                self.problem(MISPLACED, f"a window cannot stand in {scope.place}", node.span, scope.window_help)
            else:
                return True
            return False
        if function.kind == "aggregate" and scope.aggregated is None:
            where = f"inside {self.inside}()" if self.inside else f"in {scope.place}"
            help = scope.aggregate_help or "use `measures` of an aggregate stage"
            if self.inside:
                help = f"compute {name}(...) in an aggregate stage before this one"
            elif scope.windows:
                help += f", or {name}(...) over (partition by ...)"
            self.problem(MISPLACED, f"the aggregate `{name}` cannot stand {where}", node.name_span, help)
            return False
        return True

    def _arguments(self, node: Apply, function: Function) -> tuple[tuple[Expression, ...], tuple[str, ...], bool]:
        signature, count = parse_signature(function.signature), len(node.args)
        if node.name == "count" and count == 1 and isinstance(node.args[0], Name) and node.args[0].name == "*":
            return (), (), True
        if count < signature.least or (signature.most is not None and count > signature.most):
            for arg in node.args:
                self.expression(arg)
            self.problem(
                WRONG_ARGUMENTS,
                f"`{node.name}` takes {_arity(signature)}, and {count} stand here",
                node.span,
                f"write {usage(node.name, signature)}",
            )
            return (), (), False
        options = [self._option(node, arg, slot) for arg, slot in _slotted(signature, node.args) if slot.is_option]
        sound = None not in options
        args: list[Expression] = []
        for arg, slot in _slotted(signature, node.args):
            if slot.is_option:
                continue
            value = self.expression(arg)
            if not accepts(slot, value.type):
                if sound:  # one message for one call: arguments that changed places are one mistake
                    self._refuse(node, arg, slot, value.type)
                sound = False
            args.append(value)
        return tuple(args), tuple(option or "" for option in options), sound

    def _refuse(self, node: Apply, arg: Node, slot: Slot, found: Type) -> None:
        shown = arg.name if isinstance(arg, Name) else "..."
        message, help = f"`{node.name}` takes {slot.wanted}, and this is {found}", None
        if node.name in ("+", "-") and found in (t.DATE, t.TIMESTAMP):
            help = "write date_add(moment, number, 'day') or date_diff('day', from, to)"
        elif node.name == "+" and found == t.STRING and any(_is_text(a) for a in node.args):
            help = "write || to put texts together"
        elif slot.word == "boolean":
            help = COMPARE
        elif slot.word == "string" and found.name != "json":
            help = f"write cast({shown} as string)"
        elif found == t.STRING and slot.word in ("number", "double", "integer"):
            help = f"convert it: parse_decimal({shown}), parse_integer({shown}) or cast({shown} as decimal(18,2))"
        elif found == t.STRING and slot.word in ("moment", "timestamp", "date"):
            help = f"convert it: parse_date({shown}, '%Y-%m-%d') or cast({shown} as date)"
        elif found in (t.DATE, t.TIMESTAMP) and slot.word in ("number", "double"):
            help = f"count units: date_diff('day', date '2014-01-01', {shown})"
        self.problem(WRONG_TYPE, message, arg.span, help)

    def _option(self, node: Apply, arg: Node, slot: Slot) -> str | None:
        """A word or a format: written as text, for it shapes the SQL."""
        name = node.name
        if not isinstance(arg, Constant) or arg.type_name != "string":
            what = "a format" if slot.words is None else "a word of its list"
            help = f"write {usage(name, parse_signature(functions()[name].signature))}"
            if isinstance(arg, Name) and slot.words is not None and arg.name.lower() in slot.words:
                help = f"write '{arg.name.lower()}'"
            self.problem(WRONG_ARGUMENTS, f"`{name}` takes {what} here, written as text", arg.span, help)
            return None
        if slot.words is None:
            try:
                check_format(arg, name)
            except FormatProblem as problem:
                self.problem(BAD_FORMAT, problem.message, problem.span, problem.help)
                return None
            return str(arg.value)
        word = str(arg.value).lower()
        if word not in slot.words:
            self.problem(WRONG_ARGUMENTS, f"`{name}` knows no '{arg.value}'", arg.span, suggest(word, slot.words))
            return None
        return word

    def _orders(self, order: tuple[Order, ...]) -> tuple[Ordering, ...]:
        return tuple(Ordering(self.expression(o.key), o.descending) for o in order)

    def _window(self, node: Apply, function: Function) -> Window | None:
        if node.over is None:
            return None
        order = self._orders(node.over.order)
        if function.kind == "window" and not order:
            self.problem(
                MISPLACED,
                f"`{node.name}` needs an order",
                node.over.span,
                "add `order by ...` inside over (...)",
            )
        return Window(tuple(self.expression(p) for p in node.over.partition), order, node.over.frame)

    def _result(self, node: Apply, signature: Signature, args: tuple[Expression, ...]) -> Type | None:
        shared = [a for a, slot in zip(args, _value_slots(signature, len(args)), strict=True) if slot.word == "T"]
        if shared and common(shared) is None:
            self._mixed(node, [v for v, slot in _slotted(signature, node.args) if slot.word == "T"], shared)
            return None
        return result_type(signature, args)

    def _mixed(self, node: Apply, nodes: Sequence[Node], values: Sequence[Expression]) -> None:
        """Values of types that do not go together: the place is the literal, where one is wrong."""
        names = " and ".join(dict.fromkeys(str(v.type) for v in values))
        verb = "compare" if node.name in _COMPARISONS else "bring together"
        message = f"`{node.name}` cannot {verb} {names}"
        others = {v.type.name for v, n in zip(values, nodes, strict=True) if not _is_text(n)}
        text = next((n for n in nodes if _is_text(n)), None)
        number = next((n for n in nodes if isinstance(n, Constant) and n.type_name in ("integer", "decimal")), None)
        if number is not None and others == {"string", number.type_name}:
            self.problem(WRONG_TYPE, message, number.span, f"write '{number.value}', in quotes")
        elif text is None or "string" in others:
            self.problem(WRONG_TYPE, message, node.span, "convert one side with cast(... as ...)")
        else:
            self.problem(WRONG_TYPE, message, text.span, _literal_help(str(text.value), others))


def _is_native(node: Node) -> bool:
    return isinstance(node, Apply) and node.name.startswith(NATIVE)


_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=", "in", "between", "is distinct from", "is not distinct from")


def _is_text(node: Node) -> TypeGuard[Constant]:
    return isinstance(node, Constant) and node.type_name == "string"


def _literal_help(text: str, others: Set[str]) -> str:
    """A literal as it is written in the type of what it stands beside."""
    if others & {"date", "timestamp"}:
        word = "timestamp" if "timestamp" in others else "date"
        shown = text if _ISO.fullmatch(text) else "2014-01-31"
        return f"write {word} '{shown}{' 00:00:00' if word == 'timestamp' and len(shown) == 10 else ''}'"
    if others & {"integer", "decimal", "double"} and _NUMBER.fullmatch(text):
        return f"write {text}, without quotes"
    if others == {"boolean"} and text.lower() in ("true", "false"):
        return f"write {text.lower()}, without quotes"
    return "convert the other side: cast(... as string)"


_NATIVE_NAME = re.compile(r"[^\W\d]\w*")
_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def _slotted(signature: Signature, args: Sequence[Node]) -> list[tuple[Node, Slot]]:
    return [(arg, signature.slot(index)) for index, arg in enumerate(args)]


def _value_slots(signature: Signature, count: int) -> list[Slot]:
    slots = [slot for slot in signature.slots if not slot.is_option]
    return [slots[min(i, len(slots) - 1)] for i in range(count)]


def _constant_type(node: Constant) -> Type:
    return type_of_value(node.value) if node.type_name != "null" else t.NULL


def _shown(column: Expression, name: str) -> str:
    return column.name if isinstance(column, Reference) and column.name.lower() == name else name


def _arity(signature: Signature) -> str:
    least, most = signature.least, signature.most
    if most is None:
        return f"{least} arguments or more"
    if least == most:
        return "1 argument" if most == 1 else f"{most or 'no'} arguments"
    return f"{least} {'or' if most == least + 1 else 'to'} {most} arguments"


_CASTS = {
    "string": {"integer", "decimal", "double", "boolean", "date", "timestamp", "json"},
    "integer": {"string", "decimal", "double", "boolean"},
    "decimal": {"string", "integer", "double", "decimal"},
    "double": {"integer", "decimal"},
    "boolean": {"string", "integer"},
    "date": {"string", "timestamp"},
    "timestamp": {"string", "date"},
    "json": {"string"},
}


def _convertible(source: Type, target: Type) -> bool:
    if source in (t.UNKNOWN, t.NULL) or source == target:
        return True
    return target.name in _CASTS[source.name]
