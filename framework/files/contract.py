"""A source's real columns held against its contract."""

from collections.abc import Iterable

from framework.expressions.types import NAMED, Type, parse_type
from framework.warehouse import CONTRACT, SourceProblem

_FAMILIES = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "integer"
    ),
    **dict.fromkeys(("FLOAT", "REAL", "DOUBLE", "DOUBLE PRECISION"), "double"),
    **dict.fromkeys(
        ("VARCHAR", "TEXT", "STRING", "CHARACTER VARYING", "CHARACTER", "CHAR", "BPCHAR", "UUID"), "string"
    ),
    **dict.fromkeys(("JSON", "JSONB", "VARIANT"), "json"),
    "BOOLEAN": "boolean",
    "DATE": "date",
    "NUMERIC": "decimal",  # of Postgres, without digits: any decimal fits
}


def check_type(source: str, name: str, wanted: Type, found: str) -> None:
    """Raises SourceProblem where a typed column is not what the contract says; `found` as the warehouse says it."""
    if not fits(wanted, found):
        raise SourceProblem(
            CONTRACT, f"`{name}` of source `{source}` is {found}, and its contract says {wanted}", "mend the contract"
        )


def fits(wanted: Type, found: str) -> bool:
    """Whether a column that a warehouse calls `found` can be of the type."""
    text = _written(found)
    real = parse_type(text)
    if real is not None and real.name == "decimal":
        return wanted.name == "decimal" and real.scale <= wanted.scale and real.precision <= wanted.precision
    return _family(text) == wanted.name


def language_type(found: str) -> Type | None:
    """The type of the language that a column is of which a warehouse calls `found`; None where there is none."""
    text = _written(found)
    return parse_type(text) or NAMED.get(_family(text) or "")


def _written(found: str) -> str:
    """A warehouse's name of a type as the language writes it; of Snowflake a NUMBER(38,0) is any whole number."""
    text = found.upper().replace(", ", ",")
    if text == "NUMBER(38,0)":
        return "BIGINT"
    return text.replace("NUMERIC(", "DECIMAL(").replace("NUMBER(", "DECIMAL(")


def _family(text: str) -> str | None:
    return "timestamp" if text.startswith("TIMESTAMP") else _FAMILIES.get(text.partition("(")[0].strip())


def missing(declared: Iterable[str], found: Iterable[str]) -> tuple[str, ...]:
    """The columns of the contract that the source has not."""
    known = {name.lower() for name in found}
    return tuple(name for name in declared if name.lower() not in known)


def extra(declared: Iterable[str], found: Iterable[str]) -> tuple[str, ...]:
    """The columns of the source that the contract does not name."""
    known = {name.lower() for name in declared}
    return tuple(name for name in found if name.lower() not in known)
