"""Expectations of how many rows there are.

```yaml
checks:
  - expect_table_row_count_to_be_between: {min_value: 1, max_value: 1000000}
  - expect_table_row_count_to_equal: {value: 51}
  - expect_table_row_count_to_equal_other_table: {other_table_name: claim_lines}
```
"""

from collections.abc import Iterator

from pydantic import Field, NonNegativeInt

from framework.assertion import MeasureTest, Place, SetTest
from framework.clauses.reconciling import Comparison, reconciled
from framework.draft import Draft
from framework.expectations.official import Arguments, Ends, Official
from framework.expressions.catalogue import function
from framework.expressions.tree import Call
from framework.expressions.types import INTEGER
from framework.model import Name

_ROWS = Call(INTEGER, False, function("count"), ())


class RowEnds(Ends):
    bounded = "a count of rows needs"
    least = 0

    min_value: NonNegativeInt | None = Field(None, strict=True, description="No fewer than these.")
    max_value: NonNegativeInt | None = Field(None, strict=True, description="No more than these.")


class ExpectTableRowCountToBeBetween(Official, check="expect_table_row_count_to_be_between"):
    """The relation has between `min_value` and `max_value` rows."""

    expect_table_row_count_to_be_between: RowEnds

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        bounds = self.expect_table_row_count_to_be_between
        above, below = bounds.open_ends
        return MeasureTest(_ROWS, bounds.min_value, bounds.max_value, above=above, below=below)


class ExactRowCount(Arguments):
    value: NonNegativeInt = Field(strict=True, description="How many rows.")


class ExpectTableRowCountToEqual(Official, check="expect_table_row_count_to_equal"):
    """The relation has `value` rows."""

    expect_table_row_count_to_equal: ExactRowCount

    def resolve(self, draft: Draft, place: Place) -> MeasureTest | None:
        value = self.expect_table_row_count_to_equal.value
        return MeasureTest(_ROWS, value, value)


class OtherTable(Arguments):
    other_table_name: Name = Field(description="Another source or stage.")


class ExpectTableRowCountToEqualOtherTable(Official, check="expect_table_row_count_to_equal_other_table"):
    """The relation has as many rows as another source or stage; `where` is about rows here."""

    expect_table_row_count_to_equal_other_table: OtherTable

    def reads(self) -> Iterator[tuple[str, Place]]:
        name = self.expect_table_row_count_to_equal_other_table.other_table_name
        yield name, (self.check_name, "other_table_name")

    def resolve(self, draft: Draft, place: Place) -> SetTest | None:
        name = self.expect_table_row_count_to_equal_other_table.other_table_name
        counts = Comparison.model_validate({"measure": "count(*)", "with": name})
        return reconciled(draft, counts, place, with_="other_table_name")
