"""`vars`: values that expressions name as `:name`. They are bound when a run starts and never stand in its SQL."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from framework.diagnostics import Code
from framework.expressions.typed import INTERVAL, type_of_value
from framework.expressions.types import JSON, UNKNOWN, Type, decimal
from framework.findings import Findings
from framework.model import VariableModel
from framework.plan import SourcePlan, StagePlan, VariablePlan, names_bound

WRONG_VARIABLE = Code("F250", "a variable that cannot be")
UNUSED_VARIABLE = Code("F251", "a variable that nothing uses")

_NAME = re.compile(r"[A-Za-z]\w*")
_DIGITS = 18
_INTEGERS = range(-(2**63), 2**63)


def declared(models: Mapping[str, VariableModel], findings: Findings) -> tuple[VariablePlan, ...]:
    """The variables of a pipeline; one that is refused is of no known type, so that its uses are no mistakes."""
    return tuple(_declared(name, model, findings) for name, model in models.items())


def _declared(name: str, model: VariableModel, findings: Findings) -> VariablePlan:
    type_, value = model.type or _literal_type(model.value), None
    wrong = _misnamed(name)
    if wrong is not None:
        findings.key_error(WRONG_VARIABLE, ("vars", name), *wrong)
        return VariablePlan(name, UNKNOWN, None)
    wrong = _unfit(model, type_)
    if wrong is not None:
        findings.error(WRONG_VARIABLE, ("vars", name, "value"), *wrong)
        type_ = UNKNOWN
    else:
        value = fitted(model.value, type_)
    return VariablePlan(name, type_, value, model.description)


def _literal_type(value: Any) -> Type:
    """The type of the value as YAML writes it; a decimal has room before its point, for the value of another run."""
    found = type_of_value(value)
    return decimal(max(_DIGITS, found.precision), found.scale) if found.name == "decimal" else found


def _misnamed(name: str) -> tuple[str, str | None] | None:
    if name in INTERVAL:
        word = "--from" if name == "interval_start" else "--to"
        return f"`:{name}` is what {word} says", "give the variable another name"
    if not _NAME.fullmatch(name):
        return f"`:{name}` cannot be written in an expression", "use letters, digits and underscores"
    return None


def _unfit(model: VariableModel, wanted: Type) -> tuple[str, str | None] | None:
    """Why the value cannot be the variable's, and what to write."""
    value = model.value
    if value is None:
        return "a variable has a value, and there is none here", 'an empty text is written ""'
    if isinstance(value, list | Mapping):
        return "a variable is a single value", None
    if wanted == JSON:
        return "a variable cannot be json", "make it text, and convert that where it is used"
    if fitted(value, wanted) is not None:
        return None
    if model.type is None:
        return f"this has more digits than {_a(wanted)} can hold", "quote it, if it is a text"
    return f"the variable is {wanted}, and this is none", HOW_WRITTEN.get(wanted.name)


def _a(type_: Type) -> str:
    return f"{'an' if type_.name == 'integer' else 'a'} {type_.name}"


HOW_WRITTEN = {
    "string": 'quote it, "1": without quotes YAML makes a number, a date or a boolean of it',
    "integer": "write a whole number, without quotes",
    "decimal": "write a number with no more digits than the type has, without quotes",
    "double": "write a number, without quotes",
    "boolean": "write true or false",
    "date": "write a date as 2014-01-31",
    "timestamp": 'write a date, or a moment without offset as "2014-01-31 06:00:00"',
}


def fitted(value: Any, wanted: Type) -> Any:
    """A value of YAML as one of the type, its worth unchanged; None where it cannot be that."""
    if isinstance(value, bool) or wanted.name == "boolean":
        return value if isinstance(value, bool) and wanted.name == "boolean" else None
    if wanted.name == "string":
        return value if isinstance(value, str) else None
    if wanted.name == "date":
        return value if isinstance(value, date) else None
    if wanted.name == "timestamp":
        return _moment(value)
    if not isinstance(value, int | Decimal):
        return None
    if wanted.name == "integer":
        return value if isinstance(value, int) and value in _INTEGERS else None
    if wanted.name == "double":
        return float(value)
    return _fixed(Decimal(value), wanted)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is None else None


def _fixed(value: Decimal, wanted: Type) -> Decimal | None:
    whole, _, fraction = format(value.copy_abs(), "f").partition(".")
    digits = len(whole.lstrip("0"))
    fits = digits <= wanted.precision - wanted.scale and len(fraction.rstrip("0")) <= wanted.scale
    # Without an exponent, which a driver may not know.
    return Decimal(format(value, "f")) if fits else None


def warn_unused(
    variables: Iterable[VariablePlan], relations: Iterable[SourcePlan | StagePlan], findings: Findings
) -> None:
    """A variable that no expression names does nothing. What a mistake has left out of the plan is not judged."""
    if findings.errors:
        return
    used = {name for relation in relations for name in names_bound(relation)}
    for variable in variables:
        if variable.expression.name not in used:
            findings.warn(UNUSED_VARIABLE, ("vars", variable.name), f"nothing uses the variable `:{variable.name}`")
