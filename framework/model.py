"""What the YAML says: frozen models, no key unknown, nothing resolved yet.

Stage kinds and checks are classes in folders of their own; they register here by their name, and a
mapping in the file becomes the class that its `kind`, or its check's name, asks for.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic import ValidatorFunctionWrapHandler as Handler
from pydantic_core import InitErrorDetails, PydanticCustomError

from framework.assertion import OnFail, Place, Test
from framework.column_check import Below, below_columns
from framework.draft import Draft
from framework.expressions.types import ALL_NAMES, Type, parse_type
from framework.plan import Csv, Layer, Materialized, StagePlan
from framework.quantity import Length, Share

Value = TypeVar("Value")
Classification = Literal["phi", "none"]


def expression_text(value: Any) -> Any:
    """A scalar of YAML as the text of an expression: `paid: 0` means the number, `flag: true` the boolean."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"date '{value.isoformat()}'"
    return value


def _type(value: Any) -> Any:
    found = parse_type(value) if isinstance(value, str) else None
    if found is None:
        shown = f"`{value}` is no type" if isinstance(value, str) else "this is no type"
        raise PydanticCustomError("unknown_type", "{message}", {"message": shown, "known": ALL_NAMES})
    return found


def _name(value: str) -> str:
    if value.startswith("_"):
        raise PydanticCustomError("reserved_name", "names that begin with an underscore are the framework's own")
    return value


def _tag(value: str) -> str:
    if not value or any(char.isspace() or char in ",+:" for char in value):
        raise PydanticCustomError("wrong_tag", "a tag is one word without `,`, `+` and `:`; --select could not name it")
    return value


def _freeze(value: Mapping[str, Value]) -> Mapping[str, Value]:
    return MappingProxyType(dict(value))


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Expr = Annotated[str, BeforeValidator(expression_text, json_schema_input_type=str | int | float | bool)]
Name = Annotated[str, Field(min_length=1), AfterValidator(_name)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_one_or_many, json_schema_input_type=str | tuple[str, ...])]
TypeName = Annotated[
    Type,
    BeforeValidator(_type, json_schema_input_type=str),
    Field(description="string integer decimal(p,s) double boolean date timestamp json"),
]
Orders = Annotated[tuple[Expr, ...], BeforeValidator(_one_or_many, json_schema_input_type=str | tuple[str, ...])]
Tags = Annotated[
    tuple[Annotated[str, AfterValidator(_tag)], ...],
    BeforeValidator(_one_or_many, json_schema_input_type=str | tuple[str, ...]),
    Field(description="Words to select it by: --select tag:word."),
]
Frozen = Annotated[Mapping[Name, Value], AfterValidator(_freeze)]


def shape(value: Any) -> str:
    """Which form of a clause stands here, so that only its own mistakes are reported."""
    if isinstance(value, Mapping):
        return "mapping"
    return "word" if isinstance(value, str) else "list"


ListOrMapping = Annotated[
    Annotated[Names, Tag("list")] | Annotated[Frozen[Value], Tag("mapping")],
    Discriminator(lambda value: "mapping" if isinstance(value, Mapping) else "list"),
]


class Model(BaseModel):
    """A part of a file: frozen, and an unknown key is an error that lists the known ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init_subclass__(cls, **_: Any) -> None:
        """`kind=` and `check=` are for pydantic's hook of the same purpose, once the fields are known."""
        super().__init_subclass__()

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, value: Any, handler: Handler) -> Self:
        try:
            return handler(value)  # type: ignore[no-any-return]  # pydantic types the handler as Any
        except ValidationError as error:
            raise _with_known_keys(cls, error) from None

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        return tuple(f.alias or name for name, f in cls.model_fields.items())


def _with_known_keys(model: type[Model], error: ValidationError) -> ValidationError:
    """The same errors, those of an unknown key of this model with the keys it knows."""
    details = []
    for line in error.errors(include_url=False):
        context = dict(line.get("ctx") or {})
        kind, message = line["type"], line["msg"]
        if kind == "extra_forbidden" and len(line["loc"]) == 1:
            kind, context = "unknown_key", {"known": model.keys()}
        custom = PydanticCustomError(kind, "{message}", {**context, "message": message})
        details.append(InitErrorDetails(type=custom, loc=line["loc"], input=line["input"]))
    return ValidationError.from_exception_data(model.__name__, details)


