"""What a whole `select` does to the relations that it reads, in terms of their own: `relational`.

The tree is followed through subqueries, WITH and set operations. A part of which it cannot be said what it does is
`Lost`, and what stands around it goes on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlglot import exp

from framework.expressions import types as t
from framework.expressions.catalogue import function
from framework.expressions.relational import (
    Columns,
    Computed,
    Distinct,
    Filtered,
    Grouped,
    Joined,
    Lost,
    Named,
    Projected,
    Scan,
    Term,
    United,
)
from framework.expressions.select import parsed, qualified
from framework.expressions.select import values as v
from framework.expressions.select.values import Correlated, Untold, Values
from framework.expressions.tree import TRUE, Call, Expression, Reference, calls_native
from framework.expressions.types import Type

Types = dict[str, Type]
_Described = tuple[Term, Types]
_Ctes = Mapping[str, _Described]

_KNOWN = frozenset(
    [
        *("with_", "expressions", "from_", "joins", "where", "group", "having", "qualify", "windows"),
        *("distinct", "order", "limit", "offset"),
    ]
)


def described(
    text: str, relations: Mapping[str, Sequence[tuple[str, Type]]], variables: Mapping[str, Type]
) -> Term | None:
    """What comes out of a select; None where nothing can be said of it. Raises SelectProblem."""
    names = {column.lower() for known in relations.values() for column, _ in known}
    if _ambiguous(parsed(text), names if all(relations.values()) else None):
        return None
    tree = qualified(text, relations, variables)
    try:
        return _Describer(relations).query(tree, {})[0]
    except (Untold, Correlated, RecursionError):
        return None


class _Describer:
    def __init__(self, relations: Mapping[str, Sequence[tuple[str, Type]]]) -> None:
        self.relations = {name.lower(): (name, known) for name, known in relations.items()}

    # -- queries

    def query(self, tree: exp.Expr, ctes: _Ctes) -> _Described:
        """Raises Untold where not even the names of the columns are known."""
        names = tuple(s.alias_or_name.lower() for s in tree.selects) if isinstance(tree, exp.Query) else ()
        if not names or "*" in names or len(set(names)) < len(names):
            raise Untold
        try:
            return self._query(tree, ctes)
        except Untold:
            return Lost(names), dict.fromkeys(names, t.UNKNOWN)

    def _query(self, tree: exp.Expr, ctes: _Ctes) -> _Described:
        with_ = tree.args.get("with_")
        for cte in () if with_ is None else with_.expressions:
            found = self.query(cte.this, ctes)
            if with_ is not None and with_.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
                found = Lost(tuple(found[1])), dict.fromkeys(found[1], t.UNKNOWN)
            ctes = {**ctes, cte.alias.lower(): _renamed(found, cte)}
        if isinstance(tree, exp.Subquery):
            return self.query(tree.this, ctes)
        if isinstance(tree, exp.SetOperation):
            return self._set(tree, ctes)
        if isinstance(tree, exp.Select) and set(v.filled(tree)) <= _KNOWN:
            return self._select(tree, ctes)
        raise Untold

    def _set(self, tree: exp.SetOperation, ctes: _Ctes) -> _Described:
        if any(tree.args.get(word) for word in ("by_name", "side", "kind", "on")):
            raise Untold
        distinct = bool(tree.args.get("distinct"))
        if isinstance(tree, exp.Union):
            found = [self.query(branch, ctes) for branch in _branches(tree, distinct=distinct)]
            term, types = _united(found)
        else:
            (term, types), (_, others) = self.query(tree.left, ctes), self.query(tree.right, ctes)
            pairs = list(zip(types.values(), others.values(), strict=False))
            if any(one != other or one == t.UNKNOWN for one, other in pairs):
                term, types = Lost(tuple(types)), dict.fromkeys(types, t.UNKNOWN)
        return (Distinct(term) if distinct else term), types

    def _select(self, tree: exp.Select, ctes: _Ctes) -> _Described:
        sources: dict[str, Types] = {}
        term = self._from(tree, sources, ctes)
        windows = {w.name.lower(): w for w in tree.args.get("windows") or ()}
        rows = Values(sources, windows)
        if tree.args.get("where") is not None:
            term = _filtered(term, rows.conditions(tree.args["where"].this))
        by = self._by(tree)
        grouped = by is not None
        if by is not None:
            rows = Values(sources, windows, grouped=True)
            term = self._grouped(tree, term, by, Values(sources), rows)
        columns = [(s.alias_or_name, rows.value(s.unalias(), name=s.alias_or_name)) for s in tree.selects]
        having = [] if tree.args.get("having") is None else rows.conditions(tree.args["having"].this)
        qualify = [] if tree.args.get("qualify") is None else rows.conditions(tree.args["qualify"].this)
        if grouped:
            assert isinstance(term, Grouped)
            term = _filtered(Grouped(term.input, term.by, v.columns_of(rows.measures)), having)
        elif rows.measures:
            raise Untold
        if rows.windows:
            term = Computed(term, v.columns_of(rows.windows))
        term = Projected(_filtered(term, qualify), tuple(columns))
        distinct = tree.args.get("distinct")
        if distinct is not None and distinct.args.get("on") is None:
            term = Distinct(term)
        return term, {name.lower(): value.type for name, value in columns}

    def _by(self, tree: exp.Select) -> list[exp.Expr] | None:
        """What the rows are grouped by; None where they are not."""
        group = tree.args.get("group")
        if group is None:
            over = [
                *tree.selects,
                *(tree.args[c] for c in ("having", "qualify", "order") if tree.args.get(c) is not None),
            ]
            return [] if tree.args.get("having") is not None or any(_aggregates(s, tree) for s in over) else None
        if not set(v.filled(group)) <= {"expressions", "all"}:
            raise Untold
        if group.args.get("all"):
            found = [s.unalias() for s in tree.selects if not _aggregates(s, tree)]
        else:
            found = [e.unnest() for e in group.expressions]
        by = []
        for e in found:
            if isinstance(e, exp.Literal):  # a number of a column of the select, whose value is one for all rows
                index = int(e.name) - 1 if e.is_int else -1
                if not group.args.get("all") and not (
                    0 <= index < len(tree.selects) and isinstance(tree.selects[index].unalias(), exp.Literal)
                ):
                    raise Untold
            else:
                by.append(e)
        return by

    def _grouped(self, tree: exp.Select, term: Term, by: list[exp.Expr], before: Values, rows: Values) -> Grouped:
        """The groups, without their measures; `rows` then read what is grouped by."""
        found: list[tuple[str, Expression]] = []
        names = {s.unalias().unnest(): s.alias_or_name for s in tree.selects}
        for index, e in enumerate(by):
            value = before.value(e)
            if before.windows or before.measures:
                raise Untold
            name = names.get(e, "")
            name = f"_by_{index}" if not name or name in (n for n, _ in found) else name
            found.append((name, value))
            rows.by.append((e, Reference(value.type, value.nullable, name)))
        return Grouped(term, tuple(found), ())

    # -- what is read

    def _from(self, tree: exp.Select, sources: dict[str, Types], ctes: _Ctes) -> Term:
        first = tree.args.get("from_")
        if first is None:
            return Grouped(Lost(()), (), ())  # one row
        term = self._source(first.this, tree, sources, ctes)
        for join in tree.args.get("joins") or ():
            if not set(v.filled(join)) <= {"this", "side", "kind", "on"}:
                raise Untold
            right = self._source(join.this, tree, sources, ctes)
            on = TRUE if join.args.get("on") is None else Values(sources).value(join.args["on"])
            if calls_native(on):
                raise Untold
            term = _joined(term, right, join.side.upper(), join.kind.upper(), on)
        return term

    def _source(self, read: exp.Expr, tree: exp.Select, sources: dict[str, Types], ctes: _Ctes) -> Term:
        alias = read.alias_or_name.lower()
        if not alias or alias in sources or not set(v.filled(read)) <= {"this", "alias"}:
            raise Untold
        if isinstance(read, exp.Table) and isinstance(read.this, exp.Identifier):
            found = ctes.get(read.name.lower()) or self._scan(read.name.lower(), alias, tree)
        elif isinstance(read, exp.Subquery):
            self._refuse_correlated(read, first=not sources)
            found = self.query(read.this, ctes)
        else:
            raise Untold
        term, types = _renamed(found, read)
        sources[alias] = types
        return Named(term, tuple((v.qualified(alias, c), c) for c in types))

    def _refuse_correlated(self, read: exp.Subquery, *, first: bool) -> None:
        """Raises Correlated for what reads the rows beside it, or may: of a relation without a contract nobody knows
        which columns it lacks."""
        own = {table.alias_or_name.lower() for table in read.find_all(exp.Table, exp.Subquery)}
        read_by = (table.name.lower() for table in read.find_all(exp.Table))
        open_ = any(not self.relations.get(name, ("", "known"))[1] for name in read_by)
        if (open_ and not first) or any(c.table and c.table.lower() not in own for c in read.find_all(exp.Column)):
            raise Correlated

    def _scan(self, name: str, alias: str, tree: exp.Select) -> _Described:
        if name not in self.relations:
            raise Untold
        relation, known = self.relations[name]
        types = {column.lower(): type_ for column, type_ in known}
        if not types:  # without a contract, of which the columns are known that are read
            read = (c.name.lower() for c in tree.find_all(exp.Column) if c.table.lower() == alias)
            types = dict.fromkeys(read, t.UNKNOWN)
        return Scan(relation, tuple(types)), types


def _renamed(found: _Described, node: exp.Expr) -> _Described:
    """Under the names of `as x(a, b)`, as far as they go."""
    alias = node.args.get("alias")
    names = [c.name.lower() for c in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []
    term, types = found
    if not names:
        return found
    pairs = [(names[i] if i < len(names) else old, old) for i, old in enumerate(types)]
    if len({new for new, _ in pairs}) < len(pairs):
        raise Untold
    return Named(term, tuple(pairs)), {new: types[old] for new, old in pairs}


def _joined(left: Term, right: Term, side: str, kind: str, on: Expression) -> Term:
    match side, kind:
        case "", "" | "INNER" | "CROSS":
            return Joined(left, right, "inner", on)
        case "LEFT", "" | "OUTER":
            return Joined(left, right, "left", on)
        case "RIGHT", "" | "OUTER":
            return Joined(right, left, "left", on)
        case "FULL", "" | "OUTER":
            return Joined(left, right, "full", on)
        case (("" | "LEFT"), "SEMI"):
            return Joined(left, right, "semi", on)
        case (("" | "LEFT"), "ANTI"):
            return left
    raise Untold


def _filtered(term: Term, conditions: Sequence[Expression]) -> Term:
    return Filtered(term, v.both(conditions)) if conditions else term


def _branches(tree: exp.Expr, *, distinct: bool) -> list[exp.Expr]:
    """The selects that are put one after another; where what comes of all is made distinct, at any depth."""
    found: list[exp.Expr] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        plain = isinstance(node, exp.Union) and set(v.filled(node)) <= {"this", "expression", "distinct"}
        if node is tree or (plain and (distinct or not node.args.get("distinct"))):
            waiting += [node.args["expression"], node.this]
        else:
            found.append(node)
    return found


def _united(found: Sequence[_Described]) -> _Described:
    """By position; a column whose type is not surely the same in all of them may be converted."""
    names, width = list(found[0][1]), len(found[0][1])
    if any(len(types) != width for _, types in found):
        raise Untold
    types: Types = {}
    for index, name in enumerate(names):
        kinds = {list(own.values())[index] for _, own in found}
        types[name] = kinds.pop() if len(kinds) == 1 else t.UNKNOWN
    branches = []
    for term, own in found:
        columns: Columns = tuple(
            (name, _as(Reference(type_, True, old), types[name]))
            for name, (old, type_) in zip(names, own.items(), strict=True)
        )
        branches.append(Projected(term, columns))
    return United(tuple(branches)), types


def _as(column: Reference, type_: Type) -> Expression:
    return column if type_ != t.UNKNOWN else Call(type_, True, function("cast"), (column,))


def _aggregates(node: exp.Expr, select: exp.Select) -> bool:
    """Whether it makes one value of many rows of the select, a window not counted."""
    return any(a.parent_select is select and not isinstance(_around(a), exp.Window) for a in node.find_all(exp.AggFunc))


def _around(aggregate: exp.Expr) -> exp.Expr | None:
    found = aggregate.parent
    while isinstance(found, exp.Filter | exp.WithinGroup | exp.IgnoreNulls | exp.RespectNulls):
        found = found.parent
    return found


# -- names that may mean two things


def _ambiguous(tree: exp.Query, columns: set[str] | None) -> bool:
    """Whether a word of a select may be a column that it reads or one that it makes, or what either side of a join has:
    warehouses differ in which it is. `columns` are those of all that is read, None where they are not all known."""
    made = Counter(s.alias_or_name.lower() for select in tree.find_all(exp.Select) for s in select.selects)
    return any(_merged(select) or _reused(select, columns, made) for select in tree.find_all(exp.Select))


def _merged(select: exp.Select) -> bool:
    joins = select.args.get("joins") or ()
    merged = any(j.args.get("using") or j.method for j in joins)
    return merged and len(joins) > 1 and any(j.side in ("RIGHT", "FULL") for j in joins)


def _reused(select: exp.Select, columns: set[str] | None, made: Mapping[str, int]) -> bool:
    earlier: set[str] = set()
    for item in select.selects:
        if _reads(item, earlier):
            return True
        name = item.alias_or_name.lower()
        copied = isinstance(item.unalias(), exp.Column) and item.unalias().name.lower() == name
        if not copied and (columns is None or name in columns or made[name] > 1):
            earlier.add(name)
    clauses = [select.args.get(c) for c in ("group", "having", "qualify", "windows", "distinct")]
    parts = (part for clause in clauses if clause for part in (clause if isinstance(clause, list) else [clause]))
    return any(_reads(part, earlier) for part in parts)


def _reads(node: exp.Expr, names: set[str]) -> bool:
    return any(not c.table and c.name.lower() in names for c in node.find_all(exp.Column))
