"""A whole `select`, for stages of kind `sql`: its relations, its columns with their types, its text per dialect.

The only importer of sqlglot, and imported only where such a stage stands.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from framework.diagnostics import suggest
from framework.expressions import types as t
from framework.expressions.syntax import Span
from framework.expressions.types import Type

PORTABLE = "duckdb"  # the dialect that authors write; others are made from it


class SelectProblem(Exception):
    """What is wrong with the select, and where in its text."""

    def __init__(self, message: str, span: Span, help: str | None = None) -> None:
        super().__init__(message)
        self.message, self.span, self.help = message, span, help


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    span: Span


def tables(text: str) -> tuple[Table, ...]:
    """The relations that a select names, each once, its own WITH left out. Raises SelectProblem."""
    tree = _parsed(text)
    own = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    found: dict[str, Table] = {}
    for table in tree.find_all(exp.Table):
        if table.name.lower() not in own and table.name not in found:
            found[table.name] = Table(table.name, _span(table, text))
    return tuple(found.values())


def placeholders(text: str) -> tuple[tuple[str, Span], ...]:
    """The variables that a select names, `:name`, each once. Raises SelectProblem for a place without a name."""
    found: dict[str, Span] = {}
    for node in _parsed(text).find_all(exp.Placeholder, exp.Parameter):
        place = re.search(rf":{node.name}\b", text) if isinstance(node, exp.Placeholder) and node.name else None
        if place is None:
            raise SelectProblem("a place for a value has no name", (0, len(text)), "write a variable as :name")
        found[node.name] = place.span()
    return tuple(found.items())


def columns(
    text: str, relations: Mapping[str, Sequence[tuple[str, Type]]], variables: Mapping[str, Type]
) -> tuple[tuple[str, Type], ...]:
    """The columns that come out, with the types that can be told. Raises SelectProblem."""
    schema: dict[str, object] = {
        name: {column: _type_text(type_) for column, type_ in known} for name, known in relations.items() if known
    }
    try:
        tree = qualify(_valued(text, variables), schema=schema, dialect=PORTABLE, quote_identifiers=False)
        tree = annotate_types(tree, schema=schema, dialect=PORTABLE)
    except OptimizeError as error:
        names = [column for known in relations.values() for column, _ in known]
        raise _unresolved(str(error), text, names) from None
    return tuple((select.alias_or_name, _type(select.type)) for select in tree.selects)


def rendered(text: str, dialect: str, variables: Mapping[str, Type]) -> str:
    """The select as a warehouse's dialect has it; a variable stands as `mark` gives it."""
    return _valued(text, variables).sql(dialect=dialect, pretty=True)


def mark(name: str) -> str:
    """What stands in a rendered select in the place of a variable: a word that no dialect spells otherwise."""
    return f"_variable_{name}_"


def _valued(text: str, variables: Mapping[str, Type]) -> exp.Query:
    """The tree with each variable as a value of its type."""

    def value(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Placeholder) and node.name in variables:
            return exp.cast(exp.Var(this=mark(node.name)), _type_text(variables[node.name]), dialect=PORTABLE)
        return node

    tree = _parsed(text).transform(value)
    assert isinstance(tree, exp.Query)
    return tree


@lru_cache(maxsize=256)
def _parsed(text: str) -> exp.Query:
    try:
        statements = sqlglot.parse(text, read=PORTABLE)
    except (ParseError, TokenError) as error:
        raise _explained(error, text) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        help = "write one `select ...`; what changes something cannot stand here"
        raise SelectProblem("one `select` is expected", (0, len(text)), help)
    return statements[0]


_TRY = "the select is DuckDB's SQL, and can be tried there"
# What the parser says, and how it is put to an author; the text that it stopped at comes in.
_PARSING = (
    ("Expecting )", "expected `)` behind `{}`"),
    ("Expected table name", "a relation is expected behind `{}`"),
    ("Required keyword", "something is missing behind `{}`"),
    ("Expected END", "expected `end` to close `case`"),
    ("", "`{}` was not expected here"),
)