def pick(registry: Mapping[str, type[Model]], what: str, name: Any) -> type[Model]:
    """A registered class by name; an unknown name lists the known ones."""
    if not isinstance(name, str) or name not in registry:
        message = f"unknown {what} `{name}`" if isinstance(name, str) else f"a {what} is expected"
        raise PydanticCustomError(
            f"unknown_{what}", "{message}", {"message": message, "known": tuple(sorted(registry))}
        )
    return registry[name]


# -- checks


class Check(Model):
    """A check: its name with its arguments, and what all checks may say.

    A subclass is declared with `name="not_null"` and has a field of that name for its arguments.
    """

    registry: ClassVar[dict[str, type["Check"]]] = {}
    check_name: ClassVar[str] = ""

    name: str | None = Field(None, description="What results are known by.")
    description: str | None = None
    on_fail: OnFail = Field("stop", description="stop the run, quarantine the failing rows, or warn.")
    where: Expr | None = Field(None, description="Only rows for which this holds are checked.")
    mostly: Share = Field(None, description="The share of the rows checked that must pass: 0.95, say.")

    @classmethod
    def __pydantic_init_subclass__(cls, *, check: str = "", **_: Any) -> None:
        if not check:
            return
        if check in Check.registry:
            raise ValueError(f"two checks are named {check}")
        cls.check_name = check
        Check.registry[check] = cls

    def resolve(self, draft: Draft, place: Place) -> Test | None:
        """What is counted; None, with findings, where a name is wrong. `place` leads to the check's arguments."""
        raise NotImplementedError

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        """The arguments of a check that stands below a column, with the column in them."""
        message = f"`{cls.check_name}` is no check of one column"
        raise PydanticCustomError("no_column_check", "{message}", {"message": message, "check": cls.check_name})

    def reads(self) -> Iterable[tuple[str, Place]]:
        """The other relations that the check names, with the path below the check."""
        return ()

    def label(self) -> str:
        """The name that results carry where the author gave none."""
        raise NotImplementedError


def _check(value: Any) -> Any:
    return _chosen(value).model_validate(value)


def _chosen(value: Any) -> type[Check]:
    """The class of the check that an item names."""
    if not isinstance(value, Mapping):
        raise PydanticCustomError(
            "unknown_check",
            "{message}",
            {
                "message": "a check is a mapping: its name with its arguments",
                "known": tuple(sorted(Check.registry)),
            },
        )
    shared = Check.model_fields
    named = [key for key in value if key not in shared]
    known = [key for key in named if key in Check.registry]
    if len(known) > 1:
        raise PydanticCustomError(
            "two_checks",
            "{message}",
            {"message": f"two checks in one item: `{known[0]}` and `{known[1]}`; begin each with a dash"},
        )
    name = (known or named or [None])[0]
    pick(Check.registry, "check", name)
    return Check.registry[str(name)]


def _column_check(value: Any) -> Any:
    """`not_null`, or a mapping: the check's name with its arguments, but for the column."""
    column, item = (value.column, value.item) if isinstance(value, Below) else ("", value)
    body = {item: None} if isinstance(item, str) else item
    check = _chosen(body)
    name = check.check_name
    return check.model_validate({**body, name: check.of_column(column, body[name])})


AnyCheck = Annotated[Check, BeforeValidator(_check)]
Checks = tuple[AnyCheck, ...]
ColumnChecks = Annotated[
    tuple[Annotated[Check, BeforeValidator(_column_check)], ...],
    Field(description="What must hold of the column: not_null, {range: {min: 0}}, ..."),
]
PlacedCheck = tuple[Place, Check]  # the path to it below the stage or the source


# -- columns, sources


def _column(value: Any) -> Any:
    value = expression_text(value)
    return {"expr": value} if isinstance(value, str) or value is None else value


