"""The expressions of a parsed select in the framework's own terms, as far as their meaning is surely the same."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlglot import exp

from framework.expressions import types as t
from framework.expressions.catalogue import function
from framework.expressions.relational import ANYTHING, SOME, STRICT, Columns
from framework.expressions.tree import Call, Expression, Function, Literal, Reference, Window, calls_native
from framework.expressions.types import Type

_DEEPEST = 100  # expressions inside one another
_STRICT_CALLS: Mapping[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Neg: "negate",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.Not: "not",
    exp.Lower: "lower",
    exp.Upper: "upper",
}
_CHOOSING: Mapping[type[exp.Expr], str] = {
    exp.Nullif: "nullif",
    exp.Greatest: "greatest",
    exp.Least: "least",
    exp.Coalesce: "coalesce",
}
_STRICT: tuple[type[exp.Expr], ...] = (exp.Like, exp.ILike, exp.Div, exp.IntDiv, exp.Mod)
# One value of a row, made of its arguments alone; whether it has a value where one of them has none is left open.
_SCALAR: tuple[type[exp.Expr], ...] = (
    *(exp.DPipe, exp.Concat, exp.ConcatWs, exp.Trim, exp.Substring, exp.Length, exp.Left, exp.Right, exp.Replace),
    *(exp.StrPosition, exp.StartsWith, exp.EndsWith, exp.Initcap, exp.MD5, exp.SHA, exp.SHA2, exp.RegexpLike),
    *(exp.RegexpReplace, exp.RegexpExtract, exp.Pad, exp.Reverse, exp.SplitPart, exp.Round, exp.Floor, exp.Ceil),
    *(exp.Abs, exp.Sign, exp.Sqrt, exp.Pow, exp.Ln, exp.Exp, exp.Year, exp.Month, exp.Day, exp.Quarter, exp.Week),
    *(exp.DayOfWeek, exp.DayOfYear, exp.Extract, exp.DateTrunc, exp.TimestampTrunc, exp.DateDiff, exp.DateAdd),
    *(exp.DateSub, exp.LastDay, exp.Interval, exp.Between, exp.Is, exp.In, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Xor),
    *(exp.Var, exp.TimeToStr, exp.StrToTime, exp.DateFromParts, exp.Bracket, exp.Array),
)
_MEASURES: Mapping[type[exp.Expr], str] = {exp.Sum: "sum", exp.Min: "min", exp.Max: "max", exp.Avg: "avg"}
_WHOLE: tuple[type[exp.Expr], ...] = (*_MEASURES, exp.Count)  # the same in each row that they are taken over
_AROUND = (exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)


class Untold(Exception):
    """Something of which it cannot be said what it does."""


class Correlated(Exception):
    """A relation behind `from` that is another one for each row beside it."""


@dataclass(slots=True)
class Values:
    """The values of one select. `columns` are those behind `from`, by relation; `named` its named windows.

    What is computed over many rows becomes a column of its own: `measures` of a group, `windows` of the rows. Once
    `grouped`, only what is grouped `by` and measures can be read.
    """

    columns: Mapping[str, Mapping[str, Type]]
    named: Mapping[str, exp.Expr] = field(default_factory=dict)
    grouped: bool = False
    by: list[tuple[exp.Expr, Reference]] = field(default_factory=list)
    measures: list[tuple[exp.Expr, str, Expression]] = field(default_factory=list)
    windows: list[tuple[exp.Expr, str, Expression]] = field(default_factory=list)

    def value(self, node: exp.Expr, *, name: str | None = None, depth: int = 0) -> Expression:
        """Raises Untold. `name` is what a column that is made for it is called."""
        if depth > _DEEPEST:
            raise Untold

        def of(child: exp.Expr) -> Expression:
            return self.value(child, depth=depth + 1)

        if isinstance(node, exp.Paren | exp.Alias):
            return self.value(node.this, name=name, depth=depth + 1)
        grouped = next((found for by, found in self.by if by == node), None)
        if grouped is not None:
            return grouped
        match node:
            case exp.Query() | exp.Subquery() | exp.Exists():
                return Call(t.UNKNOWN, True, ANYTHING, ())
            case exp.Column():
                return self._column(node)
            case exp.Literal() | exp.Boolean() | exp.Null():
                return _literal(node)
            case exp.Window():
                return self._kept(self.windows, node, name, self._window)
            case exp.And() | exp.Or():
                word = "and" if isinstance(node, exp.And) else "or"
                return _call(word, [of(part) for part in node.flatten()], t.BOOLEAN)
            case exp.Case() | exp.If():
                return self._case(node, of)
            case exp.Cast():
                # What cannot be read stops the statement, or is null: it depends on the warehouse.
                return Call(_of_cast(node), True, function("cast"), (of(node.this),))
        if isinstance(node, exp.AggFunc | exp.Filter | exp.WithinGroup | exp.IgnoreNulls | exp.RespectNulls):
            return self._kept(self.measures, node, name, self._measure)
        return self._other(node, of)

    def conditions(self, whole: exp.Expr) -> list[Expression]:
        """Each side of its `and`s; one that cannot be told is left out."""
        found = []
        for part in whole.unnest().flatten() if isinstance(whole.unnest(), exp.And) else [whole]:
            inner = part.unnest()
            if isinstance(inner, exp.And):
                found += self.conditions(inner)
                continue
            try:
                value = self.value(inner)
            except Untold:
                continue
            if not calls_native(value):
                found.append(value)
        return found

    def _column(self, node: exp.Column) -> Expression:
        relation, name = node.table.lower(), node.name.lower()
        if relation and relation not in self.columns:
            raise Correlated
        if self.grouped or node.args.get("db") is not None or name not in self.columns.get(relation, {}):
            raise Untold
        return Reference(self.columns[relation][name], True, qualified(relation, name))

    def _case(self, node: exp.Expr, of: Callable[[exp.Expr], Expression]) -> Expression:
        if isinstance(node, exp.Case) and node.this is not None:
            return _call(SOME, list(map(of, _inside(node))))
        branches = node.args["ifs"] if isinstance(node, exp.Case) else [node]
        otherwise = node.args.get("default" if isinstance(node, exp.Case) else "false")
        args = [of(part) for branch in branches for part in (branch.this, branch.args["true"])]
        args.append(Literal(t.NULL, True, None) if otherwise is None else of(otherwise))
        types = {a.type for a in args[1::2]} | {args[-1].type}
        return _call("case", args, types.pop() if len(types) == 1 else t.UNKNOWN)

    def _other(self, node: exp.Expr, of: Callable[[exp.Expr], Expression]) -> Expression:
        match node:
            case exp.EQ():
                one, other = of(node.this), of(node.expression)
                found = _alike(one, other)
                return _call(STRICT, [one, other], t.BOOLEAN) if found is None else _call("=", found, t.BOOLEAN)
            case exp.NullSafeEQ():
                found = _alike(of(node.this), of(node.expression))
                if found is not None:
                    return _call("is not distinct from", found, t.BOOLEAN)
            case exp.Is(this=inner, expression=exp.Null()):
                return Call(t.BOOLEAN, False, function("is null"), (of(inner),))
            case exp.Is(this=inner, expression=exp.Boolean(this=True)):
                return Call(t.BOOLEAN, False, function("is true"), (of(inner),))
            case exp.Not(this=exp.Is(this=inner, expression=exp.Null())):
                return Call(t.BOOLEAN, False, function("is not null"), (of(inner),))
            case exp.In() if node.args.get("query") is not None:
                return Call(t.BOOLEAN, True, ANYTHING, ())
            case exp.In() if set(filled(node)) == {"this", "expressions"}:
                return _call("in", [of(node.this), *map(of, node.expressions)], t.BOOLEAN)
            case exp.Between() if set(filled(node)) <= {"this", "low", "high"}:
                low, high = of(node.args["low"]), of(node.args["high"])
                one = of(node.this)
                return _call("and", [_call(">=", [one, low]), _call("<=", [one, high])], t.BOOLEAN)
        kind = type(node)
        args = list(map(of, _inside(node)))
        if kind in _STRICT_CALLS:
            return _call(_STRICT_CALLS[kind], args, _of_numbers(kind, args))
        if kind in _CHOOSING:
            types = {a.type for a in args}
            return _call(_CHOOSING[kind], args, types.pop() if len(types) == 1 else t.UNKNOWN)
        if kind in _STRICT:
            return _call(STRICT, args)
        if kind in _SCALAR:
            return _call(SOME, args)
        raise Untold

    # -- over many rows

    def _kept(
        self,
        kept: list[tuple[exp.Expr, str, Expression]],
        node: exp.Expr,
        name: str | None,
        make: Callable[[exp.Expr], Expression],
    ) -> Expression:
        """A column for it, one for all that are the same."""
        for other, column, value in kept:
            if other == node:
                return Reference(value.type, value.nullable, column)
        value, used = make(node), [column for _, column, _ in (*self.measures, *self.windows)]
        used += [reference.name for _, reference in self.by]
        column = name if name is not None and name not in used else f"_made_{len(used)}"
        kept.append((node, column, value))
        return Reference(value.type, value.nullable, column)

    def _measure(self, node: exp.Expr) -> Expression:
        inner = node
        while isinstance(inner, _AROUND):
            inner = inner.this
        if isinstance(inner, exp.Count):
            return Call(t.INTEGER, False, function("count"), ())
        word = _MEASURES.get(type(node))
        if word is not None and set(filled(node)) == {"this"}:
            try:
                arg = Values(self.columns).value(node.this)
            except Untold:
                arg = Call(t.UNKNOWN, True, ANYTHING, ())
            return Call(arg.type if word in ("min", "max") else t.UNKNOWN, True, function(word), (arg,))
        return Call(t.UNKNOWN, True, SOME, ())

    def _window(self, node: exp.Expr) -> Expression:
        spec, inner = node, node.this
        if node.args.get("alias") is not None:
            spec = self.named.get(node.alias.lower(), node)
            if any(node.args.get(word) for word in ("partition_by", "order", "spec")) or spec.args.get("alias"):
                return Call(t.UNKNOWN, True, ANYTHING, ())
        try:
            partition = tuple(self.value(p) for p in spec.args.get("partition_by") or ())
        except Untold:
            partition = (Call(t.UNKNOWN, True, ANYTHING, ()),)
        if not any(map(calls_native, partition)):
            if isinstance(inner, exp.RowNumber):
                return Call(t.INTEGER, False, function("row_number"), (), window=Window(partition))
            if isinstance(inner, _WHOLE) and not any(spec.args.get(word) for word in ("order", "spec")):
                word = _MEASURES.get(type(inner), "count")
                return Call(t.UNKNOWN, word != "count", function(word), (), window=Window(partition))
        return Call(t.UNKNOWN, True, ANYTHING, ())


def qualified(relation: str, column: str) -> str:
    """A column's name among those of all relations behind `from`."""
    return f"{relation}.{column}".lower()


