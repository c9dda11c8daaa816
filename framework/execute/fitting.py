"""A published table that stands, held against what the pipeline would have there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from framework import standing
from framework.compile.program import StageProgram
from framework.compile.tables import Tables
from framework.ddl import AddColumn, Comment, RenameColumn
from framework.execute.session import Session, refused
from framework.execute.settings import Settings
from framework.obstacles import ANEW, of_one_key, rekeyed
from framework.plan import StagePlan
from framework.standing import Making


@dataclass(frozen=True, slots=True)
class Standing:
    """The columns of a table with their types, none where there is no such table; those of its candidate; how the
    table was made, None where that is not known.

    A column has the name that the stage gives it; `written` are those that the table has in another case.
    """

    columns: Mapping[str, str]
    new: Mapping[str, str]
    making: Making | None
    written: Mapping[str, str] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether its rows can be replaced where they are."""
        return not self.written and list(self.columns.items()) == list(self.new.items())

    @property
    def kept(self) -> list[str]:
        """The columns that are, or will be, in the table with the type that the candidate gives them."""
        return [name for name, kind in self.new.items() if self.columns.get(name, kind) == kind]

    def known_by(self, stage: StagePlan) -> bool:
        """Whether each row that stands has a key of the stage to itself. `replace` alone takes a table of another key:
        in one of more columns a new row may find several, and in one without a key any number."""
        assert stage.publication is not None
        if self.making is None or of_one_key(self.making, stage.publication):
            return True
        was, now = ({name.lower() for name in made.key} for made in (self.making, stage.publication))
        return bool(was) and was <= now

    @property
    def names(self) -> Mapping[str, str]:
        """The table's columns, each with the name that it has there."""
        return {name: self.written.get(name, name) for name in self.columns}


def found(session: Session, stage: StagePlan, tables: Tables) -> Standing:
    schema = tables.schema(stage)
    new = {n: kind for n, kind in session.columns(schema, f"{stage.name}__new").items() if n in stage.relation.names}
    if session.relations(schema).get(stage.name) != "TABLE":
        return Standing({}, new, None)
    ours = {name.lower(): name for name in stage.relation.names}
    kinds = session.columns(schema, stage.name)
    columns = {ours.get(name.lower(), name): kind for name, kind in kinds.items()}
    written = {now: name for now, name in zip(columns, kinds, strict=True) if now != name}
    if not session.warehouse.respells_columns:
        written = {}
    return Standing(columns, new, standing.making(session.connection, stage.name), written)


def made(program: StageProgram) -> Making:
    """How the pipeline would make the table."""
    publication, publish = program.stage.publication, program.publish
    assert publication is not None
    assert publish is not None
    told = {"": program.stage.description, **{c.name: c.description for c in program.stage.relation.columns}}
    comments = {name: text for name, text in told.items() if text}
    return Making(publication.mode, publication.key, publication.surrogate_key, publish.create.storage, comments)


def comments(program: StageProgram, tables: Tables, stood: Making | None) -> Iterator[Comment]:
    """The statements that tell people of a table and its columns, where that is not told yet."""
    before, now = {} if stood is None else stood.comments, made(program).comments
    for name in (*now, *(gone for gone in before if gone not in now)):
        there = not name or name in program.stage.relation.names
        if there and now.get(name, "") != before.get(name, ""):
            yield Comment(tables.live(program.stage), name or None, now.get(name, ""))


def show(session: Session, program: StageProgram, tables: Tables, settings: Settings) -> None:
    """The table as it will be, for the stages that read it. Raises Stopped where it cannot take the candidate."""
    assert program.publish is not None
    columns: Mapping[str, str] = {}
    if not settings.full_refresh:
        stands = found(session, program.stage, tables)
        refuse(program.stage, stands)
        columns = stands.names
    if columns and program.publish.ahead is not None:
        _refuse_ahead(program.stage, int(session.row(program.publish.ahead)[0]))
    session.do(program.publish.next(columns, settings.started_at))
    if program.publish.held is not None:
        session.replace(program.publish.held)


def refuse(stage: StagePlan, stands: Standing) -> None:
    """Raises Stopped where the rows that stand would lose a value, or their key."""
    if not stands.columns:
        return
    for name, kind in stands.columns.items():
        if name not in stage.relation.names:
            raise refused(
                f"`{stage.name}` stands with a column `{name}` that the pipeline no longer has",
                f"give the column back, or {ANEW}",
            )
        if stands.new.get(name, kind) != kind:
            raise refused(
                f"`{stage.name}` stands with `{name}` as {kind}, and the pipeline makes it {stands.new[name]}",
                f"keep the type, or {ANEW}; a type that only widens is no exception",
            )
    for obstacle in rekeyed(stage, stands.columns, stands.making):
        raise refused(obstacle.message, obstacle.help)


def _refuse_ahead(stage: StagePlan, count: int) -> None:
    if count:
        rows = "1 row that begins or ends" if count == 1 else f"{count} rows that begin or end"
        raise refused(
            f"`{stage.name}` keeps history and holds {rows} after this run's clock",
            f"history is written forward: give a later --as-of, or {ANEW}",
        )


def respell(session: Session, stage: StagePlan, tables: Tables, stands: Standing) -> Standing:
    """Columns of which the case alone has changed get the names that the stage gives them."""
    for name, written in stands.written.items():
        session.do(RenameColumn(tables.live(stage), written, name))
    return replace(stands, written={})


def fit(session: Session, program: StageProgram, tables: Tables, stands: Standing) -> None:
    """A table that gains columns gets them: null in the rows that stand, but where the framework knows better."""
    stage = program.stage
    refuse(stage, stands)
    stands = respell(session, stage, tables, stands)
    assert program.publish is not None
    gained = [name for name in stage.relation.names if name not in stands.columns] if stands.columns else []
    for name in gained:
        session.do(AddColumn(tables.live(stage), name, stands.new[name]))
    for name in gained:
        if name in program.publish.filled:
            session.do(program.publish.filled[name])
