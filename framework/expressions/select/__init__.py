"""A whole `select`, for stages of kind `sql`: its relations, its columns with their types, its text per dialect.

This package alone imports sqlglot, and is imported only where such a stage stands.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from framework.diagnostics import suggest
from framework.expressions import types as t
from framework.expressions.select.scopes import of_with
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
    tree = parsed(text)
    found: dict[str, Table] = {}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            message = "a function cannot stand where a relation is read"
            raise SelectProblem(message, _around(table, text), "name a source or a stage of the pipeline")
        if table.db:
            span = _around(table, text)
            message = f"`{text[slice(*span)]}` names more than a relation"
            raise SelectProblem(message, span, "write the name of the source or stage alone")
        if not of_with(table) and table.name not in found:
            found[table.name] = Table(table.name, _span(table, text))
    return tuple(found.values())


def placeholders(text: str) -> tuple[tuple[str, Span], ...]:
    """The variables that a select names, `:name`, each once. Raises SelectProblem for a place without a name."""
    found: dict[str, Span] = {}
    for node in parsed(text).find_all(exp.Placeholder, exp.Parameter):
        place = re.search(rf":{node.name}\b", text) if isinstance(node, exp.Placeholder) and node.name else None
        if place is None:
            raise SelectProblem("a place for a value has no name", (0, len(text)), "write a variable as :name")
        found[node.name] = place.span()
    return tuple(found.items())


def clock(text: str) -> frozenset[str]:
    """What a select asks of the run's clock: `now`, `current_date`. Raises SelectProblem."""
    words = (word for word, node in _functions(text) if _asks_clock(word, node))
    return frozenset("current_date" if _CLOCK[word] in _DAYS else "now" for word in words)


def unrepeatable(text: str) -> tuple[SelectProblem, ...]:
    """What of a select would not be the same in a second run over the same rows. Raises SelectProblem."""
    found: list[SelectProblem] = []
    for word, node in _functions(text):
        if word in _ANEW:
            help = "make it of the row's columns, md5(id) say; what must come from outside is a variable, written :name"
            found.append(SelectProblem(f"`{word}` gives another value each time", _written(node, text), help))
        elif word in _OUTSIDE:
            help = "give it as a variable of the pipeline, written :name"
            found.append(SelectProblem(f"`{word}` tells of the session, not of the rows", _written(node, text), help))
        elif word in _CLOCK and isinstance(node.parent, exp.Dot):
            help = f"write {word}() without what stands before it"
            found.append(SelectProblem(f"`{word}` is the run's clock, and stands alone", _written(node, text), help))
    for _ in parsed(text).find_all(exp.TableSample):
        help = "choose rows by what they hold, or with order by and limit"
        found.append(SelectProblem("a sample takes other rows each time", _first("sample", text, "tablesample"), help))
    for node in parsed(text).find_all(exp.Cast):
        if isinstance(node.this, exp.Literal) and node.this.name.strip().lower() in _MOMENTS:
            word = f"'{node.this.name}'"
            help = "write current_date or now(), which are the run's start"
            found.append(SelectProblem(f"{word} moves with the clock of the warehouse", _first(word, text), help))
    return tuple(found)


def columns(
    text: str, relations: Mapping[str, Sequence[tuple[str, Type]]], variables: Mapping[str, Type]
) -> tuple[tuple[str, Type], ...]:
    """The columns that come out, with the types that can be told. Raises SelectProblem."""
    tree = qualified(text, relations, variables)
    _refuse_unnamed(text)
    _refuse_shadowed(text, {column.lower() for known in relations.values() for column, _ in known})
    return tuple((select.alias_or_name, _type(select.type)) for select in tree.selects)


