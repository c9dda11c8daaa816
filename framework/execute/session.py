"""One connection of a run: statements with the run's clock and variables bound, and a driver's errors explained."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from framework.ddl import CreateView, Ddl, DropRelation, RenameTable
from framework.execute.catalog import Catalog
from framework.run import Status
from framework.warehouse import TAG, UNREACHABLE, Warehouse

NOTHING_TOLD: Mapping[str, str] = {}


class Stopped(Exception):  # carries a result, not a fault
    """The run cannot go on; `status` says whose fault that is, `lost` whether the connection is."""

    def __init__(
        self, status: Status, message: str, help: str | None = None, code: str | None = None, lost: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.help, self.code, self.lost = status, message, help, code, lost


def refused(message: str, help: str) -> Stopped:
    """The target as it is does not take what the pipeline makes."""
    return Stopped("refused", message, help, UNREACHABLE.id)


class Session:
    """`place` is what a message calls the target; `doing` is what an error of the driver is said to have happened in.
    `tag` says what the session's statements are for, to a warehouse that keeps a history of them.

    Where the connection is lost, the next transaction has a new one.
    """

    def __init__(
        self,
        connection: sa.Connection,
        warehouse: Warehouse,
        bound: Mapping[str, Any],
        place: str = "the target",
        tag: Mapping[str, str] = NOTHING_TOLD,
    ) -> None:
        self.connection, self.warehouse, self.bound, self.place = connection, warehouse, bound, place
        self.catalog, self.tag = Catalog(warehouse, connection), tag
        self.doing = "connecting"
        self._of_rows = False

    def begins(self, doing: str, relation: str | None = None) -> None:
        """What is done from here on, and for which stage or source."""
        self.doing = doing
        if self.tag:
            told = {**self.tag, **({} if relation is None else {"stage": relation})}
            self.connection.execution_options(**{TAG: told})

    @contextmanager
    def transaction(self, *, of_rows: bool = False) -> Iterator[None]:
        """With `of_rows` a statement that changes what tables are like is refused: it would commit what went before."""
        with self.connection.begin():
            self._of_rows = of_rows
            try:
                yield
            except BaseException:
                self.catalog.forget()
                raise
            finally:
                self._of_rows = False

    def do(self, statement: Any) -> Any:
        if self._of_rows and isinstance(statement, Ddl):
            raise RuntimeError(f"{type(statement).__name__} in a transaction of rows")
        compiled = statement.compile(dialect=self.connection.dialect)
        wanted = {name: value for name, value in self.bound.items() if name in compiled.binds}
        done = self.connection.execute(statement, wanted) if wanted else self.connection.execute(statement)
        self.catalog.heard(statement)
        return done

    def row(self, select: Any) -> Sequence[Any]:
        row: Sequence[Any] = self.do(select).one()
        return row

    def text(self, statement: Any) -> str:
        """The statement as the warehouse reads it."""
        return str(statement.compile(dialect=self.connection.dialect))

    def literal(self, statement: Any) -> str:
        """The statement as the warehouse reads it, the run's clock and variables written into it."""
        dialect, bound = self.connection.dialect, self.bound

        class Literal(dialect.statement_compiler):  # type: ignore[misc, name-defined]  # each dialect has its own
            def visit_bindparam(self, bindparam: Any, **options: Any) -> str:
                if bindparam.key in bound:
                    return str(self.render_literal_value(bound[bindparam.key], bindparam.type))
                return str(super().visit_bindparam(bindparam, **{**options, "literal_binds": True}))

        return str(Literal(dialect, statement))

    def relations(self, schema: str) -> Mapping[str, str]:
        return self.catalog.relations(schema)

    def columns(self, schema: str, name: str) -> Mapping[str, str]:
        return self.catalog.columns(schema, name)

    def drop(self, schema: str, *names: str) -> None:
        """Drops relations, views first, whatever they are now."""
        kinds = {name: kind for name, kind in self.relations(schema).items() if name in names}
        for name in sorted(kinds, key=lambda n: kinds[n] != "VIEW"):
            self.do(DropRelation(sa.table(name, schema=schema), kinds[name]))

    def replace(self, statement: Any) -> None:
        """A table or view in the place of what has its name now."""
        self.drop(statement.table.schema, statement.table.name)
        self.do(statement)

    def rename(self, schema: str, old: str, new: str) -> None:
        """A table takes another name; nothing happens where there is none."""
        if self.relations(schema).get(old) == "TABLE":
            self.drop(schema, new)
            self.do(RenameTable(sa.table(old, schema=schema), new))

    def show(self, view: CreateView, ours: Collection[tuple[str, str]]) -> None:
        """A view in the place of what has its name now; `ours` are the relations that may go with it."""
        schema, name = view.table.schema or "", view.table.name
        if self.relations(schema).get(name) == "TABLE":
            self.drop(schema, name)
        self.warehouse.show(self.connection, view, ours)
        self.catalog.heard(view)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """A driver's error becomes the end of the run, in words without a value or a secret."""
        try:
            yield
        except DBAPIError as error:
            refusal = self.warehouse.refusal(error.orig if isinstance(error.orig, Exception) else error)
            doing = f"{self.place}: {self.doing}" if refusal.of_target else self.doing
            lost = error.connection_invalidated
            raise Stopped("refused", f"{doing}: {refusal.message}", refusal.help, UNREACHABLE.id, lost) from None
        except SQLAlchemyError as error:
            raise Stopped("refused", f"{self.doing}: {type(error).__name__}", None, UNREACHABLE.id) from None
