"""The statements that SQLAlchemy has no words for, each one executable element."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement, ColumnElement
from sqlalchemy.sql.selectable import FromClause, TableClause

# The framework's own tables stand here, in every target.
FRAMEWORK_SCHEMA = "_framework"


class Ddl(Executable, ClauseElement):
    """A statement that changes what is there, not what it holds; it commits by itself on some warehouses."""

    inherit_cache = False

    def __init_subclass__(cls) -> None:
        # SQLAlchemy looks for the attribute in each class itself.
        cls.inherit_cache = False
        super().__init_subclass__()


@dataclass(frozen=True, slots=True)
class Storage:
    """How a table is kept: pieces of its CREATE, and what goes with it.

    `kind` stands before TABLE. `clauses`, each with the columns it names, stand behind the name. Rows are written
    in the order of `order_by`. Each of `indexes` is made of columns.
    """

    kind: str = ""
    clauses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    order_by: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()


PLAIN = Storage()


class CreateTableAs(Ddl):
    """A new table with the rows of a select; `empty` takes the columns alone, where there is no such table.

    `replaces` puts it in the place of one that has its name, with the rights on that: only where a warehouse can do so
    in one statement.
    """

    def __init__(
        self,
        table: TableClause,
        select: Any,
        *,
        empty: bool = False,
        replaces: bool = False,
        storage: Storage = PLAIN,
    ) -> None:
        self.table, self.select, self.empty, self.replaces, self.storage = table, select, empty, replaces, storage


class CreateIndex(Ddl):
    """An index that the warehouse names."""

    def __init__(self, table: TableClause, columns: tuple[str, ...]) -> None:
        self.table, self.columns = table, columns


class CreateView(Ddl):
    """A view; with `replaces`, in the place of one that has its name and no other columns."""

    def __init__(self, table: TableClause, select: Any, *, replaces: bool = False) -> None:
        self.table, self.select, self.replaces = table, select, replaces


class DropRelation(Ddl):
    """Drops a table or a view, if it is there. `kind` is TABLE or VIEW."""

    def __init__(self, table: TableClause, kind: str) -> None:
        self.table, self.kind = table, kind


class RenameTable(Ddl):
    def __init__(self, table: TableClause, name: str) -> None:
        self.table, self.name = table, name


class AddColumn(Ddl):
    def __init__(self, table: TableClause, column: str, type_name: str) -> None:
        self.table, self.column, self.type_name = table, column, type_name


class RenameColumn(Ddl):
    def __init__(self, table: TableClause, column: str, name: str) -> None:
        self.table, self.column, self.name = table, column, name


class DropColumn(Ddl):
    def __init__(self, table: TableClause, column: str) -> None:
        self.table, self.column = table, column


class Comment(Ddl):
    """What people are told of a table, or of one of its columns; an empty text tells nothing."""

    def __init__(self, table: TableClause, column: str | None, text: str) -> None:
        self.table, self.column, self.text = table, column, text


class CreateSchema(Ddl):
    def __init__(self, name: str) -> None:
        self.name = name


def _table(table: TableClause, compiler: SQLCompiler) -> str:
    return compiler.process(table, asfrom=True, ashint=False)


# What a file of Parquet cannot have in the name of a column, so that Delta has to keep another name there:
# docs.databricks.com/aws/en/tables/features/column-mapping
_ODD = frozenset(" ,;{}()\n\t=")


def mapped(columns: Iterable[str]) -> str:
    """The clause of a table on Databricks by which its columns may have any name; empty where they have plain ones."""
    return "TBLPROPERTIES ('delta.columnMapping.mode' = 'name')" if any(_ODD & set(c) for c in columns) else ""


@compiles(CreateTableAs)
def _create_table_as(element: CreateTableAs, compiler: SQLCompiler, **options: Any) -> str:
    select = compiler.process(element.select, **options)
    create = "CREATE OR REPLACE" if element.replaces else "CREATE"
    words = [create, element.storage.kind, "TABLE", "IF NOT EXISTS" if element.empty else ""]
    words.append(_table(element.table, compiler))
    for clause, columns in element.storage.clauses:
        words.append(f"{clause} {_listed(columns, compiler)}" if columns else clause)
    if compiler.dialect.name == "databricks":
        words.append(mapped(element.select.selected_columns.keys()))
    if element.replaces and compiler.dialect.name == "snowflake":
        words.append("COPY GRANTS")
    return f"{' '.join(filter(None, words))} AS\n{select}"


def _listed(columns: Iterable[str], compiler: SQLCompiler) -> str:
    return f"({', '.join(compiler.preparer.quote(c) for c in columns)})"


@compiles(CreateIndex)
def _create_index(element: CreateIndex, compiler: SQLCompiler, **_: Any) -> str:
    return f"CREATE INDEX ON {_table(element.table, compiler)} {_listed(element.columns, compiler)}"


@compiles(CreateView)
def _create_view(element: CreateView, compiler: SQLCompiler, **options: Any) -> str:
    create = "CREATE OR REPLACE VIEW" if element.replaces else "CREATE VIEW"
    return f"{create} {_table(element.table, compiler)} AS\n{compiler.process(element.select, **options)}"


@compiles(DropRelation)
def _drop(element: DropRelation, compiler: SQLCompiler, **_: Any) -> str:
    return f"DROP {element.kind} IF EXISTS {_table(element.table, compiler)}"


@compiles(RenameTable)
def _rename(element: RenameTable, compiler: SQLCompiler, **_: Any) -> str:
    return f"ALTER TABLE {_table(element.table, compiler)} RENAME TO {compiler.preparer.quote(element.name)}"


@compiles(RenameTable, "snowflake", "databricks")
def _rename_in_place(element: RenameTable, compiler: SQLCompiler, **_: Any) -> str:
    """A bare new name would be looked up in the session's schema."""
    old, new = (compiler.preparer.format_table(element.table, name=n) for n in (None, element.name))
    return f"ALTER TABLE {old} RENAME TO {new}"


