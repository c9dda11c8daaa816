"""A value must stand in another relation.

```yaml
checks:
  - relationship: {column: provider_id, to: providers.Id}
```
"""

from collections.abc import Iterator
from typing import Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from framework.assertion import Place, SetTest
from framework.clauses.checks import orphans
from framework.column_check import with_column
from framework.draft import Draft
from framework.model import Check, Model, Name, Names


class Target(Model):
    column: Name | None = None
    columns: Names | None = Field(None, min_length=1)
    to: str = Field(description="relation.column, or relation.(a, b) for several columns.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.column is None) == (self.columns is None):
            raise PydanticCustomError("one_of", "a relationship has either `column` or `columns`")
        if "." not in self.to:
            raise PydanticCustomError("no_column", "`to` names no column; write to: relation.column")
        if len(self.names) != len(self.targets):
            raise PydanticCustomError(
                "unlike_lists", "as many columns stand on one side as on the other; write to: relation.(a, b)"
            )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return self.columns or (self.column or "",)

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.to.partition(".")[2].strip("()").split(","))


class Relationship(Check, check="relationship"):
    """Each value is found in a column of another relation; null passes."""

    relationship: Target

    @classmethod
    def of_column(cls, column: str, arguments: Any) -> Any:
        return with_column(column, arguments)

    def label(self) -> str:
        return f"relationship({', '.join(self.relationship.names)} -> {self.relationship.to})"

    def reads(self) -> Iterator[tuple[str, Place]]:
        yield self.relationship.to.partition(".")[0], ("relationship", "to")

    def resolve(self, draft: Draft, place: Place) -> SetTest | None:
        target = self.relationship
        relation = target.to.partition(".")[0]
        paths = (
            [(*place, "column")]
            if target.columns is None
            else [(*place, "columns", i) for i in range(len(target.columns))]
        )
        return orphans(draft, list(zip(target.names, paths, strict=True)), relation, target.targets, (*place, "to"))