def qualified(
    text: str, relations: Mapping[str, Sequence[tuple[str, Type]]], variables: Mapping[str, Type]
) -> exp.Query:
    """The tree with each column under the name of what it is read from, and types. Raises SelectProblem."""
    schema: dict[str, object] = {
        name: {column: _type_text(type_) for column, type_ in known} for name, known in relations.items() if known
    }
    try:
        tree = qualify(_valued(text, variables), schema=schema, dialect=PORTABLE, quote_identifiers=False)
        tree = annotate_types(tree, schema=schema, dialect=PORTABLE)
    except OptimizeError as error:
        names = [column for known in relations.values() for column, _ in known]
        raise _unresolved(str(error), text, names) from None
    assert isinstance(tree, exp.Query)
    return tree


def _refuse_unnamed(text: str) -> None:
    """Raises SelectProblem for a column that comes out without a name: each warehouse would make one of its own."""
    for index, select in enumerate(parsed(text).selects, start=1):
        if not (isinstance(select.unnest(), exp.Column | exp.Star) or select.is_star or select.alias):
            raise SelectProblem(
                f"column {index} of the select has no name", _around(select, text), "write `... as name`"
            )


def _refuse_shadowed(text: str, columns: Collection[str]) -> None:
    """Raises SelectProblem for a word that is a column to one warehouse and a function to another."""
    for word, node in _functions(text):
        if word in columns and "start" not in node.meta:
            help = f'write the column as "{word}" or relation.{word}, and the function as {word}()'
            raise SelectProblem(f"`{word}` may be the column or the function", _written(node, text), help)


def rendered(text: str, dialect: str, variables: Mapping[str, Type]) -> str:
    """The select as a warehouse's dialect has it; a variable stands as `mark` gives it."""
    return _valued(text, variables).sql(dialect=dialect, pretty=True)


def clocked(name: str) -> str:
    """The name, among the variables of a select, of a moment of the run's clock: no author can write it."""
    return f"_{name}"


def mark(name: str) -> str:
    """What stands in a rendered select in the place of a variable: a word that no dialect spells otherwise."""
    return f"_variable_{name}_"


def _valued(text: str, variables: Mapping[str, Type]) -> exp.Query:
    """The tree with each variable, and each word for the run's clock, as a value of its type."""

    def value(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Func) and _asks_clock(_word(node, text), node):
            return _moment(_word(node, text), node)
        if isinstance(node, exp.Placeholder) and node.name in variables:
            return exp.cast(exp.Var(this=mark(node.name)), _type_text(variables[node.name]), dialect=PORTABLE)
        return node

    tree = parsed(text).transform(value)
    assert isinstance(tree, exp.Query)
    return tree


# -- what is not made of the rows

# Each word for the clock, with the type that it has in DuckDB.
_CLOCK = {
    **dict.fromkeys(("current_date", "today"), "DATE"),
    **dict.fromkeys(("now", "current_timestamp", "get_current_timestamp", "transaction_timestamp"), "TIMESTAMPTZ"),
    # What other warehouses call it.
    **dict.fromkeys(("statement_timestamp", "clock_timestamp", "getdate", "systimestamp"), "TIMESTAMPTZ"),
    **dict.fromkeys(("localtimestamp", "current_localtimestamp", "current_datetime"), "TIMESTAMP"),
    **dict.fromkeys(("sysdate", "getutcdate", "utc_timestamp"), "TIMESTAMP"),
    # A time of day is UTC's, whether DuckDB gives it a zone or not.
    **dict.fromkeys(("current_time", "get_current_time", "localtime", "current_localtime", "utc_time"), "TIME"),
    "utc_date": "DATE",
    "age": "AGE",  # with one argument: the time from it to the day of the run
    "ago": "AGO",
}
_DAYS = ("DATE", "AGE")
# What Postgres reads as a moment of its own clock where it is cast.
_MOMENTS = ("now", "today", "tomorrow", "yesterday")
# DuckDB's own list of them is held against these: tests/unit/test_select.py.
_ANEW = frozenset(
    [
        *("random", "rand", "random_normal", "setseed", "randstr", "uniform", "normal", "shuffle"),
        *("uuid", "gen_random_uuid", "uuidv4", "uuidv7", "generate_uuid", "uuid_string", "uuid_generate_v4", "newid"),
        *("nextval", "currval", "lastval", "txid_current", "pg_current_xact_id", "current_transaction_id"),
        *("timeofday", "unix_timestamp", "monotonically_increasing_id", "write_log", "sleep_ms", "pg_sleep", "stats"),
    ]
)
_OUTSIDE = frozenset(
    [
        *(
            "current_user",
            "session_user",
            "current_role",
            "user",
            "version",
            "current_setting",
            "getvariable",
            "getenv",
        ),
        *("current_database", "current_catalog", "current_schema", "current_schemas", "in_search_path"),
        *("current_query", "current_query_id", "current_connection_id", "pg_backend_pid"),
        *("inet_client_addr", "inet_client_port", "inet_server_addr", "inet_server_port"),
        *("pg_conf_load_time", "pg_postmaster_start_time"),
    ]
)