@compiles(AddColumn)
def _add_column(element: AddColumn, compiler: SQLCompiler, **_: Any) -> str:
    column = compiler.preparer.quote(element.column)
    return f"ALTER TABLE {_table(element.table, compiler)} ADD COLUMN {column} {element.type_name}"


@compiles(RenameColumn)
def _rename_column(element: RenameColumn, compiler: SQLCompiler, **_: Any) -> str:
    column, name = (compiler.preparer.quote(n) for n in (element.column, element.name))
    return f"ALTER TABLE {_table(element.table, compiler)} RENAME COLUMN {column} TO {name}"


@compiles(DropColumn)
def _drop_column(element: DropColumn, compiler: SQLCompiler, **_: Any) -> str:
    return f"ALTER TABLE {_table(element.table, compiler)} DROP COLUMN {compiler.preparer.quote(element.column)}"


@compiles(Comment)
def _comment(element: Comment, compiler: SQLCompiler, **_: Any) -> str:
    table, text = _table(element.table, compiler), compiler.render_literal_value(element.text, sa.Text())
    if element.column is None:
        return f"COMMENT ON TABLE {table} IS {text}"
    return f"COMMENT ON COLUMN {table}.{compiler.preparer.quote(element.column)} IS {text}"


@compiles(Comment, "snowflake", "databricks")
def _comment_altered(element: Comment, compiler: SQLCompiler, **options: Any) -> str:
    if element.column is None:
        return str(_comment(element, compiler, **options))
    text = compiler.render_literal_value(element.text, sa.Text())
    column = compiler.preparer.quote(element.column)
    return f"ALTER TABLE {_table(element.table, compiler)} ALTER COLUMN {column} COMMENT {text}"


@compiles(CreateSchema)
def _create_schema(element: CreateSchema, compiler: SQLCompiler, **_: Any) -> str:
    return f"CREATE SCHEMA IF NOT EXISTS {compiler.preparer.quote(element.name)}"


def table(schema: str | None, name: str, *columns: str) -> TableClause:
    """A table by name; columns as given."""
    return sa.table(name, *(sa.column(c) for c in columns), schema=schema)


def column_of(source: FromClause, name: str) -> ColumnElement[Any]:
    """A column of whatever can be selected from, by its name there.

    `source.c` would make a column object for each column of each level below; a plan of thousands of stages spends
    more on those than on all else.
    """
    return sa.column(name, _selectable=source)