class ColumnModel(Model):
    """A column of a stage: its expression, or a mapping with more."""

    expr: Expr | None = Field(None, description="The expression; without one the column passes through.")
    type: TypeName | None = Field(None, description="In normalize a strict conversion, elsewhere asserted.")
    description: str | None = None
    classification: Classification | None = Field(None, description="phi, or none for a column made harmless.")
    checks: ColumnChecks = ()


def _declared(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


class DeclaredColumn(Model):
    """A column of a source's contract: its type, or a mapping with more."""

    type: TypeName
    description: str | None = None
    classification: Classification | None = Field(None, description="phi, or none for a column that is harmless.")
    per: Names | None = Field(
        None, min_length=1, description="What it is one value per, where it repeats: an amount of a claim on each line."
    )
    checks: ColumnChecks = ()


Columns = Annotated[
    Frozen[
        Annotated[
            ColumnModel, BeforeValidator(_column, json_schema_input_type=str | int | float | bool | None | ColumnModel)
        ]
    ],
    BeforeValidator(below_columns),
]
Contract = Annotated[
    Frozen[Annotated[DeclaredColumn, BeforeValidator(_declared, json_schema_input_type=str | DeclaredColumn)]],
    BeforeValidator(below_columns),
]


def _placed(
    checks: Checks, **clauses: Mapping[str, ColumnModel] | Mapping[str, DeclaredColumn] | None
) -> Iterable[PlacedCheck]:
    """The checks of the columns, by clause, then the relation's own."""
    for clause, columns in clauses.items():
        for name, column in (columns or {}).items():
            for index, check in enumerate(column.checks):
                yield (clause, name, "checks", index), check
    for index, check in enumerate(checks):
        yield ("checks", index), check


class FreshnessModel(Model):
    """How old the newest value of a column may be when the run starts. An empty relation has nothing new in it."""

    column: Name = Field(description="A date or a timestamp, in UTC.")
    warn_after: Length | None = Field(None, description="The age past which it warns: 36 hours, 2 days.")
    error_after: Length | None = Field(None, description="The age past which it fails.")

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        given = [age for age in (self.warn_after, self.error_after) if age is not None]
        if not given:
            raise PydanticCustomError("no_bound", "freshness needs `warn_after` or `error_after`")
        if any(age.seconds is None for age in given):
            raise PydanticCustomError("no_length", "a month or a year is not always as long; write days or hours")
        return self


class ValidModel(Model):
    """Half-open periods: `from` up to `to`, not overlapping within one `per`; a null `to` is open."""

    from_: Name = Field(alias="from")
    to: Name
    per: Names | None = Field(None, description="Defaults to the key without `from`.")


ExtraColumns = Literal["allow", "warn", "error"]
Format = Literal["csv", "tsv", "parquet", "jsonl"]
SUFFIXES: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


Encoding = Literal["utf-8", "latin-1", "utf-16", "windows-1252"]


def _sign(value: str) -> str:
    if len(value) != 1 or not value.isascii() or value in "\r\n\0":
        raise PydanticCustomError("no_sign", "one character of ASCII is expected, and no line end")
    return value


class CsvModel(Model):
    """How a csv or tsv is written."""

    delimiter: Annotated[str, AfterValidator(_sign)] | None = Field(
        None, description="What stands between fields: a comma, in a tsv a tab."
    )
    quote: Annotated[str, AfterValidator(lambda value: value and _sign(value))] = Field(
        '"', description='What stands around a field that needs it; "" where nothing is quoted.'
    )
    escape: Annotated[str, AfterValidator(_sign)] | None = Field(
        None, description="What stands before a quote within quotes; without it the quote is doubled."
    )
    encoding: Encoding = "utf-8"
    header: StrictBool = Field(True, description="false: no line of names; columns are taken by position.")
    null: Annotated[tuple[str, ...], BeforeValidator(_one_or_many, json_schema_input_type=str | tuple[str, ...])] = (
        Field(("",), min_length=1, description="The texts that stand for null.")
    )

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if self.escape is not None and not self.quote:
            raise PydanticCustomError("no_quote", "nothing is quoted, so nothing is escaped; leave `escape` out")
        signs = [sign for sign in (self.delimiter, self.quote, self.escape) if sign]
        if (self.quote and self.delimiter == self.quote) or len(set(signs)) < len(signs) - (self.escape == self.quote):
            raise PydanticCustomError("same_sign", "delimiter, quote and escape must be told apart")
        return self


class SourceModel(Model):
    """Where rows come from: files (`path`) or a table of the warehouse (`table`), and the contract of their columns."""

    path: str | None = Field(
        None, description="Files: a path or a glob, relative to the project; ${VAR} may stand in it."
    )
    table: str | None = Field(None, description="A table of the warehouse: schema.table; ${VAR} may stand in it.")
    format: Format | None = Field(None, description="Overrides the suffix of `path`.")
    csv: CsvModel | None = Field(None, description="How a csv or tsv is written, where it is not as usual.")
    columns: Contract | None = Field(
        None, description="The contract: each column with its type. Without it names pass unchecked."
    )
    key: Names | None = Field(None, description="What there is one row per; measured on every run.")
    valid: ValidModel | None = None
    extra_columns: ExtraColumns = Field(
        "allow", description="What becomes of columns that the contract does not name: they are left out, and said."
    )
    freshness: FreshnessModel | None = Field(None, description="How old the newest value of a column may be.")
    checks: Checks = ()
    description: str | None = None
    owner: str | None = None
    classification: Classification | None = Field(None, description="That of every column that says nothing else.")
    tags: Tags = ()

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.table is None):
            raise PydanticCustomError("one_place", "a source has either `path` or `table`")
        if self.path is not None and self.file_format is None:
            message = "the format cannot be told from the name; write format: csv, tsv, parquet or jsonl"
            raise PydanticCustomError("no_format", "{message}", {"message": message})
        if self.csv is not None and self.file_format not in ("csv", "tsv"):
            what = "a table" if self.path is None else self.file_format
            message = f"`csv` says how a csv or tsv is written, and this source is {what}; leave it out"
            raise PydanticCustomError("no_csv", "{message}", {"message": message})
        if self.csv is not None and not self.csv.header and self.columns is None:
            raise PydanticCustomError("no_names", "without a header the columns have no names; declare `columns`")
        dialect = self.dialect
        if dialect is not None and dialect.delimiter in (dialect.quote, dialect.escape):
            raise PydanticCustomError("same_sign", "delimiter, quote and escape must be told apart")
        if self.columns is None and self.extra_columns != "allow":
            raise PydanticCustomError("no_contract", "`extra_columns` needs `columns`; declare the columns there are")
        return self

    @property
    def placed_checks(self) -> tuple[PlacedCheck, ...]:
        fresh = [] if self.freshness is None else [((), _check({"freshness": self.freshness}))]
        return (*fresh, *_placed(self.checks, columns=self.columns))

    @property
    def file_format(self) -> Format | None:
        if self.path is None or self.format is not None:
            return self.format
        return next((f for suffix, f in SUFFIXES.items() if self.path.lower().endswith(suffix)), None)

    @property
    def dialect(self) -> Csv | None:
        """How the file is written, where it is a csv or tsv."""
        if self.file_format not in ("csv", "tsv"):
            return None
        said = self.csv or CsvModel.model_validate({})
        delimiter = said.delimiter or ("," if self.file_format == "csv" else "\t")
        return Csv(delimiter, said.quote, said.escape or said.quote, said.encoding, said.header, said.null)

    @property
    def is_text(self) -> bool:
        """Whether the columns arrive as text, to be converted by whoever reads them."""
        return self.file_format in ("csv", "tsv", "jsonl")