def _functions(text: str) -> Iterator[tuple[str, exp.Func]]:
    """Every function that a select calls, by the word that calls it."""
    for node in parsed(text).find_all(exp.Func):
        yield _word(node, text), node


def _word(node: exp.Func, text: str) -> str:
    """The word that calls a function, in lower case."""
    start, end = _written(node, text)
    word = re.match(r'"?(\w+)', text[start:end]) if "start" in node.meta else None
    return (node.sql_name() if word is None else word[1]).lower()


def _asks_clock(word: str, node: exp.Func) -> bool:
    return word in _CLOCK and (word != "age" or len(node.expressions) == 1)


def _moment(word: str, node: exp.Func) -> exp.Expression:
    """The run's clock as the type that the word has in DuckDB."""
    kind = _CLOCK[word]
    name = clocked("current_date" if kind in _DAYS else "now")

    def moment(*types: str) -> exp.Expression:
        value: exp.Expression = exp.Var(this=mark(name))
        for type_ in types:
            value = exp.cast(value, type_, dialect=PORTABLE)
        return value

    match kind:
        case "AGE":
            return exp.Anonymous(this="AGE", expressions=[moment("DATE", "TIMESTAMP"), node.expressions[0]])
        case "AGO":
            return exp.Paren(this=exp.Sub(this=moment("TIMESTAMP", "TIMESTAMPTZ"), expression=node.expressions[0]))
        case "DATE":
            return moment("DATE")
        case "TIMESTAMP":
            return moment("TIMESTAMP")
    return moment("TIMESTAMP", kind)


@lru_cache(maxsize=256)
def parsed(text: str) -> exp.Query:
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


def _first(name: str, text: str, *others: str) -> Span:
    """Where one of the names stands first in the text; all of it where none does."""
    names = "|".join(re.escape(n) for n in (name, *others))
    match = re.search(rf"(?<!\w)(?:{names})(?!\w)", text, re.IGNORECASE)
    return match.span() if match else (0, len(text))


def _ending(text: str, line: int, column: int, length: int) -> Span:
    """The characters that end at a line and a column, as the parser counts them."""
    end = sum(len(part) for part in text.splitlines(keepends=True)[: line - 1]) + column
    end = min(max(end, 1), max(len(text), 1))
    return max(end - max(length, 1), 0), end


def _written(node: exp.Func, text: str) -> Span:
    """Where a function is called; the parser does not say so of a word without parentheses."""
    meta = node.meta
    return (int(meta["start"]), int(meta["end"]) + 1) if "start" in meta else _first(node.sql_name().lower(), text)


def _around(node: exp.Expr, text: str) -> Span:
    """From the first word of an expression to its last, as far as the parser says where they are."""
    known = [part.meta for part in node.walk() if "start" in part.meta]
    if known:
        return min(m["start"] for m in known), max(m["end"] for m in known) + 1
    return _written(node, text) if isinstance(node, exp.Func) else (0, len(text))


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
    # Sessions run in UTC: what has a zone is the same moment without one.
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPNTZ", "TIMESTAMPTZ", "TIMESTAMPLTZ", "DATETIME"), t.TIMESTAMP),
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
