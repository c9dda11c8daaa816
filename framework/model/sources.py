"""Sources: where rows come from, how their files are written, and the contract of their columns."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from framework.model.checks import Checks, PlacedCheck, check_of
from framework.model.columns import Contract, placed
from framework.model.part import Model
from framework.model.values import Classification, Name, Names, Tags, one_or_many, refuse_one_end
from framework.plan import Csv
from framework.quantity import Length


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
        warn, stop = (None if age is None else age.seconds for age in (self.warn_after, self.error_after))
        if warn is not None and stop is not None and stop <= warn:
            message = "what is older than `warn_after` has failed by then; write a longer `error_after`"
            error = PydanticCustomError("never_warns", "{message}", {"message": message})
            detail = InitErrorDetails(type=error, loc=("error_after",), input=str(self.error_after))
            raise ValidationError.from_exception_data(type(self).__name__, [detail])
        return self


class ValidModel(Model):
    """Half-open periods: `from` up to `to`, not overlapping within one `per`; a null `to` is open."""

    from_: Name = Field(alias="from")
    to: Name
    per: Names | None = Field(None, description="Defaults to the key without `from`.")

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        refuse_one_end(self.from_, self.to)
        return self


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
    null: Annotated[tuple[str, ...], BeforeValidator(one_or_many, json_schema_input_type=str | tuple[str, ...])] = (
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


# What does not stand beside `pipeline`: all of it is said by the pipeline that publishes the stage.
_FOLLOWS: Mapping[str, str] = {
    **dict.fromkeys(("format", "csv"), "a published stage is a table"),
    **dict.fromkeys(("columns", "extra_columns"), "the columns and their types follow from the other pipeline"),
    **dict.fromkeys(("key", "valid", "classification"), "it follows from the other pipeline"),
}


class SourceModel(Model):
    """Where rows come from, and the contract of their columns: files (`path`), a table of the warehouse (`table`), or
    what another pipeline publishes (`pipeline` and `stage`), which needs no contract."""

    path: str | None = Field(
        None, description="Files: a path or a glob, relative to the project; ${VAR} may stand in it."
    )
    table: str | None = Field(None, description="A table of the warehouse: schema.table; ${VAR} may stand in it.")
    pipeline: str | None = Field(
        None, min_length=1, description="The file of another pipeline, relative to the project: its `stage` is read."
    )
    stage: Name | None = Field(None, description="The published stage of the other pipeline.")
    format: Format | None = Field(None, description="Overrides the suffix of `path`.")
    csv: CsvModel | None = Field(None, description="How a csv or tsv is written, where it is not as usual.")
    columns: Contract | None = Field(
        None, description="The contract: each column with its type. Without it names pass unchecked."
    )
    key: Names | None = Field(None, min_length=1, description="What there is one row per; measured on every run.")
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
        if sum(place is not None for place in (self.path, self.table, self.pipeline)) != 1:
            raise PydanticCustomError("one_place", "a source has one of `path`, `table` and `pipeline`")
        if self.pipeline is not None:
            self._check_pipeline(self.pipeline)
            return self
        if self.stage is not None:
            raise PydanticCustomError("no_pipeline", "`stage` is one of another pipeline; write `pipeline` beside it")
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

    def _check_pipeline(self, file: str) -> None:
        if self.stage is None:
            raise PydanticCustomError("no_stage", "`pipeline` needs `stage`; name the published stage that is read")
        if "${" in file:
            message = "`pipeline` is read before any variable of the environment; write the path as it is"
            raise PydanticCustomError("no_variable", "{message}", {"message": message})
        wrong = []
        for name in (n for n in _FOLLOWS if n in self.model_fields_set and getattr(self, n) is not None):
            message = f"`{name}` does not stand beside `pipeline`: {_FOLLOWS[name]}; leave it out"
            error = PydanticCustomError("not_beside", "{message}", {"message": message})
            wrong.append(InitErrorDetails(type=error, loc=(name,), input=getattr(self, name)))
        if wrong:
            raise ValidationError.from_exception_data(type(self).__name__, wrong)

    @property
    def placed_checks(self) -> tuple[PlacedCheck, ...]:
        fresh = [] if self.freshness is None else [((), check_of({"freshness": self.freshness}))]
        return (*fresh, *placed(self.checks, columns=self.columns))

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