def columns_of(kept: Iterable[tuple[exp.Expr, str, Expression]]) -> Columns:
    return tuple((name, value) for _, name, value in kept)


def filled(node: exp.Expr) -> list[str]:
    """What is written of all that may stand in such a node."""
    return [word for word, value in node.args.items() if value not in (None, False, [], "")]


def both(conditions: Sequence[Expression]) -> Expression:
    """True where all of them are."""
    return conditions[0] if len(conditions) == 1 else _call("and", conditions, t.BOOLEAN)


def _call(named: str | Function, args: Sequence[Expression], type: Type = t.UNKNOWN) -> Call:
    return Call(type, True, function(named) if isinstance(named, str) else named, tuple(args))


def _inside(node: exp.Expr) -> Iterable[exp.Expr]:
    return (child for child in node.iter_expressions() if not isinstance(child, exp.DataType | exp.Identifier))


def _literal(node: exp.Expr) -> Literal:
    if isinstance(node, exp.Null):
        return Literal(t.NULL, True, None)
    if isinstance(node, exp.Boolean):
        return Literal(t.BOOLEAN, False, bool(node.this))
    if node.is_string:
        return Literal(t.STRING, False, node.name)
    if node.name.isdigit():
        return Literal(t.INTEGER, False, int(node.name))
    if node.name.replace(".", "", 1).isdigit():
        value = Decimal(node.name)
        return Literal(t.decimal(18, 6), False, value)
    raise Untold


