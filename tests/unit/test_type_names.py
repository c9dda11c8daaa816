"""What warehouses, pandas and Spark call a type is known for the type of the language that it is."""

import pytest

from framework.expectations._types import means
from framework.expressions.types import NAMED, Type, parse_type

FITTING = {
    "string": "string VARCHAR varchar(20) TEXT CHARACTER_VARYING(3) str object StringType uuid",
    "integer": "integer INT BIGINT int64 Int64 LongType NUMBER(38,0) numeric(38) hugeint",
    "decimal(18,2)": "decimal(18,2) DECIMAL NUMERIC(18,2) number(18,2) DecimalType object",
    "double": "double FLOAT float64 real DOUBLE_PRECISION FLOAT8 DoubleType",
    "boolean": "boolean BOOL bool BooleanType",
    "date": "date DATE DateType object",
    "timestamp": "timestamp DATETIME datetime64[ns] TIMESTAMP_NTZ TimestampType TIMESTAMP(6)",
    "json": "json JSONB VARIANT object",
}
OTHERS = {
    "string": "integer VARCHAR2 float64 json",
    "integer": "decimal double NUMERIC(38,2) number(10,0)",
    "decimal(18,2)": "integer NUMERIC(18,4) decimal(10,2) number(38,0) float64",
    "double": "decimal NUMBER integer",
    "boolean": "integer object",
    "date": "timestamp string",
    "timestamp": "date object",
    "json": "string",
}


def _of(name: str) -> Type:
    found = parse_type(name)
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, texts in FITTING.items() for t in texts.split()])
def test_it_is_called_so(name: str, text: str) -> None:
    fits = means(text.replace("_VARYING", " VARYING"))
    assert fits is not None
    assert fits(_of(name))


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, texts in OTHERS.items() for t in texts.split()])
def test_it_is_not_called_so(name: str, text: str) -> None:
    fits = means(text)
    assert fits is None or not fits(_of(name))


@pytest.mark.parametrize("text", ["", "varchar2", "a string", "decimal(18,2", "int)", "[ns]"])
def test_it_is_no_type(text: str) -> None:
    assert means(text) is None


def test_each_type_of_the_language_is_tried() -> None:
    assert {name.partition("(")[0] for name in FITTING} == {*NAMED, "decimal"} == {n.partition("(")[0] for n in OTHERS}
