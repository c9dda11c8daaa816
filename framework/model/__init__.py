"""What the YAML says: frozen models, no key unknown, nothing resolved yet.

Stage kinds and checks are classes in folders of their own; they register here by their name, and a
mapping in the file becomes the class that its `kind`, or its check's name, asks for.
"""

from framework.model.checks import AnyCheck, Check, Checks, PlacedCheck
from framework.model.columns import ColumnModel, Columns, DeclaredColumn
from framework.model.part import Model
from framework.model.pipeline import PipelineModel, VariableModel
from framework.model.sources import FreshnessModel, SourceModel, ValidModel
from framework.model.stages import Limited, LimitModel, Stage
from framework.model.unit_tests import ExpectModel, Rows, UnitTestModel, UnitTestsModel
from framework.model.values import (
    Expr,
    Frozen,
    ListOrMapping,
    Name,
    Names,
    Orders,
    Relations,
    expression_text,
    refuse_one_end,
    shape,
)

__all__ = [
    "AnyCheck",
    "Check",
    "Checks",
    "ColumnModel",
    "Columns",
    "DeclaredColumn",
    "ExpectModel",
    "Expr",
    "FreshnessModel",
    "Frozen",
    "LimitModel",
    "Limited",
    "ListOrMapping",
    "Model",
    "Name",
    "Names",
    "Orders",
    "PipelineModel",
    "PlacedCheck",
    "Relations",
    "Rows",
    "SourceModel",
    "Stage",
    "UnitTestModel",
    "UnitTestsModel",
    "ValidModel",
    "VariableModel",
    "expression_text",
    "refuse_one_end",
    "shape",
]
