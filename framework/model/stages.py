"""Stages: what all kinds share, and the class that a `kind` asks for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from framework.assertion import Place
from framework.draft import Draft
from framework.model.checks import Checks, PlacedCheck
from framework.model.columns import ColumnModel, placed
from framework.model.part import Model, pick
from framework.model.values import Classification, Frozen, Name, Names, Orders, Tags
from framework.plan import Layer, Materialized, StagePlan


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
        return tuple(placed(self.checks, **clauses))

    def written(self) -> Iterator[tuple[str, str]]:
        """The expressions as the author wrote them, each with the column that it gives; of two the later one counts."""
        for clause in ("by", "columns", "measures"):
            given = getattr(self, clause, None)
            for name, value in given.items() if isinstance(given, Mapping) else ():
                text = value.expr if isinstance(value, ColumnModel) else value
                if text is not None:
                    yield name, text

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