_CASTS = {"TEXT": t.STRING, "VARCHAR": t.STRING, "BIGINT": t.INTEGER, "INT": t.INTEGER, "DATE": t.DATE}


def _of_cast(node: exp.Expr) -> Type:
    to = node.args["to"]
    return _CASTS.get(getattr(to.this, "name", ""), t.UNKNOWN) if not to.expressions else t.UNKNOWN


def _of_numbers(kind: type[exp.Expr], args: Sequence[Expression]) -> Type:
    """Whole numbers stay whole; of anything else the type is left open."""
    if kind in (exp.Add, exp.Sub, exp.Mul, exp.Neg) and all(a.type == t.INTEGER for a in args):
        return t.INTEGER
    return t.UNKNOWN


def _alike(one: Expression, other: Expression) -> list[Expression] | None:
    """Both sides, where two values are equal only if they are the same; None where one is converted first."""
    types = {one.type.name, other.type.name}
    if one.type.is_exact and other.type.is_exact:
        return [one, other]
    if len(types) == 1 and types <= {"string", "boolean", "date", "timestamp"}:
        return [one, other]
    if "string" in types and types & {"date", "timestamp"}:
        # A moment as text is read as one, so that it is one value.
        wide = one.type if other.type.name == "string" else other.type
        if any(isinstance(a, Literal) for a in (one, other)):
            return [Call(wide, True, function("cast"), (a,)) if isinstance(a, Literal) else a for a in (one, other)]
    return None