def _explained(error: ParseError | TokenError, text: str) -> SelectProblem:
    detail = error.errors[0] if isinstance(error, ParseError) and error.errors else None
    if detail is None:
        help = "a text ends with ', a quoted name with \", and a comment that begins with /* with */"
        return SelectProblem("a quote or a comment of the select is not closed", (0, len(text)), help)
    said, token = str(detail.get("description") or ""), str(detail.get("highlight") or "")
    message = next(shown for begins, shown in _PARSING if said.startswith(begins))
    span = _ending(text, int(detail.get("line") or 1), int(detail.get("col") or 1), len(token))
    return SelectProblem(message.format(token), span, _TRY)


_UNRESOLVED = re.compile(
    r"(?P<many>Ambiguous column|Column|Unknown column:|Unknown table:|Alias already used:) '?(?P<name>[^'.]+)'?"
    r"(?:.*for table: '(?P<table>[^']+)')?(?:.*Line: (?P<line>\d+), Col: (?P<col>\d+))?"
)


def _unresolved(said: str, text: str, known: Sequence[str]) -> SelectProblem:
    """What the names of a select do not lead to."""
    match = _UNRESOLVED.match(said.partition("\n")[0])
    if match is None:
        return SelectProblem(
            "it cannot be told which columns come out", (0, len(text)), "write relation.column as name"
        )
    kind, name = match["many"], match["name"].strip()
    span = _ending(text, int(match["line"]), int(match["col"]), len(name)) if match["line"] else _first(name, text)
    if kind == "Ambiguous column" or (known.count(name) > 1 and not match["table"]):
        help = f"write relation.{name}, for the relation that is meant"
        return SelectProblem(f"more than one relation here has a column `{name}`", span, help)
    if kind == "Alias already used:":
        return SelectProblem(f"two relations of this select are named `{name}`", span, "give one of them another alias")
    if match["table"] or kind == "Unknown table:":
        missing = match["table"] or name
        help = "name it behind `from` or `join`; where it has an alias there, write the alias"
        return SelectProblem(f"no relation of this select is named `{missing}`", _first(missing, text), help)
    return SelectProblem(f"no relation here has a column `{name}`", span, suggest(name, known))


def _first(name: str, text: str) -> Span:
    """Where a name stands first in the text; all of it where it does not."""
    match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
    return match.span() if match else (0, len(text))


def _ending(text: str, line: int, column: int, length: int) -> Span:
    """The characters that end at a line and a column, as the parser counts them."""
    end = sum(len(part) for part in text.splitlines(keepends=True)[: line - 1]) + column
    end = min(max(end, 1), max(len(text), 1))
    return max(end - max(length, 1), 0), end


def _span(table: exp.Table, text: str) -> Span:
    meta = table.this.meta if isinstance(table.this, exp.Identifier) else {}
    start = meta.get("start")
    return (int(start), int(meta["end"]) + 1) if start is not None else (0, len(text))


_NAMES = {
    "string": "TEXT",
    "integer": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "json": "JSON",
}
_FAMILIES = {
    **dict.fromkeys(("TEXT", "VARCHAR", "CHAR", "NCHAR", "NVARCHAR"), t.STRING),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "BIGINT", "INT128", "UINT", "UBIGINT"), t.INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE"), t.DOUBLE),
    "BOOLEAN": t.BOOLEAN,
    "DATE": t.DATE,
    "TIMESTAMP": t.TIMESTAMP,
    "DATETIME": t.TIMESTAMP,
    "JSON": t.JSON,
}


def _type_text(type_: Type) -> str:
    return _NAMES.get(type_.name, str(type_).upper() if type_.name == "decimal" else "UNKNOWN")


def _type(type_: exp.DataType | None) -> Type:
    """A type of the language; unknown where sqlglot cannot tell."""
    if type_ is None:
        return t.UNKNOWN
    name = type_.this.name if hasattr(type_.this, "name") else str(type_.this)
    if name == "DECIMAL":
        digits = [int(p.name) for p in type_.expressions]
        return t.decimal(*digits) if len(digits) == 2 else t.UNKNOWN
    return _FAMILIES.get(name, t.UNKNOWN)