# -- variables


class VariableModel(Model):
    """A variable: its value, or a mapping with more."""

    value: Any = Field(description="What it is where a run is given nothing else.")
    type: TypeName | None = Field(None, description="Where it is wider than the value as it is written.")
    description: str | None = None


Variable = Annotated[
    VariableModel,
    BeforeValidator(
        lambda v: v if isinstance(v, Mapping) else {"value": v},
        json_schema_input_type=str | int | float | bool | VariableModel,
    ),
]


# -- stages


class QuarantineModel(Model):
    """What is held back with a row that fails."""

    with_: Names = Field(
        alias="with", min_length=1, description="Columns of a group (a claim): it goes as a whole. A null stands alone."
    )


class LimitModel(Model):
    """So many rows at most, the first in an order that is made total."""

    rows: int = Field(ge=0, strict=True)
    order_by: Orders = Field((), description="Expressions, each with `desc` where the largest comes first.")


class Stage(Model):
    """What all stage kinds share. A subclass is declared with `kind="normalize"`."""

    registry: ClassVar[dict[str, type["Stage"]]] = {}
    layer: ClassVar[Layer] = "staging"

    kind: str
    description: str | None = None
    owner: str | None = None
    classification: Classification | None = Field(None, description="phi: the table may hold patient data.")
    drop: Names = Field((), description="Columns that do not come out; checks see them.")
    quarantine: QuarantineModel | None = Field(None, description="{with: [...]}: the group that goes with a row.")
    materialized: Materialized = Field(
        "auto", description="table, view, or auto: a table, unless its one reader can compute it on the way."
    )
    native: Name | None = Field(
        None, description="The warehouse whose own functions it calls as native.name(...); it runs there alone."
    )
    checks: Checks = ()
    warehouse: Frozen[Frozen[Any]] = Field(
        default_factory=dict,
        description="How the stage's tables are kept on one warehouse: {postgres: {indexes: [[a, b]]}}.",
    )
    tags: Tags = ()
    allow: Frozen[str] = Field(
        default_factory=dict, description="Diagnostics let pass here, by code, each with the reason."
    )

    @classmethod
    def __pydantic_init_subclass__(cls, *, kind: str = "", **_: Any) -> None:
        if not kind:
            return
        if kind in Stage.registry:
            raise ValueError(f"two stage kinds are named {kind}")
        Stage.registry[kind] = cls

    @property
    def placed_checks(self) -> tuple[PlacedCheck, ...]:
        """Every check, each with its place: those of columns and measures, then those of the stage."""
        clauses = {clause: getattr(self, clause, None) for clause in ("columns", "measures")}
        return tuple(_placed(self.checks, **clauses))

    def inputs(self) -> Iterable[tuple[str, Place]]:
        """The relations whose rows the ledger counts in, each with the path of its name below the stage."""
        raise NotImplementedError

    def reads(self) -> Iterable[tuple[str, Place]]:
        """The other relations that the stage's clauses name."""
        return ()

    def resolve(self, draft: Draft) -> StagePlan:
        """The stage with its names found. Mistakes go to the draft's findings; what can be told is returned."""
        raise NotImplementedError


class Limited(Stage):
    """A stage whose rows can be limited: any but those that promise every row of their input."""

    limit: LimitModel | None = Field(None, description="So many rows at most: {rows, order_by}.")


def _stage(value: Any) -> Any:
    if not isinstance(value, Mapping) or "kind" not in value:
        raise PydanticCustomError(
            "unknown_kind",
            "{message}",
            {"message": "a stage needs a `kind`", "known": tuple(sorted(Stage.registry))},
        )
    return pick(Stage.registry, "kind", value["kind"]).model_validate(value)


AnyStage = Annotated[Stage, BeforeValidator(_stage)]


class PipelineModel(Model):
    """A pipeline file."""

    pipeline: Name = Field(description="The pipeline's name.")
    description: str | None = None
    owner: str | None = None
    schedule: str | None = Field(None, description="When it runs, as cron writes it; read by orchestrator exports.")
    balance: Names = Field((), description="Money carried beside row counts in the ledger.")
    vars: Frozen[Variable] = Field(
        default_factory=dict, description="Values that expressions name as :name, and --var replaces for a run."
    )
    sources: Frozen[SourceModel] = Field(default_factory=dict)
    stages: Annotated[Frozen[AnyStage], Field(min_length=1)]
