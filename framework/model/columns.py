"""The columns of a stage and of a source's contract, and the checks that stand below them."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from framework.column_check import below_columns
from framework.model.checks import Checks, ColumnChecks, PlacedCheck
from framework.model.part import Model
from framework.model.values import Classification, Expr, Frozen, Names, TypeName, TypeText, expression_text


def _column(value: Any) -> Any:
    value = expression_text(value)
    return {"expr": value} if isinstance(value, str) or value is None else value


class ColumnModel(Model):
    """A column of a stage: its expression, or a mapping with more."""

    expr: Expr | None = Field(None, description="The expression; without one the column passes through.")
    type: TypeName | None = Field(None, description="In normalize a strict conversion, elsewhere asserted.")
    description: str | None = None
    classification: Classification | None = Field(None, description="phi, or none for a column made harmless.")
    per: Literal["row"] | None = Field(
        None, description="row: what it is made of is meant once for each row, though it repeats."
    )
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
    Frozen[Annotated[DeclaredColumn, BeforeValidator(_declared, json_schema_input_type=TypeText | DeclaredColumn)]],
    BeforeValidator(below_columns),
]


def placed(
    checks: Checks, **clauses: Mapping[str, ColumnModel] | Mapping[str, DeclaredColumn] | None
) -> Iterable[PlacedCheck]:
    """The checks of the columns, by clause, then the relation's own."""
    for clause, columns in clauses.items():
        for name, column in (columns or {}).items():
            for index, check in enumerate(column.checks):
                yield (clause, name, "checks", index), check
    for index, check in enumerate(checks):
        yield ("checks", index), check
