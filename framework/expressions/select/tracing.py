"""What the columns of a whole `select` are made of, and what decides its rows.

It follows the names through subqueries, WITH and set operations. Where they cannot be followed, it says so: what comes
out is then made of something unknown of a relation, which may be any of its columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from framework.expressions.origins import (
    AGGREGATED,
    DERIVED,
    DIRECT,
    UNKNOWN,
    Deciders,
    Made,
    Origin,
    add,
    filtering,
)
from framework.expressions.select import PORTABLE, parsed, qualified
from framework.expressions.types import Type

EVERY = "*"  # the column of a select that passes on what it reads without a contract

_AGGREGATES = (exp.AggFunc, exp.Window, exp.Filter, exp.WithinGroup)
_REPEATS = (exp.Unnest, exp.Explode)


@dataclass(slots=True)
class Traced:
    """What comes out of a select; `rows` are the relations whose rows its own are made of."""

    columns: dict[str, Made] = field(default_factory=dict)
    rows: Made = field(default_factory=dict)
    deciders: Deciders = field(default_factory=Deciders)


def trace(text: str, relations: Mapping[str, Sequence[tuple[str, Type]]], variables: Mapping[str, Type]) -> Traced:
    """What comes out of a select, with what it is made of. Raises SelectProblem."""
    tree = qualified(text, relations, variables)
    names = {name.lower(): name for name in relations}
    return _Tracer(names, {name: [c for c, _ in known] for name, known in relations.items()}).query(tree, _Scope())


def written(text: str) -> Iterator[tuple[str, str]]:
    """The expressions of a select as the parser has them, each with its column. Raises SelectProblem."""
    for select in parsed(text).selects:
        if not select.is_star:
            yield select.alias_or_name, select.unalias().sql(dialect=PORTABLE)


@dataclass(slots=True)
class _Source:
    """What can be named behind `from`. `any` is what a column is made of that is not known by its name."""

    columns: dict[str, Made]
    rows: Made = field(default_factory=dict)
    any: Made | None = None
    deciders: Deciders = field(default_factory=Deciders)


@dataclass(slots=True)
class _Scope:
    """The names of a select, and of those around it."""

    sources: dict[str, _Source] = field(default_factory=dict)
    ctes: dict[str, Traced] = field(default_factory=dict)
    outer: "_Scope | None" = None
    outputs: dict[str, Made] = field(default_factory=dict)
    windows: dict[str, exp.Expr] = field(default_factory=dict)

    def cte(self, name: str) -> Traced | None:
        found = self.ctes.get(name.lower())
        return self.outer.cte(name) if found is None and self.outer is not None else found

    def source(self, name: str) -> _Source | None:
        found = self.sources.get(name.lower())
        return self.outer.source(name) if found is None and self.outer is not None else found


class _Tracer:
    def __init__(self, names: Mapping[str, str], columns: Mapping[str, Sequence[str]]) -> None:
        self.names, self.known = names, columns

    # -- queries

    def query(self, tree: exp.Expr, outer: _Scope) -> Traced:
        scope = _Scope(outer=outer)
        for cte in tree.args["with_"].expressions if tree.args.get("with_") else ():
            self._cte(cte, scope, recursive=bool(tree.args["with_"].args.get("recursive")))
        if isinstance(tree, exp.Subquery):
            traced = self.query(tree.this, scope)
        elif isinstance(tree, exp.SetOperation):
            traced = self._set(tree, scope)
        elif isinstance(tree, exp.Select):
            return self._select(tree, scope)
        else:
            return self._lost(tree, scope)
        scope.outputs = traced.columns
        self._cut(tree, scope, traced)
        return traced

    def _cte(self, cte: exp.Expr, scope: _Scope, *, recursive: bool) -> None:
        name, aliases = cte.alias.lower(), _aliases(cte)
        if recursive and isinstance(cte.this, exp.SetOperation):
            # It reads itself: what its first rows are made of, and then what comes of these until nothing is new.
            scope.ctes[name] = _renamed(self.query(cte.this.left, scope), aliases)
            before = -1
            while before != (before := _size(scope.ctes[name])):
                scope.ctes[name] = _renamed(self.query(cte.this, scope), aliases)
            return
        scope.ctes[name] = _renamed(self.query(cte.this, scope), aliases)

    def _set(self, tree: exp.SetOperation, scope: _Scope) -> Traced:
        left, right = self.query(tree.left, scope), self.query(tree.right, scope)
        traced = Traced({}, {}, left.deciders)
        traced.deciders.merge(right.deciders)
        add(traced.rows, left.rows)
        by_name = bool(tree.args.get("by_name"))
        others = list(right.columns.values())
        for index, (name, made) in enumerate(left.columns.items()):
            traced.columns[name] = dict(made)
            other = right.columns.get(name, {}) if by_name else others[index] if index < len(others) else {}
            if isinstance(tree, exp.Union):
                add(traced.columns[name], other)
        if isinstance(tree, exp.Union):
            add(traced.rows, right.rows)
            for name in right.columns if by_name else ():
                traced.columns.setdefault(name, right.columns[name])
        if not isinstance(tree, exp.Union) or tree.args.get("distinct"):
            word = "distinct" if isinstance(tree, exp.Union) else tree.key
            traced.deciders.add(filtering([*left.columns.values(), *others]), word)
            traced.deciders.add(filtering([right.rows]), word)
        return traced

    def _select(self, tree: exp.Select, scope: _Scope) -> Traced:
        traced = Traced()
        for part in self._froms(tree):
            self._source(part, scope, traced)
        scope.windows = {w.name.lower(): w for w in tree.args.get("windows") or ()}
        for name, made in self._projected(tree, scope):
            traced.columns[name] = made
        scope.outputs = traced.columns
        for clause, word in (("where", "where"), ("having", "having"), ("qualify", "qualify"), ("group", "by")):
            found = tree.args.get(clause)
            if found is not None:
                traced.deciders.add(self._parts([found], scope), word)
        repeated = [u for s in tree.selects for u in s.find_all(*_REPEATS)]
        traced.deciders.add(self._parts(repeated, scope), "repeated")
        if tree.args.get("group") is not None or any(_aggregates(s, tree) for s in tree.selects):
            self._grouped(tree, traced)
        if tree.args.get("distinct") is not None:
            on = tree.args["distinct"].args.get("on")
            ordered = [tree.args["order"]] if on is not None and tree.args.get("order") else []
            made = filtering(traced.columns.values()) if on is None else self._parts([on, *ordered], scope)
            traced.deciders.add(made, "distinct")
        self._cut(tree, scope, traced)
        return traced

    def _grouped(self, tree: exp.Select, traced: Traced) -> None:
        traced.rows = dict.fromkeys(traced.rows, AGGREGATED)
        group = tree.args.get("group")
        if group is not None and group.args.get("all"):
            by = [traced.columns[s.alias_or_name] for s in tree.selects if not _aggregates(s, tree)]
            traced.deciders.add(filtering(by), "by")

    def _cut(self, tree: exp.Expr, scope: _Scope, traced: Traced) -> None:
        """`limit` and `offset`: without an order it cannot be told which rows they leave."""
        cuts = [tree.args[k] for k in ("limit", "offset") if tree.args.get(k) is not None]
        if cuts and tree.args.get("order") is None:
            traced.deciders.add(dict.fromkeys(traced.rows, UNKNOWN), "limit")
        elif cuts:
            traced.deciders.add(self._parts([*cuts, tree.args["order"]], scope), "limit")

    def _lost(self, tree: exp.Expr, scope: _Scope) -> Traced:
        """VALUES has no origin; of anything else it is known what is read and no more."""
        if isinstance(tree, exp.Values):
            return Traced({name: {} for name in _aliases(tree)})
        made: Made = {}
        for table in tree.find_all(exp.Table):
            add(made, dict.fromkeys(self._table(table, scope).rows, UNKNOWN))
        return Traced({EVERY: made}, dict.fromkeys(made, DIRECT))

    # -- what is read

    def _froms(self, tree: exp.Select) -> Iterator[exp.Expr]:
        if tree.args.get("from_") is not None:
            yield tree.args["from_"].this
        yield from tree.args.get("joins") or ()
        yield from tree.args.get("laterals") or ()

    def _source(self, part: exp.Expr, scope: _Scope, traced: Traced) -> None:
        join = part if isinstance(part, exp.Join) else None
        read = part.this if isinstance(part, exp.Join) else part
        found = self._read(read, scope)
        if read.args.get("pivots"):
            # What a pivot makes of its columns depends on the values that stand in them.
            found = _Source({}, found.rows, dict.fromkeys(found.rows, UNKNOWN), found.deciders)
        scope.sources[(_pivoted(read) or read.alias_or_name).lower()] = found
        for nested in read.args.get("joins") or ():
            self._source(nested, scope, traced)
        traced.deciders.merge(found.deciders)
        if join is None:
            add(traced.rows, found.rows)
            return
        if join.kind in ("SEMI", "ANTI"):
            traced.deciders.add(filtering([found.rows]), "on")
        else:
            add(traced.rows, found.rows)
        conditions = [c for c in (join.args.get("on"), join.args.get("match_condition")) if c is not None]
        traced.deciders.add(self._parts(conditions, scope), "on")
        for name in join.args.get("using") or ():
            for source in scope.sources.values():
                traced.deciders.add(filtering([_column(source, name.name)]), "on")

    def _read(self, read: exp.Expr, scope: _Scope) -> _Source:
        if isinstance(read, exp.Table):
            return self._table(read, scope)
        inner = read.this if isinstance(read, exp.Lateral) else read
        if isinstance(inner, exp.Query):
            return _as_source(_renamed(self.query(inner, scope), _aliases(read)))
        # `unnest(...)`, VALUES and functions: rows that are made of what they are given.
        made: Made = {}
        self._add(inner, DERIVED, scope, made)
        source = _Source({name.lower(): made for name in _aliases(read)}, {}, made)
        source.deciders.add(filtering([made]), "repeated")
        return source

    def _table(self, table: exp.Table, scope: _Scope) -> _Source:
        cte = scope.cte(table.name)
        if cte is not None:
            return _as_source(_renamed(cte, _aliases(table)))
        relation = self.names.get(table.name.lower())
        if relation is None:
            return _Source({})
        columns: dict[str, Made] = {c.lower(): {Origin(relation, c): DIRECT} for c in self.known[relation]}
        for written, name in zip(_aliases(table), self.known[relation], strict=False):
            columns[written.lower()] = {Origin(relation, name): DIRECT}
        own: Made | None = None if self.known[relation] else {Origin(relation, ""): DIRECT}
        return _Source(columns, {Origin(relation, None): DIRECT}, own)

    # -- expressions

    def _projected(self, tree: exp.Select, scope: _Scope) -> Iterator[tuple[str, Made]]:
        for select in tree.selects:
            if select.is_star:
                named = scope.source(select.table) if isinstance(select, exp.Column) and select.table else None
                yield EVERY, _unknown(scope.sources.values() if named is None else [named])
            else:
                made: Made = {}
                self._add(select.unalias(), DIRECT, scope, made)
                yield select.alias_or_name, made

    def _parts(self, parts: Sequence[exp.Expr], scope: _Scope) -> Made:
        """What the parts are made of, where they decide on rows."""
        made: Made = {}
        for part in parts:
            self._add(part, DERIVED, scope, made)
        return filtering([made])

    def _add(self, whole: exp.Expr, at_least: int, scope: _Scope, into: Made) -> None:
        """Puts in what an expression is made of; without recursion, for a chain of `or` is as deep as it is long."""
        waiting = [(whole, at_least)]
        while waiting:
            node, level = waiting.pop()
            if isinstance(node, exp.Paren | exp.Alias):
                waiting.append((node.this, level))
            elif isinstance(node, exp.Column):
                add(into, self._column(node, scope), level)
            elif isinstance(node, exp.TableColumn):  # a relation's name as a value: the whole row
                found = scope.source(node.name)
                add(into, {} if found is None else _whole(found))
            elif isinstance(node, exp.Query):
                self._subquery(node, max(level, DERIVED), scope, into)
            else:
                inner = AGGREGATED if isinstance(node, _AGGREGATES) else max(level, DERIVED)
                waiting += [(child, inner) for child in reversed(list(node.iter_expressions()))]
                window = scope.windows.get(node.alias.lower()) if isinstance(node, exp.Window) else None
                if window is not None and window is not node:
                    waiting.append((window, inner))
                if isinstance(node, _AGGREGATES) and node.find(exp.Column) is None:
                    for source in scope.sources.values():
                        add(into, source.rows, AGGREGATED)

    def _subquery(self, node: exp.Query, level: int, scope: _Scope, into: Made) -> None:
        traced = self.query(node, scope)
        for made in traced.columns.values():
            add(into, made, level)
        add(into, filtering([traced.rows, traced.deciders.filtering()]))

    def _column(self, node: exp.Column, scope: _Scope) -> Made:
        name = node.name.lower()
        if node.table:
            found = scope.source(node.table)
            return {} if found is None else _column(found, node.name)
        if node.find_ancestor(exp.Lambda) is not None and not _is_named(node, scope):
            return {}  # a word of the lambda's own
        output = next((made for n, made in scope.outputs.items() if n.lower() == name), None)
        if output is not None:
            return output
        made: Made = {}
        for source in scope.sources.values():
            if name in source.columns or source.any is not None:
                add(made, _column(source, node.name))
        return made or _unknown(scope.sources.values())


def _is_named(node: exp.Column, scope: _Scope) -> bool:
    return any(node.name.lower() in source.columns for source in scope.sources.values())


def _column(source: _Source, name: str) -> Made:
    """What a column of a source is made of; of one without a contract it is the column of that name."""
    found = source.columns.get(name.lower())
    if found is not None:
        return found
    if source.any is None:
        return _unknown([source])
    return {Origin(r, name if c == "" else c): k for (r, c), k in source.any.items()}


def _whole(source: _Source) -> Made:
    made: Made = {}
    for column in source.columns.values():
        add(made, column, DERIVED)
    if source.any is not None:
        add(made, _unknown([source]))
    return made


def _unknown(sources: Iterable[_Source]) -> Made:
    """What may be any column of what the sources read."""
    made: Made = {}
    for source in sources:
        add(made, dict.fromkeys(source.rows, UNKNOWN))
    return made


def _as_source(traced: Traced) -> _Source:
    """A select as another one reads it."""
    columns = {name.lower(): made for name, made in traced.columns.items()}
    return _Source(columns, traced.rows, traced.columns.get(EVERY), traced.deciders)


def _renamed(traced: Traced, names: Sequence[str]) -> Traced:
    """Under the names of `as t(a, b)`, as far as they go."""
    columns = list(traced.columns.items())
    renamed = {names[i] if i < len(names) else name: made for i, (name, made) in enumerate(columns)}
    return Traced(renamed, traced.rows, traced.deciders)


def _aliases(node: exp.Expr) -> list[str]:
    alias = node.args.get("alias")
    return [c.name for c in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []


def _pivoted(read: exp.Expr) -> str:
    pivots = read.args.get("pivots") or ()
    return next((p.alias for p in reversed(pivots) if p.alias), "")


def _aggregates(node: exp.Expr, select: exp.Select) -> bool:
    """Whether it makes one value of many rows of the select, a window not counted."""
    found = (a for a in node.find_all(exp.AggFunc) if a.parent_select is select)
    return any(a.find_ancestor(exp.Window) is None for a in found)


def _size(traced: Traced) -> int:
    return sum(len(m) + sum(m.values()) for m in traced.columns.values()) + len(traced.deciders.found)
